"""What policies that are told in words learn from: lessons at the table, as training windows.

Each window is shown in another way every time: said in other words, with the hand a little aside
and the way back to where it went, with things not quite where they were seen. Demonstrations at
different speeds are brought to full speed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from robot import table_frame
from robot.mentions import colorless
from robot.table_frame import ACTION, PERIOD
from skills.beso.config import Layout, NetworkConfig
from skills.beso.encoding import FLOOR, SCALE, Encoding, Numbers
from skills.beso.episodes import DataError, Floats, Indices
from skills.beso.table import holding, show
from skills.beso.windows import Batch, Device, Draws, GoalKind

FITTED = 20_000  # steps from which scales are taken
AT_END = 0.1  # share of windows at the end of what was told, from where the hand stays
ASIDE = 0.5  # share of windows with the hand aside
OFF = np.array([0.006, 0.006, 0.006, 0.04, 0.0, 0.002])  # [m, rad] by about so much
RARE = 0.6  # how much what is rare is preferred: 0 not at all, 1 until all is as frequent
GRIPS = 2.0  # how much more often the fingers are shown just before they move
SOON, MOVES = 4, 0.003  # frames before, and [m] that they move
BACK = 5  # actions that lead back
BLURRED = 0.0015  # [m] about, by which things are not where they are seen
DULL = 0.15  # share of a sentence's numbers that are not heard
_BLOCKS = slice(table_frame.BLOCK_ROWS, table_frame.BOWL_ROWS)
_BOWLS = range(table_frame.BOWL_ROWS, table_frame.TRAY_ROW, table_frame.BOWL)
LEAST = np.array([0.01, 0.01, 0.01, 0.05, 0.05, 0.003])  # [m, rad] of actions, told as one scale


@dataclass(frozen=True, eq=False)
class Lesson:
    """What was done when something was told, once. The last frame is of when it was over."""

    frames: Floats  # (n, FRAME)
    path: Floats  # (n, ACTION) the hand's reference, its heading unrolled
    before: Floats  # (ACTION,) the hand's reference when the thing before was told
    pace: float  # of full speed
    mentions: NDArray[np.bool_]  # (things,) by the words
    wordings: tuple[str, ...]  # all in which it could have been told
    group: int  # of the demonstration that it is from


@dataclass(frozen=True, eq=False)
class Lessons:
    """A `skills.beso.windows.Data`."""

    lessons: Sequence[Lesson]
    layout: Layout
    goal: GoalKind = "language"
    fps: float = 1 / PERIOD
    numbers: int = ACTION

    @property
    def hash(self) -> str:
        """SHA-256 of what is learned from."""
        digest = hashlib.sha256()
        for lesson in self.lessons:
            for array in (lesson.frames, lesson.path, lesson.before, lesson.mentions):
                digest.update(np.ascontiguousarray(array).tobytes())
            digest.update(repr((lesson.pace, lesson.wordings, lesson.group)).encode())
        return digest.hexdigest()

    def fit(self, horizon: int) -> Encoding:
        """States to mean 0 and deviation 1, each thing alike; actions to deviation SCALE."""
        told = Told(self.lessons)
        at = np.arange(0, len(told.frames), max(1, len(told.frames) // FITTED))
        states = told.states(at, told.frames[at]).astype(np.float64)
        mean, deviation = states.mean(0), states.std(0)
        assert self.layout.rows is not None
        first, count, numbers = self.layout.rows
        things = states[:, first:].reshape(-1, numbers)
        mean[first:], deviation[first:] = (
            np.tile(things.mean(0), count),
            np.tile(things.std(0), count),
        )
        actions = told.chunks(at, horizon)
        size = self.layout.sentence
        return Encoding(
            self.layout,
            *(
                np.asarray(array, np.float32)
                for array in (
                    mean,
                    np.maximum(deviation, FLOOR),
                    np.zeros(size),
                    np.full(size, size**-0.5),
                    actions.mean(0),
                    np.maximum(actions.std(0), LEAST) / SCALE,
                )
            ),
        )

    def windows(
        self,
        encoding: Encoding,
        shape: NetworkConfig,
        held_out: float,
        seed: int,
        device: torch.device,
    ) -> tuple[Draws, Draws]:
        """To train on; and of other demonstrations, shown as they were."""
        groups = np.unique([lesson.group for lesson in self.lessons])
        kept = np.random.default_rng(seed).permutation(groups)[
            : max(1, round(held_out * len(groups)))
        ]
        apart = [lesson for lesson in self.lessons if lesson.group in kept]
        learned = [lesson for lesson in self.lessons if lesson.group not in kept]
        if not learned:
            raise DataError(f"{len(groups)} demonstrations cannot be split; more are needed")
        return (
            Spoken(Told(learned), encoding, device, plain=False),
            Spoken(Told(apart), encoding, device, plain=True),
        )


class Told:
    """Lessons one after the other, as arrays of N frames."""

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        lengths = np.array([len(lesson.frames) for lesson in lessons])
        self.frames = np.concatenate([lesson.frames for lesson in lessons])
        self.path = np.concatenate([lesson.path for lesson in lessons])
        self.lesson = np.repeat(np.arange(len(lessons)), lengths)  # of each frame
        self.starts = np.cumsum(lengths) - lengths
        self.ends = self.starts + lengths - 1
        self._before = np.array([lesson.before for lesson in lessons])
        self._pace = np.array([lesson.pace for lesson in lessons])
        self._mentions = np.array([lesson.mentions for lesson in lessons])
        said = dict.fromkeys(text for lesson in lessons for text in lesson.wordings)
        number = {text: i for i, text in enumerate(said)}
        self._embedded = np.array([colorless(text) for text in said])
        steps: dict[tuple[str, ...], int] = {}  # by what is told
        for lesson, length in zip(lessons, lengths.tolist(), strict=True):
            steps[lesson.wordings] = steps.get(lesson.wordings, 0) + length
        share = np.array([steps[lesson.wordings] ** -RARE for lesson in lessons])
        soon = np.minimum(np.arange(len(self.path)) + SOON, self.ends[self.lesson])
        grips = np.abs(self.path[soon, -1] - self.path[:, -1]) > MOVES
        self._upto = np.cumsum(share[self.lesson] * np.where(grips, GRIPS, 1.0))
        self._words = [np.array([number[w] for w in lesson.wordings]) for lesson in lessons]

    def drawn(self, count: int, rng: np.random.Generator) -> Indices:
        """(count,) random steps."""
        at = np.searchsorted(self._upto, rng.random(count) * self._upto[-1])
        over = rng.random(count) < AT_END
        at[over] = self.ends[self.lesson[at[over]]]
        return at

    def states(self, at: Indices, frames: Floats) -> Floats:
        """(B, STATE) at steps `at` (B,), of `frames` (B, FRAME) in their place."""
        lesson = self.lesson[at]
        began, before = self.path[self.starts[lesson]], self._before[lesson]
        return show(frames, began, before, self._mentions[lesson])

    def chunks(self, at: Indices, horizon: int) -> Floats:
        """(B, horizon, ACTION) where the hand goes at full speed, from where it is."""
        ahead = np.arange(1, horizon + 1) / self._pace[self.lesson[at], None]
        where = np.minimum(at[:, None] + ahead, self.ends[self.lesson[at], None])
        step = np.minimum(where.astype(np.int64), self.ends[self.lesson[at], None])
        after = np.minimum(step + 1, self.ends[self.lesson[at], None])
        part = (where - step)[..., None]
        way = self.path[step] * (1 - part) + self.path[after] * part
        return (way - self.path[at, None]).astype(np.float32)

    def words(self, at: Indices, rng: np.random.Generator) -> Floats:
        """(B, sentence) what was told, in any wording."""
        ways = [self._words[lesson] for lesson in self.lesson[at].tolist()]
        chosen = [way[int(c * len(way))] for way, c in zip(ways, rng.random(len(at)), strict=True)]
        return self._embedded[chosen]


class Spoken:
    """Windows of lessons, drawn at random; `skills.beso.windows.Draws`."""

    def __init__(self, told: Told, encoding: Encoding, device: Device, plain: bool) -> None:
        """`plain`: shown as they were, but for the words."""
        self._told, self._encoding, self._device, self._plain = told, encoding, device, plain

    def draw(self, count: int, random: torch.Generator, drop_goal: float = 0.0) -> Batch:
        """`count` windows, drawn with a generator on the CPU."""
        told, encoding = self._told, self._encoding
        rng = np.random.default_rng(int(torch.randint(2**62, (), generator=random)))
        at = told.drawn(count, rng)
        frames, horizon = told.frames[at], len(encoding.action_mean)
        chunks, words = told.chunks(at, horizon), told.words(at, rng)
        if not self._plain:
            _blur(frames, rng)
            _aside(frames, chunks, rng)
            words = words * (rng.random(words.shape) > DULL) / (1 - DULL)
        arrays = (
            encoding.encoded(chunks, np.zeros(ACTION)),
            np.ones((count, horizon, 1)),
            encoding.states(told.states(at, frames))[:, None],
            encoding.goals(words)[:, None],
            rng.random(count) >= drop_goal,
        )
        return Batch(
            *(torch.as_tensor(a, dtype=torch.float32, device=self._device) for a in arrays)
        )


def _aside(frames: Floats, chunks: Floats, rng: np.random.Generator) -> None:
    """Some hands are moved, with what they hold; their chunks lead back to where they went."""
    n = len(frames)
    by = rng.normal(size=(n, ACTION)) * OFF * rng.exponential(size=(n, 1))
    by *= rng.random((n, 1)) < ASIDE
    by[:, 5] = np.maximum(by[:, 5], -frames[:, 5])  # fingers close no further than they can
    blocks = frames[:, _BLOCKS].reshape(n, -1, table_frame.BLOCK)
    moved = holding(frames)[:, : blocks.shape[1], None] * by[:, None, :]
    sin, cos = blocks[..., 4].copy(), blocks[..., 5].copy()
    blocks[..., 1:4] += moved[..., :3]
    blocks[..., 4:] = _turned(sin, cos, 4 * moved[..., 3])
    frames[:, _BLOCKS] = blocks.reshape(n, -1)
    frames[:, :ACTION] += by
    frames[:, 6:9] += by[:, :3]
    frames[:, 10:12] = _turned(frames[:, 10].copy(), frames[:, 11].copy(), 2 * by[:, 3])
    left = np.maximum(0.0, 1 - np.arange(1, chunks.shape[1] + 1) / BACK)
    chunks -= by[:, None] * (1 - left)[:, None]


def _turned(sin: Numbers, cos: Numbers, by: Numbers) -> Numbers:
    """(..., 2) sine and cosine of an angle and `by` [rad] more; zeros stay."""
    return np.stack([sin * np.cos(by) + cos * np.sin(by), cos * np.cos(by) - sin * np.sin(by)], -1)


def _blur(frames: Floats, rng: np.random.Generator) -> None:
    """Things are not quite where they are seen, whoever sees them."""
    n = len(frames)
    blocks = frames[:, _BLOCKS].reshape(n, -1, table_frame.BLOCK)
    there = blocks[..., :1] > 0
    blocks[..., 1:4] += there * rng.normal(size=blocks[..., 1:4].shape) * BLURRED
    frames[:, _BLOCKS] = blocks.reshape(n, -1)
    for first in (*_BOWLS, table_frame.TRAY_ROW, table_frame.DRAWER_ROW):
        there = frames[:, first : first + 1] > 0
        frames[:, first + 1 : first + 3] += there * rng.normal(size=(n, 2)) * BLURRED
