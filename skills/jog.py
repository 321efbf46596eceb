"""The hand wherever it is wanted, again and again: moved by a person."""

import numpy as np

from robot.features import Hand
from robot.table_frame import ACTION
from robot.types import Command, Goal, JointMode, Outcome, State, Status, Vector
from skills.body import Body


class Jog:
    """A `robot.types.Skill`. Goal argument: `hand`, (ACTION,) as `robot.features` has it.

    It may change at every tick, under the same id. It is never done; out of reach, it stays.
    """

    def __init__(self, body: Body) -> None:
        self._motion, self._expiry = body.motion, body.spec.timeout
        self._hand = Hand(body.spec)
        self._modes = (JointMode.POSITION,) * len(body.spec.joints)

    def reset(self, state: State, goal: Goal) -> None:
        self._wanted: object = None
        self._target: Vector = state.reference.q

    def act(self, state: State, goal: Goal) -> tuple[Command, Outcome]:
        self._motion.sync(state.reference)
        self._motion.pace(1.0)
        wanted = goal.args.get("hand")
        if wanted != self._wanted:
            hand = np.asarray(wanted, np.float64)
            if hand.shape != (ACTION,) or not np.isfinite(hand).all():
                raise ValueError(f"jog needs hand: {ACTION} finite numbers, not {wanted!r}")
            self._wanted = wanted
            target = self._hand.joints(hand, state.reference.q)
            self._target = self._target if target is None else target
        q = self._motion.toward(self._target)
        command = Command(state.time, state.seq, goal.id, q, self._modes, self._expiry)
        return command, Outcome(goal.id, Status.RUNNING)
