"""`courtside node NAME`: one ROS 2 node, as `courtside nodes` and launch files start it."""

import signal
import sys
from contextlib import closing
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional

from robot.cli import build, worlds
from robot.cli.errors import WrongUse

if TYPE_CHECKING:
    from hardware.robot_file import RobotFile
    from robot.types import Robot, RobotSpec

BEHIND = 5.0  # [s] that a driver may lag: where a command was lost while the limits were in use


@dataclass(frozen=True)
class Node:
    """One ROS 2 node, in this process. `courtside nodes` starts those that a robot needs."""

    name: Positional[Literal["driver", "watchdog", "coach", "ball", "stack"]]
    """driver: serves a simulated robot. watchdog: guards the driver. coach: passes on what
    `courtside say` says. ball: sees the ball of table tennis in two cameras' pictures. stack: the
    control loop; begins at "re-arm, continue"."""
    robot: str = "sim"
    """watchdog: sim, or a robot file."""
    world: worlds.WorldName = "tabletop"
    """Where the robot is."""
    engine: build.EngineName = "mujoco"
    """driver: which physics."""
    seed: int = 0
    """driver: of everything random."""
    scene: Path | None = None
    """driver: a scene file of the tabletop."""
    frames: float = 0.0
    """[Hz] driver: of the camera; 0: none."""
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
        else:
            self._stack()
        return 0

    def _drive(self, spec: "RobotSpec") -> None:
        from hardware.driver import serve

        with closing(self._simulated(spec)) as robot:
            serve(robot, build.supervisor(spec, BEHIND))
            if self.world == "tennis":
                print(f"score: {_score(robot)}", file=sys.stderr)

    def _simulated(self, spec: "RobotSpec") -> "Robot":
        film = self.frames > 0
        if self.world == "pusht":
            return worlds.pusht(self.seed, duration=inf, speed=1.0, film=film)
        if self.world == "blockpush":
            return worlds.blockpush(self.seed, self.engine, inf, 1.0, film)
        if self.world == "tennis":
            return worlds.tennis(self.seed, duration=inf, speed=1.0, film=film)
        from sim.tabletop import TabletopConfig

        cameras = ("scene",) if film else ()
        period = 1 / self.frames if film else 1.0
        config = TabletopConfig(self.engine, cameras=cameras, frame_period=period, speed=1.0)
        scene, _ = build.scene(self.scene, self.seed if self.scene is None else None)
        return worlds.tabletop(spec, scene, config, film, perception="truth")

    def _coach(self) -> None:
        from time import monotonic

        from hardware.coach import coach
        from planners.hear import Ear

        with closing(Ear(monotonic)) as ear:
            coach(ear.take)

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


def _score(match: Any) -> str:
    """Of a match of table tennis: how many balls came back, and the points."""
    shots = [shot for shot in match.results() if shot.by == "robot"]
    back = sum(shot.good for shot in shots)
    points = ", ".join(f"{side.name.lower()} {n}" for side, n in match.score.points.items())
    return f"{back} of {len(shots)} balls returned; points: {points}"


def robot_file(robot: str, spec: "RobotSpec") -> "RobotFile":
    """The robot `sim`, which is `spec`, or that of a file."""
    from hardware.robot_file import RobotFileError, load, served

    if robot == "sim":
        return served(spec)
    try:
        return load(Path(robot))
    except RobotFileError as error:
        raise WrongUse(str(error)) from error
