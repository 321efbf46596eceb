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
from numpy.typing import NDArray

from skills.beso.checkpoint import Checkpoint
from skills.beso.episodes import DataError, Episodes
from skills.beso.policy import Policy, SamplingConfig

pytest.importorskip("accelerate")
from skills.beso.train import Progress, TrainConfig, train
from skills.beso.windows import Demonstrations

QUICK = TrainConfig(steps=40, batch=32, every=10, warmup=5, held_out=0.2)


def start(out: Path, config: TrainConfig = QUICK, show=lambda progress: None, data=None):
    told = Demonstrations(data or episodes(), LAYOUT, "future")
    return train(told, SIZES, NOISE, config, out, show=show)


# A run that several processes share. Chunks of one action, which never reach beyond their episode,
# so that all windows count the same and the processes' mean is that of the whole batch; float32.
SHARED = replace(QUICK, steps=10, bf16=False)


def shared(out: Path, config: TrainConfig = SHARED, show=lambda progress: None):
    sizes = {**SIZES, "horizon": 1, "patch": 1}
    return train(Demonstrations(episodes(), LAYOUT, "future"), sizes, NOISE, config, out, show=show)


if __name__ == "__main__":  # the run that is killed, or the one that is shared
    begin, out = {"alone": start, "shared": shared}[sys.argv[1]], Path(sys.argv[2])
    losses: list[float] = []

    def tell(now: Progress) -> None:
        losses.append(now.loss)
        print(now.step, flush=True)

    begin(out, show=tell)
    if "RANK" in os.environ:  # lines of several processes may be mixed up
        (out.parent.parent / os.environ["RANK"]).write_text(str(losses[0]))


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


def elsewhere() -> dict[str, str]:
    """The environment of a run in a process of its own."""
    here = Path(__file__).parent
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}


def test_a_run_killed_and_started_again_ends_bit_identical(whole, tmp_path):
    out = tmp_path / "policy.safetensors"
    run = subprocess.Popen(
        [sys.executable, __file__, "alone", str(out)],
        stdout=subprocess.PIPE,
        text=True,
        env=elsewhere(),
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


def way(made: Checkpoint) -> NDArray[np.float32]:
    """How far training has moved all weights, from where `shared` begins."""
    import torch

    from skills.beso.diffusion import Denoiser
    from skills.beso.export import weights_of
    from skills.beso.network import ScoreNetwork

    torch.manual_seed(SHARED.seed)
    first = weights_of(Denoiser(ScoreNetwork(made.network)))
    return np.concatenate([(made.weights[name] - first[name]).ravel() for name in first])


@pytest.fixture
def other_precision():
    """Accelerate keeps to one precision in a process, unless it is made to forget."""
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state()
    yield
    AcceleratorState._reset_state()


def test_two_processes_share_a_batch_and_learn_what_one_does(tmp_path, other_precision):
    """On CPUs, by gloo: torchrun, since `accelerate launch --cpu` starts but one process."""
    out = tmp_path / "two" / "policy.safetensors"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*launch, __file__, "shared", str(out)],
        capture_output=True,
        text=True,
        env={**elsewhere(), "ACCELERATE_USE_CPU": "true"},
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first = [(tmp_path / rank).read_text() for rank in ("0", "1")]
    assert first[0] != first[1]  # each has windows of its own
    assert sorted(p.name for p in out.parent.iterdir()) == ["policy.json", "policy.safetensors"]
    two = way(Checkpoint.load(out))
    one = way(shared(tmp_path / "one.safetensors"))
    half = way(shared(tmp_path / "half.safetensors", replace(SHARED, batch=SHARED.batch // 2)))
    # 2e-5 when it was written: sums in another order. Half the batch leads elsewhere.
    assert np.linalg.norm(two - one) < 1e-3 * np.linalg.norm(one)
    assert np.linalg.norm(half - one) > 0.1 * np.linalg.norm(one)


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
    config = TrainConfig(steps=400, batch=128, every=400, learning_rate=3e-3)
    sizes = {**SIZES, "history": 1, "horizon": 2, "patch": 1, "width": 32}
    told = Demonstrations(data, LAYOUT, "final")
    made = train(told, sizes, NOISE, config, tmp_path / "p.safetensors")
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
