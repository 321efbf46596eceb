"""Builds what asks language models, and keeps what a run of their programs leaves undone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from robot.cli import build
from robot.cli.errors import Failure, WrongUse

if TYPE_CHECKING:  # imported where used: help must print at once
    from planners.llm import LanguageModel
    from planners.program.check import Limits
    from planners.program.hierarchy import Writer
    from planners.program.interrupt import Saved
    from planners.program.planner import ProgramPlanner, Timing
    from planners.program.words import Hand
    from robot.types import RobotSpec, State, Vector
    from robot.worker import Arrival
    from sim.scene import Scene
    from sim.tabletop import Kept, Tabletop


def language_model(name: str, model: str) -> "Writer":
    """The writer of programs behind `--llm`; to be closed."""
    from planners.llm import ModelError
    from planners.program.prompt import open_writer

    try:
        return open_writer(name, model)
    except ModelError as error:
        raise Failure(str(error)) from error


def thinker(name: str, model: str) -> "LanguageModel":
    """The language model behind `--llm`, to reason about what people mean; to be closed."""
    from planners.llm import ModelError, open_model
    from planners.selector.mind import BEGINNING

    if name.partition(":")[0] == "embedded":
        raise WrongUse(
            "the embedded model is too small to reason about what people mean: give --llm the URL "
            "of a server or a larger .gguf file, or leave it out"
        )
    try:
        return open_model(name, model, BEGINNING)
    except ModelError as error:
        raise Failure(str(error)) from error


def program_planner(
    writer: "Writer | None",
    say: Callable[[str], None],
    *,
    arrived: "Callable[[str, Arrival[Any]], None] | None" = None,
    note: Callable[[str], None] = lambda text: None,
    timing: "Timing | None" = None,
    limits: "Limits | None" = None,
    spec: "RobotSpec | None" = None,
    library: Path | None = None,
    keeps: bool = False,
) -> "ProgramPlanner":
    """The planner that runs programs, within `limits`, for the robot `spec`, usually the one at the
    table; to be closed. `library`: where the functions are kept that it learns; None: nowhere.
    `keeps`: whether its programs may be suspended.
    """
    from planners.program.library import Library
    from planners.program.planner import ProgramPlanner
    from planners.program.sandbox import Sandbox
    from skills import SKILLS

    spec = spec or build.robot_spec()
    parts = (build.vocabulary(), say, arrived, note, timing, hand_of(spec), Library(library))
    sandbox = Sandbox(limits, keeps)
    Thread(target=sandbox.warm, daemon=True).start()  # while the world is built
    return ProgramPlanner(writer, sandbox, tuple(SKILLS[spec.name]), *parts)


def hand_of(spec: "RobotSpec") -> "Callable[[State], Hand] | None":
    """How a robot's gripper is measured; None if it has none."""
    if not {"arm", "gripper"} <= spec.groups.keys():
        return None
    from planners.program.words import Hand
    from robot.grip import held
    from robot.kinematics import Kinematics

    kinematics, arm = Kinematics(spec), spec.groups["arm"]
    finger = spec.groups["gripper"].start

    def hand(state: "State") -> Hand:
        tool, _ = kinematics.forward(state.q[arm])
        return Hand(tool.tolist(), held(state, tool, finger))

    return hand


def real_time() -> "Timing":
    """Workers answer when they do."""
    from planners.program.planner import Timing
    from robot.worker import when_ready

    return Timing(when_ready, when_ready)


@dataclass(frozen=True)
class Undone:
    """What an interrupted run left."""

    programs: "list[Saved]"
    world: "Kept"

    @property
    def scene(self) -> "Scene":
        from sim.scene import SceneObject

        return tuple(SceneObject(**thing) for thing in self.world["scene"])

    @property
    def told(self) -> "Vector":
        """(n,) where the robot was told to be."""
        from robot.types import vector

        return vector(self.world["reference"])

    def restore(self, world: "Tabletop") -> None:
        """Let a world of this scene go on as that one was."""
        try:
            world.restore(self.world)
        except (ValueError, LookupError, TypeError) as error:
            raise WrongUse(f"it cannot go on: {error}") from error


def suspend(path: Path, programs: "list[Saved]", world: "Kept | None") -> None:
    """Keep what a run leaves undone, and its simulated world, in a file."""
    from planners.program import interrupt

    try:
        interrupt.write(path, programs, world)
    except OSError as error:
        raise Failure(f"cannot keep the program: {error.filename}: {error.strerror}") from error


def undone(path: Path) -> Undone:
    """What `suspend` kept."""
    from planners.program import interrupt

    try:
        programs, world = interrupt.read(path)
        return Undone(programs, world)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise WrongUse(f"{path}: not a suspended program ({error})") from error
