"""What a learned controller sees: the ball where it can be met, and the joints when they obey.

The paper's controllers see where ball and joints are (arXiv 2408.03906). Both are late there, and
what matters is later still: so here is what the estimates make of them. The ball as it will pass
a plane behind the table's edge, and when; the joints as their servos will want to be when a command
that is sent now arrives. A stroke is a far simpler function of these.
"""

# pyright: reportArgumentType=false, reportIndexIssue=false
# (Numba takes tuples by their length.)

from typing import Any

import numpy as np

from robot.ball import Mask, Track, packed
from robot.compiled import compiled
from robot.flight import interception
from robot.tennis import EDGE
from robot.types import Vector
from skills.tennis.arena import Senses
from skills.tennis.joints import Servo

PLANE = EDGE - 0.2  # [m] y: near where strokes meet most balls
HORIZON = 1.5  # [s] that the ball is flown ahead
LOWEST = -0.8  # [m] z of a ball that comes down short; it may be off far below


class Observer:
    """n robots, each with a ball."""

    def __init__(self, track: Track, q: Vector, qd: Vector | None = None) -> None:
        """The joints are measured to be at `q` (n, 8), at rest or moving by `qd` (n, 8)."""
        n = len(q)
        self._track, self._servo = track, Servo(n)
        self._servo.place(np.arange(n), q, qd)
        self._bounced, self._rose = np.zeros(n, dtype=bool), np.zeros(n)

    def see(self, senses: Senses) -> Vector:
        """A timestep (n, 16) of what controllers see; to be called once a tick.

        Of the ball, as it passes PLANE: in how many seconds; where, x and z [m]; its velocity
        (3,) [m/s], and its spin about x and z [rad/s]: NaN while it is not known. Where the
        joints (8,) [m or rad] are wanted to be by then.
        """
        n = len(senses.q)
        self._servo.advance(np.full(n, senses.now), senses.sent, senses.q, senses.measured)
        seen, ball = np.empty((n, 16)), packed(senses.ahead, (n,))
        _see(self._track.record, ball, self._bounced, self._rose, self._servo.joints, seen)
        return seen


@compiled
def _see(k: Any, ball: Vector, bounced: Mask, rose: Vector, joints: Any, seen: Vector) -> None:
    for i in range(len(seen)):
        row = ball[i]
        if not row[4] < 0:  # none comes, or nothing is known of it
            bounced[i], rose[i] = False, 0.0
        if not np.isnan(row[0]):
            s = (row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8])
            if s[1] < 0 and rose[i] < 0 < s[5]:
                bounced[i] = True
            rose[i] = s[5]
            time, s = interception(k, s, PLANE, bounced[i], HORIZON)
            seen[i, 0], seen[i, 1], seen[i, 2] = time, s[0], max(s[2], LOWEST)
            seen[i, 3], seen[i, 4], seen[i, 5] = s[3], s[4], s[5]
            seen[i, 14], seen[i, 15] = s[6], s[8]
        else:
            seen[i, :6] = np.nan
            seen[i, 14:] = np.nan
        for j in range(8):
            seen[i, 6 + j] = joints[i].act[j] + joints[i].bias[j]
