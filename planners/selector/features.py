"""What the selector is shown: a row for every thing, one for the hand, one for each past command.

It is all made of words and of frames (`robot.table_frame`), so that demonstrations, cameras and the
truth show it alike. Rows say what a thing is, where, in what and on what, and whether the words
mention it; no row says its colour. The network points at things, and their names are put back
afterwards: what is learned of one colour holds for all.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from robot.chores import IN_BOWL, INSIDE_HIGH, INSIDE_LOW, LEVEL, ON, OPEN, SHUT
from robot.grip import NEAR, SQUEEZE
from robot.mentions import KIND, KINDS, NAMES, colorless, in_order
from robot.sentences import SIZE
from robot.table import (
    BLOCK,
    BOWL_FLOOR,
    DRAWER_FLOOR,
    DRAWER_TRAVEL,
    SIZES,
    TRAY_INSIDE,
)
from robot.table_frame import BLOCK as BLOCK_SIZE
from robot.table_frame import (
    BLOCK_ROWS,
    BLOCKS,
    BOWL_ROWS,
    DRAWER_ROW,
    TRAY_ROW,
)
from robot.table_frame import BOWL as BOWL_SIZE
from robot.types import Vector

Floats = NDArray[np.float32]
THINGS = len(NAMES)
TRAY, DRAWER = THINGS - 2, THINGS - 1
PLACES = ("table", "bowl", "block", "drawer", "tray", "hand")  # what a block may be in or on
MENTIONS = 8  # places in an instruction at which a thing can be mentioned
PAST = 3  # commands that are remembered
LAGS = (12, 37)  # frames back to which things' places are compared: 1 and 3 seconds
FAR = 0.3  # [m] that positions are divided by
ORDER = 3  # mentions before or after that of what is held, that are told apart
# Numbers in a thing's row: kind, mentions, height, level and upright distance from the hand, where
# it is, mentions of that, whether that is what is mentioned next or before, mentioned how far from
# what is held, on top of it, in it, drawer, moved level and up, past.
THING = (
    len(KINDS) + 2 * MENTIONS + 3 + len(PLACES) + 2 + 2 * ORDER + 1 + 2 + 3 + 2 * len(LAGS) + PAST
)
SELF, FULL = 8, 5  # numbers in the hand's row, and which of them says that something is held
ROWS = THINGS + 1 + PAST


@dataclass(frozen=True)
class Past:
    """A command that was given."""

    command: str
    thing: str  # that it is about; or nothing
    age: float  # [s]


@dataclass(frozen=True, eq=False)
class Seen:
    """One input of the network."""

    things: Floats  # (THINGS, THING)
    present: NDArray[np.bool_]  # (THINGS,)
    itself: Floats  # (SELF,)
    asked: Floats  # (SIZE,) the instruction, without colours
    past: Floats  # (PAST, SIZE) commands, newest first, without colours
    ages: Floats  # (PAST,)


def lagged(frames: Sequence[Vector], now: int) -> tuple[Vector, ...]:
    """A frame and those of LAGS before it, or the first ones there are."""
    return tuple(frames[max(0, now - lag)] for lag in (0, *LAGS))


def see(frames: Sequence[Vector], instruction: str, past: Sequence[Past], ended: bool) -> Seen:
    """What is known now: `frames` as by `lagged`, and what was asked for, newest first.

    `ended`: whether what was asked for last has come to its end.
    """
    frame = np.asarray(frames[0], np.float64)
    place, present = places(frame)
    hand = frame[6:9]
    held = _held(frame, place, present)
    where, what = _resting(frame, place, present, held)
    mentions, after, before = mentioned(instruction)
    rows = np.zeros((THINGS, THING), np.float32)
    column = 0

    def put(values: NDArray, at: slice | NDArray = slice(None)) -> None:
        nonlocal column
        width = values.shape[-1]
        rows[at, column : column + width] = values
        column += width

    put(np.eye(len(KINDS))[KIND])
    put(mentions)
    away = place - hand
    put(np.column_stack((place[:, 2], np.hypot(away[:, 0], away[:, 1]), away[:, 2])) / FAR)
    put(np.eye(len(PLACES))[where] * (KIND == 0)[:, None])
    known = what >= 0
    put(np.where(known[:, None], mentions[what], 0.0))
    put(np.column_stack((known & (what == after), known & (what == before))).astype(np.float32))
    put(_order(mentions, held))
    top, inside = np.zeros(THINGS), np.zeros(THINGS)
    for index in np.flatnonzero(known):
        (top if KIND[what[index]] == 0 else inside)[what[index]] += 1
    put(np.column_stack((top, inside / 3)))
    drawer = np.zeros((THINGS, 3))
    opening = frame[DRAWER_ROW + 5]
    drawer[DRAWER] = opening / DRAWER_TRAVEL, opening > OPEN, opening < SHUT
    put(drawer)
    for other in frames[1:]:
        there, known_then = places(np.asarray(other, np.float64))
        by = np.where((present & known_then)[:, None], (place - there) / FAR, 0.0)
        put(np.column_stack((np.hypot(by[:, 0], by[:, 1]), by[:, 2])))
    about = [past[i].thing if i < len(past) else "" for i in range(PAST)]
    put(np.array([[name == thing for thing in about] for name in NAMES], np.float32))
    assert column == THING
    rows[~present] = 0.0
    itself = np.array([
        hand[2] / FAR, frame[9] * 20, frame[5] * 20, (frame[9] - frame[5]) * 100, frame[4],
        held >= 0, ended, 1.0,
    ], np.float32)  # fmt: skip
    said = np.zeros((PAST, SIZE), np.float32)
    ages = np.zeros(PAST, np.float32)
    for index, each in enumerate(past[:PAST]):
        said[index], ages[index] = colorless(each.command), min(each.age, 20.0) / 10
    return Seen(rows, present, itself, colorless(instruction), said, ages)


@lru_cache(maxsize=256)
def mentioned(instruction: str) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """(THINGS, MENTIONS) where a sentence mentions each thing; and (THINGS,) which thing it
    mentions next after each one, and which before it: -2 for none."""
    spoken = in_order(instruction)[:MENTIONS]
    found = np.zeros((THINGS, MENTIONS), np.float32)
    after, before = np.full(THINGS, -2), np.full(THINGS, -2)
    for at, index in enumerate(spoken):
        found[index, at] = 1.0
    for first, second in pairwise(spoken):
        if after[first] == -2:
            after[first] = second
        if before[second] == -2:
            before[second] = first
    return found, after, before


def resting_on(frame: Vector, block: str) -> str | None:
    """What a block is in or on, in a frame; None: the table, or the hand."""
    frame = np.asarray(frame, np.float64)
    place, present = places(frame)
    _, what = _resting(frame, place, present, _held(frame, place, present))
    index = int(what[NAMES.index(block)])
    return NAMES[index] if index >= 0 else None


def lying(frame: Vector, things: Collection[str]) -> dict[str, str]:
    """Which of these blocks are in or on something, and on what."""
    blocks = [name for name in things if name in NAMES and name.endswith("block")]
    found = {block: resting_on(frame, block) for block in blocks}
    return {block: where for block, where in found.items() if where is not None}


def held_in(frame: Vector) -> str | None:
    """The block between the fingers, in a frame."""
    place, present = places(np.asarray(frame, np.float64))
    index = _held(frame, place, present)
    return NAMES[index] if index >= 0 else None


def _order(mentions: Floats, held: int) -> Floats:
    """(THINGS, 2 ORDER + 1) how much later than what is held each thing is mentioned first."""
    found = np.zeros((THINGS, 2 * ORDER + 1), np.float32)
    if held >= 0 and mentions[held].any():
        for index in np.flatnonzero(mentions.any(axis=1)):
            by = int(mentions[index].argmax()) - int(mentions[held].argmax())
            if abs(by) <= ORDER:
                found[index, by + ORDER] = 1.0
    return found


def places(frame: Vector) -> tuple[Vector, NDArray[np.bool_]]:
    """(THINGS, 3) [m] where each thing is; and whether it is there."""
    blocks = frame[BLOCK_ROWS:BOWL_ROWS].reshape(-1, BLOCK_SIZE)
    bowls = frame[BOWL_ROWS:TRAY_ROW].reshape(-1, BOWL_SIZE)
    place = np.zeros((THINGS, 3))
    place[: len(BLOCKS)] = blocks[:, 1:4]
    place[len(BLOCKS) : TRAY, :2] = bowls[:, 1:3]
    place[TRAY, :2] = frame[TRAY_ROW + 1 : TRAY_ROW + 3]
    place[DRAWER, :2] = frame[DRAWER_ROW + 1 : DRAWER_ROW + 3]
    there = [*blocks[:, 0], *bowls[:, 0], frame[TRAY_ROW], frame[DRAWER_ROW]]
    return place, np.array(there) > 0.5


def _held(frame: Vector, place: Vector, present: NDArray[np.bool_]) -> int:
    """The row of the block between the fingers; -1: none."""
    if frame[9] - frame[5] < SQUEEZE / 3:
        return -1
    away = np.linalg.norm(place - frame[6:9], axis=1)
    away[~present | (KIND != 0)] = np.inf
    index = int(np.argmin(away))
    return index if away[index] < NEAR else -1


def _resting(
    frame: Vector, place: Vector, present: NDArray[np.bool_], held: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(THINGS,) in or on which of PLACES each block is, and the row of that thing; -1: none."""
    where, what = np.zeros(THINGS, np.int64), np.full(THINGS, -1)
    blocks = np.flatnonzero(present & (KIND == 0))
    drawn = {
        TRAY: _inside(place[blocks], frame[TRAY_ROW + 1 : TRAY_ROW + 5], _TRAY_LOW, _TRAY_HIGH),
        DRAWER: _inside(
            place[blocks], frame[DRAWER_ROW + 1 : DRAWER_ROW + 5], INSIDE_LOW, INSIDE_HIGH
        ),
    }
    for number, index in enumerate(blocks):
        if index == held:
            where[index] = PLACES.index("hand")
            continue
        level = np.hypot(*(place[:, :2] - place[index, :2]).T)
        rise = place[index, 2] - place[:, 2]
        for other in np.flatnonzero(present & (np.arange(THINGS) != index)):
            kind = KINDS[KIND[other]]
            if kind == "block":
                on = level[other] < ON and abs(rise[other] - BLOCK) < LEVEL and other != held
            elif kind == "bowl":
                on = level[other] < IN_BOWL and place[index, 2] < BOWL_FLOOR + 1.7 * BLOCK
            elif kind == "tray":
                on = drawn[TRAY][number] and abs(place[index, 2] - BLOCK / 2) < LEVEL
            else:
                low = DRAWER_FLOOR + BLOCK / 2
                on = drawn[DRAWER][number] and abs(place[index, 2] - low) < LEVEL
            if on:
                where[index], what[index] = PLACES.index(kind), other
                break
    return where, what


_TRAY_LOW = np.array([-TRAY_INSIDE[0] / 2, -SIZES["tray"][1] / 2])
_TRAY_HIGH = np.array([TRAY_INSIDE[0] / 2, TRAY_INSIDE[1] - SIZES["tray"][1] / 2])
_ROOM = BLOCK / 2 - 0.002  # [m] from a block's middle to a wall, at least, when it is inside


def _inside(points: Vector, pose: Vector, low: Vector, high: Vector) -> NDArray[np.bool_]:
    """(k,) which points (k, 3) are within a thing at `pose`: x, y, sine and cosine of its yaw."""
    x, y, s, c = pose
    local = (points[:, :2] - (x, y)) @ np.array([[c, -s], [s, c]])
    return np.asarray(((local > low + _ROOM) & (local < high - _ROOM)).all(axis=1), np.bool_)
