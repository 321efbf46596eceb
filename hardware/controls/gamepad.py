"""A gamepad, by Linux's joystick interface: eight bytes for each button and axis that changes."""

import os
import struct
import threading
from pathlib import Path
from time import monotonic

from robot.steering import End, Steer

EVENT = struct.Struct("<IhBB")  # time [ms], value, type, number
BUTTON, AXIS, INITIAL = 0x01, 0x02, 0x80  # types; the last is added to what is so at the start
FULL = 32767  # value of an axis
DEAD = 0.15  # of its way, in which a stick rests
SPEED, TURN = 0.15, 0.8  # [m/s], [rad/s] of a stick all the way over
LONGEST = 0.1  # [s] between two calls that count
X, Y, ROTATE, LIFT = 0, 1, 3, 4  # axes; forward and up are negative
GRIP, DROP, KEEP = 0, 6, 7  # buttons: A, Back and Start
HELP = """left stick: away, left, nearer, right   right stick: up, down, turn   A: open or close
Start: keep this one   Back: drop it   a line typed: said   Ctrl-C: stop, and that was all"""


class Gamepad:
    """Reads a device in a thread of its own; call it for what is wanted."""

    def __init__(self, device: Path) -> None:
        """OSError: it cannot be opened."""
        self._file = os.open(device, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(self._file, True)
        self._lock = threading.Lock()
        self._axes: dict[int, float] = {}
        self._pressed: list[int] = []
        self._last = monotonic()
        self.error = ""  # why there is nothing more to come
        threading.Thread(target=self._listen, daemon=True).start()

    def __call__(self) -> Steer:
        """What is wanted since the last call: as far as the sticks would have gone."""
        now = monotonic()
        passed, self._last = min(LONGEST, now - self._last), now
        with self._lock:
            pressed, self._pressed = self._pressed, []
            x, y, turn, lift = (self._axes.get(axis, 0.0) for axis in (X, Y, ROTATE, LIFT))
        way = SPEED * passed
        end: End = "keep" if KEEP in pressed else "drop" if DROP in pressed else ""
        return Steer(
            (x * way, -y * way, -lift * way),
            -turn * TURN * passed,
            grip=pressed.count(GRIP) % 2 == 1,
            end=end,
        )

    def take(self, event: bytes) -> None:
        """One event."""
        _, value, kind, number = EVENT.unpack(event)
        with self._lock:
            if kind & ~INITIAL == AXIS:
                share = max(-1.0, value / FULL)
                beyond = max(0.0, abs(share) - DEAD) / (1 - DEAD)
                self._axes[number] = beyond if share > 0 else -beyond
            elif kind == BUTTON and value:
                self._pressed.append(number)

    def _listen(self) -> None:
        rest = b""
        while True:
            try:
                data = os.read(self._file, 64 * EVENT.size)
            except OSError as error:
                data, self.error = b"", str(error)
            if not data:
                with self._lock:
                    self._axes.clear()
                    self._pressed.append(DROP)
                self.error = self.error or "it is gone"
                return
            rest += data
            while len(rest) >= EVENT.size:
                self.take(rest[: EVENT.size])
                rest = rest[EVENT.size :]

    def close(self) -> None:
        os.close(self._file)
