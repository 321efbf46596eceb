"""Take things, put things down, and the gripper by itself."""

from math import pi

import numpy as np

from robot.geometry import wrap, yaw_of
from robot.grip import SQUEEZE
from robot.table import BLOCK, BOWL_FLOOR, BOWL_RADIUS, DRAWER_FLOOR, on_table
from robot.types import Fix, Vector
from skills.arm import OPEN, ArmSkill, Recipe, Refusal

RELEASE = 0.010  # [m] how far a finger backs off to let go: less than a bowl's inside leaves
DROP = 0.003  # [m] above its support where an object is let go
THICKNESS = 0.014  # [m] of a finger
ROOM = 0.03  # [m] beside the fingers; more makes no difference
NEAR = 0.04  # [m] level distance from an object's middle that counts as on it, or in it
FLOORS = {"drawer": DRAWER_FLOOR, "tray": 0.0}  # [m] height of what things stand on inside


class Gripper(ArmSkill):
    """Goal arguments: `opening` [m] between the fingers, 0 to 0.085."""

    def recipe(self) -> Recipe:
        opening = self.goal.args.get("opening")
        if not isinstance(opening, int | float) or not 0 <= opening <= 2 * OPEN:
            raise Refusal(f"gripper needs opening: 0 to {2 * OPEN} m, not {opening!r}")
        yield self.grip(opening / 2)


class Pick(ArmSkill):
    """Goal arguments: `object`, a name. Done when it is lifted and measured in the gripper."""

    def recipe(self) -> Recipe:
        name = self.object(self.goal.args.get("object"))
        held = self.held()
        if held is not None and held != name:
            raise Refusal(f"the gripper holds the {held}")
        if held is None:
            yield from self._grasp(name)
        yield from self.rise()
        if self.held() != name:
            raise Refusal(f"the gripper closed, but the {name} is not in it")

    def _grasp(self, name: str) -> Recipe:
        fix = self.state.objects[name]
        width = float(min(fix.size[:2]))
        if width > 2 * OPEN - 0.01:
            raise Refusal(f"the {name} is {width:.3f} m wide, too wide for the gripper")
        yield from self.rise()
        finger = OPEN if self._bowl_around(name) is None else width / 2 + RELEASE
        yaw = self._across(name, finger)
        height = self.travel_height()
        yield self.move(lambda: np.array([*self._middle(name)[:2], height]), yaw, finger)
        yield from self.straight(lambda: self._middle(name), yaw, finger)
        yield self.grip(width / 2 - SQUEEZE)

    def _middle(self, name: str) -> Vector:
        return self.state.objects[self.object(name)].position + self.offset()

    def _bowl_around(self, name: str) -> Fix | None:
        """The bowl that the object lies in, if it does."""
        middle = self.state.objects[name].position
        for other, fix in self.state.objects.items():
            level = float(np.linalg.norm(middle[:2] - fix.position[:2]))
            if other.endswith("bowl") and level < BOWL_RADIUS:
                return fix
        return None

    def _across(self, name: str, finger: float) -> float:
        """[rad] the heading of the fingers across the object's sides that is nearest home's,
        or the one that keeps fingers opened to `finger` [m] further from what is around.
        """
        fix = self.state.objects[name]
        _, rotation = self.kinematics.forward(self.spec.home[self.arm])
        home = float(np.arctan2(rotation[1, 0], rotation[0, 0]))
        side = yaw_of(fix.quaternion)
        first = home + wrap(side - home, pi / 2)
        second = first + (pi / 2 if first < home else -pi / 2)
        return max((first, second), key=lambda yaw: min(self._room(name, yaw, finger), ROOM))

    def _room(self, name: str, yaw: float, finger: float) -> float:
        """[m] from the opened fingers, headed `yaw`, to the nearest edge of anything else."""
        middle = self.state.objects[name].position
        way = np.array([np.cos(yaw), np.sin(yaw)]) * (finger + THICKNESS)
        tips = (middle[:2] + way, middle[:2] - way)
        around = self._bowl_around(name)
        rooms = [ROOM]
        for other, fix in self.state.objects.items():
            if other == name or fix.position[2] + fix.size[2] / 2 < middle[2] - 0.01:
                continue
            for tip in tips:
                away = float(np.linalg.norm(tip - fix.position[:2]))
                inside = fix is around
                rooms.append(BOWL_RADIUS - THICKNESS - away if inside else away - fix.size[0] / 2)
        return float(min(rooms))


