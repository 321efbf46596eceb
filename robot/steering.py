"""What a person who moves the hand wants of it, by keys or sticks: between those and planners."""

from dataclasses import dataclass
from typing import Literal

End = Literal["", "keep", "drop"]


@dataclass(frozen=True, slots=True)
class Steer:
    """By how much more, since it was last asked. Directions are the world's."""

    by: tuple[float, float, float] = (0.0, 0.0, 0.0)  # [m]
    turn: float = 0.0  # [rad] seen from above, anticlockwise
    tilt: float = 0.0  # [rad]
    grip: bool = False  # the gripper the other way round: open, or closed
    end: End = ""  # the demonstration is over
