"""Chores: tasks at the table that take many steps, and whether they are done. World frame, metres.

*pack*: open the drawer, put the named blocks in, close it. *stack*: three high, in the order named.
*sort*: blocks into bowls, by a rule. *sweep*: push the loose blocks into the tray. Everything is
judged of poses, strictly: of true ones for figures, of estimated ones by whoever has no others. A
judgement is a text: why it is not so, or nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from math import dist, hypot
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from robot.geometry import matrix_of
from robot.table import (
    BLOCK,
    BOWL_FLOOR,
    BOWL_HEIGHT,
    BOWL_RADIUS,
    BOX,
    CABINET,
    DRAWER_FLOOR,
    DRAWER_LIFT,
    DRAWER_TRAVEL,
    FRONT,
    HANDLE,
    PLATE,
    SIZES,
    TRAY_HEIGHT,
    TRAY_INSIDE,
    TRAY_WALL,
)
from robot.types import Fix, Vector

ChoreName = Literal["pack", "stack", "sort", "sweep"]
CHORES: tuple[ChoreName, ...] = get_args(ChoreName)
Things = Mapping[str, Fix]
CORNERS = np.array([*product((-BLOCK / 2, BLOCK / 2), repeat=3)])  # of a block

LEVEL = 0.006  # [m] between a height and what it should be
ON = 0.016  # [m] level distance from the middle of the block below: well inside its edge
IN_BOWL = BOWL_RADIUS - BLOCK / 2  # [m] level distance from a bowl's middle
SHUT = 0.005  # [m] that a closed drawer may be open
OPEN = DRAWER_TRAVEL - 0.015  # [m] that an open one is, at least: room for a block and fingers
STAYED = 0.02  # [m] by which what was not to be moved may have been
STILL = 0.002  # [m] of motion in half a second, at most
AWAY = 0.05  # [m] from the hand to what it has let go, at least

# Of the drawer, in its own frame, whose origin is the middle of its extents.
PANEL = -SIZES["drawer"][1] / 2 + HANDLE[1]  # y of the panel's front
CLOSED = -CABINET[1] / 2 - 0.001 - (PANEL + FRONT[1])  # its y in the cabinet's frame when closed
INSIDE_LOW = np.array([PLATE - BOX[0] / 2, PANEL + FRONT[1]])  # corners of its inside
INSIDE_HIGH = np.array([BOX[0] / 2 - PLATE, PANEL + FRONT[1] + BOX[1] - PLATE])
GRIP = np.array([0.0, PANEL - HANDLE[1] / 2, FRONT[2] / 2 - 0.020])  # where a handle is taken


@dataclass(frozen=True)
class Chore:
    """What is to be done. Plain values, so that it can be recorded."""

    name: ChoreName
    targets: tuple[tuple[str, str], ...]  # block: the bowl, block, drawer or tray for it, in order

    @property
    def blocks(self) -> tuple[str, ...]:
        """Those that are to be moved."""
        return tuple(block for block, _ in self.targets)

    @property
    def stages(self) -> "tuple[Stage, ...]":
        """What has to come true, in the order of `targets`; sort and sweep may take any other."""
        word = "on" if self.name == "stack" else "in"
        placed = [Stage(f"{b} {word} {w}", placing(b, w), b) for b, w in self.targets]
        if self.name != "pack":
            return tuple(placed)
        return (
            Stage("drawer open", lambda things: "" if opening(things) > OPEN else NOT_OPEN),
            *placed,
            Stage("drawer closed", lambda things: "" if opening(things) < SHUT else NOT_SHUT),
        )

    def fault(self, things: Things) -> str:
        """Why it is not done, as far as it can be told at a glance; or nothing."""
        end = self.stages[1:] if self.name == "pack" else self.stages
        foot = self.targets[0][1]
        if self.name == "stack" and abs(things[foot].position[2] - BLOCK / 2) > LEVEL:
            return f"the {foot} is not on the table"
        return next((fault for stage in end if (fault := stage.fault(things))), "")

    def done(self, before: Things, after: Things, later: Things, hand: Vector) -> str:
        """Why it has not been done, or nothing: `before` it was begun, `after` it and half a second
        `later`, with the middle of the tool at `hand` (3,) [m].
        """
        if fault := self.fault(after) or self.fault(later):
            return fault
        for name, fix in after.items():
            if dist(fix.position, later[name].position) > STILL:
                return f"the {name} is not at rest"
            if name.endswith("block") and dist(fix.position, hand) < AWAY:
                return f"the hand is still at the {name}"
            moved = dist(fix.position, before[name].position)
            if not (name in self.blocks or name.endswith("drawer")) and moved > STAYED:
                return f"the {name} was moved by {moved * 100:.0f} cm"
        return ""


@dataclass(frozen=True)
class Stage:
    """One thing that has to come true."""

    name: str
    fault: Callable[[Things], str]
    block: str = ""  # that is moved for it


NOT_OPEN, NOT_SHUT = "the drawer is not open", "the drawer is not closed"


class Progress:
    """How far a chore has come; shown the things again and again with `see`."""

    def __init__(self, chore: Chore) -> None:
        self._stages = chore.stages
        self.reached: list[str] = []  # the stages that have been true, in the order of reaching

    def see(self, things: Things, hand: Vector) -> None:
        """What is in the hand does not count; `hand` (3,) [m] is the middle of the tool."""
        for stage in self._stages:
            if stage.name in self.reached or stage.fault(things):
                continue
            if stage.name == "drawer closed" and len(self.reached) < len(self._stages) - 1:
                continue
            if not stage.block or dist(things[stage.block].position, hand) > AWAY:
                self.reached.append(stage.name)

    @property
    def share(self) -> float:
        """Of the stages."""
        return len(self.reached) / len(self._stages)


def placing(block: str, where: str) -> Callable[[Things], str]:
    """Whether a block is in, or on, something; that decides how."""
    inside = {"bowl": _in_bowl, "block": _on_block, "drawer": _in_drawer, "tray": _in_tray}
    test = inside[where.rsplit(maxsplit=1)[-1]]

    def fault(things: Things) -> str:
        word = "on" if where.endswith("block") else "in"
        fits = test(things[block], things[where])
        return "" if fits else f"the {block} is not {word} the {where}"

    return fault


def the(things: Things, kind: str) -> str:
    """The name of the only thing of a kind."""
    return next(name for name in things if name.split()[-1] == kind)


def opening(things: Things) -> float:
    """[m] how far the drawer is open."""
    drawer, cabinet = things[the(things, "drawer")], things[the(things, "cabinet")]
    return CLOSED - float(within(cabinet, drawer.position)[1])


def within(fix: Fix, points: Vector) -> Vector:
    """Points (..., 3) [m] of the world in the frame of a thing."""
    return (points - fix.position) @ matrix_of(fix.quaternion)


def world(fix: Fix, points: ArrayLike) -> Vector:
    """Points (..., 3) [m] of a thing's frame in the world."""
    return fix.position + np.asarray(points) @ matrix_of(fix.quaternion).T


