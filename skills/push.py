"""Push things over the table with closed fingers."""

import numpy as np

from robot.table import X_BOUNDS, Y_BOUNDS
from robot.types import Vector
from skills.arm import LOWEST, ArmSkill, Recipe, Refusal, Step

BEHIND = 0.045  # [m] from the object's middle to the fingers before they touch it
SPEED = 0.08  # [m/s] of the fingers
CLOSE_ENOUGH = 0.02  # [m] from where it was to be pushed


class Push(ArmSkill):
    """Goal arguments: `object`, a name; `to`, (2,) xy [m]. Done when it is measured there."""

    def recipe(self) -> Recipe:
        name = self.object(self.goal.args.get("object"))
        if name.endswith("bowl"):
            raise Refusal(f"the {name} is fixed to the table")
        to = self.numbers("to", 2)
        x, y = to
        if not (X_BOUNDS[0] <= x <= X_BOUNDS[1] and Y_BOUNDS[0] <= y <= Y_BOUNDS[1]):
            raise Refusal(f"({x:.2f}, {y:.2f}) is off the table")
        if (held := self.held()) is not None:
            raise Refusal(f"the gripper holds the {held}")
        start = self.state.objects[name].position[:2]
        way = to + self.offset()[:2] - start
        length = float(np.linalg.norm(way))
        if length > CLOSE_ENOUGH / 2:
            yield from self._push(start, way / length, length)
        seen = self.state.time
        yield Step(lambda: self.state.reference.q, lambda: self.state.objects[name].time > seen)
        away = float(np.linalg.norm(self.state.objects[name].position[:2] - to))
        if away > CLOSE_ENOUGH and not np.any(self.offset()):
            raise Refusal(f"the {name} stopped {away:.3f} m from where it was to be pushed")

    def _push(self, start: Vector, direction: Vector, length: float) -> Recipe:
        """From behind the object along the unit `direction` (2,) for `length` [m]."""
        yield from self.rise()
        heading = float(np.arctan2(direction[0], -direction[1]))  # fingers side by side, across
        height = self.travel_height()
        begin = start - direction * BEHIND
        yield self.move(lambda: np.array([*begin, height]), heading, 0.0)
        yield self.move(lambda: np.array([*begin, LOWEST]), heading, 0.0)
        # The fingers' near face is half their width, 11 mm, ahead of the tool's centre.
        reach = length + BEHIND - 0.02 - 0.011
        began: float | None = None

        def carrot() -> Vector:
            nonlocal began
            began = self.state.time if began is None else began
            return np.array([*(begin + direction * self._gone(began, reach)), LOWEST])

        leg = self.move(carrot, heading, 0.0)
        yield Step(
            leg.target,
            lambda: began is not None and self._gone(began, reach) >= reach and self.settled(),
        )
        yield from self.rise()

    def _gone(self, began: float, reach: float) -> float:
        """[m] of the way `reach` done at SPEED since `began` [s]."""
        return min(reach, SPEED * (self.state.time - began))
