"""The Supervisor: no command reaches a robot but through it.

It rejects whole what it cannot trust, limits what moves too far or too fast, and says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
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
    stuck_for: float = 0.4  # [s] of new observations, all alike, of a moving arm: stop
    untracked: frozenset[str] = frozenset({"gripper"})  # groups that objects may hold up

    def __post_init__(self) -> None:
        for name in ("limited_for", "tolerance", "tracking", "tracking_for", "stuck_for"):
            if not 0 < getattr(self, name) < inf:
                raise ValueError(f"{name} must be positive and finite")


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
            if not limit and max(abs(over), abs(over + step - self.v - a)) > self.jerk:
                limit = "jerk"  # it would run past the wish after this step
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


class _Refused(ValueError):
    """Says why something is not acted on."""


def _why(error: Exception, what: str) -> str:
    return str(error) if isinstance(error, _Refused) else f"{what}: {type(error).__name__}"


class Supervisor:
    """Limits what a robot is told, and stops it.

    A stop is a jerk-limited deceleration to a hold, latched with its `reason` until `rearm`.
    It begins stopped; `reset` arms it. `filter` never raises.
    """

    def __init__(self, spec: RobotSpec, config: SafetyConfig | None = None) -> None:
        n = len(spec.joints)
        for name in ("lower", "upper", "velocity", "acceleration", "jerk"):
            if getattr(spec, name).shape != (n,):
                raise ValueError(f"{spec.name}: {name} must have {n} values, one for each joint")
        self.spec, self.config = spec, config or SafetyConfig()
        self.stops = 0  # how often it stopped
        self.rejected = 0  # proposals that were not followed for a fault of their own
        home = self._numbers(spec.home, "home")
        loose = [range(n)[spec.groups.get(name, slice(0))] for name in self.config.untracked]
        self._joints = [Joint(spec, i, not any(i in group for group in loose)) for i in range(n)]
        self._allowed = sorted(spec.modes - {JointMode.EFFORT})  # an effort has no rest point
        if not self._allowed:
            raise ValueError(f"{spec.name}: modes must include position or velocity")
        self._use((self._allowed[0],) * n)
        self._per_tick = np.array([[1.0], [1 / spec.dt], [1 / spec.dt**2], [1.0]])
        self._time, self._seq = 0.0, 0
        self._seen_seq, self._wish = -1, home
        self._seen: list[float] = []  # the latest measured pose, (n,) once there is one
        self._start(home)
        self.stopped, self.reason = True, "not armed"

    def reset(self, q: Vector) -> None:
        """Arm at the measured pose `q` (n,): the first command will be that pose."""
        self._seen = self._numbers(q, "measured q")
        self._start(self._seen)

    def rearm(self, state: State | None = None) -> bool:
        """End a stop, at the pose in `state` or the one last seen; False if it cannot yet.

        Untracked joints keep their command: what the gripper holds, it goes on holding.
        """
        if not self.stopped:
            return True
        if state is not None:
            self._look(state)
        if self._blind or not self._seen or any(joint.v or joint.a for joint in self._joints):
            return False
        self._start([self._seen[joint.i] if joint.tracked else joint.q for joint in self._joints])
        return True

    def halt(self, reason: str) -> str:
        """Stop; returns `reason`. While stopped, the first reason is the one that is kept."""
        if not self.stopped:
            self.stopped, self.reason = True, reason
            self.stops += 1
        return reason

    def filter(self, state: State, proposed: Command | None) -> Verdict:
        """What to send this tick: `proposed`, or what is possible of it, or a stop."""
        fault = self._look(state)
        if not fault and not self.stopped:
            fault = self._listen(proposed)
            self.rejected += bool(fault)
        if fault or self.stopped:
            reasons: tuple[str, ...] = (self.reason or fault,)
            for joint in self._joints:
                joint.brake()
        else:
            reasons = self._follow()
        self._seq += 1
        target = self._publish()
        expiry = self.spec.timeout if self._seen else 0.0  # blind from the start: move nothing
        command = Command(
            self._time, self._seq, self._goal, target, self._modes, expiry, self.reference.qd
        )
        return Verdict(command, reasons, self.stopped)

    def _start(self, q: list[float]) -> None:
        """Armed, at rest at `q`, with a clean record."""
        for joint, q_joint in zip(self._joints, q, strict=True):
            joint.place(q_joint)
        self.stopped, self.reason = False, ""
        self._goal, self._heard = -1, -inf  # the latest command that was followed
        self._blind = 0  # observations refused in a row
        self._stuck = self._adrift = self._limited = self._dropped = 0.0  # [s] without a break
        self._publish()

    def _use(self, modes: tuple[JointMode, ...]) -> None:
        self._modes = modes
        for joint, mode in zip(self._joints, modes, strict=True):
            joint.by_speed, joint.past = mode == JointMode.VELOCITY, None

    def _publish(self) -> Vector:
        """Update the reference; returns the targets that bring it about."""
        rows = np.array([(joint.q, joint.v, joint.a, joint.target) for joint in self._joints])
        motion = np.multiply(rows.T, self._per_tick, order="C")
        motion.setflags(write=False)
        self.reference = Reference(motion[0], motion[1], motion[2])  # the motion last sent
        return motion[3]

    def _numbers(self, values: object, what: str) -> list[float]:
        """The finite numbers, one for each joint, that `values` must be."""
        n = len(self.spec.joints)
        if type(values) is np.ndarray and values.dtype == np.float64 and values.shape == (n,):
            numbers: list[float] = values.tolist()
            if all(map(isfinite, numbers)):
                return numbers
        raise _Refused(f"{what} must be {n} finite float64")

    def _look(self, state: State) -> str:
        """Watch the arm; why this observation is refused, or nothing."""
        self._time += self.spec.dt  # if it cannot be read
        try:
            if not isfinite(state.time):
                raise _Refused("time of the observation is not finite")
            self._time = float(state.time)
            q, seq, age = self._numbers(state.q, "measured q"), index(state.seq), state.age
            if not abs(age) <= self.spec.timeout:
                raise _Refused(f"observation is {age:.2f} s old")
        except Exception as error:  # whatever it is, it is refused and said
            self._blind += 1
            fault = _why(error, "unreadable observation")
            return self.halt(fault) if self._blind > 1 else fault
        self._blind = 0
        if not self._seen:
            for joint, seen in zip(self._joints, q, strict=True):
                joint.place(seen)
        elif not self.stopped:
            self._watch(q, seq)
        self._seen, self._seen_seq = q, seq
        return ""

    def _watch(self, q: list[float], seq: int) -> None:
        """Are the sensors alive, and does the arm go where it is sent?"""
        joints = [joint for joint in self._joints if joint.tracked]
        if q != self._seen:
            self._stuck = 0.0
        elif seq != self._seen_seq and any(abs(joint.v) > joint.v_max / 100 for joint in joints):
            self._stuck += self.spec.dt
            if self._stuck > self.config.stuck_for:
                self.halt("observation stuck while the arm moves")
        lost = [joint.name for joint in joints if abs(q[joint.i] - joint.q) > self.config.tracking]
        self._adrift = self._adrift + self.spec.dt if lost else 0.0
        if self._adrift > self.config.tracking_for:
            self.halt(f"{lost[0]} does not follow")

    def _listen(self, proposed: Command | None) -> str:
        """Take in a proposal; why it is refused, or nothing."""
        try:
            wish, modes, seq, goal = self._read(proposed)
        except Exception as error:  # whatever it is, it is refused and said
            return self.halt(_why(error, "unreadable command"))
        if goal == self._goal and seq <= self._heard:
            self._dropped += self.spec.dt
            fault = "command repeated or out of order"
            return self.halt(fault) if self._dropped > self.spec.timeout else fault
        self._wish, self._goal, self._heard, self._dropped = wish, goal, seq, 0.0
        if modes != self._modes:
            self._use(modes)
        return ""

    def _read(self, proposed: object) -> tuple[list[float], tuple[JointMode, ...], int, int]:
        """The targets, modes, seq and goal of a proposal that can be trusted; or raises."""
        if not isinstance(proposed, Command):
            raise _Refused("the skill proposed no Command")
        wish = self._numbers(proposed.target, "target")
        if proposed.feedforward is not None:  # the reference's own is sent, but is it sane?
            self._numbers(proposed.feedforward, "feedforward")
        modes = proposed.modes
        if type(modes) is not tuple or len(modes) != len(wish):
            raise _Refused(f"modes must be a tuple of {len(wish)}")
        for joint, mode in zip(self._joints, modes, strict=True):
            if mode not in self._allowed:
                raise _Refused(f"mode of {joint.name} must be {' or '.join(self._allowed)}")
        age = self._time - proposed.time
        if not abs(age) <= self.spec.timeout:
            raise _Refused(f"command is {age:.2f} s old")
        return wish, modes, index(proposed.seq), index(proposed.goal_id)

    def _follow(self) -> tuple[str, ...]:
        """One tick of the wish, or of what is possible of it; the limits in its way."""
        reasons, strayed = [], False
        for joint, wish, seen in zip(self._joints, self._wish, self._seen, strict=True):
            if limit := joint.follow(wish, seen):
                reasons.append(f"{limit} of {joint.name} limited")
                strayed |= joint.stray > self.config.tolerance * joint.v_max
        self._limited = self._limited + self.spec.dt if strayed else 0.0
        if self._limited > self.config.limited_for:
            reasons.append(self.halt(f"limited repeatedly: {reasons[-1]}"))
        return tuple(reasons)
