"""The Supervisor: no command reaches a robot but through it.

It rejects whole what it cannot trust, limits what moves too far or too fast, and says so.
"""

from dataclasses import dataclass
from math import inf, isfinite
from operator import index

import numpy as np

from robot.joint import Joint
from robot.types import Command, JointMode, Reference, RobotSpec, State, Vector, Verdict


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
        if modes != self._modes:  # which have been checked
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
