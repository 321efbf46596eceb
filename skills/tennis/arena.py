"""Many robots that each return a ball: what they sense, and their commands on the way out.

What the loop does for one robot (estimate, skill, Supervisor), for n at once: fixes go through
the ball filter, wanted speeds through the limits. The world is handed in: simulated or surrogate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from robot.ball import BallState, Mask, Track
from robot.ball_filter import BallFilter, BallFilterConfig
from robot.limiter import Limiter, inside
from robot.tennis import TENNIS
from robot.types import Vector


class Worlds(Protocol):
    """n worlds of one ball each; see `sim.tennis.quick.QuickBatch`."""

    n: int

    def reset(self, values: Vector) -> Any: ...
    def step(self, speeds: Vector) -> Any: ...
    @property
    def over(self) -> Mask: ...
    @property
    def judges(self) -> list[Any]: ...


@dataclass(frozen=True, eq=False)
class Senses:
    """What n robots know at a tick. Times [s] since the reset."""

    now: float
    ball: BallState  # (n, 3) as it was at `seen`; NaN while nothing is known
    seen: Vector  # (n,)
    ahead: BallState  # (n, 3) as it should be now; NaN likewise
    q: Vector  # (n, 8) [m or rad]
    measured: Vector  # (n,) when q was
    sent: Vector  # (n, 8) [m/s or rad/s] the speeds sent at the last tick


@dataclass(frozen=True, eq=False)
class Fates:
    """What became of n balls."""

    valid: Mask  # (n,) it came as the rules want
    hit: Mask  # (n,)
    landed: Mask  # (n,)
    place: Vector  # (n, 2) [m] where; NaN if it did not
    speed: Vector  # (n,) [m/s] as it left the racket; NaN if it was not hit
    net: Vector  # (n,) [m] of its middle over the net on the way back; NaN likewise

    @classmethod
    def of(cls, judges: Sequence[Any]) -> "Fates":
        """What `judges` have seen, each one ball; see `sim.tennis.judge.Judge`."""
        nowhere, slow = np.full(2, np.nan), np.nan
        return cls(
            np.array([judge.valid for judge in judges]),
            np.array([judge.hit for judge in judges]),
            np.array([judge.landed for judge in judges]),
            np.array([nowhere if judge.place is None else judge.place for judge in judges]),
            np.array([slow if j.sent is None else float(np.linalg.norm(j.sent)) for j in judges]),
            np.array([slow if j.net_height is None else j.net_height for j in judges]),
        )


class Arena:
    """n robots at play in `worlds`."""

    def __init__(
        self, worlds: Worlds, track: Track, config: BallFilterConfig | None = None
    ) -> None:
        self.n, self._worlds = worlds.n, worlds
        self._filter = BallFilter(track, config, worlds.n)
        self._limiter = Limiter(inside(TENNIS), worlds.n)
        self._sent = np.zeros((worlds.n, len(TENNIS.joints)))
        self._ticks = 0

    def reset(self, states: Vector) -> Senses:
        """Robots at home, balls in `states` (n, 9)."""
        self._filter.reset(np.arange(self.n))
        self._limiter.reset()
        self._sent[:], self._ticks = 0.0, 0
        return self._sense(self._worlds.reset(states))

    def step(self, wish: Vector) -> Senses:
        """One tick with the wanted joint speeds `wish` (n, 8)."""
        self._sent = self._limiter.limit(wish, self._seen.q)
        self._ticks += 1
        return self._sense(self._worlds.step(self._sent))

    def _sense(self, seen: Any) -> Senses:
        self._seen, now = seen, self._ticks * TENNIS.dt
        self._filter.update(seen.ball_time, seen.ball)
        known = self._filter.known[:, None]
        ball, ahead = self._filter.state(), self._filter.at(np.full(self.n, now))
        hide = [BallState(*(np.where(known, x, np.nan) for x in s)) for s in (ball, ahead)]
        return Senses(
            now, hide[0], self._filter.time, hide[1], seen.q, seen.time, self._sent.copy()
        )

    @property
    def over(self) -> NDArray[np.bool_]:
        return self._worlds.over

    def fates(self) -> Fates:
        return Fates.of(self._worlds.judges)
