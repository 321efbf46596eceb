"""Programs that put and stack, over seeded random scenes of three blocks and three bowls.

    python tests/benchmark/tabletop.py --task put --engine mujoco --n 100

Success is judged from the physics after the program: the things rest where they were put, still,
and nothing holds them. Prints one JSON object.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Literal

import numpy as np
import tyro

from robot.cli import build, programming
from robot.cli.session import Session, Voice
from robot.intervals import wilson
from robot.table import BLOCK, BOWL_RADIUS
from robot.types import Vector
from sim.engine import Engine
from sim.scene import Scene, random_scene
from sim.tabletop import Tabletop, TabletopConfig

PROGRAMS = {
    "put": "put_first_on_second('red block', 'blue bowl')",
    "stack2": "put_first_on_second('red block', 'blue block')",
    "stack3": (
        "put_first_on_second('red block', 'blue block')\n"
        "put_first_on_second('green block', 'red block')"
    ),
}
NAMES = ("red block", "blue block", "green block", "blue bowl", "green bowl", "orange bowl")


@dataclass(frozen=True)
class Benchmark:
    """What to run."""

    task: Literal["put", "stack2", "stack3"] = "put"
    engine: Literal["mujoco", "pybullet"] = "mujoco"
    n: int = 100
    seed: int = 0
    """Of the first scene; the others follow."""


def scene_file(folder: Path, seed: int) -> Path:
    """The scene of `seed`, as a file."""
    scene = random_scene(np.random.default_rng(seed), names=NAMES)
    objects = [{"name": thing.name, "xy": [thing.x, thing.y], "yaw": thing.yaw} for thing in scene]
    file = folder / f"{seed}.json"
    file.write_text(json.dumps({"objects": objects, "seed": seed}))
    return file


class Watched(Tabletop):
    """A world that stays open after the run, to be judged."""

    def close(self) -> None: ...


def episode(task: str, engine: build.EngineName, scene: Scene) -> tuple[bool, str, float]:
    """Whether it succeeded, why not, and how long it took [s], simulated."""
    spec = build.robot_spec()
    world = Watched(spec, scene, TabletopConfig(engine, duration=120))
    voice = Voice(quiet=True)
    planner = programming.program_planner(None, voice.say)
    try:
        planner.execute(PROGRAMS[task])
        Session(world, build.skills(spec), planner, voice).run()
        taken = world.now()
        ok = planner.succeeded and rests(task, world.engine, spec.home)
        return ok, planner.error or "it does not rest there", taken
    finally:
        planner.close()
        Tabletop.close(world)


def rests(task: str, engine: Engine, home: Vector) -> bool:
    """Half a second on, are the things where they belong, and still?"""
    q, _ = engine.joints()
    before = engine.objects()
    for _ in range(250):
        engine.step(np.append(q[:-1], home[-1]), np.zeros(len(q)))
    after = engine.objects()
    moved = max(float(np.linalg.norm(after[n][0] - before[n][0])) for n in after)
    pairs = {
        "put": [("red block", "blue bowl")],
        "stack2": [("red block", "blue block")],
        "stack3": [("red block", "blue block"), ("green block", "red block")],
    }[task]
    return moved < 0.002 and all(is_on(after[a][0], after[b][0], b) for a, b in pairs)


def is_on(top: Vector, base: Vector, name: str) -> bool:
    level = float(np.hypot(*(top - base)[:2]))
    if name.endswith("bowl"):
        return level < BOWL_RADIUS - BLOCK / 2 and top[2] < base[2] + BLOCK / 2
    return level < BLOCK / 2 and abs(top[2] - base[2] - BLOCK) < 0.005


def main(config: Benchmark) -> None:
    began = monotonic()
    failures: dict[int, str] = {}
    simulated = 0.0
    for seed in range(config.seed, config.seed + config.n):
        scene = random_scene(np.random.default_rng(seed), names=NAMES)
        ok, reason, taken = episode(config.task, config.engine, scene)
        simulated += taken
        if not ok:
            failures[seed] = reason
            print(f"seed {seed}: {reason}", file=sys.stderr)
    wall = monotonic() - began
    successes = config.n - len(failures)
    result = {
        "task": config.task,
        "engine": config.engine,
        "n": config.n,
        "seed": config.seed,
        "success_rate": successes / config.n,
        "success_rate_interval": wilson(successes, config.n),
        "failures": failures,
        "mean_simulated_s": round(simulated / config.n, 2),
        "real_time_factor": round(simulated / wall, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
