"""One run of the stack: what `run` and `program` have in common."""

import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, TYPE_CHECKING, Any, Protocol

import numpy as np

from robot.cli import build
from robot.cli.errors import Failure
from robot.cli.hearing import Hearing, shown
from robot.loop import Stack, run
from robot.mode import Mode
from robot.record import Recorder
from robot.types import Fix, Planner, Robot, Skill, Tick, Utterance, Vector

if TYPE_CHECKING:
    from hardware.hearing.listener import Said

SETTLE = 0.6  # [s] that the robot goes on after its last goal, so that what it did is seen
PATIENCE = 20.0  # [s] halted with nobody at the keyboard, then the run is over


class Follows(Planner, Protocol):
    """A planner that can tell when it has nothing left to do."""

    @property
    def finished(self) -> bool: ...


class Guard(Protocol):
    """What stands between a stack and its robot, besides the stack's own Supervisor."""

    def closed(self) -> str:
        """Why it lets nothing through, or nothing."""
        ...

    def arm(self) -> None:
        """Ask it to let commands through."""
        ...

    def armed(self) -> str:
        """The same, and wait until it does; why it does not, or nothing."""
        ...

    def hear(self) -> tuple[Utterance, ...]:
        """What people said on its side since the last call."""
        ...

    def follow(self, tick: Tick) -> None:
        """A tick is over."""
        ...


class Voice:
    """Says what the robot says, and shows on standard error what happens, unless `quiet`."""

    def __init__(self, quiet: bool = False) -> None:
        from rich.console import Console
        from rich.text import Text  # now, not in the loop

        self._text = Text
        self.said: list[str] = []
        self.record: Callable[[float, str], None] = lambda time, text: None
        self._console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
        self.begin()

    def begin(self, about: str = "") -> None:
        """In a new world, which is about that."""
        self._time, self._goal = 0.0, 0
        self._reasons: tuple[str, ...] = ()
        self.note(about)

    def say(self, text: str) -> None:
        self.said.append(text)
        self.record(self._time, text)
        self._show("robot", text, "bold cyan")

    def note(self, text: str) -> None:
        """Show, and do not say: a program, what is waited for."""
        for line in text.splitlines():
            self._show("", line, "dim")

    def hear(self, heard: tuple[Utterance, ...]) -> None:
        for utterance in heard:
            self._time = utterance.time
            self._show("you", utterance.text, "bold yellow")

    def listen(self, said: "Said") -> None:
        """Show what a recogniser heard, and ask about what it did not understand."""
        self._show("heard", shown(said), "dim yellow")
        if said.heard.kind == "question":
            self.say(said.heard.ask)

    def follow(self, tick: Tick) -> None:
        """Show what is new in this tick."""
        self._time = tick.state.time
        goal = tick.goal
        if goal.id != self._goal:
            self._goal = goal.id
            args = " ".join(f"{key}={_brief(value)}" for key, value in goal.args.items())
            self._show("", f"{goal.skill} {args}", "dim")
        if tick.verdict.reasons != self._reasons:
            self._reasons = tick.verdict.reasons
            for reason in self._reasons:
                self._show("supervisor", reason, "bold red" if tick.verdict.stopped else "red")

    def close(self, success: bool, error: str | None, *files: Path | None) -> None:
        """Show how it ended and what remains."""
        for file in filter(None, files):
            self._show("", f"written: {file}", "")
        if success:
            self._show("", "done", "bold green")
        else:
            self._show("", f"not done: {error or 'stopped'}", "bold red")

    def _show(self, who: str, text: str, style: str) -> None:
        line = self._text(f"{self._time:7.2f} s  ", "dim")
        line.append(f"{who:>10}  " if who else " " * 12, "dim")
        line.append(text, style)
        self._console.print(line)


def _brief(value: object) -> str:
    if isinstance(value, list | tuple):
        return "(" + ", ".join(f"{v:.2f}" if isinstance(v, float) else str(v) for v in value) + ")"
    return repr(value)


