"""What a match of table tennis tells of each stroke: the record that planners and reports read."""

from collections.abc import Sequence
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


def returned(shots: Sequence[Shot], since: float = 0.0) -> tuple[int, int]:
    """How many of the opponent's good balls, from the time `since` [s] on, the robot returned as
    the rules want; and of how many."""
    good = {(shot.rally, shot.stroke) for shot in shots if shot.by == "robot" and shot.good}
    balls = [shot for shot in shots if shot.by == "opponent" and shot.good and shot.time >= since]
    return sum((ball.rally, ball.stroke + 1) in good for ball in balls), len(balls)
