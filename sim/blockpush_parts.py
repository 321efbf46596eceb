"""What both engines build the block push world from, fitted to the published demonstrations.

The demonstrations were made in PyBullet at 240 Hz. `tests/benchmark/blockpush_replay.py` replays
them; what it says of one step is what these constants were chosen by.
"""

from dataclasses import dataclass
from math import atan2, pi
from types import MappingProxyType

import numpy as np

from robot.camera import Pinhole
from robot.geometry import yaw_quaternion
from robot.pushing import BLOCK, BLOCKS, PUSHER, TARGETS, TOLERANCE, blocks_of, targets_of
from robot.table import COLORS
from robot.types import Vector, vector

MASS = 0.1  # [kg] of a block; the motion hardly depends on it
# Coulomb friction. No damping: friction alone stops a block within 2 mm, in the demonstrations
# within .3 mm. More friction than this on the table, and blocks begin to tip.
TABLE_FRICTION = 0.7
# In the demonstrations the effector does not slip along a block, even 40 degrees off the normal.
EFFECTOR_FRICTION = 1.0

EFFORT = 60.0  # [N] of an axis
MOVING_MASS = 1.0  # [kg] that an axis is tuned for
SERVO = 0.005  # [s] time constant of an axis around its reference
# [s] by which an axis trails what it is told. In the demonstrations .099 of the last step is
# still to go at the end of it (regression over 89,656 steps; the rest is an offset of up to
# 1.4 mm, of their arm's inverse kinematics, which is not modelled).
LAG = 0.0099

# The arm of the demonstrations stands at the origin and turns its effector about itself as it
# swings: [rad] of that turn for each of the swing. It shows in what touches the effector, which
# is dragged along by .012 m/rad. Without it, errors after ten steps are twice as great.
SWING = 2.0
TIP = "tip_joint"
TIP_EFFORT = 1.0  # [N m]
TIP_INERTIA = 1e-4  # [kg m^2]

TABLE_HALF = (0.35, 0.6, 0.02)  # [m]
TABLE_CENTER = (0.425, 0.0, -0.02)  # [m]
TABLE_COLOR = (0.80, 0.72, 0.60)
DISC = 0.001  # [m] thickness of a target: a disc on the table that nothing touches
SIZES = MappingProxyType(
    {
        **dict.fromkeys(BLOCKS, vector([BLOCK] * 3)),
        **dict.fromkeys(TARGETS, vector([2 * TOLERANCE, 2 * TOLERANCE, DISC])),
    }
)
CAMERAS = MappingProxyType(
    {"scene": Pinhole.looking((0.98, -0.20, 0.66), (0.41, -0.08, 0.0), 42.0, 640, 480)}
)


@dataclass(frozen=True)
class Start:
    """Where everything is when an episode begins."""

    frame: Vector  # (16,), see robot.pushing

    @property
    def poses(self) -> dict[str, tuple[Vector, Vector]]:
        """Position (3,) [m] and quaternion (4,) wxyz of every object."""
        heights = {**dict.fromkeys(BLOCKS, BLOCK / 2), **dict.fromkeys(TARGETS, DISC / 2)}
        rows = np.vstack([blocks_of(self.frame), targets_of(self.frame)])
        return {
            name: (np.array([x, y, heights[name]]), yaw_quaternion(yaw))
            for name, (x, y, yaw) in zip((*BLOCKS, *TARGETS), rows.tolist(), strict=True)
        }


def random_start(rng: np.random.Generator) -> Vector:
    """A first frame (16,), distributed as in the demonstrations; the effector is at home."""
    blocks = np.empty((2, 3))
    blocks[:, 1] = rng.uniform(-0.35, -0.05, 2)
    blocks[:, 2] = rng.uniform(1.0, pi, 2)
    blocks[:, 0] = rng.uniform(0.3, 0.5)
    while abs(blocks[1, 0] - blocks[0, 0]) <= 0.1:  # so far apart in x
        blocks[1, 0] = rng.uniform(0.3, 0.5)
    targets = np.empty((2, 3))
    targets[:, 0] = rng.permutation([0.28, 0.52]) + rng.uniform(-0.005, 0.005, 2)
    targets[:, 1] = rng.uniform(0.1925, 0.2075, 2)
    targets[:, 2] = rng.uniform(-pi / 30, pi / 30, 2) % pi
    return np.concatenate([blocks.ravel(), PUSHER.home, PUSHER.home, targets.ravel()])


def tip(q: Vector, qd: Vector) -> tuple[float, float]:
    """Angle [rad] and rate [rad/s] of the effector about itself, at `q` [m] and `qd` [m/s]."""
    (x, y), (u, v) = q.tolist(), qd.tolist()
    return SWING * atan2(y, x), SWING * (x * v - y * u) / (x * x + y * y)


def color_of(name: str) -> tuple[float, float, float]:
    return COLORS[name.split(maxsplit=1)[0]]
