"""`courtside program`: one program in the tabletop world."""

from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Annotated

from tyro.conf import Positional

from robot.cli import build, worlds
from robot.cli.errors import WrongUse
from robot.cli.run import SLOW


@dataclass(frozen=True)
class Program:
    """Run one language-model program, sandboxed, as fast as the simulation goes."""

    file: Positional[Path]
    """The program."""
    scene: Path | None = None
    """A scene file. Without it: three blocks and three bowls, placed by the seed."""
    engine: build.EngineName = "mujoco"
    """Which physics."""
    llm: str = ""
    """Who repairs a program with an error, as for `run`. Without it, nobody."""
    model: str = ""
    """The model's name on the server; empty: its first."""
    perception: build.Perception | None = None
    """How objects are seen. camera: by two cameras that are looked through, overhead and on the
    wrist. truth: the world tells. Default: camera, where pictures can be drawn."""
    detector: str = "colors"
    """What sees, by camera. colors: blocks and bowls of known colors. The URL of an
    OpenAI-compatible server with a vision-language model, or a folder with a zero-shot detector of
    transformers: whatever has a name."""
    detector_model: str = ""
    """The vision-language model's name on the server; empty: its first."""
    seed: int | None = None
    """Of everything random; default 0, or the scene file's."""
    record: Path | None = None
    """Folder for a recording (MCAP)."""
    video: Path | None = None
    """Also write a film (mp4); needs --record."""
    duration: float = 300.0
    """[s] simulated, at most."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False
    """Also show the programs."""

    def main(self) -> int:
        try:
            program = self.file.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUse(f"{self.file}: not a readable program ({error})") from error
        if self.video and not self.record:
            raise WrongUse("--video needs --record")
        if (self.seed or 0) < 0:
            raise WrongUse("--seed must be at least 0")
        scene, seed = build.scene(self.scene, self.seed)
        spec = build.robot_spec()

        from robot.cli.session import Session, Voice, print_json
        from robot.worker import after
        from sim.tabletop import TabletopConfig

        began = monotonic()
        voice = Voice()
        with ExitStack() as parts:
            recorder, arrived = None, None
            if self.record:
                about = (spec, seed, self, self.video, scene)
                recorder = build.recorder(self.record, "program", *about, program=program)
                parts.callback(recorder.close)
                voice.record = recorder.said
                arrived = build.arrivals(recorder)
            writer = None
            if self.llm:
                writer = parts.enter_context(closing(build.language_model(self.llm, self.model)))
            planner = parts.enter_context(
                closing(build.program_planner(writer, voice.say, arrived=arrived, note=voice.note))
            )
            planner.execute(program)
            config = TabletopConfig(
                engine=self.engine,
                cameras=("scene",) if self.video else (),
                duration=self.duration,
            )
            sight = build.sight(
                spec, self.detector, self.detector_model, self.perception, after(SLOW)
            )
            world = worlds.tabletop(spec, scene, config, bool(self.video), self.perception, sight)
            session = Session(
                world, build.skills(spec), planner, voice, recorder, truth=world.truth
            )
            session.run()
        ok = planner.succeeded and not session.halted
        error = None if ok else planner.error or "it was stopped, or ran out of time"
        if self.json:
            print_json(
                {
                    "ok": ok,
                    "error": error,
                    "said": voice.said,
                    "objects": session.objects,
                    "seen": session.seen,
                    "calls": planner.calls,
                    "killed": planner.killed,
                    "wall_s": round(monotonic() - began, 3),
                    "seed": seed,
                    "ticks": session.ticks,
                    "recording": str(recorder.path) if recorder else None,
                }
            )
        voice.close(ok, error, recorder.path if recorder else None, self.video)
        return 0 if ok else 1
