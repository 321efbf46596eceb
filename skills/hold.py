"""Come to rest on the fastest way, and stay."""

from skills.arm import ArmSkill, Recipe, Step


class Hold(ArmSkill):
    """Goal arguments: none. Done when the robot was told to stand still."""

    def recipe(self) -> Recipe:
        yield Step(lambda: None, lambda: self.body.motion.arrived)
