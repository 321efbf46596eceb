"""`courtside nodes`: the ROS 2 nodes of a robot, without `ros2 launch`."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from robot.cli import build, worlds
from robot.cli.errors import WrongUse
from robot.cli.hearing import need


@dataclass(frozen=True)
class Nodes:
    """Start a robot's ROS 2 nodes, and keep them running until Ctrl-C. In another shell:
    courtside run --robot ros "put the red block in the blue bowl"."""

    robot: str = "sim"
    """sim: a simulated robot behind a real driver; or a robot file, whose driver runs already."""
    world: worlds.WorldName = "tabletop"
    """Where the robot is."""
    engine: build.EngineName = "mujoco"
    """Which physics."""
    seed: int = 0
    """Of the scene, and everything random."""
    scene: Path | None = None
    """A scene file of the tabletop."""
    task: worlds.Task | None = None
    """A chore that the table is set for, by the seed: pack, stack, sort or sweep; see `courtside
    run --task`."""
    frames: float = 10.0
    """[Hz] of the camera; 0: none."""
    perception: build.Perception = "truth"
    """camera: a node sees objects, or the ball, in the pictures of calibrated cameras. truth: the
    simulated driver tells."""
    speech: str = ""
    """Listen to the robot's people: mic, mic:NAME, or topic (/courtside/audio)."""
    stack: bool = False
    """Also the control loop: it listens to `courtside say`, and begins at "re-arm, continue"."""
    logs: Path = Path("runs/logs")
    """Folder for each node's log."""
    json: Annotated[bool, "One JSON object on standard output, at the end."] = False
    verbose: bool = False

    def main(self) -> int:
        build.need_ros("courtside nodes")
        from hardware.nodes import declared
        from hardware.processes import Nodes as Processes
        from hardware.signals import signals
        from robot.cli.node import robot_file

        if not 0 <= self.frames <= 100:
            raise WrongUse("--frames must be between 0 and 100")
        if self.perception == "camera" and self.world not in ("tabletop", "tennis"):
            raise WrongUse(
                f"--perception camera needs --world tabletop or tennis, not {self.world}"
            )
        if self.task and (self.world != "tabletop" or self.robot != "sim" or self.scene):
            raise WrongUse("--task needs --world tabletop and --robot sim, and no --scene")
        robot_file(self.robot, build.robot_spec(worlds.ROBOTS[self.world]))  # is it sound?
        build.scene(self.scene, None)
        if self.speech:
            need("--speech")
        nodes = declared(
            self.robot,
            self.world,
            self.engine,
            self.seed,
            self.scene,
            self.frames,
            self.stack,
            self.perception,
            self.speech,
            self.task or "",
        )
        names = ", ".join(node.name for node in nodes)
        _show("nodes", f"{names}, in {self.world}; logs in {self.logs}; Ctrl-C ends them")
        processes = Processes(nodes, self.logs, _show)
        with signals() as asked:
            code = processes.run(lambda: asked.end)
        restarts = {one.node.name: one.restarts for one in processes.running}
        if self.json:
            print(json.dumps({"restarts": restarts}))
        return code


def _show(name: str, line: str) -> None:
    print(f"{name:>10}  {line}", file=sys.stderr)
