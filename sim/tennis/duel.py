"""Two robots at one table, for self-play.

Each sees the table from its own end: in its own frame it stands at -y, so that whatever plays at
one end plays at the other. Robots cannot serve: every rally begins with a real stroke, thrown from
one end to the other in turn, and counts once it has been returned.
"""

from collections.abc import Sequence
from threading import Barrier, BrokenBarrierError

import numpy as np

from robot.ball import TRACKS, BallState
from robot.shots import Shot
from robot.tennis import BALL, TENNIS, ball_fix
from robot.types import Command, JointMode, Observation, vector
from sim.tennis.court import Court, CourtConfig
from sim.tennis.engine import One
from sim.tennis.match import MatchConfig
from sim.tennis.play import Scorer
from sim.tennis.referee import Rally, Side
from sim.tennis.states import split, turned
from sim.tennis.strokes import book

PATIENCE = 60.0  # [s] of real time that one robot waits for the other


class Duel:
    """The table; its two ends, `near` and `far`, are robots.

    The world steps once both have waited, so that each runs in a loop, and a thread, of its own;
    who runs both in one thread calls `advance` instead of their `wait`.
    """

    def __init__(
        self,
        rngs: tuple[np.random.Generator, np.random.Generator],
        feeds: np.random.Generator,
        config: MatchConfig | None = None,
    ) -> None:
        """`rngs`: of the latencies of near and far; `feeds` draws the balls."""
        self.config = config = config or MatchConfig()
        self._engine: One | None = One(config.track == "paper", robots=2)
        settings = CourtConfig(config.track, config.latency, config.randomise)
        self._court = Court(self._engine, settings, rngs)
        self._strokes = book(TRACKS[config.track], config.states).rallies.values
        self._feeds, self._feeder = feeds, Side.NEAR
        self.scorer = Scorer(config.play.rules)
        self._pause, self._due = round(config.play.pause / TENNIS.dt), 0  # [ticks]
        self._ticks = -1  # before the first
        self.near, self.far = Seat(self, 0), Seat(self, 1)
        self.barrier = Barrier(2, self.advance, PATIENCE)

    def now(self) -> float:
        return max(self._ticks, 0) * TENNIS.dt

    @property
    def over(self) -> bool:
        """Is there nothing more to be played?"""
        late = self.now() >= self.config.duration - 1e-9
        return self._engine is None or self.scorer.match.over or late

    def ball(self) -> BallState:
        """The truth, in the frame of `near`: each (3,)."""
        engine = self._court.engine
        return BallState(
            engine.ball_position[0].copy(), engine.ball_velocity[0].copy(), engine.spin[0].copy()
        )

    def results(self) -> Sequence[Shot]:
        """Every stroke whose fate is known; "robot" is `near`, "opponent" is `far`."""
        return self.scorer.shots

    def advance(self) -> None:
        """One control period, and what both sense after it; none while it is over."""
        if self.over:
            return
        court, scorer = self._court, self.scorer
        if self._ticks >= 0:
            court.tick()
            touches, court.touches[0] = court.touches[0], []
            if scorer.playing:
                scorer.see(touches, self.ball())
                if not scorer.playing:
                    self._due = self._ticks + 1 + self._pause
        self._ticks += 1
        if not scorer.playing and not scorer.match.over and self._ticks >= self._due:
            self._feed()
        for seat in (self.near, self.far):
            seat.sense(court, self._ticks, scorer.playing)

    def _feed(self) -> None:
        """A new ball from the other end than the last one."""
        self._feeder = self._feeder.other
        stroke = self._strokes[self._feeds.integers(len(self._strokes))]
        ball = split(stroke if self._feeder is Side.FAR else turned(stroke))
        self.scorer.begin(Rally(self._feeder, counts=False), ball, self.now())
        place = self._court.throw if self._ticks else self._court.reset
        place(BallState(*(field[None] for field in ball)))

    def command(self, robot: int, command: Command) -> None:
        """What `robot` shall do, 0 for near, 1 for far."""
        speeds = np.array([mode == JointMode.VELOCITY for mode in command.modes])
        self._court.command(command.target[None], speeds, command.expiry, robot)

    def close(self) -> None:
        """Nothing moves any more, at either end."""
        self.barrier.abort()
        self._engine = None


class Seat:
    """One end of a `Duel`; a `robot.types.Robot`."""

    spec = TENNIS

    def __init__(self, duel: Duel, robot: int) -> None:
        self._duel, self._robot = duel, robot
        self._sensed: Observation | None = None

    def now(self) -> float:
        return self._duel.now()

    def wait(self) -> bool:
        """Until the other end waits, too; False once either has closed or the match is over."""
        try:
            self._duel.barrier.wait()
        except BrokenBarrierError:
            return False
        return not self._duel.over

    def read(self) -> Observation:
        if self._sensed is None:
            raise RuntimeError("wait comes before read")
        return self._sensed

    def write(self, command: Command) -> None:
        self._duel.command(self._robot, command)

    def sense(self, court: Court, tick: int, playing: bool) -> None:
        """Take in what is seen at `tick`; no ball while none is in play."""
        seen, fixes = court.observe(self._robot), {}
        if playing and not np.isnan(seen.ball[0, 0]):
            fixes[BALL] = ball_fix(float(seen.ball_time[0]), seen.ball[0])
        time, now = float(seen.time[0]), tick * TENNIS.dt
        self._sensed = Observation(time, now, tick, vector(seen.q[0]), vector(seen.qd[0]), fixes)

    def close(self) -> None:
        self._duel.close()
