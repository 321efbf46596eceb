"""What a match of table tennis tells of each stroke: the record that planners and reports read."""

from dataclasses import dataclass
from typing import Literal

from robot.types import Vector

Player = Literal["robot", "opponent"]


@dataclass(frozen=True, slots=True)
class Shot:
    """One stroke and what became of it. Frame of `robot.tennis`."""

    rally: int  # of the match, from 0
    stroke: int  # of the rally; 0 is the opponent's serve, odd ones are the robot's
    by: Player
    time: float  # [s] since the match began, when the ball left the racket
    position: Vector  # (3,) [m] of the ball then
    velocity: Vector  # (3,) [m/s] with which it left
    spin: Vector  # (3,) [rad/s] with which it left
    landing: Vector | None  # (2,) [m] where it first touched the other side's half, if it did
    good: bool  # it came to the other side as the rules want
    reached: bool  # the other side's racket touched it after that
    ended: str = ""  # why the rally ended with this shot; "": it went on
    point: Player | None = None  # whose the rally's point was, if it ended with one
    wanted: bool = True  # an opponent's: False where it failed at this stroke
