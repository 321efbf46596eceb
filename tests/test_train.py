"""Training: it learns, and a run that was killed ends as if it had not been."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from beso_rig import LAYOUT, NOISE, SIZES, episodes

from skills.beso.checkpoint import Checkpoint
from skills.beso.episodes import DataError, Episodes
from skills.beso.policy import Policy, SamplingConfig

pytest.importorskip("accelerate")
from skills.beso.train import Progress, TrainConfig, train

QUICK = TrainConfig(goal="future", steps=40, batch=32, every=10, warmup=5, held_out=0.2)


def start(out: Path, config: TrainConfig = QUICK, show=lambda progress: None, data=None):
    return train(data or episodes(), LAYOUT, SIZES, NOISE, config, out, show=show)


if __name__ == "__main__":  # the run that is killed
    start(Path(sys.argv[1]), show=lambda progress: print(progress.step, flush=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run from beginning to end."""
    out = tmp_path_factory.mktemp("whole") / "policy.safetensors"
    start(out)
    return out


def test_a_run_leaves_a_checkpoint_and_a_curve_and_nothing_else(whole):
    assert sorted(p.name for p in whole.parent.iterdir()) == ["policy.json", "policy.safetensors"]
    curve = json.loads(whole.with_suffix(".json").read_text())
    assert [row["step"] for row in curve] == [10, 20, 30, 40]
    assert all(np.isfinite([row["loss"], row["validation"]]).all() for row in curve)
    about = Checkpoint.load(whole, "pusht").about
    assert about["data_sha256"] == episodes().hash
    assert json.loads(about["training"])["steps"] == 40


def test_a_run_killed_and_started_again_ends_bit_identical(whole, tmp_path):
    out = tmp_path / "policy.safetensors"
    here = Path(__file__).parent
    paths = os.pathsep.join([str(here), str(here.parent)])
    run = subprocess.Popen(
        [sys.executable, __file__, str(out)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert run.stdout is not None
    for line in run.stdout:
        if int(line) == 23:  # after a save, and before the next
            run.send_signal(signal.SIGKILL)
            break
    assert run.wait() == -signal.SIGKILL
    assert out.with_suffix(".training").exists() and not out.exists()
    steps: list[int] = []
    start(out, show=lambda progress: steps.append(progress.step))
    assert steps[0] == 21
    assert out.read_bytes() == whole.read_bytes()
    assert not out.with_suffix(".training").exists()


class Stop(Exception):
    pass


def stop_at(step: int):
    def show(progress: Progress) -> None:
        if progress.step == step:
            raise Stop

    return show


def test_a_run_does_not_go_on_with_other_settings_or_data(tmp_path):
    out = tmp_path / "policy.safetensors"
    with pytest.raises(Stop):
        start(out, show=stop_at(15))
    for config, data in ((replace(QUICK, batch=16), None), (QUICK, episodes(seed=1))):
        with pytest.raises(DataError, match="other data or settings"):
            start(out, config, data=data)


def test_seeds_differ(whole, tmp_path):
    other = start(tmp_path / "policy.safetensors", replace(QUICK, seed=1))
    weights = Checkpoint.load(whole).weights
    assert any((other.weights[name] != weights[name]).any() for name in weights)


def test_it_learns_what_there_is_to_learn(tmp_path):
    """Two crowds of demonstrations: the action is +1 or -1, and the goal says which."""
    rng = np.random.default_rng(0)
    sides = rng.choice([-1.0, 1.0], 200)
    parts, actions = [], []
    for side in sides:
        path = np.zeros((12, 5))
        path[:, 2] = side * np.arange(12)  # where the goal shows
        path[:, :2] = rng.normal(0, 0.1, (12, 2))
        parts.append(path)
        actions.append(np.stack([path[:, 0] + side, path[:, 1]], 1))
    data = Episodes.of(np.concatenate(parts), np.concatenate(actions), 12 * np.arange(1, 201), 10.0)
    config = TrainConfig(goal="final", steps=400, batch=128, every=400, learning_rate=3e-3)
    sizes = {**SIZES, "history": 1, "horizon": 2, "patch": 1, "width": 32}
    made = train(data, LAYOUT, sizes, NOISE, config, tmp_path / "p.safetensors")
    start_at = np.zeros((400, 1, 5))

    def first_actions(guidance: float, side: float):
        goal = np.full((1, 1, 5), 0.0)
        goal[..., 2] = 11 * side
        policy = Policy(made, SamplingConfig(guidance=guidance, steps=5))
        return policy.sample(start_at, goal, np.random.default_rng(1))[:, 0, 0]

    for side in (-1, 1):
        told = first_actions(1.0, side)
        assert (np.sign(told) == side).mean() > 0.97
        assert np.median(told) == pytest.approx(side, abs=0.3)
    free = first_actions(0.0, 1)
    assert 0.25 < (free > 0).mean() < 0.75  # both crowds, without the goal
    assert np.median(np.abs(free)) > 0.6  # and little between them


def test_impossible_settings_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 1"):
        TrainConfig(steps=0)
    with pytest.raises(ValueError, match="shares"):
        TrainConfig(held_out=1.0)
    with pytest.raises(DataError, match="cannot be split"):
        start(tmp_path / "p.safetensors", data=episodes(1))
    with pytest.raises(DataError, match="lower learning rate"):
        start(tmp_path / "q.safetensors", replace(QUICK, learning_rate=1e30, warmup=1))
