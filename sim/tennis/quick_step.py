"""The surrogate world's step, compiled: orders, servos, and the ball among table, net and racket.

A world is a record `WORLD`; `k` is a track's record, `Track.record`.
"""

# pyright: reportArgumentType=false, reportIndexIssue=false
# (Numba takes tuples by their length.)

from math import inf, sqrt
from typing import Any

import numpy as np

from robot.compiled import compiled
from robot.flight import State, Three, between, cross3, dot3, step
from robot.racket import racket
from robot.types import Vector
from sim.tennis.latency import ARM as OF_ARM
from sim.tennis.latency import BALL as OF_BALL
from sim.tennis.latency import LONGEST, MOVED, SEEN
from sim.tennis.model import DT
from sim.tennis.quick_ball import ARM, CRASH, RACKET, RELEASED, fly, gap, note, struck
from sim.tennis.quick_robot import obey, serve, touches_body, touches_table

ORDERS, NOTES = 16, 8  # on their way at most; touches in a tick at most
FASTEST = 0.03  # [m] that ball and racket come nearer in a step, at most
WIDE = 0.25  # [m] from the racket's middle within which a ball may touch racket or hand

WORLD = np.dtype(
    [
        ("live", np.bool_),
        ("step", np.int64),
        ("ball", np.float64, 9),
        ("q", np.float64, 8),
        ("qd", np.float64, 8),
        ("act", np.float64, 8),  # where the servos want to be
        ("ctrl", np.float64, 8),  # how fast they shall go there
        ("sent", np.int64),  # orders so far
        ("next", np.int64, 8),  # of them, the next to arrive at each joint
        ("last", np.int64, 8),  # step at which the latest arrives
        ("ends", np.int64, 8),  # step at which the one that is obeyed expires
        ("due", np.int64, (ORDERS, 8)),
        ("target", np.float64, (ORDERS, 8)),
        ("wait", np.int64),  # step before which ball and racket cannot touch
        ("met", np.float64),  # [steps] when the ball touched the racket; infinite if it does not
        ("came", np.float64, 9),  # how it did
        ("goes", np.float64, 9),  # how it will leave
        ("turned", np.bool_),  # is that known for good?
        ("normal", np.float64, 3),  # of the racket where they touch, in its own axes
        ("net", np.bool_),  # does the ball touch these now?
        ("arm", np.bool_),
        ("crash", np.bool_),
        ("count", np.int64),  # touches in this tick
        ("what", np.int64, NOTES),
        ("when", np.float64, NOTES),
        ("touch", np.float64, (NOTES, 6)),
        ("past_q", np.float64, (LONGEST, 8)),
        ("past_qd", np.float64, (LONGEST, 8)),
        ("past_ball", np.float64, (LONGEST, 3)),
    ]
)


@compiled
def rackets(chain: Any, worlds: Any) -> tuple[Vector, Vector, Vector]:
    n = len(worlds)
    middle, normal, velocity = np.empty((n, 3)), np.empty((n, 3)), np.zeros((n, 3))
    pose, jacobian = np.empty((4, 3)), np.empty((6, 8))
    for i in range(n):
        racket(chain, worlds[i].q, pose, jacobian)
        middle[i], normal[i] = pose[0], pose[3]
        for m in range(3):
            for j in range(8):
                velocity[i, m] += jacobian[m, j] * worlds[i].qd[j]
    return middle, normal, velocity


@compiled
def look(
    worlds: Any, late: Any, q: Vector, qd: Vector, time: Vector, ball: Vector,
    ball_time: Vector,
) -> None:  # fmt: skip
    for i in range(len(worlds)):
        w = worlds[i]
        for j in range(8):
            when = max(w.step - late[i, SEEN[j]], 0) % LONGEST
            q[i, j], qd[i, j] = w.past_q[when, j], w.past_qd[when, j]
        time[i] = max(w.step - late[i, OF_ARM], 0) * DT
        when = w.step - late[i, OF_BALL]
        ball_time[i] = max(when, 0) * DT
        for j in range(3):
            ball[i, j] = w.past_ball[when % LONGEST, j] if when >= 0 else np.nan


@compiled
def advance(
    k: Any, chain: Any, servos: Vector, worlds: Any, late: Any, speeds: Vector, count: int,
    expiry: int,
) -> None:  # fmt: skip
    pose, jacobian = np.empty((4, 3)), np.empty((6, 8))
    for i in range(len(worlds)):
        w = worlds[i]
        w.count = 0
        if not w.live:
            w.step += count  # time goes on, nothing else
            continue
        order = w.sent % ORDERS
        for j in range(8):
            w.last[j] = max(w.step + late[i, MOVED[j]], w.last[j])
            w.due[order, j], w.target[order, j] = w.last[j], speeds[i, j]
        w.sent += 1
        _crash(chain, w, pose, jacobian)
        for _ in range(count):
            obey(w, expiry)
            _ball(k, chain, w, pose, jacobian)
            serve(servos, w)
            w.step += 1
            kept = w.step % LONGEST
            for j in range(8):
                w.past_q[kept, j], w.past_qd[kept, j] = w.q[j], w.qd[j]
            for j in range(3):
                w.past_ball[kept, j] = w.ball[j]


