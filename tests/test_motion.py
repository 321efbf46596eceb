"""Motion to targets that change: within limits, continuous, and it arrives."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from robot.pushing import PUSHER
from robot.pusht import PUSHT
from robot.safety import Supervisor
from robot.specs import UR5E
from robot.types import Command, JointMode, Reference, State, vector
from skills.motion import SHARE, Motion, Stream

ZERO = vector(np.zeros(7))


def started(q):
    motion = Motion(UR5E)
    motion.sync(Reference(vector(q), ZERO, ZERO))
    return motion


def differences(path, dt=UR5E.dt):
    """Velocity, acceleration and jerk between the positions of a path."""
    q = np.array(path)
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


# --- a stream of wishes ---------------------------------------------------------------------------


def streamed(spec, wishes, start=None):
    """The stream and its path, which began at rest; the Supervisor passes every step of it."""
    stream, supervisor = Stream(spec), Supervisor(spec)
    q = np.array(spec.home if start is None else start)
    supervisor.reset(q)
    path, modes = [q, q, q], (JointMode.POSITION,) * len(q)
    for tick, wish in enumerate(wishes):
        still = vector(np.zeros(len(q)))
        state = State(tick * spec.dt, 0.0, tick, vector(q), still, supervisor.reference)
        q = stream.toward(wish, state)
        verdict = supervisor.filter(state, Command(state.time, tick, 1, q, modes, spec.timeout))
        assert verdict.reasons == () and (verdict.command.target == q).all()
        path.append(q)
    return stream, np.array(path)


def assert_within_limits(spec, path):
    limits = (spec.velocity, spec.acceleration, spec.jerk)
    for values, limit in zip(differences(path, spec.dt), limits, strict=True):
        assert (np.abs(values) <= SHARE * limit * (1 + 1e-6)).all()
    beyond = np.maximum(spec.lower - path, path - spec.upper)
    assert (beyond <= near(spec)).all()


def near(spec):
    """What counts as there (n,): a thousandth of what the jerk makes of one tick."""
    return spec.jerk * spec.dt**3 / 1000


SPECS = (PUSHT, PUSHER, UR5E)
EITHER = st.sampled_from(SPECS)


@settings(max_examples=60, deadline=None)
@given(EITHER, st.integers(0, 2**32 - 1))
def test_any_stream_of_wishes_leads_to_a_motion_within_the_limits(spec, seed):
    """Wishes that jump, creep, rest, and lie beyond where the robot can go."""
    rng = np.random.default_rng(seed)
    n, size = len(spec.joints), spec.upper - spec.lower
    wish, wishes = np.array(spec.home), []
    for _ in range(8):
        scale = rng.choice([1.0, 0.1, 1e-2, 1e-4, 0.0], size=n)
        anywhere = spec.lower + size * rng.uniform(-0.2, 1.2, n)
        for _ in range(int(rng.integers(1, 12))):
            wish = wish + scale * size * rng.normal(size=n) if rng.random() < 0.7 else anywhere
            wishes.append(wish)
    _, path = streamed(spec, wishes)
    assert_within_limits(spec, path)


@settings(max_examples=40, deadline=None)
@given(EITHER, st.integers(0, 2**32 - 1))
def test_a_wish_that_stays_is_reached_soon_and_not_run_past(spec, seed):
    rng = np.random.default_rng(seed)
    start, wish = (rng.uniform(spec.lower, spec.upper) for _ in range(2))
    way, v, a, j = (
        np.abs(wish - start),
        *(SHARE * limit for limit in (spec.velocity, spec.acceleration, spec.jerk)),
    )
    # No motion within the limits is quicker than one at full speed, or than one at full
    # acceleration half the way and back; it has time for a speed-up and a slow-down besides.
    least = np.max([way / v, 2 * np.sqrt(way / a)])
    most = float((way / v + 2 * v / a + 4 * a / j).max()) + 6 * spec.dt
    _, path = streamed(spec, [wish] * round(most / spec.dt), start)
    assert path[-1] == pytest.approx(wish, abs=1e-9)
    there = np.abs(path - wish).max(axis=1) < 1e-6
    assert np.argmax(there) * spec.dt >= least
    past = np.sign(wish - start) * (path - wish)
    assert (past <= near(spec)).all()


@settings(max_examples=20, deadline=None)
@given(EITHER, st.integers(0, 2**32 - 1))
def test_what_is_within_the_limits_passes_unchanged(spec, seed):
    """A motion that came out of one stream comes out of the next as it was."""
    rng = np.random.default_rng(seed)
    wishes = np.repeat(rng.uniform(spec.lower, spec.upper, (6, len(spec.joints))), 15, axis=0)
    _, path = streamed(spec, wishes)
    stream, again = streamed(spec, path[3:])
    assert stream.limited == 0 and (again == path).all()


def test_a_stream_goes_on_from_what_was_really_sent():
    stream, spec = Stream(PUSHT), PUSHT
    still = vector([0.0, 0.0])

    def toward(wish, q):
        state = State(0.0, 0.0, 0, q, still, Reference(q, still, still))
        return stream.toward(np.array(wish), state)

    toward([0.3, 0.3], vector([0.29, 0.29]))
    elsewhere = vector([0.1, 0.1])  # something else moved the robot meanwhile
    step = toward([0.5, 0.5], elsewhere) - elsewhere
    assert (step > 0).all() and (step <= SHARE * spec.jerk * spec.dt**3 * (1 + 1e-6)).all()
    assert stream.limited == 1
