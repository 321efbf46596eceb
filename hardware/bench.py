"""How long a state takes to another process and its command back, over DDS."""

import subprocess
import sys
from time import monotonic, sleep

import numpy as np
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from hardware import convert
from hardware.ros import COMMANDS, STATES, Ros
from hardware.signals import signals

STATE, COMMAND = "/courtside/bench/state", "/courtside/bench/command"
JOINTS = tuple(f"joint_{i}" for i in range(7))
AWAY = 20.0  # [s] that is waited for the other process
LATE = 1.0  # [s] after the last state, for the last commands


def measure(n: int, rate: float) -> dict[str, object]:
    """Round trips of `n` states, `rate` [Hz], to a process that answers each with a command."""
    other = "from hardware.bench import answer; answer()"
    answerer = subprocess.Popen([sys.executable, "-c", other])
    ros = Ros("bench")
    try:
        sent, back = np.full(n, np.nan), np.full(n, np.nan)  # (n,) [s]

        def take(message: JointTrajectory) -> None:
            number = convert.nanoseconds(message.header.stamp)
            if number < n:
                back[number] = monotonic()

        states = ros.publisher(JointState, STATE, STATES)
        ros.subscribe(JointTrajectory, COMMAND, COMMANDS, take)
        met = ros.spin_until(
            lambda: states.get_subscription_count() and ros.node.count_publishers(COMMAND), AWAY
        )
        if not met:
            raise ConnectionError(f"the other process did not appear within {AWAY:.0f} s")
        sleep(0.5)
        q = np.zeros(len(JOINTS))
        began = monotonic()
        for number in range(n):
            due = began + number / rate
            while (left := due - monotonic()) > 0:
                ros.spin(left)
            sent[number] = monotonic()
            states.publish(convert.to_joint_state(number, JOINTS, q, q))
        ros.spin_until(lambda: not np.isnan(back).any(), LATE)
        trips = np.sort((back - sent)[~np.isnan(back)]) * 1e3
        return {
            "n": n,
            "rate_hz": rate,
            "round_trip_p50_ms": round(float(np.quantile(trips, 0.5)), 3),
            "round_trip_p99_ms": round(float(np.quantile(trips, 0.99)), 3),
            "round_trip_max_ms": round(float(trips[-1]), 3),
            "lost": n - len(trips),
        }
    finally:
        ros.close()
        answerer.terminate()
        answerer.wait()


def answer() -> None:
    """The other process: a command for every state."""
    ros = Ros("answerer")
    zeros = [0.0] * len(JOINTS)
    with signals() as asked:
        commands = ros.publisher(JointTrajectory, COMMAND, COMMANDS)

        def reply(message: JointState) -> None:
            stamp = convert.nanoseconds(message.header.stamp)
            commands.publish(convert.trajectory(stamp, "bench", JOINTS, zeros, zeros, 0.01))

        ros.subscribe(JointState, STATE, STATES, reply)
        while not asked.end:
            ros.spin(0.1)
    ros.close()
