"""Episodes of `courtside eval cap`: one task each, through the whole stack, and their judgement."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot.cli import build, programming, worlds

if TYPE_CHECKING:
    from planners.program.check import Limits
    from planners.program.hierarchy import Request, Writer
    from planners.program.planner import ProgramPlanner
    from planners.tasks.draw import Places, Split, Task
    from robot.types import Robot, Tick
    from sim.scene import Scene
    from sim.tabletop import Tabletop

DURATION = 240.0  # [s] simulated, at most
SETTLE = 0.6  # [s] that the robot goes on after its last goal
REST = 0.5  # [s] for which what was done must last


@dataclass(frozen=True)
class CapSetup:
    """What all episodes of an evaluation have in common."""

    llm: str
    model: str
    answers: tuple[tuple[str, ...], ...] | None  # of a model, by episode, in place of asking it
    splits: "tuple[Split, ...]"
    engine: build.EngineName
    perception: build.Perception | None
    seed: int
    keep: Path  # for what is kept of failures


class Answers:
    """A `planners.program.hierarchy.Writer` that repeats answers."""

    def __init__(self, answers: Sequence[str]) -> None:
        self._answers = iter(answers)

    def write(self, request: "Request") -> str:
        for answer in self._answers:
            return answer
        raise RuntimeError("there is no further answer")

    def close(self) -> None:
        """There is nothing to end."""


class Kept:
    """A writer whose answers are kept."""

    def __init__(self, writer: "Writer") -> None:
        self._writer = writer
        self.program = ""  # the last that followed the instruction
        self.answers: list[tuple[str, str]] = []  # what was asked for, and what came

    def write(self, request: "Request") -> str:
        answer = self._writer.write(request)
        self.answers.append((request.what, answer))
        if request.kind == "program":
            self.program = answer
        return answer

    def close(self) -> None:
        """The writer is closed by whom it belongs to."""


def task_of(setup: CapSetup, index: int) -> "tuple[Task, Scene]":
    """The task of an episode, and what stands where."""
    import numpy as np

    from planners.tasks.draw import draw, templates_of
    from sim.scene import random_scene

    split = setup.splits[index % len(setup.splits)]
    templates = templates_of(split)
    template = templates[index // len(setup.splits) % len(templates)]
    scene: Scene = ()

    def layout(rng: np.random.Generator, names: Sequence[str]) -> "Places":
        nonlocal scene
        scene = random_scene(rng, names=names)
        return {thing.name: (thing.x, thing.y) for thing in scene}

    task = draw(np.random.default_rng([setup.seed, index]), split, template, layout)
    return task, scene


def play(setup: CapSetup, index: int, writer: "Writer | None") -> dict[str, Any]:
    """One episode: whether it succeeded, and of a failure what it takes to understand it.

    A failure is played again, with the same answers, to be filmed: its world repeats exactly.
    """
    task, scene = task_of(setup, index)
    asked = Answers(setup.answers[index]) if setup.answers else writer
    kept = None if asked is None else Kept(asked)
    reason, about = _once(setup, task, scene, kept)
    result = {
        "index": index,
        "template": task.template,
        "split": task.split,
        "instruction": task.instruction,
        "success": not reason,
        **about,
    }
    if reason:
        answers = kept.answers if kept else [("a correct program", task.program)]
        again = Answers([text for _, text in answers]) if kept else None
        name = f"{index:04}-{task.template}"
        setup.keep.mkdir(parents=True, exist_ok=True)
        video = setup.keep / f"{name}.mp4"
        (setup.keep / f"{name}.py").write_text(
            f"# {task.instruction}\n# {reason}\n"
            + "".join(f"\n# {asked}\n{text.strip()}\n" for asked, text in answers)
        )
        _once(setup, task, scene, again, video)
        result |= {"reason": reason, "program": kept.program if kept else task.program}
        result |= {"video": str(video)}
    return result


def _once(
    setup: CapSetup,
    task: "Task",
    scene: "Scene",
    writer: "Writer | None",
    video: Path | None = None,
) -> tuple[str, dict[str, Any]]:
    """Play a task; why it failed, if it did, and what was said."""
    from planners.tasks.judge import Episode
    from sim.tabletop import TabletopConfig

    spec, said = build.robot_spec(), list[str]()
    config = TabletopConfig(setup.engine, cameras=("scene",) if video else (), duration=DURATION)
    with ExitStack() as parts:
        world = worlds.tabletop(spec, scene, config, bool(video), setup.perception)
        parts.callback(world.close)
        recorder = None
        if video:
            about = (video.parent, video.stem, spec, setup.seed, _Film(task.instruction), video)
            recorder = build.recorder(*about, scene, instruction=task.instruction)
            parts.callback(recorder.close)
        planner = parts.enter_context(
            closing(programming.program_planner(writer, said.append, limits=_limits()))
        )
        if writer is None:
            planner.execute(task.program)
        else:
            planner.instruct(task.instruction)
        before = world.truth()
        _run(Stage(world), planner, recorder or (lambda tick: None))
        after = world.truth()
        for _ in range(round(REST / spec.dt)):
            world.advance()
        reason = task.judge(Episode(before, after, world.truth(), said))
        if not planner.finished:
            reason = "it ran out of time, or was stopped"
        if reason and planner.error:
            reason += f"; the program failed: {planner.error}"
        return reason, {"said": said, "simulated_s": round(world.now(), 2)}


def _run(robot: "Robot", planner: "ProgramPlanner", record: "Callable[[Tick], None]") -> None:
    """Until the planner has nothing left to do, and SETTLE longer. Nobody talks to it."""
    from robot.loop import run

    over: list[float] = []

    def until(tick: "Tick") -> bool:
        if planner.finished or stack.mode.halted:
            over.append(tick.state.time)
        return bool(over) and tick.state.time >= over[0] + SETTLE

    stack = build.stack(robot, planner, record=record, until=until)
    run(stack)


def _limits() -> "Limits":
    """The usual ones, but for time: programs are measured, not how busy the machine is."""
    from planners.program.check import Limits

    return Limits(compute=5.0)


@dataclass(frozen=True)
class _Film:
    """What a recording of a failure notes of its making."""

    instruction: str


class Stage:
    """A world that stays open after the run, to be judged; a `robot.types.Robot`."""

    def __init__(self, world: "Tabletop") -> None:
        self.spec = world.spec
        self.now, self.wait, self.read, self.write = world.now, world.wait, world.read, world.write

    def close(self) -> None:
        """It stays open."""


def play_all(setup: CapSetup, count: int, jobs: int) -> Iterator[dict[str, Any]]:
    """Every episode, in order, on `jobs` processes; each with a model of its own."""
    if jobs == 1:
        with ExitStack() as parts:
            writer = _writer(setup)
            if writer is not None:
                parts.enter_context(closing(writer))
            for index in range(count):
                yield play(setup, index, writer)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), _open, (setup,)) as pool:
        yield from pool.map(_play, [setup] * count, range(count))


def _writer(setup: CapSetup) -> "Writer | None":
    asks = setup.llm != "oracle" and setup.answers is None
    return programming.language_model(setup.llm, setup.model) if asks else None


_ours: "Writer | None" = None  # of a process in the pool


def _open(setup: CapSetup) -> None:
    import atexit

    global _ours  # noqa: PLW0603, what a pool's processes keep
    _ours = _writer(setup)
    if _ours is not None:
        atexit.register(_ours.close)


def _play(setup: CapSetup, index: int) -> dict[str, Any]:
    return play(setup, index, _ours)
