"""Where sound comes from: a microphone, a file, or whoever writes it to a pipe.

A source is iterated for frames (FRAME,), and its `now` is the time [s] by the same clock as the
frames: since the first of them began.
"""

import os
import queue
from collections.abc import Generator, Iterator
from math import inf
from pathlib import Path
from select import select
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from robot.hearing import FRAME, RATE, Sound

if TYPE_CHECKING:
    import miniaudio

STEP = FRAME / RATE  # [s]
AFTER = 1.5  # [s] of silence after a file, so that its last sentence ends
GAP = 0.2  # [s] without sound, from which on it is silent
NOTHING = "Discard all samples"  # ALSA's name for no microphone
FULL = 32768  # full scale of 16 bits


class NoSound(Exception):
    """There is nothing to hear with, or nothing to be heard."""


class Source(Protocol):
    """Sound, frame by frame."""

    def __iter__(self) -> Iterator[Sound]: ...

    @property
    def now(self) -> float: ...


class Microphone:
    """The one that the system uses, or the first whose name has `name` in it."""

    def __init__(self, name: str = "") -> None:
        """Raises NoSound where there is none."""
        import miniaudio

        known = microphones()
        if not known:
            raise NoSound("there is no microphone; give a WAV file")
        chosen = next((known[one] for one in known if name.lower() in one.lower()), None)
        if chosen is None:
            raise NoSound(f"there is no microphone {name!r}; there are: {', '.join(known)}")
        try:
            self._device = miniaudio.CaptureDevice(
                miniaudio.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=RATE,
                buffersize_msec=round(STEP * 1e3),
                device_id=chosen if name else None,
                backends=_backends(),
            )
        except miniaudio.MiniaudioError as error:
            raise NoSound(f"the microphone cannot be used: {error}") from error
        self._arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._offset, self._frames = inf, 0

    @property
    def now(self) -> float:
        return monotonic() - self._offset

    def __iter__(self) -> Iterator[Sound]:
        receiver = self._receive()
        next(receiver)
        self._device.start(receiver)
        rest = b""
        while True:
            rest += self._arrived.get()
            while len(rest) >= 2 * FRAME:
                frame, rest = samples(rest[: 2 * FRAME]), rest[2 * FRAME :]
                self._frames += 1
                # the frame that was least late tells when the first began
                self._offset = min(self._offset, monotonic() - self._frames * STEP)
                yield frame

    def _receive(self) -> Generator[None, Any, None]:
        while True:
            data = yield
            self._arrived.put(bytes(data))

    def close(self) -> None:
        self._device.close()


class Recording:
    """A sound file, at the pace at which it was spoken."""

    def __init__(self, path: Path) -> None:
        """Raises NoSound where it cannot be read."""
        import miniaudio

        try:
            read = miniaudio.decode_file(str(path), miniaudio.SampleFormat.FLOAT32, 1, RATE)
        except (miniaudio.MiniaudioError, OSError) as error:
            raise NoSound(f"{path} is no sound file: WAV, FLAC, MP3 or Ogg Vorbis") from error
        sound = np.frombuffer(read.samples, np.float32)
        self._frames = framed(np.append(sound, np.zeros(int(AFTER * RATE), np.float32)))
        self._began = monotonic()

    @property
    def now(self) -> float:
        return monotonic() - self._began

    def __iter__(self) -> Iterator[Sound]:
        self._began = monotonic()
        for number, frame in enumerate(self._frames, start=1):
            sleep(max(0.0, self._began + number * STEP - monotonic()))
            yield frame

    def close(self) -> None: ...


class Pipe:
    """Whatever is written to a pipe: 16-bit samples, mono, at RATE. Silence, while nothing is."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._offset = descriptor, inf

    @property
    def now(self) -> float:
        return monotonic() - self._offset

    def __iter__(self) -> Iterator[Sound]:
        number, rest = 0, b""
        while True:
            if select([self._descriptor], [], [], GAP)[0]:
                data = os.read(self._descriptor, 2 * FRAME)
                if not data:
                    return
                rest += data
            else:
                rest += bytes(2 * FRAME)
            while len(rest) >= 2 * FRAME:
                frame, rest = samples(rest[: 2 * FRAME]), rest[2 * FRAME :]
                number += 1
                self._offset = min(self._offset, monotonic() - number * STEP)
                yield frame

    def close(self) -> None: ...


def microphones() -> dict[str, Any]:
    """Those that there are, by name, each with what the library knows it by."""
    import miniaudio

    try:
        found = miniaudio.Devices(_backends()).get_captures()
    except miniaudio.MiniaudioError:  # nothing to do with sound is there
        return {}
    return {one["name"]: one["id"] for one in found if not one["name"].startswith(NOTHING)}


def _backends() -> "list[miniaudio.Backend]":
    """All but the one that hears nothing, and is always there."""
    from miniaudio import Backend

    return [backend for backend in Backend if backend.name not in ("NULL", "CUSTOM")]


def samples(data: bytes) -> Sound:
    """(n,) of 16 bits each."""
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(FULL)


def framed(sound: Sound) -> Sound:
    """(n, FRAME) of `sound` (m,), the last one filled up with silence."""
    frames = np.zeros((-(-len(sound) // FRAME), FRAME), np.float32)
    frames.reshape(-1)[: len(sound)] = sound
    return frames