class Interrupts(AbstractContextManager["Interrupts"]):
    """The first Ctrl-C asks the robot to stop, the second ends the loop: by an exception where
    `raises`, or else its `count` does."""

    def __init__(self, raises: bool = True) -> None:
        self.count, self._raises = 0, raises

    def __enter__(self) -> "Interrupts":
        self._before = {
            number: signal.signal(number, self._on) for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def _on(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1 and self._raises:
            raise KeyboardInterrupt

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


@dataclass
class Session:
    """Runs a stack until its planner has finished, and counts what happened."""

    robot: Robot
    skills: Mapping[str, Skill]
    planner: Follows
    voice: Voice
    recorder: Recorder | None = None
    typed: IO[str] | None = None  # where corrections are typed
    hearing: Hearing | None = None  # where they are spoken
    interactive: bool = False  # go on while somebody may type
    stay: bool = False  # go on even then
    guard: Guard | None = None
    disarmed: bool = False  # leave it as it is
    duration: float = inf  # [s] at most
    truth: Callable[[], Mapping[str, Fix]] | None = None  # where a simulated world has its objects
    watch: Callable[[Tick], None] = lambda tick: None  # is shown every tick
    told: Vector | None = None  # where an earlier loop told the robot to be
    ticks: int = 0
    overruns: int = 0
    stops: int = 0
    interrupted: bool = False
    halted: bool = False
    last: Tick | None = None

    @property
    def objects(self) -> dict[str, list[float]]:
        """Where every object is, name to [x, y, z] [m]: in truth, if the world can tell it."""
        return _places(self.truth()) if self.truth else self.seen

    @property
    def seen(self) -> dict[str, list[float]]:
        """Where every object was last seen, likewise."""
        return _places(self.last.state.objects if self.last else {})

    def report(self, video: Path | None) -> dict[str, Any]:
        """What every run's result tells, as JSON can hold it."""
        assert self.recorder is not None
        return {
            "said": self.voice.said,
            "objects": self.objects,
            "stops": self.stops,
            "ticks": self.ticks,
            "overruns": self.overruns,
            "recording": str(self.recorder.path),
            "video": str(video) if video else None,
        }

    def run(self) -> None:
        """Runs to the end; whatever happens, the robot is left safe and the recording whole."""
        from planners.hear import Ear

        spec = self.robot.spec
        supervisor = build.supervisor(spec)
        mode = Mode(supervisor)
        mode.engage()
        ear = Ear(self.robot.now, self.typed, self.hearing.press if self.hearing else None)
        guard = self.guard
        interrupts = Interrupts(raises=guard is None)  # none may come in the midst of ROS 2
        began: float | None = None
        idle_since: float | None = None
        was_stopped = False

        def hear() -> tuple[Utterance, ...]:
            nonlocal was_stopped
            heard = (*ear(), *self._listened())
            if guard is not None:
                heard = (*heard, *guard.hear())
                if not supervisor.stopped and (reason := guard.closed()):
                    supervisor.halt(reason)
                was_stopped = supervisor.stopped
            if interrupts.count and not self.interrupted:
                self.interrupted = True
                heard = (*heard, Utterance(self.robot.now(), "stop"))
            self.voice.hear(heard)
            return heard

        def until(tick: Tick) -> bool:
            nonlocal idle_since, began
            now = tick.state.time
            began = now if began is None else began
            self.halted = mode.halted
            if now - began > self.duration or interrupts.count > 1:
                return True
            if self.interrupted and not np.any(tick.state.reference.qd):
                return True
            attended = ear.typed_open or bool(self.hearing and self.hearing.open)
            if self.stay or ((self.interactive or mode.halted) and attended):
                return False
            if not (self.planner.finished or mode.halted):
                idle_since = None
                return False
            if idle_since is None:
                idle_since = now
            return now - idle_since >= (PATIENCE if mode.halted else SETTLE)

        def record(tick: Tick) -> None:
            self.ticks += 1
            self.overruns += tick.busy > spec.dt
            if guard is not None and was_stopped and not tick.verdict.stopped:
                guard.arm()  # a person has re-armed the stack, and means all of it
            self.last = tick
            self.voice.follow(tick)
            self.watch(tick)
            if guard is not None:
                guard.follow(tick)
            if self.recorder is not None:
                self.recorder(tick)

        stack = Stack(
            robot=self.robot,
            planner=self.planner,
            skills=self.skills,
            supervisor=supervisor,
            mode=mode,
            estimator=build.estimator(spec),
            hear=hear,
            record=record,
            until=until,
            told=self.told,
        )
        try:
            with interrupts:
                if self.recorder is not None:
                    self.recorder.wait()
                if guard is not None and not self.disarmed and (reason := guard.armed()):
                    raise Failure(f"the robot cannot be armed: {reason}")
                run(stack)
        finally:
            self.stops = mode.stops
            ear.close()
            if self.recorder is not None:
                self.recorder.close()

    def _listened(self) -> Iterator[Utterance]:
        """What was spoken since the last call; what is no command is only shown."""
        voice = self.voice
        for line in self.hearing.commands(voice.listen, voice.note) if self.hearing else ():
            yield Utterance(self.robot.now(), line)


def _places(fixes: Mapping[str, Fix]) -> dict[str, list[float]]:
    return {
        name: [round(value, 4) for value in fix.position.tolist()] for name, fix in fixes.items()
    }


def typed_lines() -> IO[str] | None:
    """Standard input, if there is any."""
    return None if sys.stdin is None or sys.stdin.closed else sys.stdin


def print_json(result: Mapping[str, Any]) -> None:
    print(json.dumps(result))
