"""The rewards that controllers are trained by (arXiv 2408.03906, table VII), over whole episodes.

Ranges and weights are the paper's. How a reward spends its range is mostly not given; what was
chosen here stands in RewardConfig and in each function's docstring. Arrays hold B episodes of T
ticks, of which those that are not `present` (after an episode's end) count for nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot.types import Vector
from skills.tennis.controller import Style

Flags = NDArray[np.bool_]

# The paper's weight of each reward, by name.
WEIGHTS = {
    "transitions": 1.0,
    "returned": 0.1,
    "jerk": 0.3,
    "acceleration": 0.3,
    "velocity": 0.4,
    "joint_angle": 1.0,
    "collision": 1.0,
    "paddle_height": 0.5,
    "style_pose": 1.0,
}
# The largest style reward; published as max(1 - distance, 0) and max(2 - distance, 0).
STYLE_BEST: dict[Style, float] = {"forehand": 1.0, "backhand": 2.0}
# [rad] of the last joint when the ball is hit, in topspin correction; published.
WRIST_AT_HIT: dict[Style, float] = {"forehand": -0.12, "backhand": 2.0}


@dataclass(frozen=True, eq=False)
class RewardConfig:
    """What the paper leaves open. Limits are the robot's own, as in its RobotSpec."""

    dt: float  # [s] a tick
    lower: Vector  # (8,) [m or rad]
    upper: Vector  # (8,) [m or rad]
    velocity: Vector  # (8,) [m/s or rad/s] at which the velocity reward is spent
    acceleration: Vector  # (8,) [m/s^2 or rad/s^2] likewise
    jerk: Vector  # (8,) [m/s^3 or rad/s^3] likewise
    pose: Vector  # (8,) [m or rad] the style's reference posture
    margin: float = 0.05  # share of a joint's range, at either end, that it should keep out of
    lowest: float = 0.05  # [m] of the paddle's centre above the table's top
    tolerance: float = 0.1  # [m] around a target within which a ball is on target; published
    reach: float = 1.0  # [m] beyond the tolerance at which the targeting reward is spent


@dataclass(frozen=True, eq=False)
class Episodes:
    """What happened in B episodes of at most T ticks. The frame is the table's, z from its top."""

    q: Vector  # (B, T, 8) [m or rad]
    qd: Vector  # (B, T, 8) [m/s or rad/s]
    present: Flags  # (B, T) True up to the episode's end
    hit: Flags  # (B,) the paddle touched the ball
    crossed: Flags  # (B,) after the hit the ball went over the net
    landed: Flags  # (B,) and then bounced first on the opponent's half
    landing: Vector  # (B, 2) [m] where; NaN if it did not land
    net_height: Vector  # (B,) [m] of the ball's centre over the net's plane; NaN if never there
    colliding: Flags  # (B, T) the robot touches itself or the table
    paddle_height: Vector  # (B, T) [m] of the paddle's centre over the table's top
    q_at_hit: Vector  # (B, 8) [m or rad]; NaN without a hit


def base(episodes: Episodes, style: Style, config: RewardConfig) -> dict[str, Vector]:
    """The paper's nine rewards (B,) by name, unweighted; see WEIGHTS."""
    qdd = np.diff(episodes.qd, axis=1) / config.dt
    qddd = np.diff(qdd, axis=1) / config.dt
    here = episodes.present
    return {
        "transitions": transitions(episodes),
        "returned": returned(episodes),
        "jerk": smoothness(qddd, config.jerk, here[:, 2:]),
        "acceleration": smoothness(qdd, config.acceleration, here[:, 1:]),
        "velocity": smoothness(episodes.qd, config.velocity, here),
        "joint_angle": joint_angle(episodes.q, here, config),
        "collision": ticks(episodes.colliding, here),
        "paddle_height": ticks(episodes.paddle_height < config.lowest, here),
        "style_pose": style_pose(episodes.q, here, style, config.pose),
    }


def total(rewards: dict[str, Vector]) -> Vector:
    """The sum (B,) of the paper's rewards, weighted."""
    return sum((WEIGHTS[name] * reward for name, reward in rewards.items()), start=np.zeros(()))


