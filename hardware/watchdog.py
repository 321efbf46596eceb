"""The watchdog node: the only way to the driver. See `hardware.gate` for what it lets through.

It starts closed and is opened by the service `/courtside/arm`. It also hears what people say: an
emergency stop closes it at once, whatever has become of the stack.
"""

import logging
from time import monotonic

from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from hardware import convert, topics
from hardware.gate import Gate
from hardware.outputs import Output
from hardware.robot_file import RobotFile, to_json
from hardware.ros import COMMANDS, LATCHED, STATES, TEXTS, Diagnostics, Ros
from hardware.signals import signals
from robot.mode import EMERGENCY

log = logging.getLogger(__name__)

PERIOD = 0.005  # [s] between two looks at the clock
ABOUT = 1.0  # [s] between two times that the limits are told


def watch(robot: RobotFile) -> None:
    """Guard `robot` until a signal comes; then it stops."""
    ros = Ros("watchdog", urgent=True)
    try:
        with signals() as asked:
            node = Watchdog(ros, robot)
            while not asked.end:
                ros.spin(PERIOD)
                node.tick()
            node.end()
    finally:
        ros.close()


class Watchdog:
    """Between the topics and the gate."""

    def __init__(self, ros: Ros, robot: RobotFile) -> None:
        spec = robot.spec
        self.gate = Gate(spec)
        self._outputs = outputs = [Output(channel, spec) for channel in robot.channels]
        self._joints = convert.Joints(spec.joints)
        self._diagnostics = Diagnostics(ros)
        self._publishers = [ros.publisher(out.kind, out.channel.topic, COMMANDS) for out in outputs]
        self._robot = ros.publisher(String, topics.ROBOT, LATCHED)
        self._about, self._next_about = String(data=to_json(robot)), 0.0
        ros.subscribe(JointState, robot.joint_states, STATES, self._see)
        ros.subscribe(String, topics.ALIVE, STATES, self._hear_alive)
        ros.subscribe(String, topics.CORRECTION, TEXTS, self._hear_words)
        ros.subscribe(JointTrajectory, topics.COMMAND, COMMANDS, self._command)
        ros.subscribe(JointTrajectory, topics.OPERATOR, COMMANDS, self._operate)
        for name, serve in (
            (topics.ARM, self._arm),
            (topics.DISARM, self._disarm),
            (topics.STOP, self._stop),
        ):
            ros.node.create_service(Trigger, name, serve)

    def tick(self) -> None:
        """Look at the clock."""
        now = monotonic()
        if self.gate.tick(now):
            self._halt()
        if now >= self._next_about:  # latched; and again, for whom that has not reached
            self._next_about = now + ABOUT
            self._robot.publish(self._about)
        self._show()

    def end(self) -> None:
        self.gate.close("the watchdog ends")
        self._halt()

    # --- what comes in ----------------------------------------------------------------------

    def _see(self, message: JointState) -> None:
        now = monotonic()
        if fault := self._joints.take(message, now):
            self.gate.rejected[f"joint state: {fault}"] += 1
        elif not self._joints.missing and now - self._joints.received <= self.gate.spec.timeout:
            stamp = convert.nanoseconds(message.header.stamp)
            self.gate.see(stamp, tuple(self._joints.q.tolist()), now)

    def _hear_alive(self, message: String) -> None:
        if message.data.startswith(topics.LEAVING):
            self.gate.leave(message.data.removeprefix(topics.LEAVING))
        else:
            self.gate.hear(message.data, monotonic())

    def _hear_words(self, message: String) -> None:
        if EMERGENCY.search(message.data[: topics.LONGEST]):
            self._close("emergency stop")

    def _command(self, message: JointTrajectory) -> None:
        self._judge(message, operator=False)

    def _operate(self, message: JointTrajectory) -> None:
        self._judge(message, operator=True)

    def _judge(self, message: JointTrajectory, operator: bool) -> None:
        order = convert.order(message)
        if fault := self.gate.judge(order, monotonic(), operator):
            log.info("rejected: %s, of %r", fault, order.commander)
            return
        for out, publisher in zip(self._outputs, self._publishers, strict=True):
            publisher.publish(out.message(order))

    # --- services ---------------------------------------------------------------------------

    def _arm(self, request: Trigger.Request, answer: Trigger.Response) -> Trigger.Response:
        fault = self.gate.arm(monotonic())
        answer.success, answer.message = not fault, fault or "armed"
        self._show()
        return answer

    def _disarm(self, request: Trigger.Request, answer: Trigger.Response) -> Trigger.Response:
        return self._closed("disarmed", answer)

    def _stop(self, request: Trigger.Request, answer: Trigger.Response) -> Trigger.Response:
        return self._closed("emergency stop", answer)

    def _closed(self, reason: str, answer: Trigger.Response) -> Trigger.Response:
        self._close(reason)
        answer.success, answer.message = True, self.gate.reason
        return answer

    def _close(self, reason: str) -> None:
        self.gate.close(reason)
        self._halt()
        self._show()

    # --- what goes out ----------------------------------------------------------------------

    def _halt(self) -> None:
        """Tell the robot to stop now, rather than when it misses its commands."""
        log.warning("closed: %s", self.gate.reason)
        for out, publisher in zip(self._outputs, self._publishers, strict=True):
            if (message := out.stop()) is not None:
                publisher.publish(message)

    def _show(self) -> None:
        gate = self.gate
        facts = {"armed": gate.armed, "commander": gate.holder, "passed": gate.passed}
        trouble = "" if gate.armed else gate.reason
        self._diagnostics.show(
            convert.to_status(topics.WATCHDOG, trouble, dict(gate.rejected), **facts)
        )
