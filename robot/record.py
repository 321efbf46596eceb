"""Remembering: a process of its own writes one MCAP file, and a film, of what the loop did.

The loop's thread puts a tick on a queue; a sender thread flattens it into a pipe, in some ten
microseconds; the child process (`robot.scribe`) encodes and writes. So the loop never waits
for a disk, and whatever becomes of its process, the child sees the pipe end and completes
the files.
"""

import json
import logging
import pickle
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import sleep
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from robot import messages
from robot.process import begin
from robot.types import RobotSpec, Tick

MAX_TICKS: Final = 50_000  # that may wait to be sent
MAX_PIXELS: Final = 256 * 2**20  # [bytes] of images that may wait to be sent
PERIOD: Final = 0.02  # [s] of the sender: to wake it for each tick would cost the loop 25 us
LENGTH: Final = struct.Struct("<I")  # precedes each item in the pipe

# Not multiprocessing, which would run the caller's main module again in the child.
_CHILD: Final = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from robot.scribe import main
main()
"""


class Recorder:
    """Called with each tick; records it, what was said, and when slow workers answered.

    `path` is the MCAP file, `video` the film (mp4, of the first camera seen): new, or replaced.
    Images are sent a moment later, and must not change until then.

    Nothing but the constructor raises: a failure to record is kept in `error`, and logged
    once by `close`. When the child falls behind, images are dropped first.
    """

    def __init__(
        self,
        path: Path,
        spec: RobotSpec,
        metadata: Mapping[str, str],
        video: Path | None = None,
    ) -> None:
        for file in (path, video):
            if file:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.open("wb").close()  # where that is impossible, say so here
        self.path = path
        self.ticks = 0
        self.dropped = 0  # ticks
        self.dropped_images = 0
        self._errors: list[str] = []
        self._over = False  # nothing more will be recorded
        self._closed = False
        self._begun = threading.Event()
        self._queued = self._sent = 0  # [bytes] of pixels; each counted by one thread only
        self._queue: deque[tuple[Any, ...]] = deque()
        about = {"format": messages.FORMAT, "robot": spec.name, **metadata}
        self._queue.append(("begin", str(path), str(video or ""), spec.joints, about))
        self._child = begin(
            [sys.executable, "-c", _CHILD, json.dumps([*map(str, sys.path)])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C goes to the whole process group
        )
        self._sender = threading.Thread(target=self._send_all, name="recorder", daemon=True)
        self._sender.start()

    @property
    def error(self) -> str | None:
        """What could not be recorded, and why; None while all was."""
        lost = {"ticks": self.dropped, "images": self.dropped_images}
        counts = [f"{count} {what} not recorded" for what, count in lost.items() if count]
        return "; ".join([*self._errors, *counts]) or None

    def wait(self, timeout: float = 10.0) -> None:
        """Until the child is there, which takes a second: then even `kill -9` of this process
        loses nothing that was recorded more than a moment before. At most `timeout` [s]."""
        self._begun.wait(timeout)

    def __call__(self, tick: Tick) -> None:
        """Record `tick`. For one thread; takes it a few microseconds."""
        number = self.ticks
        self.ticks += 1
        if self._over or len(self._queue) >= MAX_TICKS:
            self.dropped += 1
            return
        if tick.obs.images:
            pixels = _pixels(tick)
            if self._queued - self._sent + pixels <= MAX_PIXELS:
                self._queued += pixels
            else:
                self.dropped_images += len(tick.obs.images)
                tick = replace(tick, obs=replace(tick.obs, images={}))
        self._queue.append(("tick", tick, number))

    def said(self, time: float, text: str) -> None:
        """The robot said `text` at `time` [s]."""
        self._put("text", messages.SAID, {"time": time, "text": text})

    def arrival(self, time: float, worker: str, requested: float, result_json: str) -> None:
        """At `time` [s], `worker` answered what had been asked for at `requested` [s]."""
        content = {"time": time, "worker": worker, "requested": requested, "result": result_json}
        self._put("text", messages.ARRIVAL, content)

    def close(self, timeout: float = 30.0) -> None:
        """Write what waits, complete the files; give up after `timeout` [s]. Idempotent."""
        if self._closed:
            return
        self._closed = self._over = True
        self._sender.join(timeout)
        if self._sender.is_alive():
            self._fail(f"not done {timeout:g} s after the end: the last part may be missing")
            self._child.kill()  # which ends the sender, too
            self._sender.join()
        if self.error:
            logging.getLogger(__name__).error("recording: %s", self.error)

    def _put(self, *item: Any) -> None:
        if not self._over:
            self._queue.append(item)

    def _send_all(self) -> None:
        """The sender thread: serves the queue until it is closed or the child is gone."""
        assert self._child.stdin and self._child.stdout
        over = False
        self._child.stdout.read(1)  # that it has begun; or nothing, if it never will
        self._begun.set()
        try:
            while not over:
                sleep(PERIOD)
                over = self._over  # before the queue is emptied for the last time
                while self._queue:
                    self._send_one(*self._queue.popleft())
        except OSError:
            self._over = True  # the child is gone; its report says why
        self._child.stdin.close()
        with self._child.stdout as stdout:
            report = stdout.read().decode(errors="replace")
        code = self._child.wait()
        for line in report.splitlines():
            self._fail(line)
        if code:
            self._fail(f"the recording process ended with code {code}")
        self.dropped += sum(item[0] == "tick" for item in self._queue)
        self._queue.clear()

    def _send_one(self, *item: Any) -> None:
        try:
            self._send(*item)
        except OSError:
            raise
        except Exception as error:  # of this item only
            self._fail(f"not recorded: {error!r}")

    def _send(self, kind: str, *values: Any) -> None:
        frames: dict[str, NDArray[np.uint8]] = {}
        if kind == "tick":
            tick, number = values
            self._sent += _pixels(tick)
            values = (messages.facts(tick, number),)
            frames = {
                name: np.ascontiguousarray(image.pixels, np.uint8)
                for name, image in tick.obs.images.items()
            }
        head = pickle.dumps((kind, values, [(name, array.shape) for name, array in frames.items()]))
        self._write(LENGTH.pack(len(head)) + head)
        for array in frames.values():
            self._write(array.ravel().data)  # no copy, and no GIL while it waits

    def _write(self, data: bytes | memoryview) -> None:
        assert self._child.stdin
        view = memoryview(data)
        while view:
            view = view[self._child.stdin.write(view) :]

    def _fail(self, message: str) -> None:
        if message not in self._errors and len(self._errors) < 10:
            self._errors.append(message)


def _pixels(tick: Tick) -> int:
    """How many bytes the images of `tick` hold."""
    return sum(image.pixels.nbytes for image in tick.obs.images.values())
