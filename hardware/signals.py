"""SIGINT and SIGTERM ask a process to end, as often as they come; they interrupt nothing.

An exception that a signal raises while rclpy's executor runs would abort the process.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDS = (signal.SIGINT, signal.SIGTERM)


class Asked:
    """Whether a signal has asked this process to end."""

    def __init__(self) -> None:
        self.end = False

    def _on(self, number: int, frame: FrameType | None) -> None:
        self.end = True


@contextmanager
def signals() -> Iterator[Asked]:
    """Within, signals only ask. They stay ignored afterwards, while the process ends."""
    asked = Asked()
    for number in ENDS:
        signal.signal(number, asked._on)
    yield asked


@contextmanager
def deferred() -> Iterator[Asked]:
    """Within, signals only ask. Afterwards they are as they were, and if one has asked,
    KeyboardInterrupt is raised."""
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked  # signals are none of its business
        return
    before = {number: signal.signal(number, asked._on) for number in ENDS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if asked.end:
        raise KeyboardInterrupt
