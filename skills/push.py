"""Push things over the table with closed fingers."""

import numpy as np

from robot.table import X_BOUNDS, Y_BOUNDS
from robot.types import Vector
from skills.arm import LOWEST, ArmSkill, Recipe, Refusal, Step

BEHIND = 0.045  # [m] from the object's middle to the fingers before they touch it
SPEED = 0.08  # [m/s] of the fingers
STEER = 5.0  # [1/s] at which the fingers come back behind the object's middle
SIDEWAYS = 0.05  # [m/s] with which they do, at most
LOST = 0.02  # [m] that they are aside of it, then they have lost it
STUCK = 0.025  # [m] that they are behind where they should be, then something is in the way
FREEZE = 0.02  # [m] from the goal, from where they go straight on
ARRIVED = 0.001  # [m] from the goal, where they stop
CLOSE_ENOUGH = 0.02  # [m] from where it was to be pushed


class Push(ArmSkill):
    """Goal arguments: `object`, a name; `to`, (2,) xy [m]. Done when it is measured there."""

    def recipe(self) -> Recipe:
        name = self.object(self.goal.args.get("object"))
        if name.endswith("bowl"):
            raise Refusal(f"the {name} is fixed to the table")
        x, y = to = self.numbers("to", 2)
        if not (X_BOUNDS[0] <= x <= X_BOUNDS[1] and Y_BOUNDS[0] <= y <= Y_BOUNDS[1]):
            raise Refusal(f"({x:.2f}, {y:.2f}) is off the table")
        if (held := self.held()) is not None:
            raise Refusal(f"the gripper holds the {held}")
        if float(np.linalg.norm(self._way(name))) > CLOSE_ENOUGH / 2:
            yield from self._push(name)
        seen = self.state.time
        yield Step(lambda: self.state.reference.q, lambda: self.state.objects[name].time > seen)
        away = float(np.linalg.norm(self.state.objects[name].position[:2] - to))
        if away > CLOSE_ENOUGH and not np.any(self.offset()):
            raise Refusal(f"the {name} stopped {away:.3f} m from where it was to be pushed")

    def _way(self, name: str) -> Vector:
        """(2,) [m] from the object to its goal."""
        place = self.state.objects[name].position[:2]
        return self.numbers("to", 2) + self.offset()[:2] - place

    def _push(self, name: str) -> Recipe:
        """From behind the object, steering, until it is there or is lost."""
        yield from self.rise()
        way = self._way(name)
        ahead = way / np.linalg.norm(way)
        # Closed fingers are as wide as they are deep: any of their sides can push.
        heading = self.square(float(np.arctan2(ahead[1], ahead[0])))
        height = self.travel_height()
        begin = self.state.objects[name].position[:2] - ahead * BEHIND
        yield self.move(lambda: np.array([*begin, height]), heading, 0.0)
        yield self.move(lambda: np.array([*begin, LOWEST]), heading, 0.0)
        at, last, over = begin, self.state.time, False

        def fingers() -> Vector:
            """(3,) [m] where they shall be now."""
            nonlocal ahead, at, last, over
            way = self._way(name)
            length = float(np.linalg.norm(way))
            if length > FREEZE:
                ahead = way / length
            left = np.array([-ahead[1], ahead[0]])
            off = self.state.objects[name].position[:2] - at
            aside, forward = float(off @ left), float(off @ ahead)
            behind = at - self.hand[:2]
            lost = abs(aside) > LOST or forward < 0 or float(np.hypot(*behind)) > STUCK
            over |= lost or float(way @ ahead) < ARRIVED
            if not over:
                steer = float(np.clip(STEER * aside, -SIDEWAYS, SIDEWAYS))
                elapsed = self.state.time - last
                at = at + (SPEED * ahead + steer * left) * self.pace() * elapsed
            last = self.state.time
            return np.array([*at, LOWEST])

        leg = self.move(fingers, heading, 0.0)
        yield Step(leg.target, lambda: over)
        yield from self.rise()
