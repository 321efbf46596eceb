"""The tabletop workspace that worlds, skills and programs share. World frame, metres.

The robot's base stands at the origin and the table's surface is z = 0. The bounds, the colours
and the sizes of blocks and bowls are those of Code as Policies (arXiv 2209.07753).
"""

from types import MappingProxyType

X_BOUNDS = (-0.3, 0.3)
Y_BOUNDS = (-0.8, -0.2)
LOW, HIGH = zip(X_BOUNDS, Y_BOUNDS, strict=True)  # (2,) corners
Z_BOUNDS = (0.0, 0.25)  # for the tool: the table, and as high as every corner can be reached

BLOCK = 0.04  # edge of a block
BOWL_RADIUS = 0.072  # of a bowl's rim, outside
BOWL_HEIGHT = 0.045
BOWL_FOOT = 0.056  # of a bowl where it stands, outside
BOWL_FLOOR = 0.006  # height of the surface inside a bowl
TRAY_INSIDE = (0.20, 0.15)  # across its open side, and deep; its floor is the table's
TRAY_WALL, TRAY_HEIGHT = 0.008, 0.03
PLATE = 0.006  # thickness of the sides of the cabinet and of its drawer
CABINET = (0.22, 0.17, 0.075)  # full extents; it is open in front, towards its -y
DRAWER_TRAVEL = 0.125  # of its drawer, towards -y
FRONT = (0.216, 0.008, 0.062)  # of the drawer: full extents of the panel in front of the cabinet
HANDLE = (0.016, 0.032, 0.045)  # sticks out of the panel's middle, towards -y
BOX = (0.20, 0.155, 0.045)  # of the drawer, behind the panel
DRAWER_LIFT = 0.003  # from the table to the drawer: nothing drags
DRAWER_FLOOR = DRAWER_LIFT + PLATE  # height of the surface inside it
SPACING = 0.15  # the least distance between two objects of a random scene

COLORS = MappingProxyType(
    {
        "blue": (0.31, 0.47, 0.65),
        "red": (0.84, 0.22, 0.24),
        "green": (0.35, 0.63, 0.31),
        "orange": (0.95, 0.52, 0.14),
        "yellow": (0.96, 0.82, 0.20),
        "purple": (0.55, 0.35, 0.68),
        "pink": (1.00, 0.60, 0.71),
        "cyan": (0.25, 0.76, 0.78),
        "brown": (0.52, 0.34, 0.22),
        "gray": (0.55, 0.55, 0.57),
    }
)
TABLE_COLOR = (0.80, 0.72, 0.60)
KINDS = ("block", "bowl")
FURNITURE = ("tray", "cabinet", "drawer")  # of the chores; see robot.chores
FURNITURE_COLORS = MappingProxyType({"tray": "gray", "cabinet": "brown", "drawer": "gray"})
ORDINALS = ("", *(f"{word} " for word in "second third fourth fifth sixth".split()))
SIZES = MappingProxyType(  # (3,) [m] full extents, by kind
    {
        "block": (BLOCK, BLOCK, BLOCK),
        "bowl": (2 * BOWL_RADIUS, 2 * BOWL_RADIUS, BOWL_HEIGHT),
        "tray": (TRAY_INSIDE[0] + 2 * TRAY_WALL, TRAY_INSIDE[1] + TRAY_WALL, TRAY_HEIGHT),
        "cabinet": CABINET,
        "drawer": (FRONT[0], HANDLE[1] + FRONT[1] + BOX[1], FRONT[2]),
    }
)


def on_table(x: float, y: float) -> bool:
    """Whether a place [m] is within the bounds."""
    return bool(X_BOUNDS[0] <= x <= X_BOUNDS[1] and Y_BOUNDS[0] <= y <= Y_BOUNDS[1])
