"""Joint motion within limits: towards a target (Ruckig), or along a stream of wishes."""

from dataclasses import replace

import numpy as np
from ruckig import (
    ControlInterface,
    InputParameter,
    OutputParameter,
    Result,
    Ruckig,
    RuckigError,
    Synchronization,
)

from robot.joint import Joint
from robot.types import Reference, RobotSpec, State, Vector

SHARE = 0.98  # of the Supervisor's limits: numerical room, so that it never needs to step in
CLOSE = 1e-9  # [rad or m] positions that differ by less are the same


class Motion:
    """One stream of position targets for all joints, shared by all skills of a robot.

    It continues from where the robot was last told to be, with velocity and acceleration, so a
    change of goal in mid-motion never jumps.
    """

    def __init__(self, spec: RobotSpec) -> None:
        n = len(spec.joints)
        self._dt, self._spec = spec.dt, spec
        self._pace, self._share = 1.0, 0.0  # of full speed: wanted, and set
        self._otg = Ruckig(n, spec.dt)
        self._out = OutputParameter(n)
        self._in = InputParameter(n)
        self._limit(1.0)
        self._q = np.full(n, np.nan)
        self._still = [0.0] * n
        self._resting = False
        self.arrived = False

    def pace(self, share: float) -> None:
        """Go at `share` of full speed from now on; it stops as fast as ever."""
        self._pace = share

    def _limit(self, share: float) -> None:
        """The limits under which all motion takes 1 / `share` of its time."""
        if share != self._share:
            self._share = share
            self._in.max_velocity = (SHARE * share * self._spec.velocity).tolist()
            self._in.max_acceleration = (SHARE * share**2 * self._spec.acceleration).tolist()
            self._in.max_jerk = (SHARE * share**3 * self._spec.jerk).tolist()

    def sync(self, reference: Reference) -> None:
        """Continue from `reference` if the last step was not what the robot was told."""
        if np.abs(self._q - reference.q).max() <= CLOSE:  # False while _q is NaN
            return
        # The reference holds backward differences; these are the derivatives at its end.
        self._q = np.array(reference.q)
        self._resting = False
        self._in.current_position = reference.q.tolist()
        self._in.current_velocity = (reference.qd + reference.qdd * (self._dt / 2)).tolist()
        self._in.current_acceleration = reference.qdd.tolist()

    def toward(self, target: Vector) -> Vector:
        """The next position (n,) on the fastest way to rest at `target` (n,)."""
        if self._resting and np.abs(target - self._q).max() < CLOSE:
            self.arrived = True
            return self._q
        self._limit(self._pace)
        self._in.control_interface = ControlInterface.Position
        self._in.synchronization = Synchronization.Phase  # from rest, straight in joint space
        there = np.abs(target - self._q) < CLOSE
        self._in.target_position = np.where(there, self._q, target).tolist()
        self._in.target_velocity = self._still
        return self._step()

    def stop(self) -> Vector:
        """The next position (n,) on the fastest way to rest, wherever that is."""
        if self._resting:
            self.arrived = True
            return self._q
        self._limit(1.0)
        self._in.control_interface = ControlInterface.Velocity
        self._in.synchronization = Synchronization.No  # each joint as soon as it can
        self._in.target_velocity = self._still
        return self._step()

    def _step(self) -> Vector:
        try:
            result = self._otg.update(self._in, self._out)
        except RuckigError:  # now and then it cannot have all joints arrive together
            self._in.synchronization = Synchronization.No
            self._otg.reset()  # it must not go on with what it has half computed
            result = self._otg.update(self._in, self._out)
        if result not in (Result.Working, Result.Finished):
            raise RuntimeError(f"no jerk-limited motion to the target: {result}")
        self._out.pass_to_input(self._in)
        self._q = np.array(self._out.new_position)
        self.arrived = self._resting = result == Result.Finished
        if self._resting:  # exactly: Ruckig trips over velocities of 1e-16
            self._in.current_velocity = self._in.current_acceleration = self._still
        return self._q


class Stream:
    """Follows a stream of wanted positions, one a tick, as closely as the limits allow.

    For policies, which say where to be at each tick and not where to rest. It obeys the law that
    the Supervisor enforces, at SHARE of its limits; what is within them passes unchanged.
    """

    def __init__(self, spec: RobotSpec) -> None:
        limits = {
            name: SHARE * getattr(spec, name) for name in ("velocity", "acceleration", "jerk")
        }
        within = replace(spec, **limits)
        self._joints = [Joint(within, i, True) for i in range(len(spec.joints))]
        self._dt = spec.dt
        self.limited = 0  # ticks on which a wish was not followed exactly

    def toward(self, wish: Vector, state: State) -> Vector:
        """The next position (n,) on the way to `wish` (n,), from where `state.reference` is."""
        reference, dt = state.reference, self._dt
        limited = False
        for joint in self._joints:
            i = joint.i
            if abs(joint.q - reference.q[i]) > CLOSE:  # not what the robot was told last
                joint.place(float(reference.q[i]))
            joint.v, joint.a = float(reference.qd[i]) * dt, float(reference.qdd[i]) * dt**2
            limited |= bool(joint.follow(float(wish[i]), float(state.q[i])))
        self.limited += limited
        return np.array([joint.q for joint in self._joints])
