"""How long after a correction over ROS 2 is published does the command change?

    python tests/benchmark/ros_corrections.py --n 200

A `courtside run --robot ros` holds the arm at 125 Hz, and is told to open and to close its gripper:
from the publication of the words to the arrival of the first command that obeys and has passed the
watchdog, in another process. Prints one JSON object.
"""

import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic

import numpy as np
import tyro
from std_msgs.msg import String

sys.path.insert(0, str(Path(__file__).parents[1]))
import ros_rig as rig

from hardware import topics
from hardware.ros import TEXTS

STILL = 25  # commands alike, before the next correction
WORDS = ("close the gripper", "open the gripper")


@dataclass(frozen=True)
class Benchmark:
    """What to say."""

    n: int = 200
    """Corrections."""


def measure(witness: rig.Witness, n: int) -> tuple[list[float], int]:
    """[s] of each that changed the command; and how many did not."""
    corrections = witness.ros.publisher(String, topics.CORRECTION, TEXTS)
    took, lost = [], 0

    def fingers() -> list[float]:
        sent = [message.points for message in witness.gated if message.points]
        return [points[0].positions[-1] for points in sent]  # pyright: ignore[reportIndexIssue]

    def still() -> bool:
        last = fingers()[-STILL:]
        return len(last) == STILL and max(last) - min(last) < 1e-9

    for number in range(n):
        witness.gated.clear()
        rig.until(still, f"the gripper does not come to rest: {witness.trouble}", witness.look)
        before = fingers()[-1]
        witness.gated.clear()
        sent = monotonic()
        corrections.publish(String(data=WORDS[number % 2]))
        while monotonic() - sent < 2.0:
            witness.look(0.002)
            if any(abs(finger - before) > 1e-9 for finger in fingers()):
                took.append(monotonic() - sent)
                break
        else:
            lost += 1
    return took, lost


def main(config: Benchmark) -> None:
    with tempfile.TemporaryDirectory() as folder, rig.domain() as domain:
        os.environ |= {"ROS_DOMAIN_ID": domain, "XDG_RUNTIME_DIR": folder}
        with rig.running(Path(folder)):
            witness = rig.Witness()
            how = ("--planner", "fixed", "home", "--stay", "--record", folder, "--frames", "0")
            stack = rig.start("run", "--robot", "ros", *how)
            lines = rig.lines_of(stack)
            try:
                rig.until(lambda: len(witness.gated) > 100, lines, witness.look)
                took, lost = measure(witness, config.n)
            finally:
                stack.terminate()
                stack.wait()
                witness.ros.close()
    p50, p99 = (round(float(np.quantile(took, share)) * 1e3, 2) for share in (0.5, 0.99))
    worst = round(max(took) * 1e3, 2)
    print(
        json.dumps({**asdict(config), "p50_ms": p50, "p99_ms": p99, "max_ms": worst, "lost": lost})
    )


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
