"""How much the block push world is like the one that the demonstrations come from.

    python tests/benchmark/blockpush_replay.py --engine mujoco --data ../shared/data/blockpush
    python tests/benchmark/blockpush_replay.py --mode oracle --engine mujoco --n 100

`replay`: recorded actions, open loop, from recorded frames. To push with a point is unstable: an
error grows e-fold about every 60 mm, and blocks go 800 mm in an episode. So one step tells most
about the physics; for more steps `parted` gives the measure: how far two runs of this very world
part when the pushed block starts .2 mm aside. `oracle`: the rule of skills.push_oracle through
the whole loop, from random starts. Prints one JSON object.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import numpy as np
import tyro

from robot.estimate import Estimator
from robot.intervals import wilson
from robot.loop import Stack, run
from robot.mode import Mode
from robot.pushing import BLOCKS, PUSHER, Judge, blocks_of, inside, observation
from robot.safety import Supervisor
from robot.types import (
    Command,
    Goal,
    JointMode,
    Outcome,
    Reference,
    State,
    Status,
    Tick,
    Utterance,
    Vector,
    vector,
)
from sim.blockpush import BlockPush, BlockPushConfig, EngineName
from skills.body import Body
from skills.push_oracle import Oracle

MODES = (JointMode.POSITION,) * 2
ASIDE = 0.0002  # [m]
STEPS = (1, 2, 5, 10)
MOVED = 0.02  # [m] what a block moves in the ten steps of a segment, at least


@dataclass(frozen=True)
class Benchmark:
    """What to run."""

    mode: Literal["replay", "oracle"] = "replay"
    engine: EngineName = "mujoco"
    n: int = 100
    """Episodes; of segments three times as many."""
    seed: int = 0
    """Of the choice of episodes, or of the first start."""
    data: Path = Path("../shared/data/blockpush")


def replay(engine: EngineName, frame: Vector, targets: Vector) -> Vector:
    """(steps, 16): the frames after each of `targets` (steps, 2) [m], begun at `frame`."""
    world = BlockPush(frame, BlockPushConfig(engine))
    frames = []
    world.wait()
    for seq, wanted in enumerate(targets):
        world.write(Command(world.now(), seq, 0, vector(wanted), MODES, 2 * PUSHER.dt))
        world.wait()
        obs = world.read()
        still = vector([0.0, 0.0])
        reference = Reference(vector(wanted), still, still)
        state = State(world.now(), 0.0, obs.seq, obs.q, obs.qd, reference, obs.fixes)
        frames.append(observation(state))
    world.close()
    return np.array(frames)


def limited(episodes: list[tuple[Vector, Vector]]) -> int:
    """On how many ticks the Supervisor changes what the demonstrations did."""
    count = 0
    still = vector([0.0, 0.0])
    for frames, targets in episodes:
        supervisor = Supervisor(PUSHER)
        supervisor.reset(vector(frames[0, 8:10]))
        for k, wanted in enumerate(targets):
            q = vector(frames[k, 6:8])
            state = State(k * PUSHER.dt, 0.0, k, q, still, supervisor.reference)
            proposed = Command(state.time, k, 0, vector(wanted), MODES, PUSHER.timeout)
            count += bool(supervisor.filter(state, proposed).reasons)
    return count


def spread(errors: list[float]) -> dict[str, Any]:
    """Median and 90th percentile in millimetres."""
    median, most = np.percentile(np.array(errors) * 1e3, [50, 90]).round(2).tolist()
    return {"n": len(errors), "median_mm": median, "p90_mm": most}


def segments(
    config: Benchmark, episodes: list[tuple[Vector, Vector]], rng: np.random.Generator
) -> dict[str, Any]:
    """Ten steps from recorded frames, in which a block moves: how far it ends up from there."""
    most = max(STEPS)
    places = [
        (index, k)
        for index, (frames, _) in enumerate(episodes)
        for k in range(0, len(frames) - most, 5)
        if np.hypot(*(blocks_of(frames[k + most]) - blocks_of(frames[k]))[:, :2].T).max() > MOVED
    ]
    lag: list[float] = []
    off: dict[int, list[float]] = {steps: [] for steps in STEPS}
    parted: dict[int, list[float]] = {steps: [] for steps in STEPS}
    share: dict[int, list[float]] = {steps: [] for steps in STEPS}
    for i in rng.permutation(len(places))[: 3 * config.n]:
        index, k = places[i]
        frames, targets = episodes[index]
        wanted = targets[k : k + most]
        recorded = frames[k + 1 : k + 1 + most]
        ways = (blocks_of(recorded[-1]) - blocks_of(frames[k]))[:, :2]
        pushed = int(np.argmax(np.hypot(*ways.T)))
        at = 3 * pushed
        aside = frames[k].copy()
        aside[at : at + 2] += (
            ASIDE * np.array([-1, 1]) * ways[pushed, ::-1] / np.hypot(*ways[pushed])
        )
        made = replay(config.engine, frames[k], wanted)
        again = replay(config.engine, aside, wanted)
        lag += np.hypot(*(made - recorded)[:, 6:8].T).tolist()
        for steps in STEPS:
            there, here = recorded[steps - 1, at : at + 2], made[steps - 1, at : at + 2]
            off[steps].append(float(np.hypot(*(here - there))))
            parted[steps].append(float(np.hypot(*(again[steps - 1, at : at + 2] - here))))
            way = float(np.hypot(*(there - frames[k, at : at + 2])))
            if way > 0.003 * steps:
                share[steps].append(off[steps][-1] / way)
    by_steps = {
        str(steps): {
            **spread(off[steps]),
            "median_share_of_way": round(float(np.median(share[steps])), 4),
            "parted_median_mm": spread(parted[steps])["median_mm"],
            "parted_p90_mm": spread(parted[steps])["p90_mm"],
        }
        for steps in STEPS
    }
    return {"effector": spread(lag), "block_by_steps": by_steps}


def measure_replay(config: Benchmark) -> dict[str, Any]:
    file = config.data / "blockpush_replayed_obs16.npz"
    if not file.is_file():
        raise SystemExit(f"there is no {file}; say with --data where the demonstrations are")
    with np.load(file) as data:
        seen, moves = data["obs"].astype(np.float64), data["action"].astype(np.float64)
        ends = data["episode_ends"]
    episodes = []
    for start, end in zip([0, *ends[:-1]], ends, strict=True):  # the last action is padding
        targets = seen[start, 8:10] + np.cumsum(moves[start : end - 1], axis=0)
        episodes.append((seen[start:end], targets))
    rng = np.random.default_rng(config.seed)
    result = segments(config, episodes, rng)
    off: list[float] = []
    same = same_blocks = 0
    for i in rng.permutation(len(episodes))[: config.n]:
        frames, targets = episodes[i]
        last = replay(config.engine, frames[0], targets)[-1]
        off += np.hypot(*(blocks_of(last) - blocks_of(frames[-1]))[:, :2].T).tolist()
        pairs = list(zip(inside(last), inside(frames[-1]), strict=True))
        same += all(a == b for a, b in pairs)
        same_blocks += sum(a == b for a, b in pairs)
    return {
        "limited_ticks": limited(episodes),
        "demonstrated_ticks": sum(len(targets) for _, targets in episodes),
        **result,
        "whole_episodes": {
            **spread(off),
            "same_outcome_rate": same / config.n,
            "same_outcome_rate_interval": wilson(same, config.n),
            "same_block_rate": same_blocks / (config.n * len(BLOCKS)),
        },
    }


class OneGoal:
    """A `robot.types.Planner` that wants one thing."""

    def __init__(self, goal: Goal) -> None:
        self._goal = goal

    def plan(self, state: State, heard: tuple[Utterance, ...], outcome: Outcome) -> Goal:
        return self._goal


def episode(engine: EngineName, seed: int) -> tuple[Judge, Oracle, list[Tick]]:
    world = BlockPush(seed, BlockPushConfig(engine, duration=90.0))
    oracle, supervisor, judge = Oracle(Body.of(PUSHER)), Supervisor(PUSHER), Judge()
    mode = Mode(supervisor)
    mode.engage()
    ticks: list[Tick] = []

    def record(tick: Tick) -> None:
        judge.see(tick.state.time, observation(tick.state))
        ticks.append(tick)

    run(
        Stack(
            robot=world,
            planner=OneGoal(Goal(1, "push_by_rule", {"seed": seed})),
            skills={"push_by_rule": oracle},
            supervisor=supervisor,
            mode=mode,
            estimator=Estimator(PUSHER),
            record=record,
            until=lambda tick: tick.outcome.status is not Status.RUNNING,
        )
    )
    return judge, oracle, ticks


def measure_oracle(config: Benchmark) -> dict[str, Any]:
    success = as_meant = interventions = 0
    ways = {f"order {order}, assignment {way}": 0 for order in (0, 1) for way in (0, 1)}
    taken = []
    began = monotonic()
    for seed in range(config.seed, config.seed + config.n):
        judge, oracle, ticks = episode(config.engine, seed)
        success += judge.success
        as_meant += (judge.order, judge.assignment) == (oracle.order, oracle.assignment)
        interventions += sum(bool(tick.verdict.reasons) for tick in ticks)
        ways[f"order {oracle.order}, assignment {oracle.assignment}"] += 1
        taken.append(ticks[-1].state.time)
    return {
        "success_rate": success / config.n,
        "success_rate_interval": wilson(success, config.n),
        "as_meant_rate": as_meant / config.n,
        "interventions": interventions,
        "ways": ways,
        "median_s": round(float(np.median(taken)), 1),
        "real_time_factor": round(sum(taken) / (monotonic() - began), 1),
    }


def main(config: Benchmark) -> None:
    measured = measure_replay(config) if config.mode == "replay" else measure_oracle(config)
    head = {"mode": config.mode, "engine": config.engine, "n": config.n, "seed": config.seed}
    print(json.dumps({**head, **measured}))


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
