"""The coach for experiments: what it says, when, and how often it errs."""

import numpy as np
from test_chores import fix

from planners.coaching.behavior import Behavior
from planners.coaching.coach import Coach, CoachConfig, acceptable
from planners.selector.samples import key_of, keys
from robot.chores import Chore

CHORE = Chore("sort", (("red block", "blue bowl"), ("green block", "blue bowl")))


def things():
    return {
        "red block": fix("block", 0.15, -0.55),
        "green block": fix("block", -0.15, -0.6),
        "yellow block": fix("block", -0.2, -0.3),
        "blue bowl": fix("bowl", 0.0, -0.4),
    }


def test_any_order_is_acceptable_where_there_is_none():
    right = {(b.name, b.thing) for b in acceptable(CHORE, things(), None)}
    assert right == {("pick", "red block"), ("pick", "green block")}
    assert acceptable(CHORE, things(), "yellow block") == [Behavior("drop")]


def watched(begun, seed=0, config=None, until=4.0):
    coach = Coach(CHORE, np.random.default_rng(seed), config)
    for now in np.arange(0, until, 0.02):
        coach.watch(float(now), things(), None, begun, True)
    return coach.said


def test_the_coach_is_late_and_says_what_is_right():
    assert not watched([Behavior("pick", "red block")])
    said = [watched([Behavior("pick", "yellow block")], seed) for seed in range(60)]
    assert all(len(each) == 1 for each in said)
    times = [each[0][0] for each in said]
    assert min(times) >= 0.5 and max(times) <= 1.53
    right = [("red" in text) or ("green" in text) for ((_, text),) in said]
    assert 0.8 < np.mean(right) <= 1.0


def test_the_coach_errs_as_often_as_it_is_told_to():
    always = CoachConfig(wrong=1.0)
    taught = keys()
    right = {key_of(b) for b in acceptable(CHORE, things(), None)}
    for seed in range(10):
        ((_, text),) = watched([Behavior("pick", "yellow block")], seed, always)
        assert taught[text] not in right


def test_the_coach_speaks_though_the_mistake_is_made_again_and_again():
    coach, begun = Coach(CHORE, np.random.default_rng(0)), []
    for now in np.arange(0, 4, 0.02):
        begun.append(Behavior("pick", "yellow block"))
        coach.watch(float(now), things(), None, begun, True)
    assert len(coach.said) >= 2


def test_the_coach_says_no_more_than_it_may():
    coach = Coach(CHORE, np.random.default_rng(0), CoachConfig(late=(0.0, 0.0)))
    begun = []
    for number in range(12):
        begun.append(Behavior("pick", "yellow block"))
        for step in range(3):
            coach.watch(number + step * 0.1, things(), None, begun, True)
    assert len(coach.said) == 5
