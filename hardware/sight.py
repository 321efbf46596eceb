"""Perception nodes: from the pictures of calibrated cameras to where things are.

`ball`: the ball of table tennis, seen by the two cameras of `robot.ball_sight.EYES`; on
`/courtside/ball`. `objects`: what stands on the table, seen by those of `robot.vision.cameras`; on
`/courtside/objects`. A node for anything else has the same form: pictures in, one of these topics
out, and it shows that it is alive.
"""

import logging
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic

from geometry_msgs.msg import PointStamped
from sensor_msgs.msg import CompressedImage, JointState
from visualization_msgs.msg import MarkerArray

from hardware import convert, topics
from hardware.robot_file import RobotFile
from hardware.ros import STATES, Diagnostics, Ros
from hardware.signals import signals
from robot.ball_sight import EYES, Sight, Still
from robot.messages import camera_topic
from robot.types import Fix, Image, Vector
from robot.vision.cameras import CAMERAS
from robot.vision.sight import TableSight

log = logging.getLogger(__name__)

PERIOD = 0.01  # [s] between two signs of life, at most
TOGETHER = 2_000_000  # [ns] between two pictures that are taken for one moment's, at most
KEPT = 4  # pictures of a camera that wait for the other's
BLIND = 1_000_000_000  # [ns] without a picture, after which that is said
FEEL = 40_000_000  # [ns] between two times that the thing in the hand is placed by the joints
POSES = 200  # joint states that are remembered, for pictures that come late
LOOKING = 2.0  # [s] for one look, at most: then the node has failed, and is started again
NEAR = 20_000_000  # [ns] between a picture and the joint state that goes with it, at most
Seen = tuple[int, list[Image]]  # stamp [ns], and a picture of each camera


def see_ball() -> None:
    """Publish where the ball is, until a signal comes."""
    ros = Ros("ball", urgent=True)
    try:
        with signals() as asked:
            balls = ros.publisher(PointStamped, topics.BALL, STATES)
            sight = Sight(tuple(EYES.values()))
            eyes = Eyes(ros, topics.BALL_NODE, tuple(EYES))
            ros.show_alive()
            while not asked.end:
                ros.spin(PERIOD)
                for stamp, pictures in eyes.take():
                    fix = sight.look(stamp * 1e-9, [Still(one.pixels) for one in pictures])
                    if fix is not None:
                        balls.publish(convert.to_point(stamp, fix.position))
                        eyes.counts["fixes"] += 1
    finally:
        ros.close()


def see_objects(robot: RobotFile) -> None:
    """Publish where objects are, until a signal comes."""
    ros = Ros("objects")
    try:
        with signals() as asked:
            node = Objects(ros, robot)
            ros.show_alive()
            while not asked.end:
                ros.spin(PERIOD)
                node.tend()
    finally:
        ros.close()


