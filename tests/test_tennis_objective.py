"""What controllers are improved by: the same for any split of the work, more for better play; and
the commands that improve them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from robot.ball import PAPER
from robot.cli.train_evolve import Task
from robot.cli.train_tennis import curriculum
from robot.types import vector
from sim.tennis import states
from sim.tennis.batch import TennisBatch
from sim.tennis.quick import QuickBatch
from skills.tennis.arena import Arena
from skills.tennis.controller import Controller
from skills.tennis.curriculum import Tally
from skills.tennis.evaluate import Learned, play, the_one
from skills.tennis.network import ADAPTER, CONTROLLER, initial
from skills.tennis.objective import Aim, Returning
from skills.tennis.recipes import FOLDER
from skills.tennis.workers import Knowledge, Trial

FOREHAND = Controller.load(FOLDER / "forehand.safetensors")
AIM = Aim(FOREHAND, (0.0, 0.8))


@pytest.fixture(scope="module")
def balls():
    """Those that a forehand is for."""
    drawn = states.invent(np.random.default_rng(0), 400)
    return drawn.pick(states.sides(drawn.ball()) > -states.CENTRE)


def objective(balls, kind=QuickBatch, aim=AIM):
    stage = lambda n: kind(n, np.random.default_rng(0))  # noqa: E731
    return Returning(stage, PAPER, curriculum(balls), aim)


def trial(parameters, seeds, categories):
    known = Knowledge(FOREHAND.normaliser, Tally.empty(categories))
    return Trial(vector(parameters), np.asarray(seeds, np.uint64), known)


def nearby(count, sigma=0.004):
    return AIM.start + sigma * np.random.default_rng(1).normal(size=(count, CONTROLLER.size))


def test_rewards_do_not_depend_on_how_the_work_is_split(balls):
    tried, parameters, seeds = objective(balls), nearby(4), np.arange(12).reshape(4, 3)
    whole = tried(trial(parameters, seeds, tried.categories))
    parts = [
        tried(trial(parameters[i : i + 2], seeds[i : i + 2], tried.categories)) for i in (0, 2)
    ]
    np.testing.assert_array_equal(whole.rewards, np.vstack([part.rewards for part in parts]))
    tally = parts[0].gained.tally.merged(parts[1].gained.tally)
    np.testing.assert_array_equal(whole.gained.tally.returned, tally.returned)
    assert whole.gained.tally.tried.sum() == 12


def test_a_pair_meets_the_same_balls_equally_late(balls):
    tried = objective(balls)
    found = tried(trial(np.repeat(nearby(1), 2, 0), [[5, 6, 7, 8]] * 2, tried.categories)).rewards
    np.testing.assert_array_equal(found[0], found[1])
    assert len(set(found[0])) == 4


def test_who_returns_balls_earns_more(balls):
    tried = objective(balls)
    novice = initial(CONTROLLER, np.random.default_rng(0))
    result = tried(trial([AIM.start, novice], [range(40)] * 2, tried.categories))
    assert result.rewards[0].mean() > result.rewards[1].mean() + 1.5
    assert (result.rewards <= 2 + 0.1 + 1 + 1 + 2 + 1).all()  # all that can be earned


def test_it_plays_as_evaluations_do(balls):
    """Until the ball flies back, that is: the same balls land."""
    n, tried = 60, objective(balls)
    seeds = np.arange(n)
    result = tried(trial([AIM.start], [seeds], tried.categories))
    drawn = curriculum(balls)
    values = [drawn.draw(Tally.empty(tried.categories), np.random.default_rng(s))[0] for s in seeds]
    worlds = QuickBatch(n, np.random.default_rng(0))
    worlds.reseed([np.random.default_rng((seed, 1)) for seed in seeds.tolist()])
    player = Learned([FOREHAND], the_one, PAPER)
    fates, _ = play(Arena(worlds, PAPER), np.array(values), player)
    assert abs(result.gained.tally.returned.sum() - fates.landed.sum()) <= 1
    assert result.rewards[0][fates.landed].min() > result.rewards[0][~fates.landed].mean()


def test_mujoco_pays_the_same(balls):
    seeds, results = [range(24)], []
    for kind in (QuickBatch, TennisBatch):
        tried = objective(balls, kind)
        results.append(tried(trial([AIM.start], seeds, tried.categories)).rewards[0])
    close = np.abs(results[0] - results[1]) < 0.2
    assert close.mean() > 0.8


def test_an_adapter_that_does_nothing_changes_nothing(balls):
    new = initial(ADAPTER, np.random.default_rng(0), last=0.0).astype(np.float32)
    aim = Aim(replace(FOREHAND, adapter=new), AIM.target, adapter=True)
    assert aim.start.shape == (ADAPTER.size,)
    plain, adapted = objective(balls), objective(balls, aim=aim)
    seeds = [range(8)]
    one = plain(trial([AIM.start], seeds, plain.categories)).rewards
    other = adapted(trial([aim.start], seeds, plain.categories)).rewards
    np.testing.assert_allclose(one, other, atol=1e-6)
    with pytest.raises(ValueError, match="no adapter"):
        _ = Aim(FOREHAND, AIM.target, adapter=True).start


# --- the commands ---


@pytest.fixture
def file(tmp_path):
    drawn = states.invent(np.random.default_rng(0), 300)
    rows = [
        {"id": int(number), **dict(zip(states.FIELDS, map(float, value), strict=True))}
        for number, value in zip(drawn.ids, drawn.values, strict=True)
    ]
    file = tmp_path / "rallies.json"
    file.write_text(json.dumps(rows))
    return file


def test_train_evolve_and_adapter(file, tmp_path, command):
    few = ("--rallies", file, "--perturbations", 6, "--rollouts", 2, "--check", 20, "--json")
    out = tmp_path / "out.safetensors"
    code, said, progress = command(
        *("train", "evolve", "forehand", *few, "--steps", 2, "--workers", 2, "--out", out)
    )
    assert code == 0 and "step 2 of 2" in progress
    result = json.loads(said)
    assert result["checkpoint"] == str(out)
    assert {"land_rate", "land_rate_before", "hit_rate"} <= set(result["metrics"])
    made = Controller.load(out)
    assert made.track == "paper" and not np.array_equal(made.parameters, FOREHAND.parameters)
    assert str(tmp_path) not in made.command and "rallies.json" in made.command
    # It was finished: there is nothing more to do, and it says so by doing nothing.
    code, said, progress = command(
        *("train", "evolve", "forehand", *few, "--steps", 2, "--workers", 1, "--out", out)
    )
    assert code == 0 and "step" not in progress.replace("--steps", "")
    np.testing.assert_array_equal(Controller.load(out).parameters, made.parameters)
    code, said, _ = command(
        *("train", "adapter", "forehand", *few, "--steps", 1, "--out", tmp_path / "a.safetensors")
    )
    adapted = Controller.load(tmp_path / "a.safetensors")
    assert code == 0 and adapted.track == "physical" and adapted.adapter is not None
    np.testing.assert_array_equal(adapted.parameters, FOREHAND.parameters)
    assert np.abs(adapted.adapter).max() > 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("thirdhand",), "unknown controller 'thirdhand'; valid: forehand"),
        (("forehand", "--workers", "many"), "a number, ray or ray:N, not 'many'"),
        (("forehand", "--workers", "0"), "a number, ray or ray:N, not '0'"),
        (("forehand", "--begin", "none.safetensors"), "no such checkpoint"),
        (("forehand", "--sigma", "0"), "above 0"),
        (("forehand_serve", "--begin", FOLDER / "forehand.safetensors"), "--serves must name"),
    ],
)
def test_wrong_use_is_refused_in_one_line(words, why, file, tmp_path, command):
    out = ("--rallies", file, "--check", 5, "--out", tmp_path / "out.safetensors")
    code, _, error = command("train", "evolve", *words, *out)
    assert code == 2 and why in error and error.count("\n") == 1


def test_workers_make_the_same_objective(file):
    path = FOLDER / "forehand.safetensors"
    task = Task("forehand", path, file, None, "surrogate", False)
    one, other = task(), task()
    given = trial([AIM.start], [range(3)], one.categories)
    np.testing.assert_array_equal(one(given).rewards, other(given).rewards)
    assert task.about() != replace(task, world="mujoco").about()
