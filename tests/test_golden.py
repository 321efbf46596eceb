"""Recorded runs, played through the whole stack: every command comes out as it did."""

from dataclasses import replace
from pathlib import Path

import pytest

from robot.cli.replay import replay
from robot.pushing import PUSHER
from robot.recording import Recording
from skills.beso.checkpoint import Checkpoint

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.mcap"))


# [m] A policy's numbers differ in their last bits from processor to processor, for which ONNX
# Runtime has kernels of their own, and every action begins where the last one led. Weights that
# all differ by 1e-6 of themselves, several times the rounding of float32, move what is sent by
# 2.5e-7 m at most; 40 times that is allowed.
POLICY = 1e-5


def test_there_are_three():
    assert [path.stem for path in GOLDEN] == ["corrected", "policy", "program"]
    assert GOLDEN[1].stat().st_size < 300_000


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_replay_is_exact(path, monkeypatch):
    recording = Recording.load(path)
    assert not recording.truncated and not recording.missing
    if path.stem == "policy":
        monkeypatch.setattr("robot.replay.TOLERANCE", POLICY)
    ticks, differences = replay(recording)
    assert ticks == len(recording.ticks) > 90
    assert differences == []


def test_a_difference_is_found_and_described():
    recording = Recording.load(GOLDEN[0])
    for tick in recording.ticks[60:120]:  # the arm measured elsewhere: the Supervisor stops it
        tick.obs.q.setflags(write=True)
        tick.obs.q[2] += 1.0
    _, differences = replay(recording)
    assert differences
    assert all(line.startswith("tick ") for line in differences)


def test_a_policy_that_is_another_is_noticed(monkeypatch):
    """Its weights a thousandth larger."""
    load = Checkpoint.load

    def larger(path, robot=None):
        made = load(path, robot)
        weights = {name: value * value.dtype.type(1.001) for name, value in made.weights.items()}
        return replace(made, weights=weights)

    monkeypatch.setattr(Checkpoint, "load", larger)
    monkeypatch.setattr("robot.replay.TOLERANCE", POLICY)
    _, differences = replay(Recording.load(GOLDEN[1]))
    assert any(f'target: recorded {{"{PUSHER.joints[0]}"' in line for line in differences)
