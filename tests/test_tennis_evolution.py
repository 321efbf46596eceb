"""Blackbox gradient sensing: its gradient, what it learns, and that nothing else changes it."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tennis_rig import SMALL, beginning, make_reach, play, reach

from robot.types import vector
from skills.saved import CheckpointError
from skills.tennis.curriculum import Curriculum, CurriculumConfig, Tally
from skills.tennis.evolution import (
    ADAPTING,
    EvolutionConfig,
    Run,
    advance,
    directions,
    evolve,
    gradient,
)
from skills.tennis.network import initial
from skills.tennis.normalise import Normaliser
from skills.tennis.workers import Cluster, Here, Knowledge, Processes, Result

QUICK = EvolutionConfig(
    steps=8, step_size=0.05, sigma=0.1, perturbations=10, rollouts=3, together=3, every=3
)
LEARN = replace(QUICK, steps=60, perturbations=16, rollouts=4)

HERE = Path(__file__).parent
IMPORTABLE = os.pathsep.join([str(HERE), str(HERE.parent)])  # in another process

if __name__ == "__main__":  # the run that is killed
    workers = Here(make_reach)
    evolve(
        beginning(),
        workers,
        QUICK,
        Path(sys.argv[1]),
        show=lambda now: print(now.run.step, flush=True),
    )


def nothing(d=1):
    return Knowledge(Normaliser.empty(d), Tally.empty(0))


def same(one: Run, other: Run) -> bool:
    """To the last bit."""
    pairs = [
        (one.centre, other.centre),
        (one.history, other.history),
        (one.known.normaliser.mean, other.known.normaliser.mean),
        (one.known.normaliser.spread, other.known.normaliser.spread),
        (one.known.tally.tried, other.known.tally.tried),
        (one.known.tally.returned, other.known.tally.returned),
    ]
    return one.step == other.step and all(a.tobytes() == b.tobytes() for a, b in pairs)


# --- the gradient ---------------------------------------------------------------------------------


@given(n=st.integers(1, 30), count=st.integers(1, 70), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_directions_are_orthogonal_and_of_one_length(n, count, seed):
    found = directions(n, count, seed, 3)
    assert found.shape == (count, n)
    for begin in range(0, count, n):
        block = found[begin : begin + n]
        np.testing.assert_allclose(block @ block.T, n * np.eye(len(block)), atol=1e-10 * n)


def test_directions_are_random_and_repeat():
    found = np.array([directions(5, 2, seed, step) for seed in range(40) for step in range(25)])
    assert (found[0] == directions(5, 2, 0, 0)).all()
    # Each is uniform on a sphere of radius sqrt(5): mean 0, covariance 1.
    flat = found[:, 1]
    np.testing.assert_allclose(flat.mean(0), 0, atol=5 / np.sqrt(len(flat)))
    np.testing.assert_allclose(np.cov(flat.T), np.eye(5), atol=0.2)
    # The first does not depend on how many there are.
    np.testing.assert_array_equal(directions(5, 1, 7, 7)[0], directions(5, 4, 7, 7)[0])


@given(seed=st.integers(0, 999), sigma=st.floats(1e-3, 1.0))
@settings(max_examples=40, deadline=None)
def test_the_gradient_is_exact_for_quadratics(seed, sigma):
    """All even terms cancel in antithetic pairs; n orthogonal directions see all of the rest."""
    rng = np.random.default_rng(seed)
    n = 12
    square, slope, centre = rng.normal(size=(n, n)), rng.normal(size=n), rng.normal(size=n)
    square = square + square.T

    def reward(x):
        return 0.5 * np.einsum("...i,ij,...j->...", x, square, x) + x @ slope

    deltas = directions(n, n, seed, 0)
    found = gradient(
        reward(centre + sigma * deltas), reward(centre - sigma * deltas), deltas, sigma
    )
    np.testing.assert_allclose(found, square @ centre + slope, atol=1e-9)


def test_fewer_directions_find_the_gradient_on_average():
    """With k of n, each is the gradient's projection on k random directions, n / k as long."""
    n, k = 20, 5
    slope = np.random.default_rng(0).normal(size=n)
    found = []
    for step in range(3000):
        deltas = directions(n, k, 0, step)
        found.append(gradient(deltas @ slope, -deltas @ slope, deltas, 1.0))
    along = np.array(found) @ slope / (slope @ slope)
    assert along.mean() == pytest.approx(1.0, abs=0.03)
    np.testing.assert_allclose(np.mean(found, axis=0), slope, atol=0.2)


