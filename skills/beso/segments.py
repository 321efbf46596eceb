"""Narrated demonstrations: which steps follow which command, and what sort of command it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from skills.beso.episodes import DataError, Episodes

Kind = Literal["instruction", "correction", "recovery"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Segment:
    """Some steps of one episode, and the command that they follow."""

    start: int  # index of the first step, in all of the dataset
    end: int  # behind the last
    command: str
    kind: Kind


def check(segments: Sequence[Segment], episodes: Episodes) -> None:
    """Refuse segments that do not make up the episodes: all their steps, none twice."""
    at, steps = 0, len(episodes.observations)
    for number, segment in enumerate(segments):
        if segment.start != at or not at < segment.end <= steps:
            raise DataError(f"segment {number} is {segment}, but {at} to {steps} are left")
        if segment.kind not in KINDS:
            raise DataError(f"segment {number}: {segment.kind!r} is none of {', '.join(KINDS)}")
        if segment.end > episodes.last[segment.start] + 1:
            raise DataError(f"segment {number} is in two episodes")
        at = segment.end
    if at != steps:
        raise DataError(f"the segments end at {at}, but there are {steps} steps")


def follows(episodes: Episodes, segments: Sequence[Segment], least: int = 2) -> Episodes:
    """Each segment as an episode, its command as the sentence.

    Left out is what comes just before a correction, which shows the mistake, and what has fewer
    than `least` steps.
    """
    check(segments, episodes)
    kept = []
    for segment, after in zip(segments, [*segments[1:], None], strict=True):
        mistaken = (
            after is not None
            and after.kind == "correction"
            and episodes.index[after.start] == episodes.index[segment.start]
        )
        if not mistaken and segment.end - segment.start >= least:
            kept.append(segment)
    if not kept:
        raise DataError("no segment is left to learn from")
    steps = np.concatenate([np.arange(segment.start, segment.end) for segment in kept])
    return Episodes(
        episodes.observations[steps],
        episodes.actions[steps],
        np.cumsum([segment.end - segment.start for segment in kept]),
        episodes.fps,
        tuple(segment.command for segment in kept),
    )
