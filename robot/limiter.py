"""What the Supervisor does to wanted speeds, for n robots at once; compiled.

The arithmetic of `robot.joint.Joint` where the wish is a speed, row by row, for training and for
skills that keep within the limits by themselves.
"""

# pyright: reportArgumentType=false, reportIndexIssue=false

from dataclasses import replace
from math import ceil, copysign, floor, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.compiled import compiled
from robot.joint import SLACK
from robot.types import RobotSpec, Vector, vector

SHARE, MARGIN = 0.98, 0.005  # of the limits that are used; [rad or m] from the ends of the range
MOTION = np.dtype([("v", np.float64), ("a", np.float64), ("last", np.float64), ("late", np.bool_)])
BOUNDS = np.dtype([(name, np.float64) for name in ("lower", "upper", "v", "a", "jerk", "reach")])


def inside(spec: RobotSpec) -> RobotSpec:
    """Limits for whoever keeps within them by himself: so that the Supervisor never steps in."""
    return replace(
        spec,
        lower=vector(spec.lower + MARGIN),
        upper=vector(spec.upper - MARGIN),
        velocity=vector(SHARE * spec.velocity),
        acceleration=vector(SHARE * spec.acceleration),
        jerk=vector(SHARE * spec.jerk),
    )


class Limiter:
    """n robots of one kind."""

    def __init__(self, spec: RobotSpec, n: int = 1) -> None:
        self._dt, joints = spec.dt, len(spec.joints)
        self._bounds = np.zeros(joints, BOUNDS)
        self._bounds["lower"], self._bounds["upper"] = spec.lower, spec.upper
        self._bounds["v"] = spec.velocity * spec.dt
        self._bounds["a"] = spec.acceleration * spec.dt**2
        self._bounds["jerk"] = spec.jerk * spec.dt**3
        for bound in self._bounds:
            way = _stop(bound, bound["v"], 0.0)
            bound["reach"] = way + bound["v"] * (bound["a"] / bound["jerk"] + 1)
        self._motions = np.zeros((n, joints), MOTION)
        self._motions["last"] = np.nan
        still = np.zeros((n, joints))
        self.limit(still, still)  # compiled now, not in mid-play
        self.reset()

    def reset(self, rows: NDArray[np.int64] | None = None) -> None:
        """The robots `rows`, or all, stand still."""
        blank = np.zeros((), MOTION)
        blank["last"] = np.nan
        self._motions[slice(None) if rows is None else rows] = blank

    def go_on(self, speed: Vector, acceleration: Vector) -> None:
        """The robots move by `speed` (n, joints) already, which changes by `acceleration`."""
        self._motions["v"], self._motions["a"] = speed * self._dt, acceleration * self._dt**2

    def limit(self, wish: Vector, seen: Vector) -> Vector:
        """Speeds (n, joints) to send, for those wanted and positions `seen` (n, joints)."""
        speeds = np.empty_like(wish)
        # Copies: Numba compiles once more for arrays that must not be written.
        _limit(self._bounds, self._motions, self._dt, np.array(wish), np.array(seen), speeds)
        return speeds


@compiled
def _limit(
    bounds: Any, motions: Any, dt: float, wish: Vector, seen: Vector, speeds: Vector
) -> None:
    for i in range(wish.shape[0]):
        for j in range(wish.shape[1]):
            b, m, q = bounds[j], motions[i, j], seen[i, j]
            step, target = wish[i, j] * dt, wish[i, j]
            limited = _broken(b, m.v, m.a, q, step)
            if limited or m.late:
                last = wish[i, j] if np.isnan(m.last) else m.last
                v = min(max(step, -b.v), b.v)
                a = (wish[i, j] - last) * dt
                a = a if abs(a) <= b.a else 0.0
                over = step - v
                past = max(abs(over), abs(over + step - m.v - a)) > b.jerk
                limited = limited or past or abs(over - a) > b.a
                if limited:
                    step = _toward(b, m.v, m.a, q, v, a)
                    target = step / dt
            m.late, m.last = limited, wish[i, j]
            m.a, m.v = step - m.v, step
            speeds[i, j] = target


@compiled
def _ramp(b: Any, change: float) -> float:
    size = abs(change)
    n = max(1, ceil((sqrt(1 + 8 * size / b.jerk) - 1) / 2))
    return copysign(size / n + b.jerk * (n - 1) / 2, change)


