"""What learned controllers learn from the model-based stroke."""

import json

import numpy as np
import torch

from robot.ball import PAPER, PHYSICAL
from robot.tennis import SPEED
from sim.tennis import states
from sim.tennis.court import CourtConfig
from sim.tennis.quick import QuickBatch
from skills.tennis.arena import Arena
from skills.tennis.controller import Controller, Playing
from skills.tennis.distil import DistilConfig, distil
from skills.tennis.evaluate import Learned, play, the_one
from skills.tennis.network import ADAPTER, CONTROLLER, Network, initial, modulate
from skills.tennis.network_torch import Adapted, TorchNetwork
from skills.tennis.recipes import FOLDER
from skills.tennis.stroke import StrokeConfig

N = 150


def drawn(rng, n):
    return states.invent(rng, n).values, [StrokeConfig((0.0, 0.8), 0.58, 1.0, "forehand")] * n


def taught(track, rounds, **more):
    """What it was taught, and the losses and landing rates on the way."""
    worlds, told = QuickBatch(N, np.random.default_rng(0), CourtConfig(track.name)), []
    config = DistilConfig(rounds, 300, 300)
    made = distil(
        worlds,
        drawn,
        track,
        config,
        lambda r, loss, f: told.append((loss, f.landed.mean())),
        **more,
    )
    return made, told


def test_a_beginner_learns_to_hit():
    (parameters, normaliser), told = taught(PAPER, 2)
    assert told[0][1] > 0.6  # the teacher's round
    made = Controller("x", "forehand", "paper", SPEED, normaliser, parameters.astype(np.float32))
    worlds, rng = QuickBatch(N, np.random.default_rng(1)), np.random.default_rng(2)
    fates, _ = play(Arena(worlds, PAPER), drawn(rng, N)[0], Learned([made], the_one, PAPER))
    assert fates.hit.mean() > 0.4


def test_an_adapter_learns_and_nothing_else_changes():
    shipped = Controller.load(FOLDER / "forehand.safetensors")
    start = initial(ADAPTER, np.random.default_rng(0), last=0.0)
    frozen = shipped.parameters.astype(np.float64)
    begin = start, shipped.normaliser
    (adapter, normaliser), told = taught(PHYSICAL, 2, begin=begin, frozen=frozen)
    assert adapter.shape == (ADAPTER.size,) and normaliser is shipped.normaliser
    assert np.abs(adapter - start).max() > 0.01
    assert np.isfinite([loss for loss, _ in told]).all()


def test_in_torch_it_modulates_as_in_numpy():
    rng = np.random.default_rng(0)
    controller, adapter = rng.normal(0, 0.2, CONTROLLER.size), rng.normal(0, 0.2, ADAPTER.size)
    windows = rng.normal(size=(5, 8, 16)).astype(np.float32)
    both = Adapted(TorchNetwork(CONTROLLER, controller), TorchNetwork(ADAPTER, adapter))
    found = both(torch.from_numpy(windows))[:, 0].detach().numpy()
    actions = Network(CONTROLLER, controller).windows(windows)
    wanted = modulate(actions, Network(ADAPTER, adapter).windows(windows))
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert [p.requires_grad for p in both.parameters()].count(True) == 1


def test_the_command(tmp_path, command):
    values = states.invent(np.random.default_rng(0), 200)
    rows = [
        {"id": int(number), **dict(zip(states.FIELDS, map(float, value), strict=True))}
        for number, value in zip(values.ids, values.values, strict=True)
    ]
    file, out = tmp_path / "rallies.json", tmp_path / "out.safetensors"
    file.write_text(json.dumps(rows))
    few = ("--rounds", 2, "--episodes", 20, "--steps", 5, "--last-steps", 5, "--json", "--out", out)
    code, said, progress = command("train", "tennis", "forehand", "--rallies", file, *few)
    assert code == 0 and "round 2 of 2" in progress
    assert {"loss", "hit_rate", "land_rate"} <= set(json.loads(said)["metrics"])
    made = Controller.load(out)
    assert made.track == "paper" and made.adapter is None and "rallies.json" in made.command
    adapting = ("--track", "physical", "--begin", out)
    code, _, _ = command("train", "tennis", "forehand", "--rallies", file, *adapting, *few)
    adapted = Controller.load(out)
    assert code == 0 and adapted.track == "physical" and adapted.adapter is not None
    np.testing.assert_array_equal(adapted.parameters, made.parameters)
    # It plays: scaled by its adapter.
    playing = Playing.of(adapted, np.zeros((1, 16)))
    assert np.isfinite(playing.act(np.zeros((1, 16)))).all()
