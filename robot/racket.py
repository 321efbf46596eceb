"""Where the racket of the table tennis robot is, and how its joints move it; compiled.

The chain of joints comes from the robot's description. World frame of `robot.tennis`.
"""

from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from robot.compiled import compiled
from robot.specs import DESCRIPTIONS
from robot.tennis import TENNIS
from robot.types import Vector


class Chain(NamedTuple):
    """Joints in a row, each in the frame of the one before, and the tool's frame in the last."""

    rotations: Vector  # (n + 1, 3, 3) of each joint's frame, then the tool's
    offsets: Vector  # (n + 1, 3) [m]
    axes: Vector  # (n, 3) unit vectors
    slides: NDArray[np.bool_]  # (n,) does it slide along its axis, or turn about it?


def load() -> Chain:
    """The chain from the world to the racket: `tool_link`, its front face along z."""
    robot = ElementTree.parse(DESCRIPTIONS / TENNIS.description).getroot()
    joints = {joint.get("name"): joint for joint in robot.iter("joint")}
    rotations, offsets, axes, slides = [], [], [], []
    for name in (*TENNIS.joints, "tool_joint"):
        origin = joints[name].find("origin")
        assert origin is not None
        offsets.append([float(x) for x in origin.get("xyz", "0 0 0").split()])
        rotations.append(_turned(*(float(x) for x in origin.get("rpy", "0 0 0").split())))
        axis = joints[name].find("axis")
        if axis is not None:
            axes.append([float(x) for x in axis.get("xyz", "").split()])
            slides.append(joints[name].get("type") == "prismatic")
    return Chain(np.array(rotations), np.array(offsets), np.array(axes), np.array(slides))


def _turned(roll: float, pitch: float, yaw: float) -> Vector:
    """(3, 3) of URDF's fixed-axis angles [rad]."""
    (a, b, c), (d, e, f) = np.cos([roll, pitch, yaw]), np.sin([roll, pitch, yaw])
    return (
        np.array([[c, -f, 0], [f, c, 0], [0, 0, 1]])
        @ np.array([[b, 0, e], [0, 1, 0], [-e, 0, b]])
        @ np.array([[1, 0, 0], [0, a, -d], [0, d, a]])
    )


CHAIN = load()


@compiled
def racket(chain: Chain, q: Vector, pose: Vector, jacobian: Vector) -> None:
    """Put the racket's place into `pose` (4, 3) and its derivatives into `jacobian` (6, n).

    `pose`: its middle [m], then its frame's axes x, y, z as rows; z is out of the front face.
    `jacobian`: of its velocity [m/s], then of its angular velocity [rad/s].
    """
    n = len(q)
    rotation, place = np.eye(3), np.zeros(3)
    for i in range(n + 1):
        for j in range(3):
            for k in range(3):
                place[j] += rotation[j, k] * chain.offsets[i, k]
        rotation = _product(rotation, chain.rotations[i])
        if i == n:
            break
        axis = _applied(rotation, chain.axes[i])
        if chain.slides[i]:
            for j in range(3):
                jacobian[j, i], jacobian[3 + j, i] = axis[j], 0.0
                place[j] += axis[j] * q[i]
        else:
            for j in range(3):  # the lever is added below, once the racket's place is known
                jacobian[j, i], jacobian[3 + j, i] = place[j], axis[j]
            rotation = _product(rotation, _about(chain.axes[i], q[i]))
    pose[0] = place
    for j in range(3):
        pose[1 + j] = rotation[:, j]
    for i in range(n):
        if not chain.slides[i]:
            a, b, c = jacobian[3, i], jacobian[4, i], jacobian[5, i]
            x, y, z = (
                place[0] - jacobian[0, i],
                place[1] - jacobian[1, i],
                place[2] - jacobian[2, i],
            )
            jacobian[0, i], jacobian[1, i] = b * z - c * y, c * x - a * z
            jacobian[2, i] = a * y - b * x


@compiled
def _product(a: Vector, b: Vector) -> Vector:
    c = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            c[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]
    return c


@compiled
def _applied(a: Vector, v: Vector) -> tuple[float, float, float]:
    return (
        a[0, 0] * v[0] + a[0, 1] * v[1] + a[0, 2] * v[2],
        a[1, 0] * v[0] + a[1, 1] * v[1] + a[1, 2] * v[2],
        a[2, 0] * v[0] + a[2, 1] * v[1] + a[2, 2] * v[2],
    )


@compiled
def _about(axis: Vector, angle: float) -> Vector:
    """(3, 3) rotation about a unit axis (Rodrigues)."""
    x, y, z = axis[0], axis[1], axis[2]
    c, s = np.cos(angle), np.sin(angle)
    turned = np.empty((3, 3))
    d = 1 - c
    turned[0] = (c + x * x * d, x * y * d - z * s, x * z * d + y * s)
    turned[1] = (y * x * d + z * s, c + y * y * d, y * z * d - x * s)
    turned[2] = (z * x * d - y * s, z * y * d + x * s, c + z * z * d)
    return turned


def rackets(q: Vector) -> tuple[Vector, Vector]:
    """Poses (n, 4, 3) and Jacobians (n, 6, 8), as in `racket`, at joints `q` (n, 8)."""
    poses, jacobians = np.empty((len(q), 4, 3)), np.empty((len(q), 6, q.shape[1]))
    for i in range(len(q)):
        racket(CHAIN, q[i], poses[i], jacobians[i])
    return poses, jacobians
