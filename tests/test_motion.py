"""Motion to targets that change: within limits, continuous, and it arrives."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from robot.specs import UR5E
from robot.types import Reference, vector
from skills.motion import Motion

ZERO = vector(np.zeros(7))


def started(q):
    motion = Motion(UR5E)
    motion.sync(Reference(vector(q), ZERO, ZERO))
    return motion


def differences(path):
    q, dt = np.array(path), UR5E.dt
    v = np.diff(q, axis=0) / dt
    a = np.diff(v, axis=0) / dt
    return v, a, np.diff(a, axis=0) / dt


LIMITS = (UR5E.velocity, UR5E.acceleration, UR5E.jerk)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
@example(123360480)  # where Ruckig fails to have all joints arrive together
def test_any_targets_at_any_time(seed):
    """Targets far, near, equal, and off by rounding; stops in between."""
    rng = np.random.default_rng(seed)
    q = rng.uniform(-1, 1, 7) + UR5E.home
    motion, path = started(q), [q, q, q]
    for _ in range(6):
        scale = rng.choice([1.0, 0.1, 1e-3, 1e-8, 1e-12, 0.0], size=7)
        target = path[-1] + scale * rng.normal(size=7)
        for _ in range(int(rng.integers(1, 60))):
            step = motion.stop() if rng.random() < 0.02 else motion.toward(target)
            path.append(np.array(step))
    for _ in range(8000):
        path.append(np.array(motion.toward(target)))
        if motion.arrived:
            break
    assert path[-1] == pytest.approx(target, abs=1e-8)
    for values, limit in zip(differences(path), LIMITS, strict=True):
        assert (np.abs(values) <= limit * (1 + 1e-6)).all()


def test_from_rest_it_is_straight():
    target = UR5E.home + np.array([0.3, -0.2, 0.5, 0.1, 0.0, 1.0, -0.02])
    motion, path = started(UR5E.home), []
    while not motion.arrived:
        path.append(motion.toward(target))
    way = (np.array(path) - UR5E.home)[:, [0, 1, 2, 3, 5, 6]]
    share = way / (target - UR5E.home)[[0, 1, 2, 3, 5, 6]]
    assert np.ptp(share, axis=1).max() < 1e-6


def test_it_continues_from_what_was_really_sent():
    motion = started(UR5E.home)
    target = UR5E.home + 0.5
    path = [motion.toward(target) for _ in range(20)]
    v, a, _ = differences(path)
    held = Reference(vector(path[-1] - 0.001), vector(v[-1]), vector(a[-1]))
    motion.sync(held)  # the Supervisor let it go less far
    assert np.abs(motion.toward(target) - held.q).max() < np.abs(v[-1]).max() * UR5E.dt * 1.5


def test_stopping_takes_as_long_as_the_limits_ask():
    motion = started(UR5E.home)
    far = UR5E.home + np.array([3.0, 0, 0, 0, 0, 0, 0])
    path = [motion.toward(far) for _ in range(80)]
    speed = (path[-1] - path[-2])[0] / UR5E.dt
    count = 0
    while not motion.arrived or count == 0:
        path.append(motion.stop())
        count += 1
    a, j = 0.98 * UR5E.acceleration[0], 0.98 * UR5E.jerk[0]
    assert count * UR5E.dt == pytest.approx(speed / a + a / j, abs=0.05)
