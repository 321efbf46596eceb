"""Records the golden runs again: `python tests/golden/record.py [NAME...]`. Say in the commit why.

`policy` is of the shipped policy's weights: it is to be recorded again when they are trained anew.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
PUT = "pick object='red block'; place object='red block' at='blue bowl'; home"
PROGRAM = """\
names = [name for name in get_obj_names() if name.endswith('block')]
put_first_on_second(names[0], 'blue bowl')
say(f'{names[0]} is in the blue bowl')
put_first_on_second(names[1], 'top left corner')
"""
# name: (arguments of `courtside run`, what is typed when [s])
RUNS = {
    "corrected": (
        [PUT, "--planner", "fixed", "--engine", "mujoco"],
        [
            (1.0, "a bit to the left"),
            (1.6, "stop"),
            (2.2, "continue"),
            (3.4, "go back"),
            (5.5, "no, the green bowl"),
        ],
    ),
    "program": (
        ["put one block away and another in the corner", "--engine", "pybullet"],
        [(4.0, "open the gripper")],
    ),
    "policy": (
        [
            *["push_blocks assignment=1", "--planner", "fixed", "--world", "blockpush"],
            *["--seed", "1", "--engine", "mujoco", "--speed", "inf"],
        ],
        [],
    ),
}


def record(name: str, folder: Path) -> None:
    args, typed = RUNS[name]
    answers = folder / "answers.json"
    answers.write_text(json.dumps([PROGRAM]))
    command = ["courtside", "run", *args, "--frames", "0", "--record", name, "--json"]
    if "fixed" not in args:
        command += ["--llm", f"replay:{answers.name}"]
    running = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder
    )
    assert running.stdin and running.stdout
    began = time.monotonic()
    for at, line in typed:
        time.sleep(max(0.0, began + 1.0 + at - time.monotonic()))  # a second to start up
        running.stdin.write(line + "\n")
        running.stdin.flush()
    running.stdin.close()
    result = json.loads(running.stdout.read())
    print(name, result["success"], result["corrections"], result["stops"], file=sys.stderr)
    assert result["success"] and len(result["corrections"]) + result["stops"] >= len(typed) - 1
    (folder / result["recording"]).rename(HERE / f"{name}.mcap")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        for each in sys.argv[1:] or RUNS:
            record(each, Path(temporary))
