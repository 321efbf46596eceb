"""How much room is left on the table. World frame, metres."""

import numpy as np

from robot.chores import within
from robot.table import BOWL_RADIUS, TRAY_HEIGHT, TRAY_INSIDE, TRAY_WALL
from robot.types import Fix, Vector

# Of the tray, in its own frame: the middles (3,) and half the extents (3,) of its walls.
_ACROSS, _DEEP, _HIGH = TRAY_INSIDE[0] / 2, TRAY_INSIDE[1] / 2, TRAY_HEIGHT / 2
_SIDE = (TRAY_WALL / 2, _DEEP + TRAY_WALL / 2, _HIGH)
_WALLS = (
    ((0.0, _DEEP, 0.0), (_ACROSS + TRAY_WALL, TRAY_WALL / 2, _HIGH)),
    ((-_ACROSS - TRAY_WALL / 2, 0.0, 0.0), _SIDE),
    ((_ACROSS + TRAY_WALL / 2, 0.0, 0.0), _SIDE),
)


def gap(name: str, fix: Fix, spot: Vector) -> float:
    """[m] from a spot (2,) of the table to the nearest edge of a thing, however it lies; 0 within
    it."""
    away = within(fix, np.array([*spot, fix.position[2]]))
    if name.endswith("bowl"):
        return max(float(np.linalg.norm(away)) - BOWL_RADIUS, 0.0)
    boxes = _WALLS if name.endswith("tray") else (((0.0, 0.0, 0.0), fix.size / 2),)
    return min(
        float(np.linalg.norm(np.maximum(np.abs(away - middle) - half, 0.0)))
        for middle, half in boxes
    )
