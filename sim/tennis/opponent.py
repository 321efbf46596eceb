"""Opponents: people across the table, in a few numbers each.

An opponent sees the ball once it has bounced on its side and takes it at a tick at which people
take balls: where real strokes were played nearby. Whether it succeeds depends on how difficult the
ball is for it. What it then plays is the velocity and the spin of a real stroke from there, given
to the ball where it is. No arm is simulated; the ball is never moved.
"""

from dataclasses import asdict, dataclass
from math import exp
from typing import Any, NamedTuple

import numpy as np

from robot.ball import BallState, Track, path
from robot.tennis import TENNIS
from robot.types import Vector
from sim.tennis.states import serves, split, valid
from sim.tennis.strokes import Book, Strokes

LEVELS = ("beginner", "intermediate", "advanced", "advanced+")
NEAREST = 12  # real strokes by which a place is judged
NEARBY = 80  # real strokes from which one is drawn
PLACE = 0.1  # [m] distance from a real stroke's place at which its weight has fallen by 1 / sqrt(e)
TOO_FAR = 0.3  # [m] from real strokes: nobody takes a ball there
CANDIDATES = 8  # strokes that are tried, one after the other
HORIZON = 1.0  # [s] after the bounce by which the ball must be taken
SOONEST = 2  # ticks after the bounce
# Changes of a stroke's velocity that make it valid from where the ball is: of all of it, and
# upwards by a share of its speed. The least change that does is taken.
CHANGES = sorted(
    ((a, b) for a in (-0.05, -0.025, 0.0, 0.025, 0.05) for b in (-0.05, -0.025, 0.0, 0.025, 0.05)),
    key=lambda change: abs(change[0]) + abs(change[1]),
)
# What is usual on the far side, as units of difficulty (ours; `strength` is calibrated on top).
USUAL_SPEED, FAST = 4.0, 1.5  # [m/s] of the ball when it is struck, and what is a unit more
USUAL_DEPTH, DEPTH = 0.85, 0.35  # [m] of the landing beyond the net, and what is a unit away
RUN = 1.0  # [m/s] sideways to be at the ball in time: a unit
SPIN = 60.0  # [rad/s] of change of the ball's spin from its last: a unit
TOUCHED = 0.6  # share of failures in which the ball is touched, and goes wrong
SPOIL = 0.12  # share of the speed by which a stroke is spoilt, step by step, until it is an error


@dataclass(frozen=True)
class Player:
    """One opponent. Weights are of units of difficulty, in the logit of succeeding."""

    level: str
    strength: float  # logit of returning a ball without difficulty; calibrated
    slip: float  # share of all balls that fail whatever they are
    by_speed: float
    by_run: float
    by_spin: float
    by_depth: float
    weak_side: int  # 1: balls on the far side's left as it sees it (+x); -1: on its right
    by_weak_side: float
    pace: float  # how much faster strokes are preferred, a standard deviation of speed
    turn: float  # how much more spin is preferred, a standard deviation of spin
    aim: float  # how much places away from the robot's racket are preferred, a metre

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"unknown level {self.level!r}; valid are {', '.join(LEVELS)}")
        if not 0 <= self.slip < 1 or self.weak_side not in (-1, 1):
            raise ValueError("slip must be in [0, 1) and weak_side 1 or -1")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Difficulty(NamedTuple):
    """Of a ball, in units."""

    speed: float
    run: float
    spin: float
    depth: float
    weak_side: bool


class Plan(NamedTuple):
    """What an opponent means to do about a ball that has just bounced on its side."""

    ticks: int  # from now on, until it strikes
    succeeds: bool  # if not, the stroke is an error
    chance: float  # with which it was to succeed


