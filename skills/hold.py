"""Come to rest on the fastest way, and stay."""

from collections.abc import Iterator

from robot.types import Goal, State
from skills.arm import ArmSkill, Step


class Hold(ArmSkill):
    """Goal arguments: none. Done when the robot was told to stand still."""

    def reset(self, state: State, goal: Goal) -> None:
        super().reset(state, goal)
        self.body.motion.arrived = False

    def recipe(self) -> Iterator[Step]:
        yield Step(lambda: self.state.reference.q, lambda: self.body.motion.arrived)
