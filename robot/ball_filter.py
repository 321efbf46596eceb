"""From fixes of the ball to how it flies, and spins: an extended Kalman filter.

The state is position, velocity and spin; prediction is `robot.flight`, bounces on the table
included, and its derivatives are differences. Spin is not seen: it is what makes the flight bend
and the bounce kick. One ball, or n balls at once, each a row of its own.
"""

# pyright: reportArgumentType=false, reportIndexIssue=false
# (Numba takes tuples by their length.)

from dataclasses import astuple, dataclass
from math import ceil, nan, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.ball import BallState, Mask, Track, unpacked
from robot.compiled import compiled
from robot.flight import STEP, State, advance
from robot.tennis import BALL
from robot.types import Fix, Flight, Vector, vector

# What is thought of a ball that is seen for the first time: the mean and standard deviation of
# the published rally and serve states, rounded up.
FIRST_VELOCITY, FIRST_VELOCITY_SD = (0.0, -5.0, 1.0), (1.5, 3.0, 2.5)  # [m/s]
FIRST_SPIN, FIRST_SPIN_SD = (20.0, 0.0, 0.0), (60.0, 40.0, 40.0)  # [rad/s]
ACCELERATION_SD = 15.0  # [m/s^2] of a ball that was struck, until its spin is known
SHORT = (1e-4, 1e-3, 0.1)  # [m, m/s, rad/s] differences for derivatives


@dataclass(frozen=True)
class BallFilterConfig:
    """What is believed."""

    noise: float = 0.0005  # [m] standard deviation of a fix
    drift: float = 0.05  # [m/s] that the velocity strays in 1 s
    bounce: float = 0.04  # [m/s] that a bounce differs from the model
    kick: float = 3.0  # [rad/s] likewise, the spin
    gate: float = 6.0  # standard deviations from where it is expected: not the ball
    patience: int = 2  # such fixes in a row: it was struck, and flies anew from there
    memory: float = 0.4  # [s] without a fix: what comes then is another ball
    sure: float = 0.6  # [m/s] standard deviation of the velocity from which on it is known ...
    watch: float = 0.055  # [s] ... once it was watched for so long: its spin shows by then

    def __post_init__(self) -> None:
        if not all(value > 0 for value in astuple(self)):
            raise ValueError("all numbers of a ball filter must be positive")


TRACE = np.dtype(
    [
        ("time", np.float64),  # [s] of the last fix; NaN before the first
        ("since", np.float64),  # [s] of the first fix of this flight
        ("state", np.float64, 9),
        ("spread", np.float64, (9, 9)),  # covariance
        ("strays", np.int64),  # fixes in a row that were not believed
        ("stray", np.float64, 3),  # the last of them [m]
        ("stray_time", np.float64),
    ]
)


class BallFilter:
    """n balls. Times [s] are those of the fixes."""

    def __init__(self, track: Track, config: BallFilterConfig | None = None, n: int = 1) -> None:
        self.config, self._track = config or BallFilterConfig(), track
        self._traces = np.zeros(n, TRACE)
        self._beliefs = np.array(astuple(self.config), dtype=np.float64)
        self.reset(np.arange(n))

    def reset(self, rows: NDArray[np.int64]) -> None:
        """Nothing is known of the balls `rows`."""
        blank = np.zeros((), TRACE)
        blank["time"], blank["state"] = nan, nan
        self._traces[rows] = blank

    def update(self, time: Vector, position: Vector) -> None:
        """Fixes at `time` (n,), each `position` (n, 3) [m]; NaN, or not a newer one, is none."""
        _update(self._track.record, self._beliefs, self._traces, time, position)

    @property
    def time(self) -> Vector:
        """(n,) [s] of the last fix that was believed; NaN before the first."""
        return self._traces["time"].copy()

    @property
    def known(self) -> Mask:
        """(n,) is the velocity known well enough to act on?"""
        spread, time = self._traces["spread"], self._traces["time"]
        watched = time - self._traces["since"] >= self.config.watch  # False before the first fix
        worst = np.maximum(np.maximum(spread[:, 3, 3], spread[:, 4, 4]), spread[:, 5, 5])
        return watched & (worst < self.config.sure**2)

    def state(self) -> BallState:
        """The balls (n, 3) at `time`; NaN where nothing is known."""
        return unpacked(self._traces["state"].copy(), (len(self._traces),))

    def deviations(self) -> BallState:
        """Standard deviations (n, 3) of position, velocity and spin at `time`."""
        variances = np.diagonal(self._traces["spread"], axis1=1, axis2=2)
        return unpacked(np.sqrt(variances), (len(self._traces),))

    def at(self, time: Vector) -> BallState:
        """The balls (n, 3) as predicted for `time` (n,), bounces included."""
        rows = np.empty((len(self._traces), 9))
        _at(self._track.record, self._traces, time, rows)
        return unpacked(rows, (len(rows),))


class Tracked:
    """One ball, for `robot.estimate.Estimator`."""

    def __init__(
        self, track: Track, config: BallFilterConfig | None = None, name: str = BALL
    ) -> None:
        self.name, self._filter = name, BallFilter(track, config)

    def update(self, fix: Fix) -> Flight | None:
        """The ball as of the last fix that was believed; None while it is not known."""
        self._filter.update(np.array([fix.time]), fix.position[None])
        if not self._filter.known[0]:
            return None
        state = (vector(field[0]) for field in self._filter.state())
        return Flight(float(self._filter.time[0]), *state)


