"""Turn and tilt the hand where it is."""

from math import cos, pi, sin

import numpy as np

from robot.geometry import tool_down
from robot.types import Vector
from skills.arm import ArmSkill, Recipe, Refusal, Step

MOST = pi / 2  # [rad] at once
STEEPEST = 0.6  # [rad] from straight down


class Turn(ArmSkill):
    """Goal arguments: `yaw` [rad] to turn by, seen from above, anticlockwise; `tilt` [rad] from
    straight down, about the fingers' axis. Either may be absent: no turn, straight down.
    """

    def recipe(self) -> Recipe:
        yaw = self.number("yaw") if "yaw" in self.goal.args else 0.0
        tilt = self.number("tilt") if "tilt" in self.goal.args else 0.0
        if abs(yaw) > MOST or abs(tilt) > STEEPEST:
            raise Refusal(f"turn can do {MOST:.2f} rad of yaw and {STEEPEST} of tilt, not more")
        target = self._joints(yaw, tilt)
        yield Step(lambda: target, self.settled)

    def _joints(self, yaw: float, tilt: float) -> Vector:
        """Joints (n,) with the tool where it is, turned and tilted."""
        about = np.array([[1, 0, 0], [0, cos(tilt), -sin(tilt)], [0, sin(tilt), cos(tilt)]])
        here = self.state.reference.q
        q = self.kinematics.inverse(
            self.inside(self.tool), tool_down(self.yaw + yaw) @ about, here[self.arm]
        )
        if q is None:
            raise Refusal("the arm cannot turn so far here")
        return np.append(q, here[self.finger])
