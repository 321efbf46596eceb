"""How much room is left on the table. World frame, metres."""

import numpy as np

from robot.chores import within
from robot.furniture import PARTS
from robot.table import BOWL_RADIUS
from robot.types import Fix, Vector


def gap(name: str, fix: Fix, spot: Vector) -> float:
    """[m] from a spot (2,) of the table to the nearest edge of a thing, however it lies; 0 within
    it."""
    away = within(fix, np.array([*spot, fix.position[2]]))
    kind = name.rsplit(maxsplit=1)[-1]
    if kind == "bowl":
        return max(float(np.linalg.norm(away)) - BOWL_RADIUS, 0.0)
    if kind in PARTS:  # these stand upright: seen from above
        return min(_outside(away[:2], np.array(part)[:, :2]) for part in PARTS[kind])
    return _outside(away, np.array((-fix.size, fix.size)) / 2)


def _outside(point: Vector, box: Vector) -> float:
    """[m] from a point (k,) to a box, given by its low and its high corner (2, k)."""
    low, high = box
    return float(np.linalg.norm(np.maximum(np.maximum(low - point, point - high), 0.0)))
