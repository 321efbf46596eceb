"""Stops a program at random moments, restarts everything but the world, and goes on.

`python tests/benchmark/interruptions.py --n 20`: how many end as the uninterrupted run did.
"""

import contextlib
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

sys.path.insert(0, str(Path(__file__).parents[1]))
from test_interrupt import PROGRAM, alike, final, go_on, interrupted, world_of

from robot.cli import programming
from robot.intervals import wilson


@dataclass
class Benchmark:
    """How many, and of which seed the moments are drawn."""

    n: int = 20
    seed: int = 0


def main(config: Benchmark) -> None:
    world = world_of()
    with contextlib.closing(programming.program_planner(None, lambda text: None)) as planner:
        planner.execute(PROGRAM)
        go_on(world, planner)
        assert planner.succeeded, planner.error
        lies, lasted = final(world), world.now()
    world.close()
    rng = np.random.default_rng(config.seed)
    same = []
    with tempfile.TemporaryDirectory() as folder:
        for moment in rng.uniform(0.1, lasted - 0.1, config.n):
            again, error = interrupted(float(moment), Path(folder) / "kept.json")
            same.append(error is None and alike(lies, again))
            print(f"{moment:6.2f} s: {'same' if same[-1] else error or 'other'}", file=sys.stderr)
    result = {
        "n": config.n,
        "same": sum(same),
        "same_interval": wilson(sum(same), config.n),
        "seed": config.seed,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(tyro.cli(Benchmark))
