"""The solid parts of tabletop objects, for either engine."""

from dataclasses import dataclass
from functools import lru_cache
from math import atan2, cos, hypot, pi, sin, tan

import numpy as np

from robot.table import (
    BLOCK,
    BOWL_FLOOR,
    BOWL_FOOT,
    BOWL_HEIGHT,
    BOWL_RADIUS,
    BOX,
    CABINET,
    DRAWER_LIFT,
    FRONT,
    HANDLE,
    PLATE,
    SIZES,
    TRAY_INSIDE,
    TRAY_WALL,
)
from robot.types import Vector

BLOCK_MASS = 0.010  # [kg]
DRAWER_MASS = 0.30  # [kg]
FRICTION = 1.0  # Coulomb, of blocks and of the gripper's rubber pads
_WALLS = 16  # plane pieces of a bowl's wall
_WALL = 0.006  # [m] their thickness
_FOOT = BOWL_FOOT - _WALL  # [m] inside radius of a bowl's wall at its foot


@dataclass(frozen=True, slots=True)
class Box:
    """A box in its object's frame."""

    half: tuple[float, float, float]  # [m]
    position: tuple[float, float, float]  # [m]
    quaternion: tuple[float, float, float, float]  # wxyz


def _product(a: Vector, b: Vector) -> Vector:
    """Hamilton product of wxyz quaternions."""
    w, x, y, z = a
    return np.array([[w, -x, -y, -z], [x, w, -z, y], [y, z, w, -x], [z, -y, x, w]]) @ b


@lru_cache
def parts(kind: str) -> tuple[Box, ...]:
    """The boxes that make up one object; its frame's origin is the middle of its extents."""
    if kind == "block":
        return (Box((BLOCK / 2, BLOCK / 2, BLOCK / 2), (0, 0, 0), (1, 0, 0, 0)),)
    if kind in FURNISHED:
        return FURNISHED[kind]()
    # A bowl: crossed plates for its floor, and a ring of leaning plates.
    rim = BOWL_RADIUS - _WALL / 2
    foot = _FOOT + _WALL / 2
    lean = atan2(rim - foot, BOWL_HEIGHT)
    length = hypot(rim - foot, BOWL_HEIGHT)
    radius = (rim + foot) / 2
    half_width = BOWL_RADIUS * tan(pi / _WALLS)
    across = foot * cos(pi / 8)
    beside = foot * sin(pi / 8) * 1.8
    boxes = []
    for index in range(4):
        turn = index * pi / 4
        down = index * 2e-4  # [m] so that no two surfaces coincide, which would flicker
        boxes.append(
            Box(
                (across, beside, BOWL_FLOOR / 2),
                (0, 0, (BOWL_FLOOR - BOWL_HEIGHT) / 2 - down),
                (cos(turn / 2), 0, 0, sin(turn / 2)),
            )
        )
    for index in range(_WALLS):
        turn = 2 * pi * index / _WALLS
        quaternion = _product(
            np.array([cos(turn / 2), 0, 0, sin(turn / 2)]),
            np.array([cos(lean / 2), 0, sin(lean / 2), 0]),
        )
        w, x, y, z = quaternion.tolist()
        boxes.append(
            Box(
                (_WALL / 2, half_width, length / 2),
                (radius * cos(turn), radius * sin(turn), 0),
                (w, x, y, z),
            )
        )
    return tuple(boxes)


def standing(kind: str) -> float:
    """[m] the height of the middle of something where a scene puts it."""
    return SIZES[kind][2] / 2 + (DRAWER_LIFT if kind == "drawer" else 0.0)


def _box(low: tuple[float, float, float], high: tuple[float, float, float]) -> Box:
    """The box between two corners, its sides along the axes."""
    half = tuple((b - a) / 2 for a, b in zip(low, high, strict=True))
    middle = tuple((a + b) / 2 for a, b in zip(low, high, strict=True))
    return Box((half[0], half[1], half[2]), (middle[0], middle[1], middle[2]), (1, 0, 0, 0))


def _tray() -> tuple[Box, ...]:
    """Three walls; the open side is towards -y."""
    x, y, z = (size / 2 for size in SIZES["tray"])
    inside = TRAY_INSIDE[0] / 2
    return (
        _box((-x, -y, -z), (-inside, y, z)),
        _box((inside, -y, -z), (x, y, z)),
        _box((-inside, y - TRAY_WALL, -z), (inside, y, z)),
    )


def _cabinet() -> tuple[Box, ...]:
    """Two sides, a back and a top."""
    x, y, z = (size / 2 for size in CABINET)
    return (
        _box((-x, -y, -z), (-x + PLATE, y, z)),
        _box((x - PLATE, -y, -z), (x, y, z)),
        _box((-x + PLATE, y - PLATE, -z), (x - PLATE, y, z - PLATE)),
        _box((-x + PLATE, -y, z - PLATE), (x - PLATE, y, z)),
    )


def _drawer() -> tuple[Box, ...]:
    """A panel with a handle, and behind it a box that is open above."""
    low = -SIZES["drawer"][2] / 2
    y = -SIZES["drawer"][1] / 2  # of the handle's tip
    panel, box = y + HANDLE[1], y + HANDLE[1] + FRONT[1]
    back, side, height = box + BOX[1], BOX[0] / 2, low + BOX[2]
    top = low + FRONT[2]
    return (
        _box((-HANDLE[0] / 2, y, top - HANDLE[2]), (HANDLE[0] / 2, panel, top)),
        _box((-FRONT[0] / 2, panel, low), (FRONT[0] / 2, box, top)),
        _box((-side, box, low), (side, back, low + PLATE)),
        _box((-side, box, low + PLATE), (PLATE - side, back, height)),
        _box((side - PLATE, box, low + PLATE), (side, back, height)),
        _box((PLATE - side, back - PLATE, low + PLATE), (side - PLATE, back, height)),
    )


FURNISHED = {"tray": _tray, "cabinet": _cabinet, "drawer": _drawer}
