"""The gradient bandit, the five heuristics, and what is known of an opponent."""

import json
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planners.tennis.preferences import BanditConfig, Preferences
from planners.tennis.strategy import Opponent, StrategyConfig, expected, shortlist

CONFIG = StrategyConfig()
NAMES = ("a", "b", "c", "d")


# --- the bandit ---


def value(h, r, q):
    """Expected reward of a softmax policy."""
    logits = np.array(h) + np.array(r)
    p = np.exp(logits) / np.exp(logits).sum()
    return p @ q


def test_one_step_is_the_books_formula():
    found = Preferences(NAMES, BanditConfig(step=0.5))
    r = {"a": 1.0, "c": 0.0}
    p = np.exp(1) / (np.exp(1) + 1)
    found.learn("a", r, 1.0)  # the first reward is the mean: nothing is surprising
    assert found.h == dict.fromkeys(NAMES, 0.0) and found.mean == 1.0
    found.learn("a", r, 0.0)
    assert found.mean == 0.5
    gain = 0.5 * (0.0 - 0.5)
    assert found.h["a"] == pytest.approx(gain * (1 - p))
    assert found.h["c"] == pytest.approx(gain * (0 - (1 - p)))
    assert found.h["b"] == found.h["d"] == 0.0


@given(
    st.lists(st.floats(-2, 2), min_size=4, max_size=4),
    st.lists(st.floats(-2, 2), min_size=4, max_size=4),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
def test_on_average_it_steps_up_the_gradient_of_the_expected_reward(h, r, q):
    expected_step, before = np.zeros(4), dict(zip(NAMES, h, strict=True))
    shown = dict(zip(NAMES, r, strict=True))
    for i, name in enumerate(NAMES):
        found = Preferences(NAMES, BanditConfig(step=1.0))
        found.h.update(before)
        found.mean, found.count = 0.4, 10**12  # a baseline that one reward does not move
        p = found.probabilities(shown)[i]
        found.learn(name, shown, q[i])
        expected_step += p * (np.array(list(found.h.values())) - h)
    slope = [
        (value(np.array(h) + d, r, q) - value(np.array(h) - d, r, q)) / 2e-5
        for d in 1e-5 * np.eye(4)
    ]
    assert expected_step == pytest.approx(slope, abs=1e-7)


@given(st.permutations(NAMES), st.integers(1, 4), st.integers(-3, 3))
def test_preferences_move_among_those_considered_and_their_sum_stays(order, count, reward):
    found = Preferences(NAMES)
    shown = {name: 0.3 * i for i, name in enumerate(order[:count])}
    found.learn(order[0], shown, 0.0)
    found.learn(order[0], shown, reward)
    assert sum(found.h.values()) == pytest.approx(0.0, abs=1e-12)
    assert all(found.h[name] == 0.0 for name in order[count:])
    assert np.sign(found.h[order[0]]) == (np.sign(reward) if count > 1 else 0)


def test_it_comes_to_play_what_wins():
    shares = []
    for seed in range(12):
        rng, found, drawn = np.random.default_rng(seed), Preferences(NAMES), []
        for _ in range(1200):
            name = found.draw(dict.fromkeys(NAMES, 0.0), rng)
            drawn.append(name)
            reward = float(rng.random() < {"a": 0.2, "b": 0.4, "c": 0.5, "d": 0.8}[name])
            found.learn(name, dict.fromkeys(NAMES, 0.0), reward)
        shares.append(np.mean([name == "d" for name in drawn[800:]]))
    assert np.mean(shares) > 0.75  # at random: .25


def test_what_is_expected_counts_as_much_as_what_was_learned():
    found = Preferences(NAMES)
    found.h["b"] = 0.7
    p = found.probabilities({"a": 0.7, "b": 0.0, "c": 0.0})
    assert p[0] == p[1] and p[0] / p[2] == pytest.approx(np.exp(0.7))
    huge = found.probabilities({"a": 1e4, "b": -1e4})
    assert huge.tolist() == [1.0, 0.0]
    with pytest.raises(ValueError, match="the shortlist is empty"):
        found.probabilities({})


def test_preferences_go_on_from_a_file(tmp_path):
    path = tmp_path / "them.json"
    one = Preferences(NAMES)
    one.learn("a", {"a": 0.0, "b": 0.0}, 0.0)
    one.learn("a", {"a": 0.0, "b": 0.0}, 1.0)
    one.save(path)
    again = Preferences(("a", "b", "new"))
    again.load(path)
    assert again.h == {"a": one.h["a"], "b": one.h["b"], "new": 0.0}
    assert (again.mean, again.count) == (one.mean, one.count)
    again.learn("a", {"a": 0.0, "b": 0.0}, 1.0)
    one.learn("a", {"a": 0.0, "b": 0.0}, 1.0)
    assert again.h["a"] == one.h["a"]
    assert list(tmp_path.iterdir()) == [path]


SOUND = {"h": {"a": 0.5}, "mean": 0.2, "count": 3}


@pytest.mark.parametrize(
    "text",
    [
        "", "no json", "[]", "null", json.dumps(SOUND)[:-4],
        json.dumps({**SOUND, "h": [1]}), json.dumps({**SOUND, "h": {"a": "x"}}),
        json.dumps({**SOUND, "h": {"a": float("nan")}}), json.dumps({**SOUND, "mean": 1e999}),
        json.dumps({**SOUND, "count": -1}), json.dumps({"h": {}}),
    ],
)  # fmt: skip
def test_an_altered_file_is_refused_and_nothing_is_taken_from_it(tmp_path, text):
    path = tmp_path / "them.json"
    path.write_text(text)
    found = Preferences(NAMES)
    with pytest.raises(ValueError, match=r"them\.json holds"):
        found.load(path)
    assert found.h == dict.fromkeys(NAMES, 0.0) and found.count == 0
    with pytest.raises(ValueError, match="holds no preferences"):
        found.load(tmp_path / "missing.json")


@pytest.mark.parametrize(
    "wrong", [{"step": 0}, {"step": -1}, {"step": 10}, {"first": float("inf")}]
)
def test_a_bandit_that_cannot_learn_is_refused(wrong):
    with pytest.raises(ValueError, match="step must be above 0 and below 10"):
        BanditConfig(**wrong)


# --- the heuristics ---


class Promise(NamedTuple):
    name: str
    land_rate: float
    speed: float = 5.0  # [m/s]
    place: tuple[float, float] = (0.0, 0.8)  # [m]
    hit_rate: float = 1.0


TABLE = (
    Promise("sure", 0.95, 4.0, (0.05, 0.8)),
    Promise("left", 0.9, 6.0, (-0.5, 0.8)),
    Promise("right", 0.85, 5.0, (0.5, 0.8)),
    Promise("hard", 0.5, 9.0, (0.7, 0.8)),
)


def proposed(table=TABLE, opponent=None, config=CONFIG, seed=0):
    """Heuristic to the names that it proposed."""
    found = shortlist(table, opponent or Opponent(), config, np.random.default_rng(seed))
    heuristics = sorted({h for which in found.values() for h in which})
    return {h: {name for name, which in found.items() if h in which} for h in heuristics}


def seen(returned_left, returned_right, x=0.0):
    """An opponent who returned that share of 98 balls on each side."""
    opponent = Opponent(x=x)
    for i in range(98):
        opponent.see((-0.3, 1.0), i < 98 * returned_left)
        opponent.see((0.3, 1.0), i < 98 * returned_right)
    return opponent


def test_safe_takes_one_at_random_of_those_that_land_above_80_percent():
    drawn = [proposed(seed=seed)["safe"] for seed in range(60)]
    assert set().union(*drawn) == {"sure", "left", "right"}
    assert all(len(names) == 1 for names in drawn)
    poor = tuple(p._replace(land_rate=p.land_rate - 0.3) for p in TABLE)
    assert proposed(poor)["safe"] == {"sure"}  # none is safe: the best


def test_fast_takes_the_fastest_of_those_that_land_about_best():
    assert proposed()["fast"] == {"left", "right"}  # "hard" lands too rarely
    assert proposed(config=StrategyConfig(within=0.5))["fast"] == {"hard", "left"}
    assert proposed(config=StrategyConfig(within=0.5, best=2))["fast"] == {"left", "sure"}
    assert proposed(config=StrategyConfig(chosen=1))["fast"] == {"left"}


def test_far_takes_those_that_land_farthest_from_the_opponent():
    assert proposed()["far"] == {"left", "right"}
    assert proposed(opponent=Opponent(x=0.6))["far"] == {"left", "sure"}
    assert proposed(opponent=Opponent(x=-0.6))["far"] == {"right", "sure"}


def test_the_weak_side_is_where_less_came_back():
    assert proposed(opponent=seen(0.9, 0.3))["weak side"] == {"right"}
    assert proposed(opponent=seen(0.3, 0.9))["weak side"] == {"left"}


def test_a_good_opponent_is_run_and_another_is_played_safely():
    assert proposed(opponent=seen(0.5, 0.6))["land it"] == {"sure"}
    good = proposed(opponent=seen(0.9, 0.9, x=-0.6))
    assert good["run them"] == {"right"} and "land it" not in good


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(2, 12) | st.just(float("nan")), st.floats(-0.7, 0.7)),
        min_size=1,
        max_size=9,
    ),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 1000),
)
def test_a_shortlist_holds_nothing_unsafe_and_far_from_the_best(rows, left, right, seed):
    table = [
        Promise(str(i), land, speed, (x if land else float("nan"), 0.8))
        for i, (land, speed, x) in enumerate(rows)
    ]
    found = shortlist(table, seen(left, right), CONFIG, np.random.default_rng(seed))
    best = max(p.land_rate for p in table)
    assert found and set(found) <= {p.name for p in table}
    for promise in table:
        if promise.name in found:
            safe = promise.land_rate > CONFIG.safe
            assert promise.land_rate >= best - CONFIG.within - 1e-12 or safe
            assert np.isfinite(expected(promise, Opponent(), CONFIG))


