"""Bring the tool somewhere."""

from collections.abc import Iterator
from math import hypot

import numpy as np

from robot.types import Vector
from skills.arm import ArmSkill, Refusal, Step

NEAR = 0.1  # [m] level distance below which the tool goes straight, without rising first


class Reach(ArmSkill):
    """Goal arguments: `to` (3,) [m] in the world, or `by` (3,) [m] from here, or `above` a name.

    Far targets are reached over everything that stands on the table.
    """

    def recipe(self) -> Iterator[Step]:
        here = self.tool
        x, y, _ = self._position(here)
        if hypot(x - here[0], y - here[1]) > NEAR:
            height = self.travel_height()
            yield from self.rise()
            yield self.move(lambda: np.array([*self._position(here)[:2], height]))
        yield self.move(lambda: self._position(here))

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
        raise Refusal("reach needs one of: to (x, y, z), by (dx, dy, dz), above (a name)")


class Home(ArmSkill):
    """Back to the home posture, over everything. Goal arguments: none."""

    def recipe(self) -> Iterator[Step]:
        yield from self.rise()
        finger = self.state.reference.q[self.finger]
        home = np.append(self.spec.home[self.arm], finger)
        yield Step(lambda: home, self.settled)
