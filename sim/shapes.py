"""The solid parts of tabletop objects, for either engine."""

from dataclasses import dataclass
from functools import lru_cache
from math import atan2, cos, hypot, pi, sin, tan

import numpy as np

from robot.furniture import PARTS, Part
from robot.table import (
    BLOCK,
    BOWL_FLOOR,
    BOWL_FOOT,
    BOWL_HEIGHT,
    BOWL_RADIUS,
    DRAWER_LIFT,
    SIZES,
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
    if kind in PARTS:
        return tuple(_box(part) for part in PARTS[kind])
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


def _box(part: Part) -> Box:
    """The box between two corners, its sides along the axes."""
    (x, y, z), (right, far, top) = part
    half = (right - x) / 2, (far - y) / 2, (top - z) / 2
    return Box(half, ((right + x) / 2, (far + y) / 2, (top + z) / 2), (1, 0, 0, 0))
