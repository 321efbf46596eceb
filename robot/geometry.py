"""Rotations and poses. Quaternions are wxyz; R_world_tool maps tool coordinates to world."""

from math import atan2, cos, pi, sin

import numpy as np
from numpy.typing import ArrayLike

from robot.types import Vector


def wrap(angle: float, period: float = 2 * pi) -> float:
    """`angle` [rad] moved by whole periods into [-period/2, period/2)."""
    return (angle + period / 2) % period - period / 2


def yaw_quaternion(yaw: float) -> Vector:
    """The turn by `yaw` [rad] about world z, wxyz."""
    return np.array([cos(yaw / 2), 0.0, 0.0, sin(yaw / 2)])


def yaw_of(quaternion: ArrayLike) -> float:
    """The heading [rad] of a wxyz quaternion's x axis, in the world's xy plane."""
    w, x, y, z = np.asarray(quaternion, dtype=np.float64)
    return atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def matrix_of(quaternion: ArrayLike) -> Vector:
    """The (3, 3) rotation matrix of a unit wxyz quaternion."""
    w, x, y, z = np.asarray(quaternion, dtype=np.float64)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def tool_down(yaw: float) -> Vector:
    """R_world_tool (3, 3) of a tool that points straight down, its x axis heading `yaw` [rad]."""
    c, s = cos(yaw), sin(yaw)
    return np.array([[c, s, 0.0], [s, -c, 0.0], [0.0, 0.0, -1.0]])


def rotation_vector(rotation: Vector) -> Vector:
    """The (3,) axis times angle [rad] of a (3, 3) rotation matrix; its logarithm."""
    axis = np.array(
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
        ]
    )
    sine = float(np.linalg.norm(axis)) / 2
    cosine = (rotation[0, 0] + rotation[1, 1] + rotation[2, 2] - 1) / 2
    angle = atan2(sine, cosine)
    if sine > 1e-8:
        return axis * (angle / (2 * sine))
    if cosine > 0:
        return axis / 2
    # Half a turn: the axis is the column of R + I that is longest.
    column = (rotation + np.eye(3))[:, int(np.argmax(np.diag(rotation)))]
    return column / np.linalg.norm(column) * angle


def rotation_of(turn: ArrayLike) -> Vector:
    """The (3, 3) rotation matrix of an axis times angle (3,) [rad]: the exponential (Rodrigues)."""
    x, y, z = axis = np.asarray(turn, dtype=np.float64)
    angle = float(np.linalg.norm(axis))
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    if angle < 1e-12:
        return np.eye(3) + cross
    return np.eye(3) + cross * (sin(angle) / angle) + cross @ cross * ((1 - cos(angle)) / angle**2)
