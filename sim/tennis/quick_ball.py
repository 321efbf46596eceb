"""The ball of the surrogate world: flight and bounce in closed form, and what else it meets."""

# pyright: reportArgumentType=false, reportIndexIssue=false
# (Numba takes tuples by their length.)

from math import inf, sqrt
from typing import Any

from robot.compiled import compiled
from robot.flight import GRAVITY, State, Three, advance, cross3, dot3, has_underspin, strike
from robot.tennis import BLADE_RADIUS, NET_HALF, TABLE_HEIGHT
from robot.types import Vector
from sim.tennis.model import DT, TOUCHES

TABLE, NET, RACKET, ARM, FLOOR, CRASH = range(len(TOUCHES))
RELEASED = len(TOUCHES)
# What the net leaves of a ball's speed against it, and takes of its slip: all that a thin shell's
# friction can take. Measured on MuJoCo's net: .14 (.12 to .20), .41.
NET_RESTITUTION, NET_GRIP = 0.14, 0.4


@compiled
def note(w: Any, what: int, s: State) -> None:
    """Tell of a touch that begins at this step, with the ball in the state `s`."""
    if w.count < w.what.shape[0]:
        w.what[w.count], w.when[w.count] = what, w.step * DT
        for i in range(6):
            w.touch[w.count, i] = s[i]
        w.count += 1


@compiled
def fly(k: Any, w: Any, s: State) -> State:
    """One step of flight from `s`, with table, net and floor in the way."""
    after, bounced = advance(k, s, DT)
    if bounced:
        note(w, TABLE, after)
    after, touching = _net(after, k.radius)
    if touching and not w.net:
        note(w, NET, after)
    w.net = touching
    if after[2] < k.radius - TABLE_HEIGHT and after[5] < 0:
        note(w, FLOOR, after)
        after = (
            after[0], after[1], after[2], after[3], after[4], -after[5] / 2,
            after[6], after[7], after[8],
        )  # fmt: skip
    return after


@compiled
def _net(s: State, radius: float) -> tuple[State, bool]:
    """The ball after what the net does to it; and does it touch?"""
    x = s[0] - min(max(s[0], -NET_HALF[0]), NET_HALF[0])
    y = s[1] - min(max(s[1], -NET_HALF[1]), NET_HALF[1])
    z = s[2] - min(max(s[2], 0.0), 2 * NET_HALF[2])
    apart = sqrt(x * x + y * y + z * z)
    if apart > radius:
        return s, False
    if apart < 1e-9:  # its middle is inside: out against its way
        n = (0.0, -1.0 if s[4] > 0 else 1.0, 0.0)
    else:
        n = (x / apart, y / apart, z / apart)
    closing = -(s[3] * n[0] + s[4] * n[1] + s[5] * n[2])
    if closing <= 0:
        return s, True
    out = (1 + NET_RESTITUTION) * closing
    arm = cross3(n, (s[6], s[7], s[8]))  # of the surface there: omega x (-r n)
    slip = (
        s[3] + closing * n[0] + radius * arm[0],
        s[4] + closing * n[1] + radius * arm[1],
        s[5] + closing * n[2] + radius * arm[2],
    )
    push = (-NET_GRIP * slip[0], -NET_GRIP * slip[1], -NET_GRIP * slip[2])
    turn = cross3(n, push)  # I delta omega = -r n x J, I = 2/3 m r^2
    turns = -1.5 / radius
    return (
        s[0], s[1], s[2],
        s[3] + out * n[0] + push[0], s[4] + out * n[1] + push[1], s[5] + out * n[2] + push[2],
        s[6] + turns * turn[0], s[7] + turns * turn[1], s[8] + turns * turn[2],
    ), True  # fmt: skip


@compiled
def gap(k: Any, pose: Vector, p: Three) -> tuple[float, Three]:
    """[m] from the ball at `p` to the racket, below 0 where it sinks in; and the unit vector out.

    On the track `paper` the racket is a thick disc with a rim and edges. On the track `physical`
    it has two faces and nothing else: beside them the ball is infinitely far.
    """
    apart = (p[0] - pose[0, 0], p[1] - pose[0, 1], p[2] - pose[0, 2])
    n = (pose[3, 0], pose[3, 1], pose[3, 2])
    height = dot3(apart, n)
    flat = (apart[0] - height * n[0], apart[1] - height * n[1], apart[2] - height * n[2])
    beside = sqrt(dot3(flat, flat))
    side = -1.0 if height < 0 else 1.0
    up, out = abs(height) - k.face, beside - BLADE_RADIUS
    if out <= 0:
        return up - k.radius, (side * n[0], side * n[1], side * n[2])
    if k.racket_dwell == 0:
        return inf, n
    up = max(up, 0.0)
    far = sqrt(up * up + out * out)
    a, b = side * up / far, out / far / beside
    return far - k.radius, (
        a * n[0] + b * flat[0],
        a * n[1] + b * flat[1],
        a * n[2] + b * flat[2],
    )


@compiled
def struck(k: Any, s: State, n: Three, face: Three) -> State:
    """The ball as it leaves a racket of normal `n` that moves by `face` [m/s] where it is hit.

    `s` is how it came. While it touches, it goes along with the racket, and along its face; its
    weight acts on.
    """
    after = strike(k, s, n, face, has_underspin(s))
    x = ((s[3] + after[3]) / 2, (s[4] + after[4]) / 2, (s[5] + after[5]) / 2)
    over = dot3(x, n) - dot3(face, n)
    dwell = k.racket_dwell
    return (
        s[0] + dwell * (x[0] - over * n[0]),
        s[1] + dwell * (x[1] - over * n[1]),
        s[2] + dwell * (x[2] - over * n[2]),
        after[3], after[4], after[5] - GRAVITY * dwell, after[6], after[7], after[8],
    )  # fmt: skip
