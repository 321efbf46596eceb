"""What a policy that is told in words is shown of the table.

It is made of a frame (`robot.table_frame`), of what the words mention, and of where the hand was:
when it was told so, and when it was told the thing before. A state holds the hand's own numbers,
then a row for each thing: those that are mentioned first, then what is held, then what is near. All
places are told from the hand, finely where it is close; no row says a thing's colour.
"""

import numpy as np
from numpy.typing import NDArray

from robot.chores import OPEN, SHUT
from robot.grip import NEAR, SQUEEZE
from robot.mentions import KIND, KINDS, NAMES
from robot.sentences import SIZE
from robot.table import DRAWER_TRAVEL
from robot.table_frame import (
    ACTION,
    BLOCK,
    BLOCK_ROWS,
    BLOCKS,
    BOWL,
    BOWL_ROWS,
    BOWLS,
    DRAWER_ROW,
    TRAY_ROW,
)
from skills.beso.config import Layout, NoiseConfig

Floats = NDArray[np.float32]
Numbers = NDArray[np.floating]
THINGS = len(NAMES)
TRAY, DRAWER = THINGS - 2, THINGS - 1
SLOTS = 7  # rows
FAR, CLOSE = 0.3, (0.1, 0.025)  # [m] to which distances are told evenly, and more and more finely
OWN = ACTION + 6 + 2 * 2 * ACTION  # numbers of the hand
ROW = len(KINDS) + 3 + 3 * 3 + 1 + 4 + 3 + 2 * 4  # numbers of a thing
STATE = OWN + SLOTS * ROW
LAYOUT = Layout("ur5e", sentence=SIZE, anchor=tuple(range(ACTION)), rows=(OWN, SLOTS, ROW))
SIZES = {"history": 1, "horizon": 16, "patch": 8}  # of the network, as in NetworkConfig
NOISE = NoiseConfig(sigma_max=20.0, median=2.0, spread=1.0)
_BLOCKS = slice(0, len(BLOCKS))
_FINE = np.array([0.02, 0.02, 0.02, 0.1, 0.1, 0.005])  # [m, rad] of the hand, in which it is told
_WIDE = np.array([0.2, 0.2, 0.2, 1.0, 0.3, 0.04])


