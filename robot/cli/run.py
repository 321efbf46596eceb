"""`courtside run`: the main job."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import inf, isinf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional

from robot.cli import build, programming, selecting, worlds
from robot.cli.errors import WrongUse

if TYPE_CHECKING:
    from robot.types import Robot, RobotSpec
    from sim.chores import Setting
    from sim.scene import Scene

JOBS = {"pusht": "push_t pose=center", "blockpush": "push_blocks assignment=0"}


@dataclass(frozen=True)
class Run:
    """Follow an instruction at the table. While it runs, type corrections: "a bit to the left",
    "no, the green bowl", "stop", "continue", "open the gripper", "go back"."""

    instruction: Positional[str] = ""
    """What to do, in words. Without it, instructions are read from standard input."""
    world: worlds.WorldName = "tabletop"
    """Where: tabletop, or the worlds of the learned skills, pusht, blockpush and tennis. Tennis is
    a match; tell the robot how to play: "play to the backhand", "safer", "hit faster"."""
    engine: build.EngineName = "mujoco"
    """Which physics; pusht has its own."""
    robot: Literal["sim", "ros"] = "sim"
    """On what: sim, or ros, the robot of `courtside nodes` (its engine and scene are its own)."""
    disarmed: bool = False
    """ros: begin stopped; "re-arm, continue" begins."""
    planner: Literal["program", "fixed", "selector", "tennis"] | None = None
    """program: a language model writes a program. selector: for chores, a learned policy says what
    comes next, one command after the other. fixed: the instruction is a list of goals, such as:
    pick object="red block"; place object="red block" at="blue bowl". tennis: a controller is
    chosen for every ball. Default: program on the tabletop, tennis at its table, elsewhere
    fixed."""
    opponent: worlds.Level = "intermediate"
    """tennis: how good they are; who of that level, the seed decides."""
    games: int = 1
    """tennis: all are played."""
    choice: str = "adaptive"
    """tennis: how controllers are chosen: adaptive, best, random, or always the same, by name."""
    selector: Path | None = None
    """selector: its checkpoint, or demonstrated: before anybody corrected it."""
    corrections: Path | None = None
    """selector: keep corrections in this folder, for `courtside train selector --corrections`."""
    low_level: selecting.LowLevel = "rules"
    """selector: what carries commands out. rules: skills by rule. beso: one learned policy, which
    is told in the very words."""
    verify: bool = False
    """selector: judge by what is seen whether each command has been done, and try again if not."""
    llm: str | None = None
    """embedded, embedded:ADAPTER.gguf (of `train llm`), the URL of an OpenAI-compatible server, a
    path to a GGUF file, or replay:FILE. program: it writes the programs; default: embedded.
    selector: it reasons about what people mean by what is not understood; default: none does."""
    model: str = ""
    """The model's name on the server; empty: its first."""
    perception: build.Perception | None = None
    """How objects are seen. camera: by two cameras that are looked through, overhead and on the
    wrist; of tennis, the ball by two beside the table. truth: the world tells. Default: camera on
    the tabletop, where pictures can be drawn; elsewhere truth."""
    detector: str = "colors"
    """What sees, by camera. colors: blocks and bowls of known colors. The URL of an
    OpenAI-compatible server with a vision-language model, or a folder with a zero-shot detector of
    transformers: whatever has a name."""
    detector_model: str = ""
    """The vision-language model's name on the server; empty: its first."""
    speech: str = ""
    """Also listen: mic, mic:NAME, or a sound file; see `courtside listen`."""
    push: bool = False
    """speech: push to talk. An empty line begins, the next ends; "stop" is always heard."""
    whisper: str = ""
    """speech: a better model; see `courtside listen`."""
    task: worlds.Task | None = None
    """A chore at the table, as the seed sets it up: pack, stack, sort or sweep; the instruction, if
    none is given, asks for it. At the end it is judged, strictly, by where things truly are. ros:
    that of `courtside nodes --task` with the same seed; it is not judged."""
    scene: Path | None = None
    """A scene file. Without it: three blocks and three bowls, placed by the seed."""
    seed: int | None = None
    """Of everything random; default 0, or the scene file's."""
    library: Path | None = None
    """Folder of the functions that were learned; see `courtside functions`."""
    suspend: Path | None = None
    """File for the program that the run leaves undone (Ctrl-C, "stop", time over)."""
    resume: Path | None = None
    """Such a file, written here: its program goes on where it was, its simulated world too."""
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
        if (self.seed or 0) < 0:
            raise WrongUse("--seed must be at least 0")
        if self.frames is not None and not 0 <= self.frames <= 100:
            raise WrongUse("--frames must be between 0 and 100")
        if self.games < 1:
            raise WrongUse("--games must be at least 1")
        settled = self._settled()
        if self.world == "tennis":
            from robot.cli.run_tennis import play, play_over_ros

            return play_over_ros(settled) if self.robot == "ros" else play(settled)
        spec = build.robot_spec(worlds.ROBOTS[self.world])
        scene, seed, setting = (), self.seed or 0, None
        if self.task:
            from robot.cli.chore import assigned

            setting, asked = assigned(self.task, seed)
            scene = setting.scene
            settled = replace(settled, instruction=settled.instruction or asked)
            if self.robot == "ros":
                setting, scene = None, ()
        elif self.world == "tabletop":
            scene, seed = build.scene(self.scene, self.seed)
        undone = programming.undone(self.resume) if self.resume else None
        if undone is not None:
            scene = undone.scene

        from planners.fixed import FixedPlanner
        from planners.program.planner import ProgramPlanner
        from planners.selector.mind import SlowMind
        from robot.cli.session import Session, Voice, print_json, typed_lines
        from robot.worker import after, when_ready
        from sim.tabletop import Tabletop

        voice = Voice()
        over_ros = self.robot == "ros"
        paced = over_ros or not isinf(self.speed)
        with ExitStack() as parts:
            hearing = build.hearing(parts, self.speech, "table", self.push, self.whisper)
            writer, thinker, planner = None, None, None
            if settled.planner == "fixed":
                planner = build.fixed_planner(settled.instruction, voice.say, spec.name)
            elif settled.planner == "program":
                assert settled.llm is not None
                writer = programming.language_model(settled.llm, self.model)
                parts.callback(writer.close)
            elif self.llm:
                thinker = programming.thinker(self.llm, self.model)
                parts.callback(thinker.close)
            if over_ros:
                guard = world = build.ros_robot(self._cameras())
                parts.callback(world.close)
                spec = world.spec
            else:
                legs = planner.legs if isinstance(planner, FixedPlanner) else ()
                poses = [leg.args.get("pose", "center") for leg in legs] or ["center"]
                guard, world = None, self._world(spec, scene, seed, poses, setting)
            if undone is not None and isinstance(world, Tabletop):
                undone.restore(world)
            judge = None
            if setting is not None and isinstance(world, Tabletop):
                from robot.cli.chore import JudgedChore

                judge = JudgedChore(world, setting)
                parts.callback(world.close)
            about = (spec, seed, settled, self.video, scene)
            recorder = build.recorder(self.record, "run", *about)
            parts.callback(recorder.close)
            voice.record = recorder.said
            arrived = build.arrivals(recorder)
            if settled.planner == "selector":
                thought = when_ready if paced else after(build.THOUGHT)
                mind = SlowMind(thinker, thought, arrived) if thinker is not None else None
                planner = selecting.for_run(
                    self.selector,
                    self.corrections,
                    self.verify,
                    self.low_level,
                    spec,
                    voice,
                    mind,
                )
                planner.instruct(settled.instruction)
                parts.callback(planner.close)
            elif planner is None:
                # Paced by the clock, the world goes on while the model thinks; unpaced, it waits.
                planner = programming.program_planner(
                    writer,
                    voice.say,
                    arrived=arrived,
                    note=voice.note,
                    timing=programming.real_time() if paced else None,
                    spec=spec,
                    library=self.library,
                    keeps=self.suspend is not None,
                )
                parts.callback(planner.close)
                if undone is not None:
                    planner.restore(undone.programs)
                if settled.instruction:
                    planner.instruct(settled.instruction)
            if guard is not None and isinstance(planner, ProgramPlanner):
                voice.note(guard.offer(planner, voice.said))
            due = when_ready if paced else after(build.LATENCY)
            session = Session(
                robot=judge or world,
                hearing=hearing,
                skills=build.skills(spec, due, arrived),
                planner=planner,
                voice=voice,
                recorder=recorder,
                typed=typed_lines(),
                interactive=not settled.instruction and self.resume is None,
                stay=self.stay,
                guard=guard,
                disarmed=self.disarmed,
                duration=self.duration if over_ros else inf,
                truth=getattr(world, "truth", None),
                told=undone.told if undone is not None else None,
                watch=judge.follow if judge is not None else lambda tick: None,
            )
            session.run()
            if self.suspend and isinstance(planner, ProgramPlanner) and not planner.finished:
                assert isinstance(world, Tabletop)
                programming.suspend(self.suspend, planner.save(), world.kept)
        success, error = planner.succeeded and not session.halted, planner.error
        if judge is not None:
            success, error = not judge.fault, judge.fault or None
            voice.note("judged: " + (judge.fault or f"{self.task} is done"))
        result = {
            "success": success,
            "error": error,
            "corrections": planner.corrections,
            "seen": session.seen,
            **session.report(self.video),
        }
        if judge is not None:
            result |= {"instruction": settled.instruction, "stages": judge.stages}
        if self.json:
            print_json(result)
        voice.close(success, error, recorder.path, self.video)
        return 0 if success else 1

    def _settled(self) -> "Run":
        """This run, with what its world decides; refuses what does not go together."""
        at_table = self.world == "tabletop"
        usual = {"tabletop": "program", "tennis": "tennis"}.get(self.world, "fixed")
        planner = self.planner or usual
        if (planner == "tennis") != (self.world == "tennis"):
            raise WrongUse("--planner tennis and --world tennis go together, and with no other")
        if (self.suspend or self.resume) and not (at_table and planner == "program"):
            raise WrongUse("--suspend and --resume need --planner program and --world tabletop")
        if self.resume and self.scene:
            raise WrongUse("--resume brings its own scene: leave --scene out")
        seen = self.perception or self.detector != "colors"
        if self.robot == "ros" and (seen or self.suspend or self.resume):
            raise WrongUse("--perception, --detector, --suspend and --resume need --robot sim")
        if self.task and (not at_table or self.suspend or self.resume):
            raise WrongUse("--task needs --world tabletop, and no --suspend")
        if self.task and self.scene:
            raise WrongUse("--task sets up its own scene: leave --scene out")
        worlds.check(self.world, self.scene, self.perception, self.detector)
        instruction = self.instruction
        if planner == "fixed":
            instruction = instruction or JOBS.get(self.world, "")
        if planner == "selector" and not (at_table and (instruction or self.task)):
            raise WrongUse("--planner selector needs --world tabletop and an instruction or --task")
        told = self.low_level != "rules"
        if (self.selector or self.corrections or self.verify or told) and planner != "selector":
            raise WrongUse(
                "--selector, --corrections, --verify and --low-level need --planner selector"
            )
        if planner == "fixed" and not instruction:
            raise WrongUse("--planner fixed needs its goals; see courtside run --help")
        llm = self.llm or ("embedded" if planner == "program" else None)
        return replace(self, planner=planner, instruction=instruction, llm=llm)

    def _cameras(self) -> tuple[str, ...]:
        """Whose images are recorded."""
        return () if self.frames == 0 else ("scene",)

    def _world(
        self,
        spec: "RobotSpec",
        scene: "Scene",
        seed: int,
        poses: "list[object]",
        setting: "Setting | None",
    ) -> "Robot":
        film = bool(self.video or self.frames)
        if self.world == "pusht":  # it shows the first pose that is wanted
            return worlds.pusht(seed, poses[0], self.duration, self.speed, film)
        if self.world == "blockpush":
            return worlds.blockpush(seed, self.engine, self.duration, self.speed, film)
        from robot.worker import after, when_ready
        from sim.conditions import USUAL
        from sim.tabletop import TabletopConfig

        frames = (25.0 if self.video else 5.0) if self.frames is None else self.frames
        config = TabletopConfig(
            engine=self.engine,
            cameras=("scene",) if frames else (),
            frame_period=1 / frames if frames else 1.0,
            duration=self.duration,
            speed=self.speed,
            keep=self.suspend is not None,
            conditions=setting.conditions if setting else USUAL,
        )
        due = after(build.DETECTION) if isinf(self.speed) else when_ready
        sight = build.sight(spec, self.detector, self.detector_model, self.perception, due)
        return worlds.tabletop(spec, scene, config, film, self.perception, sight)
