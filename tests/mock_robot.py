"""Somebody else's robot, for tests: joint states, and controllers that do as they are told.

`python tests/mock_robot.py FILE` runs it beside the watchdog of that robot file.
"""

import sys
from pathlib import Path
from time import monotonic

import numpy as np
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from hardware import convert
from hardware.robot_file import Channel, RobotFile, load
from hardware.ros import COMMANDS, STATES, Ros
from hardware.signals import signals
from hardware.watchdog import Watchdog


class Mock:
    """Joints that go where they are sent, no faster than they can; each controller has its own
    message of joint states, with names in an order of its own."""

    def __init__(self, ros: Ros, robot: RobotFile) -> None:
        self._ros, self._robot, spec = ros, robot, robot.spec
        self._q, self._qd = spec.home.copy(), np.zeros(len(spec.joints))
        self._target, self._due = spec.home.copy(), np.zeros(len(spec.joints))  # and when [s]
        self._by_speed = np.zeros(len(spec.joints), dtype=bool)
        self._last = monotonic()
        self._states = ros.publisher(JointState, robot.joint_states, STATES)
        for channel in robot.channels:
            rows = [spec.joints.index(joint) for joint in channel.joints]
            kind = JointTrajectory if channel.kind == "trajectory" else Float64MultiArray
            ros.subscribe(
                kind,
                channel.topic,
                COMMANDS,
                lambda message, channel=channel, rows=rows: self._obey(channel, rows, message),
            )

    def _obey(self, channel: Channel, rows: list[int], message) -> None:
        if channel.kind == "trajectory":
            if not message.points:
                self._target[rows] = self._q[rows]
                return
            assert list(message.joint_names) == list(channel.joints)
            point = message.points[0]
            lasts = point.time_from_start.sec + point.time_from_start.nanosec * 1e-9
            self._target[rows], self._due[rows] = point.positions, monotonic() + lasts
        elif channel.kind == "positions":
            self._target[rows], self._due[rows] = message.data, 0.0
        else:
            self._by_speed[rows], self._qd[rows] = True, message.data

    def tick(self) -> None:
        spec, now = self._robot.spec, monotonic()
        time, self._last = now - self._last, now
        left = np.maximum(self._due - now, time)
        speed = np.clip((self._target - self._q) / left, -spec.velocity, spec.velocity)
        self._qd = np.where(self._by_speed, self._qd, speed)
        self._q = self._q + self._qd * time
        for channel in self._robot.channels:
            rows = [spec.joints.index(joint) for joint in sorted(channel.joints)]
            names = [spec.joints[row] for row in rows]
            message = convert.to_joint_state(
                self._ros.stamp(), names, self._q[rows], self._qd[rows]
            )
            self._states.publish(message)


def main(file: Path) -> None:
    robot = load(file)
    ros = Ros("mock", urgent=True)
    with signals() as asked:
        mock, watchdog = Mock(ros, robot), Watchdog(ros, robot)
        due = monotonic()
        while not asked.end:
            mock.tick()
            due = max(due + robot.spec.dt, monotonic())
            while (left := due - monotonic()) > 0:
                ros.spin(min(left, 0.005))
                watchdog.tick()
    ros.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
