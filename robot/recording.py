"""Recordings read back, complete or cut short: all that `robot.record` was given."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from mcap.exceptions import EndOfFile, InvalidMagic
from mcap.records import Channel, Message, Metadata, Schema, Statistics
from mcap.stream_reader import StreamReader
from mcap.writer import MCAP0_MAGIC
from mcap_ros2.decoder import DecoderFactory

from robot import messages
from robot.types import (
    Command,
    Fix,
    Goal,
    Image,
    JointMode,
    Observation,
    Outcome,
    Status,
    Utterance,
    Verdict,
    vector,
)


class RecordingError(ValueError):
    """A file that is no recording, or a damaged one. One line."""


@dataclass(frozen=True, slots=True)
class RecordedTick:
    """What is known of a tick."""

    number: int  # counts the loop's turns, those that were not recorded too
    now: float  # [s] state.time
    age: float  # [s] state.age
    obs: Observation
    heard: tuple[Utterance, ...]
    goal: Goal  # its arguments as JSON has them: lists for tuples
    outcome: Outcome
    proposed: Command | None
    verdict: Verdict
    busy: float  # [s]


@dataclass(frozen=True, slots=True)
class RecordedArrival:
    """A slow worker's answer."""

    time: float  # [s] when it arrived
    worker: str
    requested: float  # [s] when it was asked for
    result: str  # JSON


@dataclass(frozen=True, slots=True)
class Recording:
    """All that a file holds."""

    path: Path
    metadata: Mapping[str, str]
    joints: tuple[str, ...]
    ticks: tuple[RecordedTick, ...]
    said: tuple[Utterance, ...]
    arrivals: tuple[RecordedArrival, ...]
    truncated: bool  # it ends early: its recorder was killed, or the disk was full

    @property
    def missing(self) -> int:
        """How many ticks were dropped between the first and the last one."""
        return self.ticks[-1].number + 1 - len(self.ticks) if self.ticks else 0

    @classmethod
    def load(cls, path: Path, images: bool = False) -> "Recording":
        """Read `path`, or what there is of it; with `images`, decode its camera frames."""
        reader = _Reader(images)
        try:
            with path.open("rb") as file:
                truncated = reader.read(file)
        except OSError as error:
            raise RecordingError(f"{path}: cannot be read: {error.strerror}") from error
        except _Damage as error:
            raise RecordingError(f"{path}: {error}") from error
        return cls(
            path,
            reader.metadata,
            reader.joints,
            tuple(reader.ticks),
            tuple(reader.said),
            tuple(reader.arrivals),
            truncated,
        )


class _Damage(Exception):
    """What is wrong with a file."""


