"""PushT: a round agent pushes a flat T to where it shall lie (Florence et al., 2021, made known
by Diffusion Policy, arXiv 2303.04137). The world of gym-pusht, in metres: one pixel is 1 mm.

The world is a square in the x, y plane with its origin in a corner; in pictures x points right
and y down. A pose is x [m], y [m], angle [rad] from x towards y, of the middle of the outer edge
of the T's bar, which is the origin of the T's own frame; the T's stem points along its own y axis.
"""

from collections.abc import Sequence
from math import cos, hypot, isfinite, pi, sin
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from robot.geometry import yaw_of, yaw_quaternion
from robot.types import Fix, RobotSpec, State, Vector, vector

PIXEL = 1000.0  # pixels a metre, where data and gym-pusht count in pixels
SIDE = 0.512  # [m] edge of the world

# The T's rectangles in its own frame: left, right, low, high [m].
Rectangle = tuple[float, float, float, float]
BAR: Rectangle = (-0.06, 0.06, 0.0, 0.03)
STEM: Rectangle = (-0.015, 0.015, 0.03, 0.12)
TEE = (BAR, STEM)
AREA = sum((right - left) * (high - low) for left, right, low, high in TEE)  # [m^2]
MIDDLE = vector([0.0, 0.06])  # of the T's bounding box, in its own frame [m]
SIZE = vector([0.12, 0.12, 0.0])  # of that box [m]

# Where the T shall lie: as published, and in the second set of demonstrations.
GOALS = MappingProxyType({"center": (0.256, 0.256, pi / 4), "corner": (0.356, 0.356, pi / 4)})
SUCCESS = 0.95  # coverage above which the task counts as done

# The limits hold all of 206 + 151 human demonstrations: the wanted positions, as backward
# differences at 10 Hz from rest, reach 2.11 m/s, 19.7 m/s^2 and 388 m/s^3 (the 206 alone: 1.35,
# 11.6 and 226). People jumped with the mouse; the agent itself follows softly.
PUSHT = RobotSpec(
    name="pusht",
    joints=("agent_x", "agent_y"),
    dt=0.1,
    lower=vector([0.0, 0.0]),
    upper=vector([SIDE, SIDE]),
    velocity=vector([2.2, 2.2]),
    acceleration=vector([20.0, 20.0]),
    jerk=vector([400.0, 400.0]),
    home=vector([0.256, 0.4]),
    groups={"agent": slice(0, 2)},
)

Point = tuple[float, float]


def coverage(pose: ArrayLike, goal: ArrayLike) -> float:
    """The share [0..1] of the T at `goal` (3,) that the T at `pose` (3,) covers. Exact."""
    (x, y, angle), (x_goal, y_goal, angle_goal) = _pose(pose), _pose(goal)
    c, s = cos(angle_goal), sin(angle_goal)  # from here on in the frame of the goal
    x, y = c * (x - x_goal) + s * (y - y_goal), c * (y - y_goal) - s * (x - x_goal)
    if hypot(x, y) > 2 * hypot(STEM[1], STEM[3]):
        return 0.0
    c, s = cos(angle - angle_goal), sin(angle - angle_goal)
    shared = 0.0
    for left, right, low, high in TEE:
        corners = ((left, low), (right, low), (right, high), (left, high))
        moved = [(x + c * u - s * v, y + s * u + c * v) for u, v in corners]
        shared += sum(_area(_within(moved, wanted)) for wanted in TEE)
    return min(1.0, shared / AREA)


def _pose(values: ArrayLike) -> tuple[float, float, float]:
    pose = np.asarray(values, dtype=np.float64)
    if pose.shape != (3,) or not all(map(isfinite, pose.tolist())):
        raise ValueError(f"a pose must be finite x [m], y [m] and angle [rad], not {values}")
    x, y, angle = pose.tolist()
    return x, y, angle


def _within(polygon: Sequence[Point], rectangle: Rectangle) -> Sequence[Point]:
    """The part of a convex polygon that lies in `rectangle`: cut along its sides, one by one."""
    left, right, low, high = rectangle
    for axis, sign, limit in ((0, 1.0, right), (0, -1.0, left), (1, 1.0, high), (1, -1.0, low)):
        kept: list[Point] = []
        inside = [sign * (limit - point[axis]) for point in polygon]  # [m], negative outside
        for i, b in enumerate(polygon):
            a, from_a, to_b = polygon[i - 1], inside[i - 1], inside[i]
            if (from_a < 0) != (to_b < 0):
                share = from_a / (from_a - to_b)
                kept.append((a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])))
            if to_b >= 0:
                kept.append(b)
        polygon = kept
    return polygon


def _area(polygon: Sequence[Point]) -> float:
    """[m^2] of a polygon (the shoelace formula)."""
    pairs = zip(polygon, (*polygon[1:], *polygon[:1]), strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


def fix_of(time: float, pose: ArrayLike) -> Fix:
    """The T at `pose` (3,), as a Fix: of the middle of its bounding box, as for any object."""
    x, y, angle = _pose(pose)
    offset_x, offset_y = _turned(angle)
    position = vector([x + offset_x, y + offset_y, 0.0])
    return Fix(time, position, vector(yaw_quaternion(angle)), SIZE)


def pose_of(fix: Fix) -> Vector:
    """The pose (3,) behind a Fix of the T; the angle in [0, 2 pi)."""
    angle = yaw_of(fix.quaternion)
    offset_x, offset_y = _turned(angle)
    x, y, _ = fix.position
    return np.array([x - offset_x, y - offset_y, angle % (2 * pi)])


def _turned(angle: float) -> Point:
    """From the T's origin to the middle of its box, in the world [m]."""
    u, v = MIDDLE.tolist()
    return cos(angle) * u - sin(angle) * v, sin(angle) * u + cos(angle) * v


def observation(state: State) -> Vector:
    """What the demonstrations hold (5,): agent x, y, T's x, y [px] and angle [0, 2 pi) [rad]."""
    if "T" not in state.objects:
        raise LookupError(f"no T has been seen, only {sorted(state.objects)}")
    pose = pose_of(state.objects["T"])
    return np.concatenate([state.q * PIXEL, pose[:2] * PIXEL, pose[2:]])


def target(action: ArrayLike) -> Vector:
    """A Command's target (2,) [m] from an action (2,) [px]: where the agent is wanted."""
    return vector(np.asarray(action, dtype=np.float64) / PIXEL)  # whole pixels come back whole
