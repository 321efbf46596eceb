"""`courtside run`: the main job."""

from contextlib import ExitStack, closing
from dataclasses import dataclass
from math import isinf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional

from robot.cli import build
from robot.cli.errors import WrongUse

if TYPE_CHECKING:
    from robot.types import Robot, RobotSpec
    from sim.scene import Scene


@dataclass(frozen=True)
class Run:
    """Follow an instruction at the table. While it runs, type corrections: "a bit to the left",
    "no, the green bowl", "stop", "continue", "open the gripper", "go back"."""

    instruction: Positional[str] = ""
    """What to do, in words. Without it, instructions are read from standard input."""
    world: Literal["tabletop"] = "tabletop"
    """Where."""
    engine: build.EngineName = "mujoco"
    """Which physics."""
    robot: Literal["sim"] = "sim"
    """On what."""
    planner: Literal["program", "fixed"] = "program"
    """program: a language model writes a program. fixed: the instruction is a list of goals, such
    as: pick object="red block"; place object="red block" at="blue bowl"."""
    llm: str = "embedded"
    """embedded, the URL of an OpenAI-compatible server, a path to a GGUF file, or replay:FILE."""
    model: str = ""
    """The model's name on the server; empty: its first."""
    perception: build.Perception = "truth"
    """How objects are seen; truth: the world tells."""
    scene: Path | None = None
    """A scene file. Without it: three blocks and three bowls, placed by the seed."""
    seed: int | None = None
    """Of everything random; default 0, or the scene file's."""
    record: Path = Path("runs")
    """Folder for the recording (MCAP)."""
    video: Path | None = None
    """Also write a film (mp4)."""
    frames: float | None = None
    """[Hz] of the camera; default 25 with a film, 5 without; 0: no camera."""
    speed: float = 1.0
    """Simulated seconds a second: 1 is real time, inf as fast as it goes."""
    duration: float = 300.0
    """[s] simulated, at most."""
    stay: bool = False
    """Go on listening for instructions when there is nothing left to do."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False
    """Also show the programs."""

    def main(self) -> int:
        if not self.speed > 0 or not self.duration > 0:
            raise WrongUse("--speed and --duration must be above 0")
        if self.frames is not None and not 0 <= self.frames <= 100:
            raise WrongUse("--frames must be between 0 and 100")
        if self.planner == "fixed" and not self.instruction:
            raise WrongUse("--planner fixed needs its goals; see courtside run --help")
        scene, seed = build.scene(self.scene, self.seed)
        spec = build.robot_spec()

        from robot.cli.session import Session, Voice, print_json, typed_lines

        voice = Voice()
        with ExitStack() as parts:
            writer, planner = None, None
            if self.planner == "fixed":
                planner = build.fixed_planner(self.instruction, voice.say)
            else:
                writer = parts.enter_context(closing(build.language_model(self.llm, self.model)))
            world = self._world(spec, scene)
            recorder = build.recorder(self.record, "run", spec, scene, seed, self, self.video)
            parts.callback(recorder.close)
            voice.record = recorder.said
            if planner is None:
                # Paced by the clock, the world goes on while the model thinks; unpaced, it waits.
                planner = build.program_planner(
                    writer,
                    voice.say,
                    arrived=build.arrivals(recorder),
                    note=voice.note,
                    timing=None if isinf(self.speed) else build.real_time(),
                )
                parts.callback(planner.close)
                if self.instruction:
                    planner.instruct(self.instruction)
            session = Session(
                robot=world,
                planner=planner,
                voice=voice,
                recorder=recorder,
                typed=typed_lines(),
                interactive=not self.instruction,
                stay=self.stay,
            )
            session.run()
        success = planner.succeeded and not session.halted
        result = {
            "success": success,
            "error": planner.error,
            "said": voice.said,
            "objects": session.objects,
            "stops": session.stops,
            "corrections": planner.corrections,
            "ticks": session.ticks,
            "overruns": session.overruns,
            "recording": str(recorder.path),
            "video": str(self.video) if self.video else None,
        }
        if self.json:
            print_json(result)
        voice.close(success, planner.error, recorder.path, self.video)
        return 0 if success else 1

    def _world(self, spec: "RobotSpec", scene: "Scene") -> "Robot":
        from sim.tabletop import TabletopConfig

        frames = (25.0 if self.video else 5.0) if self.frames is None else self.frames
        config = TabletopConfig(
            engine=self.engine,
            cameras=("scene",) if frames else (),
            frame_period=1 / frames if frames else 1.0,
            duration=self.duration,
            speed=self.speed,
        )
        return build.tabletop(spec, scene, config, need_frames=bool(self.video or self.frames))
