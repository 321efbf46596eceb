"""The contact with the racket, turned round: how to hold and move it to send a ball to a place."""

# pyright: reportArgumentType=false
# (Numba takes tuples by their length.)

from math import cos, nan, sin, sqrt
from typing import Any

from robot.compiled import compiled
from robot.flight import State, Three, has_underspin, landing, step, strike

STEPS, SHORT, SINGULAR = 12, 1e-4, 1e-9  # Newton: steps, [rad, m/s] difference, determinant
GOOD = (0.01, 0.01)  # [m], [s] from what is wanted: found
COARSE = 0.02  # [s] of integration, on the way to the net


@compiled
def facing(yaw: float, pitch: float) -> tuple[Three, Three]:
    """The racket's normal, `yaw` [rad] from +y towards +x and up by `pitch`; and up along it."""
    a, b, c, d = sin(yaw), cos(yaw), sin(pitch), cos(pitch)
    return (a * d, b * d, c), (-a * c, -b * c, d)


@compiled
def sent(k: Any, s: State, yaw: float, pitch: float, speed: float, brush: float) -> State:
    """The ball as it leaves a racket that moves by `speed` along its normal, `brush` up [m/s].

    `s` is the ball when it begins to touch; `k` a track's record.
    """
    n, up = facing(yaw, pitch)
    racket = (
        speed * n[0] + brush * up[0],
        speed * n[1] + brush * up[1],
        speed * n[2] + brush * up[2],
    )
    after = strike(k, s, n, racket, has_underspin(s))
    # While it touches, it goes along with the racket, and along the face.
    x = (s[3] + after[3], s[4] + after[4], s[5] + after[5])
    over = (x[0] * n[0] + x[1] * n[1] + x[2] * n[2]) / 2 - speed
    half = k.racket_dwell
    return (
        s[0] + half * (x[0] / 2 - over * n[0]),
        s[1] + half * (x[1] / 2 - over * n[1]),
        s[2] + half * (x[2] / 2 - over * n[2]),
        after[3],
        after[4],
        after[5],
        after[6],
        after[7],
        after[8],
    )


@compiled
def over_net(k: Any, s: State) -> float:
    """Height [m] of the ball's middle where it passes the net; NaN if it does not get there."""
    for _ in range(60):
        after = step(k, s, COARSE)
        if s[1] < 0 <= after[1]:
            return s[2] + (after[2] - s[2]) * s[1] / (s[1] - after[1])
        if after[2] < -1.0:
            break
        s = after
    return nan


@compiled
def aim(
    k: Any,
    s: State,
    target: tuple[float, float],
    flight: float,
    brush: float,
    first: Three,
) -> tuple[bool, Three]:
    """Yaw, pitch [rad] and speed [m/s] of a racket that sends `s` to `target` [m] in `flight` [s].

    Newton's method on three equations (landing place and time), from `first`; and did it succeed?
    """
    yaw, pitch, speed = first
    for _ in range(STEPS):
        x, y, t = _outcome(k, s, yaw, pitch, speed, brush)
        e = (target[0] - x, target[1] - y, flight - t)
        if not (abs(e[0]) < 10 and abs(e[1]) < 10 and abs(e[2]) < 2):
            return False, (yaw, pitch, speed)
        if sqrt(e[0] ** 2 + e[1] ** 2) < GOOD[0] and abs(e[2]) < GOOD[1]:
            return True, (yaw, pitch, speed)
        a = _slope(_outcome(k, s, yaw + SHORT, pitch, speed, brush), (x, y, t))
        b = _slope(_outcome(k, s, yaw, pitch + SHORT, speed, brush), (x, y, t))
        c = _slope(_outcome(k, s, yaw, pitch, speed + SHORT, brush), (x, y, t))
        whole = _determinant(a, b, c)
        if not abs(whole) > SINGULAR:
            return False, (yaw, pitch, speed)
        yaw += _limited(_determinant(e, b, c) / whole, 0.3)  # Cramer's rule
        pitch += _limited(_determinant(a, e, c) / whole, 0.3)
        speed += _limited(_determinant(a, b, e) / whole, 1.0)
    return False, (yaw, pitch, speed)


@compiled
def _outcome(
    k: Any, s: State, yaw: float, pitch: float, speed: float, brush: float
) -> tuple[float, float, float]:
    """Where the ball comes down [m], and after how long [s]."""
    time, there = landing(k, sent(k, s, yaw, pitch, speed, brush), 2.0)
    return there[0], there[1], time


@compiled
def _slope(moved: Three, at: Three) -> Three:
    return (moved[0] - at[0]) / SHORT, (moved[1] - at[1]) / SHORT, (moved[2] - at[2]) / SHORT


@compiled
def _determinant(a: Three, b: Three, c: Three) -> float:
    return (
        a[0] * (b[1] * c[2] - b[2] * c[1])
        - b[0] * (a[1] * c[2] - a[2] * c[1])
        + c[0] * (a[1] * b[2] - a[2] * b[1])
    )


@compiled
def _limited(x: float, most: float) -> float:
    return min(max(x, -most), most)
