"""The rewards: their ranges whatever happens, and their values where they are known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.types import vector
from skills.tennis import rewards
from skills.tennis.rewards import WEIGHTS, Episodes, RewardConfig

B, T, DT = 3, 12, 0.02
CONFIG = RewardConfig(
    dt=DT,
    lower=vector(np.full(8, -1.0)),
    upper=vector(np.full(8, 1.0)),
    velocity=vector(np.full(8, 4.0)),
    acceleration=vector(np.full(8, 50.0)),
    jerk=vector(np.full(8, 2000.0)),
    pose=vector(np.zeros(8)),
)
NAN = np.nan


def still(b=B, t=T, **changes) -> Episodes:
    """Episodes in which nothing moves, nothing is wrong and no ball is hit."""
    facts = {
        "q": np.zeros((b, t, 8)),
        "qd": np.zeros((b, t, 8)),
        "present": np.ones((b, t), bool),
        "hit": np.zeros(b, bool),
        "crossed": np.zeros(b, bool),
        "landed": np.zeros(b, bool),
        "landing": np.full((b, 2), NAN),
        "net_height": np.full(b, NAN),
        "colliding": np.zeros((b, t), bool),
        "paddle_height": np.full((b, t), 0.3),
        "q_at_hit": np.full((b, 8), NAN),
    }
    return Episodes(**{**facts, **changes})


def whatever(seed: int) -> Episodes:
    """Episodes of all kinds, of any sizes and lengths."""
    rng = np.random.default_rng(seed)
    b, t = rng.integers(1, 5), rng.integers(1, 15)
    scale = 10 ** rng.uniform(-3, 3)
    hit = rng.random(b) < 0.7
    crossed = hit & (rng.random(b) < 0.7)
    landed = crossed & (rng.random(b) < 0.7)
    return Episodes(
        q=scale * rng.normal(size=(b, t, 8)),
        qd=scale * rng.normal(size=(b, t, 8)),
        present=np.arange(t) < rng.integers(1, t + 1, (b, 1)),
        hit=hit,
        crossed=crossed,
        landed=landed,
        landing=np.where(landed[:, None], rng.normal(size=(b, 2)), NAN),
        net_height=np.where(crossed, rng.uniform(0, 0.5, b), NAN),
        colliding=rng.random((b, t)) < 0.3,
        paddle_height=rng.normal(size=(b, t)),
        q_at_hit=np.where(hit[:, None], rng.normal(size=(b, 8)), NAN),
    )


@given(seed=st.integers(0, 10**6), style=st.sampled_from(["forehand", "backhand"]))
@settings(max_examples=100, deadline=None)
def test_ranges_are_the_papers(seed, style):
    episodes = whatever(seed)
    lengths = episodes.present.sum(1)
    found = rewards.base(episodes, style, CONFIG)
    assert found.keys() == WEIGHTS.keys()
    low = {"collision": -lengths, "paddle_height": -lengths}
    high = {"transitions": 2, "collision": 0, "paddle_height": 0}
    high["style_pose"] = 1 if style == "forehand" else 2
    for name, reward in found.items():
        assert reward.shape == lengths.shape
        assert (low.get(name, 0) <= reward).all() and (reward <= high.get(name, 1)).all(), name
    best = 5.1 if style == "forehand" else 6.1  # the table's "total"
    assert (rewards.total(found) <= best + 1e-9).all()
    extra = rewards.net_height(episodes)
    assert ((extra == -1.1) | ((extra > 0) & (extra <= 1))).all()
    for reward in (
        rewards.wrist_at_hit(episodes, style),
        rewards.targeting(episodes, vector([0.3, 0.8]), CONFIG),
    ):
        assert ((reward >= 0) & (reward <= 1)).all()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_what_comes_after_the_end_counts_for_nothing(seed):
    episodes = whatever(seed)
    rng, gone = np.random.default_rng(seed + 1), ~episodes.present
    changed = replace(
        episodes,
        q=np.where(gone[..., None], rng.normal(size=episodes.q.shape), episodes.q),
        qd=np.where(gone[..., None], rng.normal(size=episodes.q.shape), episodes.qd),
        colliding=np.where(gone, ~episodes.colliding, episodes.colliding),
        paddle_height=np.where(gone, -1.0, episodes.paddle_height),
    )
    one, other = (rewards.base(e, "forehand", CONFIG) for e in (episodes, changed))
    for name, reward in one.items():
        np.testing.assert_array_equal(reward, other[name], err_msg=name)


@pytest.mark.parametrize(("style", "best"), [("forehand", 5.1), ("backhand", 6.1)])
def test_the_best_episode_earns_the_papers_total(style, best):
    yes = np.ones(B, bool)
    done = still(hit=yes, crossed=yes, landed=yes)
    assert rewards.total(rewards.base(done, style, CONFIG)) == pytest.approx(best)


def test_the_ball_earns_as_far_as_it_gets():
    def got(hit, crossed, landed):
        flags = [np.array([flag]) for flag in (hit, crossed, landed)]
        episodes = still(1, hit=flags[0], crossed=flags[1], landed=flags[2])
        found = rewards.base(episodes, "forehand", CONFIG)
        return found["transitions"][0], found["returned"][0]

    assert got(False, False, False) == (0, 0)
    assert got(True, False, False) == (0.5, 0)
    assert got(True, True, False) == (1, 0)
    assert got(True, True, True) == (2, 1)
    assert got(False, True, True) == (0, 0)  # the opponent's ball, coming back off the net


def test_motion_is_judged_by_its_peak_against_the_limits():
    qd = np.zeros((2, T, 8))
    qd[0, 5:, 0] = 2.0  # half of the limit; 100 of acceleration, which is beyond its limit
    qd[1, :, :] = -8.0  # twice the limit, and no acceleration
    found = rewards.base(still(2, qd=qd), "forehand", CONFIG)
    np.testing.assert_allclose(found["velocity"], [1 - 0.5 / 8, 0])
    np.testing.assert_allclose(found["acceleration"], [1 - 1 / 8, 1])
    np.testing.assert_allclose(found["jerk"], [1 - 1 / 8, 1])
    ramp = np.arange(T)[None, :, None] * DT * np.full(8, 25.0)  # half of the acceleration limit
    found = rewards.base(still(1, qd=ramp), "forehand", CONFIG)
    np.testing.assert_allclose(found["acceleration"], 0.5)
    np.testing.assert_allclose(found["jerk"], 1, atol=1e-9)


def test_joints_shall_keep_out_of_their_margins():
    q = np.zeros((4, T, 8))
    q[1, :, 3] = 0.9  # the margin begins: 5 % of 2 rad
    q[2, :, 3] = -0.95  # half way in
    q[3, : T // 2, 3] = 1.2  # beyond, half of the time
    found = rewards.joint_angle(q, np.ones((4, T), bool), CONFIG)
    np.testing.assert_allclose(found, [1, 1, 0.5, 0.5], atol=1e-12)


def test_each_bad_tick_costs_one():
    colliding = np.zeros((B, T), bool)
    colliding[1, :3] = True
    low = np.full((B, T), 0.3)
    low[2, 4:8] = 0.04
    found = rewards.base(still(colliding=colliding, paddle_height=low), "forehand", CONFIG)
    assert found["collision"].tolist() == [0, -3, 0]
    assert found["paddle_height"].tolist() == [0, 0, -4]


def test_the_style_is_how_near_the_arm_came_to_its_pose():
    q = np.zeros((2, T, 8))
    q[:, :, 0] = 3.0
    q[0, 6, 0] = 0.4
    present = np.ones((2, T), bool)
    found = rewards.style_pose(q, present, "forehand", CONFIG.pose)
    np.testing.assert_allclose(found, [0.6, 0])
    found = rewards.style_pose(q, present, "backhand", CONFIG.pose)
    np.testing.assert_allclose(found, [1.6, 0])


def test_over_the_net_lower_is_better():
    heights = np.array([0.172, 0.173, 0.2, 0.2999, 0.3, NAN, 0.2])
    hit = np.array([True] * 6 + [False])
    crossed = np.ones(7, bool)
    found = rewards.net_height(still(7, hit=hit, crossed=crossed, net_height=heights))
    expected = [-1.1, 1, np.exp(-0.27), np.exp(-1.269), -1.1, -1.1, -1.1]
    np.testing.assert_allclose(found, expected)


def test_the_wrist_at_the_hit():
    q_at_hit = np.zeros((3, 8))
    q_at_hit[:, -1] = [-0.12, 0.38, 2.0]
    episodes = still(3, hit=np.array([True, True, True]), q_at_hit=q_at_hit)
    np.testing.assert_allclose(rewards.wrist_at_hit(episodes, "forehand"), [1, 0.5, 0])
    np.testing.assert_allclose(rewards.wrist_at_hit(episodes, "backhand"), [0, 0, 1])
    assert (rewards.wrist_at_hit(still(), "forehand") == 0).all()


def test_a_target_has_a_tolerance_of_10_cm():
    yes = np.ones(4, bool)
    landed = np.array([True, True, True, False])
    landing = np.array([[0.1, 1.0], [0.6, 1.0], [0.0, 2.3], [NAN, NAN]])
    episodes = still(4, hit=yes, crossed=yes, landed=landed, landing=landing)
    found = rewards.targeting(episodes, vector([0.0, 1.0]), CONFIG)
    np.testing.assert_allclose(found, [1, 0.5, 0, 0], atol=1e-12)
    each = rewards.targeting(episodes, vector(np.nan_to_num(landing)), CONFIG)
    np.testing.assert_allclose(each, [1, 1, 1, 0])
