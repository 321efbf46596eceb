"""Recorded runs, played through the whole stack: every command comes out as it did."""

from pathlib import Path

import pytest

from robot.cli.replay import replay
from robot.recording import Recording

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.mcap"))


def test_there_are_two():
    assert [path.stem for path in GOLDEN] == ["corrected", "program"]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_replay_is_exact(path):
    recording = Recording.load(path)
    assert not recording.truncated and not recording.missing
    ticks, differences = replay(recording)
    assert ticks == len(recording.ticks) > 300
    assert differences == []


def test_a_difference_is_found_and_described():
    recording = Recording.load(GOLDEN[0])
    for tick in recording.ticks[60:120]:  # the arm measured elsewhere: the Supervisor stops it
        tick.obs.q.setflags(write=True)
        tick.obs.q[2] += 1.0
    _, differences = replay(recording)
    assert differences
    assert all(line.startswith("tick ") for line in differences)