class Place(ArmSkill):
    """Goal arguments: `object`, the name in the gripper; `at`, a name or (2,) xy [m]; `yaw` [rad],
    which way the fingers' axis shall then head, either way round, if that matters.

    Done when the object is measured to rest there: in the bowl, on the block, or at the spot.
    """

    def recipe(self) -> Recipe:
        name = self.object(self.goal.args.get("object"))
        at = self.goal.args.get("at")
        if isinstance(at, str):
            if self.object(at) == name:
                raise Refusal(f"the {name} cannot be put on itself")
        else:
            x, y = self.numbers("at", 2)
            if not on_table(x, y):
                raise Refusal(f"({x:.2f}, {y:.2f}) is off the table")
        if self.held() != name:
            raise Refusal(f"the {name} is not in the gripper")
        yield from self.rise()
        height = self.travel_height()
        yaw = None if "yaw" not in self.goal.args else self.number("yaw")
        # How it lies in the hand is measured at rest: on the way, hand and object are not seen at
        # the same instant, and a target that follows their difference never comes to rest.
        lies = self._lies(name)
        yield self.move(lambda: np.array([*self._spot(name, lies)[:2], height]), yaw)
        yield from self.straight(lambda: self._spot(name, lies), yaw)
        finger = float(self.state.q[self.finger])
        yield self.grip(min(OPEN, finger + RELEASE))
        yield from self.rise()
        yield self.look(name)
        self._check(name)

    def _xy(self) -> Vector:
        """(2,) [m] where the object shall rest, with corrections."""
        at = self.goal.args["at"]
        if isinstance(at, str):
            return self.state.objects[self.object(at)].position[:2] + self.offset()[:2]
        return self.numbers("at", 2) + self.offset()[:2]

    def _support(self, name: str) -> float:
        """[m] height of what is under the spot: the table, a bowl's floor or an object's top."""
        x, y = self._xy()
        height = 0.0
        for other, fix in self.state.objects.items():
            dx, dy = abs(x - fix.position[0]), abs(y - fix.position[1])
            if other == name or max(dx, dy) > (fix.size[0] + BLOCK) / 2 * 0.9:
                continue
            top = FLOORS.get(other.split()[-1], float(fix.position[2] + fix.size[2] / 2))
            if other.endswith("bowl") and max(dx, dy) < NEAR:
                top = float(fix.position[2] - fix.size[2] / 2) + BOWL_FLOOR
            height = max(height, top)
        return height

    def _lies(self, name: str) -> Vector:
        """(3,) [m] of the tool's centre from the middle of the underside of what it holds."""
        fix = self.state.objects[name]
        level = self.hand[:2] - fix.position[:2]
        if float(np.abs(level).max()) > NEAR / 2:  # measured before it was lifted
            level = np.zeros(2)
        return np.array([*level, self.hang(name)])

    def _spot(self, name: str, lies: Vector) -> Vector:
        """(3,) [m] of the tool's centre where the held object is let go."""
        under = [*self._xy(), self._support(name) + DROP + self.offset()[2]]
        return np.array(under) + lies

    def _check(self, name: str) -> None:
        """Refuse unless the object is measured where it was to be put."""
        fix, at = self.state.objects[name], self.goal.args["at"]
        away = float(np.linalg.norm(fix.position[:2] - self._xy()))
        bottom = float(fix.position[2] - fix.size[2] / 2)
        if isinstance(at, str) and not np.any(self.offset()):
            base = self.state.objects[at]
            if at.endswith("bowl"):
                inside = max(base.position[2], self._support(name) + 0.01)  # or on what lies in it
                rests = away < NEAR and bottom < inside
            else:
                rests = away < NEAR / 2 and bottom > base.position[2] + base.size[2] / 2 - 0.01
            if not rests:
                where = "in" if at.endswith("bowl") else "on"
                raise Refusal(f"the {name} is not {where} the {at}")
        elif away > NEAR:
            raise Refusal(f"the {name} is {away:.2f} m from where it was to be put")
