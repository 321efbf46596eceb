"""How the joints obey, as a model that is watched: where each will be when a command arrives."""

# pyright: reportArgumentType=false, reportIndexIssue=false
# (Numba takes tuples by their length.)

from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.compiled import compiled
from robot.tennis import DELAY, LAG, SEEN, TENNIS
from robot.types import Vector

DT = TENNIS.dt
KEPT = 16  # ticks of the past that are kept
TRUST = 0.2  # share of what a measurement differs from the model that is believed at once
LOWER, UPPER = np.array(TENNIS.lower), np.array(TENNIS.upper)

JOINTS = np.dtype(
    [
        ("act", np.float64, 8),  # what the servos will want when the next command arrives
        ("q", np.float64, 8),  # where the joints will be then, by the model
        ("speed", np.float64, 8),  # of the latest command
        ("bias", np.float64, 8),  # what the joints were measured to be off the model
        ("past", np.float64, (KEPT, 8)),  # q of the latest ticks, newest first
    ]
)


class Servo:
    """The joints of n robots."""

    def __init__(self, n: int) -> None:
        self.joints = np.zeros(n, JOINTS)

    def place(self, rows: NDArray[np.int64], q: Vector, qd: Vector | None = None) -> None:
        """Measured to be at `q` (rows, 8), at rest or moving steadily by `qd` (rows, 8)."""
        speed = np.zeros_like(q) if qd is None else qd
        there = q + speed * (DELAY + SEEN)
        self.joints["q"][rows], self.joints["act"][rows] = there, there + LAG * speed
        self.joints["speed"][rows], self.joints["bias"][rows] = speed, 0.0
        back = DT * np.arange(KEPT)[:, None]
        self.joints["past"][rows] = there[..., None, :] - back * speed[..., None, :]

    def advance(self, now: Vector, sent: Vector, q: Vector, measured: Vector) -> None:
        """One tick on: speeds `sent` (n, 8) were sent at the last; `q` (n, 8) is of `measured`."""
        _advance(self.joints, now, sent, q, measured)


@compiled
def _advance(joints: Any, now: Vector, sent: Vector, q: Vector, measured: Vector) -> None:
    for i in range(len(now)):
        joint = joints[i]
        for m in range(KEPT - 1, 0, -1):
            for j in range(8):
                joint.past[m, j] = joint.past[m - 1, j]
        for j in range(8):
            # Where it is as of now + DELAY: the servo wanted ever more by `speed` for one tick.
            speed, fading = sent[i, j], exp(-DT / LAG[j])
            act = min(max(joint.act[j] + speed * DT, LOWER[j]), UPPER[j])
            speed = (act - joint.act[j]) / DT
            behind = joint.act[j] - joint.q[j]  # settles to lag * speed
            behind = LAG[j] * speed + (behind - LAG[j] * speed) * fading
            joint.act[j], joint.q[j], joint.speed[j] = act, act - behind, speed
            joint.past[0, j] = joint.q[j]
            # What was measured, against the model at that time.
            back = (now[i] + DELAY[j] - measured[i]) / DT
            m = min(max(int(back), 0), KEPT - 2)
            share = min(max(back - m, 0.0), 1.0)
            there = joint.past[m, j] + share * (joint.past[m + 1, j] - joint.past[m, j])
            joint.bias[j] += TRUST * (q[i, j] - there - joint.bias[j])
