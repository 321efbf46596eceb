"""How late the robot hears and obeys: the published latency model.

Means and variances: arXiv 2408.03906, in ms and ms^2. A latency is drawn for each message, since
variances as small as these are the messages' own; a command does not overtake an earlier one.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robot.types import Vector
from sim.tennis.model import DT

KINDS = ("ball seen", "arm seen", "slides seen", "arm moves", "slide x moves", "slide y moves")
MEAN = np.array([40.0, 29.0, 33.0, 71.0, 56.1, 84.0])  # [ms]
VARIANCE = np.array([8.2, 8.2, 9.0, 5.7, 12.3, 12.3])  # [ms^2]
BALL, ARM = 0, 1
# Of which kind a joint's measurements and commands are, joint by joint.
SEEN = np.array([2, 2, 1, 1, 1, 1, 1, 1])
MOVED = np.array([5, 4, 3, 3, 3, 3, 3, 3])
LONGEST = 128  # [ms] that are remembered: 12 standard deviations above the longest mean

Steps = NDArray[np.int64]


def draw(rngs: Sequence[np.random.Generator]) -> Vector:
    """(n, 6) latencies [ms] in the order of KINDS, a row for each generator."""
    return _latencies(np.stack([rng.standard_normal(len(KINDS)) for rng in rngs]))


def drawn(rngs: Sequence[np.random.Generator], ticks: int) -> Steps:
    """(n, ticks, 6) likewise, in steps: those that `ticks` draws would give."""
    normal = np.stack([rng.standard_normal((ticks, len(KINDS))) for rng in rngs])
    return np.rint(_latencies(normal) / (1e3 * DT)).astype(np.int64)


def _latencies(drawn: Vector) -> Vector:
    return np.clip(MEAN + np.sqrt(VARIANCE) * drawn, 0.0, LONGEST - 1.0)


class Past:
    """What k numbers were in the last `LONGEST` steps, in each of n worlds."""

    def __init__(self, n: int, k: int) -> None:
        self._kept = np.zeros((LONGEST, n, k))
        self._rows, self._columns = np.arange(n)[:, None], np.arange(k)

    def fill(self, rows: Steps, values: Vector) -> None:
        """Let it have been `values` (rows, k) for ever."""
        self._kept[:, rows] = values

    def keep(self, step: int, values: Vector) -> None:
        """`values` (n, k) are those after `step` steps."""
        self._kept[step % LONGEST] = values

    def at(self, steps: Steps) -> Vector:
        """(n, k) values after `steps` (n, k)."""
        return self._kept[steps % LONGEST, self._rows, self._columns]


class Orders:
    """Commands on their way to the servos of n robots."""

    def __init__(self, n: int, joints: int) -> None:
        self._sent: list[tuple[Steps, Vector, NDArray[np.bool_], int]] = []
        self._last = np.full((n, joints), -1)  # step at which the latest one arrives
        self._ends = np.full((n, joints), -1)  # step at which the obeyed one expires
        self._next = 0  # step before which nothing arrives or expires

    def forget(self, rows: Steps) -> None:
        """Nothing is on its way to the robots `rows`."""
        self._last[rows] = self._ends[rows] = -1
        for due, *_ in self._sent:
            due[rows] = -1

    def send(self, due: Steps, target: Vector, speeds: NDArray[np.bool_], expiry: int) -> None:
        """`target` (n, joints) arrives at steps `due` (n, joints), to be obeyed for `expiry` steps.

        It holds speeds, and positions where `speeds` (joints,) is not set.
        """
        self._last = np.maximum(due, self._last)
        self._sent.append((self._last.copy(), target, speeds, expiry))
        self._next = 0

    def arrive(self, step: int, ctrl: Vector, act: Vector, period: int = 20) -> None:
        """Hand to the servos, whose speeds are `ctrl` and whose positions `act`, what is due.

        Both (n, joints). A position is reached by a steady speed within `period` steps.
        """
        if step < self._next:
            return
        for due, target, speeds, expiry in self._sent:
            now = due == step
            if now.any():
                speed = np.where(speeds, target, (target - act) / (period * DT))
                ends = step + np.where(speeds, expiry, min(expiry, period)) + np.zeros_like(due)
                ctrl[now], self._ends[now] = speed[now], ends[now]
        over = self._ends == step
        ctrl[over] = 0.0
        self._sent = [order for order in self._sent if (order[0] > step).any()]
        coming = [self._ends[self._ends > step], *(due[due > step] for due, *_ in self._sent)]
        self._next = min((int(steps.min()) for steps in coming if steps.size), default=2**62)


class Line:
    """Between one robot in each of n worlds and whoever controls it."""

    def __init__(self, n: int, joints: int) -> None:
        self.orders = Orders(n, joints)
        self.q, self.qd = Past(n, joints), Past(n, joints)
        self.late = np.zeros((n, len(KINDS)), dtype=np.int64)  # [ms] drawn for this tick

    def reset(self, rows: Steps, pose: Vector) -> None:
        """The robots `rows` have been at rest at `pose` (rows, joints) for ever."""
        self.orders.forget(rows)
        self.q.fill(rows, pose)
        self.qd.fill(rows, np.zeros_like(pose))