def corners(block: Fix) -> Vector:
    """(8, 3) [m] of a block."""
    return world(block, CORNERS)


def spots(drawer: Fix, count: int = 3) -> Vector:
    """(count, 2) [m] places for blocks, side by side, in the part of an open drawer that is free to
    reach into."""
    middle = INSIDE_LOW[1] + (DRAWER_TRAVEL - 0.007) / 2
    across = (np.arange(count) - (count - 1) / 2) * 0.056
    return world(drawer, np.column_stack((across, np.full(count, middle), np.zeros(count))))[:, :2]


def _in_bowl(block: Fix, bowl: Fix) -> bool:
    """On its floor, or on what lies on it."""
    level = hypot(*(block.position - bowl.position)[:2])
    bottom = float(corners(block)[:, 2].min())
    highest = bowl.position[2] - BOWL_HEIGHT / 2 + BOWL_FLOOR + BLOCK + LEVEL
    return level < IN_BOWL and bottom < highest


def _on_block(block: Fix, below: Fix) -> bool:
    level = hypot(*(block.position - below.position)[:2])
    return level < ON and abs(block.position[2] - below.position[2] - BLOCK) < LEVEL


def _in_drawer(block: Fix, drawer: Fix) -> bool:
    """All of it, and flat on the floor."""
    local = within(drawer, corners(block))
    between = (local[:, :2] > INSIDE_LOW - 1e-3).all() and (local[:, :2] < INSIDE_HIGH + 1e-3).all()
    floor = DRAWER_FLOOR - DRAWER_LIFT - SIZES["drawer"][2] / 2
    return bool(between) and abs(float(local[:, 2].min()) - floor) < LEVEL


def _in_tray(block: Fix, tray: Fix) -> bool:
    """All of it, and flat on the table."""
    local = within(tray, corners(block))
    half, low = TRAY_INSIDE[0] / 2, -SIZES["tray"][1] / 2
    inside = (np.abs(local[:, 0]) < half + 1e-3).all() and (local[:, 1] > low).all()
    back = (local[:, 1] < low + TRAY_INSIDE[1] + 1e-3).all()
    flat = abs(float(local[:, 2].min()) + TRAY_HEIGHT / 2) < LEVEL
    return bool(inside and back) and flat


def tray_spot(tray: Fix, x: float, y: float) -> Vector:
    """(2,) [m] a place in the tray: `x` across, -1 to 1, and `y` deep, 0 to 1."""
    half = TRAY_INSIDE[0] / 2
    deep = -SIZES["tray"][1] / 2 + y * TRAY_INSIDE[1]
    return world(tray, [x * half, deep, -TRAY_WALL])[:2]
