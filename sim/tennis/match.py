"""Matches of table tennis against an opponent, as a Robot; and many of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot.ball import TRACKS, BallState, Mask, TrackName
from robot.shots import Shot
from robot.tennis import TENNIS
from robot.types import Vector
from sim.tennis.batch import SPEEDS
from sim.tennis.court import Court, CourtConfig, Seen, Touch
from sim.tennis.engine import Many
from sim.tennis.opponent import Opponent, Player
from sim.tennis.play import Play, PlayConfig
from sim.tennis.referee import Match
from sim.tennis.strokes import book
from sim.tennis.world import PerceptionName, Table, TennisConfig


@dataclass(frozen=True)
class MatchConfig:
    """How a match is played, and its world."""

    play: PlayConfig = field(default_factory=PlayConfig)
    states: Path | None = None  # folder of real ball states; else draws fitted to the published
    track: TrackName = "paper"
    latency: bool = True  # observations and actions are late, as published
    randomise: bool = False  # contacts differ from rally to rally, as published
    perception: PerceptionName = "truth"  # of the ball; camera: by what two cameras see
    duration: float = 3600.0  # [s] simulated, then wait() is False, whatever the score
    speed: float = float("inf")  # simulated seconds a second at most; 1 is real time
    cameras: tuple[str, ...] = ()  # names in sim.tennis.world.CAMERAS
    frame_period: float = 0.04  # [s] between two frames

    @property
    def world(self) -> TennisConfig:
        """Of the world alone."""
        names = [each.name for each in fields(TennisConfig)]
        return TennisConfig(**{name: getattr(self, name) for name in names})

    def against(self, player: Player, rng: np.random.Generator) -> Play:
        """A new match against `player`, all of whose chance is in `rng`."""
        track = TRACKS[self.track]
        return Play(Opponent(player, book(track, self.states), track, rng), self.play)


class TennisMatch(Table):
    """A match against one opponent; a `robot.types.Robot`.

    The opponent serves; between rallies there is a pause in which no ball is to be seen, and the
    robot goes back by its own control. `wait` is False when the match is over.
    """

    def __init__(
        self,
        player: Player,
        rng: np.random.Generator,
        chance: np.random.Generator,
        config: MatchConfig | None = None,
    ) -> None:
        """`rng` draws the robot's latencies and the contacts, `chance` all that the opponent does:
        apart, so that two robots that are compared meet the same opponent."""
        settings = config or MatchConfig()
        self.player = player
        self.play = settings.against(player, chance)
        super().__init__(self.play.serve(0), rng, settings.world)

    @property
    def over(self) -> bool:
        return self.play.over

    @property
    def score(self) -> Match:
        return self.play.scorer.match

    def results(self) -> Sequence[Shot]:
        """Every stroke whose fate is known, in order."""
        return self.play.scorer.shots

    def stop(self) -> None:
        """The robot was stopped to protect it: the rally is a let."""
        self.play.stop(self._ticks)

    def _visible(self) -> bool:
        return self.play.playing

    def _see(self, touches: Sequence[Touch], ball: BallState) -> None:
        racket = float(self._court.engine.racket[0][0, 0])
        act = self.play.tick(self._ticks, touches, ball, racket)
        if act is not None:
            rows, state = np.zeros(1, dtype=np.int64), BallState(*(f[None] for f in act.ball))
            (self._court.throw if act.new else self._court.strike)(state, rows)


class MatchBatch:
    """n matches, ticking together at 50 Hz.

    Each is, bit for bit, a `TennisMatch` with the same player, generators and commands. A match
    that is over stands still.
    """

    def __init__(
        self,
        players: Sequence[Player],
        rngs: Sequence[np.random.Generator],
        chances: Sequence[np.random.Generator],
        config: MatchConfig | None = None,
        threads: int = 1,
    ) -> None:
        """One of `players`, `rngs` and `chances` a match, as of `TennisMatch`; `threads`: 0 is one
        a processor."""
        self.config = config = config or MatchConfig()
        self.n = n = len(players)
        if not n or len(chances) != n:
            raise ValueError(f"{n} players need as many generators, and at least one")
        self.players, self.dt = tuple(players), TENNIS.dt
        self.plays = [config.against(*pair) for pair in zip(players, chances, strict=True)]
        settings = CourtConfig(config.track, config.latency, config.randomise)
        self._court = Court(Many(n, config.track == "paper", threads), settings, rngs)
        self._ticks = 0

    def reset(self) -> Seen:
        """The first serves; what is seen at the first tick. Once only."""
        if any(play.scorer.rally for play in self.plays):
            raise RuntimeError("these matches have begun; make new ones")
        self._court.reset(_stacked([play.serve(0) for play in self.plays]))
        return self._court.observe()

    @property
    def live(self) -> NDArray[np.int64]:
        """Rows of the matches that are not over."""
        return self._court.live

    @property
    def now(self) -> float:
        """[s] since the matches began."""
        return self._ticks * self.dt

    @property
    def playing(self) -> Mask:
        """(n,) bool: where is the ball in play?"""
        return np.array([play.playing for play in self.plays])

    def results(self, row: int) -> Sequence[Shot]:
        """Of the match `row`: every stroke whose fate is known, in order."""
        return self.plays[row].scorer.shots

    def step(self, speeds: Vector) -> Seen:
        """One tick with joint speeds (n, 8) [m/s or rad/s]; what is seen after it."""
        court, engine = self._court, self._court.engine
        court.command(speeds, SPEEDS, TENNIS.timeout)
        court.tick()
        self._ticks += 1
        racket = engine.racket[0][:, 0]
        for row in court.live.tolist():
            ball = BallState(
                engine.ball_position[row].copy(),
                engine.ball_velocity[row].copy(),
                engine.spin[row].copy(),
            )
            touches, court.touches[row] = court.touches[row], []
            act = self.plays[row].tick(self._ticks, touches, ball, float(racket[row]))
            if act is not None:
                state, rows = _stacked([act.ball]), np.array([row])
                (court.throw if act.new else court.strike)(state, rows)
        court.live = np.array(
            [row for row in court.live.tolist() if not self.plays[row].over], dtype=np.int64
        )
        seen = court.observe()
        seen.ball[~self.playing] = np.nan
        return seen

    def stop(self, row: int) -> None:
        """The robot of `row` was stopped to protect it: the rally is a let."""
        self.plays[row].stop(self._ticks)


def _stacked(balls: Sequence[BallState]) -> BallState:
    """Balls, (3,) each, as one state (n, 3)."""
    return BallState(*(np.array(field) for field in zip(*balls, strict=True)))
