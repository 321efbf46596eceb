"""Which nodes there are, and how each is started: for `courtside nodes` and for launch files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

NodeName = Literal["driver", "watchdog", "coach", "ball", "objects", "stack"]
Perception = Literal["truth", "camera"]


@dataclass(frozen=True, slots=True)
class NodeProcess:
    """One process: `courtside` with these arguments."""

    name: NodeName
    arguments: tuple[str, ...]


def declared(
    robot: str = "sim",
    world: str = "tabletop",
    engine: str = "mujoco",
    seed: int = 0,
    scene: Path | None = None,
    frames: float = 0.0,
    stack: bool = False,
    perception: Perception = "truth",
    speech: str = "",
    task: str = "",
) -> tuple[NodeProcess, ...]:
    """The nodes of a robot: `sim`, or the path of a robot file, which brings its own driver.

    Those that must go last when all of them end come first. `perception`: by camera, there is a
    node that sees what the world is about. `speech`: what the coach listens to. `task`: the chore
    that the simulated table is set for.
    """
    simulated = robot == "sim"
    about = ("--world", world) if simulated else ("--robot", robot)
    nodes = [NodeProcess("watchdog", ("node", "watchdog", *about))]
    if simulated:
        driver = ["node", "driver", "--world", world, "--engine", engine, "--seed", str(seed)]
        if scene is not None:
            driver += ["--scene", str(scene)]
        if task:
            driver += ["--task", task]
        if frames:
            driver += ["--frames", str(frames)]
        if perception == "camera":
            driver += ["--perception", perception]
        nodes.insert(0, NodeProcess("driver", tuple(driver)))
    hears = ("--world", world, "--speech", speech) if speech else ()
    nodes.append(NodeProcess("coach", ("node", "coach", *hears)))
    if perception == "camera" and world == "tennis":
        nodes.append(NodeProcess("ball", ("node", "ball")))
    elif perception == "camera":
        nodes.append(NodeProcess("objects", ("node", "objects", *about)))
    if stack:
        nodes.append(NodeProcess("stack", ("node", "stack", "--world", world)))
    return tuple(nodes)
