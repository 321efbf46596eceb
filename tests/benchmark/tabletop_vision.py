"""How well the tabletop's cameras see: errors of position, what is missed, and what it costs.

    python tests/benchmark/tabletop_vision.py --n 100

Over seeded random scenes of one to four blocks and bowls, each seen at rest, then while a program
moves a block into a bowl and another onto a third. Errors are those of every fix that the robot was
given, against the physics. Intervals are bootstrapped over scenes. Prints one JSON object.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from time import process_time
from typing import Literal

import numpy as np
import tyro

from planners.program.check import Limits
from robot.camera import Pinhole
from robot.cli import build, programming
from robot.cli.session import Session, Voice
from robot.intervals import wilson
from robot.types import Observation
from robot.vision.colors import Pixels
from robot.vision.things import Sight
from sim.scene import random_scene
from sim.tabletop import Tabletop, TabletopConfig


@dataclass(frozen=True)
class Benchmark:
    """What to look at."""

    engine: Literal["mujoco", "pybullet"] = "mujoco"
    n: int = 100
    seed: int = 0
    """Of the first scene; the others follow."""
    still: bool = False
    """Only at rest."""


class Watched(Tabletop):
    """A world that notes how far fixes are from the truth, and how long its cameras take."""

    def prepare(self) -> None:
        self.errors: dict[str, list[float]] = defaultdict(list)  # [m] by how it is known
        self.first: Observation | None = None
        self.ghosts = self.looks = 0
        self.drawing = self.looking = 0.0  # [s] of CPU time
        render = self.engine.render

        def timed(camera: Pinhole, shadows: bool = True) -> Pixels:
            began = process_time()
            shown = render(camera, shadows)
            self.drawing += process_time() - began
            return shown

        self.engine.render = timed

    def _sense(self) -> Observation:
        began, drawing, due = process_time(), self.drawing, self._next_look
        obs = super()._sense()
        if self._next_look > due:
            self.looks += 1
            self.looking += process_time() - began - (self.drawing - drawing)
        truth, sight = self.truth(), self.sight
        assert sight is not None
        for name, fix in obs.fixes.items():
            if name not in truth:
                self.ghosts += 1
                continue
            held = sight.things.known[name].sight is Sight.HELD
            error = float(np.linalg.norm(fix.position - truth[name].position))
            self.errors["held" if held else "seen"].append(error)
        self.first = self.first or obs
        return obs


def program(names: tuple[str, ...]) -> str:
    """Something to do with what is there."""
    blocks = [name for name in names if name.endswith("block")]
    bowls = [name for name in names if name.endswith("bowl")]
    lines = [f"put_first_on_second({blocks[0]!r}, {bowls[0]!r})"]
    if len(blocks) > 2:
        lines.append(f"put_first_on_second({blocks[1]!r}, {blocks[2]!r})")
    return "\n".join(lines)


def watch(config: Benchmark, seed: int) -> Watched:
    """One scene, and what was noted of it."""
    rng = np.random.default_rng(seed)
    scene = random_scene(rng, int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    spec = build.robot_spec()
    world = Watched(spec, scene, TabletopConfig(config.engine, perception="camera", duration=60.0))
    world.prepare()
    if config.still:
        world.wait()
    else:
        voice = Voice(quiet=True)
        planner = programming.program_planner(None, voice.say, limits=Limits(compute=5.0))
        planner.execute(program(tuple(thing.name for thing in scene)))
        Session(world, build.skills(spec), planner, voice).run()
        planner.close()
    world.close()
    return world


def median(errors: list[list[float]]) -> dict[str, object]:
    """Of all errors [mm], by scene, with a bootstrapped interval of the median."""
    errors = [some for some in errors if some]
    if not errors:
        return {"n": 0}
    rng, flat = np.random.default_rng(0), np.concatenate(errors) * 1e3
    picks = rng.integers(0, len(errors), (300, len(errors)))
    drawn = [1e3 * np.median(np.concatenate([errors[i] for i in pick])) for pick in picks]
    return {
        "n": len(flat),
        "median_mm": round(float(np.median(flat)), 3),
        "median_mm_interval": [round(float(v), 3) for v in np.percentile(drawn, [2.5, 97.5])],
        "p95_mm": round(float(np.percentile(flat, 95)), 3),
        "max_mm": round(float(flat.max()), 3),
    }


def main(config: Benchmark) -> None:
    worlds = [watch(config, seed) for seed in range(config.seed, config.seed + config.n)]
    things = sum(len(world.scene) for world in worlds)
    found = sum(
        len(world.first.fixes.keys() & {thing.name for thing in world.scene})
        for world in worlds
        if world.first
    )
    looks = sum(world.looks for world in worlds)
    result = {
        "engine": config.engine,
        "scenes": config.n,
        "seed": config.seed,
        "at_once": round(found / things, 4),
        "at_once_interval": wilson(found, things),
        "ghosts": sum(world.ghosts for world in worlds),
        "seen": median([world.errors["seen"] for world in worlds]),
        "held": median([world.errors["held"] for world in worlds]),
        "draw_ms": round(1e3 * sum(world.drawing for world in worlds) / looks, 2),
        "look_ms": round(1e3 * sum(world.looking for world in worlds) / looks, 2),
        "look_period_ms": 1e3 * worlds[0].config.look_period,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
