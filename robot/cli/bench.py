"""`courtside bench`: the speed figures behind the README."""

import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, thread_time_ns
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional

from robot.cli import build
from robot.cli.errors import WrongUse

if TYPE_CHECKING:
    from robot.types import Command, Goal, Observation, Outcome, Robot, Skill, State, Tick, Verdict

GOALS = (
    "pick object='red block'; place object='red block' at='blue bowl'; "
    "pick object='green block'; place object='green block' at='yellow block'; home"
)


@dataclass(frozen=True)
class Bench:
    """Measure the speed of this machine: the loop, simulation, inference."""

    what: Positional[Literal["loop", "tabletop", "tennis", "beso", "ros"]]
    """loop: CPU time of a tick without physics and skills, and of the Supervisor.
    tabletop: simulated seconds a second, without cameras, in both engines.
    tennis: time of a tick of a match, from observation to command, and of a choice; physics steps.
    beso: latency of one replan of a diffusion policy, beside diffusers' schedulers.
    ros: from a joint state to its command and back between two processes, over DDS."""
    n: int = 4000
    """Ticks, at least; or replans, or joint states."""
    rate: float = 100.0
    """[Hz] ros: of joint states."""
    lerobot: str = ""
    """beso: the python of an environment with LeRobot 0.4, to be measured as well."""
    seed: int = 0
    """Of the scene."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        if self.n < 100:
            raise WrongUse("--n must be at least 100")
        kinds = {
            "loop": self._loop,
            "tabletop": self._tabletop,
            "tennis": self._tennis,
            "beso": self._beso,
            "ros": self._ros,
        }
        result = kinds[self.what]() | {"seed": self.seed}
        if self.json:
            print(json.dumps(result))
        else:
            for name, value in result.items():
                print(f"{name:24} {value}")
        return 0

    def _loop(self) -> dict[str, object]:
        """The whole stack at work, recording included, part of it under a stopwatch."""
        ticks: list[int] = []  # [ns]
        filters: list[int] = []  # [ns]
        seed = self.seed
        _episode(seed, "mujoco", [], [], recorded=True)  # the interpreter warms up
        while len(ticks) < self.n:
            _episode(seed, "mujoco", ticks, filters, recorded=True)
            seed += 1
        return {
            "n": len(ticks),
            **_quantiles("loop", ticks),
            **_quantiles("supervisor", filters),
        }

    def _tennis(self) -> dict[str, object]:
        from robot.cli.bench_tennis import measure

        return measure(self.n, self.seed)

    def _beso(self) -> dict[str, object]:
        from robot.cli.bench_beso import measure

        return measure(self.n, self.seed, self.lerobot)

    def _ros(self) -> dict[str, object]:
        build.need_ros("courtside bench ros")
        from hardware.bench import measure

        if not 1 <= self.rate <= 2000:
            raise WrongUse("--rate must be between 1 and 2000")
        return measure(self.n, self.rate)

    def _tabletop(self) -> dict[str, object]:
        result: dict[str, object] = {}
        for engine in ("mujoco", "pybullet"):
            ticks: list[int] = []
            began = monotonic()
            seed = self.seed
            while len(ticks) < self.n:
                _episode(seed, engine, ticks, [], recorded=False)
                seed += 1
            wall = monotonic() - began
            dt = build.robot_spec().dt
            result[engine] = {
                "n": len(ticks),
                "steps_per_s": round(len(ticks) / wall, 1),
                "real_time_factor": round(len(ticks) * dt / wall, 2),
            }
        return result


def _quantiles(name: str, times: list[int]) -> dict[str, float]:
    """p50 and p99 of times [ns], in microseconds."""
    ordered = sorted(times)
    return {
        f"{name}_p50_us": round(ordered[len(ordered) // 2] / 1e3, 1),
        f"{name}_p99_us": round(ordered[int(len(ordered) * 0.99)] / 1e3, 1),
    }


def _episode(
    seed: int,
    engine: build.EngineName,
    ticks: list[int],
    filters: list[int],
    recorded: bool,
) -> None:
    """Carry out GOALS once; adds the time [ns] of every tick and every Supervisor call."""
    from robot.estimate import Estimator
    from robot.loop import Stack, run
    from robot.mode import Mode
    from robot.safety import Supervisor
    from sim.tabletop import Tabletop, TabletopConfig

    spec = build.robot_spec()
    scene, _ = build.scene(None, seed)
    planner = build.fixed_planner(GOALS, lambda text: None)
    away = Stopwatch()
    skills: Mapping[str, Skill] = {
        name: TimedSkill(skill, away) for name, skill in build.skills(spec).items()
    }
    robot = TimedRobot(Tabletop(spec, scene, TabletopConfig(engine, duration=60)), away, ticks)
    supervisor = Supervisor(spec)
    inner = supervisor.filter

    def timed(state: "State", proposed: "Command | None") -> "Verdict":
        began = thread_time_ns()
        verdict = inner(state, proposed)
        filters.append(thread_time_ns() - began)
        return verdict

    supervisor.filter = timed
    mode = Mode(supervisor)
    mode.engage()
    with ExitStack() as parts:
        record: Callable[[Tick], None] = Stack.record  # nowhere
        if recorded:
            folder = Path(parts.enter_context(tempfile.TemporaryDirectory()))
            config = replace(Bench("loop"), seed=seed)
            recorder = build.recorder(folder, "bench", spec, seed, config, scene=scene)
            parts.callback(recorder.close)
            record = recorder
        run(
            Stack(
                robot=robot,
                planner=planner,
                skills=skills,
                supervisor=supervisor,
                mode=mode,
                estimator=Estimator(spec),
                record=record,
                until=lambda tick: planner.finished,
            )
        )


class Stopwatch:
    """CPU time [ns] of this thread spent in physics and skills since it was last read."""

    def __init__(self) -> None:
        self.spent = 0


class TimedRobot:
    """A robot whose time is not the loop's."""

    def __init__(self, robot: "Robot", away: Stopwatch, ticks: list[int]) -> None:
        self._robot, self._away, self._ticks = robot, away, ticks
        self.spec = robot.spec
        self.now = robot.now
        self.close = robot.close
        self._began: int | None = None

    def wait(self) -> bool:
        if self._began is not None:
            self._ticks.append(thread_time_ns() - self._began - self._away.spent)
        more = self._robot.wait()
        self._away.spent = 0
        self._began = thread_time_ns()
        return more

    def read(self) -> "Observation":
        began = thread_time_ns()
        obs = self._robot.read()
        self._away.spent += thread_time_ns() - began
        return obs

    def write(self, command: "Command") -> None:
        self._robot.write(command)


class TimedSkill:
    """A skill whose time is not the loop's."""

    def __init__(self, skill: "Skill", away: Stopwatch) -> None:
        self._skill, self._away = skill, away

    def reset(self, state: "State", goal: "Goal") -> None:
        began = thread_time_ns()
        self._skill.reset(state, goal)
        self._away.spent += thread_time_ns() - began

    def act(self, state: "State", goal: "Goal") -> "tuple[Command, Outcome]":
        began = thread_time_ns()
        result = self._skill.act(state, goal)
        self._away.spent += thread_time_ns() - began
        return result
