"""The ball's physics, compiled: one ball at a time, in scalars, for loops that are compiled too.

`robot.ball` has the same for arrays, and says what the numbers mean. A state is a tuple of nine
floats: position [m], velocity [m/s], spin [rad/s]. `k` is a track's record, `Track.record`.
"""

# pyright: reportArgumentType=false, reportIndexIssue=false
# (Numba takes tuples by their length.)

from math import ceil, exp, inf, nan, pi, sqrt
from typing import Any

import numpy as np

from robot.compiled import compiled
from robot.tennis import TABLE_LENGTH, TABLE_WIDTH

GRAVITY = 9.81  # [m/s^2]
STEP = 0.01  # [s] of integration; the error of a flight of 1 s is below .1 mm
STRIDE = 0.02  # [s] likewise, for what is predicted anew at every tick
HALF_WIDTH, HALF_LENGTH = TABLE_WIDTH / 2, TABLE_LENGTH / 2
NUMBERS = (
    *("drag", "viscous", "lift", "lift_half", "spin_decay", "table_friction", "table_grip"),
    *("table_blend", "table_dwell", "racket_dwell", "face", "mass", "radius", "air"),
)
RECORD = np.dtype(
    [(name, np.float64) for name in NUMBERS]
    + [("table_restitution", np.float64, 2)]
    # Of the rubber for topspin, then of that for underspin.
    + [("restitution", np.float64, (2, 2))]
    + [(name, np.float64, (2, 4)) for name in ("tangent", "by_speed", "by_slip")]
)
State = tuple[float, float, float, float, float, float, float, float, float]
Three = tuple[float, float, float]


@compiled
def cross3(a: Three, b: Three) -> Three:
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


@compiled
def dot3(a: Three, b: Three) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@compiled
def accelerate(k: Any, v: Three, w: Three) -> Three:
    """[m/s^2] in free flight."""
    area = pi * k.radius**2
    speed = sqrt(dot3(v, v))
    drag = (k.viscous + k.air * area * k.drag / 2 * speed) / k.mass
    lift = k.air * area * k.radius / 2 * k.lift / k.mass
    if k.lift_half != inf:
        lift /= 1 + k.radius * sqrt(dot3(w, w)) / max(speed, 1e-9) / k.lift_half
    c = cross3(w, v)
    return (
        lift * c[0] - drag * v[0],
        lift * c[1] - drag * v[1],
        lift * c[2] - drag * v[2] - GRAVITY,
    )


@compiled
def step(k: Any, s: State, h: float) -> State:
    """`h` [s] of free flight: one step of the classical Runge-Kutta method."""
    fading = exp(-k.spin_decay / 2 * h)
    v = (s[3], s[4], s[5])
    w = (s[6] * fading, s[7] * fading, s[8] * fading)  # as it is in mid-step
    a1 = accelerate(k, v, w)
    v2 = (v[0] + h / 2 * a1[0], v[1] + h / 2 * a1[1], v[2] + h / 2 * a1[2])
    a2 = accelerate(k, v2, w)
    v3 = (v[0] + h / 2 * a2[0], v[1] + h / 2 * a2[1], v[2] + h / 2 * a2[2])
    a3 = accelerate(k, v3, w)
    v4 = (v[0] + h * a3[0], v[1] + h * a3[1], v[2] + h * a3[2])
    a4 = accelerate(k, v4, w)
    return (
        s[0] + h / 6 * (v[0] + 2 * v2[0] + 2 * v3[0] + v4[0]),
        s[1] + h / 6 * (v[1] + 2 * v2[1] + 2 * v3[1] + v4[1]),
        s[2] + h / 6 * (v[2] + 2 * v2[2] + 2 * v3[2] + v4[2]),
        v[0] + h / 6 * (a1[0] + 2 * a2[0] + 2 * a3[0] + a4[0]),
        v[1] + h / 6 * (a1[1] + 2 * a2[1] + 2 * a3[1] + a4[1]),
        v[2] + h / 6 * (a1[2] + 2 * a2[2] + 2 * a3[2] + a4[2]),
        w[0] * fading,
        w[1] * fading,
        w[2] * fading,
    )