@compiled
def _release(b: Any, v: float, a: float) -> float:
    n = ceil(abs(a) / b.jerk)
    return v + copysign((n - 1) * (abs(a) - n * b.jerk / 2), a)


@compiled
def _stop(b: Any, v: float, a: float) -> float:
    if v == 0.0 and a == 0.0:
        return 0.0
    sign = 1.0 if _release(b, v, a) >= 0 else -1.0
    v, a, top = sign * v / b.jerk, sign * a / b.jerk, b.a / b.jerk
    whole = floor(a)
    part = a - whole
    square = part * part + v + (whole - 1) * (whole / 2 + part)
    n = max(0, -whole, floor(part + sqrt(max(0.0, square))))
    n = max(0, min(n + whole, floor(a + top)))
    distance = n * (v + a * (n + 1) / 2 - (n + 1) * (n + 2) / 6)
    v += n * (a - (n + 1) / 2)
    n = ceil(top)
    n = max(0, ceil((v - n * (top - (n - 1) / 2)) / top))
    distance += n * (v - top * (n + 1) / 2)
    v = max(0.0, v - n * top)
    n = max(1, ceil((sqrt(1 + 8 * v) - 1) / 2))
    distance += n * (n - 1) * ((n + 1) / 6 - (n - v / n - (n - 1) / 2) / 2)
    return sign * b.jerk * distance


@compiled
def _broken(b: Any, v0: float, a0: float, q: float, v: float) -> bool:
    """Does going on by `v` break a limit, now or inevitably later?"""
    a = v - v0
    if not abs(v) <= b.v * (1 + SLACK):
        return True
    if not abs(a) <= b.a * (1 + SLACK) or not abs(a - a0) <= b.jerk * (1 + SLACK):
        return True
    top = b.v * (1 + SLACK)
    if abs(v) + a * a / (2 * b.jerk) > top and abs(_release(b, v, a)) > top:
        return True
    if b.lower + b.reach <= q + v <= b.upper - b.reach:
        return False
    rest = q + v + _stop(b, v, a)
    if b.lower <= rest <= b.upper:
        return False
    low, high = _room(b, v0, a0, q)
    return not low <= rest <= high


@compiled
def _room(b: Any, v0: float, a0: float, q: float) -> tuple[float, float]:
    rest, near = q + _stop(b, v0, a0), b.jerk / 1000
    return min(b.lower - near, rest), max(b.upper + near, rest)


@compiled
def _toward(b: Any, v0: float, a0: float, q: float, v: float, a: float) -> float:
    """The step within all limits that leads soonest to the speed `v` that changes by `a`."""
    near = b.jerk / 1000
    least, most = max(a0 - b.jerk, -b.a), min(a0 + b.jerk, b.a)
    x = a + _ramp(b, v - a - v0)
    x = min(max(x, -_ramp(b, b.v + v0)), _ramp(b, b.v - v0))
    x = min(max(x, least), most)
    low, high = _room(b, v0, a0, q)
    rest = q + v0 + x + _stop(b, v0 + x, x)
    aim = min(max(rest, low + near), high - near)
    if aim != rest:
        x = _zero(b, v0, q, aim, least, most, near)
    return v0 + x


@compiled
def _miss(b: Any, v0: float, q: float, aim: float, x: float) -> float:
    return q + v0 + x + _stop(b, v0 + x, x) - aim


@compiled
def _zero(b: Any, v0: float, q: float, aim: float, low: float, high: float, near: float) -> float:
    """Illinois method, as `robot.joint.zero`."""
    f_high = _miss(b, v0, q, aim, high)
    if f_high <= 0:
        return high
    f_low = _miss(b, v0, q, aim, low)
    if f_low >= 0:
        return low
    side = 0
    for _ in range(40):
        x = (low * f_high - high * f_low) / (f_high - f_low)
        y = _miss(b, v0, q, aim, x)
        if -near <= y <= 0:
            return x
        if y > 0:
            f_low = f_low / (2 if side > 0 else 1)
            high, f_high, side = x, y, 1
        else:
            f_high = f_high / (2 if side < 0 else 1)
            low, f_low, side = x, y, -1
    return low
