"""The recording process: reads what `robot.record` sends, writes the MCAP file and the film."""

import json
import os
import pickle
import select
import signal
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from io import FileIO
from itertools import chain
from math import floor, isfinite, prod
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from av.error import FFmpegError
from mcap_ros2.writer import Writer
from numpy.typing import NDArray

from robot import messages
from robot.record import LENGTH

CHUNK: Final = 0.4  # [s] of recorded time that is lost when this process is killed as well
JPEG_QUALITY: Final = 90
FPS: Final = 30
H264: Final = {"preset": "veryfast", "g": str(FPS)}  # a killed film loses about a second
WIDTH: Final = 640  # [px] of the film at least, for its captions to be legible
LONGEST_GAP: Final = 10.0  # [s] for which the film may stand still

Pixels = NDArray[np.uint8]  # (H, W, 3) RGB
Item = tuple[str, tuple[Any, ...], dict[str, Pixels]]  # kind, values, images by camera
Report = Callable[[str], None]
QUIET: Final[Item] = ("quiet", (), {})
END: Final[Item] = ("end", (), {})


class Log:
    """The MCAP file: readable up to its last chunk at any time."""

    def __init__(self, path: str, joints: Sequence[str], about: Mapping[str, str]) -> None:
        self.path, self.joints = path, joints
        self.file = Path(path).open("wb")  # noqa: SIM115
        self.writer = Writer(self.file)
        self.writer.add_metadata(messages.METADATA, dict(about))
        kinds = (*dict.fromkeys(messages.TYPES.values()), messages.IMAGE)
        self.schemas = {k: self.writer.register_msgdef(k, messages.definition(k)) for k in kinds}
        self.time = self.flushed = 0  # [ns] of the last message, and of the last one in the file
        self.early: list[tuple[str, Any]] = []  # texts that came before there was a time
        self.goal = ""
        self.flush()

    def tick(self, facts: Mapping[str, Any], images: Mapping[str, Pixels]) -> None:
        tick = facts["tick"]
        time: float = tick["time"]
        self.time = max(self.time, messages.nanoseconds(time))  # never back, as the clock may
        self._write_early()
        for line in facts["heard"]:
            self._write_text(messages.HEARD, line)
        state = messages.joint_state(time, self.joints, facts["q"], facts["qd"])
        self._write(messages.JOINTS, state)
        if facts["fixes"]:
            self._write(messages.OBJECTS, messages.markers(tick["fixes"], facts["fixes"]))
        for topic, key in ((messages.PROPOSED, "proposed"), (messages.COMMAND, "command")):
            if motion := facts[key]:
                self._write(topic, messages.trajectory(time, self.joints, *motion))
        goal = json.dumps(facts["goal"])
        if goal != self.goal:
            self.goal = goal
            self._write(messages.GOAL, {"data": goal})
        for camera, pixels in images.items():
            bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
            _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
            image = messages.compressed_image(tick["images"][camera], camera, jpeg.tobytes())
            self._write(messages.camera_topic(camera), image, messages.IMAGE)
        self._write_text(messages.TICK, tick)
        if self.time - self.flushed >= CHUNK * 1e9:
            self.flush()

    def text(self, topic: str, content: Mapping[str, Any]) -> None:
        if self.time:
            self._write_text(topic, content)
        else:
            self.early.append((topic, content))

    def _write_early(self) -> None:
        early, self.early = self.early, []
        for topic, content in early:
            self._write_text(topic, content)

    def _write_text(self, topic: str, content: Mapping[str, Any]) -> None:
        self._write(topic, {"data": json.dumps(content)})

    def _write(self, topic: str, message: Mapping[str, Any], kind: str | None = None) -> None:
        schema = self.schemas[kind or messages.TYPES[topic]]
        self.writer.write_message(topic, schema, message, log_time=self.time)

    def flush(self) -> None:
        """End the chunk and give it to the system, where it survives this process."""
        self.flushed = self.time
        self.writer._writer.flush()  # mcap_ros2 has no name for it

    def close(self) -> None:
        self._write_early()
        self.writer.finish()
        self.file.close()


