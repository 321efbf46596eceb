"""A `robot.types.Robot` over ROS 2: joint states come in, commands go out to the watchdog.

Everything happens in the loop's own thread: messages are taken while `wait` waits for the next
joint state. Its clock is the local monotonic one, on which the driver's stamps are placed.
"""

import logging
import os
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PointStamped
from rclpy.task import Future
from sensor_msgs.msg import CompressedImage, JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory
from visualization_msgs.msg import MarkerArray

from hardware import convert, topics
from hardware.robot_file import RobotFile, RobotFileError, from_json
from hardware.ros import COMMANDS, LATCHED, STATES, TEXTS, Diagnostics, Ros
from hardware.text import clean
from robot.messages import camera_topic
from robot.tennis import BALL
from robot.types import Command, Fix, Image, Observation, RobotSpec, Tick, Utterance, vector

if TYPE_CHECKING:  # they need the package in hardware/interfaces/
    from hardware.actions import Actions, Doer

log = logging.getLogger(__name__)

PATIENCE = 20.0  # [s] that is waited for a watchdog and a driver, at the start
ARMING = 0.5  # [s] after a request to arm in which the watchdog need not say yet that it has
LOOK = 2.0  # [s] at the start, for where objects are, if somebody tells
SILENCE = 1.0  # [s] after which a watchdog that says nothing is taken for gone
JOINING = 0.5  # [s] in which a driver that has stopped may come back to our commands by itself


class NoRobot(RuntimeError):
    """Nothing answers, and what to do about it."""


