"""Narrated demonstrations as lessons for a policy that is told in words."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from robot.cli.errors import WrongUse
from robot.table_frame import ACTION, FRAME, PERIOD

if TYPE_CHECKING:
    from planners.coaching.behavior import Behavior
    from skills.beso.segments import Segment
    from skills.beso.spoken import Lesson, Lessons

Floats = NDArray[np.float32]
STILL = 0.0007  # [m or rad] by which nothing moves in a step that is left out
GOES = 0.15 * 0.98  # [m/s] of a finger at full speed
PUSHES = 0.08  # [m/s] of a push at full speed
WITHIN = (0.5, 1.5)  # of a small motion's amount, which it has to come to


def lessons(folders: Sequence[Path]) -> "Lessons":
    """All that these folders teach, without what shows a mistake or did not come to its end."""
    from skills.beso.episodes import DataError
    from skills.beso.lerobot import narration, read
    from skills.beso.spoken import Lessons
    from skills.beso.table import LAYOUT

    found: list[Lesson] = []
    group = 0
    for folder in folders:
        try:
            episodes = read(folder)
            segments = narration(folder, episodes)
        except DataError as error:
            raise WrongUse(str(error)) from error
        if episodes.observations.shape[1] != FRAME or not segments:
            raise WrongUse(f"{folder}: not narrated (`courtside data record --task practice`)")
        for start, end in zip(episodes.starts.tolist(), episodes.ends.tolist(), strict=True):
            inside = [segment for segment in segments if start <= segment.start < end]
            frames, actions = episodes.observations[start:end], episodes.actions[start:end]
            found += _of_one(start, inside, frames, actions, group)
            group += 1
    if not found:
        raise WrongUse("nothing is left to learn from")
    return Lessons(found, LAYOUT)


def _of_one(
    first: int, segments: "Sequence[Segment]", frames: Floats, actions: Floats, group: int
) -> "Iterator[Lesson]":
    """The lessons of one demonstration, whose first step is number `first`."""
    from planners.selector.features import held_in
    from robot.features import Hand
    from robot.mentions import mentioned
    from robot.specs import UR5E
    from skills.beso.spoken import Lesson

    pace, before = pace_of(frames), Hand(UR5E).of(UR5E.home).astype(np.float32)
    for segment, after in zip(segments, [*segments[1:], None], strict=True):
        start, end = segment.start - first, segment.end - first
        seen = frames[start : end + 1]
        began = frames[start, :ACTION]
        asked = known().get(segment.command)
        mistaken = after is not None and after.kind == "correction"
        if asked is not None and not mistaken and _came_to(asked, seen, before, held_in(seen[0])):
            path = np.concatenate([seen[:1, :ACTION], actions[start:end]])[: len(seen)]
            path[:, 3] = np.unwrap(path[:, 3])
            busy = _busy(seen)
            told = (mentioned(segment.command), _ways(asked), group)
            yield Lesson(seen[busy], path[busy], before, pace, *told)
        before = began


def _busy(frames: Floats) -> NDArray[np.bool_]:
    """(n,) which steps are not just waiting; the first and the last are kept."""
    moved = np.abs(np.diff(frames[:, :10], axis=0))
    moved[:, [5, 9]] *= 10  # of fingers, less is much
    still = np.concatenate([(moved < STILL).all(1), [False]])
    still[0] = False
    return ~still


def pace_of(frames: Floats) -> float:
    """At which share of full speed a demonstration is, by its fastest grip or its usual push."""
    moved = np.abs(np.diff(frames[:, :ACTION], axis=0)) / PERIOD
    fingers = float(moved[(moved[:, :3] < 0.005).all(1), 5].max(initial=0.0)) / GOES
    speed = np.hypot(moved[:, 0], moved[:, 1])
    low = (frames[1:, 2] < 0.016) & (frames[:-1, 2] < 0.016) & (frames[1:, 5] < 1e-3)
    pushes = speed[low & (speed > 0.25 * PUSHES)]
    pushed = float(np.median(pushes)) / PUSHES if len(pushes) > 10 else 0.0
    return min(1.0, max(fingers, pushed)) if max(fingers, pushed) > 0.4 else 1.0


def _came_to(asked: "Behavior", seen: Floats, before: Floats, held: str | None) -> bool:
    """Whether what was asked for has been done, in frames of the truth."""
    from planners.coaching.behavior import AMOUNTS, TILT, TURN, WAYS
    from planners.selector.samples import fulfilled, key_of

    by = seen[-1, :ACTION] - seen[0, :ACTION]
    match asked.name:
        case "move":
            along = float(by[:3] @ np.array(WAYS[asked.thing])) / AMOUNTS[asked.amount]
            return WITHIN[0] < along < WITHIN[1]
        case "turn":
            return bool(abs(abs(by[3]) - TURN) < TURN / 4)
        case "tilt":
            return bool(seen[-1, 4] > 0.75 * TILT)
        case "back":
            return bool(np.abs(seen[-1, :3] - before[:3]).max() < 0.01)
        case "gripper":
            return bool(seen[-1, 5] > 0.04) if asked.thing == "open" else bool(seen[-1, 5] < 0.005)
    return fulfilled(key_of(asked), seen[0], seen[-1]) is not False


@cache
def known() -> "dict[str, Behavior]":
    """What every sentence that teachers say asks for."""
    from planners.coaching.understand import sentences
    from planners.coaching.wordings import CORRECTING, everything

    found: dict[str, Behavior] = {}
    for asked in everything():
        for text in sentences(asked):
            for form in CORRECTING:
                found.setdefault(form.format(text), asked)
    return found


@cache
def _ways(asked: "Behavior") -> tuple[str, ...]:
    """All that teachers say for it, once for each way to correct; without the colours, which are
    the same in all that are told of a thing."""
    from planners.coaching.understand import sentences
    from planners.coaching.wordings import CORRECTING

    forms = dict.fromkeys(CORRECTING)
    return tuple(form.format(text) for text in sentences(asked) for form in forms)