def places(frames: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """(B, THINGS, 3) [m] where things are in frames (B, FRAME), and whether they are there."""
    n = len(frames)
    blocks = frames[:, BLOCK_ROWS:BOWL_ROWS].reshape(n, len(BLOCKS), BLOCK)
    bowls = frames[:, BOWL_ROWS:TRAY_ROW].reshape(n, len(BOWLS), BOWL)
    place = np.zeros((n, THINGS, 3), frames.dtype)
    there = np.zeros((n, THINGS), np.bool_)
    place[:, _BLOCKS], there[:, _BLOCKS] = blocks[..., 1:4], blocks[..., 0] > 0
    place[:, len(BLOCKS) : TRAY, :2], there[:, len(BLOCKS) : TRAY] = bowls[..., 1:], bowls[..., 0]
    for thing, first in ((TRAY, TRAY_ROW), (DRAWER, DRAWER_ROW)):
        place[:, thing, :2], there[:, thing] = frames[:, first + 1 : first + 3], frames[:, first]
    return place, there


def holding(frames: Numbers) -> NDArray[np.bool_]:
    """(B, THINGS) which block is between the fingers, as `robot.grip` judges it."""
    place, there = places(frames)
    away = np.linalg.norm(place - frames[:, None, 6:9], axis=2)
    away[~there | (KIND != 0)] = np.inf
    pressed = frames[:, 9] - frames[:, 5] > SQUEEZE / 3
    nearest = np.arange(THINGS) == away.argmin(1)[:, None]
    return nearest & (pressed & (away.min(1) < NEAR))[:, None]


def show(frames: Numbers, began: Numbers, before: Numbers, mentions: NDArray[np.bool_]) -> Floats:
    """(B, STATE) from frames (B, FRAME), the hand's reference (B, ACTION) when it was told what it
    is doing, and what it did before, and which things (B, THINGS) the words mention."""
    n, sent = len(frames), frames[:, :ACTION]
    place, there = places(frames)
    held = holding(frames)
    own = [sent, (frames[:, 6:9] - sent[:, :3]) * 50, (frames[:, 9:10] - sent[:, 5:6]) * 100]
    tops = np.where(there & ~held, place[..., 2], 0.0).max(1, keepdims=True)
    own += [tops * 10, held.any(1, keepdims=True)]
    for then in (began, before):
        away = then - sent
        away[:, 3] = (away[:, 3] + np.pi) % (2 * np.pi) - np.pi
        own += [away / _WIDE, np.tanh(away / _FINE)]

    sin2, cos2 = frames[:, 10:11], frames[:, 11:12]  # of twice the fingers' heading
    away = place - sent[:, None, :3]
    turn = np.zeros((n, THINGS, 4), frames.dtype)
    blocks = frames[:, BLOCK_ROWS:BOWL_ROWS].reshape(n, len(BLOCKS), BLOCK)
    turn[:, _BLOCKS, :2] = _less(blocks[..., 4], blocks[..., 5], *_twice(sin2, cos2))
    local = np.zeros((n, THINGS, 4), frames.dtype)
    for thing, first in ((TRAY, TRAY_ROW), (DRAWER, DRAWER_ROW)):
        s, c = frames[:, first + 3, None], frames[:, first + 4, None]
        turn[:, thing, :2] = _less(*_twice(s, c), sin2, cos2)[:, 0]
        turn[:, thing, 2:] = np.concatenate([s, c], 1)
        # Of furniture: the hand in its frame. Of blocks: where they are in it, and from the hand.
        local[:, thing, :2] = _within(-away[:, thing : thing + 1], s, c)[:, 0]
        known = there[:, thing, None, None] & there[:, _BLOCKS, None]
        inside = _within(place[:, _BLOCKS] - place[:, thing : thing + 1], s, c)
        aside = _within(away[:, _BLOCKS], s, c)
        local[:, _BLOCKS] += known * np.concatenate([inside, aside], 2)
    opening = np.zeros((n, THINGS, 3), frames.dtype)
    by = frames[:, DRAWER_ROW + 5]
    opening[:, DRAWER] = np.stack([by / DRAWER_TRAVEL, by > OPEN, by < SHUT], 1)
    kinds = np.broadcast_to(np.eye(len(KINDS))[KIND], (n, THINGS, len(KINDS)))
    flags = np.stack([there, mentions, held], 2)
    near = [away / FAR, *(np.tanh(away / reach) for reach in CLOSE), place[..., 2:] * 10]
    parts = [kinds, flags, *near, turn, opening, local / FAR, np.tanh(local / CLOSE[1])]
    rows = np.concatenate(parts, 2)

    first = 20.0 * (mentions & (KIND == 0)) + 15.0 * mentions + 10.0 * held
    order = np.where(there, np.linalg.norm(away[..., :2], axis=2) - first, np.inf)
    chosen = np.argsort(order, 1, kind="stable")[:, :SLOTS]
    rows = np.take_along_axis(rows, chosen[..., None], 1)
    rows *= np.take_along_axis(there, chosen, 1)[..., None]
    return np.concatenate([*own, rows.reshape(n, -1)], 1).astype(np.float32)


def _twice(sin: Numbers, cos: Numbers) -> tuple[Numbers, Numbers]:
    """Sine and cosine of twice an angle."""
    return 2 * sin * cos, cos**2 - sin**2


def _less(sin: Numbers, cos: Numbers, sin_by: Numbers, cos_by: Numbers) -> Numbers:
    """(..., 2) sine and cosine of an angle less another."""
    return np.stack([sin * cos_by - cos * sin_by, cos * cos_by + sin * sin_by], -1)


def _within(points: Numbers, sin: Numbers, cos: Numbers) -> Numbers:
    """(B, k, 2) of points (B, k, 3) in frames turned by angles, given (B, 1) sines and cosines."""
    x, y = points[..., 0], points[..., 1]
    return np.stack([cos * x + sin * y, cos * y - sin * x], -1)
