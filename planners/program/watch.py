"""Ends a worker that does not answer: by the time that it computes, so that a busy machine, on
which everything takes long, ends no honest program.
"""

import os
import signal
import threading
from pathlib import Path
from time import monotonic

PERIOD = 0.03  # [s]
LONGEST = 10.0  # times the limit, by the clock, even if it does not compute
TICKS = os.sysconf("SC_CLK_TCK")


def computed(pid: int) -> float | None:
    """[s] that a process has computed; None where that cannot be read."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    except (OSError, ValueError, IndexError):
        return None


class Allowance:
    """How long a process may go on: `limit` [s] of computing, and LONGEST times that in all."""

    def __init__(self, pid: int, limit: float) -> None:
        self._pid, self._limit = pid, limit
        self._began, self._computed = monotonic(), computed(pid)

    @property
    def spent(self) -> bool:
        waited, now = monotonic() - self._began, computed(self._pid)
        if now is None or self._computed is None:
            return waited > self._limit
        return now - self._computed > self._limit or waited > LONGEST * self._limit


class Watch:
    """Kills a process whose turn lasts too long. One turn at a time."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self.killed = False

    def begin(self, pid: int | None, limit: float) -> None:
        """From now on, `pid` has `limit` [s] to compute."""
        self.end()
        self.killed = False
        if pid is None:
            return
        self._over = over = threading.Event()
        allowance = Allowance(pid, limit)

        def watch() -> None:
            while not over.wait(PERIOD):
                if allowance.spent:
                    self.killed = True
                    os.kill(pid, signal.SIGKILL)
                    return

        self._thread = threading.Thread(target=watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """The turn is over."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
