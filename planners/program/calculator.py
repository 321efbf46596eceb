"""numpy and shapely for programs: in a process of their own, which may be killed.

A program's arrays and geometries are plain values. What it calculates with them is done here, one
allow-listed function at a time; whatever a program makes of them, the control loop goes on.

`python -m planners.program.calculator` answers one JSON line with another, until its standard
input ends: with its parent, however that ends.
"""

import contextlib
import json
import os
import selectors
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import process_time
from typing import Any

from planners.program.plain import tagged, untagged
from planners.program.watch import PERIOD, Allowance
from robot.process import begin

START = 20.0  # [s] for the process to be ready, from a cold disk
MEMORY = 1 << 30  # [bytes] of address space beyond what it starts with


class CalculatorError(Exception):
    """A function used wrongly: what a program is told, as the kind of exception it expects."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Calculator:
    """The parent's side. For one thread at a time; starts its process when first needed."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._rest = b""

    def begin(self) -> None:
        """Starts the process if need be, and its chance anew, so that programs repeat."""
        if self._child is None or self._child.poll() is not None:
            self._start()
        self._ask({"name": "begin", "args": [], "kwargs": {}}, START)

    def call(
        self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], limit: float
    ) -> tuple[Any, float]:
        """The answer, as the sandbox takes it, and the time [s] that it took to compute.

        Raises CalculatorError, Unfit, or TimeoutError after `limit` [s] of computing.
        """
        request = {
            "name": name,
            "args": tagged(list(args)),
            "kwargs": {str(key): tagged(value) for key, value in kwargs.items()},
        }
        answer, seconds = self._ask(request, limit)
        return untagged(answer), seconds

    def close(self) -> None:
        """End the process. May be called twice."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()

    def _start(self) -> None:
        self.close()
        self._rest = b""
        self._child = begin(
            [sys.executable, "-m", "planners.program.calculator"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the robot first
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    def _ask(self, request: dict[str, Any], limit: float) -> tuple[Any, float]:
        child = self._child
        if child is None:
            raise TimeoutError("numpy is not there")
        assert child.stdin and child.stdout
        try:
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()
            answer = json.loads(self._line(child, limit))
        except (OSError, ValueError) as error:
            self.close()
            raise TimeoutError(f"numpy does not answer: {error}") from error
        if "error" in answer:
            raise CalculatorError(*answer["error"])
        return answer["result"], answer["seconds"]

    def _line(self, child: subprocess.Popen[bytes], limit: float) -> bytes:
        """The child's next line; OSError when it is late, or gone."""
        assert child.stdout
        with selectors.DefaultSelector() as ready:
            ready.register(child.stdout, selectors.EVENT_READ)
            allowance = Allowance(child.pid, limit)
            while b"\n" not in self._rest:
                if not ready.select(PERIOD):
                    if allowance.spent:
                        raise OSError("late")
                    continue
                part = os.read(child.stdout.fileno(), 1 << 20)
                if not part:
                    raise OSError("gone")
                self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return line


# The child's side -------------------------------------------------------------------------------

PASSED = (TypeError, ValueError, IndexError, ZeroDivisionError, KeyError, OverflowError)


def main() -> None:
    import resource

    import numpy as np

    from planners.program import geometric, numeric

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with contextlib.suppress(OSError, ValueError):
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    chance = np.random.default_rng(0)
    for line in sys.stdin:
        began = process_time()
        request = json.loads(line)
        name = request["name"]
        try:
            args = made(request["args"])
            kwargs = {key: made(value) for key, value in request["kwargs"].items()}
            if name == "begin":
                chance, result = np.random.default_rng(0), None
            elif name.startswith("np."):
                args = [geometric.points_of(each) for each in args]
                result = numeric.calculate(name[3:], args, kwargs, chance)
            else:
                result = geometric.calculate(name.removeprefix("geo."), args, kwargs)
            text = json.dumps(plainly(result))  # a large one takes as long as to calculate it
            answer = f'{{"result": {text}, "seconds": {process_time() - began}}}'
        except MemoryError:
            answer = json.dumps({"error": ["ValueError", f"{name} needs too much memory"]})
        except Exception as error:  # numpy's and shapely's own, too
            kind = next((k.__name__ for k in PASSED if isinstance(error, k)), "ValueError")
            answer = json.dumps({"error": [kind, " ".join(str(error).split())[:200]]})
        print(answer, file=answers, flush=True)


def made(value: Any) -> Any:
    """Tagged values as arrays and geometries."""
    from planners.program import geometric, numeric

    if isinstance(value, list):
        return [made(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "nd" in value:
        return numeric.array_of(value["nd"], value["dtype"], made(value["shape"]))
    if "geo" in value:
        return geometric.geometry_of(value["geo"], value["c"])
    if "t" in value:
        return tuple(made(item) for item in value["t"])
    if "slice" in value:
        return slice(*made(value["slice"]))
    if "dtype" in value:
        return numeric.DTYPES[value["dtype"]]
    return ...


def plainly(value: Any) -> Any:
    """Arrays and geometries as tagged values."""
    from planners.program import geometric, numeric

    if isinstance(value, geometric.BaseGeometry):
        return geometric.plain(value)
    if isinstance(value, tuple):
        return {"t": [plainly(item) for item in value]}
    if isinstance(value, list):
        return [plainly(item) for item in value]
    return numeric.plain(value)


if __name__ == "__main__":
    main()
