"""How long from an instruction to the first motion, by the clock, with the whole stack.

    python tests/benchmark/first_motion.py --n 10

Each run is a process of its own, as `courtside run INSTRUCTION` is. `start`: from its beginning to
its first tick; `motion`: from then, with the instruction given, to the first tick of a motion;
`whole`: both. Prints one JSON object; run it once before, so that files are in memory.
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

from robot.recording import Recording

MAIN = "from robot.cli.main import main; raise SystemExit(main())"


@dataclass(frozen=True)
class Benchmark:
    """What is said, and to whom."""

    llm: str = "embedded"
    """As for `courtside run`."""
    n: int = 10
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
    """[s] to the first tick, and from there to the first motion."""
    said = config.instructions[index % len(config.instructions)]
    began = monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "-c", MAIN, "run", said, "--llm", config.llm, "--json"),
            *("--seed", str(config.seed + index), "--record", str(folder)),
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
    starts, motions = [], []
    with tempfile.TemporaryDirectory() as folder:
        for index in range(config.n):
            start, motion = first_motion(config, index, Path(folder))
            print(f"{index}: start {start:.2f} s, motion {motion:.2f} s", file=sys.stderr)
            starts.append(start)
            motions.append(motion)
    whole = [a + b for a, b in zip(starts, motions, strict=True)]
    figures = {"start": starts, "motion": motions, "whole": whole}
    print(
        json.dumps(
            {
                "n": config.n,
                "llm": config.llm,
                "seed": config.seed,
                **{f"{name}_median_s": round(median(each), 2) for name, each in figures.items()},
                **{f"{name}_s": [round(s, 2) for s in each] for name, each in figures.items()},
            }
        )
    )


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
