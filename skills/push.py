"""Push things over the table with closed fingers."""

from collections.abc import Generator

import numpy as np

from robot.geometry import matrix_of
from robot.table import on_table
from robot.types import Vector
from skills.arm import LOWEST, ArmSkill, Recipe, Refusal, Step
from skills.room import gap

BEHIND = 0.025  # [m] from the object's rear edge to the fingers' middle before they touch it
SPEED = 0.08  # [m/s] of the fingers
STEER = 5.0  # [1/s] at which the fingers come back behind the object's middle
SIDEWAYS = 0.05  # [m/s] with which they do, at most
LOST = 0.02  # [m] that they are aside of it, then they have lost it
STUCK = 0.025  # [m] that they are behind where they should be, then something is in the way
FREEZE = 0.02  # [m] from the goal, from where they go straight on
ARRIVED = 0.001  # [m] from the goal, where they stop
CLOSE_ENOUGH = 0.02  # [m] from where it was to be pushed
TRIES = 4  # pushes, each from where the one before has left it
COME_DOWN = 0.018  # [m] of free table around the fingers' middle, where they come down
ASIDE = 0.08  # [m] that it is pushed out of the way of what leaves no room behind it
WAYS = 16  # directions in which that is tried
FITS = 0.028  # [m] of free table around its middle there: half a block's diagonal


class Push(ArmSkill):
    """Goal arguments: `object`, a name; `to`, (2,) xy [m]. Done when it is measured there."""

    def recipe(self) -> Recipe:
        name = self.object(self.goal.args.get("object"))
        if name.endswith("bowl"):
            raise Refusal(f"the {name} is fixed to the table")
        to = self.numbers("to", 2)
        if not on_table(*to):
            raise Refusal(f"({to[0]:.2f}, {to[1]:.2f}) is off the table")
        if (held := self.held()) is not None:
            raise Refusal(f"the gripper holds the {held}")
        fault, enough = "", CLOSE_ENOUGH / 2
        for _ in range(TRIES):
            if self._away(name) <= enough:
                break
            fault = yield from self._push(name, self._aside(name))
            yield self.look(name)
            enough = CLOSE_ENOUGH
        if (away := self._away(name)) > CLOSE_ENOUGH:
            short = f"the {name} stopped {away:.3f} m from where it was to be pushed"
            raise Refusal(f"{short}: {fault}" if fault else short)

    def _away(self, name: str) -> float:
        """[m] from its goal."""
        return float(np.linalg.norm(self._goal() - self._place(name)))

    def _place(self, name: str) -> Vector:
        """(2,) [m] where it is measured to be."""
        return self.state.objects[name].position[:2]

    def _goal(self) -> Vector:
        """(2,) [m] where it shall be, with corrections."""
        return self.numbers("to", 2) + self.offset()[:2]

    def _aside(self, name: str) -> Vector | None:
        """(2,) [m] where it is pushed first if fingers find no room behind it now; or None."""
        here, goal = self._place(name), self._goal()
        if self._room_behind(name, here, goal):
            return None
        onward, ways = float(np.arctan2(*(goal - here)[::-1])), []
        for turn in sorted(np.linspace(-np.pi, np.pi, WAYS, endpoint=False), key=abs):
            way = ASIDE * np.array([np.cos(onward + turn), np.sin(onward + turn)])
            free = all(
                on_table(*spot) and self._room(name, spot) > FITS
                for spot in (here + way / 2, here + way)
            )
            if free and self._room_behind(name, here, here + way):
                ways.append(here + way)
        if not ways:
            raise Refusal(f"there is no room for the fingers behind the {name}")
        return next((way for way in ways if self._room_behind(name, way, goal)), ways[0])

    def _room_behind(self, name: str, place: Vector, goal: Vector) -> bool:
        """Whether fingers can come down where they push it from `place` to `goal`, (2,) [m]."""
        return self._room(name, self._behind(name, place, goal)) > COME_DOWN

    def _behind(self, name: str, place: Vector, goal: Vector) -> Vector:
        """(2,) [m] where they then come down."""
        ahead = (goal - place) / np.linalg.norm(goal - place)
        fix = self.state.objects[name]
        across = np.abs(ahead @ matrix_of(fix.quaternion)[:2])  # along its own axes
        return place - ahead * (float(across @ fix.size) / 2 + BEHIND)

    def _room(self, name: str, spot: Vector) -> float:
        """[m] from a spot (2,) to whatever else is there."""
        others = (
            gap(other, fix, spot) for other, fix in self.state.objects.items() if other != name
        )
        return min(others, default=np.inf)

    def _push(self, name: str, aside: Vector | None) -> Generator[Step, None, str]:
        """From behind the object, steering, until it is at its goal, or `aside` (2,) [m], or lost;
        returns what was in the way, or nothing."""

        def way() -> Vector:
            return (self._goal() if aside is None else aside) - self._place(name)

        yield from self.rise()
        ahead = way() / np.linalg.norm(way())
        # Closed fingers are as wide as they are deep: any of their sides can push.
        heading = self.square(float(np.arctan2(ahead[1], ahead[0])))
        height = self.travel_height()
        begin = self._behind(name, self._place(name), self._place(name) + way())
        yield self.move(lambda: np.array([*begin, height]), heading, 0.0)
        at, last, over = begin, self.state.time, False

        def fingers() -> Vector:
            """(3,) [m] where they shall be now."""
            nonlocal ahead, at, last, over
            length = float(np.linalg.norm(way()))
            if length > FREEZE:
                ahead = way() / length
            left = np.array([-ahead[1], ahead[0]])
            off = self._place(name) - at
            sideways, forward = float(off @ left), float(off @ ahead)
            behind = at - self.hand[:2]
            lost = abs(sideways) > LOST or forward < 0 or float(np.hypot(*behind)) > STUCK
            over |= lost or float(way() @ ahead) < ARRIVED
            if not over:
                steer = float(np.clip(STEER * sideways, -SIDEWAYS, SIDEWAYS))
                elapsed = self.state.time - last
                at = at + (SPEED * ahead + steer * left) * self.pace() * elapsed
            last = self.state.time
            return np.array([*at, LOWEST])

        fault = ""
        try:
            yield from self.straight(lambda: np.array([*begin, LOWEST]), heading, 0.0)
            last = self.state.time
            yield Step(self.move(fingers, heading, 0.0).target, lambda: over)
        except Refusal as refusal:
            fault = str(refusal)
        yield from self.rise()
        return fault
