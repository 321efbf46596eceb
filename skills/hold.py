"""Come to rest on the fastest way, and stay."""

from robot.types import Goal, State
from skills.arm import ArmSkill, Recipe, Step


class Hold(ArmSkill):
    """Goal arguments: none. Done when the robot was told to stand still."""

    def reset(self, state: State, goal: Goal) -> None:
        super().reset(state, goal)
        self.body.motion.arrived = False

    def recipe(self) -> Recipe:
        yield Step(lambda: self.state.reference.q, lambda: self.body.motion.arrived)
