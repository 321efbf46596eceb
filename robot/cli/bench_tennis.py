"""How fast table tennis is: the vectorised world, the loop, and the choice of a controller."""

from time import perf_counter, process_time
from typing import Any

import numpy as np

from robot.cli import build, worlds
from robot.loop import run
from robot.tennis import TENNIS
from robot.types import Goal, Outcome, State, Tick, Utterance

TOGETHER, TICKS = 128, 40  # worlds that are stepped together; ticks of each
SUBSTEPS = 20  # physics steps of 1 ms a tick


def measure(n: int, seed: int) -> dict[str, object]:
    """At least `n` ticks of matches with the whole stack; and the vectorised world, one thread."""
    busy, choices = list[float](), list[float]()
    began = perf_counter()
    while len(busy) < n:
        _match(seed, n - len(busy), busy, choices)
        seed += 1
    wall = perf_counter() - began
    times = np.array(busy) * 1e3
    return {
        "n": len(busy),
        "p50_ms": round(float(np.median(times)), 3),
        "p99_ms": round(float(np.quantile(times, 0.99)), 3),
        "overruns": int((times > TENNIS.dt * 1e3).sum()),
        "real_time_factor": round(len(busy) * TENNIS.dt / wall, 2),
        "choices": len(choices),
        "choice_p99_ms": round(float(np.quantile(choices, 0.99)) * 1e3, 3),
        "steps_per_s": _steps_per_s(seed),
    }


def _match(seed: int, ticks: int, busy: list[float], choices: list[float]) -> None:
    """Up to so many ticks of a match; adds how long [s] each of them and each choice took."""
    world = worlds.tennis(seed)
    planner = Timed(
        build.tennis_planner(seed, "adaptive", _unheard, _unheard, world.results), choices
    )
    left = ticks

    def record(tick: Tick) -> None:
        nonlocal left
        left -= 1
        busy.append(tick.busy)

    run(build.stack(world, planner, record=record, until=lambda tick: left <= 0))


def _unheard(text: str) -> None:
    pass


class Timed:
    """A planner of a match, and how long its choices take."""

    def __init__(self, planner: Any, choices: list[float]) -> None:
        self._planner, self._choices = planner, choices

    def plan(self, state: State, heard: tuple[Utterance, ...], outcome: Outcome) -> Goal:
        before, began = len(self._planner.choices), perf_counter()
        goal = self._planner.plan(state, heard, outcome)
        if len(self._planner.choices) > before:
            self._choices.append(perf_counter() - began)
        return goal


def _steps_per_s(seed: int) -> int:
    """Physics steps a second of one thread's time: rubber, arms that move, latencies."""
    from sim.tennis import states
    from sim.tennis.batch import TennisBatch

    rng = np.random.default_rng(seed)
    batch = TennisBatch(TOGETHER, rng, threads=1)
    batch.reset(states.invent(rng, TOGETHER).values)
    began, steps = process_time(), 0
    for _ in range(TICKS):
        steps += SUBSTEPS * len(batch.live)
        batch.step(rng.uniform(-0.4, 0.4, (TOGETHER, 8)) * TENNIS.velocity)
    return round(steps / (process_time() - began))
