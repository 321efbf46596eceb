"""One joint's limits, and the arithmetic of moving and stopping within them."""

from collections.abc import Callable
from math import ceil, copysign, floor, inf, sqrt

from robot.types import RobotSpec

SLACK = 1e-7  # relative; what rounding may add to a motion planned exactly at a limit


class Joint:
    """One joint: its limits, how to stop within them, and the motion last sent to it.

    In units of the tick: `v`, `a` and `jerk` are the first, second and third backward
    differences of the target [rad or m], so that a' = a + j, v' = v + a', q' = q + v'. The law
    of braking is discrete and its distance exact: the rest point stays where it is while the
    joint brakes, so a motion with its rest point inside the limits can be ended inside them.
    """

    def __init__(self, spec: RobotSpec, i: int, tracked: bool) -> None:
        self.name, self.i, self.dt = spec.joints[i], i, spec.dt
        self.tracked = tracked  # must it go where it is sent?
        self.by_speed = False  # is its target a speed?
        self.lower, self.upper = float(spec.lower[i]), float(spec.upper[i])
        self.v_max = float(spec.velocity[i]) * spec.dt
        self.a_max = float(spec.acceleration[i]) * spec.dt**2
        self.jerk = float(spec.jerk[i]) * spec.dt**3
        limits = (self.v_max, self.a_max, self.jerk)
        if not (all(0 < limit < inf for limit in limits) and self.lower <= self.upper):
            raise ValueError(f"{spec.name}: limits of {self.name} must be positive and in order")
        self.slack = tuple(limit * (1 + SLACK) for limit in limits)
        self.near = self.jerk / 1000  # as good as there
        reach = self.stop(self.v_max, 0.0) + self.v_max * (self.a_max / self.jerk + 1)
        self.inner = (self.lower + reach, self.upper - reach)  # no stop from here ends outside
        self.place(float(spec.home[i]))

    def place(self, q: float) -> None:
        """Be at rest at `q`, without a history."""
        self.q, self.v, self.a, self.target = q, 0.0, 0.0, q  # the target as its mode says
        self.late, self.stray = False, 0.0  # still to catch up with the wish; how far off it is
        self.past: tuple[float, float] | None = None  # the last two wishes, newest first

    def ramp(self, change: float) -> float:
        """Acceleration with which the quickest `change` of velocity begins; it ends with none."""
        size = abs(change)
        n = max(1, ceil((sqrt(1 + 8 * size / self.jerk) - 1) / 2))  # ticks to release it
        return copysign(size / n + self.jerk * (n - 1) / 2, change)

    def release(self, v: float, a: float) -> float:
        """Velocity after the acceleration is taken back at full jerk."""
        n = ceil(abs(a) / self.jerk)
        return v + copysign((n - 1) * (abs(a) - n * self.jerk / 2), a)

    def stop(self, v: float, a: float) -> float:
        """Distance of the quickest stop: ramp up, hold and release the deceleration."""
        if v == 0.0 == a:
            return 0.0
        sign = 1.0 if self.release(v, a) >= 0 else -1.0
        v, a, top = sign * v / self.jerk, sign * a / self.jerk, self.a_max / self.jerk
        # Full steps down, as many as leave v >= 0 after a release of n steps: n is the greatest
        # with n² - 2 part n <= v + (whole - 1)(whole / 2 + part).
        whole, part = floor(a), a - floor(a)
        square = part * part + v + (whole - 1) * (whole / 2 + part)
        n = max(0, -whole, floor(part + sqrt(max(0.0, square))))
        n = max(0, min(n + whole, floor(a + top)))
        distance = n * (v + a * (n + 1) / 2 - (n + 1) * (n + 2) / 6)
        v += n * (a - (n + 1) / 2)
        n = ceil(top)
        n = max(0, ceil((v - n * (top - (n - 1) / 2)) / top))  # ticks at full deceleration
        distance += n * (v - top * (n + 1) / 2)
        v = max(0.0, v - n * top)
        n = max(1, ceil((sqrt(1 + 8 * v) - 1) / 2))  # ticks of the release, as in `ramp`
        distance += n * (n - 1) * ((n + 1) / 6 - (n - v / n - (n - 1) / 2) / 2)
        return sign * self.jerk * distance

    def brake(self) -> None:
        """One tick of the quickest stop."""
        least, most = max(self.a - self.jerk, -self.a_max), min(self.a + self.jerk, self.a_max)
        self.a = min(max(-self.ramp(self.v), least), most)
        self.v += self.a
        self.q += self.v
        self.target = self.v / self.dt if self.by_speed else self.q
        if self.past:  # as if the wish had gone on as it was, for one dropped command
            last, older = self.past
            self.past = (last, last) if self.by_speed else (2 * last - older, last)

    def follow(self, wish: float, seen: float) -> str:
        """One tick toward `wish`, a position or a speed; the limit in its way, or nothing."""
        if self.by_speed:
            self.q = seen  # where the speed has led, as measured
        wanted = step = wish * self.dt if self.by_speed else wish - self.q
        self.target = wish
        limit = self.broken(step)
        if limit or self.late:
            v, a = self.lead(wish)
            over = step - v
            past = max(abs(over), abs(over + step - self.v - a)) > self.jerk
            if not limit and (past or abs(over - a) > self.a_max):
                limit = "jerk" if past else "acceleration"  # it would run past the wish next
            if limit:
                step = self.toward(wish, v, a)
                self.target = step / self.dt if self.by_speed else self.q + step
        self.late, self.stray = bool(limit), abs(step - wanted)
        self.past = (wish, self.past[0] if self.past else wish)
        self.q = self.q + step if self.by_speed else self.target
        self.a, self.v = step - self.v, step
        return limit

    def room(self) -> tuple[float, float]:
        """Where it may come to rest: inside its limits or, if it is outside, no further out."""
        rest = self.q + self.stop(self.v, self.a)
        return min(self.lower - self.near, rest), max(self.upper + self.near, rest)

    def broken(self, v: float) -> str:
        """The limit that going on by `v` breaks, now or inevitably later; or nothing."""
        v_max, a_max, jerk_max = self.slack
        a = v - self.v
        if not -v_max <= v <= v_max:
            return "velocity"
        if not -a_max <= a <= a_max:
            return "acceleration"
        if not -jerk_max <= a - self.a <= jerk_max:
            return "jerk"
        if abs(v) + a * a / (2 * self.jerk) > v_max and abs(self.release(v, a)) > v_max:
            return "velocity"  # it would still rise while the acceleration is released
        if self.inner[0] <= self.q + v <= self.inner[1]:
            return ""
        rest = self.q + v + self.stop(v, a)
        if self.lower <= rest <= self.upper:
            return ""
        low, high = self.room()
        return "" if low <= rest <= high else "position"

    def lead(self, wish: float) -> tuple[float, float]:
        """How the wish itself moves, velocity and acceleration, if that can be followed."""
        last, older = self.past or (wish, wish)
        if self.by_speed:
            v, a = min(max(wish * self.dt, -self.v_max), self.v_max), (wish - last) * self.dt
            return v, a if abs(a) <= self.a_max else 0.0
        v, a = wish - last, wish - 2 * last + older
        return (v, a) if abs(v) <= self.slack[0] and abs(a) <= self.slack[1] else (0.0, 0.0)

    def toward(self, wish: float, v: float, a: float) -> float:
        """The step within all limits that leads soonest to a wish that moves by `v` and `a`."""

        def rest(x: float) -> float:
            return self.q + self.v + x + self.stop(self.v + x, x)

        def beyond(x: float) -> float:  # of the wish, when next at rest relative to it
            return self.q + self.v + x + self.stop(self.v + x - v, x - a) - wish

        least, most = max(self.a - self.jerk, -self.a_max), min(self.a + self.jerk, self.a_max)
        speed_up = a + self.ramp(v - a - self.v)
        x = speed_up if self.by_speed else zero(beyond, least, most, self.near)
        x = min(max(x, -self.ramp(self.v_max + self.v)), self.ramp(self.v_max - self.v))
        x = min(max(x, least), most)
        low, high = self.room()
        aim = min(max(rest(x), low + self.near), high - self.near)
        if aim != rest(x):
            x = zero(lambda x: rest(x) - aim, least, most, self.near)
        return self.v + x


def zero(f: Callable[[float], float], low: float, high: float, near: float) -> float:
    """Where rising `f` is 0 or at most `near` below it, in [low, high] (Illinois method)."""
    if (f_high := f(high)) <= 0:
        return high
    if (f_low := f(low)) >= 0:
        return low
    side = 0
    for _ in range(40):
        x = (low * f_high - high * f_low) / (f_high - f_low)
        y = f(x)
        if -near <= y <= 0:
            return x
        if y > 0:
            high, f_high, f_low, side = x, y, f_low / (2 if side > 0 else 1), 1
        else:
            low, f_low, f_high, side = x, y, f_high / (2 if side < 0 else 1), -1
    return low
