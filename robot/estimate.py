"""From raw observations to the state that planners and skills act on."""

from collections.abc import Mapping
from math import inf, isfinite
from typing import Protocol

import numpy as np

from robot.types import Fix, Flight, Observation, Reference, RobotSpec, State, Vector, vector


class Tracker(Protocol):
    """Makes a flight of fixes; see `robot.ball_filter.Tracked`."""

    name: str  # of the fixes

    def update(self, fix: Fix) -> Flight | None: ...


class Estimator:
    """Keeps the newest sound observation, and the latest fix of every object that is not gone.

    Whatever else arrives (repeated, out of order, mis-shaped or not finite) is dropped whole:
    the age of what is kept grows, and the Supervisor stops the arm when it is too old.
    """

    def __init__(self, spec: RobotSpec, tracker: Tracker | None = None) -> None:
        """`tracker`: of the ball, where one flies."""
        self._shape = (len(spec.joints),)
        self._timeout = spec.timeout
        self._received, self._seq = -inf, -1
        self._q = self._qd = vector(np.full(self._shape, np.nan))  # nothing is known yet
        self._objects: Mapping[str, Fix] = {}
        self._tracker = tracker
        self._ball: Flight | None = None

    def update(self, obs: Observation, now: float, reference: Reference) -> State:
        """The state at local monotonic time `now` [s], with `obs` taken in if it is sound."""
        # A lower number after a silence is a robot that has begun to count anew.
        restarted = now - self._received > self._timeout and obs.received > self._received
        if (obs.seq > self._seq or restarted) and self._sound(obs.q) and self._sound(obs.qd):
            self._received, self._seq, self._q, self._qd = obs.received, obs.seq, obs.q, obs.qd
            if obs.fixes:
                self._take(obs)
            if obs.gone:
                self._objects = {n: f for n, f in self._objects.items() if n not in obs.gone}
        return State(
            time=now,
            age=now - self._received,
            seq=self._seq,
            q=self._q,
            qd=self._qd,
            reference=reference,
            objects=self._objects,
            ball=self._ball,
        )

    def _sound(self, values: Vector) -> bool:
        return values.shape == self._shape and all(map(isfinite, values.tolist()))

    def _take(self, obs: Observation) -> None:
        """Keep the fixes that are newer than those known, and not from the future."""
        latest = obs.time + self._timeout
        newer = {
            name: fix
            for name, fix in obs.fixes.items()
            if (name not in self._objects or fix.time > self._objects[name].time)
            and fix.time <= latest
            and isfinite(sum(fix.position.tolist() + fix.quaternion.tolist() + fix.size.tolist()))
        }
        if newer:  # a new mapping: the states that were handed out keep theirs
            self._objects = {**self._objects, **newer}
            if self._tracker and self._tracker.name in newer:
                self._ball = self._tracker.update(newer[self._tracker.name])
