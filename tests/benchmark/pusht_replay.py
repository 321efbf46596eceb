"""Human demonstrations of PushT, replayed through the loop: the same physics, the same limits?

    python tests/benchmark/pusht_replay.py --data DIR

DIR holds pusht_206.npz (goal "center") and pusht_goal356_151.npz (goal "corner"): `state` (N, 5)
agent x, y, T's x, y [px], T's angle [rad]; `action` (N, 2) [px]; `episode_ends`. Prints one JSON
object. An episode is untouched if the Supervisor let all of it through as it was.
"""

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np
import tyro

from robot.estimate import Estimator
from robot.intervals import wilson
from robot.loop import Stack, run
from robot.mode import Mode
from robot.pusht import GOALS, PUSHT, SUCCESS, coverage, observation, pose_of, target
from robot.safety import Supervisor
from robot.types import (
    Command,
    Goal,
    JointMode,
    Outcome,
    State,
    Status,
    Tick,
    Utterance,
    Vector,
)
from sim.pusht import PushT, PushTConfig

DATASETS = {"pusht_206": "center", "pusht_goal356_151": "corner"}  # file name, goal


@dataclass(frozen=True)
class Benchmark:
    """What to replay."""

    data: Path
    """The folder of the demonstrations."""
    n: int | None = None
    """Episodes of each file, the first ones; all if not given."""


class Replay:
    """A skill that proposes given actions (n, 2) [px], one a tick, and then the last again."""

    def __init__(self, actions: Vector) -> None:
        self._targets = [target(action) for action in actions]
        self._next = 0

    def reset(self, state: State, goal: Goal) -> None:
        self._next = 0

    def act(self, state: State, goal: Goal) -> tuple[Command, Outcome]:
        wish = self._targets[min(self._next, len(self._targets) - 1)]
        self._next += 1
        modes = (JointMode.POSITION,) * len(PUSHT.joints)
        command = Command(state.time, state.seq, goal.id, wish, modes, PUSHT.timeout)
        return command, Outcome(goal.id, Status.RUNNING)


class Always:
    """A planner of one goal."""

    def plan(self, state: State, heard: tuple[Utterance, ...], outcome: Outcome) -> Goal:
        return Goal(1, "replay")


def replay(start: int | Vector, actions: Vector, goal: str = "center") -> list[Tick]:
    """The ticks of `actions` (n, 2) [px] from `start`: before each of them, and after the last."""
    config = PushTConfig(GOALS[goal], duration=len(actions) * PUSHT.dt)
    supervisor = Supervisor(PUSHT)
    mode = Mode(supervisor)
    mode.engage()
    ticks: list[Tick] = []
    run(
        Stack(
            robot=PushT(start, config),
            planner=Always(),
            skills={"replay": Replay(actions)},
            supervisor=supervisor,
            mode=mode,
            estimator=Estimator(PUSHT),
            record=ticks.append,
        )
    )
    return ticks


def load(path: Path) -> list[tuple[Vector, Vector]]:
    """The states (n, 5) [px, rad] and actions (n, 2) [px] of every episode."""
    with np.load(path) as file:
        state, action = (np.asarray(file[name], np.float64) for name in ("state", "action"))
        ends = file["episode_ends"]
    return [(state[a:b], action[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def errors(ticks: list[Tick], states: Vector) -> Vector:
    """(n, 3) agent's and T's distance [px], and T's angle [rad], from the demonstration's."""
    found = np.array([observation(tick.state) for tick in ticks[: len(states)]]) - states
    turned = (found[:, 4] + math.pi) % (2 * math.pi) - math.pi
    agent, block = (np.linalg.norm(part, axis=1) for part in (found[:, :2], found[:, 2:4]))
    return np.column_stack([agent, block, np.abs(turned)])


def dataset(path: Path, goal: str, n: int | None) -> dict[str, object]:
    """The figures of one file."""
    began = monotonic()
    episodes = load(path)[:n]
    apart, reasons, best, last, steps = [], [], [], [], 0
    for number, (states, actions) in enumerate(episodes):
        ticks = replay(states[0], actions, goal)
        steps += len(actions)
        apart.append(errors(ticks, states))
        reasons.append({reason for tick in ticks for reason in tick.verdict.reasons})
        covered = [coverage(pose_of(t.state.objects["T"]), GOALS[goal]) for t in ticks]
        best.append(max(covered))
        last.append(covered[-1])
        if reasons[-1]:
            print(f"{path.stem}, episode {number}: {sorted(reasons[-1])}", file=sys.stderr)
    wall = monotonic() - began
    final = np.array([rows[-1] for rows in apart])
    count, untouched = len(episodes), sum(not found for found in reasons)
    crossed = sum(value > SUCCESS for value in best)
    return {
        "goal": goal,
        "n": count,
        "steps": steps,
        "final_block_error_px_max": float(f"{final[:, 1].max():.3g}"),
        "final_block_error_px_mean": float(f"{final[:, 1].mean():.3g}"),
        "final_angle_error_rad_max": float(f"{final[:, 2].max():.3g}"),
        "error_px_max": float(f"{max(rows[:, :2].max() for rows in apart):.3g}"),
        "exact_rate": float(np.mean(final[:, 1] < 0.005)),
        "exact_rate_interval": wilson(int((final[:, 1] < 0.005).sum()), count),
        "untouched_rate": untouched / count,
        "untouched_rate_interval": wilson(untouched, count),
        "crossed_rate": round(crossed / count, 4),
        "crossed_rate_interval": wilson(crossed, count),
        "mean_best_coverage": round(float(np.mean(best)), 4),
        "mean_final_coverage": round(float(np.mean(last)), 4),
        "final_coverage_5_to_95_percent": np.percentile(last, [5, 95]).round(4).tolist(),
        "steps_per_s": round(steps / wall),
    }


def main(config: Benchmark) -> None:
    result = {
        name: dataset(config.data / f"{name}.npz", goal, config.n)
        for name, goal in DATASETS.items()
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