class Objects:
    """What stands on the table, by pictures; and what the hand holds, by the joints.

    A look may take a tenth of a second, and the node is alive meanwhile: it is done in a thread,
    one at a time, and nothing else touches what it knows.
    """

    def __init__(self, ros: Ros, robot: RobotFile) -> None:
        self._out = ros.publisher(MarkerArray, topics.OBJECTS, STATES)
        self._sight = TableSight(robot.spec)
        self._joints = convert.Joints(robot.spec.joints)
        self._poses: deque[tuple[int, Vector]] = deque(maxlen=POSES)
        self._felt = 0  # stamp [ns] of the joints
        self._worker = ThreadPoolExecutor(1)
        self._look: Future[dict[str, Fix]] | None = None  # under way
        self._looks, self._began = 0, 0.0  # at the pictures of stamp [ns]; since [s]
        self._eyes = Eyes(ros, topics.OBJECTS_NODE, tuple(CAMERAS))
        ros.subscribe(JointState, robot.joint_states, STATES, self._move)

    def _move(self, message: JointState) -> None:
        stamp = convert.nanoseconds(message.header.stamp)
        if not self._joints.take(message, 0.0) and not self._joints.missing:
            self._poses.append((stamp, self._joints.q.copy()))

    def tend(self) -> None:
        """Make of what has come what can be made; RuntimeError: that takes too long."""
        if self._look is not None:
            if not self._look.done():
                if monotonic() - self._began > LOOKING:
                    raise RuntimeError(f"one look takes longer than {LOOKING:g} s")
                return
            look, self._look = self._look, None
            self._publish(self._looks, look.result())
        for stamp, pictures in self._eyes.take()[-1:]:  # of those that came meanwhile, the newest
            pose = min(self._poses, key=lambda pose: abs(pose[0] - stamp), default=None)
            if pose is None or abs(pose[0] - stamp) > NEAR:
                self._eyes.counts["pictures without joint states"] += 1
                continue
            seen = {name: one.pixels for name, one in zip(CAMERAS, pictures, strict=True)}
            self._looks, self._began = stamp, monotonic()
            self._look = self._worker.submit(self._sight.look, stamp * 1e-9, pose[1], seen)
            return
        if self._poses and self._poses[-1][0] - self._felt >= FEEL:
            self._felt, q = self._poses[-1]
            self._publish(self._felt, self._sight.feel(self._felt * 1e-9, q))

    def _publish(self, stamp: int, fixes: dict[str, Fix]) -> None:
        gone = self._sight.things.gone
        if fixes or gone:
            self._eyes.counts["fixes"] += len(fixes)
            self._out.publish(convert.to_markers(dict.fromkeys(fixes, stamp), fixes, gone))


class Eyes:
    """The pictures of some cameras, together; and how that goes, on `/diagnostics`."""

    def __init__(self, ros: Ros, status: str, cameras: tuple[str, ...]) -> None:
        self._ros, self._status, self._cameras = ros, status, cameras
        self._pairs, self._ready = Pairs(cameras), deque[Seen](maxlen=KEPT)
        self._diagnostics = Diagnostics(ros)
        self._last = ros.stamp()  # [ns] when pictures came
        self.counts = Counter[str]()
        for camera in cameras:
            ros.subscribe(
                CompressedImage,
                camera_topic(camera),
                STATES,
                lambda message, camera=camera: self._see(camera, message),
            )

    def _see(self, camera: str, message: CompressedImage) -> None:
        try:
            picture = convert.image(message, 0.0)
        except ValueError as error:
            self.counts[f"{camera}: {error}"] += 1
            return
        pair = self._pairs.add(camera, convert.nanoseconds(message.header.stamp), picture)
        if pair is not None:
            self._last = self._ros.stamp()
            self._ready.append(pair)
            self.counts["pictures"] += len(pair[1])

    def take(self) -> list[Seen]:
        """What was seen since the last call, the oldest first."""
        dark = self._ros.stamp() - self._last > BLIND
        trouble = f"no pictures of {', '.join(self._cameras)} together" if dark else ""
        self._diagnostics.show(convert.to_status(self._status, trouble, self.counts))
        ready, self._ready = [*self._ready], deque[Seen](maxlen=KEPT)
        return ready


class Pairs:
    """Finds the pictures that were taken at the same moment."""

    def __init__(self, cameras: tuple[str, ...]) -> None:
        self._waiting: dict[str, deque[tuple[int, Image]]] = {
            camera: deque(maxlen=KEPT) for camera in cameras
        }

    def add(self, camera: str, stamp: int, picture: Image) -> tuple[int, list[Image]] | None:
        """The stamp [ns] and the pictures, one of each camera in their order, once they are there;
        older ones are forgotten."""
        self._waiting[camera].append((stamp, picture))
        chosen = []
        for waiting in self._waiting.values():
            near = [one for one in waiting if abs(one[0] - stamp) <= TOGETHER]
            if not near:
                return None
            chosen.append(near[-1][1])
        for waiting in self._waiting.values():
            while waiting and waiting[0][0] <= stamp + TOGETHER:
                waiting.popleft()
        return stamp, chosen
