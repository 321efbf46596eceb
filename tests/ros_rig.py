"""Nodes as processes, and a stack in this one that moves one joint: for tests over real DDS.

Where a process gets no time for a tenth of a second, the watchdog closes: it is there for that. So
what must hold is measured on the driver's own clock, which stands still while the driver does; and
whatever needs a machine that keeps up is begun again after such a stop, for as long as `PATIENCE`.
"""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import String
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
PATIENCE = 120.0  # [s] for what takes a second on a machine that has time
DOMAINS = range(1, 102)  # whose ports are none that Linux gives away
ALL = QoSProfile(depth=2000, reliability=ReliabilityPolicy.BEST_EFFORT)  # however late it is read
STALLS = ("no command for", "is gone", "is silent", "observation is", "nobody commanded")


@contextmanager
def domain() -> Iterator[str]:
    """A ROS_DOMAIN_ID that no other test on this machine has."""
    folder = Path(tempfile.gettempdir()) / "courtside-test-domains"
    folder.mkdir(exist_ok=True)
    for number in DOMAINS:
        with (folder / str(number)).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield str(number)
            return
    raise RuntimeError("all domains are taken")


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
        assert monotonic() < end, what() if callable(what) else what
        spin()
        sleep(0.001)


@dataclass(frozen=True)
class Seen:
    """A joint state."""

    received: float  # [s]
    stamp: int  # [ns] on the driver's clock
    q: np.ndarray
    qd: np.ndarray

    @property
    def moves(self) -> bool:
        """Does the arm, beside what trembles?"""
        return bool(np.abs(self.qd[:6]).max() > 0.02)


