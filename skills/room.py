"""How much room is left on the table. World frame, metres."""

import numpy as np

from robot.chores import within
from robot.table import BOWL_RADIUS, TRAY_INSIDE, TRAY_WALL
from robot.types import Fix, Vector

# Of the tray, in its own frame: the middles (2,) and half the extents (2,) of its walls.
_ACROSS, _DEEP = TRAY_INSIDE[0] / 2, TRAY_INSIDE[1] / 2
_WALLS = (
    ((0.0, _DEEP), (_ACROSS + TRAY_WALL, TRAY_WALL / 2)),
    ((-_ACROSS - TRAY_WALL / 2, 0.0), (TRAY_WALL / 2, _DEEP + TRAY_WALL / 2)),
    ((_ACROSS + TRAY_WALL / 2, 0.0), (TRAY_WALL / 2, _DEEP + TRAY_WALL / 2)),
)


def gap(name: str, fix: Fix, spot: Vector) -> float:
    """[m] from a spot (2,) of the table to the nearest edge of a thing; 0 within it."""
    away = within(fix, np.array([*spot, fix.position[2]]))[:2]
    if name.endswith("bowl"):
        return max(float(np.hypot(*away)) - BOWL_RADIUS, 0.0)
    boxes = _WALLS if name.endswith("tray") else (((0.0, 0.0), fix.size[:2] / 2),)
    return min(
        float(np.hypot(*np.maximum(np.abs(away - middle) - half, 0.0))) for middle, half in boxes
    )
