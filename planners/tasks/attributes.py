"""The words that fill templates, in two sets: those that a model may be trained on, and others."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Attributes:
    """One set. As in Code as Policies: top and left are seen, bottom and right are not."""

    colors: tuple[str, ...]  # in robot.table.COLORS
    corners: tuple[str, ...]  # in planners.program.words.CORNERS
    sides: tuple[str, ...]  # in planners.program.words.SIDES
    directions: tuple[str, ...]  # in DIRECTIONS
    ordinals: tuple[str, ...]  # in ORDINALS
    extremes: tuple[str, ...]  # of distance to something
    amounts: tuple[str, ...]  # in AMOUNTS
    lines: tuple[str, ...]  # in LINES

    @property
    def places(self) -> tuple[str, ...]:
        return self.corners + self.sides


SEEN = Attributes(
    colors=("blue", "red", "green", "orange", "yellow"),
    corners=("top left corner",),
    sides=("top side", "left side"),
    directions=("left", "top"),
    ordinals=("first", "second"),
    extremes=("closest",),
    amounts=("a little",),
    lines=("horizontal", "vertical"),
)
UNSEEN = Attributes(
    colors=("pink", "cyan", "brown", "gray", "purple"),
    corners=("bottom right corner", "bottom left corner", "top right corner"),
    sides=("bottom side", "right side"),
    directions=("right", "bottom"),
    ordinals=("third", "fourth"),
    extremes=("farthest",),
    amounts=("a lot",),
    lines=("diagonal",),
)
# Left is -x and top is +y, as in `planners.program.words`.
DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "top": (0, 1), "bottom": (0, -1)}
ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3}
AMOUNTS = {"a little": (0.02, 0.09, 0.05), "a lot": (0.1, 0.25, 0.15)}  # [m] from, to, and usual
LINES = {"horizontal": (1.0, 0.0), "vertical": (0.0, 1.0), "diagonal": (0.7071, 0.7071)}
