"""Demonstrations by a person, who moves the hand with keys or sticks and says what it is doing."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

import numpy as np

from robot.cli import build, worlds
from robot.cli.chore import JudgedChore, assigned
from robot.cli.errors import Failure, WrongUse
from robot.cli.person import Person
from robot.cli.session import typed_lines
from robot.cli.teach import Frames, Lesson
from robot.loop import run
from robot.types import Tick

if TYPE_CHECKING:
    from planners.by_hand import ByHand
    from planners.coaching.understand import Understanding
    from robot.steering import Steer

By = Literal["keyboard", "gamepad"]
SHOWN, FILMED = 10.0, 25.0  # [Hz] pictures in a window, and of a film
STATUS = 0.2  # [s] from one look at the status line to the next


@dataclass(frozen=True)
class Setup:
    """What the demonstrations have in common."""

    by: By
    task: worlds.Task
    engine: build.EngineName = "mujoco"
    device: Path = Path("/dev/input/js0")  # of the gamepad
    speech: str = ""  # as for `courtside run`
    record: Path = Path("runs")  # of recordings (MCAP)
    video: Path | None = None
    speed: float = 1.0  # simulated seconds a second


class Controls:
    """What the hand is moved with, and where lines come from; to be closed."""

    def __init__(self, setup: Setup, parts: ExitStack) -> None:
        self.line: Callable[[], str | None] = lambda: None  # that is being written
        self.error: Callable[[], str]  # why nothing more comes of them
        self.lines: IO[str] | None
        if setup.by == "gamepad":
            from hardware.controls.gamepad import HELP, Gamepad

            try:
                pad = Gamepad(setup.device)
            except OSError as error:
                raise WrongUse(f"no gamepad at {setup.device}: {error.strerror}") from error
            parts.callback(pad.close)
            self.read: Callable[[], Steer] = pad
            self.help, self.lines = HELP, typed_lines()
            self.error = lambda: pad.error
            return
        from hardware.controls.keyboard import HELP, Keyboard

        typed = typed_lines()
        read, write = os.pipe()
        self.lines = parts.enter_context(os.fdopen(read))
        lines = parts.enter_context(os.fdopen(write, "w", buffering=1))
        try:
            if typed is None:
                raise ValueError("there is no terminal whose keys could be read")
            keys = Keyboard(typed.fileno(), lambda line: print(line, file=lines))
        except (ValueError, OSError) as error:
            raise WrongUse(f"--by keyboard: {error}") from error
        parts.callback(keys.close)
        self.read, self.help, self.line = keys, HELP, lambda: keys.line
        self.error = lambda: keys.error


def shown(setup: Setup, seeds: range, parts: ExitStack) -> Iterator[Lesson]:
    """What a person shows and keeps, one table after the other, until they have had enough."""
    from planners.coaching.understand import Understanding

    controls = Controls(setup, parts)
    person = Person(parts, controls.lines, setup.speech)
    understanding = Understanding()
    if not person.sees and setup.video is None:
        person.voice.note("no display for a window: --video FILE makes a film of it")
    person.voice.note(controls.help)
    for seed in seeds:
        lesson = _One(setup, seed, controls, understanding, person).play()
        if lesson is not None:
            yield lesson
        if error := controls.error():
            person.voice.note(f"the {setup.by} is of no more use: {error}")
        if person.leaves or error:
            return


class _One:
    """One demonstration."""

    def __init__(
        self,
        setup: Setup,
        seed: int,
        controls: Controls,
        understanding: "Understanding",
        person: Person,
    ) -> None:
        from planners.by_hand import ByHand
        from sim.tabletop import TabletopConfig

        self._setup, self._seed, self._controls = setup, seed, controls
        self._person = person
        spec = build.robot_spec()
        setting, self._instruction = assigned(setup.task, seed)
        rate = FILMED if setup.video else SHOWN
        config = TabletopConfig(
            setup.engine,
            cameras=("scene",) if setup.video or person.sees else (),
            frame_period=1 / rate,
            speed=setup.speed,
            conditions=setting.conditions,
        )
        world = worlds.tabletop(spec, setting.scene, config, bool(setup.video), "truth")
        self._scene = setting.scene
        self._judge, self._frames = JudgedChore(world, setting), Frames(spec)
        self._planner = ByHand(spec, controls.read, understanding, person.voice.note)
        self._shown = -1.0  # [s] when the status line was written

    def play(self) -> Lesson | None:
        """The lesson, if it is kept."""
        person, judge, planner = self._person, self._judge, self._planner
        voice = person.voice
        spec, setup = judge.spec, self._setup
        about = (spec, self._seed, setup, setup.video, self._scene)
        recorder = build.recorder(setup.record, "demonstration", *about)
        voice.record = recorder.said
        person.attend(judge.now, f"table {self._seed}: {self._instruction}")

        def record(tick: Tick) -> None:
            self._frames.follow(tick)
            judge.follow(tick)
            person.watch(tick)
            recorder(tick)
            self._show(tick, planner)

        def until(tick: Tick) -> bool:
            rests = not np.any(tick.state.reference.qd)
            return planner.finished or person.leaves > 1 or (person.leaves > 0 and rests)

        try:
            run(build.stack(judge, planner, hear=person.hear, record=record, until=until))
        finally:
            recorder.close()
        done = judge.fault or f"{setup.task} is done"
        if planner.end != "keep" or len(self._frames) < 2:
            voice.note(f"judged: {done}; dropped")
            return None
        voice.note(f"judged: {done}; kept")
        return self._lesson(planner)

    def _lesson(self, planner: "ByHand") -> Lesson:
        from planners.coaching.behavior import Behavior
        from planners.coaching.teacher import Said

        said = planner.said or [Said(0.0, self._instruction, "instruction", Behavior("back"))]
        return self._frames.lesson(self._judge, self._judge.fault or "", self._instruction, said)

    def _show(self, tick: Tick, planner: "ByHand") -> None:
        """On the status line."""
        if tick.state.time < self._shown + STATUS or not sys.stderr.isatty():
            return
        self._shown = tick.state.time
        line = self._controls.line()
        x, y, z = (100 * value for value in planner.at.tolist())
        text = f"hand {x:.0f} {y:.0f} {z:.0f} cm, holds {planner.holds or 'nothing'}"
        near = {n: np.hypot(*(f.position - planner.at)[:2]) for n, f in tick.state.objects.items()}
        if near:
            name = min(near, key=near.__getitem__)
            off = 100 * (tick.state.objects[name].position - planner.at)
            text += f"; {name}: {off[0]:+.0f} {off[1]:+.0f} {off[2]:+.0f}"
        text = text if line is None else f"say: {line}_"
        print(f"\r\x1b[K{text[:100]}", end="", file=sys.stderr, flush=True)


def recorded(setup: Setup, seeds: range) -> list[Lesson]:
    """All that is kept; raises Failure where that is nothing."""
    with ExitStack() as parts:
        kept = [*shown(setup, seeds, parts)]
    if not kept:
        raise Failure("nothing was kept")
    return kept