def test_a_step_is_the_published_one():
    """Against the formula, written out, for a linear reward of 6 parameters."""
    slope = np.random.default_rng(0).normal(size=6)
    config = EvolutionConfig(steps=1, perturbations=5, keep=0.4, rollouts=2, together=2)

    def objective(trial):
        rewards = np.repeat((trial.parameters @ slope)[:, None], 2, axis=1)
        return Result(vector(rewards), nothing())

    start = np.arange(6.0)
    run = advance(Run.begin(start, nothing()), Here(lambda: objective), config)
    deltas = directions(6, 5, 0, 0)
    plus, minus = (start + 0.025 * deltas) @ slope, (start - 0.025 * deltas) @ slope
    first, second = np.argsort(-abs(plus - minus))[:2]  # two fifths are kept
    deviation = np.std([plus[first], plus[second], minus[first], minus[second]])
    way = (plus - minus)[first] * deltas[first] + (plus - minus)[second] * deltas[second]
    expected = start + 0.00375 * way / (2 * deviation)
    np.testing.assert_allclose(run.centre, expected, atol=1e-12)
    rewards = np.concatenate((plus, minus))
    np.testing.assert_allclose(run.history, [[rewards.mean(), rewards.max(), deviation]])


# --- learning -------------------------------------------------------------------------------------


def final_distance(parameters, normaliser) -> float:
    """[m] from the goal, mean over 300 starts that training has not seen."""
    starts = np.random.default_rng(99).uniform(-2, 2, (300, 2))
    return float(play(parameters, starts, normaliser)[0][-1].mean())


@pytest.mark.parametrize("seed", [0, 1])
def test_it_learns_to_reach(seed, tmp_path):
    start = beginning(seed)
    run = evolve(start, Here(make_reach), replace(LEARN, seed=seed), tmp_path / "run")
    learned = final_distance(run.centre, run.known.normaliser)
    guesses = [initial(SMALL, np.random.default_rng(s)) for s in range(100)]
    best_guess = min(final_distance(guess, Normaliser.empty(4)) for guess in guesses)
    assert learned < 0.25 * best_guess < 0.5 * final_distance(start.centre, start.known.normaliser)
    assert run.history[-5:, 0].mean() > run.history[:5, 0].mean() + 1
    assert run.known.normaliser.count == 60 * 32 * 4 * 40
    # Counts of tasks fade: 60 steps weigh as much as 10, nearly.
    trials = 32 * 4 * (1 - 0.9**60) / (1 - 0.9)
    assert run.known.tally.tried.sum() == pytest.approx(trials)


# --- workers --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The run in this process, from beginning to end, and its file."""
    out = tmp_path_factory.mktemp("alone") / "run"
    return evolve(beginning(), Here(make_reach), QUICK, out), out


@pytest.mark.parametrize("count", [1, 2])
def test_processes_change_nothing(count, alone, tmp_path):
    workers = Processes(make_reach, count)
    try:
        run = evolve(beginning(), workers, QUICK, tmp_path / "run")
    finally:
        workers.close()
    assert same(run, alone[0])
    assert (tmp_path / "run").read_bytes() == alone[1].read_bytes()


def test_a_cluster_changes_nothing(alone, tmp_path, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setenv("PYTHONPATH", IMPORTABLE)
    workers = Cluster(make_reach, min(2, os.cpu_count() or 1))
    try:
        run = evolve(beginning(), workers, QUICK, tmp_path / "run")
        with pytest.raises(ValueError, match="100000 are wanted"):
            Cluster(make_reach, 100_000)
    finally:
        workers.close()
    assert same(run, alone[0])


def test_other_seeds_differ(alone, tmp_path):
    run = evolve(beginning(), Here(make_reach), replace(QUICK, seed=1), tmp_path / "run")
    assert not same(run, alone[0])


# --- resuming -------------------------------------------------------------------------------------


def test_a_run_killed_and_started_again_ends_bit_identical(alone, tmp_path):
    out = tmp_path / "run"
    run = subprocess.Popen(
        [sys.executable, __file__, str(out)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": IMPORTABLE},
    )
    assert run.stdout is not None
    for line in run.stdout:
        if int(line) == 4:  # after a save, and before the next
            run.send_signal(signal.SIGKILL)
            break
    assert run.wait() == -signal.SIGKILL
    steps: list[int] = []
    end = evolve(
        beginning(),
        Here(make_reach),
        QUICK,
        out,
        show=lambda progress: steps.append(progress.run.step),
    )
    assert steps[0] in (4, 7)  # 7 if it saved again before the signal came
    assert same(end, alone[0])
    assert out.read_bytes() == alone[1].read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_finished_run_can_be_made_longer_but_not_otherwise_changed(alone, tmp_path):
    out = tmp_path / "run"
    out.write_bytes(alone[1].read_bytes())
    longer = evolve(beginning(), Here(make_reach), replace(QUICK, steps=10), out)
    at_once = evolve(beginning(), Here(make_reach), replace(QUICK, steps=10), tmp_path / "other")
    assert longer.step == 10 and same(longer, at_once)
    with pytest.raises(ValueError, match="other settings"):
        evolve(beginning(), Here(make_reach), replace(QUICK, sigma=0.2), out)
    with pytest.raises(ValueError, match="other settings"):
        evolve(beginning(), Here(make_reach), QUICK, out, about={"track": "physical"})
    out.write_bytes(out.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="not a whole checkpoint"):
        evolve(beginning(), Here(make_reach), QUICK, out)


def test_bad_objectives_and_settings_are_named(tmp_path):
    def not_finite(trial):
        result = reach(trial)
        return replace(result, rewards=result.rewards * np.nan)

    def misshapen(trial):
        result = reach(trial)
        return replace(result, rewards=result.rewards[:, 0])

    with pytest.raises(ValueError, match="not finite, at step 0"):
        evolve(beginning(), Here(lambda: not_finite), QUICK, tmp_path / "run")
    with pytest.raises(ValueError, match=r"rewards of \(6,\); \(6, 3\) are expected"):
        evolve(beginning(), Here(lambda: misshapen), QUICK, tmp_path / "run")
    with pytest.raises(ValueError, match="keep and memory are shares"):
        EvolutionConfig(keep=1.5)
    assert (ADAPTING.perturbations, ADAPTING.rollouts, ADAPTING.keep) == (5, 3, 0.6)


def test_nothing_is_learned_where_all_fare_alike(tmp_path):
    def indifferent(trial):
        return replace(reach(trial), rewards=vector(np.ones(trial.seeds.shape)))

    run = evolve(beginning(), Here(lambda: indifferent), QUICK, tmp_path / "run")
    assert (run.centre == beginning().centre).all() and run.known.normaliser.count


# --- the curriculum -------------------------------------------------------------------------------

STATES = np.arange(10)[:, None] * np.ones(9)
MEMBERS = {"fast": np.arange(0, 4), "slow": np.arange(4, 10), "topspin": np.arange(2, 6)}


def curriculum(valid=lambda state: True, **config) -> Curriculum:
    return Curriculum(STATES, MEMBERS, valid, CurriculumConfig(**config))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=3, max_size=3))
