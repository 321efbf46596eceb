"""`courtside say`: talk to a running stack from elsewhere."""

import json
from dataclasses import dataclass
from typing import Annotated

from tyro.conf import Positional

from robot.cli import build
from robot.cli.errors import Failure, WrongUse


@dataclass(frozen=True)
class Say:
    """Send a correction to a running stack, as if typed there: one on this machine, or else, where
    ROS 2 is installed, one that ROS 2 finds."""

    text: Positional[str]
    """What to say."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        from planners.hear import clean

        if not (text := clean(self.text)):
            raise WrongUse("there is nothing to say in an empty line")
        try:
            latency = deliver(text)
        except OSError as error:
            if self.json:
                print(json.dumps({"delivered": False, "latency_ms": None}))
            raise Failure(str(error)) from error
        if self.json:
            print(json.dumps({"delivered": True, "latency_ms": round(latency * 1e3, 3)}))
        else:
            print(f"heard after {latency * 1e3:.1f} ms")
        return 0


def deliver(text: str) -> float:
    """Time [s] until a stack heard it. Raises ConnectionError."""
    from planners.hear import say

    try:
        return say(text)
    except ConnectionError:
        if build.ros_missing():
            raise
    from hardware.coach import tell

    return tell(text)
