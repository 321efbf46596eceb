"""The behaviours that a person may ask for, and the skills' goals that bring them about."""

from dataclasses import dataclass
from math import copysign, hypot, pi
from typing import Literal

import numpy as np

from planners.conduct import Leg
from robot.chores import spots, the, tray_spot, within, world
from robot.geometry import yaw_of
from robot.table import BLOCK, HIGH, LOW, TRAY_INSIDE, TRAY_WALL, X_BOUNDS, Y_BOUNDS
from robot.types import State, Vector

Name = Literal["pick", "put", "drop", "drawer", "sweep", "move", "gripper", "back", "turn", "tilt"]
# Directions are the person's, who faces the robot; see planners.correct.
WAYS = {
    "left": (-1, 0, 0),
    "right": (1, 0, 0),
    "forward": (0, 1, 0),
    "back": (0, -1, 0),
    "up": (0, 0, 1),
    "down": (0, 0, -1),
}
OPPOSITE = dict(zip(WAYS, ("right", "left", "back", "forward", "down", "up"), strict=True))
AMOUNTS = {"a bit": 0.02, "": 0.04, "a lot": 0.07}  # [m] of a small motion
TURN, TILT = 0.5, 0.3  # [rad] of "turn it", "tilt it"
FREE = 0.09  # [m] from where something is put down to what stands around
LINED_UP = 0.06  # [m] in front of the tray, from where a block is pushed straight in
DEEP = 0.62  # of the tray's depth, to where it is pushed
SHALLOW = 0.25  # of it, that is still in the tray
ROW = 0.3  # of it, from one block to the next before it


@dataclass(frozen=True)
class Behavior:
    """Something that can be asked for in a few words."""

    name: Name
    thing: str = ""  # block, place, direction, "open" or "close"; by the name
    amount: str = ""  # of a motion: in AMOUNTS


def by_rule(
    asked: Behavior, held: str | None, state: State, start: Vector, command: str
) -> tuple[Leg, ...]:
    """The goals of a behaviour for scripted skills, whatever the words were."""
    return legs(asked, held, state, start)


def as_told(
    asked: Behavior, held: str | None, state: State, start: Vector, command: str
) -> tuple[Leg, ...]:
    """The goal of a behaviour for the policy that is told in words: the words themselves, and by
    what it is seen that it has been done."""
    args: dict[str, object] = {"text": command, "start": start.tolist()}
    match asked.name:
        case "pick":
            args |= {"thing": asked.thing, "hold": asked.thing}
        case "put":
            args |= {"thing": asked.thing, "rest": [held, asked.thing]}
        case "drop":
            args["rest"] = [held, ""]
        case "sweep":
            args |= {"thing": asked.thing, "rest": [asked.thing, the(state.objects, "tray")]}
        case "drawer":
            args["open"] = asked.thing == "open"
    if asked.name in ("put", "drop") and held is None:
        raise LookupError("nothing is in the hand")
    return (Leg("as_told", args),)


def legs(asked: Behavior, held: str | None, state: State, start: Vector) -> tuple[Leg, ...]:
    """The goals of a behaviour, made of what the state says is where.

    `held`: what is in the hand; `start` (n,): the posture in which the last behaviour began.
    """
    match asked.name:
        case "pick":
            return (Leg("pick", {"object": asked.thing}),)
        case "put":
            return (Leg("place", {"object": held, **_place(asked.thing, held, state)}),)
        case "drop":  # on the table, where there is room
            return (Leg("place", {"object": held, "at": _free(held, state)}),)
        case "drawer":
            return (Leg("drawer", {"open": asked.thing == "open"}),)
        case "sweep":
            return _sweep(asked.thing, state)
        case "move":
            by = AMOUNTS[asked.amount] * np.array(WAYS[asked.thing])
            return (Leg("reach", {"by": by.tolist()}),)
        case "gripper":
            return (Leg("gripper", {"opening": 0.085 if asked.thing == "open" else 0.0}),)
        case "back":
            return (Leg("reach", {"posture": start.tolist()}),)
        case "turn":
            return (Leg("turn", {"yaw": TURN if asked.thing == "left" else -TURN}),)
        case "tilt":
            return (Leg("turn", {"tilt": TILT}),)