@compiled
def fly(k: Any, s: State, time: float) -> State:
    """`time` [s], of either sign, of free flight: no table, no net."""
    count = max(1, ceil(abs(time) / STEP - 1e-9))
    for _ in range(count):
        s = step(k, s, time / count)
    return s


@compiled
def bounce(k: Any, s: State) -> State:
    """Just after a bounce off the table's top."""
    down = -s[5]
    up = (k.table_restitution[0] - k.table_restitution[1] * abs(down)) * down
    slip_x, slip_y = s[3] - k.radius * s[7], s[4] + k.radius * s[6]
    size = sqrt(slip_x**2 + slip_y**2)
    coulomb = max(k.table_friction * (up + down), 1e-12)
    # The impulse that would take its share of the slip, or what friction allows of it.
    wanted = 0.4 * k.table_grip * size / coulomb
    if k.table_blend == inf:
        taken = min(wanted, 1.0)
    else:
        taken = wanted * (1 + wanted**k.table_blend) ** (-1 / k.table_blend)
    change = -coulomb * taken / max(size, 1e-12)
    change_x, change_y = change * slip_x, change * slip_y
    # J acts at -r z: I delta omega = -r z x J, with I = 2/3 m r^2.
    turn_x, turn_y = 1.5 / k.radius * change_y, -1.5 / k.radius * change_x
    v_x, v_y = s[3] + change_x, s[4] + change_y
    return (s[0], s[1], s[2], v_x, v_y, up, s[6] + turn_x, s[7] + turn_y, s[8])


@compiled
def has_underspin(s: State) -> bool:
    """Does the ball turn backwards, seen along its way over the ground?"""
    return s[3] * s[7] - s[4] * s[6] < 0


@compiled
def strike(k: Any, s: State, normal: Three, racket: Three, underspin: bool) -> State:
    """Just after contact with a racket's face of unit `normal` that moves by `racket` [m/s]."""
    relative = (s[3] - racket[0], s[4] - racket[1], s[5] - racket[2])
    along = dot3(relative, normal)
    side = -1.0 if along > 0 else 1.0  # n is against the ball's way
    n = (side * normal[0], side * normal[1], side * normal[2])
    speed = abs(along)
    u = (relative[0] + speed * n[0], relative[1] + speed * n[1], relative[2] + speed * n[2])
    w = (s[6], s[7], s[8])
    t = cross3(n, w)
    t = (k.radius * t[0], k.radius * t[1], k.radius * t[2])  # the surface's, due to spin
    slip = sqrt((u[0] + t[0]) ** 2 + (u[1] + t[1]) ** 2 + (u[2] + t[2]) ** 2)
    i = 1 if underspin else 0
    e = k.restitution[i, 0] - k.restitution[i, 1] * speed
    uu = k.tangent[i, 0] + speed * k.by_speed[i, 0] + slip * k.by_slip[i, 0]
    ut = k.tangent[i, 1] + speed * k.by_speed[i, 1] + slip * k.by_slip[i, 1]
    tu = k.tangent[i, 2] + speed * k.by_speed[i, 2] + slip * k.by_slip[i, 2]
    tt = k.tangent[i, 3] + speed * k.by_speed[i, 3] + slip * k.by_slip[i, 3]
    about = dot3(w, n)  # is kept
    t2 = (tu * u[0] + tt * t[0], tu * u[1] + tt * t[1], tu * u[2] + tt * t[2])
    turned = cross3(t2, n)
    return (
        s[0],
        s[1],
        s[2],
        racket[0] + uu * u[0] + ut * t[0] + e * speed * n[0],
        racket[1] + uu * u[1] + ut * t[1] + e * speed * n[1],
        racket[2] + uu * u[2] + ut * t[2] + e * speed * n[2],
        about * n[0] + turned[0] / k.radius,
        about * n[1] + turned[1] / k.radius,
        about * n[2] + turned[2] / k.radius,
    )


@compiled
def over_table(x: float, y: float) -> bool:
    return abs(x) <= HALF_WIDTH and abs(y) <= HALF_LENGTH


