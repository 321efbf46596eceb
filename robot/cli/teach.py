"""Narrated demonstrations of chores, by a teacher that sees the truth, through the whole stack."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from robot.chores import CHORES, ChoreName
from robot.cli import build
from robot.cli.chore import JudgedChore, laid
from robot.cli.demonstrate import NoDemonstration
from robot.table_frame import ACTION, PERIOD
from robot.types import RobotSpec, Tick, Vector

if TYPE_CHECKING:
    from planners.coaching.teacher import Said
    from sim.conditions import Day
    from skills.beso.episodes import Episodes
    from skills.beso.segments import Segment

DURATION = 150.0  # [s] simulated, at most
Shown = ChoreName | Literal["practice"]
PRACTICE = "practise what you are told"  # instruction of what is no chore


@dataclass(frozen=True)
class Lesson:
    """One demonstration, and what came of it."""

    fault: str  # why the chore has not been done, or nothing
    reached: tuple[str, ...]  # stages
    instruction: str
    frames: Vector  # (n, FRAME) see robot.table_frame
    actions: Vector  # (n, ACTION)
    segments: "tuple[Segment, ...]"
    simulated: float  # [s]


class Frames:
    """What a demonstration shows: a frame each PERIOD from when there is something to be seen."""

    def __init__(self, spec: RobotSpec) -> None:
        from robot.features import Hand

        self._hand, self._every, self._ticks = Hand(spec), round(PERIOD / spec.dt), 0
        self._times: list[float] = []
        self._frames: list[Vector] = []

    def __len__(self) -> int:
        return len(self._frames)

    def follow(self, tick: Tick) -> None:
        """Take it down, if it is time."""
        if self._ticks % self._every == 0 and tick.state.objects:
            self._times.append(tick.state.time)
            self._frames.append(self._hand.frame(tick.state))
        self._ticks += 1

    def lesson(
        self, judge: JudgedChore, fault: str, instruction: str, said: "Sequence[Said]"
    ) -> Lesson:
        """What is to be learned of it; an action is where the hand is sent by the next frame."""
        seen = np.array(self._frames)
        return Lesson(
            fault,
            tuple(name for name, reached in judge.stages.items() if reached),
            instruction,
            seen[:-1],
            seen[1:, :ACTION],
            segments_of(said, self._times[:-1]),
            judge.now(),
        )


def teach(
    shown: Shown,
    engine: build.EngineName,
    seed: int,
    day: "Day" = "varied",
    learner: Path | None = None,
) -> Lesson:
    """One demonstration; except on usual days in a style of its own, with what goes wrong.

    Practice is at the tables of all chores in turn. `learner`: a policy that is told in words, and
    which practises too.
    """
    from planners.coaching.practice import Practice
    from planners.coaching.teacher import Style, Teacher
    from planners.coaching.wordings import instruct
    from robot.loop import run
    from robot.worker import after
    from sim import chores

    spec = build.robot_spec()
    chore = CHORES[seed % len(CHORES)] if shown == "practice" else shown
    setting = chores.draw(np.random.default_rng([seed, 0]), chore, day)
    world = laid(setting, engine, DURATION)
    rng = np.random.default_rng([seed, 1])
    if shown == "practice":
        teacher = Practice(spec, rng, learner is not None)
    else:
        teacher = Teacher(setting.chore, spec, rng, Style() if day == "usual" else None)
    judge, frames = JudgedChore(world, setting), Frames(spec)

    def record(tick: Tick) -> None:
        frames.follow(tick)
        judge.follow(tick)

    skills = build.skills(spec, after(build.LATENCY), told=learner)
    stack = build.stack(
        judge,
        teacher,
        skills=skills,
        record=record,
        until=lambda tick: teacher.finished or stack.mode.halted,
    )
    run(stack)
    fault = ""  # of practice, whatever came to its end is good
    if shown != "practice":
        gave_up = teacher.gave_up or not teacher.finished
        fault = judge.fault or ("the teacher gave up" if gave_up else "")
    instruction = PRACTICE if shown == "practice" else instruct(setting.chore, rng)
    return frames.lesson(judge, fault, instruction, teacher.said)


def segments_of(said: "Sequence[Said]", times: Sequence[float]) -> "tuple[Segment, ...]":
    """The segments that a narration makes of steps at `times` [s]; what has no step has none."""
    from skills.beso.segments import Segment

    starts = [0, *np.searchsorted(times, [line.time for line in said[1:]]).tolist(), len(times)]
    return tuple(
        Segment(start, end, line.command, line.kind)
        for line, start, end in zip(said, starts, starts[1:], strict=False)
        if end > start
    )


def many(
    shown: Shown,
    engine: build.EngineName,
    seeds: range,
    jobs: int,
    learner: Path | None = None,
) -> "Iterator[Lesson]":
    """Every seed's demonstration, in order."""
    one = partial(teach, shown, engine, learner=learner)
    if jobs == 1:
        yield from map(one, seeds)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        yield from pool.map(one, seeds)


def together(lessons: Sequence[Lesson]) -> "tuple[Episodes, list[Segment]]":
    """The demonstrations as one dataset, and the segments of it."""
    from skills.beso.episodes import Episodes
    from skills.beso.segments import Segment

    if not lessons:
        raise NoDemonstration
    ends = [*accumulate(len(lesson.frames) for lesson in lessons)]
    segments = [
        Segment(each.start + first, each.end + first, each.command, each.kind)
        for lesson, first in zip(lessons, [0, *ends], strict=False)
        for each in lesson.segments
    ]
    episodes = Episodes.of(
        np.concatenate([lesson.frames for lesson in lessons]),
        np.concatenate([lesson.actions for lesson in lessons]),
        ends,
        1 / PERIOD,
        tuple(lesson.instruction for lesson in lessons),
    )
    return episodes, segments


def kinds(segments: "Sequence[Segment]") -> dict[str, int]:
    """How many segments are of each kind."""
    found = [segment.kind for segment in segments]
    return {kind: found.count(kind) for kind in dict.fromkeys(found)}
