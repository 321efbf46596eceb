"""The robot of the surrogate world: servos, and what of the arm the ball or the table can meet.

A servo is a joint of its own: the published controller, force limit and damping move an inertia
that is the mass matrix's entry at home. The servos are so stiff that what the joints do to each
other hardly shows: against MuJoCo, with the commands of 300 strokes, the racket is .07 mm off in
the median, .8 mm in 95 % of the ticks before contact.
"""

# pyright: reportArgumentType=false, reportIndexIssue=false
# (Numba takes tuples by their length.)

from math import cos, sin, sqrt
from typing import Any

import numpy as np

from robot.compiled import compiled
from robot.flight import HALF_LENGTH, HALF_WIDTH, Three, dot3
from robot.tennis import BLADE_RADIUS, TENNIS
from robot.types import Vector
from sim.tennis.model import DT, SERVOS

JOINTS = len(TENNIS.joints)
NUMBERS = ("force", "kp", "kv", "damping", "inertia", "lower", "upper", "speed")
# [kg or kg m^2] that each servo moves, its armature included: of MuJoCo's model, at home.
INERTIA = (65.5, 52.6, 0.457, 0.607, 0.184, 0.0253, 0.0237, 0.0103)

# Behind the racket, along its handle [m]: from, to, radius. Hand: handle, then flange and wrist.
HAND = np.array([(0.09, 0.18, 0.014), (0.19, 0.26, 0.033)])
WRIST = 0.254  # [m] from the racket's middle to A5, along the handle
FOREARM = np.array([0.03, 0.17, 0.04])  # [m] from, to, radius: behind A5
ROLL = 2.34159265358979  # [rad] of the racket about its handle, against A6 at 0
WOOD = 0.006  # [m] half the racket's thickness, where it meets the table
TOP = 0.03  # [m] of the table's thickness


def servos() -> Vector:
    """(8, len(NUMBERS)): a row for each joint."""
    published = [SERVOS[name] for name in TENNIS.joints]
    rows = [(s.force, s.kp, s.kv, s.damping) for s in published]
    limits = (INERTIA, TENNIS.lower, TENNIS.upper, TENNIS.velocity)
    return np.column_stack((np.array(rows, np.float64), *limits))


@compiled
def serve(servos: Vector, w: Any) -> None:
    """One step of all servos of the world `w`, as MuJoCo's integrator `implicitfast` takes it."""
    for j in range(JOINTS):
        force, kp, kv, damping, inertia, lower, upper, top = servos[j]
        q, qd, act = w.q[j], w.qd[j], w.act[j]
        push, stiff = kp * (act - q) - kv * qd, kv + damping
        if abs(push) > force:
            push, stiff = (force if push > 0 else -force), damping
        qd += DT * (push - damping * qd) / (inertia + DT * stiff)
        w.qd[j], w.q[j] = qd, q + DT * qd
        speed = min(max(w.ctrl[j], -top), top)
        w.act[j] = min(max(act + DT * speed, lower), upper)


@compiled
def obey(w: Any, expiry: int) -> None:
    """The orders that arrive at this step of the world `w`, and the end of those that expire."""
    step, kept = w.step, w.due.shape[0]
    for j in range(JOINTS):
        while w.next[j] < w.sent and w.due[w.next[j] % kept, j] <= step:
            w.ctrl[j] = w.target[w.next[j] % kept, j]
            w.ends[j] = step + expiry
            w.next[j] += 1
        if w.ends[j] == step:
            w.ctrl[j] = 0.0


@compiled
def touches_body(pose: Vector, q: Vector, ball: Three, radius: float) -> bool:
    """Does the ball, of `radius` [m], touch hand or forearm?"""
    tool, back = _row(pose, 0), _back(pose)
    for i in range(len(HAND)):
        if _near(tool, back, HAND[i, 0], HAND[i, 1], ball) < HAND[i, 2] + radius:
            return True
    elbow, behind = _forearm(pose, q)
    return _near(elbow, behind, FOREARM[0], FOREARM[1], ball) < FOREARM[2] + radius


@compiled
def touches_table(pose: Vector, q: Vector) -> bool:
    """Do racket, hand or forearm touch the table?"""
    c, n = _row(pose, 0), _row(pose, 3)
    flat = sqrt(max(1 - n[2] * n[2], 0.0))
    drop = BLADE_RADIUS * flat + WOOD * abs(n[2])
    if c[2] - drop < 0:  # the racket's lowest point
        share = BLADE_RADIUS * n[2] / max(flat, 1e-9)
        if _in_table(c[0] + share * n[0], c[1] + share * n[1], c[2] - drop):
            return True
    back = _back(pose)
    for i in range(len(HAND)):
        if _dips(c, back, HAND[i, 0], HAND[i, 2]) or _dips(c, back, HAND[i, 1], HAND[i, 2]):
            return True
    wrist, behind = _forearm(pose, q)
    first, last, radius = FOREARM
    return _dips(wrist, behind, first, radius) or _dips(wrist, behind, last, radius)


@compiled
def _row(pose: Vector, i: int) -> Three:
    return (pose[i, 0], pose[i, 1], pose[i, 2])


@compiled
def _back(pose: Vector) -> Three:
    return (-pose[1, 0], -pose[1, 1], -pose[1, 2])


@compiled
def _forearm(pose: Vector, q: Vector) -> tuple[Three, Three]:
    """Where A5 is, and the unit vector from there to the elbow."""
    c, x, y, z = _row(pose, 0), _row(pose, 1), _row(pose, 2), _row(pose, 3)
    # About the handle back to the wrist's frame: only its z is needed.
    turn = q[7] + ROLL
    s, k = sin(turn), cos(turn)
    up = (s * y[0] + k * z[0], s * y[1] + k * z[1], s * y[2] + k * z[2])
    wrist = (c[0] - WRIST * x[0], c[1] - WRIST * x[1], c[2] - WRIST * x[2])
    # About A5 back to the forearm's x.
    s, k = sin(q[6]), cos(q[6])
    ahead = (k * x[0] + s * up[0], k * x[1] + s * up[1], k * x[2] + s * up[2])
    return wrist, (-ahead[0], -ahead[1], -ahead[2])


@compiled
def _near(origin: Three, along: Three, first: float, last: float, ball: Three) -> float:
    """[m] from `ball` to the line from `first` to `last` [m] `along` from the `origin`."""
    apart = (ball[0] - origin[0], ball[1] - origin[1], ball[2] - origin[2])
    there = min(max(dot3(apart, along), first), last)
    x, y, z = (
        apart[0] - there * along[0],
        apart[1] - there * along[1],
        apart[2] - there * along[2],
    )
    return sqrt(x * x + y * y + z * z)


@compiled
def _dips(origin: Three, along: Three, way: float, radius: float) -> bool:
    """Is a sphere of `radius`, `way` [m] along, in the table?"""
    x, y, z = (
        origin[0] + way * along[0],
        origin[1] + way * along[1],
        origin[2] + way * along[2],
    )
    return _in_table(x, y, z - radius)


@compiled
def _in_table(x: float, y: float, z: float) -> bool:
    return -TOP < z < 0 and abs(x) < HALF_WIDTH and abs(y) < HALF_LENGTH