@compiled
def _crash(chain: Any, w: Any, pose: Vector, jacobian: Vector) -> None:
    racket(chain, w.q, pose, jacobian)
    crash = touches_table(pose, w.q)
    if crash and not w.crash:
        note(w, CRASH, state(w.ball))
    w.crash = crash


@compiled
def _ball(k: Any, chain: Any, w: Any, pose: Vector, jacobian: Vector) -> None:
    """One step of the ball of the world `w`, with the robot in the way."""
    s = state(w.ball)
    if w.met < inf:
        _hold(k, chain, w, pose, jacobian)
        return
    if w.step >= w.wait:
        racket(chain, w.q, pose, jacobian)
        x, y, z = s[0] - pose[0, 0], s[1] - pose[0, 1], s[2] - pose[0, 2]
        far = sqrt(x * x + y * y + z * z) - WIDE
        if far > 0:
            w.wait = w.step + 1 + int(far / FASTEST)
        elif _meet(k, w, s, pose, jacobian):
            return
    put(w.ball, fly(k, w, s))


@compiled
def _meet(k: Any, w: Any, s: State, pose: Vector, jacobian: Vector) -> bool:
    """The ball `s`, near the racket: do they touch in this step? If so, that is done."""
    here = (s[0], s[1], s[2])
    arm = touches_body(pose, w.q, here, k.radius)
    if arm and not w.arm:
        note(w, ARM, s)
    w.arm = arm
    far, n = gap(k, pose, here)
    face = _face(k, w, pose, jacobian, n, here)
    closing = dot3(face, n) - (s[3] * n[0] + s[4] * n[1] + s[5] * n[2])
    if closing <= 0 or far >= closing * DT:
        return False
    first = max(far, 0.0) / closing
    note(w, RACKET, s)
    came = step(k, s, first)
    goes = struck(k, came, n, face)
    if k.racket_dwell == 0:
        put(w.ball, step(k, goes, DT - first))
        note(w, RELEASED, goes)
        return True
    put(w.came, came)
    put(w.goes, goes)
    w.met, w.turned = w.step + first / DT, False
    for i in range(3):  # in the racket's own axes
        w.normal[i] = pose[1 + i, 0] * n[0] + pose[1 + i, 1] * n[1] + pose[1 + i, 2] * n[2]
    _carry(k, w)
    return True


@compiled
def _hold(k: Any, chain: Any, w: Any, pose: Vector, jacobian: Vector) -> None:
    """A step of the ball while it touches the racket: what decides is how that moves midway."""
    if not w.turned and w.step + 0.5 >= w.met + k.racket_dwell / DT / 2:
        racket(chain, w.q, pose, jacobian)
        n = (0.0, 0.0, 0.0)
        for i in range(3):
            a = w.normal[i]
            n = (n[0] + a * pose[1 + i, 0], n[1] + a * pose[1 + i, 1], n[2] + a * pose[1 + i, 2])
        here = (w.ball[0], w.ball[1], w.ball[2])
        put(w.goes, struck(k, state(w.came), n, _face(k, w, pose, jacobian, n, here)))
        w.turned = True
    _carry(k, w)


@compiled
def _carry(k: Any, w: Any) -> None:
    """Where the ball is at the step's end: on its way with the racket, or released."""
    share = (w.step + 1 - w.met) * DT / k.racket_dwell
    goes = state(w.goes)
    if share < 1:
        put(w.ball, between(state(w.came), goes, share))
        return
    note(w, RELEASED, goes)
    put(w.ball, step(k, goes, (share - 1) * k.racket_dwell))
    w.met = inf


@compiled
def _face(k: Any, w: Any, pose: Vector, jacobian: Vector, n: Three, here: Three) -> Three:
    """[m/s] of the racket where the ball at `here` touches it, in the direction `n` from it."""
    v, turn = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    for i in range(3):
        for j in range(8):
            v[i] += jacobian[i, j] * w.qd[j]
            turn[i] += jacobian[3 + i, j] * w.qd[j]
    lever = (
        here[0] - k.radius * n[0] - pose[0, 0],
        here[1] - k.radius * n[1] - pose[0, 1],
        here[2] - k.radius * n[2] - pose[0, 2],
    )
    c = cross3((turn[0], turn[1], turn[2]), lever)
    return (v[0] + c[0], v[1] + c[1], v[2] + c[2])


@compiled
def state(row: Vector) -> State:
    return (row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8])


@compiled
def put(row: Vector, s: State) -> None:
    for i in range(9):
        row[i] = s[i]
