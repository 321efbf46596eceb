"""Episodes of chores under the selector, coached or not, and their judgement."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from robot.cli import build, selecting
from robot.cli.chore import JudgedChore, assigned, laid
from robot.cli.eval_coach import Condition
from robot.cli.worlds import Task

if TYPE_CHECKING:
    from planners.coaching.coach import Coach
    from planners.coaching.understand import Understanding
    from planners.selector.choose import Chooser, Moment
    from planners.selector.corrections import Kept
    from planners.selector.planner import SelectorPlanner
    from planners.selector.samples import Key
    from robot.chores import Chore, Things
    from robot.cli.person import Person
    from robot.types import State, Tick, Utterance
    from sim.conditions import Day
    from sim.tabletop import Tabletop

DURATION = 150.0  # [s] simulated, at most
SETTLE = 0.6  # [s] that the robot goes on when it has finished
HEEDED = 3.0  # [s] that it waits then for a coach
COMPARED = 500_000  # seed of the first episode on which training compares before and after


@dataclass(frozen=True)
class Setup:
    """What the episodes of a condition have in common."""

    task: Task
    condition: Condition
    engine: build.EngineName = "mujoco"
    perception: build.Perception = "truth"
    verify: bool = False  # what was done is judged by what is seen, and tried again
    wrong: float = 0.0  # of those verdicts are turned round
    low_level: selecting.LowLevel = "rules"
    day: "Day" = "varied"


@dataclass(frozen=True)
class Result:
    """One episode."""

    seed: int
    fault: str  # why the chore has not been done, or nothing
    stages: float  # share of those that were reached
    tries: float  # how often each thing was taken or pushed, or the drawer moved, on average
    said: tuple[str, ...]  # by the coach
    begun: tuple[str, ...]  # behaviours
    simulated: float  # [s]
    error: str | None  # of the planner


@cache
def understanding() -> "Understanding":
    """Fitted once a process."""
    from planners.coaching.understand import Understanding

    return Understanding()


class Oracle:
    """Knows the truth; a `planners.selector.choose.Chooser`."""

    def __init__(self, chore: "Chore", truth: "Callable[[], Things]") -> None:
        self._chore, self._truth = chore, truth

    def __call__(self, moment: "Moment", may_end: bool) -> "tuple[str, Key, float]":
        from planners.coaching.oracle import upcoming
        from planners.coaching.understand import sentences
        from planners.selector.features import held_in
        from planners.selector.samples import DONE, END, key_of

        behavior = upcoming(self._chore, self._truth(), held_in(moment.frames[0]))
        if not moment.ended or behavior is None:  # it does not change its mind midway
            return DONE, END, 1.0
        return next(sentences(behavior)), key_of(behavior), 1.0


class Talks(Protocol):
    """Who talks to the robot while it does a chore; `robot.cli.person.Person` is one."""

    revives: bool  # says "continue", perhaps, when the robot has been stopped

    @property
    def waited(self) -> float:
        """[s] for which the robot waits for this one when it has finished."""
        ...

    @property
    def leaves(self) -> int:
        """0: not at all; 1: as soon as the robot rests; 2: at once."""
        ...

    def hear(self) -> "tuple[Utterance, ...]": ...

    def watch(self, tick: "Tick") -> None: ...


class Program:
    """The coach that is a program, or nobody."""

    revives, leaves = False, 0

    def __init__(
        self, coach: "Coach | None", world: "Tabletop", planner: "SelectorPlanner"
    ) -> None:
        from robot.features import Hand

        self._coach, self._world, self._planner = coach, world, planner
        self._hand, self._finger = Hand(world.spec), world.spec.groups["gripper"].start
        self._state: State | None = None

    @property
    def waited(self) -> float:
        return HEEDED if self._coach is not None and not self._coach.silent else SETTLE

    def hear(self) -> "tuple[Utterance, ...]":
        from robot.grip import held
        from robot.types import Utterance

        if self._coach is None or self._state is None:
            return ()
        now, things, planner = self._world.now(), self._world.truth(), self._planner
        true = replace(self._state, objects=things)
        in_hand = held(true, self._hand.of(true.q)[:3], self._finger)
        busy = planner.doing is not None
        text = self._coach.watch(now, things, in_hand, planner.begun, busy)
        return (Utterance(now, text),) if text else ()

    def watch(self, tick: "Tick") -> None:
        self._state = tick.state


def play(
    setup: Setup,
    seed: int,
    choose: "Chooser | None",
    keep: "Callable[[Kept], None]" = lambda kept: None,
    person: "Person | None" = None,
) -> Result:
    """One episode. `choose`: what selects commands; None: the oracle. `person`: who coaches in
    place of the program, while the world goes by the clock."""
    from planners.coaching.coach import Coach
    from planners.selector.choose import Learned, Verifier
    from robot.loop import run
    from robot.worker import after, when_ready

    spec = build.robot_spec()
    setting, instruction = assigned(setup.task, seed, setup.day)
    speed, watched = (1.0, person.sees) if person else (inf, False)
    world = laid(setting, setup.engine, DURATION, setup.perception, speed, watched)
    judge = JudgedChore(world, setting)
    verify = None
    if setup.verify and isinstance(choose, Learned):
        verify = Verifier(choose.network, setup.wrong, np.random.default_rng([seed, 4]))
    planner = selecting.planner(
        choose or Oracle(setting.chore, world.truth),
        understanding(),
        spec,
        person.voice.say if person else lambda text: None,
        keep=keep,
        verify=verify,
        low_level=setup.low_level,
    )
    planner.instruct(instruction)
    live = setup.condition == "live" and person is None
    coach = Coach(setting.chore, np.random.default_rng([seed, 3])) if live else None
    talks: Talks = person or Program(coach, world, planner)
    if person is not None:
        person.attend(world.now, f"table {seed}: {instruction}")
    over: float | None = None
    told: list[str] = []

    def hear() -> "tuple[Utterance, ...]":
        heard = talks.hear()
        told.extend(utterance.text for utterance in heard)
        return heard

    def record(tick: "Tick") -> None:
        judge.follow(tick)
        talks.watch(tick)

    def until(tick: "Tick") -> bool:
        nonlocal over
        if talks.leaves:
            return talks.leaves > 1 or not np.any(tick.state.reference.qd)
        if stack.mode.halted and not talks.revives:
            return True
        if not planner.finished or planner.doing is not None:
            over = None
            return False
        over = tick.state.time if over is None else over
        return tick.state.time - over > talks.waited

    skills = build.skills(spec, when_ready if person else after(build.LATENCY))
    stack = build.stack(judge, planner, hear=hear, record=record, until=until, skills=skills)
    run(stack)
    planner.close()
    fault = judge.fault or ""
    if not planner.finished:
        fault = fault or "it ran out of time, or was stopped"
    tried = [(b.name, b.thing) for b in planner.begun if b.name in ("pick", "drawer", "sweep")]
    reached = judge.stages.values()
    return Result(
        seed,
        fault,
        sum(reached) / len(reached),
        len(tried) / max(1, len(set(tried))),
        tuple(told),
        tuple(f"{b.name} {b.thing}".strip() for b in planner.begun),
        round(world.now(), 1),
        planner.error,
    )


def figures(results: list[Result]) -> dict[str, Any]:
    """Of one condition, fit for JSON."""
    from robot.intervals import wilson

    n, done = len(results), sum(not each.fault for each in results)
    faults = [each.fault for each in results if each.fault]
    return {
        "n": n,
        "success_rate": round(done / n, 4),
        "success_rate_interval": wilson(done, n),
        "tries": round(float(np.mean([each.tries for each in results])), 3),
        "stages": round(float(np.mean([each.stages for each in results])), 4),
        "corrections": round(float(np.mean([len(each.said) for each in results])), 2),
        "faults": {fault: faults.count(fault) for fault in dict.fromkeys(faults)},
    }


def paired(first: list[Result], other: list[Result]) -> dict[str, Any]:
    """By how much success differs, on the same scenes, as far as the other got."""
    from robot.intervals import mean_interval

    pairs = zip(first, other, strict=False)
    differences = [float(not b.fault) - float(not a.fault) for a, b in pairs]
    found: dict[str, Any] = {"gain": round(float(np.mean(differences)), 4)}
    if len(differences) > 1:
        found["gain_interval"] = mean_interval(differences)
    return found


def play_all(
    setup: Setup,
    seeds: range,
    choose: "Chooser | None",
    keep: "Callable[[Kept], None]",
    person: "Person | None" = None,
) -> Iterator[Result]:
    """One episode after the other, until a person has had enough: that one does not count."""
    for seed in seeds:
        result = play(setup, seed, choose, keep, person)
        if person is not None and person.leaves:
            return
        if person is not None:
            person.voice.note("judged: " + (result.fault or f"{setup.task} is done"))
        yield result
