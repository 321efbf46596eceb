"""Leads one joint to be where it shall be, as fast as it shall be, when it shall be."""

# pyright: reportArgumentType=false, reportIndexIssue=false
# (Numba takes tuples by their length.)

from typing import Any

from robot.compiled import compiled
from robot.tennis import DELAY, LAG, SPEED, TENNIS

DT = TENNIS.dt
LATE = 0.03  # [s] before contact from which on a position is no longer corrected, beside the lag


@compiled
def lead(joint: Any, j: int, now: float, due: float, q: float, qd: float) -> float:
    """The speed [1/s] to send to joint `j` now, so that it is at `q` with speed `qd` at `due`.

    Along a polynomial of fifth order of its position. In the end the speed matters more: a racket
    that is a centimetre off still hits. Past `due` it goes on by `qd`.
    """
    lag, place = LAG[j], joint.q[j]
    left = due - now - DELAY[j]
    v0 = (joint.act[j] - place) / lag
    a0 = (joint.speed[j] - v0) / lag
    if left > LATE + lag / 2:  # from place, v0, a0 to q, qd, 0
        move = q - joint.bias[j] - place
        c = 10 * move - (6 * v0 + 4 * qd) * left - 1.5 * a0 * left**2
        d = -15 * move + (8 * v0 + 7 * qd) * left + 1.5 * a0 * left**2
        e = 6 * move - 3 * (v0 + qd) * left - 0.5 * a0 * left**2
        x = DT / left
        place += v0 * DT + a0 / 2 * DT**2 + ((e * x + d) * x + c) * x**3
        rate = v0 + a0 * DT + ((5 * e * x + 4 * d) * x + 3 * c) * x**2 / left
    elif left > DT:  # from v0, a0 to qd: no jerk for the last millimetres
        b = (qd - v0 - a0 * left) / left**2
        place += v0 * DT + a0 / 2 * DT**2 + b / 3 * DT**3
        rate = v0 + a0 * DT + b * DT**2
    else:
        place += (v0 + qd) / 2 * DT
        rate = qd
    speed = (place + lag * rate - joint.act[j]) / DT
    return min(max(speed, -SPEED[j]), SPEED[j])
