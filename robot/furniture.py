"""The solid parts of a tray, a cabinet and its drawer. Metres, each in its thing's own frame, whose
origin is the middle of its extents; they open towards their -y."""

from collections.abc import Mapping
from types import MappingProxyType

from robot.table import BOX, CABINET, FRONT, HANDLE, PLATE, SIZES, TRAY_INSIDE, TRAY_WALL

Corner = tuple[float, float, float]
Part = tuple[Corner, Corner]  # the low and the high corner of a box whose sides are along the axes


def _tray() -> tuple[Part, ...]:
    """Three walls."""
    x, y, z = (size / 2 for size in SIZES["tray"])
    inside = TRAY_INSIDE[0] / 2
    return (
        ((-x, -y, -z), (-inside, y, z)),
        ((inside, -y, -z), (x, y, z)),
        ((-inside, y - TRAY_WALL, -z), (inside, y, z)),
    )


def _cabinet() -> tuple[Part, ...]:
    """Two sides, a back and a top."""
    x, y, z = (size / 2 for size in CABINET)
    return (
        ((-x, -y, -z), (-x + PLATE, y, z)),
        ((x - PLATE, -y, -z), (x, y, z)),
        ((-x + PLATE, y - PLATE, -z), (x - PLATE, y, z - PLATE)),
        ((-x + PLATE, -y, z - PLATE), (x - PLATE, y, z)),
    )


def _drawer() -> tuple[Part, ...]:
    """A handle and a panel, and behind it a box that is open above."""
    low = -SIZES["drawer"][2] / 2
    y = -SIZES["drawer"][1] / 2  # of the handle's tip
    panel, box = y + HANDLE[1], y + HANDLE[1] + FRONT[1]
    back, side, height = box + BOX[1], BOX[0] / 2, low + BOX[2]
    top = low + FRONT[2]
    return (
        ((-HANDLE[0] / 2, y, top - HANDLE[2]), (HANDLE[0] / 2, panel, top)),
        ((-FRONT[0] / 2, panel, low), (FRONT[0] / 2, box, top)),
        ((-side, box, low), (side, back, low + PLATE)),
        ((-side, box, low + PLATE), (PLATE - side, back, height)),
        ((side - PLATE, box, low + PLATE), (side, back, height)),
        ((PLATE - side, back - PLATE, low + PLATE), (side - PLATE, back, height)),
    )


IN_FRONT = 2  # of a drawer's parts, the first so many: its handle and its panel
PARTS: Mapping[str, tuple[Part, ...]] = MappingProxyType(
    {"tray": _tray(), "cabinet": _cabinet(), "drawer": _drawer()}
)
