"""Bring the tool somewhere."""

from math import hypot

import numpy as np

from robot.types import Vector
from skills.arm import ArmSkill, Recipe, Refusal, Step

NEAR = 0.1  # [m] level distance below which the tool goes straight, without rising first


class Reach(ArmSkill):
    """Goal arguments: one of `to` (3,) [m] in the world, `by` (3,) [m] from here, `above` a name,
    or `posture` (n,) [rad and m], which leaves the gripper as it is.

    Far targets are reached over everything that stands on the table.
    """

    def recipe(self) -> Recipe:
        if "posture" in self.goal.args:
            yield from self._posture()
            return
        here = self.tool
        x, y, _ = self._position(here)
        if hypot(x - here[0], y - here[1]) > NEAR:
            height = self.travel_height()
            yield from self.rise()
            yield self.move(lambda: np.array([*self._position(here)[:2], height]))
        yield self.move(lambda: self._position(here))

    def _posture(self) -> Recipe:
        posture = self.numbers("posture", len(self.spec.joints))
        posture = np.clip(posture, self.spec.lower, self.spec.upper)
        posture[self.finger] = self.state.reference.q[self.finger]
        to, _ = self.kinematics.forward(posture[self.arm])
        if np.linalg.norm(to[:2] - self.tool[:2]) > NEAR:
            yield from self.rise()
        yield Step(lambda: posture, self.settled)

    def _position(self, here: Vector) -> Vector:
        args = self.goal.args
        if "above" in args:
            name = self.object(args["above"])
            x, y, _ = self.state.objects[name].position
            return np.array([x, y, self.travel_height()]) + self.offset()
        if "by" in args:
            return here + self.numbers("by", 3) + self.offset()
        if "to" in args:
            return self.numbers("to", 3) + self.offset()
        raise Refusal(
            "reach needs one of: to (x, y, z), by (dx, dy, dz), above (a name), posture (n,)"
        )


class Home(ArmSkill):
    """Back to the home posture, over everything. Goal arguments: none."""

    def recipe(self) -> Recipe:
        yield from self.rise()
        finger = self.state.reference.q[self.finger]
        home = np.append(self.spec.home[self.arm], finger)
        yield Step(lambda: home, self.settled)
