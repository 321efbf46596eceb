"""`courtside program`: one program, in any world."""

from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional

from robot.cli import build, programming, worlds
from robot.cli.errors import WrongUse

if TYPE_CHECKING:
    from robot.types import Robot, RobotSpec
    from sim.scene import Scene


@dataclass(frozen=True)
class Program:
    """Run one language-model program, sandboxed, as fast as the simulation goes."""

    file: Positional[Path]
    """The program."""
    world: worlds.WorldName = "tabletop"
    """Where: tabletop, or the worlds of the learned skills, which a program uses by run_skill."""
    scene: Path | None = None
    """A scene file. Without it: three blocks and three bowls, placed by the seed."""
    engine: build.EngineName = "mujoco"
    """Which physics."""
    llm: str = ""
    """Who repairs a program with an error, writes functions that it lacks, and understands what the
    rules of parse_obj_name and its like do not; as for `run`. Without it, nobody."""
    model: str = ""
    """The model's name on the server; empty: its first."""
    perception: build.Perception | None = None
    """How objects are seen, as for `run`."""
    detector: str = "colors"
    """What sees, by camera, as for `run`."""
    detector_model: str = ""
    """The vision-language model's name on the server; empty: its first."""
    seed: int | None = None
    """Of everything random; default 0, or the scene file's."""
    library: Path | None = None
    """Folder of the functions that were learned; see `courtside functions`."""
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
        worlds.check(self.world, self.scene, self.perception, self.detector)
        scene, seed = (), self.seed or 0
        if self.world == "tabletop":
            scene, seed = build.scene(self.scene, self.seed)
        spec = build.robot_spec(worlds.ROBOTS[self.world])

        from robot.cli.session import Session, Voice, print_json
        from robot.worker import after

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
                writer = programming.language_model(self.llm, self.model)
                parts.callback(writer.close)
            planner = parts.enter_context(
                closing(
                    programming.program_planner(
                        writer,
                        voice.say,
                        arrived=arrived,
                        note=voice.note,
                        spec=spec,
                        library=self.library,
                    )
                )
            )
            planner.execute(program)
            world = self._world(spec, scene, seed)
            session = Session(
                world,
                build.skills(spec, after(build.LATENCY), arrived),
                planner,
                voice,
                recorder,
                truth=getattr(world, "truth", None),
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

    def _world(self, spec: "RobotSpec", scene: "Scene", seed: int) -> "Robot":
        film, duration = bool(self.video), self.duration
        if self.world == "tennis":
            perception = self.perception or "truth"
            return worlds.tennis(seed, duration=duration, film=film, perception=perception)
        if self.world == "pusht":
            return worlds.pusht(seed, "center", duration, film=film)
        if self.world == "blockpush":
            return worlds.blockpush(seed, self.engine, duration, film=film)
        from robot.worker import after
        from sim.tabletop import TabletopConfig

        cameras = ("scene",) if film else ()
        config = TabletopConfig(engine=self.engine, cameras=cameras, duration=duration)
        due = after(build.DETECTION)
        sight = build.sight(spec, self.detector, self.detector_model, self.perception, due)
        return worlds.tabletop(spec, scene, config, film, self.perception, sight)
