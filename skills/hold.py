"""Come to rest on the fastest way, and stay."""

from robot.types import Command, Goal, JointMode, Outcome, State, Status
from skills.body import Body


class Hold:
    """A `robot.types.Skill`. Goal arguments: none. Done when the robot was told to stand still."""

    def __init__(self, body: Body) -> None:
        self._motion, self._expiry = body.motion, body.spec.timeout
        self._modes = (JointMode.POSITION,) * len(body.spec.joints)

    def reset(self, state: State, goal: Goal) -> None:
        self._still = False  # was it told to stand still?

    def act(self, state: State, goal: Goal) -> tuple[Command, Outcome]:
        status = Status.DONE if self._still else Status.RUNNING
        self._motion.sync(state.reference)
        q = self._motion.stop()
        self._still = self._motion.arrived
        command = Command(state.time, state.seq, goal.id, q, self._modes, self._expiry)
        return command, Outcome(goal.id, status)
