"""The driver node: serves a robot, simulated or a vendor's, over ROS 2.

It is the one loop again. Its skill is what the watchdog lets through, and its Supervisor the last
guard before the joints: without a command for the robot's timeout it brakes and holds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PointStamped
from rclpy.publisher import Publisher
from sensor_msgs.msg import CompressedImage, JointState
from trajectory_msgs.msg import JointTrajectory
from visualization_msgs.msg import MarkerArray

from hardware import convert, topics
from hardware.follow import Follow
from hardware.lifecycle import Managed
from hardware.ros import COMMANDS, STATES, Diagnostics, Ros
from hardware.signals import Asked, signals
from hardware.stamps import Stamps
from robot.estimate import Estimator
from robot.loop import Stack, run
from robot.messages import camera_topic
from robot.mode import Mode
from robot.safety import Supervisor
from robot.tennis import BALL
from robot.types import Command, Observation, Robot, RobotSpec, Tick

Make = Callable[[], tuple[Robot, Supervisor]]
ANSWER = 0.5  # of a control period that a driver waits for the answer to what it has just published


@dataclass(frozen=True)
class DriverConfig:
    """What is published besides the joints, and who is told."""

    objects: bool = True  # where objects are, if the robot knows; a perception node may do that
    ball: bool = True
    obeys: Callable[[float], None] = lambda time: None  # called with the robot's time [s], at first


def serve(make: Make, config: DriverConfig | None = None, autostart: bool = True) -> None:
    """Until a signal comes, or the robot says that it is over; leaves it at rest.

    `make`: the robot and its Supervisor, when the node is configured. Without `autostart` that, and
    to obey, waits until somebody asks for it: see `hardware.lifecycle`.
    """
    ros = Ros("driver", urgent=True, make=partial(Managed, make=make))
    node = ros.node
    assert isinstance(node, Managed)
    try:
        with signals() as asked:
            if autostart:
                node.begin()
            diagnostics = Diagnostics(ros)
            while not (asked.end or node.over):
                if node.thing is None:
                    ros.spin(0.1)
                elif _drive(ros, node, config or DriverConfig(), diagnostics, asked):
                    return
    finally:
        ros.close()


def _drive(
    ros: Ros, node: Managed, config: DriverConfig, diagnostics: Diagnostics, asked: Asked
) -> bool:
    """Drive the robot of `node` until it shall end; whether it said itself that it is over."""
    thing = robot, supervisor = node.thing
    follow = Follow(robot.spec, supervisor)
    served = Served(robot, ros, follow, config)

    def ends() -> bool:
        return asked.end or node.over or node.thing is not thing

    def unwanted() -> str:
        """Why nobody is obeyed."""
        return "the driver ends" if ends() else "" if node.active else "the driver is inactive"

    def hear() -> tuple:
        follow.unwanted = unwanted()
        if not supervisor.stopped:
            served.await_answer()
        return follow.tend(monotonic())

    obeyed = False

    def record(tick: Tick) -> None:
        nonlocal obeyed
        if not obeyed and not supervisor.stopped:
            obeyed = True
            config.obeys(robot.now())
        trouble = unwanted() or (supervisor.reason if supervisor.stopped else "")
        diagnostics.show(status(trouble, follow))

    rested = False

    def until(tick: Tick) -> bool:
        nonlocal rested
        rested = ends() and not tick.state.reference.qd.any()
        return rested

    mode = Mode(supervisor)
    mode.engage()
    try:
        run(
            Stack(
                robot=served,
                planner=follow,
                skills={"follow": follow, "hold": follow},
                supervisor=supervisor,
                mode=mode,
                estimator=Estimator(robot.spec),
                hear=hear,
                record=record,
                until=until,
            )
        )
    finally:
        served.leave()
    return not rested


def status(trouble: str, follow: Follow) -> DiagnosticStatus:
    return convert.to_status(topics.DRIVER, trouble, follow.counts)


class Served:
    """A robot whose observations are published, and which takes in orders with each tick."""

    def __init__(self, robot: Robot, ros: Ros, follow: Follow, config: DriverConfig) -> None:
        self._robot, self._ros, self._follow, self._config = robot, ros, follow, config
        self.spec: RobotSpec = robot.spec
        self._states = ros.publisher(JointState, topics.JOINT_STATES, STATES)
        self._objects: Publisher[MarkerArray] | None = None  # once there are some
        self._ball: Publisher[PointStamped] | None = None
        self._cameras: dict[str, Publisher[CompressedImage]] = {}
        self._stamps = Stamps()
        self._began = monotonic()
        self._stamped = ros.stamp()  # then
        self._last = 0  # stamp [ns] of the last joint state
        self._orders = ros.subscribe(JointTrajectory, topics.GATED, COMMANDS, self._take)

    def _take(self, message: JointTrajectory) -> None:
        # It came at some time since the last tick: taken for the earliest that is likely.
        self._follow.take(convert.order(message), monotonic() - self.spec.dt)

    def leave(self) -> None:
        """Publish and hear nothing more."""
        node = self._ros.node
        node.destroy_subscription(self._orders)
        for publisher in (self._states, self._objects, self._ball, *self._cameras.values()):
            if publisher is not None:
                node.destroy_publisher(publisher)

    def now(self) -> float:
        return self._robot.now()

    def wait(self) -> bool:
        more = self._robot.wait()
        clock = self._stamped + round((monotonic() - self._began) * 1e9)
        self._stamps.tick(self._robot.now(), clock)
        self._ros.spin()
        return more

    def read(self) -> Observation:
        obs = self._robot.read()
        self._publish_things(obs)
        self._last = max(
            self._stamps.stamp(obs.time), self._last + 1
        )  # no two states have the same
        self._states.publish(convert.to_joint_state(self._last, self.spec.joints, obs.q, obs.qd))
        return obs

    def await_answer(self) -> None:
        """Give the stack part of the tick to answer the state of this tick: otherwise its command
        would count for the next one, a whole control period later."""
        end = monotonic() + ANSWER * self.spec.dt
        while self._follow.answered < self._last and (left := end - monotonic()) > 0:
            self._ros.spin(left)

    def _publish_things(self, obs: Observation) -> None:
        """What has been seen, before the joint state that completes the tick."""
        things = dict(obs.fixes)
        ball = things.pop(BALL, None)
        if ball is not None and self._config.ball:
            self._ball = self._ball or self._ros.publisher(PointStamped, topics.BALL, STATES)
            self._ball.publish(convert.to_point(self._stamps.stamp(ball.time), ball.position))
        if things and self._config.objects:
            stamps = {name: self._stamps.stamp(fix.time) for name, fix in things.items()}
            made = self._objects or self._ros.publisher(MarkerArray, topics.OBJECTS, STATES)
            self._objects = made
            self._objects.publish(convert.to_markers(stamps, things))
        for camera, image in obs.images.items():
            if camera not in self._cameras:
                topic = camera_topic(camera)
                self._cameras[camera] = self._ros.publisher(CompressedImage, topic, STATES)
            if self._cameras[camera].get_subscription_count():
                stamp = self._stamps.stamp(image.time)
                self._cameras[camera].publish(convert.to_image(stamp, camera, image))

    def write(self, command: Command) -> None:
        self._robot.write(command)

    def close(self) -> None:
        self._robot.close()
