"""What people say to a running stack: typed on standard input, or sent by `courtside say`.

`say` reaches the stack through a datagram socket in a folder that only this user may enter, and
is answered once the loop has heard it.
"""

import json
import os
import queue
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import IO

from robot.types import Utterance

LONGEST = 500  # characters of one utterance; the rest is cut
ROOM = 60  # bytes of a path that sockets are put under: theirs must not be longer than 107


def socket_folder() -> Path:
    """Where running stacks listen; made if it is not there, closed to other users."""
    bases = os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"
    base = next(base for base in bases if 0 < len(os.fsencode(base)) <= ROOM)
    folder = Path(base) / f"courtside-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise PermissionError(f"{folder} must belong to you alone")
    return folder


def clean(text: str) -> str:
    """One printable line of bounded length."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST]


class Ear:
    """Collects lines in threads; calling it returns those since the last call, never waiting."""

    def __init__(
        self,
        now: Callable[[], float],
        typed: IO[str] | None = None,
        pressed: Callable[[], None] | None = None,
    ) -> None:
        """`pressed` is called for an empty line that is typed."""
        self._now, self._pressed = now, pressed
        self._lines: queue.SimpleQueue[tuple[str, object]] = queue.SimpleQueue()
        self.typed_open = typed is not None
        self._path = socket_folder() / f"{os.getpid()}-{id(self):x}.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))
        threading.Thread(target=self._receive, daemon=True).start()
        if typed is not None:
            threading.Thread(target=self._read, args=(typed,), daemon=True).start()

    def __call__(self) -> tuple[Utterance, ...]:
        """The utterances heard since the last call, stamped with the robot's time now."""
        if self._lines.empty():
            return ()
        heard = self.take()
        for _, answer in heard:
            answer()
        return tuple(Utterance(self._now(), text) for text, _ in heard)

    def take(self) -> list[tuple[str, Callable[[], None]]]:
        """The lines since the last call, each with what tells its sender that it was heard."""
        lines = []
        while not self._lines.empty():
            text, sender = self._lines.get()
            lines.append((text, partial(self._acknowledge, sender)))
        return lines

    def _read(self, typed: IO[str]) -> None:
        # Not through `typed` itself: a thread waiting in it would hold its lock at exit.
        descriptor, rest = typed.fileno(), b""
        while True:
            try:
                data = os.read(descriptor, 4096)
            except OSError:  # closed under us
                data = b""
            *lines, rest = (rest + (data or b"\n")).split(b"\n")
            for line in lines:
                if text := clean(line.decode(errors="replace")):
                    self._lines.put((text, None))
                elif data and self._pressed is not None:
                    self._pressed()
            if not data:
                self.typed_open = False
                return

    def _receive(self) -> None:
        while True:
            try:
                data, sender = self._socket.recvfrom(8 * LONGEST)
            except OSError:  # closed
                return
            if not data:
                continue
            if text := clean(data.decode(errors="replace")):
                self._lines.put((text, sender))

    def _acknowledge(self, sender: object) -> None:
        if sender is None:  # typed here
            return
        try:
            self._socket.sendto(json.dumps({"heard": monotonic()}).encode(), sender)  # type: ignore[arg-type]
        except OSError as error:
            print(f"courtside: could not answer `say`: {error}", file=sys.stderr)

    def close(self) -> None:
        """Stop listening. May be called twice."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._path.unlink(missing_ok=True)


def say(text: str, timeout: float = 2.0) -> float:
    """Send a line to the newest running stack; returns the time [s] until its loop heard it.

    Raises ConnectionError when no stack listens or none answers within `timeout` [s].
    """
    sockets = sorted(
        socket_folder().glob("*.sock"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    own = socket_folder() / f"say-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.bind(str(own))
        sender.settimeout(timeout)
        try:
            for path in sockets:
                try:
                    sent = monotonic()
                    sender.sendto(clean(text).encode(), str(path))
                except OSError:  # its owner is gone
                    path.unlink(missing_ok=True)
                    continue
                try:
                    answer = json.loads(sender.recv(1024))
                except TimeoutError:
                    raise ConnectionError("a stack is there, but its loop did not answer") from None
                return float(answer["heard"]) - sent
        finally:
            own.unlink(missing_ok=True)
    raise ConnectionError("no running stack listens; start one with `courtside run`")
