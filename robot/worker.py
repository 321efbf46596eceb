"""Slow work beside the loop: a worker thread behind a newest-result-wins mailbox."""

import atexit
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
Due = Callable[[float], float | None]  # when [s] what was requested at a time [s] arrives


def when_ready(requested: float) -> float | None:
    """Real time: the answer arrives when it arrives, and nobody waits for it."""
    return None


def after(latency: float) -> Due:
    """Simulated time, which runs faster than the clock: exactly `latency` [s] later.

    The world waits for the answer there, so that runs repeat.
    """
    return lambda requested: requested + latency


def at(times: Iterable[float]) -> Due:
    """Replayed time: the arrivals that were recorded, one after the other."""
    recorded = iter(times)
    return lambda requested: next(recorded, float("inf"))


@dataclass(frozen=True, slots=True)
class Arrival(Generic[T]):
    """A finished job."""

    time: float  # [s] when it arrived
    requested: float  # [s] when it was asked for
    result: T | None
    error: Exception | None = None


_running: list[threading.Thread] = []


@atexit.register
def _await_work() -> None:
    """Give native code half a second to return: ending Python beneath it would abort."""
    for thread in _running:
        thread.join(0.5)


class Mailbox(Generic[T]):
    """Runs one job at a time off the loop; a newer request makes an older answer stale.

    The work must wait (for a socket, a process), not compute: a thread that computes in
    Python costs the loop milliseconds.
    """

    def __init__(self, due: Due = when_ready) -> None:
        self._due = due
        self._job: Future[T] | None = None
        self._requested = 0.0
        self._arrives: float | None = None

    @property
    def busy(self) -> bool:
        return self._job is not None

    def request(self, now: float, work: Callable[[], T]) -> None:
        """Start `work` at time `now` [s]; an unfinished older job is forgotten."""
        job: Future[T] = Future()

        def run() -> None:
            try:
                job.set_result(work())
            except Exception as error:  # handed to the loop by poll
                job.set_exception(error)

        self._job, self._requested, self._arrives = job, now, self._due(now)
        thread = threading.Thread(target=run, daemon=True)
        _running[:] = [*filter(threading.Thread.is_alive, _running), thread]
        thread.start()

    def wait(self, now: float) -> Arrival[T]:
        """The newest request's answer, waited for: for what cannot go on without."""
        self._arrives = now
        arrival = self.poll(now)
        assert arrival is not None
        return arrival

    def poll(self, now: float) -> Arrival[T] | None:
        """The newest request's answer, once, when it is due at time `now` [s]."""
        job = self._job
        if job is None:
            return None
        if self._arrives is None:
            if not job.done():
                return None
        elif now < self._arrives - 1e-9:
            return None
        error = job.exception()
        self._job = None
        if error is None:
            return Arrival(now, self._requested, job.result())
        if not isinstance(error, Exception):
            raise error
        return Arrival(now, self._requested, None, error)
