"""A window that shows what a camera sees, in a process of its own; where there is a display."""

import os
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING

from robot.process import begin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEAD = struct.Struct("<II")  # width and height of a picture, before its pixels


def displayed() -> bool:
    """Whether there is something to open a window on."""
    return bool(os.environ.get("DISPLAY")) and find_spec("_tkinter") is not None


class Window:
    """Shows the newest picture; `show` never waits, and what comes too fast is left out."""

    def __init__(self) -> None:
        self._child = begin(
            [sys.executable, "-m", "robot.cli.window"],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the robot first
        )
        self._newest: NDArray[np.uint8] | None = None
        self._there = threading.Event()
        self._closed = False
        threading.Thread(target=self._send, daemon=True).start()

    def show(self, pixels: "NDArray[np.uint8]") -> None:
        """`pixels` (H, W, 3) RGB."""
        self._newest = pixels
        self._there.set()

    def _send(self) -> None:
        assert self._child.stdin is not None
        with suppress(OSError):  # its window has been closed
            while self._there.wait() and not self._closed:
                self._there.clear()
                pixels = self._newest
                if pixels is not None:
                    height, width, _ = pixels.shape
                    self._child.stdin.write(HEAD.pack(width, height) + pixels.tobytes())
                    self._child.stdin.flush()

    def close(self) -> None:
        self._closed = True
        self._there.set()
        self._child.kill()
        self._child.wait()


def pictures(sent: IO[bytes]) -> "list[bytes]":
    """The next picture, as a PPM file; none at the end."""
    head = sent.read(HEAD.size)
    if len(head) < HEAD.size:
        return []
    width, height = HEAD.unpack(head)
    return [b"P6 %d %d 255\n" % (width, height) + sent.read(3 * width * height)]


def main() -> None:
    """The window's own process."""
    import tkinter

    root = tkinter.Tk()
    root.title("courtside")
    label = tkinter.Label(root)
    label.pack()
    newest: list[bytes] = []

    def read() -> None:
        while got := pictures(sys.stdin.buffer):
            newest[:] = got
        os._exit(0)

    def draw() -> None:
        if newest:
            image = tkinter.PhotoImage(data=newest.pop(), format="PPM")
            label.configure(image=image)
            label.image = image  # type: ignore[attr-defined]  # or it is collected
        root.after(20, draw)

    threading.Thread(target=read, daemon=True).start()
    draw()
    root.mainloop()


if __name__ == "__main__":
    main()
