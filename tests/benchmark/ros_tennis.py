"""Table tennis straight in simulation, and through ROS 2 in real time, at 50 Hz: who returns more?

    python tests/benchmark/ros_tennis.py --n 10 --seconds 120

Each match is of one seed, and so against one opponent; what they play differs once a stroke does.
Counted are the opponent's good balls, and which of them came back as the rules want. Prints one
JSON object.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tyro

from robot.intervals import wilson

# Over ROS 2 nobody tells the robot what became of its strokes: so here it does not learn from them.
CHOICE = ("--choice", "best", "--json")
COURTSIDE = Path(sys.executable).with_name("courtside")


@dataclass(frozen=True)
class Benchmark:
    """What to play."""

    n: int = 10
    """Matches, each way."""
    seconds: float = 120.0
    """[s] of each."""
    seed: int = 0
    """Of the first match; the others follow."""
    direct: bool = True
    """Also without ROS 2, as fast as it goes."""
    domain: int = 92
    """ROS_DOMAIN_ID, which nobody else uses."""


def courtside(*words: str, **how: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(COURTSIDE), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **how,
    )


def straight(config: Benchmark, seed: int, folder: Path) -> tuple[int, int]:
    """Balls returned, and how many there were."""
    about = ("--world", "tennis", "--seed", str(seed), "--duration", str(config.seconds))
    how = ("--speed", "inf", "--games", "99", "--record", str(folder), *CHOICE)
    out, said = courtside("run", *about, *how).communicate()
    if not out:
        raise RuntimeError(said[-500:])
    back, balls = json.loads(out)["returned"]
    return back, balls


def over_ros(config: Benchmark, seed: int, folder: Path) -> tuple[int, int, dict[str, Any]]:
    """The same, and what `courtside run` tells of itself."""
    logs = folder / f"logs-{seed}"
    about = ("--world", "tennis", "--seed", str(seed))
    nodes = courtside("nodes", *about, "--frames", "0", "--logs", str(logs))
    try:
        how = ("--robot", "ros", "--duration", str(config.seconds), "--record", str(folder))
        out, said = courtside("run", *about, *how, *CHOICE).communicate()
    finally:
        nodes.send_signal(signal.SIGINT)
        nodes.communicate()
    found = re.search(r"score: (\d+) of (\d+) balls", (logs / "driver.log").read_text())
    if not out or found is None:
        raise RuntimeError(said[-500:])
    return int(found[1]), int(found[2]), json.loads(out)


def main(config: Benchmark) -> None:
    os.environ["ROS_DOMAIN_ID"] = str(config.domain)
    played = {"direct": [0, 0], "ros": [0, 0]}
    stops = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(config.seed, config.seed + config.n):
            back, balls, told = over_ros(config, seed, folder)
            played["ros"] = [played["ros"][0] + back, played["ros"][1] + balls]
            stops += told["stops"]
            if config.direct:
                before = played["direct"]
                played["direct"] = [
                    a + b for a, b in zip(before, straight(config, seed, folder), strict=True)
                ]
            print(f"seed {seed}: {played}, {stops} stops", file=sys.stderr)
    found = {
        way: {
            "returned": back,
            "balls": balls,
            "rate": back / balls,
            "interval": wilson(back, balls),
        }
        for way, (back, balls) in played.items()
        if balls
    }
    print(json.dumps({**asdict(config), "stops": stops, "ways": found}))


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
