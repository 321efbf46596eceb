"""How long from an instruction to the first motion, by the clock, with the whole stack.

    python tests/benchmark/first_motion.py --n 10

Each run is a process of its own, as `courtside run INSTRUCTION` is. `motion`: from the loop's first
tick, with the instruction given, to the first tick of a motion; `rest`: what the process takes
before the loop and after it. Prints one JSON object. The first run on a machine reads what later
ones find in `~/.cache/courtside`; leave it out with `--skip 1`.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic

import tyro
from tabletop import scene_file

from robot.recording import Recording

MAIN = "from robot.cli.main import main; raise SystemExit(main())"


@dataclass(frozen=True)
class Benchmark:
    """What is said, and to whom."""

    llm: str = "embedded"
    """As for `courtside run`."""
    n: int = 10
    skip: int = 0
    """Runs before those that count."""
    seed: int = 0
    """Of the first scene."""
    instructions: tuple[str, ...] = field(
        default=(
            "put the red block in the blue bowl",
            "place the green block on the red block",
            "move the blue block to the top left corner",
        )
    )


def first_motion(config: Benchmark, index: int, folder: Path) -> tuple[float, float]:
    """[s] of the process outside the loop, and from the loop's begin to the first motion."""
    said = config.instructions[index % len(config.instructions)]
    began = monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "-c", MAIN, "run", said, "--llm", config.llm, "--json"),
            *("--scene", str(scene_file(folder, config.seed + max(index, 0)))),
            *("--record", str(folder)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    took = monotonic() - began
    if done.returncode:
        print(f"{said}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    ticks = Recording.load(Path(json.loads(done.stdout)["recording"])).ticks
    times = [tick.now for tick in ticks]
    moving = [tick.now for tick in ticks if tick.goal.skill != "hold"]
    if not moving:
        raise SystemExit(f"{said!r} moved nothing")
    return took - (times[-1] - times[0]), moving[0] - times[0]


def main(config: Benchmark) -> None:
    rests, motions = [], []
    with tempfile.TemporaryDirectory() as folder:
        for index in range(-config.skip, config.n):
            rest, motion = first_motion(config, index, Path(folder))
            print(f"{index}: motion {motion:.2f} s, rest {rest:.2f} s", file=sys.stderr)
            if index >= 0:
                rests.append(rest)
                motions.append(motion)
    result = {
        "n": config.n,
        "llm": config.llm,
        "seed": config.seed,
        "motion_median_s": round(median(motions), 2),
        "rest_median_s": round(median(rests), 2),
        "motion_s": [round(each, 2) for each in motions],
        "rest_s": [round(each, 2) for each in rests],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
