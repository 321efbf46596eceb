"""Ends a worker that does not answer: by the time that it computes, so that a busy machine, on
which everything takes long, ends no honest program.
"""

import contextlib
import os
import signal
import threading
from pathlib import Path
from time import monotonic, sleep

PERIOD = 0.03  # [s]
LONGEST = 1.2  # times the limit, by the clock: an attack may have others compute
IDLE = 0.25  # of the limit: who computes less than that within LONGEST waits for a busy machine,
PATIENCE = 15.0  # and has so many times the limit, by the clock
TICKS = os.sysconf("SC_CLK_TCK")


def computed(pid: int, kernel: bool = False) -> float | None:
    """[s] that a process has computed; None where that cannot be read.

    Without what the `kernel` did for it: where memory is short, that grows without its doing.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + kernel * int(fields[12])) / TICKS
    except (OSError, ValueError, IndexError):
        return None


class Allowance:
    """How long a process may go on: `limit` [s] of computing, and LONGEST times that in all, or
    PATIENCE where it hardly comes to compute.
    """

    def __init__(self, pid: int, limit: float) -> None:
        self._pid, self._limit = pid, limit
        self._began = monotonic()
        self._computed, self._busy = computed(pid), computed(pid, kernel=True)

    @property
    def used(self) -> float:
        """[s] computed since it began; by the clock where that is not known."""
        return self._since(self._computed, computed(self._pid))

    def _since(self, then: float | None, now: float | None) -> float:
        return monotonic() - self._began if now is None or then is None else now - then

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)

    @property
    def spent(self) -> bool:
        took = monotonic() - self._began
        if self.used > self._limit or took > PATIENCE * self._limit:
            return True
        busy = self._since(self._busy, computed(self._pid, kernel=True))
        return took > LONGEST * self._limit and busy > IDLE * self._limit


class Watch:
    """Kills a process whose turn lasts too long. One turn at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Event()  # set while there is one
        self._thread: threading.Thread | None = None
        self._allowance: Allowance | None = None
        self.killed = False  # since it was last set to False

    def begin(self, pid: int | None, limit: float) -> None:
        """From now on, `pid` has `limit` [s] to compute."""
        if pid is None:
            return
        with self._lock:
            self._allowance = Allowance(pid, limit)
        self._turn.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def end(self) -> float:
        """The turn is over; [s] that the process computed in it."""
        self._turn.clear()
        with self._lock:
            allowance, self._allowance = self._allowance, None
        return allowance.used if allowance is not None else 0.0

    @property
    def used(self) -> float:
        """[s] that the process has computed in the turn under way."""
        with self._lock:
            return self._allowance.used if self._allowance is not None else 0.0

    def _watch(self) -> None:
        while self._turn.wait():
            sleep(PERIOD)
            with self._lock:
                if self._allowance is not None and self._allowance.spent:
                    self.killed = True
                    self._allowance.kill()
                    self._allowance = None
