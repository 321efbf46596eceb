"""kill -9 of a node while the arm moves: how long until it is at rest, and does it come back well?

    python tests/benchmark/ros_kills.py --n 20 --names watchdog,coach,stack,objects

What is required is in `tests/ros_rig.py`: at rest within the timeout of 100 ms and the braking, on
the driver's own clock, without a jump; it comes back closed, and what is commanded first is the
measured pose. Prints one JSON object.
"""

import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import tyro

sys.path.insert(0, str(Path(__file__).parents[1]))
import ros_rig as rig

from robot.intervals import wilson
from robot.specs import UR5E


@dataclass(frozen=True)
class Benchmark:
    """What to kill."""

    n: int = 20
    """Times each."""
    names: str = "watchdog,coach,stack,objects"
    """Nodes, of which objects sees objects by camera."""


def kills(name: str, n: int) -> dict[str, object]:
    """Kill one node `n` times."""
    took, failures = [], []
    perception = "camera" if name == "objects" else "truth"
    with tempfile.TemporaryDirectory() as folder, rig.domain() as domain:
        os.environ |= {"ROS_DOMAIN_ID": domain, "XDG_RUNTIME_DIR": folder}
        with rig.running(Path(folder), perception=perception) as nodes:
            witness = rig.Witness()
            rig.until(lambda: witness.states, "no nodes", lambda: witness.look(0.1))
            for number in range(n):
                try:
                    if name == "stack":
                        took.append(rig.assert_stops_without_stack(witness))
                        continue
                    if name == "objects":
                        rig.until(
                            lambda: witness.alive.get(name, 0.0) > rig.monotonic() - 0.1,
                            "nothing is seen",
                            witness.look,
                        )
                    sweeper = rig.Sweeper()
                    try:
                        took.append(rig.assert_stops_and_returns(nodes, sweeper, witness, name))
                    finally:
                        sweeper.robot.close()
                except AssertionError as error:
                    failures.append(f"{number}: {error}")
                print(f"{name} {number}: {took[-1:]} {failures[-1:]}", file=sys.stderr)
            witness.ros.close()
    good = n - len(failures)
    return {
        "good": good,
        "interval": wilson(good, n),
        "rest_max_s": round(max(took), 3) if took else None,
        "failures": failures,
    }


def main(config: Benchmark) -> None:
    found = {name: kills(name, config.n) for name in config.names.split(",")}
    least = UR5E.timeout + rig.braking(0.8) + 3 * UR5E.dt
    print(json.dumps({**asdict(config), "allowed_s": round(least, 3), "nodes": found}))


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