def ahead(track: Track, ball: Flight | None, time: float) -> BallState:
    """A ball (1, 3) as predicted for `time` [s]; NaN if it is not known."""
    if ball is None:
        return BallState(*(np.full((1, 3), nan) for _ in range(3)))
    row = np.concatenate((ball.position, ball.velocity, ball.spin))
    return unpacked(_ahead(track.record, row, time - ball.time), (1,))


@compiled
def _ahead(k: Any, row: Vector, time: float) -> Vector:
    rows = np.empty((1, 9))
    rows[0] = predicted(k, _row(row), time)[0] if time > 0 else _row(row)
    return rows


@compiled
def _row(r: Vector) -> State:
    return (r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8])


@compiled
def predicted(k: Any, s: State, time: float) -> tuple[State, bool]:
    """The ball `time` [s] later, and whether it has bounced on the table."""
    count, bounced = max(1, ceil(time / STEP - 1e-9)), False
    for _ in range(count):
        s, touched = advance(k, s, time / count)
        bounced = bounced or touched
    return s, bounced


@compiled
def _at(k: Any, traces: Any, time: Vector, rows: Vector) -> None:
    for i in range(len(rows)):
        rows[i] = traces[i].state
        if time[i] > traces[i].time:
            rows[i] = predicted(k, _row(rows[i]), time[i] - traces[i].time)[0]


@compiled
def _update(k: Any, beliefs: Vector, traces: Any, time: Vector, position: Vector) -> None:
    noise, _, _, _, gate, patience, memory, _, _ = beliefs
    after, spread = np.empty(9), np.empty((9, 9))
    for i in range(len(time)):
        trace, z = traces[i], position[i]
        if np.isnan(z[0] + z[1] + z[2] + time[i]) or time[i] <= trace.time:
            continue
        if np.isnan(trace.time) or time[i] > trace.time + memory:
            _begin(trace, time[i], z, noise)
            continue
        _predict(k, beliefs, trace, time[i] - trace.time, after, spread)
        if _correct(after, spread, z, noise, gate):
            trace.time, trace.strays = time[i], 0
            trace.state[:], trace.spread[:] = after, spread
            continue
        trace.strays += 1
        if trace.strays >= patience:
            before, since = trace.stray.copy(), time[i] - trace.stray_time
            _begin(trace, time[i], z, noise)
            trace.since = trace.stray_time
            for j in range(3):
                trace.state[3 + j] = (z[j] - before[j]) / since
                trace.state[6 + j] = 0.0
                trace.spread[3 + j, 3 + j] = (
                    2 * (noise / since) ** 2 + ACCELERATION_SD**2 * since**2
                )
        trace.stray[:], trace.stray_time = z, time[i]


@compiled
def _begin(trace: Any, time: float, z: Vector, noise: float) -> None:
    trace.time, trace.since, trace.strays = time, time, 0
    trace.spread[:] = 0.0
    for j in range(3):
        trace.state[j], trace.spread[j, j] = z[j], noise**2
        trace.state[3 + j], trace.spread[3 + j, 3 + j] = (
            FIRST_VELOCITY[j],
            FIRST_VELOCITY_SD[j] ** 2,
        )
        trace.state[6 + j], trace.spread[6 + j, 6 + j] = FIRST_SPIN[j], FIRST_SPIN_SD[j] ** 2


@compiled
def _predict(
    k: Any, beliefs: Vector, trace: Any, time: float, after: Vector, spread: Vector
) -> None:
    """State and covariance `time` [s] later, into `after` (9,) and `spread` (9, 9)."""
    _, drift, bounce, kick, _, _, _, _, _ = beliefs
    there, bounced = predicted(k, _row(trace.state), time)
    slope, moved = np.empty((9, 9)), np.empty(9)
    for j in range(9):
        moved[:] = trace.state
        moved[j] += SHORT[j // 3]
        shifted, _ = predicted(k, _row(moved), time)
        for m in range(9):
            slope[m, j] = (shifted[m] - there[m]) / SHORT[j // 3]
    after[:] = there
    half = np.zeros((9, 9))
    for m in range(9):
        for j in range(9):
            for x in range(9):
                half[m, j] += slope[m, x] * trace.spread[x, j]
    for m in range(9):
        for j in range(9):
            spread[m, j] = 0.0
            for x in range(9):
                spread[m, j] += half[m, x] * slope[j, x]
    for j in range(3):
        spread[3 + j, 3 + j] += drift**2 * time + (bounce**2 if bounced else 0.0)
        spread[6 + j, 6 + j] += kick**2 if bounced else 0.0


@compiled
def _correct(state: Vector, spread: Vector, z: Vector, noise: float, gate: float) -> bool:
    """Take in the fix `z` (3,), a coordinate at a time; False, and nothing done, if it strays."""
    for j in range(3):
        if abs(z[j] - state[j]) > gate * sqrt(spread[j, j] + noise**2):
            return False
    gain = np.empty(9)
    for j in range(3):
        size, miss = spread[j, j] + noise**2, z[j] - state[j]
        for m in range(9):
            gain[m] = spread[m, j] / size
        for m in range(9):
            state[m] += gain[m] * miss
        row = spread[j].copy()
        for m in range(9):
            for x in range(9):
                spread[m, x] -= gain[m] * row[x]
    return True
