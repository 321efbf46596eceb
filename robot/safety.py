"""The Supervisor: no command reaches a robot but through it.

It rejects whole what it cannot trust, limits what moves too far or too fast, and says so.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from math import ceil, copysign, floor, inf, isfinite, sqrt
from operator import index

import numpy as np

from robot.types import Command, JointMode, Reference, RobotSpec, State, Vector, Verdict

SLACK = 1e-7  # relative; what rounding may add to a motion planned exactly at a limit


@dataclass(frozen=True, slots=True)
class SafetyConfig:
    """When to give up. The limits themselves come with the robot."""

    limited_for: float = 0.5  # [s] limited without a break: stop
    tolerance: float = 0.01  # fraction of full speed; limiting by less is not held against it
    tracking: float = 0.35  # [rad or m] of measured from commanded position ...
    tracking_for: float = 0.2  # [s] ... for longer: stop (a collision, a broken joint)
    stuck_for: float = 0.4  # [s] new observations, all identical, of a moving arm: stop
    untracked: frozenset[str] = frozenset({"gripper"})  # groups that objects may hold up


class Joint:
    """One joint's limits, and how to stop within them.

    In units of the tick: `v`, `a` and `jerk` are the first, second and third backward
    differences of the target [rad or m], so that a' = a + j, v' = v + a', q' = q + v'. The law
    of braking is discrete and its distance exact. Its rest point stays where it is while it
    brakes, so a motion whose rest point is inside the limits can always be ended inside them.
    """

    def __init__(self, spec: RobotSpec, i: int) -> None:
        self.name = spec.joints[i]
        self.lower, self.upper = float(spec.lower[i]), float(spec.upper[i])
        self.v = float(spec.velocity[i]) * spec.dt
        self.a = float(spec.acceleration[i]) * spec.dt**2
        self.jerk = float(spec.jerk[i]) * spec.dt**3
        limits = (self.v, self.a, self.jerk)
        if not all(0 < limit < inf for limit in limits) or not self.lower <= self.upper:
            raise ValueError(f"{spec.name}: limits of {self.name} must be positive and ordered")
        self.v_slack, self.a_slack, self.jerk_slack = (limit * (1 + SLACK) for limit in limits)
        self.near = self.jerk / 1000  # as good as there
        reach = self.stop(self.v, 0.0) + self.v * (self.a / self.jerk + 1)  # the longest stop
        self.inner = (self.lower + reach, self.upper - reach)

    def ramp(self, change: float) -> float:
        """Acceleration with which the quickest change of velocity to rest at it begins."""
        size = abs(change)
        n = max(1, ceil((sqrt(1 + 8 * size / self.jerk) - 1) / 2))  # ticks to release it
        return copysign(size / n + self.jerk * (n - 1) / 2, change)

    def release(self, v: float, a: float) -> float:
        """Velocity after the acceleration is taken back at full jerk."""
        size = abs(a) / self.jerk
        n = ceil(size)
        return v + copysign(self.jerk * (n - 1) * (size - n / 2), a)

    def brake(self, v: float, a: float) -> float:
        """The next acceleration of the quickest stop."""
        a_next = min(max(-self.ramp(v), a - self.jerk), a + self.jerk)
        return min(max(a_next, -self.a), self.a)

    def stop(self, v: float, a: float) -> float:
        """Distance that `brake` takes to rest: ramp up, hold, and release the deceleration."""
        sign = 1.0 if self.release(v, a) >= 0 else -1.0
        v, a, top = sign * v / self.jerk, sign * a / self.jerk, self.a / self.jerk
        whole = floor(a)
        part = a - whole
        # The most full steps down after which the release, n steps, still ends at v >= 0:
        # n is the largest with n² - 2 part n <= v + (whole - 1)(whole / 2 + part).
        root = part * part + v + (whole - 1) * (whole / 2 + part)
        n = max(0, -whole, floor(part + sqrt(max(0.0, root))))
        n = max(0, min(n + whole, floor(a + top)))
        distance = n * (v + a * (n + 1) / 2 - (n + 1) * (n + 2) / 6)
        v += n * (a - (n + 1) / 2)
        n = ceil(top)
        n = max(0, ceil((v - n * (top - (n - 1) / 2)) / top))  # ticks at full deceleration
        distance += n * (v - top * (n + 1) / 2)
        v -= n * top
        n = max(1, ceil((sqrt(1 + 8 * max(0.0, v)) - 1) / 2))  # as in `ramp`
        distance += n * (n - 1) * ((n + 1) / 6 - (n - v / n - (n - 1) / 2) / 2)
        return sign * self.jerk * distance

    def room(self, q: float, v: float, a: float) -> tuple[float, float]:
        """Where it may come to rest: inside the limits or, if it is outside, no further out."""
        rest = q + self.stop(v, a)
        return min(self.lower, rest) - self.near, max(self.upper, rest) + self.near

    def breaks(self, q: float, v: float, a: float, v_next: float) -> str:
        """The limit that moving on by `v_next` would break sooner or later, or nothing."""
        a_next = v_next - v
        if (
            -self.jerk_slack <= a_next - a <= self.jerk_slack
            and -self.a_slack <= a_next <= self.a_slack
            and abs(v_next) + a_next * a_next / (2 * self.jerk) <= self.v
            and self.inner[0] <= q + v_next <= self.inner[1]
        ):
            return ""  # the usual case, by bounds that are quick to compute
        low, high = self.room(q, v, a)
        if not low <= q + v_next <= high:
            return "position"
        if abs(v_next) > self.v_slack:
            return "velocity"
        if abs(a_next) > self.a_slack:
            return "acceleration"
        if abs(a_next - a) > self.jerk_slack:
            return "jerk"
        if abs(self.release(v_next, a_next)) > self.v_slack:
            return "velocity"
        return "" if low <= q + v_next + self.stop(v_next, a_next) <= high else "position"

    def limit(self, q: float, v: float, a: float, seek: Callable[[float], float]) -> float:
        """The velocity nearest to the wish that `seek`, rising with acceleration, has at 0."""

        def rest(x: float) -> float:
            return q + v + x + self.stop(v + x, x)

        least, most = max(a - self.jerk, -self.a), min(a + self.jerk, self.a)
        x = zero(seek, least, most, self.near)
        x = min(max(x, -self.ramp(self.v + v)), self.ramp(self.v - v))
        x = min(max(x, least), most)
        low, high = self.room(q, v, a)
        if rest(x) > high:
            x = zero(lambda x: rest(x) - high, self.brake(v, a), x, self.near)
        elif rest(x) < low:
            x = -zero(lambda x: low - rest(-x), -self.brake(v, a), -x, self.near)
        return v + x


def zero(f: Callable[[float], float], low: float, high: float, near: float) -> float:
    """Where rising `f` is 0 or at most `near` below it, in [low, high] (Illinois method)."""
    f_high = f(high)
    if f_high <= 0:
        return high
    f_low = f(low)
    for _ in range(40):
        if f_low >= -near:
            break
        x = (low * f_high - high * f_low) / (f_high - f_low)
        y = f(x)
        if y > 0:
            high, f_high, f_low = x, y, f_low / 2
        else:
            low, f_low, f_high = x, y, f_high / 2
    return low
