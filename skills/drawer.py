"""Open and close a drawer by its handle."""

import numpy as np

from robot.chores import GRIP, OPEN, SHUT, opening, the, world
from robot.geometry import yaw_of
from robot.grip import SQUEEZE
from robot.table import DRAWER_TRAVEL, HANDLE
from robot.types import Vector
from skills.arm import OPEN as APART
from skills.arm import ArmSkill, Recipe, Refusal, Step

SPEED = 0.10  # [m/s] of the hand, at full speed
AHEAD = 0.045  # [m] in front of the handle, where a push begins
FINGERS = 0.011  # [m] from the tool's middle to the fingers' near face
BEYOND = 0.004  # [m] that a drawer is pushed or pulled further than it goes: it stops by itself


class Drawer(ArmSkill):
    """Goal arguments: `open`, true or false. Done when the drawer is measured to be so.

    It is pulled by its handle, between the fingers, and pushed with closed fingers.
    """

    def recipe(self) -> Recipe:
        wanted = self.goal.args.get("open")
        if not isinstance(wanted, bool):
            raise Refusal(f"drawer needs open: true or false, not {wanted!r}")
        try:
            self._drawer = the(self.state.objects, "drawer")
            the(self.state.objects, "cabinet")
        except StopIteration:
            seen = ", ".join(self.state.objects) or "nothing"
            raise Refusal(f"there is no drawer; I see {seen}") from None
        if (held := self.held()) is not None:
            raise Refusal(f"the gripper holds the {held}")
        if self._so(wanted):
            return
        yield from self.rise()
        yield from self._pull() if wanted else self._push()
        yield from self.rise()
        seen = self.state.time
        yield Step(
            lambda: self.state.reference.q, lambda: self.state.objects[self._drawer].time > seen
        )
        if not self._so(wanted):
            raise Refusal(f"the drawer is open by {opening(self.state.objects) * 100:.1f} cm")

    def _so(self, wanted: bool) -> bool:
        by = opening(self.state.objects)
        return by > OPEN if wanted else by < SHUT

    def _pull(self) -> Recipe:
        yaw = self._yaw()
        height = self.travel_height()
        yield self.move(lambda: np.array([*self._handle()[:2], height]), yaw, APART)
        yield self.move(self._handle, yaw, APART)
        yield self.grip(max(0.0, HANDLE[0] / 2 - SQUEEZE))
        yield self._along(yaw, DRAWER_TRAVEL - opening(self.state.objects) + BEYOND)
        yield self.grip(APART)

    def _push(self) -> Recipe:
        yaw = self._yaw()
        height = self.travel_height()
        begin = self._handle() + self._way() * (HANDLE[1] / 2 + AHEAD)
        yield self.move(lambda: np.array([*begin[:2], height]), yaw, 0.0)
        yield self.move(lambda: begin, yaw, 0.0)
        yield self._along(yaw, -(opening(self.state.objects) + AHEAD - FINGERS + BEYOND))

    def _along(self, yaw: float, distance: float) -> Step:
        """Straight on at SPEED for `distance` [m] in the drawer's way, or against it."""
        start, way = self.tool, self._way() * np.sign(distance)
        finger = float(self.state.reference.q[self.finger])
        began: float | None = None

        def gone() -> float:
            nonlocal began
            began = self.state.time if began is None else began
            return min(abs(distance), SPEED * self.pace() * (self.state.time - began))

        leg = self.move(lambda: start + way * gone() + self.offset(), yaw, finger)
        return Step(leg.target, lambda: gone() >= abs(distance) and self.body.motion.arrived)

    def _yaw(self) -> float:
        """[rad] the fingers' axis, across the handle."""
        return yaw_of(self.state.objects[self._drawer].quaternion)

    def _way(self) -> Vector:
        """(3,) unit vector: where the drawer opens to."""
        yaw = self._yaw()
        return np.array([np.sin(yaw), -np.cos(yaw), 0.0])

    def _handle(self) -> Vector:
        """(3,) [m] where the handle is taken, with corrections."""
        return world(self.state.objects[self._drawer], GRIP) + self.offset()