def test_nobody_to_choose_from_is_an_error():
    with pytest.raises(ValueError, match="no controllers to choose from"):
        shortlist([], Opponent(), CONFIG, np.random.default_rng(0))


def test_more_is_expected_of_what_lands_flies_fast_and_finds_the_weak_side():
    plain = Promise("p", 0.8)

    def worth(opponent=None, **changes):
        return expected(plain._replace(**changes), opponent or Opponent(), CONFIG)

    assert worth(land_rate=0.9) > worth() > worth(land_rate=0.7)
    assert worth(speed=7.0) > worth()
    assert worth(Opponent(x=0.5), place=(-0.4, 0.8)) > worth(Opponent(x=0.5), place=(0.4, 0.8))
    weak = seen(0.9, 0.2)
    assert worth(weak, place=(0.4, 0.8)) > worth(weak, place=(-0.4, 0.8))
    assert worth(land_rate=0.0, speed=12.0) == 0.0


# --- the opponent ---


def test_an_opponent_is_known_by_what_they_return_from_each_side():
    opponent = Opponent()
    assert opponent.rate == 0.5 and opponent.weak == 0.0
    for place, back in (((-0.2, 1), True), ((-0.6, 1), True), ((0.4, 1), False), ((0.1, 1), True)):
        opponent.see(place, back)
    assert opponent.returned == {"left": [3, 4], "right": [2, 4]}
    assert opponent.rate == 5 / 8 and opponent.weak == 3 / 4 - 2 / 4


@given(st.lists(st.tuples(st.floats(-0.7, 0.7), st.booleans())))
def test_shares_of_returns_are_shares(balls):
    opponent, mirrored = Opponent(), Opponent()
    for x, back in balls:
        opponent.see((x, 1.0), back)
        mirrored.see((-x if x else -1e-9, 1.0), back)
    assert 0 < opponent.rate < 1 and -1 < opponent.weak < 1
    if all(x for x, _ in balls):
        assert mirrored.rate == opponent.rate and mirrored.weak == pytest.approx(-opponent.weak)
