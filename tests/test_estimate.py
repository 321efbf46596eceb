"""The Estimator: age by the local clock, nothing unsound, the latest fix of every object."""

from dataclasses import replace
from math import inf, nan
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from robot.estimate import Estimator
from robot.types import Fix, Observation, Reference, vector

SPEC: Any = SimpleNamespace(joints=("a", "b"), timeout=0.1)
REFERENCE = Reference(vector([0, 0]), vector([0, 0]), vector([0, 0]))


def observation(seq=1, q=(1.0, 2.0), qd=(3.0, 4.0), time=1.0, received=None, **fixes):
    received = time if received is None else received
    return Observation(time, received, seq, vector(q), vector(qd), fixes)


def fix(time, x=0.0):
    return Fix(time, vector([x, 0, 0]), vector([1, 0, 0, 0]), vector([0.04] * 3))


def estimate(*observations, now=1.0):
    estimator = Estimator(SPEC)
    for obs in observations:
        state = estimator.update(obs, now, REFERENCE)
    return state


def test_the_state_is_the_newest_observation_and_its_age_by_the_local_clock():
    obs = observation(time=3600.0, received=5.0)
    state = estimate(obs, now=5.02)
    assert (state.time, state.seq) == (5.02, 1)
    assert state.age == pytest.approx(0.02)
    assert state.q is obs.q and state.qd is obs.qd and state.reference is REFERENCE


@pytest.mark.parametrize("seq", [5, 4, -1])
def test_what_is_repeated_or_out_of_order_is_dropped(seq):
    state = estimate(
        observation(5), observation(seq, (9, 9), received=1.01, block=fix(1)), now=1.02
    )
    assert (state.seq, state.q.tolist(), state.objects) == (5, [1, 2], {})
    assert state.age == pytest.approx(0.02)


@pytest.mark.parametrize(
    "change",
    [{"q": (nan, 0)}, {"qd": (0, inf)}, {"q": (0, 0, 0)}, {"qd": ()}],
)
def test_what_is_not_sound_is_dropped_and_age_grows(change):
    bad = observation(2, received=1.05, **change)
    state = estimate(observation(1), bad, now=1.06)
    assert (state.seq, state.q.tolist(), state.qd.tolist()) == (1, [1, 2], [3, 4])
    assert state.age == pytest.approx(0.06)
    assert estimate(observation(1), bad, observation(2, (8, 8))).q.tolist() == [8, 8]


def test_nothing_is_known_before_the_first_sound_observation():
    state = estimate(observation(q=(nan, nan)))
    assert np.isnan(state.q).all() and np.isnan(state.qd).all()
    assert (state.age, state.seq, state.objects) == (inf, -1, {})
    with pytest.raises(ValueError, match="read-only"):
        state.q[0] = 0


def test_a_robot_that_counts_anew_after_a_silence_is_heard():
    estimator = Estimator(SPEC)
    estimator.update(observation(900), 1.0, REFERENCE)
    again = observation(0, (8, 8), received=1.05)
    assert estimator.update(again, 1.06, REFERENCE).seq == 900
    assert estimator.update(replace(again, received=1.0), 1.2, REFERENCE).seq == 900
    assert estimator.update(replace(again, received=1.15), 1.2, REFERENCE).seq == 0


def test_the_latest_fix_of_every_object_is_kept():
    estimator = Estimator(SPEC)
    first = estimator.update(observation(1, block=fix(0.9, 1)), 1.0, REFERENCE)
    second = estimator.update(observation(2, bowl=fix(0.5, 2)), 1.0, REFERENCE)
    assert list(first.objects) == ["block"] and set(second.objects) == {"block", "bowl"}
    old = observation(3, block=fix(0.9, 3), bowl=fix(0.4, 3))
    assert estimator.update(old, 1.0, REFERENCE).objects is second.objects
    assert estimator.update(observation(4), 1.0, REFERENCE).objects is second.objects
    third = estimator.update(observation(5, block=fix(0.95, 5)), 1.0, REFERENCE)
    assert {name: f.position[0] for name, f in third.objects.items()} == {"block": 5, "bowl": 2}


def test_what_is_gone_is_forgotten_until_it_is_seen_again():
    estimator = Estimator(SPEC)
    first = estimator.update(observation(1, block=fix(0.9), bowl=fix(0.9)), 1.0, REFERENCE)
    gone = replace(observation(2), gone=frozenset({"block"}))
    assert set(estimator.update(gone, 1.0, REFERENCE).objects) == {"bowl"}
    assert set(first.objects) == {"block", "bowl"}  # states that were handed out keep theirs
    again = estimator.update(observation(3, block=fix(1.0)), 1.0, REFERENCE)
    assert set(again.objects) == {"block", "bowl"}


@pytest.mark.parametrize("change", [
    {"time": nan}, {"time": 1.2}, {"position": vector([nan] * 3)},
    {"quaternion": vector([inf] * 4)}, {"size": vector([nan] * 3)},
])  # fmt: skip
def test_a_fix_that_is_not_sound_is_not_kept(change):
    bad = replace(fix(1.0, 9), **cast(Any, change))
    state = estimate(observation(1, block=fix(0.9), bowl=bad), observation(2, block=bad))
    assert {name: f.position[0] for name, f in state.objects.items()} == {"block": 0}