def transitions(episodes: Episodes) -> Vector:
    """In [0, 2]: how far the ball got.

    Chosen: a half for the hit, a half for crossing the net after it, 1 more for landing.
    """
    hit = episodes.hit
    crossed = hit & episodes.crossed
    got = 0.5 * hit + 0.5 * crossed + 1.0 * (crossed & episodes.landed)
    return np.asarray(got, np.float64)


def returned(episodes: Episodes) -> Vector:
    """0 or 1: hit, and landed on the opponent's half."""
    return (episodes.hit & episodes.crossed & episodes.landed).astype(np.float64)


def smoothness(values: Vector, limits: Vector, present: Flags) -> Vector:
    """In [0, 1]: 1 for a robot at rest, 0 where all joints reach their limits.

    Chosen: 1 minus the mean over the joints of the episode's peak of |values| (B, T, 8) against
    `limits` (8,), at most 1 each. The peak, because it is what makes a real robot stop.
    """
    size = np.where(present[..., None], np.abs(values), 0.0)
    peaks = size.max(axis=1, initial=0.0)
    return 1.0 - np.minimum(peaks / limits, 1.0).mean(axis=-1)


def joint_angle(q: Vector, present: Flags, config: RewardConfig) -> Vector:
    """In [0, 1]: 1 for an episode away from all joint limits, 0 for one at a limit throughout.

    Chosen: 1 minus the mean over ticks of how deep the worst joint is in its margin.
    """
    width = config.margin * (config.upper - config.lower)
    room = np.minimum(q - config.lower, config.upper - q)
    depth = np.clip(1.0 - room / width, 0.0, 1.0).max(axis=-1)
    return 1.0 - _mean(depth, present)


def ticks(bad: Flags, present: Flags) -> Vector:
    """In [-T, 0]: minus the number of ticks that are `bad` (B, T)."""
    return -1.0 * (bad & present).sum(axis=1)


def style_pose(q: Vector, present: Flags, style: Style, pose: Vector) -> Vector:
    """In [0, 1] for forehand, [0, 2] for backhand: how near the arm came to the style's posture."""
    apart = np.where(present, np.linalg.norm(q - pose, axis=-1), np.inf)
    return np.maximum(STYLE_BEST[style] - apart.min(axis=1, initial=np.inf), 0.0)


def net_height(episodes: Episodes) -> Vector:
    """In [-1.1, 1], for topspin correction: low over the net is good, not over it is bad.

    exp(-10 |z - .173|) for .173 <= z < .3, else -1.1; published. A ball of radius .02 m at
    z = .173 just clears the net. Without a hit, or over the net by no hit of ours, it is -1.1.
    """
    z = np.where(episodes.hit & episodes.crossed, episodes.net_height, np.nan)
    low = (z >= 0.173) & (z < 0.3)  # False for NaN
    return np.where(low, np.exp(-10 * np.abs(np.where(low, z, 0.173) - 0.173)), -1.1)


def wrist_at_hit(episodes: Episodes, style: Style) -> Vector:
    """In [0, 1], for topspin correction: max(1 - distance, 0) of the last joint; published."""
    distance = np.abs(episodes.q_at_hit[:, -1] - WRIST_AT_HIT[style])
    return np.maximum(1.0 - np.where(episodes.hit, distance, np.inf), 0.0)


def targeting(episodes: Episodes, target: Vector, config: RewardConfig) -> Vector:
    """In [0, 1]: 1 for a ball that lands within the tolerance of its `target` (B, 2) or (2,) [m].

    The tolerance is published. Chosen: beyond it the reward falls in proportion, to 0 at `reach`.
    """
    beyond = np.linalg.norm(episodes.landing - target, axis=-1) - config.tolerance
    there = returned(episodes) > 0
    return np.where(there, np.clip(1.0 - np.where(there, beyond, 0) / config.reach, 0.0, 1.0), 0.0)


def _mean(values: Vector, present: Flags) -> Vector:
    """Over the ticks (B, T) that are present; 0 where none is."""
    count = np.maximum(present.sum(axis=1), 1)
    return np.where(present, values, 0.0).sum(axis=1) / count
