"""`courtside listen`: talk to a running stack, or see what would be understood."""

import json
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import sleep
from typing import TYPE_CHECKING, Annotated

from robot.cli.errors import Failure
from robot.cli.hearing import Hearing, Hears, shown
from robot.cli.say import deliver

if TYPE_CHECKING:
    from hardware.hearing.listener import Said
    from robot.cli.hearing import World

PERIOD = 0.005  # [s] between two looks at what was heard


@dataclass(frozen=True)
class Listen:
    """Send what is said to a running stack, as if it were typed there: what is a command. Prints
    every sentence that is heard, what was made of it, and how long that took. Ctrl-C ends it."""

    file: Path | None = None
    """A sound file to hear instead of the microphone."""
    mic: str = ""
    """A part of the microphone's name; without it, the one that the system uses."""
    match: bool = False
    """What is said in table tennis, not at the table."""
    push: bool = False
    """Push to talk: return begins, and return ends. "Stop" is heard all the time."""
    whisper: str = ""
    """A better model: a folder, or a name that faster-whisper knows ("small.en")."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        world: World = "match" if self.match else "table"
        source = str(self.file) if self.file else f"mic:{self.mic}"
        hearing = Hearing(Hears(source, world, self.whisper, self.push))
        heard: list[Said] = []
        sent: list[float | None] = []  # [s] until the stack heard it, where there is one
        try:
            hearing.ready.wait()
            if hearing.open:
                print("listening", file=sys.stderr)
            if self.push:
                threading.Thread(target=_press, args=(hearing,), daemon=True).start()
            going = True
            while going:
                going = hearing.open  # what comes before the end is looked at after it
                _pass_on(hearing, heard, sent)
                sleep(PERIOD)
        except KeyboardInterrupt:
            print("no longer listening", file=sys.stderr)
        finally:
            hearing.close()
        if hearing.error:
            raise Failure(f"it cannot hear: {hearing.error}")
        if self.json:
            print(json.dumps(_summary(heard, sent)))
        return 0


def _pass_on(hearing: Hearing, heard: "list[Said]", sent: list[float | None]) -> None:
    """Show and send what was heard since."""
    for said in hearing.take():
        heard.append(said)
        for line in said.heard.lines if said.heard.kind == "command" else ():
            try:
                sent.append(deliver(line))
            except OSError:
                sent.append(None)
        print(f"{said.ended:7.2f} s  {shown(said)}", file=sys.stderr)


def _summary(heard: "list[Said]", sent: list[float | None]) -> dict[str, object]:
    commands = [said for said in heard if said.heard.kind == "command"]
    there = [latency for latency in sent if latency is not None]
    return {
        "delivered": bool(sent) and len(there) == len(sent),
        "latency_ms": round(median(there) * 1e3, 3) if there else None,
        "speech_latency_ms": round(median(s.latency for s in commands) * 1e3) if commands else None,
        "heard": [
            {
                "kind": said.heard.kind,
                "lines": said.heard.lines if said.heard.kind == "command" else (),
                "raw": said.heard.raw,
                "by": said.by,
                "ended_s": round(said.ended, 3),
                "latency_ms": round(said.latency * 1e3),
            }
            for said in heard
        ],
    }


def _press(hearing: Hearing) -> None:
    for _ in sys.stdin:
        hearing.press()
