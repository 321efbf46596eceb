"""Chores set up: what is to be done, with what, where, and under which conditions."""

from dataclasses import dataclass
from math import cos, hypot, pi, sin

import numpy as np

from robot.chores import CLOSED, Chore, ChoreName
from robot.table import DRAWER_TRAVEL, SIZES, X_BOUNDS, Y_BOUNDS
from robot.table_frame import BLOCKS, BOWLS
from sim import conditions
from sim.conditions import Conditions, Day
from sim.scene import MARGIN, Scene, SceneError, SceneObject

APART = 0.095  # [m] between the middles of two blocks, at least: fingers fit between
UNSEEN_EXTRA = 3  # of those blocks, on unseen days; at most one on others
ROOM = {"bowl": 0.155, "tray": 0.19, "cabinet": 0.19, "drawer": 0.20}  # [m] around others


@dataclass(frozen=True)
class Setting:
    """A chore and the table that it is to be done at."""

    chore: Chore
    scene: Scene
    conditions: Conditions


def draw(rng: np.random.Generator, name: ChoreName, day: Day = "varied") -> Setting:
    """A random one. On unseen days there are more blocks than ever at other times, but where all
    are to be swept."""
    for _ in range(200):
        colors: list[str] = rng.permutation(BLOCKS).tolist()
        blocks = [f"{color} block" for color in colors]
        bowls = [f"{color} bowl" for color in rng.permutation(BOWLS).tolist()]
        # Blocks that are nobody's business.
        extra = int(rng.integers(0, 2)) if day != "unseen" else UNSEEN_EXTRA
        if name == "stack":
            order = blocks[:3]
            targets = tuple(zip(order[1:], order, strict=False))
            things = (*_placed(blocks[: 3 + extra]),)
        elif name == "sort":
            where = [bowls[i] for i in rng.permutation([0, 1, int(rng.integers(0, 2))]).tolist()]
            targets = tuple(zip(blocks[:3], where, strict=True))  # two fit into a bowl
            things = (*_placed(bowls[:2]), *_placed(blocks[: 3 + extra]))
        elif name == "pack":
            targets = tuple((block, "gray drawer") for block in blocks[:3])
            things = (*_cabinet(rng), *_placed(blocks[: 3 + extra]))
        else:
            count = int(rng.integers(3, 5))
            targets = tuple((block, "gray tray") for block in blocks[:count])
            things = (_tray(rng), *_placed(blocks[:count]))
        scene = _arranged(rng, things)
        if scene is not None:
            return Setting(Chore(name, targets), scene, conditions.draw(rng, day))
    raise SceneError(f"no table was found for {name}")


def cabinet(x: float, y: float, yaw: float) -> tuple[SceneObject, SceneObject]:
    """A cabinet that stands at `x`, `y` [m], and its drawer, closed."""
    forward = CLOSED * np.array([-sin(yaw), cos(yaw)])
    drawer = SceneObject("gray", "drawer", x + float(forward[0]), y + float(forward[1]), yaw)
    return SceneObject("brown", "cabinet", x, y, yaw), drawer


def _cabinet(rng: np.random.Generator) -> tuple[SceneObject, SceneObject]:
    """Near the robot; its drawer opens away from it."""
    x, y = float(rng.uniform(-0.16, 0.16)), float(rng.uniform(-0.34, -0.30))
    return cabinet(x, y, float(rng.uniform(-0.25, 0.25)))


def _tray(rng: np.random.Generator) -> SceneObject:
    """To one side, its open side towards the middle of the table."""
    side = float(rng.choice([-1.0, 1.0]))
    x, y = side * float(rng.uniform(0.17, 0.21)), float(rng.uniform(-0.56, -0.44))
    return SceneObject("gray", "tray", x, y, float(rng.uniform(-0.2, 0.2)) - side * pi / 2)


def _placed(names: list[str]) -> list[SceneObject]:
    """Things that have no place yet."""
    return [SceneObject(*name.split(), x=np.nan, y=np.nan) for name in names]


def _arranged(rng: np.random.Generator, things: tuple[SceneObject, ...]) -> Scene | None:
    """The things, those without a place put somewhere free; None if they find none."""
    placed: list[SceneObject] = []
    for thing in things:
        if not np.isnan(thing.x):
            placed.append(thing)
            continue
        for _ in range(100):
            x = float(rng.uniform(X_BOUNDS[0] + MARGIN, X_BOUNDS[1] - MARGIN))
            y = float(rng.uniform(Y_BOUNDS[0] + MARGIN, Y_BOUNDS[1] - MARGIN))
            if all(_free(x, y, thing.kind, other) for other in placed):
                yaw = float(rng.uniform(-pi, pi))
                placed.append(SceneObject(thing.color, thing.kind, x, y, yaw))
                break
        else:
            return None
    return tuple(placed)


def _free(x: float, y: float, kind: str, other: SceneObject) -> bool:
    """Whether something of a kind may stand at `x`, `y` [m] beside another thing."""
    if other.kind == "drawer":  # where it will be, all the way
        way = np.array([sin(other.yaw), -cos(other.yaw)])
        away = np.array([x - other.x, y - other.y])
        along = float(np.clip(away @ way, 0.0, DRAWER_TRAVEL + SIZES["drawer"][1] / 2))
        return float(np.hypot(*(away - along * way))) > ROOM["drawer"]
    room = max(ROOM.get(other.kind, APART), ROOM.get(kind, APART))
    return hypot(x - other.x, y - other.y) > room
