"""One thing that can be asked for at the table, done once, and judged by the truth.

A trial sets a chore's table up, does by rule what has to come before (something is taken, the
drawer is opened), asks for one behaviour in words, and looks what has come of it.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from robot.chores import ChoreName
from robot.cli import build
from robot.cli.chore import Judged, laid
from robot.cli.selecting import LowLevel

if TYPE_CHECKING:
    from planners.coaching.behavior import Behavior
    from planners.conduct import Leg
    from robot.types import (
        Goal,
        Outcome,
        RobotSpec,
        State,
        Tick,
        Utterance,
        Vector,
    )
    from sim.tabletop import Tabletop

    CarryOut = Callable[[Behavior, str | None, State, Vector, str], tuple[Leg, ...]]

# What is tried, and at which tables.
TRIED: dict[str, tuple[ChoreName, ...]] = {
    "pick": ("sort", "stack", "pack", "sweep"),
    "put bowl": ("sort",),
    "put block": ("stack",),
    "put drawer": ("pack",),
    "drop": ("sort", "stack"),
    "drawer open": ("pack",),
    "drawer close": ("pack",),
    "sweep": ("sweep",),
    "move": ("sort", "stack", "pack", "sweep"),
    "gripper": ("sort", "stack"),
    "back": ("sort", "stack"),
    "turn": ("sort", "stack"),
    "tilt": ("sort", "stack"),
}
DURATION = 90.0  # [s] simulated, at most
LIFTED = 0.05  # [m] the middle of what has been taken, at least
ABOUT = (0.5, 1.5)  # of the amount of a small motion
ASIDE = 0.015  # [m] that a small motion may lead aside
NEAR_BY = 0.03  # [m] from where it was to go back to
AFTER = 0.5  # [s] that the robot holds still before it is judged


@dataclass(frozen=True)
class Trials:
    """What trials have in common."""

    low_level: LowLevel
    engine: build.EngineName = "mujoco"
    perception: build.Perception = "truth"
    unheard: bool = False  # asked for in words that no teacher uses
    checkpoint: Path | None = None  # of beso: another policy than the one that comes along


@dataclass(frozen=True)
class Tried:
    """One trial."""

    name: str
    seed: int
    said: str
    fault: str  # why it has not been done, or nothing
    seconds: float  # simulated, that it took


class Script:
    """Behaviours one after the other, each made into goals when it begins, the last by what is
    tried; a `robot.types.Planner`."""

    def __init__(
        self, behaviors: "Sequence[Behavior]", said: str, spec: "RobotSpec", last_by: "CarryOut"
    ) -> None:
        from robot.features import Hand
        from robot.types import Goal

        self._left, self._said, self._last_by = [*behaviors], said, last_by
        self._goals: list[Leg] = []
        self._goal = Goal(0, "hold")
        self.hand, self.finger = Hand(spec), spec.groups["gripper"].start
        self._start: Vector = spec.home
        self.before: Vector = spec.home  # (n,) where what came before began
        self.began: State | None = None  # what is tried
        self.holding = ""  # what was in the hand then
        self.ended: float | None = None  # [s]

    def plan(self, state: "State", heard: "tuple[Utterance, ...]", outcome: "Outcome") -> "Goal":
        from planners.coaching.behavior import by_rule
        from robot.grip import held
        from robot.types import Status

        if not state.objects or self.ended is not None:
            return self._goal
        if self._goal.id and (outcome.goal_id != self._goal.id or outcome.status == Status.RUNNING):
            return self._goal
        failed = bool(self._goal.id) and outcome.status == Status.FAILED
        if self._goals and not failed:
            return self._go(self._goals.pop(0))
        if failed or not self._left:
            self.ended = state.time
            return self._go(None)
        behavior = self._left.pop(0)
        carry_out = by_rule if self._left else self._last_by
        in_hand = held(state, self.hand.of(state.q)[:3], self.finger)
        if behavior.name in ("put", "drop") and in_hand is None:  # it has slipped
            self.ended = state.time
            return self._go(None)
        if not self._left:
            self.began, self.before, self.holding = state, self._start, in_hand or ""
        self._goals = [*carry_out(behavior, in_hand, state, self._start, self._said)]
        self._start = state.reference.q
        return self._go(self._goals.pop(0))

    def _go(self, leg: "Leg | None") -> "Goal":
        from robot.types import Goal

        skill, args = (leg.skill, dict(leg.args)) if leg else ("hold", {})
        self._goal = Goal(self._goal.id + 1, skill, args)
        return self._goal


def play(trials: Trials, name: str, seed: int) -> Tried | None:
    """One trial; None if what had to come before it failed."""
    from planners.coaching.behavior import as_told, by_rule
    from planners.coaching.wordings import correct, say
    from robot.loop import run
    from robot.worker import after
    from sim import chores
    from skills import SKILLS

    spec, rng = build.robot_spec(), np.random.default_rng([seed, 7])
    tables = TRIED[name]
    setting = chores.draw(np.random.default_rng([seed, 0]), tables[seed % len(tables)])
    world = laid(setting, trials.engine, DURATION, trials.perception)
    behaviors = _chosen(name, [*world.truth()], rng)
    asked = behaviors[-1]
    said = say(asked, rng, unheard=True) if trials.unheard else correct(asked, rng)
    by_policy = trials.low_level == "beso"
    only = tuple(skill for skill in SKILLS[spec.name] if by_policy or skill != "as_told")
    told = trials.checkpoint if by_policy else None
    skills = build.skills(spec, after(build.LATENCY), only=only, told=told)
    carry_out = as_told if by_policy else by_rule
    script = Script(behaviors, said, spec, carry_out)
    state: State | None = None

    def record(tick: "Tick") -> None:
        nonlocal state
        state = tick.state

    def until(tick: "Tick") -> bool:
        over = script.ended is not None and tick.state.time > script.ended + AFTER
        return over or stack.mode.halted

    judged = Judged(world, lambda: _fault(asked, script, state, world))
    stack = build.stack(judged, script, record=record, until=until, skills=skills)
    run(stack)
    if script.began is None:
        return None
    ended = script.ended if script.ended is not None else world.now()
    return Tried(name, seed, said, judged.fault or "", round(ended - script.began.time, 2))


def _chosen(name: str, things: list[str], rng: np.random.Generator) -> "list[Behavior]":
    """What is tried, behind what has to come before."""
    from planners.coaching.behavior import AMOUNTS, WAYS, Behavior

    def one_of(names: Sequence[str]) -> str:
        return str(rng.choice(names))

    blocks = [thing for thing in things if thing.endswith("block")]
    bowls = [thing for thing in things if thing.endswith("bowl")]
    block = one_of(blocks)
    pick, opened = Behavior("pick", block), Behavior("drawer", "open")
    holding = [pick] if rng.random() < 0.5 else []
    match name:
        case "pick":
            return [pick]
        case "put bowl":
            return [pick, Behavior("put", one_of(bowls))]
        case "put block":
            return [pick, Behavior("put", one_of([b for b in blocks if b != block]))]
        case "put drawer":
            drawer = next(thing for thing in things if thing.endswith("drawer"))
            return [opened, pick, Behavior("put", drawer)]
        case "drop":
            return [pick, Behavior("drop")]
        case "drawer open":
            return [opened]
        case "drawer close":
            return [opened, Behavior("drawer", "close")]
        case "sweep":
            return [Behavior("sweep", block)]
        case "move":
            return [*holding, Behavior("move", one_of([*WAYS]), one_of([*AMOUNTS]))]
        case "gripper" if rng.random() < 0.5:
            return [Behavior("gripper", "close")]
        case "gripper":
            return [Behavior("gripper", "close"), Behavior("gripper", "open")]
        case "back":
            return [pick, Behavior("back")]
        case "turn":
            return [*holding, Behavior("turn", one_of(["left", "right"]))]
    return [*holding, Behavior("tilt")]


def _fault(asked: "Behavior", script: Script, state: "State | None", world: "Tabletop") -> str:
    """Why what was asked for is not so, in truth; or nothing."""
    from planners.coaching.behavior import AMOUNTS, TILT, TURN, WAYS
    from robot.chores import LEVEL, OPEN, SHUT, opening, placing, the
    from robot.geometry import wrap
    from robot.grip import held
    from robot.table import BLOCK

    if script.began is None or state is None:
        return "what had to come before failed"
    hand, finger = script.hand, script.finger
    things = world.truth()
    here, there = hand.of(script.began.reference.q), hand.of(state.q)
    sent = hand.of(state.reference.q)
    by = sent - here
    in_hand = held(replace(state, objects=things), there[:3], finger)
    match asked.name:
        case "pick":
            if in_hand != asked.thing:
                return f"the {asked.thing} is not in the gripper"
            return "" if things[asked.thing].position[2] > LIFTED else "it is not lifted"
        case "put" | "drop" | "sweep" if in_hand is not None:
            return f"the {in_hand} is in the gripper"
        case "put":
            return placing(script.holding, asked.thing)(things)
        case "drop":
            high = things[script.holding].position[2] - BLOCK / 2
            return "it does not lie on the table" if abs(high) > LEVEL else ""
        case "sweep":
            return placing(asked.thing, the(things, "tray"))(things)
        case "drawer":
            done = opening(things) > OPEN if asked.thing == "open" else opening(things) < SHUT
            return "" if done else f"the drawer is open by {opening(things) * 100:.1f} cm"
        case "move":
            way, amount = np.array(WAYS[asked.thing]), AMOUNTS[asked.amount]
            along = float(by[:3] @ way)
            aside = float(np.linalg.norm(by[:3] - along * way))
            right = ABOUT[0] < along / amount < ABOUT[1] and aside < ASIDE
            return "" if right else f"{along * 100:.1f} cm along and {aside * 100:.1f} aside"
        case "gripper":
            right = sent[5] > 0.035 if asked.thing == "open" else sent[5] < 0.01
            return "" if right else f"the fingers are told to be at {sent[5] * 1000:.0f} mm"
        case "back":
            away = float(np.linalg.norm(sent[:3] - hand.of(script.before)[:3]))
            return "" if away < NEAR_BY else f"{away * 100:.1f} cm from there"
        case "turn":
            turned = wrap(float(by[3])) / (TURN if asked.thing == "left" else -TURN)
            return "" if ABOUT[0] < turned < ABOUT[1] else f"turned by {turned:.2f} of it"
    tilted = float(sent[4]) / TILT
    return "" if ABOUT[0] < tilted < ABOUT[1] else f"tilted by {tilted:.2f} of it"


def play_all(
    trials: Trials, names: Sequence[str], seeds: Sequence[int], jobs: int
) -> "Iterator[Tried | None]":
    """All of `names`, each with every seed."""
    todo = [(trials, name, seed) for name in names for seed in seeds]
    if jobs == 1:
        yield from (play(*each) for each in todo)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        yield from pool.map(play, *zip(*todo, strict=True))


def figures(tried: "Sequence[Tried | None]") -> dict[str, Any]:
    """By what was asked for, fit for JSON; trials that could not begin are left out."""
    from robot.intervals import wilson

    found: dict[str, Any] = {}
    begun = [each for each in tried if each is not None]
    for name in dict.fromkeys(each.name for each in begun):
        of = [each for each in begun if each.name == name]
        done = sum(not each.fault for each in of)
        faults = [each.fault for each in of if each.fault]
        found[name] = {
            "n": len(of),
            "success_rate": round(done / len(of), 4),
            "success_rate_interval": wilson(done, len(of)),
            "seconds": round(float(np.mean([each.seconds for each in of])), 2),
            "faults": {fault: faults.count(fault) for fault in dict.fromkeys(faults)},
        }
    return found


def table(results: dict[str, Any]) -> None:
    """What was asked for down, what did it across."""
    from rich.console import Console
    from rich.table import Table

    shown = Table("asked for", *results)
    for name in dict.fromkeys(name for found in results.values() for name in found):
        cells = []
        for found in results.values():
            of = found.get(name)
            low, high = of["success_rate_interval"] if of else (0.0, 0.0)
            rate = f"{of['success_rate']:.2f} [{low:.2f}, {high:.2f}]" if of else ""
            cells.append(f"{rate}  {of['seconds']:.1f} s" if of else "")
        shown.add_row(name, *cells)
    Console().print(shown)