class RosRobot:
    """The robot behind a watchdog and a driver."""

    def __init__(self, cameras: tuple[str, ...] = (), patience: float = PATIENCE) -> None:
        """Waits for the watchdog, which tells the limits, and for the driver's first joint state.

        `cameras`: whose images are observed. Raises NoRobot after `patience` [s] without them.
        """
        self._patience = patience
        self._ros = Ros("stack", urgent=True)
        try:
            self._robot = self._meet()
            self.spec: RobotSpec = self._robot.spec
            self._begin(cameras)
        except BaseException:
            self._ros.close()
            raise

    def _meet(self) -> RobotFile:
        told: list[str] = []
        self._ros.subscribe(String, topics.ROBOT, LATCHED, lambda robot: told.append(robot.data))
        if not self._ros.spin_until(lambda: told, self._patience):
            raise NoRobot(
                f"no watchdog within {self._patience:.0f} s on ROS_DOMAIN_ID "
                f"{os.environ.get('ROS_DOMAIN_ID', '0')}: start `courtside nodes --robot sim`"
            )
        try:
            return from_json(told[-1])
        except RobotFileError as error:
            raise NoRobot(f"the watchdog's robot: {error}") from error

    def _begin(self, cameras: tuple[str, ...]) -> None:
        ros = self._ros
        self.commander = f"stack-{os.getpid()}-{secrets.token_hex(2)}"
        self.counts = Counter[str]()  # what was wrong with messages
        self._joints, self._clock = convert.Joints(self.spec.joints), convert.Clock()
        self._stamp, self._received = 0, 0.0  # of the newest joint state: [ns], [s]
        self._answers = 0  # the stamp [ns] that the next command answers
        self._fresh, self._open = False, True
        self._fixes: dict[str, Fix] = {}
        self._gone: set[str] = set()
        self._images: dict[str, Image] = {}
        self._diagnostics = Diagnostics(ros)
        self._heard: list[str] = []
        self._status: Mapping[str, str] = {}
        self._status_at, self._armed_at, self._reason = monotonic(), 0.0, ""
        self._trouble, self._obeyed_at = "", monotonic()  # of the driver; when it last had none
        self._arming: Future | None = None
        self._actions: Actions | None = None
        self._commands = ros.publisher(JointTrajectory, topics.COMMAND, COMMANDS)
        self._ears = ros.publisher(String, topics.HEARD, TEXTS)
        self._mouth = ros.publisher(String, topics.SAID, TEXTS)
        ros.subscribe(MarkerArray, topics.OBJECTS, STATES, self._see_objects)
        ros.subscribe(PointStamped, topics.BALL, STATES, self._see_ball)
        ros.subscribe(String, topics.CORRECTION, TEXTS, self._hear)
        ros.subscribe(DiagnosticArray, topics.DIAGNOSTICS, TEXTS, self._follow)
        for camera in cameras:
            see = partial(self._see_image, camera)
            ros.subscribe(CompressedImage, camera_topic(camera), STATES, see)
        ros.subscribe(JointState, self._robot.joint_states, STATES, self._see)
        self._arm = ros.node.create_client(Trigger, topics.ARM)
        if not ros.spin_until(lambda: self._fresh, self._patience):
            missing = ", ".join(self._joints.missing)
            raise NoRobot(
                f"no joint state of {missing} on {self._robot.joint_states} "
                f"within {self._patience:.0f} s: is the driver running?"
            )
        if ros.node.count_publishers(topics.OBJECTS):
            ros.spin_until(lambda: self._fixes, LOOK)

    # --- the Robot --------------------------------------------------------------------------

    def now(self) -> float:
        return monotonic()

    def wait(self) -> bool:
        """Until the next joint state; or, when there is none, until a tick is overdue."""
        self._ros.spin()
        end = monotonic() + max(2 * self.spec.dt, self.spec.timeout / 4)
        while not self._fresh and (left := end - monotonic()) > 0:
            self._ros.spin(left)
        self._fresh = False
        return self._open

    def read(self) -> Observation:
        joints = self._joints
        fixes, self._fixes = self._fixes, {}
        images, self._images = self._images, {}
        gone, self._gone = self._gone, set()
        self._answers = self._stamp
        self._diagnostics.show(convert.to_status(topics.STACK, self.closed(), self.counts))
        return Observation(
            time=self._time,
            received=self._received,
            seq=self._stamp,
            q=vector(joints.q),
            qd=vector(joints.qd),
            fixes=fixes,
            images=images,
            gone=frozenset(gone),
        )

    def write(self, command: Command) -> None:
        if command.expiry <= 0 or self._shut():
            return  # nothing is to move, or nothing would pass
        spec = self.spec
        message = convert.to_trajectory(
            self._answers, self.commander, spec.joints, command, spec.dt
        )
        self._commands.publish(message)

    def close(self) -> None:
        """Let go: the watchdog stops the robot and passes nothing more."""
        if self._open:
            self._open = False
            if self._actions is not None:
                self._actions.close()
            self._commands.publish(convert.to_stop(self._answers, self.commander))
            self._ros.close()

    # --- the watchdog -----------------------------------------------------------------------

    def arm(self) -> None:
        """Ask the watchdog to let commands through; the answer comes by and by."""
        self._armed_at, self._reason = monotonic(), ""
        self._arming = self._arm.call_async(Trigger.Request())

    def armed(self, timeout: float = 5.0) -> str:
        """Arm, and wait for the answer; why not, or nothing."""
        if not self._ros.spin_until(self._arm.service_is_ready, timeout):
            return "the watchdog does not answer"
        self.arm()
        arming = self._arming
        assert arming is not None
        if not self._ros.spin_until(arming.done, timeout):
            return "the watchdog does not answer"
        self._armed_at = monotonic()
        answer = arming.result()
        assert answer is not None
        return "" if answer.success else str(answer.message)

    def closed(self) -> str:
        """Why nothing of ours reaches the robot, or nothing."""
        if shut := self._shut():
            return shut
        # It goes on with a command that begins where it stopped: one from where we have come to
        # meanwhile is none.
        lost = monotonic() - max(self._obeyed_at, self._armed_at) > JOINING
        return f"the driver says: {self._trouble}" if self._trouble and lost else ""

    def _shut(self) -> str:
        """Why the watchdog lets nothing of ours through, or nothing."""
        now = monotonic()
        if now - self._armed_at < ARMING:
            return ""
        if now - self._status_at > SILENCE:
            return "the watchdog is silent"
        if self._reason:
            return f"the watchdog says: {self._reason}"
        holder = self._status.get("commander", "")
        return f"{holder} commands the robot" if holder not in ("", self.commander) else ""

    def _follow(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == topics.WATCHDOG:
                fine = status.level == DiagnosticStatus.OK
                self._reason = "" if fine else status.message
                self._status, self._status_at = convert.values(status), monotonic()
            elif status.name == topics.DRIVER:
                self._trouble = "" if status.level == DiagnosticStatus.OK else status.message
                if not self._trouble:
                    self._obeyed_at = monotonic()

    # --- people -----------------------------------------------------------------------------

    def hear(self) -> tuple[Utterance, ...]:
        """What was said since the last call; its sender is told that it was heard."""
        heard, self._heard = self._heard, []
        for text in heard:
            self._ears.publish(String(data=text))
        return tuple(Utterance(self.now(), text) for text in heard)

    def say(self, text: str) -> None:
        self._mouth.publish(String(data=text))

    def _hear(self, message: String) -> None:
        text = clean(message.data)
        if text:
            log.info("heard over ROS 2: %s", text)
            self._heard.append(text)

    # --- other programs ---------------------------------------------------------------------

    def offer(self, doer: "Doer", said: Sequence[str]) -> str:
        """Let others ask `doer` for something, by actions; why they cannot, or nothing.

        `said`: all that the robot has said so far; it grows.
        """
        try:
            from hardware.actions import Actions
        except ImportError:
            return "no actions: build their package with hardware/interfaces/build.sh, or colcon"
        self._actions = Actions(self._ros, self.spec, doer, said)
        return ""

    def follow(self, tick: Tick) -> None:
        """A tick is over."""
        if self._actions is not None:
            self._actions.tend(tick)

    # --- sensors ----------------------------------------------------------------------------

    def _placed(self, stamp: int) -> float:
        """[s] on our clock, of a message that has just come."""
        return self._clock.time(stamp, monotonic(), self._ros.stamp())

    def _see(self, message: JointState) -> None:
        now, stamp = monotonic(), convert.nanoseconds(message.header.stamp)
        if stamp == self._stamp or 0 < self._stamp - stamp < 1_000_000_000:
            self.counts["joint state repeated or out of order"] += 1
            return
        if fault := self._joints.take(message, now):
            self.counts[f"joint state: {fault}"] += 1
            return
        if self._joints.missing:
            return
        self._stamp, self._received = stamp, self._joints.received
        self._time = self._placed(stamp)
        self._fresh = True

    def _see_objects(self, message: MarkerArray) -> None:
        for stamp, name, fix in convert.fixes(message):
            self._fixes[name] = replace(fix, time=self._placed(stamp))
            self._gone.discard(name)
        self._gone.update(convert.gone(message))

    def _see_ball(self, message: PointStamped) -> None:
        time = self._placed(convert.nanoseconds(message.header.stamp))
        self._fixes[BALL] = convert.ball(message, time)

    def _see_image(self, camera: str, message: CompressedImage) -> None:
        time = self._placed(convert.nanoseconds(message.header.stamp))
        try:
            self._images[camera] = convert.image(message, time)
        except ValueError as error:
            self.counts[f"{camera}: {error}"] += 1