class _Exact:
    """A file whose reads are whole or fail: mcap's reader takes a short one for the truth."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise EndOfFile
        return data


class _Reader:
    """Puts a recording together, record by record."""

    def __init__(self, images: bool) -> None:
        self.images = images
        self.metadata: Mapping[str, str] = {}
        self.joints: tuple[str, ...] = ()
        self.ticks: list[RecordedTick] = []
        self.said: list[Utterance] = []
        self.arrivals: list[RecordedArrival] = []
        self._goal: Goal | None = None
        self._heard: list[Utterance] = []
        self._parts: dict[str, Any] = {}  # messages of the tick in hand, by topic

    def read(self, file: IO[bytes]) -> bool:
        """Take in `file`; return whether it ends early."""
        size = file.seek(0, 2)
        file.seek(max(0, size - len(MCAP0_MAGIC)))
        whole = file.read() == MCAP0_MAGIC and size > len(MCAP0_MAGIC)
        file.seek(0)
        stream = StreamReader(cast("IO[bytes]", _Exact(file)), validate_crcs=True)
        try:
            self._take_all(stream.records)
        except EndOfFile:
            if not self.metadata:
                raise _Damage("ends before anything was recorded") from None
            if whole:
                raise _Damage("is damaged: a record is longer than the file") from None
            return True
        except InvalidMagic:
            raise _Damage("is not an MCAP file") from None
        except _Damage:
            raise
        except Exception as error:  # damage shows in many ways: struct, zstd, JSON, KeyError, ...
            raise _Damage(f"is damaged: {type(error).__name__} {error}") from error
        if not self.metadata:
            raise _Damage("is an MCAP file, but no recording of Courtside")
        return False

    def _take_all(self, records: Iterator[Any]) -> None:
        decoders, topics, count = DecoderFactory(), {}, 0
        schemas: dict[int, Schema] = {}
        for record in records:
            match record:
                case Schema() | Channel() | Message() if not self.metadata:  # ours comes first
                    raise _Damage("is an MCAP file, but no recording of Courtside")
                case Metadata(name=messages.METADATA):
                    self.metadata = record.metadata
                    if (kind := record.metadata["format"]) != messages.FORMAT:
                        raise _Damage(f"has format {kind}, not {messages.FORMAT}")
                case Schema():
                    schemas[record.id] = record
                case Channel():
                    decode = decoders.decoder_for(
                        record.message_encoding, schemas[record.schema_id]
                    )
                    topics[record.id] = record.topic, decode
                case Message():
                    count += 1
                    topic, decode = topics[record.channel_id]
                    if self.images or not topic.startswith("/camera/"):
                        self._take(topic, decode(record.data))
                case Statistics() if record.message_count != count:
                    raise _Damage(f"is damaged: {count} of {record.message_count} messages left")

    def _take(self, topic: str, message: Any) -> None:
        if messages.TYPES.get(topic) != messages.TEXT:
            self._parts[topic] = message
            return
        content = json.loads(message.data)
        match topic:
            case messages.GOAL:
                self._goal = Goal(**content)
            case messages.HEARD:
                self._heard.append(Utterance(**content))
            case messages.SAID:
                self.said.append(Utterance(**content))
            case messages.ARRIVAL:
                self.arrivals.append(RecordedArrival(**content))
            case messages.TICK:
                self.ticks.append(self._tick(content))
                self._heard, self._parts = [], {}

    def _tick(self, content: dict[str, Any]) -> RecordedTick:
        """The tick whose parts have been read."""
        assert self._goal
        goal_id, status, reason = content["outcome"]
        state = self._parts[messages.JOINTS]
        self.joints = self.joints or tuple(state.name)
        objects = self._parts.get(messages.OBJECTS)
        boxes = {box.ns: box for box in objects.markers} if objects else {}
        observation = Observation(
            content["time"],
            content["received"],
            content["seq"],
            vector(state.position),
            vector(state.velocity),
            {name: _fix(time, boxes[name]) for name, time in content["fixes"].items()},
            self._frames(content["images"]) if self.images else {},
            frozenset(content.get("gone", ())),
        )
        proposed = content["proposed"]
        return RecordedTick(
            content["number"],
            content["now"],
            content["age"],
            observation,
            tuple(self._heard),
            self._goal,
            Outcome(goal_id, Status(status), reason),
            _command(proposed, self._parts[messages.PROPOSED]) if proposed else None,
            Verdict(
                _command(content["command"], self._parts[messages.COMMAND]),
                tuple(content["reasons"]),
                content["stopped"],
            ),
            content["busy"],
        )

    def _frames(self, times: Mapping[str, float]) -> dict[str, Image]:
        import cv2  # only here: most readers want no pictures

        frames = {}
        for camera, time in times.items():
            jpeg = np.frombuffer(self._parts[messages.camera_topic(camera)].data, np.uint8)
            pixels = cv2.imdecode(jpeg, cv2.IMREAD_COLOR_RGB)
            if pixels is None:
                raise _Damage(f"is damaged: the image of {camera} at {time:.3f} s")
            pixels = pixels.astype(np.uint8, copy=False)
            pixels.setflags(write=False)
            frames[camera] = Image(time, pixels)
        return frames


def _fix(time: float, box: Any) -> Fix:
    at, turn, size = box.pose.position, box.pose.orientation, box.scale
    return Fix(
        time,
        vector((at.x, at.y, at.z)),
        vector((turn.w, turn.x, turn.y, turn.z)),
        vector((size.x, size.y, size.z)),
    )


def _command(order: Mapping[str, Any], trajectory: Any) -> Command:
    (point,) = trajectory.points
    return Command(
        order["time"],
        order["seq"],
        order["goal_id"],
        vector(point.positions),
        tuple(map(JointMode, order["modes"])),
        order["expiry"],
        vector(point.velocities) if point.velocities else None,
    )
