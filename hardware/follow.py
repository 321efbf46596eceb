"""How a driver obeys: the newest command while there is one, then on as it went for a moment,
then a stop. A `robot.types.Planner` and `Skill`, for the one loop.

The driver's own Supervisor limits what comes of it, whoever sent it.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from hardware.gate import Order
from robot.safety import Supervisor
from robot.types import Command, Goal, JointMode, Outcome, RobotSpec, State, Status, Utterance

NEAR = 0.05  # [rad or m] between the pose and the first command after a stop, at most
BRIDGE = 0.02  # [s], or two ticks, that a motion goes on without a command
GOAL = Goal(1, "follow")


class Follow:
    """Follows orders. `now` is local monotonic time [s]."""

    def __init__(self, spec: RobotSpec, supervisor: Supervisor) -> None:
        self.spec, self._supervisor = spec, supervisor
        self._order: Order | None = None
        self._at = 0.0  # [s] when it was received, at the earliest
        self._stop = False  # asked to
        self._missed = 0  # ticks since an order came
        self._seq = 0
        self._bridge = max(2, round(BRIDGE / spec.dt))  # ticks
        self.counts = Counter[str]()
        self.unwanted = ""  # why nobody is obeyed, and the robot stops

    @property
    def answered(self) -> int:
        """Stamp [ns] of the joint state that the newest order answers; 0 without one."""
        return 0 if self._order is None else self._order.stamp

    def take(self, order: Order, now: float) -> None:
        """An order has come: `now`, or a little later."""
        n = len(self.spec.joints)
        if not order.points:
            self._stop = True
        elif order.joints != self.spec.joints or len(order.qd) != n or len(order.q) not in (0, n):
            self.counts["mis-shaped"] += 1
        elif self._order is not None and order.stamp <= self._order.stamp and self._fresh(now):
            self.counts["out of order"] += 1
        else:
            self._order, self._at, self._missed = order, now, -1
            self._stop = False

    def tend(self, now: float) -> tuple[Utterance, ...]:
        """Before a tick: stop where there is reason to; says to go on where a command allows it."""
        supervisor, said = self._supervisor, ()
        if self._stop or self.unwanted:
            self._order = None
            supervisor.halt(self.unwanted or "stopped by order")
        elif self._order is not None and not self._fresh(now):
            supervisor.halt(f"no command for {now - self._at:.2f} s")
            self._order = None
        elif self._order is None:
            supervisor.halt("no command yet")
        elif supervisor.stopped and self._joins(self._order):
            said = (Utterance(now, "re-arm, continue"),)
        self._missed += 1
        self.counts["ticks without a command"] += self._order is not None and self._missed > 0
        return said

    def _fresh(self, now: float) -> bool:
        return now - self._at <= self.spec.timeout

    def _joins(self, order: Order) -> bool:
        """Does the order go on from where the robot rests? Speeds always do."""
        if not order.q:
            return True
        seen, kept = self._seen, self._supervisor.reference.q
        q = np.array(order.q)
        joins = bool((np.minimum(np.abs(q - seen), np.abs(q - kept)) <= NEAR).all())
        self.counts["far from the pose"] += not joins
        return joins

    # --- in the loop -----------------------------------------------------------------------

    def plan(self, state: State, heard: Sequence[Utterance], outcome: Outcome) -> Goal:
        return GOAL

    def reset(self, state: State, goal: Goal) -> None:
        """There is nothing to forget."""

    def act(self, state: State, goal: Goal) -> tuple[Command, Outcome]:
        """The command of this tick."""
        order, self._seen = self._order, state.q
        self._seq += 1
        n = len(self.spec.joints)
        if order is None:  # stopped: the Supervisor holds
            mode, target, speed = JointMode.POSITION, state.q, np.zeros(n)
        elif order.q:
            speed = np.array(order.qd)
            ahead = min(self._missed, self._bridge) * self.spec.dt
            mode, target = JointMode.POSITION, np.array(order.q) + speed * ahead
        else:
            mode, target = JointMode.VELOCITY, np.array(order.qd)
            speed = target
        command = Command(
            state.time, self._seq, goal.id, target, (mode,) * n, self.spec.timeout, speed
        )
        return command, Outcome(goal.id, Status.RUNNING)
