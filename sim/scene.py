"""What stands on the table: random scenes and scene files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import hypot, isfinite, pi
from pathlib import Path
from typing import Any

import numpy as np

from robot.table import (
    BLOCK,
    BOWL_RADIUS,
    COLORS,
    KINDS,
    ORDINALS,
    SPACING,
    X_BOUNDS,
    Y_BOUNDS,
    on_table,
)

MARGIN = 0.05  # [m] random objects keep this far inside the table's bounds


class SceneError(ValueError):
    """A scene that cannot be set up, and why."""


@dataclass(frozen=True, slots=True)
class SceneObject:
    """One object on the table."""

    color: str  # in robot.table.COLORS
    kind: str  # in robot.table.KINDS or FURNITURE
    x: float  # [m]
    y: float  # [m]
    yaw: float = 0.0  # [rad]
    ordinal: str = ""  # in robot.table.ORDINALS: which of several of its colour and kind

    @property
    def name(self) -> str:
        return f"{self.ordinal}{self.color} {self.kind}"


Scene = tuple[SceneObject, ...]


def random_names(rng: np.random.Generator, blocks: int, bowls: int) -> tuple[str, ...]:
    """Names of blocks of different colours, and of bowls of different colours."""
    if not (0 <= blocks <= len(COLORS) and 0 <= bowls <= len(COLORS)):
        raise SceneError(f"at most {len(COLORS)} blocks and {len(COLORS)} bowls, one a colour")
    return tuple(
        f"{color} {kind}"
        for kind, count in (("block", blocks), ("bowl", bowls))
        for color in rng.permutation(list(COLORS))[:count].tolist()
    )


def random_scene(
    rng: np.random.Generator, blocks: int = 3, bowls: int = 3, names: Sequence[str] = ()
) -> Scene:
    """Blocks and bowls, or the things called `names`, each further than SPACING from the others."""
    names = names or random_names(rng, blocks, bowls)
    for _ in range(200):
        placed: list[tuple[float, float]] = []
        for _ in range(500):
            if len(placed) == len(names):
                return tuple(
                    _object(name, x, y, float(rng.uniform(-pi, pi)))
                    for name, (x, y) in zip(names, placed, strict=True)
                )
            x = float(rng.uniform(X_BOUNDS[0] + MARGIN, X_BOUNDS[1] - MARGIN))
            y = float(rng.uniform(Y_BOUNDS[0] + MARGIN, Y_BOUNDS[1] - MARGIN))
            if all(hypot(x - a, y - b) > SPACING for a, b in placed):
                placed.append((x, y))
    raise SceneError(f"{len(names)} objects do not fit on the table {SPACING} m apart")


def load_scene(path: Path) -> tuple[Scene, int]:
    """The scene of a scene file, and its seed.

    `{"objects": [{"name": "red block", "xy": [0.1, -0.5], "yaw": 0.0}], "seed": 0}`; `yaw` [rad]
    and `seed` may be left out.
    """
    try:
        data = json.loads(path.read_text())
    except OSError as error:
        raise SceneError(f"{path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise SceneError(f"{path}: not a JSON file ({error})") from error
    try:
        return parse_scene(data)
    except SceneError as error:
        raise SceneError(f"{path}: {error}") from error


def parse_scene(data: Any) -> tuple[Scene, int]:
    """The scene that a scene file's content describes, and its seed."""
    _known_keys(data, "the scene", required={"objects"}, optional={"seed"})
    if not isinstance(data["objects"], list):
        raise SceneError('"objects" must be a list')
    seed = data.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise SceneError(f'"seed" must be a whole number of at least 0, not {seed!r}')
    scene = tuple(_parse_object(entry) for entry in data["objects"])
    _check_apart(scene)
    return scene, seed


def _known_keys(data: Any, what: str, required: set[str], optional: set[str]) -> None:
    if not isinstance(data, dict):
        raise SceneError(f"{what} must be an object with {', '.join(sorted(required))}")
    if missing := required - data.keys():
        raise SceneError(f"{what} lacks {', '.join(sorted(missing))}")
    if unknown := data.keys() - required - optional:
        valid = ", ".join(sorted(required | optional))
        raise SceneError(f"{what} has the unknown key {min(unknown)!r}; valid are {valid}")


def _parse_object(entry: Any) -> SceneObject:
    _known_keys(entry, "an object", required={"name", "xy"}, optional={"yaw"})
    name, xy, yaw = entry["name"], entry["xy"], entry.get("yaw", 0.0)
    _split(name)
    if not (isinstance(xy, list) and len(xy) == 2 and all(_is_number(v) for v in xy)):
        raise SceneError(f"{name}: xy must be two numbers [m], not {xy!r}")
    x, y = float(xy[0]), float(xy[1])
    if not on_table(x, y):
        raise SceneError(
            f"{name}: xy {[x, y]} is off the table (x {list(X_BOUNDS)}, y {list(Y_BOUNDS)})"
        )
    if not _is_number(yaw):
        raise SceneError(f"{name}: yaw must be a number [rad], not {yaw!r}")
    return _object(name, x, y, float(yaw))


def _object(name: str, x: float, y: float, yaw: float) -> SceneObject:
    ordinal, color, kind = _split(name)
    return SceneObject(color, kind, x, y, yaw, ordinal)


def _split(name: Any) -> tuple[str, str, str]:
    """The ordinal, the colour and the kind of a name."""
    *first, color, kind = name.split() if isinstance(name, str) and " " in name.strip() else "??"
    ordinal = "".join(f"{word} " for word in first)
    if color not in COLORS or kind not in KINDS or ordinal not in ORDINALS:
        raise SceneError(
            f"unknown object {name!r}: a name is a colour ({', '.join(COLORS)}) "
            f"and a kind ({', '.join(KINDS)}), after {', '.join(ORDINALS[1:]).replace(' ,', ',')}"
            "for the others of a colour and kind"
        )
    return ordinal, color, kind


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _check_apart(scene: Sequence[SceneObject]) -> None:
    reach = {"block": BLOCK * 0.75, "bowl": BOWL_RADIUS}
    for a, b in combinations(scene, 2):
        if a.name == b.name:
            raise SceneError(f"two objects are named {a.name!r}; names must differ")
        if hypot(a.x - b.x, a.y - b.y) < reach[a.kind] + reach[b.kind]:
            raise SceneError(f"{a.name} and {b.name} overlap")
