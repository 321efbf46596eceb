"""Nodes as processes: started, logged, restarted when they die, and ended together."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from hardware.nodes import NodeProcess

log = logging.getLogger(__name__)

PERIOD = 0.05  # [s] between two looks at the processes
PAUSE = 0.5  # [s] before a node is started again
QUICK = 5.0  # [s] a node that lived less than this has failed to start ...
TRIES = 5  # ... and is given up after so many in a row
GRACE = 5.0  # [s] to end; then it is killed
PR_SET_PDEATHSIG = 1  # Linux: the signal that a process gets when its parent is gone


@dataclass
class Running:
    """One node, and what has become of it."""

    node: NodeProcess
    process: subprocess.Popen[bytes]
    began: float
    failures: int = 0  # starts in a row that led to nothing
    restarts: int = 0
    again_at: float | None = None  # [s] when it is started again


@dataclass
class Nodes:
    """Keeps `nodes` running. `show` is called with a node's name and each line that it prints."""

    nodes: Sequence[NodeProcess]
    folder: Path  # of logs
    show: Callable[[str, str], None]
    running: list[Running] = field(default_factory=list)

    def run(self, ended: Callable[[], bool]) -> int:
        """Until `ended`; returns 0, or 1 if a node had to be given up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            for node in self.nodes:
                self.running.append(Running(node, self._start(node), monotonic()))
            while not ended():
                if not all(map(self._tend, self.running)):
                    return 1
                sleep(PERIOD)
            return 0
        finally:
            self._end()

    def _tend(self, one: Running) -> bool:
        """Start it again if it died; False if that leads to nothing."""
        now = monotonic()
        if one.again_at is not None:
            if now >= one.again_at:
                one.process, one.began, one.again_at = self._start(one.node), now, None
                one.restarts += 1
            return True
        code = one.process.poll()
        if code is None:
            return True
        if code == -signal.SIGKILL:  # somebody ended it: it has not failed to start
            one.failures = 0
        else:
            one.failures = one.failures + 1 if now - one.began < QUICK else 1
        if one.failures >= TRIES:
            self.show(one.node.name, f"ended {TRIES} times in a row (code {code}): given up")
            return False
        self.show(one.node.name, f"ended with code {code}: started again")
        one.again_at = now + PAUSE
        return True

    def _start(self, node: NodeProcess) -> subprocess.Popen[bytes]:
        command = [str(Path(sys.executable).with_name("courtside")), *node.arguments]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches this process alone, which ends them in order
            preexec_fn=_end_with_parent,  # noqa: PLW1509 (it calls one function of libc)
        )
        threading.Thread(target=self._log, args=(node.name, process), daemon=True).start()
        return process

    def _log(self, name: str, process: subprocess.Popen[bytes]) -> None:
        """All that a node prints, into its file, and shown."""
        assert process.stdout is not None
        with (self.folder / f"{name}.log").open("ab") as file:
            for line in process.stdout:
                file.write(line)
                file.flush()
                self.show(name, line.decode(errors="replace").rstrip())

    def _end(self) -> None:
        """End the nodes, the last one first: the driver is the last to go."""
        for one in reversed(self.running):
            if one.process.poll() is None:
                one.process.send_signal(signal.SIGTERM)
                try:
                    one.process.wait(GRACE)
                except subprocess.TimeoutExpired:
                    self.show(one.node.name, f"did not end within {GRACE:.0f} s: killed")
                    one.process.kill()
                    one.process.wait()


def _end_with_parent() -> None:
    """In the child, before it runs: end, in order, if the parent is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == 1:  # it is gone already
            os.kill(os.getpid(), signal.SIGTERM)
