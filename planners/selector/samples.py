"""What the selector learns from: moments of demonstrations and of corrections, and what was said.

A moment is either one at which a command has come to its end, or one in its midst; the sentence to
learn is the one that is said a little later. What led up to a correction shows a mistake, and is
not learned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from planners.coaching.behavior import Behavior
from planners.coaching.understand import sentences
from planners.coaching.wordings import CORRECTING, everything
from planners.selector.features import (
    NAMES,
    Past,
    Seen,
    held_in,
    lagged,
    mentioned,
    places,
    resting_on,
    see,
)
from robot.chores import OPEN, SHUT
from robot.table import BLOCK, FURNITURE_COLORS, HIGH, LOW
from robot.table_frame import BLOCK as BLOCK_SIZE
from robot.table_frame import (
    BLOCK_ROWS,
    BLOCKS,
    BOWL_ROWS,
    DRAWER,
    DRAWER_ROW,
    PERIOD,
)
from robot.types import Vector

DONE = "that is all"  # said where nothing is left to do
AHEAD = 5  # frames by which what is said is foreseen: .4 s
AMID = 3  # moments in the midst of a command that are learned, at most
CROWD = 3  # blocks that are nobody's business, at most
ASIDES = ("move", "back", "turn", "tilt")  # small motions; those that correct nothing lead nowhere
Key = tuple[str, str]  # what a command is for: a behaviour without its amount
END: Key = ("done", "")
# Behaviours that need something in the hand, or nothing.
NEEDS = {"put": True, "drop": True, "pick": False, "drawer": False, "sweep": False}


@dataclass(frozen=True)
class Said:
    """A command, from the frame at which it is given until the next."""

    start: int
    end: int
    command: str
    correction: bool = False  # of what was being done


@dataclass(frozen=True, eq=False)
class Narrated:
    """An episode in which somebody says what comes next."""

    frames: Sequence[Vector]  # n of (FRAME,)
    instruction: str
    said: Sequence[Said]
    group: int  # the samples' that it makes

    def seen(self, now: int, past: Sequence[Past], ended: bool) -> Seen:
        """What is known at frame `now`."""
        return see(lagged(self.frames, now), self.instruction, past, ended)

    def past(self, count: int, now: int) -> list[Past]:
        """The first `count` commands as they are remembered at frame `now`, newest first."""
        return [
            Past(each.command, about(each.command), (now - each.start) * PERIOD)
            for each in reversed(self.said[:count])
        ]


@dataclass(frozen=True, eq=False)
class Sample:
    """A moment, and what is said then; or whether what was said last has been done."""

    seen: Seen
    command: str  # or nothing, where it is a verdict that is learned
    group: int  # of samples that must not be torn apart: the episode
    verdict: bool | None = None


@cache
def keys() -> dict[str, Key]:
    """What every sentence that anybody was taught is for."""
    found: dict[str, Key] = {DONE: END}
    for asked in everything():
        for text in sentences(asked):
            for form in CORRECTING:
                found.setdefault(form.format(text), (asked.name, asked.thing))
    return found


def about(command: str) -> str:
    """The name of the thing that a command is about; or nothing."""
    rows = np.flatnonzero(mentioned(command)[0].any(axis=1))
    if len(rows):
        return NAMES[int(rows[0])]
    drawer = "drawer" in command or "handle" in command
    return f"{FURNITURE_COLORS['drawer']} drawer" if drawer else ""


def crowded(frames: Sequence[Vector], instruction: str, rng: np.random.Generator) -> list[Vector]:
    """The same, with more blocks about that are nobody's business; none where it is not said by
    name which blocks are meant."""
    meant = np.any(mentioned(instruction)[0][: len(BLOCKS)], axis=1)
    made = np.array(frames, np.float64)
    blocks = made[:, BLOCK_ROWS:BOWL_ROWS].reshape(len(made), len(BLOCKS), BLOCK_SIZE)
    there = (blocks[..., 0] > 0.5).any(axis=0)
    # Where something is at any time, the hand takes or leaves something.
    taken = [
        spot for frame in made for place, known in [places(frame)] for spot in place[known, :2]
    ]
    more = rng.permutation(np.flatnonzero(~there & ~meant))[: int(rng.integers(1, CROWD + 1))]
    for index in more if meant.any() else ():
        spots = rng.uniform(LOW, HIGH, (50, 2))
        away = np.linalg.norm(spots[:, None] - np.array(taken), axis=2).min(axis=1)
        spot, turn = spots[int(away.argmax())], rng.uniform(-np.pi, np.pi)
        blocks[:, index] = [1, *spot, BLOCK / 2, np.sin(turn), np.cos(turn)]
        taken.append(spot)
    return [*made]


def of_demonstration(episode: Narrated, rng: np.random.Generator) -> Iterator[Sample]:
    """The samples of one that was a success."""
    said, group, last = episode.said, episode.group, len(episode.frames) - 1
    for number, each in enumerate(said):
        following = said[number + 1] if number + 1 < len(said) else None
        mistaken = following is not None and following.correction
        aside = not each.correction and keys().get(each.command, END)[0] in ASIDES
        if not mistaken and not aside:
            for now in dict.fromkeys((each.start, max(each.start - 1, 0))):
                seen = episode.seen(now, episode.past(number, now), True)
                yield Sample(seen, each.command, group)
        amid = np.arange(each.start + 3, max(each.end - 1, each.start + 3))
        for now in rng.choice(amid, min(AMID, len(amid)), replace=False).tolist():
            ahead = following is not None and now + AHEAD >= each.end
            if (mistaken or aside) and not ahead:
                continue
            command = following.command if ahead and following is not None else each.command
            yield Sample(episode.seen(now, episode.past(number + 1, now), False), command, group)
    yield Sample(episode.seen(last, episode.past(len(said), last), True), DONE, group)


def verdicts(episode: Narrated, rng: np.random.Generator) -> Iterator[Sample]:
    """The samples that show whether what was said last has been done."""
    frames, said, group = episode.frames, episode.said, episode.group
    last = len(frames) - 1
    for number, each in enumerate(said):
        key = keys().get(each.command, END)
        times = [each.end - 1, *rng.integers(each.start, each.end, 2).tolist()]
        for now in dict.fromkeys(min(t, last) for t in times):
            done = fulfilled(key, frames[each.start], frames[now])
            if done is not None:
                seen = episode.seen(now, episode.past(number + 1, now), True)
                yield Sample(seen, "", group, done)
    ends = rng.choice([s.end - 1 for s in said[:-1]] or [0], 2).tolist()
    for now in (min(ends), max(ends), last):  # has all been done?
        count = sum(s.start < now for s in said)
        past = [Past(DONE, "", 0.0), *episode.past(count, now)]
        yield Sample(episode.seen(now, past, True), "", group, now == last)


def fulfilled(key: Key, before: Vector, now: Vector) -> bool | None:
    """Whether a command that was given `before` has been done `now`, in frames of the truth; None
    where that cannot be told."""
    name, thing = key
    holding, held = held_in(before), held_in(now)
    opening = float(now[DRAWER_ROW + DRAWER - 1])
    match name:
        case "pick":
            return held == thing
        case "put" if holding is not None:
            return (resting_on(now, holding) or "").endswith(thing)  # "drawer": whichever it is
        case "drop" if holding is not None:
            return held != holding
        case "drawer":
            return opening > OPEN if thing == "open" else opening < SHUT
        case "sweep":
            return resting_on(now, thing) == f"{FURNITURE_COLORS['tray']} tray"
    return None


def key_of(behavior: Behavior) -> Key:
    return behavior.name, behavior.thing
