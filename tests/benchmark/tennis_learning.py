"""How fast the table tennis network is, and what a second worker is worth to its training.

    python tests/benchmark/tennis_learning.py --workers ray

The network: evaluations a second on one core, streamed, one row or many at a time. Training: steps
of the evolution strategy at the controller's size, with one worker and with two: the forehand that
comes with the package in the surrogate world with --rallies FILE, and without it rollouts that
each take 20 ms of processor time. Prints one JSON object.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter, process_time
from typing import Literal

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy: one core

import numpy as np
import tyro

from robot.cli.train_evolve import Task
from robot.types import vector
from skills.tennis.curriculum import Tally
from skills.tennis.evolution import EvolutionConfig, Run, advance
from skills.tennis.network import CONTROLLER, Network, Stream, initial
from skills.tennis.normalise import Normaliser
from skills.tennis.recipes import FOLDER
from skills.tennis.workers import Cluster, Knowledge, Processes, Result, Trial

WORK = 0.02  # [s] of processor time a rollout


@dataclass(frozen=True)
class Benchmark:
    """What to run."""

    workers: Literal["processes", "ray"] = "processes"
    rallies: Path | None = None
    """Ball states of rallies, a JSON file."""
    steps: int = 5
    """Steps with one worker, and steps with two."""
    seed: int = 0


def work(trial: Trial) -> Result:
    """Rewards that lead to parameters of 0, after the work."""
    end = process_time() + WORK * trial.seeds.size
    while process_time() < end:
        pass
    rewards = -np.square(trial.parameters).sum(axis=1)
    each = np.repeat(rewards[:, None], trial.seeds.shape[1], axis=1)
    return Result(vector(each), Knowledge(Normaliser.empty(1), Tally.empty(0)))


def make_work():
    return work


def evaluations_per_s(rows: int, rng: np.random.Generator, seconds: float = 2.0) -> float:
    """Of one network over `rows` rows, streamed."""
    now = rng.normal(size=(rows, CONTROLLER.inputs)).astype(np.float32)
    stream = Stream(Network(CONTROLLER, initial(CONTROLLER, rng)), now)
    stream.step(now)
    count, began = 0, perf_counter()
    while perf_counter() - began < seconds:
        stream.step(now)
        count += rows
    return count / (perf_counter() - began)


def main(benchmark: Benchmark) -> None:
    rng = np.random.default_rng(benchmark.seed)
    speed = {rows: round(evaluations_per_s(rows, rng)) for rows in (1, 64, 1024)}

    config = EvolutionConfig(perturbations=20, rollouts=3, together=2, seed=benchmark.seed)
    start = Run.begin(initial(CONTROLLER, rng), Knowledge(Normaliser.empty(1), Tally.empty(0)))
    make = make_work
    if benchmark.rallies:
        path = FOLDER / "forehand.safetensors"
        make = Task("forehand", path, benchmark.rallies.resolve(), None, "surrogate", False)
        config = EvolutionConfig(sigma=0.004, step_size=0.001, perturbations=100)
        made, categories = make.aim().controller, make().categories
        known = Knowledge(made.normaliser, Tally.empty(categories))
        start = Run.begin(make.aim().start, known)
    kind = Cluster if benchmark.workers == "ray" else Processes
    runs, took = {1: start, 2: start}, {1: [], 2: []}
    for count in (1, 2):
        workers = kind(make, count)
        try:
            advance(start, workers, config)  # all workers have begun
            for _ in range(benchmark.steps):
                began = monotonic()
                runs[count] = advance(runs[count], workers, config)
                took[count].append(monotonic() - began)
        finally:
            workers.close()
    seconds = {count: float(np.median(values)) for count, values in took.items()}
    facts = {
        "evaluations_per_s": speed,
        "workers": benchmark.workers,
        "steps": benchmark.steps,
        "rollouts_a_step": 2 * config.perturbations * config.rollouts,
        "median_step_s": {count: round(value, 3) for count, value in seconds.items()},
        "ratio": round(seconds[1] / seconds[2], 3),
        "same_result": bool((runs[1].centre == runs[2].centre).all()),
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(tyro.cli(Benchmark))
