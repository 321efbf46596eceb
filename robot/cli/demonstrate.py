"""Demonstrations by rule, through the whole stack."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import accumulate
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np

from robot.cli import build, worlds
from robot.loop import run
from robot.types import Status, Tick, Vector

if TYPE_CHECKING:
    from robot.cli.build import EngineName
    from skills.beso.episodes import Episodes

Demonstration = tuple[list[Vector], list[Vector], str]  # observations, actions, a sentence


class NoDemonstration(ValueError):
    """None of them came to its end."""


def push_blocks(engine: "EngineName", seed: int, rate: float) -> Demonstration | None:
    """One episode of block push; None if it did not come to its end.

    The actions are what the demonstrator wanted, also where the robot was led astray.
    """
    from planners.conduct import Leg
    from planners.fixed import FixedPlanner
    from robot.pushing import HEARD, assignment, observation, sentence
    from skills.disturbed import DisturbanceConfig, Disturbed

    world = worlds.blockpush(seed, engine, duration=60.0)
    skills = dict(build.skills(world.spec, only=("hold", "push_by_rule")))
    rng = np.random.default_rng([seed, 1])
    skill = Disturbed(skills["push_by_rule"], world.spec, rng, DisturbanceConfig(rate=rate))
    planner = FixedPlanner((Leg("push", {"seed": seed}),), build.vocabulary(), lambda text: None)
    seen: list[Vector] = []
    actions: list[Vector] = []
    ended = Status.RUNNING

    def record(tick: Tick) -> None:
        nonlocal ended
        ended = tick.outcome.status
        if ended is Status.RUNNING and tick.goal.skill == "push":
            seen.append(observation(tick.state))
            actions.append(skill.wanted - tick.state.reference.q)

    run(
        build.stack(
            world,
            planner,
            skills={**skills, "push": skill},
            record=record,
            until=lambda tick: tick.outcome.status is not Status.RUNNING,
        )
    )
    if ended is not Status.DONE:
        return None
    came_to = assignment(seen[-1])
    return seen, actions, "" if came_to is None else sentence(came_to, HEARD, rng)


def many(
    engine: "EngineName", seeds: range, rate: float, jobs: int
) -> "Iterator[Demonstration | None]":
    """Every seed's demonstration, in order."""
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        n = len(seeds)
        yield from pool.map(push_blocks, [engine] * n, seeds, [rate] * n, chunksize=8)


def pushed(kept: Sequence[Demonstration]) -> "Episodes":
    """Demonstrations of block push as one dataset."""
    from skills.beso.episodes import Episodes

    if not kept:
        raise NoDemonstration
    seen = [row for rows, _, _ in kept for row in rows]
    actions = [row for _, rows, _ in kept for row in rows]
    ends = list(accumulate(len(rows) for rows, _, _ in kept))
    return Episodes.of(seen, actions, ends, 10.0, tuple(sentence for *_, sentence in kept))
