"""Does a robot do what its file says? Looks at the live topics, and moves nothing."""

from collections.abc import Iterator
from itertools import pairwise
from math import degrees, pi
from time import monotonic

import numpy as np
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from hardware import convert
from hardware.outputs import Output
from hardware.robot_file import RobotFile
from hardware.ros import STATES, Ros

LOOK = 2.0  # [s] at the joint states
APPEAR = 5.0  # [s] for the first one
SLOW = 0.8  # of the rate that `dt` asks for, at least
NEAR = 0.1  # [rad or m] outside the limits, at most: beyond, the limits or the units are wrong
MESSAGES = {JointTrajectory: "trajectory_msgs/msg/JointTrajectory"} | {
    Float64MultiArray: "std_msgs/msg/Float64MultiArray"
}
Finding = tuple[str, bool, str]  # what was looked at, whether it is right, and what was found


def inspect(robot: RobotFile) -> list[Finding]:
    """What is right and wrong about a running robot."""
    ros = Ros("doctor")
    try:
        seen: list[tuple[float, JointState]] = []
        ros.subscribe(
            JointState, robot.joint_states, STATES, lambda m: seen.append((monotonic(), m))
        )
        if not ros.spin_until(lambda: seen, APPEAR):
            nothing = f"nothing on {robot.joint_states} within {APPEAR:.0f} s"
            return [("joint states", False, nothing), *_commands(ros, robot)]
        ros.spin_until(lambda: False, LOOK)
        return [*states(robot, seen), *_commands(ros, robot)]
    finally:
        ros.close()


def states(robot: RobotFile, seen: list[tuple[float, JointState]]) -> Iterator[Finding]:
    """Of joint states, each with the time [s] when it came."""
    spec = robot.spec
    joints = convert.Joints(spec.joints)
    faults = {fault for at, message in seen if (fault := joints.take(message, at))}
    if faults:
        yield "joint states", False, f"needs as many velocities as names: {faults.pop()}"
        return
    there = {name for _, message in seen for name in message.name}
    if joints.missing:
        others = ", ".join(sorted(there - set(spec.joints))) or "no others"
        yield "names", False, f"no joint state of {', '.join(joints.missing)}; there are {others}"
        return
    order = [name for name in seen[-1][1].name if name in spec.joints]
    note = "" if order == list(spec.joints) else ", in another order, which is put right by name"
    yield "names", True, f"{len(spec.joints)} joints{note}"
    times = [at for at, message in seen if spec.joints[0] in message.name]
    rate = (len(times) - 1) / max(times[-1] - times[0], 1e-9)
    wanted = 1 / spec.dt
    good = rate >= SLOW * wanted
    yield "rate", good, f"{rate:.0f} Hz of joint states, dt = {spec.dt} asks for {wanted:.0f}"
    stamps = [convert.nanoseconds(message.header.stamp) for _, message in seen]
    rising = all(b > a for a, b in pairwise(stamps))
    yield "stamps", rising and stamps[0] > 0, "rise" if rising else "do not always rise"
    if not np.isfinite(joints.q).all():
        yield "positions", False, "not finite"
        return
    yield from _places(robot, joints.q)
    fast = np.abs(joints.qd) > spec.velocity
    for i in np.flatnonzero(fast):
        yield "speed", False, f"{spec.joints[i]} moves at {joints.qd[i]:.2f}, its limit is less"


def _places(robot: RobotFile, q: np.ndarray) -> Iterator[Finding]:
    """Are the positions (n,) such as the limits allow?"""
    spec = robot.spec
    outside = (q < spec.lower - NEAR) | (q > spec.upper + NEAR)
    if not outside.any():
        yield "positions", True, "within the limits"
    for i in np.flatnonzero(outside):
        lower, upper, name = spec.lower[i], spec.upper[i], spec.joints[i]
        as_degrees = degrees(lower) - 1 <= q[i] <= degrees(upper) + 1 and abs(q[i]) > 2 * pi
        hint = ": are these degrees? They must be radians" if as_degrees else ""
        yield (
            "positions",
            False,
            f"{name} is at {q[i]:.3f}, not in [{lower:.3f}, {upper:.3f}]{hint}",
        )


def _commands(ros: Ros, robot: RobotFile) -> Iterator[Finding]:
    """Does somebody listen on the command topics, for what is sent there?"""
    for channel in robot.channels:
        kind = MESSAGES[Output(channel, robot.spec).kind]
        listeners = ros.node.get_subscriptions_info_by_topic(channel.topic)
        kinds = {info.topic_type for info in listeners}
        if not kinds:
            yield channel.topic, False, "nobody listens: is the controller active?"
        elif kinds != {kind}:
            yield channel.topic, False, f"takes {', '.join(kinds - {kind})}, is sent {kind}"
        else:
            yield channel.topic, True, f"{kind} for {len(channel.joints)} joints"