@compiled
def advance(k: Any, s: State, dt: float) -> tuple[State, bool]:
    """`dt` [s] of flight with the table in the way; and did it bounce?"""
    after = step(k, s, dt)
    z = s[2] - k.radius
    if not (after[2] < k.radius and after[5] < 0 and z >= 0):
        return after, False
    # When it touched: the parabola through the beginning with the mean acceleration.
    a = min((after[5] - s[5]) / dt, -1e-6)
    touch = (-s[5] - sqrt(max(s[5] * s[5] - 2 * a * z, 0.0))) / a
    touch = min(max(touch, 0.0), dt)
    at = step(k, s, touch)
    if not over_table(at[0], at[1]):
        return after, False
    left = bounce(k, at)
    glide = k.table_dwell / 2
    x, y = at[0] + (at[3] + left[3]) * glide, at[1] + (at[4] + left[4]) * glide
    left = (x, y, left[2], left[3], left[4], left[5], left[6], left[7], left[8])
    return step(k, left, dt - touch - k.table_dwell), True


@compiled
def between(a: State, b: State, share: float) -> State:
    """`share` of the way from `a` to `b`."""
    return (
        a[0] + share * (b[0] - a[0]),
        a[1] + share * (b[1] - a[1]),
        a[2] + share * (b[2] - a[2]),
        a[3] + share * (b[3] - a[3]),
        a[4] + share * (b[4] - a[4]),
        a[5] + share * (b[5] - a[5]),
        a[6] + share * (b[6] - a[6]),
        a[7] + share * (b[7] - a[7]),
        a[8] + share * (b[8] - a[8]),
    )


@compiled
def cross(k: Any, s: State, axis: int, value: float, horizon: float) -> tuple[float, State]:
    """When [s], NaN if not by `horizon` [s], and in which state it first crosses a plane."""
    for i in range(round(horizon / STEP)):
        after, bounced = advance(k, s, STEP)
        x, x2 = s[axis] - value, after[axis] - value
        if x != 0 and (x > 0) != (x2 > 0):
            part = x / (x - x2) * STEP
            if bounced:  # the chord is good to a millimetre or two
                return i * STEP + part, between(s, after, part / STEP)
            for _ in range(2):  # Newton, from the chord
                there = step(k, s, part)
                if abs(there[3 + axis]) > 1e-6:
                    part = min(max(part - (there[axis] - value) / there[3 + axis], 0.0), STEP)
            return i * STEP + part, step(k, s, part)
        s = after
    return nan, s


@compiled
def interception(k: Any, s: State, y: float, bounced: bool, horizon: float) -> tuple[float, State]:
    """When [s], and in which state, a ball that comes towards -y passes the plane at `y` [m].

    It may bounce once, unless it has `bounced`; from there it flies on as if there were no table,
    so that a ball that comes down short passes below 0. One that has passed is taken back along a
    straight line, and one that does not pass within the `horizon` [s] is as it is by then.
    """
    if s[1] <= y:
        past = (s[1] - y) / min(s[4], -0.5)
        return -past, straight(s, -past)
    time = 0.0
    while time < horizon:
        if bounced:
            after = step(k, s, STRIDE)
        else:
            after, bounced = advance(k, s, STRIDE)
            bounced = bounced and after[1] < 0
        if after[1] <= y:
            part = (s[1] - y) / (s[1] - after[1]) * STRIDE
            there = step(k, s, part) if bounced else advance(k, s, part)[0]
            late = (there[1] - y) / min(there[4], -0.5)
            return time + part - late, straight(there, -late)
        s, time = after, time + STRIDE
    return time, s


@compiled
def straight(s: State, time: float) -> State:
    """`time` [s] later, of either sign, along a straight line."""
    x, y, z = s[0] + time * s[3], s[1] + time * s[4], s[2] + time * s[5]
    return (x, y, z, s[3], s[4], s[5], s[6], s[7], s[8])


@compiled
def landing(k: Any, s: State, horizon: float) -> tuple[float, State]:
    """When [s], NaN if not by `horizon` [s], and how the ball comes down to the table's height."""
    for i in range(round(horizon / STEP)):
        after = step(k, s, STEP)
        z, z2 = s[2] - k.radius, after[2] - k.radius
        if z >= 0 and z2 < 0:
            part = z / (z - z2) * STEP
            there = step(k, s, part)
            part -= (there[2] - k.radius) / there[5]
            return i * STEP + part, step(k, s, part)
        s = after
    return nan, s
