"""Nodes as processes, and a stack in this one that moves one joint: for tests over real DDS."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from time import monotonic, sleep

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from hardware import convert, topics
from hardware.nodes import declared
from hardware.processes import Nodes
from hardware.ros import COMMANDS, STATES, TEXTS, Ros
from hardware.ros_robot import RosRobot
from robot.estimate import Estimator
from robot.safety import Supervisor
from robot.specs import UR5E
from robot.types import Command, JointMode

COURTSIDE = Path(sys.executable).with_name("courtside")
PATIENCE = 30.0  # [s] for what takes a second on a machine that has time


def domain() -> str:
    """Of this process, so that tests that run side by side do not meet."""
    return str(1 + os.getpid() % 100)


@contextmanager
def running(folder: Path, **how) -> Iterator[Nodes]:
    """The nodes of a simulated robot, restarted when they die."""
    ended = threading.Event()
    lines: list[str] = []
    nodes = Nodes(declared(**how), folder, lambda name, line: lines.append(f"{name}: {line}"))
    thread = threading.Thread(target=nodes.run, args=(ended.is_set,))
    thread.start()
    try:
        yield nodes
    finally:
        ended.set()
        thread.join()
        print("\n".join(lines))


def kill(nodes: Nodes, name: str) -> float:
    """kill -9 of a node; when [s]."""
    process = next(one.process for one in nodes.running if one.node.name == name)
    os.kill(process.pid, signal.SIGKILL)
    return monotonic()


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(COURTSIDE), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines_of(process: subprocess.Popen[str]) -> list[str]:
    """What it prints on standard error, as it comes."""
    lines: list[str] = []
    threading.Thread(target=lambda: lines.extend(process.stderr or ()), daemon=True).start()
    return lines


def until(
    done: Callable[[], object], what: object, spin: Callable[[], object] = lambda: None
) -> None:
    end = monotonic() + PATIENCE
    while not done():
        assert monotonic() < end, what
        spin()
        sleep(0.001)


STALLS = ("no command for", "is gone", "the robot is silent", "the watchdog is silent")


def patient(test):
    """Begins `test` again, three times, if a process got no time for a tenth of a second, so that
    the watchdog did what it is there for."""

    @wraps(test)
    def begun_again(*args, witness, **kwargs):
        for attempt in range(4):
            try:
                return test(*args, witness=witness, **kwargs)
            except AssertionError:
                witness.ros.spin_until(lambda: False, 0.5)
                reason = witness.trouble.get(topics.WATCHDOG, "")
                if attempt == 3 or not any(stall in reason for stall in STALLS):
                    raise
        return None

    return begun_again


class Witness:
    """A foreign client: sees all that is on the topics, and can publish what it likes."""

    def __init__(self) -> None:
        self.ros = Ros("witness")
        self.states: list[tuple[float, int, np.ndarray, np.ndarray]] = []  # received, stamp, q, qd
        self.gated: list[JointTrajectory] = []
        self.said: dict[str, dict[str, str]] = {}  # by diagnostics, name: values
        self.trouble: dict[str, str] = {}
        self.ros.subscribe(JointState, topics.JOINT_STATES, STATES, self._state)
        self.ros.subscribe(JointTrajectory, topics.GATED, COMMANDS, self.gated.append)
        self.ros.subscribe(DiagnosticArray, topics.DIAGNOSTICS, TEXTS, self._diagnose)
        self.commands = self.ros.publisher(JointTrajectory, topics.COMMAND, COMMANDS)

    def _state(self, message: JointState) -> None:
        stamp = convert.nanoseconds(message.header.stamp)
        q, qd = np.array(message.position), np.array(message.velocity)
        self.states.append((monotonic(), stamp, q, qd))

    def _diagnose(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.said[status.name] = convert.values(status)
            self.trouble[status.name] = status.message

    @property
    def watchdog(self) -> dict[str, str]:
        return self.said.get(topics.WATCHDOG, {})


class Sweeper:
    """A stack that swings one joint to and fro, through its own Supervisor."""

    def __init__(self, speed: float = 0.8, period: float = 3.0) -> None:
        self.robot = RosRobot(patience=PATIENCE)
        self.speed, self.period = speed, period
        self._estimator, self.supervisor = Estimator(UR5E), Supervisor(UR5E)
        self._seq, self._armed = 0, False
        self.swing = False
        self._phase = 0.0
        self.sent: list[Command] = []

    @property
    def answered(self) -> int:
        """The stamp [ns] of the last command."""
        return self.robot._answers

    def arm(self) -> None:
        until(lambda: self.robot.armed() == "", "cannot be armed", lambda: sleep(0.1))
        self._armed = False  # begin at the measured pose
        self._phase = 0.0

    def tick(self) -> Command:
        robot, supervisor = self.robot, self.supervisor
        assert robot.wait()
        obs = robot.read()
        if not self._armed:
            supervisor.reset(obs.q)
            self._home, self._armed = obs.q, True
        state = self._estimator.update(obs, robot.now(), supervisor.reference)
        self._phase += UR5E.dt * self.swing
        target = self._home.copy()
        w = 2 * np.pi / self.period
        target[0] += self.speed / w * (1 - np.cos(w * self._phase))
        self._seq += 1
        modes = (JointMode.POSITION,) * len(target)
        proposed = Command(state.time, self._seq, 1, target, modes, UR5E.timeout)
        command = supervisor.filter(state, proposed).command
        robot.write(command)
        self.sent.append(command)
        return command

    def run(self, seconds: float, also: Callable[[], object] = lambda: None) -> None:
        end = monotonic() + seconds
        while monotonic() < end:
            self.tick()
            also()