class Opponent:
    """A player at the table, in one match."""

    def __init__(self, player: Player, book: Book, track: Track, rng: np.random.Generator) -> None:
        """`rng` decides all that it does; nothing else draws from it."""
        self.player, self._book, self._track, self._rng = player, book, track, rng
        self._x = 0.0  # [m] where it stood when the ball last left it
        self._spin = np.zeros(3)  # [rad/s] of the last ball that came

    def serve(self) -> Vector:
        """(9,) the ball just after its serve."""
        strokes = self._book.serves
        row = self._rng.choice(len(strokes.values), p=self._preferred(strokes))
        self._x = float(strokes.values[row, 0])
        self._spin = np.zeros(3)
        return strokes.values[row].copy()

    def plan(self, ball: BallState, flown: float) -> Plan | None:
        """What to do about `ball` (3,), just bounced; None: it will not touch it.

        `flown` [s] since it left the robot's racket.
        """
        steps = round(HORIZON / TENNIS.dt)
        ahead = path(self._track, ball, HORIZON, TENNIS.dt)
        again = ahead.bounces > 0  # the second bounce; then it is too late
        ticks = np.arange(SOONEST, int(again.argmax()) if again.any() else steps + 1)
        if not len(ticks):
            return None
        _, distance = self._book.rallies.near(ahead.state.position[ticks], NEAREST)
        distance = distance.mean(axis=1)
        if distance.min() > TOO_FAR:
            return None
        liked = np.exp(-(distance - distance.min()) / PLACE * 2)
        tick = int(self._rng.choice(ticks, p=liked / liked.sum()))
        there = BallState(*(field[tick] for field in ahead.state))
        hard = self._difficulty(ball, there, flown + tick * TENNIS.dt)
        chance = self._chance(hard)
        self._spin = there.spin.copy()
        succeeds = bool(self._rng.random() < chance)
        if not succeeds and self._rng.random() > TOUCHED:
            return None
        return Plan(tick, succeeds, chance)

    def _difficulty(self, bounce: BallState, there: BallState, time: float) -> Difficulty:
        """Of a ball that bounced at `bounce` and is to be struck `there`, `time` [s] after the
        robot's stroke."""
        return Difficulty(
            speed=(float(np.linalg.norm(there.velocity)) - USUAL_SPEED) / FAST,
            run=abs(float(there.position[0]) - self._x) / time / RUN,
            spin=float(np.linalg.norm(there.spin - self._spin)) / SPIN,
            depth=abs(float(bounce.position[1]) - USUAL_DEPTH) / DEPTH,
            weak_side=float(there.position[0]) * self.player.weak_side > 0,
        )

    def _chance(self, hard: Difficulty) -> float:
        p = self.player
        logit = p.strength - (
            p.by_speed * hard.speed
            + p.by_run * hard.run
            + p.by_spin * hard.spin
            + p.by_depth * hard.depth
            + p.by_weak_side * hard.weak_side
        )
        return (1 - p.slip) / (1 + exp(-logit))

    def strike(self, ball: BallState, racket: float, plan: Plan) -> tuple[BallState, bool]:
        """The ball as it leaves the stroke, where it is, `racket` [m] being the x of the robot's;
        and whether it is one that succeeds, which needs a real stroke that is valid from here."""
        rallies = self._book.rallies
        rows, distance = rallies.near(ball.position[None], NEARBY)
        weight = self._preferred(rallies, rows[0], racket, distance[0])
        chosen = self._rng.choice(rows[0], CANDIDATES, replace=False, p=weight)
        self._x = float(ball.position[0])
        strokes = rallies.values[chosen]
        for stroke in strokes if plan.succeeds else ():
            tried = self._changed(ball, stroke)
            sound = valid(split(tried), self._track) & ~serves(split(tried), self._track)
            if sound.any():
                return split(tried[sound.argmax()]), True
        return split(self._spoilt(ball, strokes[0])), False

    def _changed(self, ball: BallState, stroke: Vector) -> Vector:
        """(changes, 9) `stroke` (9,) from where the ball is, with each of CHANGES."""
        whole, up = np.array(CHANGES).T
        tried = np.tile(np.concatenate([ball.position, stroke[3:]]), (len(CHANGES), 1))
        tried[:, 3:6] *= 1 + whole[:, None]
        tried[:, 5] += up * float(np.linalg.norm(stroke[3:6]))
        return tried

    def _spoilt(self, ball: BallState, stroke: Vector) -> Vector:
        """(9,) `stroke` from where the ball is, changed until it is an error: low or long."""
        speed, low = float(np.linalg.norm(stroke[3:6])), self._rng.random() < 0.5
        tried = np.concatenate([ball.position, stroke[3:]])
        for _ in range(8):
            if low:
                tried[5] -= SPOIL * speed
            else:
                tried[3:6] *= 1 + SPOIL
                tried[5] += SPOIL * speed / 2
            if not valid(split(tried[None]), self._track)[0]:
                break
        return tried

    def _preferred(
        self,
        strokes: Strokes,
        rows: Any = slice(None),
        racket: float | None = None,
        distance: Vector | float = 0.0,
    ) -> Vector:
        """(rows,) with which probability each stroke is played."""
        p = self.player
        logs = p.pace * strokes.speed[rows] + p.turn * strokes.spin[rows]
        if racket is not None:
            logs = logs + p.aim * np.minimum(np.abs(strokes.side[rows] - racket), 1.0)
        logs = logs - 0.5 * (distance / PLACE) ** 2
        weight = np.exp(logs - logs.max())
        return weight / weight.sum()
