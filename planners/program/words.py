"""The words a program may use, each declared once: a function whose signature and docstring
become the type stub. Its keyword-only parameters are the host's, and no part of the stub.

Places are named as in the published Code as Policies programs, after the picture of a camera
that faces the robot across the table: "top" is the side nearest the robot's base (y = -.2 m),
"bottom" the far side (y = -.8 m), "left" is -x, "right" is +x. Named places, and what
`denormalize_xy` spans, lie 5 cm inside the table's bounds.
"""

from __future__ import annotations  # signatures stay text, as the stubs show them

import difflib
import inspect
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from robot.geometry import matrix_of
from robot.table import COLORS, X_BOUNDS, Y_BOUNDS
from robot.types import Fix

Xy = Sequence[float]  # [x, y] [m]
Xyz = Sequence[float]  # [x, y] or [x, y, z] [m]
Place = str | Xy  # the name of an object or a place, or a point
Arguments = dict[str, Any]  # a skill's, in plain values
Objects = Mapping[str, Fix]  # as in State.objects
Bounds = tuple[tuple[float, float], tuple[float, float]]  # x and y, each from and to [m]

TABLE: Bounds = (X_BOUNDS, Y_BOUNDS)
INSET = 0.05  # [m]
CORNERS = {  # as fractions of x and y between the insets
    "top left corner": (0.0, 1.0),
    "top right corner": (1.0, 1.0),
    "bottom left corner": (0.0, 0.0),
    "bottom right corner": (1.0, 0.0),
}
SIDES = {
    "top side": (0.5, 1.0),
    "right side": (1.0, 0.5),
    "bottom side": (0.5, 0.0),
    "left side": (0.0, 0.5),
}
PLACES = CORNERS | SIDES | {"middle": (0.5, 0.5)}


class WordError(ValueError):
    """A word used wrongly. The message is for the program's author."""


def place_xy(name: str, table: Bounds = TABLE) -> tuple[float, float] | None:
    """The xy [m] of a named place; None for any other name."""
    fractions = PLACES.get(_tidy(name))
    return None if fractions is None else _within(table, fractions)


def find(name: str, objects: Objects) -> str:
    """The object that `name` means, forgiving case, underscores and "the"."""
    for known in objects:
        if _tidy(known) == _tidy(name):
            return known
    raise WordError(f"there is no {name!r}{nearest(name, objects, 'the objects are')}")


def nearest(name: str, known: Iterable[str], otherwise: str) -> str:
    """The end of an error about `name`: the nearest of the `known` names, or all of them."""
    known = sorted(known)
    if close := difflib.get_close_matches(name, known, n=1):
        return f"; did you mean {close[0]!r}?"
    return f"; {otherwise} {', '.join(known) or 'none'}"


def _tidy(name: str) -> str:
    return name.lower().replace("_", " ").strip().removeprefix("the ")


def _within(table: Bounds, fractions: Xy) -> tuple[float, float]:
    x, y = (
        low + INSET + fraction * (high - low - 2 * INSET)
        for fraction, (low, high) in zip(fractions, table, strict=True)
    )
    return x, y


def get_obj_names(*, objects: Objects) -> list[str]:
    """The names of all objects on the table."""
    return list(objects)


def get_obj_pos(name: str, *, objects: Objects, table: Bounds = TABLE) -> list[float]:
    """Where an object or a named place is now: [x, y] of its centre in metres."""
    xy = place_xy(name, table)
    return objects[find(name, objects)].position[:2].tolist() if xy is None else list(xy)


def get_bbox(name: str, *, objects: Objects) -> list[float]:
    """The box around an object, seen from above: [min_x, min_y, max_x, max_y] in metres."""
    fix = objects[find(name, objects)]
    half = np.abs(matrix_of(fix.quaternion)) @ fix.size / 2
    return [*(fix.position - half)[:2].tolist(), *(fix.position + half)[:2].tolist()]


def get_color(name: str, *, objects: Objects) -> str:
    """An object's colour in one word, such as 'red'."""
    found = find(name, objects)
    for word in _tidy(found).split():
        if word in COLORS:
            return word
    raise WordError(f"the colour of {found!r} is not known")


def is_obj_visible(name: str, *, objects: Objects) -> bool:
    """Whether there is an object of that name on the table."""
    return _tidy(name) in map(_tidy, objects)


def denormalize_xy(pos_normalized: Xy, *, table: Bounds = TABLE) -> list[float]:
    """[x, y] in metres from fractions of the table: [0, 0] is the bottom left corner,
    [1, 1] the top right corner, [0.5, 0.5] the middle.
    """
    return list(_within(table, pos_normalized))


def get_corner_name(pos: Xy, *, table: Bounds = TABLE) -> str:
    """The corner nearest to [x, y]: 'top left corner', 'bottom right corner' and so on."""
    return min(CORNERS, key=lambda corner: math.dist(_within(table, CORNERS[corner]), pos))


def get_side_name(pos: Xy, *, table: Bounds = TABLE) -> str:
    """The side nearest to [x, y]: 'top side', 'right side', 'bottom side' or 'left side'."""
    return min(SIDES, key=lambda side: math.dist(_within(table, SIDES[side]), pos))


