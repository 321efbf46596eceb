"""The same programs over the same scenes: straight in simulation, and through ROS 2.

    python tests/benchmark/ros_scenes.py --n 50 --engines mujoco,pybullet
    python tests/benchmark/ros_scenes.py --n 50 --engines mujoco,pybullet --world blockpush

Each scene is played three ways: in the first engine, without ROS 2, as fast as it goes; and through
ROS 2, in real time, with each of the engines as the robot. The programs are recorded answers of a
language model, the same for all, and success is judged from where things rest; in the world
blockpush it is the learned skill that plays, and judges. Prints one JSON object.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tyro
from tabletop import is_on, scene_file

from robot.intervals import wilson

COURTSIDE = Path(sys.executable).with_name("courtside")
INSTRUCTION = "put the red block in the blue bowl"
PROGRAM = "put_first_on_second('red block', 'blue bowl')\n"


@dataclass(frozen=True)
class Benchmark:
    """What to run."""

    n: int = 50
    seed: int = 0
    """Of the first scene; the others follow."""
    world: Literal["tabletop", "blockpush"] = "tabletop"
    engines: str = "mujoco,pybullet"
    """The first is played directly too."""
    domain: int = 90
    """ROS_DOMAIN_ID, which nobody else uses."""


def play(folder: Path, world: str, *words: str) -> dict[str, Any]:
    """`courtside run` on what is to be done there; what it says about itself."""
    if world == "tabletop":
        job = (INSTRUCTION, "--llm", f"replay:{folder / 'answers.json'}")
    else:
        job = ("push_blocks assignment=0", "--world", world)
    how = ("--record", str(folder), "--frames", "0", "--json")
    done = subprocess.run(
        [str(COURTSIDE), "run", *job, *how, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if not done.stdout:
        return {"success": False, "error": done.stderr[-300:], "objects": {}, "stops": 0}
    return {**json.loads(done.stdout), "log": done.stderr}


def rests(world: str, result: dict[str, Any]) -> bool:
    """Did it say that it was done, and is the block in the bowl?"""
    if world != "tabletop":
        return bool(result["success"])  # which its skill judges by where the blocks are
    there = result["objects"]
    block, bowl = there.get("red block"), there.get("blue bowl")
    good = result["success"] and block is not None and bowl is not None
    return bool(good and is_on(np.array(block), np.array(bowl), "blue bowl"))


def about(world: str, folder: Path, seed: int) -> tuple[str, ...]:
    """The scene of `seed`, as arguments of a command."""
    if world == "tabletop":
        return "--scene", str(scene_file(folder, seed))
    return "--seed", str(seed)


def over_ros(folder: Path, world: str, seed: int, engine: str) -> dict[str, Any]:
    """The same, with nodes of their own for this scene."""
    how = ("--frames", "0", "--logs", str(folder / "logs"))
    where = ("--world", world, "--engine", engine, *about(world, folder, seed))
    nodes = subprocess.Popen(
        [str(COURTSIDE), "nodes", *where, *how],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return play(folder, world, "--robot", "ros")
    finally:
        nodes.send_signal(signal.SIGINT)
        nodes.wait()


def main(config: Benchmark) -> None:
    os.environ["ROS_DOMAIN_ID"] = str(config.domain)
    engines = config.engines.split(",")
    ways = ["direct", *(f"ros {engine}" for engine in engines)]
    won: dict[str, list[bool]] = {way: [] for way in ways}
    failures: dict[str, dict[int, str]] = {way: {} for way in ways}
    stops = dict.fromkeys(ways, 0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "answers.json").write_text(json.dumps([PROGRAM]))
        for seed in range(config.seed, config.seed + config.n):
            for way in ways:
                if way == "direct":
                    how = ("--engine", engines[0], *about(config.world, folder, seed))
                    result = play(folder, config.world, *how, "--speed", "inf")
                else:
                    result = over_ros(folder, config.world, seed, way.split()[1])
                won[way].append(rests(config.world, result))
                stops[way] += result["stops"]
                if not won[way][-1]:
                    failures[way][seed] = result["error"] or "it does not rest there"
                    log = result.get("log", "")
                    print(f"{way}, seed {seed}: {failures[way][seed]}\n{log}", file=sys.stderr)
    found = {
        way: {
            "success_rate": sum(won[way]) / config.n,
            "success_rate_interval": wilson(sum(won[way]), config.n),
            "stops": stops[way],
            "failures": failures[way],
        }
        for way in ways
    }
    print(json.dumps({**asdict(config), "ways": found}))


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
