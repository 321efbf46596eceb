"""Inverse kinematics of the racket: five of its six directions, eight joints, within limits."""

from typing import Any

import numpy as np

from robot.compiled import compiled
from robot.flight import Three
from robot.racket import racket
from robot.types import Vector

DAMPING = 1e-5  # of the weighted least squares


@compiled
def reach(
    chain: Any,
    place: Three,
    normal: Three,
    start: Vector,
    wish: Vector,
    weight: Vector,
    limits: tuple[Vector, Vector],
    steps: int,
    q: Vector,
) -> float:
    """Joints `q` (8,), written, that put the racket's middle and front face; the error [m, rad].

    Weighted least squares from `start` towards `wish` (8,): a joint of large `weight` (8,) moves
    most. Joints at their `limits`, lower and upper, stay there for the step.
    """
    pose, jacobian = np.empty((4, 3)), np.empty((6, len(q)))
    error, free, change = np.empty(6), np.empty(len(q)), np.empty(len(q))
    q[:] = start
    size = np.inf
    for i in range(steps + 1):
        racket(chain, q, pose, jacobian)
        size = _turn_rows(pose, jacobian, place, normal, error)
        if i == steps or size < 1e-4:
            break
        free[:] = weight
        for _ in range(3):  # once more for each joint that meets its limit
            change = _least(jacobian, error, free, wish - q)
            met = False
            for j in range(len(q)):
                if free[j] > 0 and not limits[0][j] <= q[j] + change[j] <= limits[1][j]:
                    over = limits[0][j] if change[j] < 0 else limits[1][j]
                    for row in range(6):
                        error[row] -= jacobian[row, j] * (over - q[j])
                    q[j], free[j], met = over, 0.0, True
            if not met:
                break
        for j in range(len(q)):
            if free[j] > 0:
                q[j] = min(max(q[j] + change[j], limits[0][j]), limits[1][j])
    return size


@compiled
def speeds(chain: Any, q: Vector, velocity: Three, weight: Vector) -> Vector:
    """Joint speeds (8,) that move the racket's middle by `velocity` [m/s] and keep its normal."""
    pose, jacobian = np.empty((4, 3)), np.empty((6, len(q)))
    error = np.empty(6)
    racket(chain, q, pose, jacobian)
    front = (pose[3, 0], pose[3, 1], pose[3, 2])
    _turn_rows(pose, jacobian, (pose[0, 0], pose[0, 1], pose[0, 2]), front, error)
    for j in range(3):
        error[j], error[3 + j] = velocity[j], 0.0
    return _least(jacobian, error, weight, np.zeros(len(q)))


@compiled
def _turn_rows(pose: Vector, jacobian: Vector, place: Three, normal: Three, error: Vector) -> float:
    """Make the angular rows those of the normal's change; fill in `error` (6,); its size."""
    a, b, c = pose[3, 0], pose[3, 1], pose[3, 2]
    for j in range(jacobian.shape[1]):
        x, y, z = jacobian[3, j], jacobian[4, j], jacobian[5, j]
        jacobian[3, j], jacobian[4, j], jacobian[5, j] = y * c - z * b, z * a - x * c, x * b - y * a
    size = 0.0
    for i in range(3):
        error[i], error[3 + i] = place[i] - pose[0, i], normal[i] - pose[3, i]
        size += error[i] ** 2 + error[3 + i] ** 2
    return np.sqrt(size)


@compiled
def _least(jacobian: Vector, error: Vector, weight: Vector, wish: Vector) -> Vector:
    """Joint changes (n,) for `error` (6,), nearest to `wish` (n,) in the weighted norm."""
    n = len(weight)
    matrix, right = np.zeros((6, 6)), error.copy()
    for i in range(6):
        for j in range(n):
            if weight[j] > 0:
                right[i] -= jacobian[i, j] * wish[j]
        for k in range(i + 1):
            for j in range(n):
                matrix[i, k] += jacobian[i, j] * weight[j] * jacobian[k, j]
        matrix[i, i] += DAMPING
    for i in range(6):  # Cholesky
        for k in range(i + 1):
            for m in range(k):
                matrix[i, k] -= matrix[i, m] * matrix[k, m]
            if i == k:
                matrix[i, i] = np.sqrt(max(matrix[i, i], 1e-12))
            else:
                matrix[i, k] /= matrix[k, k]
    for i in range(6):
        for m in range(i):
            right[i] -= matrix[i, m] * right[m]
        right[i] /= matrix[i, i]
    for i in range(5, -1, -1):
        for m in range(i + 1, 6):
            right[i] -= matrix[m, i] * right[m]
        right[i] /= matrix[i, i]
    change = np.zeros(n)
    for j in range(n):
        if weight[j] > 0:
            change[j] = wish[j]
            for i in range(6):
                change[j] += weight[j] * jacobian[i, j] * right[i]
    return change
