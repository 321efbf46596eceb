"""The recording process: reads what `robot.record` sends, writes the MCAP file and the film."""

import json
import os
import pickle
import select
import signal
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from io import FileIO
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from mcap_ros2.writer import Writer
from numpy.typing import NDArray

from robot import messages
from robot.record import LENGTH

CHUNK: Final = 0.4  # [s] of recorded time that is lost when this process, too, is killed
JPEG_QUALITY: Final = 90
FPS: Final = 30
WIDTH: Final = 640  # [px] at least, of the film
LONGEST_GAP: Final = 10.0  # [s] for which the film shows the same picture

Pixels = NDArray[np.uint8]  # (H, W, 3) RGB


class Log:
    """The MCAP file: readable up to its last chunk at any time."""

    def __init__(self, path: str, joints: Sequence[str], about: Mapping[str, str]) -> None:
        self.joints = joints
        self.file = Path(path).open("wb")  # noqa: SIM115
        self.writer = Writer(self.file)
        self.writer.add_metadata(messages.METADATA, dict(about))
        self.file.flush()
        self.schemas = {
            name: self.writer.register_msgdef(name, messages.definition(name))
            for name in (*dict.fromkeys(messages.TYPES.values()), messages.IMAGE)
        }
        self.time = self.flushed = 0  # [ns] of the last message, and of the last chunk's end
        self.goal = ""

    def tick(self, facts: Mapping[str, Any], images: Mapping[str, Pixels]) -> None:
        tick = facts["tick"]
        time: float = tick["time"]
        self.time = max(self.time, messages.nanoseconds(time))
        for line in facts["heard"]:
            self.text(messages.HEARD, line)
        self.write(messages.JOINTS, messages.joint_state(time, self.joints, facts["q"], facts["qd"]))
        if facts["fixes"]:
            self.write(messages.OBJECTS, messages.markers(tick["fixes"], facts["fixes"]))
        for topic in (messages.PROPOSED, messages.COMMAND):
            if motion := facts[topic]:
                self.write(topic, messages.trajectory(time, self.joints, *motion))
        goal = json.dumps(facts["goal"])
        if goal != self.goal:
            self.goal = goal
            self.write(messages.GOAL, {"data": goal})
        for camera, pixels in images.items():
            jpeg = cv2.imencode(
                ".jpg",
                cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR),
                [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY],
            )[1].tobytes()
            message = messages.compressed_image(tick["images"][camera], camera, jpeg)
            self.write(messages.camera(camera), message, messages.IMAGE)
        self.text(messages.TICK, tick)
        if self.time - self.flushed >= CHUNK * 1e9:
            self.flush()

    def text(self, topic: str, content: Mapping[str, Any]) -> None:
        self.write(topic, {"data": json.dumps(content)})

    def write(self, topic: str, message: Mapping[str, Any], kind: str | None = None) -> None:
        """At the current time: log times never go back, whatever the robot's clock does."""
        schema = self.schemas[kind or messages.TYPES[topic]]
        self.writer.write_message(topic, schema, message, log_time=self.time)

    def flush(self) -> None:
        self.flushed = self.time
        self.writer._writer.flush()  # mcap_ros2's own writer offers none

    def close(self) -> None:
        self.writer.finish()
        self.file.close()


class Film:
    """An H.264 file of one camera at a constant rate, with captions."""

    def __init__(self, path: str) -> None:
        # Fragmented while it grows, so that a killed film can be seen; plain once complete.
        self.container = av.open(path, "w", options={"movflags": "hybrid_fragmented"})
        stream = self.container.add_stream("libx264", rate=FPS, options={"preset": "veryfast"})
        self.stream = stream
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1  # the other cores are the robot's
        self.count = 0  # frames encoded
        self.start: float | None = None  # [s] time of frame 0
        self.frame: av.VideoFrame | None = None  # to be shown until the next one

    def show(self, time: float, pixels: Pixels, captions: Sequence[str]) -> None:
        """From `time` [s] on, show `pixels` with `captions` below."""
        if self.start is None:
            self.start = time
            scale = -(-WIDTH // pixels.shape[1])
            self.stream.width = pixels.shape[1] * scale // 2 * 2  # H.264 wants even sizes
            self.stream.height = pixels.shape[0] * scale // 2 * 2
        due = (time - self.start) * FPS
        if not 0 <= due - self.count <= LONGEST_GAP * FPS:  # a long gap, or the clock was set
            due = self.count + 1
            self.start = time - due / FPS
        while self.count < round(due):
            self._encode()
        size = (self.stream.width, self.stream.height)
        picture = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
        self.frame = av.VideoFrame.from_ndarray(captioned(picture, captions), "rgb24")

    def _encode(self) -> None:
        assert self.frame
        self.frame.pts, self.frame.time_base = self.count, Fraction(1, FPS)
        self.container.mux(self.stream.encode(self.frame))
        self.count += 1

    def close(self) -> None:
        if self.frame:
            self._encode()
            self.container.mux(self.stream.encode(None))
        self.container.close()
