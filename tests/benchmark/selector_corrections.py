"""How long after a correction is typed does the motion change, under the learned selector?

    python tests/benchmark/selector_corrections.py --n 200

Each time a chore is begun by the clock, with everything that `courtside run` has beside the loop,
and a line is written to its standard input at a moment that chance decides. The same is played
without the line before, as fast as it goes; until the line comes, both are alike to the last bit.
From the line's being written, which is before it is read, to the first command that differs
(`command`), and to the first measured joint position that does, by a microradian (`motion`). Prints
one JSON object.
"""

import json
import os
import tempfile
import threading
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from time import monotonic

import numpy as np
import tyro

from planners.coaching.understand import Understanding
from robot.cli import build, selecting
from robot.cli.chore import assigned
from robot.cli.session import Session, Voice
from robot.cli.worlds import Task
from robot.types import Tick
from sim.tabletop import Tabletop, TabletopConfig

FIRST, LAST = 0.6, 4.0  # [s] of the chore, in which the line comes
AFTER = 0.6  # [s] that the run goes on
DIFFERS = {"command": 1e-9, "motion": 1e-6}  # [rad or m]
LINES = tuple(
    "a bit to the left|a lot to the right|higher|a bit lower|closer to me|away from me|go back|"
    "turn it to the left|open the gripper, please|tilt it".split("|")
)


@dataclass(frozen=True)
class Benchmark:
    """What to say."""

    n: int = 200
    """Corrections."""
    task: Task = "sort"
    """The chore."""
    seed: int = 0
    """Of the first; the others follow."""


class Played:
    """One run: what was commanded and measured at each tick, and when."""

    def __init__(self, config: Benchmark, number: int, understanding: Understanding) -> None:
        self._config, self._number, self._understanding = config, number, understanding
        self.command: list[np.ndarray] = []
        self.motion: list[np.ndarray] = []
        self.when: list[float] = []  # [s] on the clock
        self.written = inf  # [s] when the line was, likewise

    def _watch(self, tick: Tick) -> None:
        self.when.append(monotonic())
        self.command.append(tick.verdict.command.target)
        self.motion.append(tick.obs.q)

    def run(self, speed: float, at: float, line: str) -> "Played":
        spec = build.robot_spec()
        setting, instruction = assigned(self._config.task, self._number)
        config = TabletopConfig(
            duration=at + AFTER, speed=speed, conditions=setting.conditions, perception="truth"
        )
        world = Tabletop(spec, setting.scene, config)
        planner = selecting.planner(
            selecting.learned(), self._understanding, spec, lambda text: None
        )
        planner.instruct(instruction)
        read, write = os.pipe()

        def say() -> None:
            self.written = monotonic()
            os.write(write, line.encode() + b"\n")

        with tempfile.TemporaryDirectory() as folder, os.fdopen(read) as typed:
            recorder = build.recorder(Path(folder), "run", spec, 0, self._config)
            session = Session(
                world,
                build.skills(spec),
                planner,
                Voice(quiet=True),
                recorder,
                typed=typed,
                watch=self._watch,
            )
            timer = threading.Timer(at, say)
            if line:
                timer.start()
            try:
                session.run()
            finally:
                timer.cancel()
                os.close(write)
        return self


def first(one: list[np.ndarray], other: list[np.ndarray], by: float) -> int | None:
    """The tick at which two runs begin to differ."""
    for tick, (a, b) in enumerate(zip(one, other, strict=False)):
        if np.abs(a - b).max() > by:
            return tick
    return None


def main(config: Benchmark) -> None:
    rng = np.random.default_rng(config.seed)
    understanding = Understanding()
    took: dict[str, list[float]] = {name: [] for name in DIFFERS}
    lost = early = 0
    for number in range(config.seed, config.seed + config.n):
        at, line = float(rng.uniform(FIRST, LAST)), LINES[int(rng.integers(len(LINES)))]
        usual = Played(config, number, understanding).run(inf, at, "")
        told = Played(config, number, understanding).run(1.0, at, line)
        found = {n: first(getattr(usual, n), getattr(told, n), by) for n, by in DIFFERS.items()}
        ticks = {name: tick for name, tick in found.items() if tick is not None}
        if len(ticks) < len(found):
            lost += 1
        elif told.when[min(ticks.values())] < told.written:
            early += 1  # they were not alike: nothing can be said
        else:
            for name, tick in ticks.items():
                took[name].append(told.when[tick] - told.written)
    report = {
        name: {f"p{q}_ms": round(1e3 * float(np.percentile(times, q)), 2) for q in (50, 99)}
        | {"max_ms": round(1e3 * max(times), 2)}
        for name, times in took.items()
        if times
    }
    print(json.dumps({**asdict(config), **report, "unchanged": lost, "not_alike": early}))


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