def test_categories_are_drawn_by_the_inverse_of_their_rates(counts):
    tally = Tally(
        vector([tried + returned for tried, returned in counts]),
        vector([returned for _, returned in counts]),
    )
    found = curriculum().probabilities(tally)
    rates = [(good + 1) / (bad + good + 2) for bad, good in counts]
    inverse = np.array([1 / max(rate, 0.05) for rate in rates])
    np.testing.assert_allclose(found, inverse / inverse.sum())


def test_draws_follow_the_formula():
    tally = Tally(vector([98.0, 98, 98]), vector([79.0, 19, 49]))  # rates .8, .2, .5
    rng, course = np.random.default_rng(0), curriculum()
    n = 6000
    drawn = [course.draw(tally, rng) for _ in range(n)]
    expected = np.array([1.25, 5, 2]) / 8.25
    share = np.bincount([category for _, category in drawn], minlength=3) / n
    np.testing.assert_allclose(share, expected, atol=4 * np.sqrt(0.25 / n))
    # Within a category uniformly: the perturbation of x is at most 3 cm, states are 1 m apart.
    slow = np.bincount([round(s[0]) for s, c in drawn if c == 1], minlength=10)
    assert (slow[:4] == 0).all()
    np.testing.assert_allclose(slow[4:] / slow.sum(), 1 / 6, atol=4 * np.sqrt(0.14 / slow.sum()))
    off = np.array([state - round(state[0]) for state, _ in drawn])
    limits = np.repeat([0.03, 0.15, 5.0], 3)
    assert (np.abs(off) <= limits).all() and (np.abs(off).max(0) > 0.95 * limits).all()
    assert (np.abs(off.mean(0)) < 4 * limits / np.sqrt(3 * n)).all()


def test_only_valid_perturbations_are_used():
    asked = []

    def valid(state):
        asked.append(state)
        return state[0] > round(state[0])

    rng, course = np.random.default_rng(0), curriculum(valid)
    for _ in range(200):
        state, category = course.draw(Tally.empty(3), rng)
        exact = (state == round(state[0])).all()
        assert exact or state[0] > round(state[0])
    never = curriculum(lambda state: bool(asked.append(state)), tries=7)
    asked.clear()
    state, category = never.draw(Tally.empty(3), rng)
    assert len(asked) == 7 and (state == STATES[round(state[0])]).all()
    assert round(state[0]) in MEMBERS[never.names[category]]


def test_a_category_without_states_is_refused():
    with pytest.raises(ValueError, match="no ball states in lob"):
        Curriculum(STATES, {**MEMBERS, "lob": np.array([], int)}, lambda state: True)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=40), st.integers(0, 40))
def test_tallies_add_up(episodes, cut):
    def tally(part):
        return Tally.of(3, np.array([c for c, _ in part], int), [good for _, good in part])

    whole, parts = tally(episodes), tally(episodes[:cut]).merged(tally(episodes[cut:]))
    for found in (whole, parts):
        assert found.tried.tolist() == [sum(c == i for c, _ in episodes) for i in range(3)]
        assert found.returned.tolist() == [sum(c == i and g for c, g in episodes) for i in range(3)]
    assert (whole.faded(0.5).tried == whole.tried / 2).all()
