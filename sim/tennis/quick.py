"""The world of one ball, many times as fast as MuJoCo: a surrogate, compiled.

It has the interface of `sim.tennis.batch.TennisBatch`, and takes the same latencies from the same
generators: with the same commands the two can be compared ball by ball. Ball and racket meet by
the closed forms of `robot.flight`, joints are servos each by itself (`sim.tennis.quick_robot`),
and what was touched goes to the same judge. Steps are of 1 ms, as MuJoCo's. It leaves out what
ball and table do to the arm, and that they can meet the arm above its forearm.
"""

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.ball import TRACKS, Mask
from robot.racket import CHAIN
from robot.tennis import TENNIS
from robot.types import Vector
from sim.tennis import latency
from sim.tennis.court import RELEASED, SUBSTEPS, CourtConfig, Seen, Touch
from sim.tennis.judge import LIMIT, Judge
from sim.tennis.model import DT, TOUCHES
from sim.tennis.quick_robot import servos
from sim.tennis.quick_step import WORLD, advance, look, rackets
from sim.tennis.referee import ROOF

BLOCK = 64  # ticks whose latencies are drawn together
EXPIRY = round(TENNIS.timeout / DT)
NAMES = (*TOUCHES, RELEASED)


class QuickBatch:
    """n episodes of one ball each, ticking together at 50 Hz; see `TennisBatch`.

    An episode depends on its ball, its generator and its commands alone.
    """

    def __init__(self, n: int, rng: np.random.Generator, config: CourtConfig | None = None) -> None:
        """`rng` is the parent of one generator a world."""
        if n < 1:
            raise ValueError(f"a batch needs at least one world, not {n}")
        self.n, self._config = n, config or CourtConfig()
        if self._config.randomise:
            raise ValueError("the surrogate has no contacts to randomise; MuJoCo's world has")
        self._record, self._servos = TRACKS[self._config.track].record, servos()
        self._worlds = np.zeros(n, WORLD)
        self._ticks, self.judges = 0, list[Judge]()
        self.reseed(rng.spawn(n))

    def reseed(self, rngs: Sequence[np.random.Generator]) -> None:
        """Other generators from here on, one a world."""
        if len(rngs) != self.n:
            raise ValueError(f"{self.n} worlds need as many generators, not {len(rngs)}")
        self._rngs, self._late = list(rngs), np.empty((self.n, 0, len(latency.KINDS)), np.int64)
        self._drawn = 0  # ticks before the first in `_late`

    def reset(self, values: Vector) -> Seen:
        """New episodes everywhere, from ball states (n, 9); what is seen at their first tick."""
        if values.shape != (self.n, 9):
            raise ValueError(f"states must be ({self.n}, 9), not {values.shape}")
        blank = np.zeros((), WORLD)
        blank["q"] = blank["act"] = blank["past_q"] = TENNIS.home
        blank["last"] = blank["ends"] = -1
        blank["live"], blank["met"] = True, inf
        self._worlds[:] = blank
        self._worlds["ball"], self._worlds["past_ball"] = values, values[:, None, :3]
        self.judges = [Judge(value) for value in values]
        self._over = np.zeros(self.n, dtype=bool)
        return self._observe()

    @property
    def over(self) -> Mask:
        """(n,) bool: which balls are decided."""
        return self._over.copy()

    @property
    def live(self) -> NDArray[np.int64]:
        """Rows of the balls that are not."""
        return np.flatnonzero(~self._over)

    def step(self, speeds: Vector) -> Seen:
        """One tick with joint speeds (n, 8) [m/s or rad/s]; what is seen after it."""
        worlds = self._worlds
        wanted = np.array(speeds, np.float64)
        advance(self._record, CHAIN, self._servos, worlds, self._now, wanted, SUBSTEPS, EXPIRY)
        self._ticks += 1
        ball = worlds["ball"]
        far = (ball[:, 2] > ROOF) | (np.abs(ball[:, :2]) > LIMIT).any(axis=1)
        for row in np.flatnonzero(worlds["live"] & ((worlds["count"] > 0) | far)).tolist():
            judge = self.judges[row]
            judge.see(_touches(worlds[row]), ball[row, :3].copy())
            self._over[row], worlds["live"][row] = judge.over, not judge.over
        return self._observe()

    def _observe(self) -> Seen:
        """What is seen at this tick; draws its latencies."""
        at = self._ticks - self._drawn
        if not self._config.latency:
            self._now = np.zeros((self.n, len(latency.KINDS)), np.int64)
        else:
            if at >= self._late.shape[1]:
                self._drawn, at = self._ticks, 0
                self._late = latency.drawn(self._rngs, BLOCK)
            self._now = self._late[:, at].copy()
        n, joints = self.n, len(TENNIS.joints)
        q, qd, ball = np.empty((n, joints)), np.empty((n, joints)), np.empty((n, 3))
        seen = Seen(q, qd, np.empty(n), ball, np.empty(n))
        look(self._worlds, self._now, *seen)
        return seen

    @property
    def crashing(self) -> Mask:
        """(n,) bool: which robots touch the table now."""
        return self._worlds["crash"].copy()

    def ball(self) -> tuple[Vector, Vector, Vector]:
        """The truth, for rewards: position [m], velocity [m/s] and spin [rad/s], each (n, 3)."""
        ball = self._worlds["ball"].copy()
        return ball[:, :3], ball[:, 3:6], ball[:, 6:]

    def racket(self) -> tuple[Vector, Vector, Vector]:
        """The truth, for rewards: middle [m], face's normal, and velocity [m/s], each (n, 3)."""
        return rackets(CHAIN, self._worlds)

    def joints(self) -> tuple[Vector, Vector]:
        """The truth, for rewards: q (n, 8) and qd (n, 8)."""
        return self._worlds["q"].copy(), self._worlds["qd"].copy()


def _touches(world: Any) -> list[Touch]:
    return [
        Touch(
            float(world["when"][i]),
            NAMES[world["what"][i]],
            world["touch"][i, :3].copy(),
            world["touch"][i, 3:].copy(),
        )
        for i in range(world["count"])
    ]
