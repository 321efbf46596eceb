"""A whole stack in simulation, for tests: what is said when, and every tick of what came of it."""

from dataclasses import dataclass, field

import numpy as np

from robot.cli import build
from robot.estimate import Estimator
from robot.loop import Stack, run
from robot.mode import Mode
from robot.safety import Supervisor
from robot.types import Fix, Planner, Tick, Utterance
from sim.scene import Scene, random_scene
from sim.tabletop import Tabletop, TabletopConfig

NAMES = ("red block", "blue block", "green block", "blue bowl", "green bowl", "orange bowl")
PUT = "pick object='red block'; place object='red block' at='blue bowl'"


def scene_of(seed: int = 0, names: tuple[str, ...] = NAMES) -> Scene:
    return random_scene(np.random.default_rng(seed), names=names)


@dataclass
class Result:
    planner: object
    supervisor: Supervisor
    mode: Mode
    ticks: list[Tick] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def objects(self) -> dict[str, Fix]:
        return dict(self.ticks[-1].state.objects)

    @property
    def reasons(self) -> set[str]:
        return {reason for tick in self.ticks for reason in tick.verdict.reasons}

    def at(self, time: float) -> int:
        """Index of the first tick at or after `time` [s]."""
        return next(i for i, tick in enumerate(self.ticks) if tick.state.time >= time - 1e-9)

    def motion(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Velocity, acceleration and jerk of what was commanded, over their limits."""
        spec = build.robot_spec()
        q = np.array([tick.verdict.command.target for tick in self.ticks])
        v = np.diff(q, axis=0) / spec.dt
        a = np.diff(v, axis=0) / spec.dt
        j = np.diff(a, axis=0) / spec.dt
        return v / spec.velocity, a / spec.acceleration, j / spec.jerk


def play(
    goals: str = PUT,
    *said: tuple[float, str],
    scene: Scene | None = None,
    engine: build.EngineName = "mujoco",
    duration: float = 40.0,
    planner: Planner | None = None,
    skills: dict | None = None,
    after: float = 0.0,
) -> Result:
    """Run `goals`, with lines `said` at times [s]; until it is over, and `after` [s] longer."""
    spec = build.robot_spec()
    world = Tabletop(spec, scene or scene_of(), TabletopConfig(engine, duration=duration))
    supervisor = Supervisor(spec)
    mode = Mode(supervisor)
    mode.engage()
    lines = sorted(said)
    spoken: list[str] = []
    planner = planner or build.fixed_planner(goals, spoken.append)
    result = Result(planner, supervisor, mode, said=spoken)
    over: list[float] = []

    def hear() -> tuple[Utterance, ...]:
        heard = []
        while lines and world.now() >= lines[0][0] - 1e-9:
            heard.append(Utterance(world.now(), lines.pop(0)[1]))
        return tuple(heard)

    def until(tick: Tick) -> bool:
        if getattr(planner, "finished", False) and not lines:
            over.append(tick.state.time)
        return bool(over) and tick.state.time >= over[0] + after

    run(
        Stack(
            robot=world,
            planner=planner,
            skills={**build.skills(spec), **(skills or {})},
            supervisor=supervisor,
            mode=mode,
            estimator=Estimator(spec),
            hear=hear,
            record=result.ticks.append,
            until=until,
        )
    )
    return result
