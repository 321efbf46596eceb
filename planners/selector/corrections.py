"""Corrections that people gave, kept with what was seen before and after, to learn from."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from planners.selector.features import Past, lagged, see
from planners.selector.samples import Key, Sample, about
from robot.table_frame import FRAME, PERIOD
from robot.types import Vector

BEFORE, AFTER = 2.0, 4.0  # [s] that are kept around a correction
BACK = max(1, round(1.0 / PERIOD))  # frames before it from which it should have been said
STEERING = ("pick", "put", "drop", "drawer", "sweep")  # behaviours that tell what comes next


class CorrectionError(ValueError):
    """A file of a correction that cannot be used, and why."""


@dataclass(frozen=True)
class Told:
    """A command of the past: from when on, counted from the correction."""

    command: str
    since: float  # [s] negative


@dataclass(frozen=True, eq=False)
class Kept:
    """One correction. Frames are `PERIOD` apart."""

    time: float  # [s] of the run
    sentence: str
    key: Key  # what it was understood to be for
    margin: float  # by how much that stood out
    instruction: str  # the chore's
    past: tuple[Told, ...]  # newest first; the first was under way, unless it was idle
    idle: bool  # nothing was under way
    frames: tuple[Vector, ...]  # (FRAME,) each
    now: int  # index of the frame at which it was said
    outcome: str = "running"  # done, failed: why, corrected, cut short
    effect: dict[str, float] = field(default_factory=dict)  # [m] by which things and hand moved

    def after(self, frames: Sequence[Vector]) -> "Kept":
        """With what followed."""
        kept = (*self.frames, *frames)
        before, there = self.frames[self.now], kept[-1]
        moved = float(np.linalg.norm(there[6:9] - before[6:9]))
        return replace(self, frames=kept, effect={"hand": round(moved, 4)})

    def samples(self, group: int) -> Iterator[Sample]:
        """What is learned of it: to have said so a little earlier, and before the mistake."""
        if self.outcome == "corrected":
            return  # a mistake of whoever corrected

        def at(index: int, count: int, ended: bool) -> Sample:
            past = [
                Past(
                    told.command,
                    about(told.command),
                    max(0.0, (index - self.now) * PERIOD - told.since),
                )
                for told in self.past[count:]
            ]
            seen = see(lagged(self.frames, index), self.instruction, past, ended)
            return Sample(seen, self.sentence, group)

        first = max(0, self.now - BACK)
        if self.past and not self.idle:
            began = max(0, self.now + round(self.past[0].since / PERIOD))
            first = max(first, began)
            if self.key[0] in STEERING:
                yield at(began, 1, True)
        for index in range(first, self.now + 1, 3):
            yield at(index, 0, self.idle)

    def write(self, folder: Path) -> Path:
        """A new file in the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        facts = asdict(replace(self, frames=()))
        numbers = iter(range(10**6))
        path = next(p for n in numbers if not (p := folder / f"correction-{n:05}.npz").exists())
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez_compressed(
                file, frames=np.array(self.frames, np.float32), about=np.array(json.dumps(facts))
            )
        part.replace(path)
        return path


class Keeper:
    """Hands on every correction once what followed is known: AFTER, and how it ended."""

    def __init__(self, keep: Callable[[Kept], None]) -> None:
        self._keep = keep
        self._waiting: list[tuple[Kept, list[Vector]]] = []  # and the frames since

    def begin(self, kept: Kept) -> None:
        self._waiting.append((kept, []))

    def end(self, outcome: str) -> None:
        """How the newest one ended."""
        if self._waiting:
            kept, frames = self._waiting[-1]
            self._waiting[-1] = replace(kept, outcome=outcome), frames

    def see(self, frame: Vector) -> None:
        for kept, frames in [*self._waiting]:
            frames.append(frame)
            if len(frames) >= AFTER / PERIOD and kept.outcome != "running":
                self._waiting = [other for other in self._waiting if other[0] is not kept]
                self._keep(kept.after(frames))

    def close(self) -> None:
        """Those that are not yet over, too."""
        for kept, frames in self._waiting:
            self._keep(kept.after(frames))
        self._waiting = []


def read(folder: Path) -> list[Kept]:
    """All corrections of a folder, in the order in which they were kept."""
    paths = sorted(folder.glob("correction-*.npz"))
    if not paths:
        raise CorrectionError(f"{folder}: there are no corrections (correction-*.npz) in it")
    return [_read(path) for path in paths]


def _read(path: Path) -> Kept:
    try:
        with np.load(path) as file:
            frames = file["frames"].astype(np.float64)
            facts = json.loads(str(file["about"]))
        facts["past"] = tuple(Told(**told) for told in facts["past"])
        facts["key"] = tuple(facts["key"])
        kept = Kept(**{**facts, "frames": tuple(frames)})
    except Exception as error:  # zipfile, zlib, JSON: whatever a broken file brings up
        raise CorrectionError(f"{path}: not a kept correction ({error})") from error
    if frames.ndim != 2 or frames.shape[1] != FRAME or not 0 <= kept.now < len(frames):
        raise CorrectionError(f"{path}: frames are {frames.shape}; (n, {FRAME}) are expected")
    return kept
