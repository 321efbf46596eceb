"""SIGINT and SIGTERM ask a process to end, as often as they come; they interrupt nothing."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


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
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, asked._on)
    yield asked
