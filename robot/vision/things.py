"""Things on the table that have names: where each is, what it may rest on, and what the hand holds.

A block rests on something that is known: the table, a bowl's floor, another block; that tells its
height. Between the fingers it goes where the hand goes, which the joints tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import hypot, pi
from typing import Any, Protocol

import numpy as np

from robot.camera import Pinhole
from robot.geometry import wrap, yaw_quaternion
from robot.table import BLOCK, BOWL_FLOOR, BOWL_HEIGHT, BOWL_RADIUS, ORDINALS, SIZES
from robot.types import Fix, RobotSpec, Vector, vector
from robot.vision.cameras import Rig
from robot.vision.colors import Pixels
from robot.vision.furniture import Furniture

STANDING = {"block": BLOCK / 2, "bowl": BOWL_HEIGHT / 2}  # [m] height of its middle on the table
IN_BOWL = BOWL_FLOOR + BLOCK / 2  # [m] likewise, of a block
GRASP = 0.035  # [m] from the tool's centre, at most, to the middle of what the fingers close on
NEAR = 0.022  # [m] level distance from what a block rests on, at most


class Sight(StrEnum):
    """How a thing stands with the cameras."""

    SEEN = "seen"
    HELD = "held"  # where the hand is
    HIDDEN = "hidden"  # something is in front, or it is out of view: it is where it was
    GONE = "gone"  # the place is in plain view, and it is not there


Trace = tuple[str, int, float, float, int]


@dataclass
class Thing:
    """Something that was seen, and may be again."""

    name: str
    color: str
    kind: str
    position: Vector  # (3,) [m]
    yaw: float  # [rad]
    time: float  # [s] when it was last seen, or held
    sight: Sight = Sight.SEEN
    missed: int = 0  # pictures in a row
    strayed: int = 0  # pictures in a row in which something like it was elsewhere
    traces: set[Trace] = field(default_factory=set)  # what it was last fitted to

    def fix(self) -> Fix:
        """As a measurement."""
        turn = vector(yaw_quaternion(self.yaw))
        return Fix(self.time, vector(self.position), turn, vector(SIZES[self.kind]))


class Seeing(Protocol):
    """What makes fixes of pictures."""

    things: "Things"
    cameras: Mapping[str, Pinhole]  # whose pictures it wants

    def camera(self, name: str, q: Vector) -> Pinhole:
        """Where the camera called `name` is, with the arm at `q` (n,)."""
        ...

    def feel(self, time: float, q: Vector) -> dict[str, Fix]:
        """What the joints `q` (n,) tell at `time` [s]: where the thing in the hand is."""
        ...

    def look(self, time: float, q: Vector, pictures: Mapping[str, Pixels]) -> dict[str, Fix]:
        """What is seen at `time` [s] in `pictures`, by camera, (H, W, 3) RGB, taken with the arm
        at `q` (n,): fixes of all that is seen or held."""
        ...


@dataclass
class Grasp:
    """What is between the fingers."""

    thing: Thing
    offset: Vector  # (3,) [m] from the tool's centre, in its frame


class Things:
    """All that is known to be on the table."""

    def __init__(self, spec: RobotSpec, rig: Rig, furniture: Furniture | None = None) -> None:
        """`furniture`: what else stands there, for blocks to rest in and on."""
        self._furniture = furniture or Furniture()
        self.known: dict[str, Thing] = {}
        self._rig = rig
        self._finger = spec.groups["gripper"].start
        self._grasp: Grasp | None = None

    @property
    def held(self) -> Thing | None:
        return self._grasp.thing if self._grasp else None

    @property
    def gone(self) -> frozenset[str]:
        return frozenset(n for n, thing in self.known.items() if thing.sight is Sight.GONE)

    def save(self) -> dict[str, Any]:
        """What is known, and what is in the hand, in plain values."""
        known = [
            [t.name, t.color, t.kind, t.position.tolist(), t.yaw, t.sight.value]
            for t in self.known.values()
        ]
        grasp = self._grasp and [self._grasp.thing.name, self._grasp.offset.tolist()]
        return {"known": known, "grasp": grasp}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Know what `save` kept, as of time 0."""
        for name, color, kind, position, yaw, sight in saved["known"]:
            at = np.array(position)
            self.known[name] = Thing(name, color, kind, at, yaw, 0.0, Sight(sight))
        if saved["grasp"]:
            name, offset = saved["grasp"]
            self._grasp = Grasp(self.known[name], np.array(offset))

    def feel(self, time: float, q: Vector) -> dict[str, Fix]:
        """What the joints `q` (n,) tell at `time` [s]: where the thing in the hand is."""
        self._touch(q)
        if self._grasp is None:
            return {}
        thing = self._grasp.thing
        position, rotation = self._rig.tool(q)
        thing.position = position + rotation @ self._grasp.offset
        thing.yaw = wrap(float(np.arctan2(rotation[1, 0], rotation[0, 0])), pi / 2)
        thing.time, thing.sight, thing.missed = time, Sight.HELD, 0
        return {thing.name: thing.fix()}

    def carry(self, way: Vector, time: float) -> None:
        """The drawer was seen, at `time` [s], to have moved by `way` (3,) [m]: what is in it went
        along, whether or not it can be seen there."""
        if not np.any(way):
            return
        for thing in self.known.values():
            along = thing.position + way  # in it as it was
            if thing.kind == "block" and thing is not self.held and self._in_drawer(along):
                thing.position, thing.time = along, time

    def _in_drawer(self, position: Vector) -> bool:
        resting = self._furniture.height(position)
        return resting is not None and abs(position[2] - resting) < BLOCK / 4

    def _touch(self, q: Vector) -> None:
        """Note when the fingers have closed on something, and when they let it go."""
        finger = float(q[self._finger])
        closed = BLOCK / 2 - 0.006 < finger < BLOCK / 2 + 0.002
        if self._grasp is not None:
            if finger > BLOCK / 2 + 0.003 or finger < BLOCK / 2 - 0.008:
                self._let_go(self._grasp.thing)
                self._grasp = None
        elif closed:
            position, rotation = self._rig.tool(q)
            near = {
                thing.name: float(np.linalg.norm(thing.position - position))
                for thing in self.known.values()
                if thing.kind == "block" and thing.sight is not Sight.GONE
            }
            name = min(near, key=near.__getitem__, default="")
            if name and near[name] < GRASP:
                offset = rotation.T @ (self.known[name].position - position)
                offset[0] = 0.0  # the fingers close on the middle
                self._grasp = Grasp(self.known[name], offset)

    def _let_go(self, thing: Thing) -> None:
        """It falls onto what is below."""
        below = [z for z in self.heights(thing) if z < thing.position[2] + 0.015]
        place = thing.position.copy()
        at = [z for z in below if self.rests(thing, np.array([place[0], place[1], z]))]
        place[2] = max(at or below)
        thing.position = place

    def heights(self, thing: Thing) -> list[float]:
        """[m] at which the thing's middle may be."""
        if thing.kind == "bowl":
            return [STANDING["bowl"]]
        heights = [STANDING["block"]]
        if (resting := self._furniture.height(thing.position)) is not None:
            heights.append(resting)
        for other in self.known.values():
            if other is thing or other.sight in (Sight.GONE, Sight.HELD):
                continue
            if hypot(*(other.position - thing.position)[:2]) < BOWL_RADIUS:
                top = other.position[2] + BLOCK
                heights.append(IN_BOWL if other.kind == "bowl" else float(top))
        # What is known may have fallen; it does not rise but in the hand.
        most = thing.position[2] + 0.005 if thing.name else np.inf
        return sorted({z for z in heights if z < most} | {STANDING["block"]})

    def rests(self, thing: Thing, position: Vector) -> bool:
        """Whether a thing can be at `position` (3,) [m]: on something, and not in something."""
        if thing.kind == "bowl":
            return True
        supported = position[2] < STANDING["block"] + 0.003
        if (resting := self._furniture.height(position)) is not None:
            supported = abs(position[2] - resting) < 0.003
        if self._furniture.blocked(position):
            return False
        for other in self.known.values():
            if other is thing or other.sight in (Sight.GONE, Sight.HELD):
                continue
            level = hypot(*(other.position - position)[:2])
            above = position[2] - other.position[2]
            if other.kind == "bowl":
                inside = level < BOWL_RADIUS - BLOCK / 2
                if level < BOWL_RADIUS + BLOCK / 2 and not inside and above < BLOCK / 2:
                    return False
                if inside:
                    supported = position[2] > IN_BOWL - 0.003
            elif level < NEAR and abs(above - BLOCK) < 0.006:
                supported = True
            elif level < 0.85 * BLOCK and abs(above) < 0.9 * BLOCK:
                return False
        return supported

    def named(self, made: Thing, doubt: int) -> Thing | None:
        """The known thing that this is, moved; or a new one, named; None while there is doubt."""
        alike = [t for t in self.known.values() if (t.color, t.kind) == (made.color, made.kind)]
        lost = [t for t in alike if t.time < made.time]
        if lost:
            thing = max(lost, key=lambda t: t.missed)
            thing.strayed += 1
            if not thing.missed and thing.strayed <= doubt:
                return None
            return replace(made, name=thing.name)
        if len(alike) >= len(ORDINALS):
            return None
        return replace(made, name=f"{ORDINALS[len(alike)]}{made.color} {made.kind}")