def get_gripper_pos(*, hand: Hand | None) -> list[float]:
    """Where the gripper is now: [x, y, z] of the middle between its fingertips in metres."""
    return list(_attached(hand).position)


def is_grasped(name: str = "", *, objects: Objects, hand: Hand | None) -> bool:
    """Whether the gripper holds that object; without a name, whether it holds anything."""
    held = _attached(hand).held
    return held is not None and (not name or held == find(name, objects))


def _attached(hand: Hand | None) -> Hand:
    if hand is None:
        raise WordError("this robot has no gripper")
    return hand


def put_first_on_second(a: Place, b: Place) -> None:
    """Pick up `a` and put it on `b`. Each is the name of an object, a place such as
    'top left corner', 'left side' or 'middle', or [x, y] in metres.
    """


def say(msg: Any) -> None:
    """Say something to the person."""


def run_skill(name: str, goal: Arguments | None = None) -> str:
    """Run a skill by its name, with its arguments: 'done', or why it failed."""
    raise NotImplementedError


def move_to(pos: str | Xyz) -> None:
    """Move the gripper: above the object or place of that name, to [x, y, z] in metres, or to
    [x, y] at the height where it is.
    """


def move_by(offset: Xyz) -> None:
    """Move the gripper from where it is by [dx, dy] or [dx, dy, dz] in metres."""


def follow_path(points: Sequence[Xyz], height: float | None = None) -> None:
    """Draw: move the gripper along a line through the points, [x, y] or [x, y, z] in metres,
    without halting; `height` in metres for [x, y], otherwise above everything.
    """


def set_speed(factor: float) -> None:
    """How fast to move from now on: 1 is full speed, 0.5 half of it; at least 0.05."""


def grasp(name: str = "") -> bool:
    """Go down to that object and take it; without a name, close the gripper where it is. Whether
    it then holds something.
    """
    raise NotImplementedError


def release() -> None:
    """Open the gripper where it is."""


def parse_obj_name(description: str, context: str = "") -> Any:
    """The name of the object, place or list of objects that a description in words means."""


def parse_position(description: str, context: str = "") -> Any:
    """The [x, y], or the list of them, that a description in words means."""


def parse_question(description: str, context: str = "") -> Any:
    """The answer to a question about the table: a bool, a number, a text or a list."""


def transform_shape_pts(description: str, shape_pts: Any) -> Any:
    """The points [x, y] of a shape, changed as a description in words says."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Where the gripper is, and what it holds."""

    position: Sequence[float]  # (3,) [m]
    held: str | None


@dataclass(frozen=True, slots=True)
class Word:
    """One word: the function that declares it, and whether bringing it about moves the robot."""

    function: Callable[..., Any]
    moves: bool = False
    acts: bool = False  # brought about by the planner, not answered from the scene
    asks: bool = False  # answered by a program of its own, which a language model writes
    arrays: bool = False  # answers with arrays

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def signature(self) -> inspect.Signature:
        whole = inspect.signature(self.function)
        shown = [p for p in whole.parameters.values() if p.kind is not p.KEYWORD_ONLY]
        return whole.replace(parameters=shown)

    @property
    def usage(self) -> str:
        """For example `say(msg: str) -> None`."""
        shown = re.sub(
            r"(: |-> )'([^']+)'", r"\1\2", f"{self.name}{self.signature}"
        )  # quoted there
        return shown.replace("-> list[float]", "-> np.ndarray") if self.arrays else shown

    @property
    def stub(self) -> str:
        doc = textwrap.indent(f'"""{inspect.getdoc(self.function)}"""', "    ")
        return f"def {self.usage}:\n{doc}\n"


WORDS = {
    word.name: word
    for word in (
        Word(get_obj_names),
        Word(get_obj_pos, arrays=True),
        Word(get_bbox, arrays=True),
        *map(Word, (get_color, is_obj_visible)),
        Word(denormalize_xy, arrays=True),
        *map(Word, (get_corner_name, get_side_name)),
        Word(put_first_on_second, moves=True, acts=True),
        Word(say, acts=True),
        Word(get_gripper_pos, arrays=True),
        Word(is_grasped),
        *(Word(word, moves=True, acts=True) for word in (move_to, move_by, follow_path)),
        *(Word(word, moves=True, acts=True) for word in (grasp, release, run_skill)),
        Word(set_speed, acts=True),
        *(
            Word(word, acts=True, asks=True, arrays=True)
            for word in (parse_obj_name, parse_position, parse_question, transform_shape_pts)
        ),
    )
}
ARRAYS = frozenset(word.name for word in WORDS.values() if word.arrays)

STUBS = """from collections.abc import Sequence
from typing import Any

Xy = Sequence[float]
Xyz = Sequence[float]
Place = str | Xy
Arguments = dict[str, Any]

""" + "\n".join(word.stub for word in WORDS.values())


def answer(
    name: str,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    objects: Objects,
    table: Bounds = TABLE,
    hand: Hand | None = None,
) -> Any:
    """What the scene says to the checked call of a word that does not act."""
    function = WORDS[name].function
    host = {"objects": objects, "table": table, "hand": hand}
    wanted = inspect.signature(function).parameters.keys() & host.keys()
    return function(*args, **kwargs, **{key: host[key] for key in wanted})
