"""The keys of a terminal: some move the hand, and Enter begins a line that is said.

A terminal tells of keys that are pressed, and never of keys that are let go: each press is a small
step, and a key that is held repeats.
"""

import os
import re
import termios
import threading
import tty
from collections.abc import Callable
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from robot.steering import End, Steer

STEP, TURN, TILT = 0.01, 0.1, 0.1  # [m], [rad], [rad] of a press
FINE = 0.25  # of that, with Shift
HELP = """arrows or w a s d: away, left, nearer, right   r f: up, down   q e: turn   t g: tilt
space: open or close   Shift and a letter: finer   Enter: say something, Enter again: said
k: keep this one   x: drop it   Ctrl-C: stop, and that was all"""
MOVES = {
    "w": Steer((0, STEP, 0)),
    "s": Steer((0, -STEP, 0)),
    "a": Steer((-STEP, 0, 0)),
    "d": Steer((STEP, 0, 0)),
    "r": Steer((0, 0, STEP)),
    "f": Steer((0, 0, -STEP)),
    "q": Steer(turn=TURN),
    "e": Steer(turn=-TURN),
    "t": Steer(tilt=TILT),
    "g": Steer(tilt=-TILT),
    " ": Steer(grip=True),
    "k": Steer(end="keep"),
    "x": Steer(end="drop"),
}
ARROWS = {"A": "w", "B": "s", "C": "d", "D": "a"}
_KEYS = re.compile(r"\x1b[\[O][0-9;]*([A-Za-z~])|([\s\S])")


def _fine(steer: Steer) -> Steer:
    x, y, z = steer.by
    return Steer((x * FINE, y * FINE, z * FINE), steer.turn * FINE, steer.tilt * FINE)


KEYS = MappingProxyType(
    {**MOVES, **{key.upper(): _fine(move) for key, move in MOVES.items() if key in "wasdrfqetg"}}
)


class Keyboard:
    """Reads a terminal in a thread of its own, until it is closed; call it for what is wanted."""

    def __init__(self, terminal: int, say: Callable[[str], None]) -> None:
        """`terminal`: an open file of one, else ValueError; `say` is handed each line."""
        if not os.isatty(terminal):
            raise ValueError("there is no terminal whose keys could be read")
        self._terminal, self._say = terminal, say
        self._before: list[Any] = termios.tcgetattr(terminal)
        tty.setcbreak(terminal)  # Ctrl-C still interrupts
        self._lock = threading.Lock()
        self._steers: list[Steer] = []
        self._rest = ""
        self.line: str | None = None  # what is being written, if anything
        self.error = ""  # why there is nothing more to come
        self._closing, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def __call__(self) -> Steer:
        """All of it since the last call, together."""
        with self._lock:
            steers, self._steers = self._steers, []
        return together(steers)

    def press(self, text: str) -> None:
        """What these characters mean."""
        text = self._rest + text
        cut = re.search(r"\x1b([\[O][0-9;]*)?$", text)  # of a key that comes in pieces, perhaps
        end = cut.start() if cut else len(text)
        self._rest = text[end:]
        self._pressed(text[:end])
        if self.line is not None:  # there, Escape is a key by itself
            rest, self._rest = self._rest, ""
            self._pressed(rest)

    def _pressed(self, text: str) -> None:
        for found in _KEYS.finditer(text):
            key = ARROWS.get(found[1], "") if found[1] else found[2]
            if key in ("\n", "\r"):
                self._enter()
            elif self.line is not None:
                self._write(key)
            elif key in KEYS:
                with self._lock:
                    self._steers.append(KEYS[key])

    def _enter(self) -> None:
        line, self.line = self.line, "" if self.line is None else None
        if line:
            self._say(line)

    def _write(self, key: str) -> None:
        assert self.line is not None
        if key in ("\x7f", "\b"):
            self.line = self.line[:-1]
        elif key == "\x1b":
            self.line = None
        elif key.isprintable():
            self.line += key

    def _listen(self) -> None:
        import select

        while True:
            ready, _, _ = select.select([self._terminal, self._closing], [], [])
            if self._closing in ready:
                return
            try:
                data = os.read(self._terminal, 1024)
            except OSError:  # it is gone
                data = b""
            if not data:
                self.error = "the terminal is gone"
                with self._lock:
                    self._steers.append(Steer(end="drop"))
                return
            self.press(data.decode(errors="ignore"))

    def close(self) -> None:
        """Leave the terminal as it was."""
        os.write(self._wake, b"x")
        self._thread.join(1.0)
        with suppress(termios.error):  # it is gone
            termios.tcsetattr(self._terminal, termios.TCSANOW, self._before)
        os.close(self._wake)
        os.close(self._closing)


def together(steers: list[Steer]) -> Steer:
    """One that does what several do."""
    x, y, z = (sum(s.by[axis] for s in steers) for axis in range(3))
    ends: list[End] = [s.end for s in steers if s.end]
    return Steer(
        (x, y, z),
        sum(s.turn for s in steers),
        sum(s.tilt for s in steers),
        sum(s.grip for s in steers) % 2 == 1,
        ends[0] if ends else "",
    )
