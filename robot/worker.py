"""Slow work beside the loop: a worker thread behind a newest-result-wins mailbox."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Arrival(Generic[T]):
    """A finished job."""

    requested: float  # [s] when it was asked for
    result: T | None
    error: Exception | None = None


class Mailbox(Generic[T]):
    """Runs one job at a time off the loop; a newer request makes an older answer stale.

    The work must wait (for a socket, a process), not compute: a thread that computes in
    Python costs the loop milliseconds.

    `latency` [s] is for simulated time, which runs faster than the clock: the answer arrives
    exactly that long after its request, and `poll` waits for it there, so that runs repeat.
    None, for real time: the answer arrives when it arrives, and `poll` never waits.
    """

    def __init__(self, latency: float | None) -> None:
        self.latency = latency
        self._job: Future[T] | None = None
        self._requested = 0.0

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

        self._job, self._requested = job, now
        threading.Thread(target=run, daemon=True).start()

    def poll(self, now: float) -> Arrival[T] | None:
        """The newest request's answer, once, as soon as it is due at time `now` [s]."""
        job = self._job
        if job is None:
            return None
        if self.latency is None:
            if not job.done():
                return None
        elif now < self._requested + self.latency - 1e-9:
            return None
        error = job.exception()
        self._job = None
        if error is not None and not isinstance(error, Exception):
            raise error
        return Arrival(self._requested, None if error else job.result(), error)