class Witness:
    """A foreign client: sees all that is on the topics, and can publish what it likes."""

    def __init__(self) -> None:
        self.ros = Ros("witness", urgent=True)
        self.states: list[Seen] = []
        self.gated: list[JointTrajectory] = []
        self.said: dict[str, dict[str, str]] = {}  # by diagnostics, name: values
        self.trouble: dict[str, str] = {}
        self.alive: dict[str, float] = {}  # by name of a node: [s] when it said so last
        self.late = 0.0  # [s] longest time between two looks, since it was set to 0
        self._looked = monotonic()
        self.ros.subscribe(JointState, topics.JOINT_STATES, ALL, self._state)
        self.ros.subscribe(JointTrajectory, topics.GATED, COMMANDS, self.gated.append)
        self.ros.subscribe(DiagnosticArray, topics.DIAGNOSTICS, TEXTS, self._diagnose)
        self.ros.subscribe(String, topics.ALIVE, STATES, self._alive)
        self.commands = self.ros.publisher(JointTrajectory, topics.COMMAND, COMMANDS)

    def look(self, timeout: float = 1e-5) -> None:
        self.ros.spin(timeout)
        now = monotonic()
        self.late, self._looked = max(self.late, now - self._looked), now

    def _state(self, message: JointState) -> None:
        stamp = convert.nanoseconds(message.header.stamp)
        q, qd = np.array(message.position), np.array(message.velocity)
        self.states.append(Seen(monotonic(), stamp, q, qd))

    def _diagnose(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.said[status.name] = convert.values(status)
            self.trouble[status.name] = status.message

    def _alive(self, message: String) -> None:
        self.alive[message.data] = monotonic()

    @property
    def watchdog(self) -> dict[str, str]:
        return self.said.get(topics.WATCHDOG, {})

    @property
    def closed(self) -> str:
        """Why the watchdog is closed, or nothing."""
        trouble = self.trouble.get(topics.WATCHDOG, "unknown")
        return "" if trouble == "fine" else trouble

    def counts(self) -> dict[str, int]:
        """What the watchdog has rejected, by its reasons."""
        return {name: int(count) for name, count in self.watchdog.items() if count.isdigit()}

    def wait_for_rest(self, spin: Callable[[], object] = lambda: None) -> None:
        """Until the arm has been at rest for .4 s of the driver's time."""
        begun = len(self.states)
        still = round(0.4 / UR5E.dt)

        def rests() -> bool:
            last = self.states[begun:][-still:]
            return len(last) == still and not any(state.moves for state in last)

        until(rests, "the arm does not come to rest", lambda: (self.look(), spin()))


def moved_for(states: list[Seen], since: int) -> float:
    """[s] on the driver's clock that the arm moved on after the state of stamp `since` [ns]: times
    in which the driver itself stood still do not count."""
    after = [state for state in states if state.stamp >= since]
    moving = [i for i, state in enumerate(after) if state.moves]
    if not moving:
        return 0.0
    gaps = np.diff([state.stamp for state in after[: moving[-1] + 2]]) * 1e-9
    return float(np.minimum(gaps, 2 * UR5E.dt).sum())


def braking(speed: float) -> float:
    """[s] from `speed` [rad/s] to rest, at most; and the arm lags behind by .1 s."""
    a, j = float(UR5E.acceleration[0]), float(UR5E.jerk[0])
    return speed / a + a / j + 0.1


def assert_no_jump(states: list[Seen], speed: float) -> None:
    """Between any two states it went no further than `speed` [rad/s] allows, nor sped up by more
    than the arm can: as measured, and the arm itself is not stiff."""
    stamps = np.array([state.stamp for state in states]) * 1e-9
    q, qd = (np.array([getattr(s, name)[:6] for s in states]) for name in ("q", "qd"))
    time = np.maximum(np.diff(stamps), UR5E.dt)[:, None]
    assert (np.abs(np.diff(q, axis=0)) / time).max() < 1.5 * speed
    assert (np.abs(np.diff(qd, axis=0)) / time).max() < 2 * float(UR5E.acceleration[0])


def assert_stopped(witness: Witness, died: int, speed: float) -> float:
    """The arm, which moved at up to `speed` [rad/s], has come to rest in time and without a jump
    since stamp `died` [ns], about which somebody died. Returns how long it took [s], from the last
    command that reached the driver, on the driver's clock."""
    passed = [m for m in witness.gated if m.points]
    last = convert.nanoseconds(passed[-1].header.stamp)
    took = moved_for(witness.states, last)
    least = UR5E.timeout + braking(speed) + 3 * UR5E.dt
    assert took < least, f"at rest {took:.3f} s after the last command, not within {least:.3f}"
    states = [state for state in witness.states if state.stamp > died - 200_000_000]
    assert_no_jump(states, speed)
    return took


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
        refused = ""

        def armed() -> bool:
            nonlocal refused
            refused = self.robot.armed()
            return not refused

        until(armed, lambda: f"cannot be armed: {refused}", lambda: sleep(0.1))
        self._armed = False  # begin at the measured pose
        self._phase = 0.0

    def keep_armed(self) -> None:
        """Arm again, if something stopped because this machine had no time for somebody."""
        stopped = self.supervisor.reason if self._armed and self.supervisor.stopped else ""
        if not self.sent:
            self.arm()
        elif reason := stopped or self.robot.closed():
            assert any(stall in reason for stall in STALLS), reason
            self.arm()

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

    def holds(self, witness: Witness, ticks: int = 20) -> None:
        """Go on until `ticks` commands in a row have passed the watchdog."""
        passed = 0

        def step() -> None:
            nonlocal passed
            self.keep_armed()
            self.tick()
            witness.look()
            passed = passed + 1 if not self.robot.closed() and not witness.closed else 0

        until(lambda: passed >= ticks, lambda: f"nothing passes: {witness.trouble}", step)

    def move(self, witness: Witness) -> None:
        """Swing until the arm is fast."""
        self.swing = True

        def step() -> None:
            self.keep_armed()
            self.tick()
            witness.look()

        until(
            lambda: abs(witness.states[-1].qd[0]) > 0.7 and not witness.closed,
            lambda: f"the arm does not move: {witness.trouble}",
            step,
        )


def assert_stops_and_returns(nodes: Nodes, sweeper: Sweeper, witness: Witness, name: str) -> float:
    """kill -9 of a node while the stack moves the arm: it comes to rest, and the node comes back
    closed, and then begins where the arm is. Returns how long it took to rest [s]."""
    sweeper.move(witness)
    killed, died = kill(nodes, name), witness.states[-1].stamp
    witness.late = 0.0
    # The stack goes on; nothing of it may come through for long.
    witness.wait_for_rest(sweeper.tick)
    took = assert_stopped(witness, died, sweeper.speed)
    assert name == "watchdog" or witness.closed, "the watchdog is open"
    pose = witness.states[-1].q
    restarted = next(one for one in nodes.running if one.node.name == name)
    until(lambda: restarted.began > killed, f"{name} is not restarted")
    sweeper.swing = False
    reasons = ("not armed since", *STALLS)
    until(
        lambda: any(reason in witness.closed for reason in reasons),
        lambda: f"the watchdog is open: {witness.trouble}",
        lambda: (sweeper.tick(), witness.look()),
    )
    assert np.abs(witness.states[-1].q - pose).max() < 1e-3  # disarmed, where it was
    sweeper.arm()
    sent = len(sweeper.sent)
    sweeper.holds(witness)
    assert np.abs(sweeper.sent[sent].target - pose).max() < 5e-3  # the measured pose comes first
    assert np.abs(witness.states[-1].q - pose).max() < 5e-3
    return took


def assert_stops_without_stack(witness: Witness) -> float:
    """kill -9 of a `courtside run` in mid-motion; returns how long it took to rest [s]."""
    there = UR5E.home.tolist()
    ends = [[pan, *there[1:]] for pan in (-0.5, 2.3)]
    goals = "; ".join(f"reach posture={str(end).replace(' ', '')}" for end in ends)
    for _ in range(4):
        stack = start("run", "--robot", "ros", "--planner", "fixed", goals)
        lines = lines_of(stack)
        until(
            lambda stack=stack: abs(witness.states[-1].qd[0]) > 0.7 or stack.poll() is not None,
            lines,
            lambda: witness.look(0.01),
        )
        if stack.poll() is None:
            break
        assert any(stall in line for stall in STALLS for line in lines), lines
    stack.kill()
    stack.wait()
    died = witness.states[-1].stamp
    witness.wait_for_rest()
    took = assert_stopped(witness, died, float(UR5E.velocity[0]))
    until(lambda: witness.closed, "the watchdog is open", lambda: witness.look(0.01))
    pose = witness.states[-1].q
    again = Sweeper()  # which begins where the arm is
    try:
        again.holds(witness)
        assert np.abs(again.sent[0].target - pose).max() < 5e-3
        assert np.abs(witness.states[-1].q - pose).max() < 5e-3
    finally:
        again.robot.close()
    return took
