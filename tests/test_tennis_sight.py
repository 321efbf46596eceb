"""The networks behind a choice: how they compute, how they learn, and those that are shipped."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from planners.tennis.network import FOLDER, FORMAT, SPIN, STYLE, Network
from planners.tennis.sight import NEEDED, preferred, timestep, turns, votes, window
from planners.tennis.train import TrainConfig, threshold, train_spin, train_style
from robot.ball import PAPER, BallState
from robot.cli import build, choices
from robot.cli.errors import Failure
from robot.tennis import TENNIS
from sim.tennis import states
from skills.saved import read, write

QUICK = TrainConfig(steps=600, check=100)


def drawn(sizes, seed=0):
    rng = np.random.default_rng(seed)
    pairs = list(itertools.pairwise(sizes))
    return Network(
        [rng.normal(0, 0.3, pair) for pair in pairs], [rng.normal(0, 1, out) for _, out in pairs]
    )


def silent(step, loss, figure):
    pass


# --- networks ---


@pytest.mark.parametrize(("sizes", "count"), [(STYLE, 4456), (SPIN, 10753)])
def test_they_are_as_large_as_published_and_compute_what_torch_does(sizes, count):
    network = drawn(sizes)
    layers = []
    for weight, bias in zip(network.weights, network.biases, strict=True):
        linear = torch.nn.Linear(*weight.shape, dtype=torch.float64)
        linear.weight.data[:] = torch.from_numpy(weight.T.copy())
        linear.bias.data[:] = torch.from_numpy(bias)
        layers += [linear, torch.nn.Tanh()]
    same = torch.nn.Sequential(*layers[:-1])
    assert sum(p.numel() for p in same.parameters()) == count
    inputs = np.random.default_rng(1).normal(0, 2, (5, 3, sizes[0]))
    with torch.no_grad():
        assert network(inputs) == pytest.approx(same(torch.from_numpy(inputs)).numpy())
    assert network.sizes == sizes


def test_they_come_back_from_a_file_and_what_is_not_theirs_is_refused(tmp_path):
    network, path = drawn(SPIN), tmp_path / "spin.safetensors"
    write(path, FORMAT, network.tensors(), {})
    again = Network.of(read(path, FORMAT)[0], SPIN)
    inputs = np.random.default_rng(1).normal(0, 1, (7, 18))
    assert again(inputs) == pytest.approx(network(inputs), abs=1e-5)
    with pytest.raises(ValueError, match=r"'weight1': \(18, 128\).* is expected"):
        Network.of(drawn((18, 64, 64, 1)).tensors(), SPIN)
    broken = network.tensors()
    broken["bias2"][3] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        Network.of(broken, SPIN)


# --- how they learn ---


@given(
    st.lists(st.lists(st.integers(-20, 20), min_size=4, max_size=5), min_size=1, max_size=12),
    st.lists(st.booleans(), min_size=12, max_size=12),
    st.sampled_from([0.5, 0.8, 1.0]),
)
def test_the_threshold_takes_as_many_balls_as_the_precision_allows(rows, truths, precision):
    # No two rows are alike, so that no two balls are equally likely.
    scores = [[x + 1e-3 * (5 * b + i) for i, x in enumerate(row)] for b, row in enumerate(rows)]
    outputs = np.concatenate(scores)
    balls = np.concatenate([[b] * len(row) for b, row in enumerate(rows)])
    truth = np.array(truths[: len(rows)])
    least, recall = threshold(outputs, truth[balls], balls, precision)

    def taken(limit):
        return np.array([sum(x > limit for x in row) >= NEEDED for row in scores])

    def good(found):
        return (found & truth).sum() >= precision * found.sum()

    found = taken(least)
    best = max(((taken(x) & truth).sum() for x in outputs - 5e-4 if good(taken(x))), default=0)
    assert good(found) and (found & truth).sum() == best
    assert recall == pytest.approx(best / max(truth.sum(), 1))


def test_the_style_policy_learns_who_lands_what():
    rng = np.random.default_rng(0)
    side = rng.uniform(-1, 1, 1500)
    step = rng.normal(3, 0.5, (1500, 16))
    step[:, 0], step[:, 6:14] = side, 7.0  # the joints never move
    windows = window([step])
    forehand = rng.random(1500) < np.where(side > 0.2, 0.9, 0.2)
    backhand = rng.random(1500) < np.where(side > 0.2, 0.1, 0.8)
    landed = np.stack((forehand, backhand), axis=1)
    network = train_style(windows[:1000], landed[:1000], np.arange(1000), QUICK, silent)
    chosen = network(windows[1000:]).argmax(axis=1)
    right = chosen == np.where(side[1000:] > 0.2, 0, 1)
    assert right.mean() > 0.88
    rows, fates = np.arange(500), landed[1000:]
    assert fates[rows, chosen].mean() > fates.mean(axis=0).max() + 0.15
    moved = windows[1000:].copy()
    moved[:, np.arange(128) % 16 == 9] += 5.0
    assert network(moved) == pytest.approx(network(windows[1000:]))


def estimates(rng, n, noise=4.0):
    """n balls on five ticks each, their spin known ever better; and who has underspin."""
    values = np.repeat(states.invent(rng, n).values, 5, axis=0)
    spin = np.repeat(rng.uniform(-90, 60, n), 5)
    values[:, 6] = spin + rng.normal(0, noise, 5 * n)
    return turns(PAPER, states.split(values)), spin < states.UNDERSPIN, np.arange(5 * n) // 5


def test_the_spin_classifier_learns_it_from_how_balls_fly():
    rng = np.random.default_rng(0)
    network = train_spin(*estimates(rng, 1500), QUICK, silent)
    seen, under, balls = estimates(rng, 500)
    yes = np.bincount(balls, votes(network, seen)) >= NEEDED
    found = choices.accuracy(yes, under[::5])
    assert found["n"] == 500 and found["precision"] > 0.95 and found["recall"] > 0.7


def test_the_same_seed_makes_the_same_network():
    rng = np.random.default_rng(0)
    windows, landed = rng.normal(0, 1, (200, 128)), rng.random((200, 2)) < 0.5
    config, balls = TrainConfig(steps=20, check=10), np.arange(200)
    one, two = (train_style(windows, landed, balls, config, silent) for _ in range(2))
    other = train_style(windows, landed, balls, replace(config, seed=1), silent)
    assert (one(windows) == two(windows)).all()
    assert not np.allclose(one(windows), other(windows))


# --- figures ---


def test_accuracy_and_landing_are_counted():
    found = np.array([True, True, False, False])
    report = choices.accuracy(found, np.array([True, False, True, True]))
    assert (report["precision"], report["recall"], report["underspin"]) == (0.5, 0.3333, 3)
    none = choices.accuracy(~found & found, found)
    assert none["precision"] is None and none["recall"] == 0.0
    forehand = Network([np.zeros((128, 2))], [np.array([1.0, 0.0])])
    landed = np.array([[1, 0], [0, 1], [0, 0], [1, 1]], dtype=bool)
    report = choices.landing(forehand, np.zeros((4, 128)), landed, found)
    rates = {name: report[name] for name in ("policy", "forehand", "backhand", "side", "oracle")}
    assert rates == {"policy": 0.5, "forehand": 0.5, "backhand": 0.5, "side": 0.5, "oracle": 0.75}


def test_balls_are_played_from_when_the_choice_would_be_made():
    rng = np.random.default_rng(0)
    values = states.invent(rng, 4).values
    seen, under, balls = choices.watched(values, 0, 1, lambda count: None)
    assert seen.shape == (20, 18) and sorted(balls) == sorted(5 * [0, 1, 2, 3])
    assert (under == (values[balls, 6] < states.UNDERSPIN)).all()
    assert np.abs(seen[balls == 0][:, 4] - values[0, 4]).max() < 1.0  # along the table [m/s]


# --- those that are shipped ---


@pytest.mark.parametrize("name", ["style", "spin"])
def test_shipped_networks_say_where_they_come_from(name):
    _, facts = read(FOLDER / f"{name}.safetensors", FORMAT)
    assert facts["command"].startswith(f"courtside train {name} --rallies rallies.json")
    assert not any(word.startswith(("/", "..")) for word in facts["command"].split())
    assert re.fullmatch("[0-9a-f]{40}", facts["commit"]) and facts["metrics"]["n"] > 1000
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in facts["data"].values())


def test_the_shipped_classifier_knows_underspin_and_mistakes_little_for_it():
    rng = np.random.default_rng(5)
    values, network = states.invent(rng, 400).values, build.tennis_networks().spin
    for spin, least, most in ((-80.0, 0.7, 1.0), (-5.0, 0.0, 0.02), (50.0, 0.0, 0.01)):
        values[:, 6] = spin
        assert least <= votes(network, turns(PAPER, states.split(values))).mean() <= most


def test_the_shipped_policy_takes_balls_far_out_on_their_own_side():
    network = build.tennis_networks().style
    ball = states.invent(np.random.default_rng(6), 600)
    side = states.sides(ball.ball())
    seen = window([timestep(ball.ball(), np.tile(TENNIS.home, (600, 1)))])
    forehand = preferred(network, seen)[:, 0] > 0.5
    assert forehand[side > 0.35].mean() > 0.9 and forehand[side < -0.35].mean() < 0.1


def test_a_shipped_network_that_is_missing_or_altered_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr("planners.tennis.network.FOLDER", tmp_path)
    with pytest.raises(Failure, match="no such checkpoint"):
        build.tennis_networks()
    write(tmp_path / "style.safetensors", FORMAT, drawn(SPIN).tensors(), {})
    with pytest.raises(Failure, match=r"style\.safetensors: the network has"):
        build.tennis_networks()
    path = tmp_path / "style.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"abcd")
    with pytest.raises(Failure, match="wrong hash"):
        build.tennis_networks()


def test_the_ball_in_a_timestep_is_what_the_robot_knows():
    ball = BallState(*(np.full((2, 3), float(i)) for i in range(3)))
    assert timestep(ball, np.zeros((2, 8))).shape == (2, 16)