class Film:
    """An H.264 file of the first camera seen, at a constant frame rate, with captions."""

    def __init__(self, path: str) -> None:
        self.path = path
        # Fragmented while it grows, so that a killed film can be seen; plain once complete.
        self.container = av.open(
            path,
            "w",
            "mp4",
            options={"movflags": "hybrid_fragmented+frag_keyframe", "flush_packets": "1"},
        )
        self.stream = self.container.add_stream("libx264", FPS, options=H264)
        self.stream.pix_fmt = "yuv420p"
        self.stream.codec_context.thread_count = 1  # the other cores are the robot's
        self.count = 0  # frames encoded
        self.start = 0.0  # [s] time of frame 0
        self.frame: av.VideoFrame | None = None  # shown until the next one is due
        self.camera = ""
        self.heard = self.said = self.goal = ""  # the captions

    def tick(self, facts: Mapping[str, Any], images: Mapping[str, Pixels]) -> None:
        for line in facts["heard"]:
            self.heard = f"> {line['text']}"
        args = ", ".join(f"{key} {brief(v)}" for key, v in facts["goal"]["args"].items())
        self.goal = f"[{facts['goal']['skill']}] {args}"
        self.camera = self.camera or next(iter(images), "")
        if self.camera in images:
            self.show(facts["tick"]["images"][self.camera], images[self.camera])

    def text(self, topic: str, content: Mapping[str, Any]) -> None:
        if topic == messages.SAID:
            self.said = content["text"]

    def show(self, time: float, pixels: Pixels) -> None:
        """From `time` [s] on, show `pixels` and the captions of now."""
        if not isfinite(time):
            return
        height, width, _ = pixels.shape
        if self.frame is None:
            self.start = time
            scale = -(-WIDTH // width)
            self.stream.width = width * scale // 2 * 2  # H.264 wants even sizes
            self.stream.height = height * scale // 2 * 2
        due = floor((time - self.start) * FPS + 0.5)
        if not self.count <= due <= self.count + LONGEST_GAP * FPS:  # or the clock was set
            due = self.count + 1
            self.start = time - due / FPS
        while self.count < due:
            self._encode()
        picture = np.asarray(cv2.resize(pixels, (self.stream.width, self.stream.height)), np.uint8)
        caption(picture, [line for line in (self.heard, self.said, self.goal) if line])
        self.frame = av.VideoFrame.from_ndarray(picture, "rgb24")

    def _encode(self) -> None:
        assert self.frame
        self.frame.pts, self.frame.time_base = self.count, Fraction(1, FPS)
        self.container.mux(self.stream.encode(self.frame))
        self.count += 1

    def flush(self) -> None:
        """Frames reach the file as they are."""

    def close(self) -> None:
        if self.frame is None:
            raise ValueError("no camera image came: the film is empty")
        self._encode()
        self.container.mux(self.stream.encode(None))
        self.container.close()


def brief(value: Any) -> str:
    """A goal's argument for the eye."""
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"({', '.join(map(brief, value))})" if isinstance(value, list) else str(value)


def caption(picture: NDArray[np.uint8], captions: Sequence[str]) -> None:
    """Write `captions` on a dark translucent band at the picture's lower edge."""
    height, width, _ = picture.shape
    scale = max(0.6, height / 900)
    line = round(36 * scale)  # [px] height
    columns = round(width / (16 * scale))
    rows = [row for text in captions for row in textwrap.wrap(text, columns)[:2]]
    if not rows:
        return
    top = height - line * len(rows) - line // 3
    picture[max(0, top) :] //= 3
    for number, row in enumerate(rows, 1):
        origin = (line // 2, top + number * line - line // 6)
        white, font = (255, 255, 255), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(picture, row, origin, font, scale, white, round(2 * scale), cv2.LINE_AA)


def read(pipe: FileIO) -> Iterator[Item]:
    """The items sent, until their sender is gone; QUIET after each pause."""
    sender = os.getppid()
    with suppress(EOFError):
        while True:
            if not select.select([pipe], [], [], CHUNK)[0]:
                if os.getppid() != sender:  # killed, while a child of its holds the pipe open
                    return
                yield QUIET
                continue
            (length,) = LENGTH.unpack(_exactly(pipe, LENGTH.size))
            kind, values, shapes = pickle.loads(_exactly(pipe, length))
            images = {
                name: np.frombuffer(_exactly(pipe, prod(shape)), np.uint8).reshape(shape)
                for name, shape in shapes
            }
            yield kind, values, images


def _exactly(pipe: FileIO, count: int) -> bytearray:
    data = bytearray(count)
    view = memoryview(data)
    while view:
        got = pipe.readinto(view)
        if not got:
            raise EOFError
        view = view[got:]
    return data


def record(items: Iterator[Item], report: Report) -> None:
    """Write the items down, and report what could not be."""
    begin = next(items, None)
    if begin is None:
        return
    path, video, joints, about = begin[1]
    writers: list[Log | Film] = []
    try:
        writers.append(Log(path, joints, about))
        if video:
            writers.append(Film(video))
    except (OSError, FFmpegError) as error:
        report(f"cannot write {video if writers else path}: {error}")
    for item in chain(items, [END]):
        for writer in tuple(writers):
            try:
                _give(writer, item)
            except (OSError, FFmpegError) as error:  # the disk is full, say
                writers.remove(writer)
                report(f"cannot write {writer.path}: {error}")
            except Exception as error:  # a fix without a position, say: only this item is lost
                report(f"not recorded: {error!r}")
        if not writers:
            return


def _give(writer: Log | Film, item: Item) -> None:
    match item:
        case "tick", (facts,), images:
            writer.tick(facts, images)
        case "text", (topic, content), _:
            writer.text(topic, content)
        case "quiet", _, _:
            writer.flush()
        case "end", _, _:
            writer.close()


def main() -> None:
    """The process: items come on standard input; on standard output goes a line when it begins to
    read them, and then reports."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends when its sender does
    os.nice(5)  # the loop goes first
    cv2.setNumThreads(1)
    reports = os.dup(1)
    os.write(reports, b"\n")
    os.dup2(2, 1)  # what libraries print
    seen: set[str] = set()

    def report(text: str) -> None:
        line = " ".join(text.split())[:300]
        if line not in seen and len(seen) < 10:  # fits into the pipe, which is read at the end
            seen.add(line)
            with suppress(OSError):  # nobody is left to tell
                os.write(reports, f"{line}\n".encode(errors="replace"))

    record(read(FileIO(0)), report)
