"""Many balls at once, for training: the world of `sim.tennis.world` on threads."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robot.ball import Mask
from robot.tennis import TENNIS
from robot.types import Vector
from sim.tennis.court import Court, CourtConfig, Seen
from sim.tennis.engine import Many
from sim.tennis.judge import LIMIT, Judge
from sim.tennis.model import TOUCHES
from sim.tennis.referee import ROOF
from sim.tennis.states import split

SPEEDS = np.ones(len(TENNIS.joints), dtype=bool)
CRASH = TOUCHES.index("crash")


class TennisBatch:
    """n episodes of one ball each, ticking together at 50 Hz.

    An episode is, bit for bit, that of `TableTennis` with the same ball, generator and commands.
    Speeds go to the servos as they are given: it is for the caller to keep them within what the
    Supervisor lets through. A world whose ball is decided stands still until it is renewed.
    """

    def __init__(
        self,
        n: int,
        rng: np.random.Generator,
        config: CourtConfig | None = None,
        threads: int = 1,
    ) -> None:
        """`rng` is the parent of one generator a world; `threads`: 0 is one a processor."""
        if n < 1:
            raise ValueError(f"a batch needs at least one world, not {n}")
        self.n, config = n, config or CourtConfig()
        self._court = Court(Many(n, config.track == "paper", threads), config, rng.spawn(n))
        self.judges: list[Judge] = []

    def reseed(self, rngs: Sequence[np.random.Generator]) -> None:
        """Other generators from here on, one a world."""
        self._court.reseed(rngs)

    def reset(self, values: Vector) -> Seen:
        """New episodes everywhere, from ball states (n, 9); what is seen at their first tick."""
        if values.shape != (self.n, 9):
            raise ValueError(f"states must be ({self.n}, 9), not {values.shape}")
        self._court.reset(split(values))
        self.judges = [Judge(value) for value in values]
        self._court.live = np.arange(self.n)
        return self._court.observe()

    def renew(self, rows: NDArray[np.int64], values: Vector) -> None:
        """New episodes in `rows`, from ball states (rows, 9); seen from the next step on."""
        self._court.reset(split(values), rows)
        for row, value in zip(rows.tolist(), values, strict=True):
            self.judges[row] = Judge(value)
        self._court.live = np.flatnonzero(~self.over)

    @property
    def over(self) -> Mask:
        """(n,) bool: which balls are decided."""
        return np.array([judge.over for judge in self.judges])

    @property
    def live(self) -> NDArray[np.int64]:
        """Rows of the balls that are not."""
        return self._court.live

    def step(self, speeds: Vector) -> Seen:
        """One tick with joint speeds (n, 8) [m/s or rad/s]; what is seen after it."""
        court = self._court
        court.command(speeds, SPEEDS, TENNIS.timeout)
        court.tick()
        position = court.engine.ball_position
        far = (position[:, 2] > ROOF) | (np.abs(position[:, :2]) > LIMIT).any(axis=1)
        live = court.live.tolist()
        for row in live:
            if court.touches[row] or far[row]:
                self.judges[row].see(court.touches[row], position[row].copy())
                court.touches[row] = []
        court.live = np.array([row for row in live if not self.judges[row].over], dtype=np.int64)
        return court.observe()

    @property
    def crashing(self) -> Mask:
        """(n,) bool: which robots touch the table now."""
        return self._court.touching[:, CRASH] > 0

    def ball(self) -> tuple[Vector, Vector, Vector]:
        """The truth, for rewards: position [m], velocity [m/s] and spin [rad/s], each (n, 3)."""
        engine = self._court.engine
        return engine.ball_position.copy(), engine.ball_velocity.copy(), engine.spin.copy()

    def racket(self) -> tuple[Vector, Vector, Vector]:
        """The truth, for rewards: middle [m], face's normal, and velocity [m/s], each (n, 3)."""
        middle, normal, velocity, _ = self._court.engine.racket
        return middle.copy(), normal.copy(), velocity.copy()

    def joints(self) -> tuple[Vector, Vector]:
        """The truth, for rewards: q (n, 8) and qd (n, 8)."""
        return self._court.engine.q.copy(), self._court.engine.qd.copy()
