"""Episodes of a task, each through the whole stack, side by side in processes."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot.cli import build, worlds
from robot.loop import run
from robot.types import Status, Tick
from robot.worker import after

if TYPE_CHECKING:
    from skills.beso.policy import SamplingConfig
    from skills.beso.skill import ChunkConfig


@dataclass(frozen=True)
class Setup:
    """What all episodes of an evaluation have in common."""

    task: str  # a name in skills.beso.shipped.SHIPPED
    checkpoint: Path
    sampling: "SamplingConfig"
    chunks: "ChunkConfig"
    engine: build.EngineName = "mujoco"


def play(setup: Setup, seed: int) -> dict[str, float]:
    """One episode: what it came to, and what the stack noted."""
    from planners.conduct import Leg
    from planners.fixed import FixedPlanner
    from skills.beso.evaluate import SCORES
    from skills.beso.shipped import make
    from skills.body import Body

    world, args = worlds.of_episode(setup.task, setup.engine, seed)
    body = Body.of(world.spec, after(build.LATENCY))
    skill = make(body, setup.task, setup.checkpoint, setup.sampling, setup.chunks)
    planner = FixedPlanner((Leg("policy", {**args, "seed": seed}),), build.vocabulary(), _silent)
    score: Any = None
    interventions = 0

    def record(tick: Tick) -> None:
        nonlocal score, interventions
        score = score or SCORES[setup.task](tick.goal, tick.state)
        score.see(tick)
        interventions += bool(tick.verdict.reasons)

    run(
        build.stack(
            world,
            planner,
            skills={"policy": skill, **build.skills(world.spec, only=("hold",))},
            record=record,
            until=lambda tick: tick.outcome.status is not Status.RUNNING,
        )
    )
    counts = skill.counts
    return {
        **score.result(),
        "interventions": interventions,
        "expired": counts.expired,
        "starved": counts.starved,
    }


def _silent(text: str) -> None:
    """Nobody listens."""


def play_all(setup: Setup, seeds: Sequence[int], jobs: int) -> Iterator[dict[str, float]]:
    """Every seed's episode, in order, on `jobs` processes."""
    if jobs == 1:
        for seed in seeds:
            yield play(setup, seed)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        yield from pool.map(_play, [setup] * len(seeds), seeds, chunksize=2)


def _play(setup: Setup, seed: int) -> dict[str, float]:
    return play(setup, seed)
