"""A match in progress: what the ball touches goes in, serves and strokes of the opponent come out.

No physics, and no robot: whoever runs those asks at every tick.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from robot.ball import BallState
from robot.shots import Player, Shot
from robot.tennis import BALL_RADIUS, EDGE, TENNIS
from robot.types import Vector, vector
from sim.tennis.court import Touch
from sim.tennis.judge import LIMIT
from sim.tennis.opponent import Opponent, Plan
from sim.tennis.referee import Match, MatchRules, Rally, Side
from sim.tennis.states import split

NAMES: dict[Side, Player] = {Side.NEAR: "robot", Side.FAR: "opponent"}


@dataclass
class _Open:
    """The latest stroke, whose fate is not known yet."""

    by: Side
    time: float  # [s]
    position: Vector  # (3,) [m]
    velocity: Vector  # (3,) [m/s]
    spin: Vector  # (3,) [rad/s]
    wanted: bool = True
    landing: Vector | None = None  # (2,) [m]
    good: bool = False


class Scorer:
    """The score of a match and the record of its shots, from touches."""

    def __init__(self, rules: MatchRules | None = None) -> None:
        self.match = Match(rules or MatchRules())
        self.shots: list[Shot] = []
        self.rally: Rally | None = None  # None before the first
        self._number = self._stroke = -1  # of the rally, and of the stroke in it
        self._open: _Open | None = None

    @property
    def playing(self) -> bool:
        """Is the ball in play?"""
        return self.rally is not None and self.rally.decision is None

    @property
    def struck(self) -> float:
        """[s] when the ball was last struck."""
        return -np.inf if self._open is None else self._open.time

    def begin(self, rally: Rally, ball: BallState, time: float) -> None:
        """A new rally, whose first stroke is `ball` (3,) at `time` [s]."""
        self.rally, self._stroke = rally, -1
        self._number += 1
        self._start(rally.hitter, ball, time)

    def strike(self, ball: BallState, time: float, wanted: bool) -> None:
        """The opponent struck the ball, which is now `ball` (3,)."""
        rally = self._now()
        rally.racket(Side.FAR, time)
        if rally.decision is None:
            self._close(reached=True)
            self._start(Side.FAR, ball, time, wanted)
        self._settle()

    def see(self, touches: Sequence[Touch], ball: BallState) -> None:
        """What was touched since the last time, and the ball (3,) now. The rally must be on."""
        rally = self._now()
        for touch in touches:
            if rally.decision is None:
                self._take(rally, touch, ball)
                self.match.returned(rally)
        if rally.decision is None:
            rally.height(float(ball.position[2]))
            if (np.abs(ball.position[:2]) > LIMIT).any():
                rally.floor()
        self._settle()

    def stop(self) -> None:
        """The robot was stopped to protect it: a let, if the ball is in play."""
        if self.playing:
            self._now().stop()
            self._settle()

    def _now(self) -> Rally:
        if self.rally is None or self._open is None:
            raise RuntimeError("no rally has begun")
        return self.rally

    def _take(self, rally: Rally, touch: Touch, ball: BallState) -> None:
        assert self._open is not None
        whose, _, what = touch.what.rpartition(" ")
        side = Side.FAR if whose else Side.NEAR  # of the robot, if it is one that touches
        if what == "table":
            half = Side.NEAR if touch.position[1] < 0 else Side.FAR
            rally.table(half)
            if half is not rally.hitter and self._open.landing is None:
                self._open.landing, self._open.good = vector(touch.position[:2]), rally.good
        elif what in ("racket", "arm") and side is not rally.hitter and _gone(rally, side, touch):
            rally.floor()
        elif what == "racket":
            strokes = rally.strokes
            rally.racket(side, touch.time)
            if rally.strokes > strokes:
                self._close(reached=True)
                self._start(side, BallState(touch.position, ball.velocity, ball.spin), touch.time)
        elif what == "released" and self._open.by is side:
            self._open.velocity = vector(touch.velocity)
        elif what == "net":
            rally.net()
        elif what == "arm":
            rally.body(side)
        elif what == "floor":
            rally.floor()
        elif what == "crash":
            rally.crash(side)

    def _start(self, by: Side, ball: BallState, time: float, wanted: bool = True) -> None:
        self._stroke += 1
        position, velocity, spin = map(vector, ball)
        self._open = _Open(by, time, position, velocity, spin, wanted)

    def _close(self, reached: bool, ended: str = "", point: Side | None = None) -> None:
        shot = self._open
        assert shot is not None
        self.shots.append(
            Shot(
                rally=self._number,
                stroke=self._stroke,
                by=NAMES[shot.by],
                time=shot.time,
                position=shot.position,
                velocity=shot.velocity,
                spin=shot.spin,
                landing=shot.landing,
                good=shot.good,
                reached=reached,
                ended=ended,
                point=None if point is None else NAMES[point],
                wanted=shot.wanted,
            )
        )

    def _settle(self) -> None:
        """Write down how the rally ended, once it has."""
        rally = self._now()
        if (decision := rally.decision) is not None and self._open is not None:
            self._close(reached=False, ended=decision.why, point=decision.point)
            self._open = None
            self.match.score(decision)


def _gone(rally: Rally, side: Side, touch: Touch) -> bool:
    """Has the ball missed `side`'s half and flown past its end? Who touches it then obstructs
    nothing (laws 2.5.8)."""
    y = touch.position[1]
    return not rally.good and (y < EDGE if side is Side.NEAR else y > -EDGE)


@dataclass(frozen=True)
class PlayConfig:
    """How a match is played."""

    rules: MatchRules = field(default_factory=MatchRules)
    pause: float = 1.0  # [s] between rallies: the robot goes back, the opponent fetches the ball

    def __post_init__(self) -> None:
        if not self.pause >= 0:
            raise ValueError("pause must not be negative")


class Act(NamedTuple):
    """What the opponent does to the ball."""

    ball: BallState  # (3,) each
    new: bool  # a serve, with a new ball; if not, the ball is struck where it is


class Play:
    """A match of a robot against one opponent, tick by tick."""

    def __init__(self, opponent: Opponent, config: PlayConfig | None = None) -> None:
        self.config = config or PlayConfig()
        self.scorer = Scorer(self.config.rules)
        self._opponent = opponent
        self._pause = round(self.config.pause / TENNIS.dt)  # [ticks]
        self._plan: Plan | None = None
        self._planned = False  # for the robot's latest stroke
        self._due = 0  # tick of the planned stroke, or of the next serve

    @property
    def over(self) -> bool:
        return self.scorer.match.over

    @property
    def playing(self) -> bool:
        """Is the ball in play?"""
        return self.scorer.playing

    def serve(self, tick: int) -> BallState:
        """A new ball (3,), and with it a rally, at `tick`."""
        ball = split(self._opponent.serve())
        self._plan, self._planned = None, False
        self.scorer.begin(self.scorer.match.rally(), ball, tick * TENNIS.dt)
        return ball

    def tick(
        self, tick: int, touches: Sequence[Touch], ball: BallState, racket: float
    ) -> Act | None:
        """What happens at `tick`, after `touches` in the period before it.

        `ball` (3,) is the truth, `racket` [m] the x of the robot's.
        """
        scorer = self.scorer
        if scorer.playing:
            scorer.see(touches, ball)
            if scorer.playing:
                return self._respond(tick, ball, racket)
            self._due = tick + self._pause
        if not self.over and tick >= self._due:
            return Act(self.serve(tick), new=True)
        return None

    def _respond(self, tick: int, ball: BallState, racket: float) -> Act | None:
        """The opponent's part of a rally that is on."""
        rally = self.scorer.rally
        assert rally is not None
        if rally.hitter is Side.FAR:
            self._plan, self._planned = None, False
            return None
        if not rally.good:
            return None
        # A tick may end while the ball still sinks into the table.
        if not self._planned and ball.velocity[2] > 0 and ball.position[2] >= BALL_RADIUS:
            since = tick * TENNIS.dt - self.scorer.struck
            self._plan, self._planned = self._opponent.plan(ball, since), True
            self._due = tick + (self._plan.ticks if self._plan else 0)
        if self._plan is None or tick < self._due:
            return None
        left, wanted = self._opponent.strike(ball, racket, self._plan)
        self.scorer.strike(left, tick * TENNIS.dt, wanted)
        self._plan, self._planned = None, False
        return Act(left, new=False)

    def stop(self, tick: int) -> None:
        """The robot was stopped to protect it, at `tick`: a let, if the ball is in play."""
        if self.playing:
            self.scorer.stop()
            self._due = tick + self._pause
