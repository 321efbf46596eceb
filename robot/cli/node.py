"""`courtside node NAME`: one ROS 2 node, as `courtside nodes` and launch files start it."""

import logging
import signal
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional

from robot.cli import build, worlds
from robot.cli.errors import WrongUse
from robot.cli.hearing import shown

if TYPE_CHECKING:
    from hardware.hearing.listener import Said
    from hardware.robot_file import RobotFile
    from robot.safety import Supervisor
    from robot.types import Robot, RobotSpec

log = logging.getLogger(__name__)

ENDLESS = 999  # games of a match that is not to be over
BEHIND = 5.0  # [s] that a driver may lag: where a command was lost while the limits were in use


@dataclass(frozen=True)
class Node:
    """One ROS 2 node, in this process. `courtside nodes` starts those that a robot needs."""

    name: Positional[Literal["driver", "watchdog", "coach", "ball", "objects", "stack"]]
    """driver: serves a simulated robot. watchdog: guards the driver. coach: passes on what
    `courtside say` says. ball: sees the ball of table tennis in two cameras' pictures. objects:
    sees what stands on the table, likewise. stack: the control loop; begins at "re-arm,
    continue"."""
    robot: str = "sim"
    """watchdog, objects: sim, or a robot file."""
    world: worlds.WorldName = "tabletop"
    """Where the robot is."""
    engine: build.EngineName = "mujoco"
    """driver: which physics."""
    seed: int = 0
    """driver: of everything random."""
    scene: Path | None = None
    """driver: a scene file of the tabletop."""
    task: worlds.Task | None = None
    """driver: the chore that the table is set for."""
    frames: float = 0.0
    """[Hz] driver: of the camera that people look through; 0: none."""
    perception: build.Perception = "truth"
    """driver: camera: it publishes the pictures that perception nodes need, and tells nothing."""
    speech: str = ""
    """coach: listen to mic, mic:NAME, or topic (/courtside/audio, std_msgs/Int16MultiArray)."""
    autostart: bool = True
    """driver: configure and activate by itself; else `ros2 lifecycle set /driver configure` does,
    and so on."""
    llm: str = "embedded"
    """stack: as for `courtside run`."""
    json: Annotated[bool, "Not used: nodes print nothing."] = False
    verbose: bool = False

    def main(self) -> int:
        build.need_ros(f"the node {self.name}")
        spec = build.robot_spec(worlds.ROBOTS[self.world])
        if self.name == "driver":
            self._drive(spec)
        elif self.name == "watchdog":
            from hardware.watchdog import watch

            watch(robot_file(self.robot, spec))
        elif self.name == "coach":
            self._coach()
        elif self.name == "ball":
            from hardware.sight import see_ball

            see_ball()
        elif self.name == "objects":
            from hardware.sight import see_objects

            see_objects(robot_file(self.robot, spec))
        else:
            self._stack()
        return 0

    def _drive(self, spec: "RobotSpec") -> None:
        from hardware.driver import DriverConfig, serve

        made: list[Any] = []

        def make() -> "tuple[Robot, Supervisor]":
            made.append(self._simulated(spec))
            return made[-1], build.supervisor(spec, BEHIND)

        seen, obeyed = self.perception == "camera", []
        config = DriverConfig(objects=not seen, ball=not seen, obeys=obeyed.append)
        serve(make, config, self.autostart)
        if self.world == "tennis" and obeyed:
            print(f"score: {_score(made[-1], obeyed[0])}", file=sys.stderr)

    def _simulated(self, spec: "RobotSpec") -> "Robot":
        film = self.frames > 0
        seen = self.perception == "camera"
        if self.world == "pusht":
            return worlds.pusht(self.seed, duration=inf, speed=1.0, film=film)
        if self.world == "blockpush":
            return worlds.blockpush(self.seed, self.engine, inf, 1.0, film)
        if self.world == "tennis":
            return worlds.tennis(
                self.seed, games=ENDLESS, duration=inf, speed=1.0, film=film, shows=seen
            )
        from robot.vision.cameras import CAMERAS
        from sim.tabletop import TabletopConfig

        cameras = (*(("scene",) if film else ()), *(CAMERAS if seen else ()))
        config = TabletopConfig(self.engine, cameras=cameras, speed=1.0)
        period = 1 / self.frames if film else config.look_period if seen else 1.0
        config = replace(config, frame_period=period)
        if self.task:
            from robot.cli.chore import assigned

            setting, _ = assigned(self.task, self.seed)
            scene, config = setting.scene, replace(config, conditions=setting.conditions)
        else:
            scene, _ = build.scene(self.scene, self.seed if self.scene is None else None)
        return worlds.tabletop(spec, scene, config, film or seen, perception="truth")

    def _coach(self) -> None:
        from time import monotonic

        from hardware.coach import Line, coach
        from planners.hear import Ear

        with ExitStack() as parts:
            world = "match" if self.world == "tennis" else "table"
            hearing = build.hearing(parts, self.speech, world)
            ear = parts.enter_context(closing(Ear(monotonic)))

            def take() -> list[Line]:
                said = hearing.take() if hearing else ()
                spoken = [(line, lambda: None) for one in said for line in told(one)]
                return [*ear.take(), *spoken]

            coach(take, hearing.send if hearing and self.speech == "topic" else None)

    def _stack(self) -> None:
        """`courtside run`, which here ends well however often it is asked to."""
        from robot.cli.run import Run

        try:
            Run(
                world=self.world,
                robot="ros",
                llm=self.llm,
                stay=True,
                disarmed=True,
                duration=inf,
            ).main()
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def told(said: "Said") -> tuple[str, ...]:
    """The lines that a sentence stands for; what was heard is logged."""
    log.warning("%s", shown(said))
    return said.heard.lines if said.heard.kind == "command" else ()


def _score(match: Any, since: float) -> str:
    """Of a match of table tennis, from the time [s] on at which the robot was first commanded."""
    from robot.shots import returned

    back, balls = returned(match.results(), since)
    points = ", ".join(f"{side.name.lower()} {n}" for side, n in match.score.points.items())
    return f"{back} of {balls} balls returned; points: {points}"


def robot_file(robot: str, spec: "RobotSpec") -> "RobotFile":
    """The robot `sim`, which is `spec`, or that of a file."""
    from hardware.robot_file import RobotFileError, load, served

    if robot == "sim":
        return served(spec)
    try:
        return load(Path(robot))
    except RobotFileError as error:
        raise WrongUse(str(error)) from error
