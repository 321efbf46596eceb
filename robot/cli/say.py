"""`courtside say`: talk to a running stack from elsewhere."""

import json
from dataclasses import dataclass
from typing import Annotated

from tyro.conf import Positional

from robot.cli.errors import Failure, WrongUse


@dataclass(frozen=True)
class Say:
    """Send a correction to a running stack, as if typed there."""

    text: Positional[str]
    """What to say."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        from planners.hear import clean, say

        if not clean(self.text):
            raise WrongUse("there is nothing to say in an empty line")
        try:
            latency = say(self.text)
        except OSError as error:
            if self.json:
                print(json.dumps({"delivered": False, "latency_ms": None}))
            raise Failure(str(error)) from error
        if self.json:
            print(json.dumps({"delivered": True, "latency_ms": round(latency * 1e3, 3)}))
        else:
            print(f"heard after {latency * 1e3:.1f} ms")
        return 0
