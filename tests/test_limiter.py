"""The limiter of many robots does what the Supervisor does to each."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.joint import Joint
from robot.limiter import Limiter
from robot.tennis import TENNIS


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.2, 1.0, 3.0]), st.sampled_from([0.5, 1.0]))
def test_it_is_the_arithmetic_of_the_joints(seed, size, share):
    rng = np.random.default_rng(seed)
    n, ticks = 3, 40
    spec = replace(
        TENNIS,
        velocity=share * TENNIS.velocity,
        acceleration=share * TENNIS.acceleration,
        jerk=share * TENNIS.jerk,
    )
    limiter = Limiter(spec, n)
    q = rng.uniform(TENNIS.lower, TENNIS.upper, (n, 8))
    joints = [[Joint(spec, j, True) for j in range(8)] for _ in range(n)]
    for i in range(n):
        for j in range(8):
            joints[i][j].place(q[i, j])
            joints[i][j].by_speed = True
    wish = np.zeros((n, 8))
    for _ in range(ticks):
        jump = rng.random((n, 8)) < 0.2
        wish = np.where(jump, rng.normal(0, size, (n, 8)) * TENNIS.velocity, wish)
        wish += rng.normal(0, 0.02, (n, 8)) * TENNIS.velocity
        speeds = limiter.limit(wish, q)
        for i in range(n):
            for j in range(8):
                joints[i][j].follow(float(wish[i, j]), float(q[i, j]))
                assert abs(speeds[i, j] - joints[i][j].target) < 1e-12
        q = np.clip(q + speeds * TENNIS.dt, TENNIS.lower, TENNIS.upper)
