"""Messages to records and back. Pure functions: no node, no clock.

Quaternions are xyzw in messages and wxyz in records.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf, nan

import cv2
import numpy as np
from builtin_interfaces.msg import Duration, Time
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from geometry_msgs.msg import PointStamped
from sensor_msgs.msg import CompressedImage, JointState
from std_msgs.msg import Int16MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint
from visualization_msgs.msg import Marker, MarkerArray

from hardware.gate import Order
from robot.messages import COLOURS
from robot.tennis import ball_fix
from robot.types import Command, Fix, Image, JointMode, Vector, vector

JPEG = (  # colours as sharp as brightness: a ball is small, and known by its colour
    *(cv2.IMWRITE_JPEG_QUALITY, 90),
    *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
)


def to_stamp(nanoseconds: int) -> Time:
    sec, nanosec = divmod(nanoseconds, 1_000_000_000)
    return Time(sec=sec, nanosec=nanosec)


def nanoseconds(stamp: Time) -> int:
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def to_joint_state(stamp: int, joints: Sequence[str], q: Vector, qd: Vector) -> JointState:
    """`stamp` [ns]; q and qd (n,)."""
    message = JointState(name=list(joints), position=q.tolist(), velocity=qd.tolist())
    message.header.stamp = to_stamp(stamp)
    return message


def to_samples(message: Int16MultiArray) -> bytes:
    """Sound, 16 bits a sample."""
    return np.asarray(message.data, "<i2").tobytes()


class Joints:
    """The measured joints, in the order of the robot's vectors.

    Some robots publish their arm and their gripper apart, and any order of names is as good as
    another. What is missing is never taken for 0.
    """

    def __init__(self, joints: Sequence[str]) -> None:
        self._index = {name: i for i, name in enumerate(joints)}
        self.q, self.qd = (np.full(len(joints), np.nan) for _ in range(2))  # (n,)
        self._at = np.full(len(joints), -inf)  # [s] local, when each was heard of

    @property
    def received(self) -> float:
        """[s] local monotonic, of the joint that was heard of least lately."""
        return float(self._at.min())

    @property
    def missing(self) -> list[str]:
        """Joints that nothing is known of yet."""
        return [name for name, i in self._index.items() if self._at[i] == -inf]

    def take(self, message: JointState, now: float) -> str:
        """Take in what it says of these joints; returns why it cannot, or nothing."""
        names, q, qd = message.name, message.position, message.velocity
        if not len(names) == len(q) == len(qd):
            return f"{len(names)} names, {len(q)} positions and {len(qd)} velocities"
        for name, position, velocity in zip(names, q, qd, strict=True):
            if (i := self._index.get(name)) is not None:
                self.q[i], self.qd[i], self._at[i] = position, velocity, now
        return ""


def to_trajectory(
    stamp: int, commander: str, joints: Sequence[str], command: Command, dt: float
) -> JointTrajectory:
    """A command that answers the joint state of time `stamp` [ns]; `dt` [s] is its period."""
    mode = command.modes[0]
    if set(command.modes) != {mode} or mode == JointMode.EFFORT:
        raise ValueError("a command over ROS 2 is positions or velocities, of all joints alike")
    speeds = command.target if mode == JointMode.VELOCITY else command.feedforward
    if speeds is None:
        raise ValueError("a position over ROS 2 needs the velocity that goes with it")
    positions = command.target.tolist() if mode == JointMode.POSITION else []
    return trajectory(stamp, commander, joints, positions, speeds.tolist(), dt)


def trajectory(
    stamp: int,
    frame: str,
    joints: Sequence[str],
    positions: Sequence[float],
    velocities: Sequence[float],
    duration: float,
) -> JointTrajectory:
    """One point, to be reached `duration` [s] after `stamp` [ns]."""
    sec, nanosec = divmod(round(duration * 1e9), 1_000_000_000)
    point = JointTrajectoryPoint(
        positions=positions,
        velocities=velocities,
        time_from_start=Duration(sec=sec, nanosec=nanosec),
    )
    message = JointTrajectory(joint_names=list(joints), points=[point])
    message.header.stamp, message.header.frame_id = to_stamp(stamp), frame
    return message


def to_stop(stamp: int, commander: str) -> JointTrajectory:
    """Stop now; what joint_trajectory_controller also takes an empty trajectory for."""
    message = JointTrajectory()
    message.header.stamp, message.header.frame_id = to_stamp(stamp), commander
    return message


def order(message: JointTrajectory) -> Order:
    points = list(message.points)
    point = points[0] if points else JointTrajectoryPoint()
    return Order(
        commander=message.header.frame_id,
        stamp=nanoseconds(message.header.stamp),
        joints=tuple(message.joint_names),
        q=tuple(point.positions),
        qd=tuple(point.velocities),
        points=len(points),
    )


def to_markers(
    stamps: Mapping[str, int], fixes: Mapping[str, Fix], gone: Iterable[str] = ()
) -> MarkerArray:
    """Boxes where objects are, in the world's frame, measured at `stamps` [ns] by name; and which
    are `gone`."""
    boxes = [Marker(ns=name, action=Marker.DELETE) for name in sorted(gone)]
    for name, fix in fixes.items():
        box = Marker(ns=name, type=Marker.CUBE, action=Marker.ADD)
        box.header.stamp, box.header.frame_id = to_stamp(stamps[name]), "world"
        place, turn, size = box.pose.position, box.pose.orientation, box.scale
        place.x, place.y, place.z = fix.position.tolist()
        turn.w, turn.x, turn.y, turn.z = fix.quaternion.tolist()
        size.x, size.y, size.z = fix.size.tolist()
        colour = COLOURS.get(name.partition(" ")[0], COLOURS["gray"])
        box.color.r, box.color.g, box.color.b = colour
        box.color.a = 1.0
        boxes.append(box)
    return MarkerArray(markers=boxes)


def fixes(message: MarkerArray) -> list[tuple[int, str, Fix]]:
    """Stamp [ns], name and fix (its time yet unknown) of every box."""
    found = []
    for box in message.markers:
        if box.type != Marker.CUBE or box.action != Marker.ADD or not box.ns:
            continue
        place, turn, size = box.pose.position, box.pose.orientation, box.scale
        fix = Fix(
            nan,
            vector([place.x, place.y, place.z]),
            vector([turn.w, turn.x, turn.y, turn.z]),
            vector([size.x, size.y, size.z]),
        )
        found.append((nanoseconds(box.header.stamp), box.ns, fix))
    return found


def gone(message: MarkerArray) -> list[str]:
    """Names of the boxes that are there no more."""
    return [box.ns for box in message.markers if box.action == Marker.DELETE and box.ns]


def to_point(stamp: int, position: Vector) -> PointStamped:
    """A ball at `position` (3,) [m] at `stamp` [ns]."""
    message = PointStamped()
    message.header.stamp, message.header.frame_id = to_stamp(stamp), "world"
    message.point.x, message.point.y, message.point.z = position.tolist()
    return message


def ball(message: PointStamped, time: float) -> Fix:
    point = message.point
    return ball_fix(time, vector([point.x, point.y, point.z]))


def to_image(stamp: int, camera: str, image: Image) -> CompressedImage:
    _, jpeg = cv2.imencode(".jpg", image.pixels[..., ::-1], JPEG)
    message = CompressedImage(format="jpeg", data=jpeg.tobytes())
    message.header.stamp, message.header.frame_id = to_stamp(stamp), camera
    return message


def image(message: CompressedImage, time: float) -> Image:
    """Raises ValueError for what is not a picture."""
    data = np.frombuffer(bytes(message.data), np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if pixels is None:
        raise ValueError("not a picture that can be decoded")
    return Image(time, np.ascontiguousarray(pixels[..., ::-1], dtype=np.uint8))


def to_status(
    name: str, trouble: str, counts: Mapping[str, int], **more: object
) -> DiagnosticStatus:
    """How a node is: fine without `trouble`; and how often what happened."""
    values = {**{key: str(value) for key, value in more.items()}, **counts}
    return DiagnosticStatus(
        level=DiagnosticStatus.WARN if trouble else DiagnosticStatus.OK,
        name=name,
        message=trouble or "fine",
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )


def values(status: DiagnosticStatus) -> dict[str, str]:
    return {pair.key: pair.value for pair in status.values}


class Clock:
    """The driver's stamps on the local monotonic clock.

    Where the machines' clocks agree, they are believed. Otherwise the quickest message so far tells
    how they differ. A stamp that is further off than `jump` [s] tells that a clock was set; then
    all this is found out anew.
    """

    def __init__(self, jump: float = 1.0, agreed: float = 0.25) -> None:
        """`agreed` [s]: a first message of no greater age tells that the clocks agree."""
        self._jump, self._agreed = jump, agreed
        self._offset, self._believed = inf, False

    def time(self, stamp: int, received: float, clock: int) -> float:
        """[s] local monotonic, of `stamp` [ns] in a message received then; `clock` [ns] then."""
        offset = received - stamp * 1e-9
        if abs(offset - self._offset) > self._jump:
            self._believed = 0 <= (clock - stamp) * 1e-9 <= self._agreed
            self._offset = received - clock * 1e-9 if self._believed else offset
        if not self._believed:
            self._offset = min(self._offset, offset)
        return stamp * 1e-9 + self._offset
