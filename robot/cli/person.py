"""A person who watches one world after the other, and says something."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import IO

from robot.cli import build
from robot.cli.session import Interrupts, Voice
from robot.cli.window import Window, displayed
from robot.types import Tick, Utterance

WAITED = 8.0  # [s] that a robot that has finished waits for a person


class Person:
    """What is typed and spoken, Ctrl-C, and what is shown of the world, while `parts` are open."""

    revives, waited = True, WAITED

    def __init__(self, parts: ExitStack, typed: IO[str] | None, speech: str = "") -> None:
        """`typed`: where lines come from; `speech`: as for `courtside run`."""
        from planners.hear import Ear

        self.voice = Voice()
        self._hearing = build.hearing(parts, speech, "table")
        self._window = Window() if displayed() else None
        if self._window is not None:
            parts.callback(self._window.close)
        self._now: Callable[[], float] = lambda: 0.0
        self._ear = Ear(self._time, typed)
        parts.callback(self._ear.close)
        self._interrupts = parts.enter_context(Interrupts(raises=False))
        self._stopped = 0  # interrupts that have been said

    @property
    def sees(self) -> bool:
        """Whether there is a display."""
        return self._window is not None

    @property
    def leaves(self) -> int:
        """How often this person has pressed Ctrl-C: once to stop the robot, twice to end it all."""
        return self._interrupts.count

    def _time(self) -> float:
        return self._now()

    def attend(self, now: Callable[[], float], about: str) -> None:
        """Begin with a world whose time is `now`, and which is about that."""
        self._now = now
        self.voice.begin(about)

    def hear(self) -> tuple[Utterance, ...]:
        """What was said since the last call."""
        voice = self.voice
        spoken = self._hearing.commands(voice.listen, voice.note) if self._hearing else ()
        heard = [*self._ear(), *(Utterance(self._now(), line) for line in spoken)]
        if self.leaves and not self._stopped:
            heard.append(Utterance(self._now(), "stop"))
        self._stopped = self.leaves
        voice.hear(tuple(heard))
        return tuple(heard)

    def watch(self, tick: Tick) -> None:
        """Show what is new."""
        self.voice.follow(tick)
        for image in tick.obs.images.values():
            if self._window is not None:
                self._window.show(image.pixels)