def needed(asked: Behavior, held: str | None, put: str | None) -> tuple[Behavior, ...]:
    """What has to be done first, with `held` in the hand, and after `put` was put somewhere."""
    if asked.name in ("pick", "drawer", "sweep") and held not in (None, asked.thing):
        return (Behavior("drop"),)
    if asked.name == "put" and held is None and put is not None:
        return (Behavior("pick", put),)
    return ()


def _place(where: str, held: str | None, state: State) -> dict[str, object]:
    """Arguments of a place goal: at what is named, and of a drawer where there is room in it."""
    if not where.endswith("drawer"):
        return {"at": where}
    drawer = state.objects[where]
    others = [
        fix.position[:2]
        for name, fix in state.objects.items()
        if name.endswith("block") and name != held
    ]
    room = [min((hypot(*(spot - o)) for o in others), default=1.0) for spot in spots(drawer)]
    first = next((i for i, away in enumerate(room) if away > BLOCK), int(np.argmax(room)))
    return {"at": spots(drawer)[first].tolist(), "yaw": yaw_of(drawer.quaternion) + pi / 2}


def _free(held: str | None, state: State) -> list[float]:
    """[x, y] [m] the nearest place on the table with nothing around it."""
    others = [(name, fix) for name, fix in state.objects.items() if name != held]
    here = state.objects[held].position[:2] if held else np.array([0.0, -0.5])
    columns, rows = np.linspace(*X_BOUNDS, 13), np.linspace(*Y_BOUNDS, 13)
    grid = np.array([(x, y) for x in columns for y in rows])
    for spot in grid[np.argsort(np.hypot(*(grid - here).T))]:
        inside = [X_BOUNDS[0] + 0.04 < spot[0] < X_BOUNDS[1] - 0.04, spot[1] < Y_BOUNDS[1] - 0.04]
        clear = (
            hypot(*(spot - fix.position[:2])) > FREE + max(fix.size[:2]) / 2 - BLOCK / 2
            for _, fix in others
        )
        if all(inside) and all(clear):
            return spot.tolist()
    return here.tolist()


def _sweep(name: str, state: State) -> tuple[Leg, ...]:
    """Straight into the tray; before that, round its walls, and to the line that leads in."""
    things = state.objects
    tray = things[the(things, "tray")]
    local = {
        other: within(tray, fix.position)
        for other, fix in things.items()
        if other.endswith("block")
    }
    x, y, _ = local.pop(name).tolist()
    half, front = TRAY_INSIDE[0] / 2, -tray.size[1] / 2

    def there(lane: float) -> list[float]:
        """How deep in the tray blocks lie in a lane, as shares."""
        inside = [place for place in local.values() if abs(place[0] - lane) < BLOCK]
        return [d for place in inside if (d := (place[1] - front) / TRAY_INSIDE[1]) > 0]

    lanes = (-half + BLOCK, 0.0, half - BLOCK)
    lane = min(lanes, key=lambda lane: (bool(there(lane)), abs(lane - x)))
    deep = min([DEEP, *(taken - ROW for taken in there(lane))])
    way = []
    if y > -front:  # behind it
        x = copysign(half + TRAY_WALL + BLOCK, x)
        way.append(world(tray, [x, y, 0.0])[:2])
    if abs(x) > half + TRAY_WALL + BLOCK / 3 and y > front - LINED_UP / 2:  # beside it
        y = front - LINED_UP
        way.append(world(tray, [x, y, 0.0])[:2])
    near = y > front - 2 * LINED_UP
    between = abs(x) < half and y > front - BLOCK / 2  # the walls
    if not between and ((near and abs(x - lane) > BLOCK / 2) or abs(x) > half - BLOCK / 2):
        # Straight across: a wall may leave no room behind the block for anything else.
        way.append(world(tray, [lane, y, 0.0])[:2])
    way.append(tray_spot(tray, lane / half, deep if deep > SHALLOW else DEEP))
    return tuple(
        Leg("push", {"object": name, "to": np.clip(point, LOW, HIGH).tolist()}) for point in way
    )
