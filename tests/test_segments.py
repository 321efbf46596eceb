"""Narrated demonstrations: written with their segments, read back, and cut up to learn from."""

import json
from dataclasses import replace

import numpy as np
import pytest
from demonstrations import made, same

from skills.beso.datasets import commanded, load
from skills.beso.episodes import DataError
from skills.beso.lerobot import narration
from skills.beso.lerobot_write import write
from skills.beso.segments import Segment, check, follows

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

SEGMENTS = (
    Segment(0, 4, "pick up the red block", "instruction"),
    Segment(4, 6, "a bit to the left", "correction"),
    Segment(6, 9, "pick up the red block", "recovery"),
    Segment(9, 10, "close the drawer", "instruction"),
    Segment(10, 12, "open the drawer", "correction"),
    Segment(12, 15, "open the drawer", "instruction"),
)
EPISODES = replace(made([9, 6]), tasks=("one thing", "another"))


def test_segments_are_read_as_they_were_written(tmp_path):
    write(EPISODES, tmp_path / "set", segments=SEGMENTS)
    read = load(tmp_path / "set")
    assert same(read, EPISODES)
    assert tuple(narration(tmp_path / "set", read)) == SEGMENTS
    # As LeRobot has it: the number of a command at every step, and a table of commands.
    steps = pq.read_table(tmp_path / "set/data/chunk-000/file-000.parquet")
    table = pq.read_table(tmp_path / "set/meta/subtasks.parquet")
    texts = table.column("__index_level_0__").to_pylist()
    said = [texts[number] for number in steps.column("subtask_index").to_pylist()]
    assert said == [s.command for s in SEGMENTS for _ in range(s.end - s.start)]
    features = json.loads((tmp_path / "set/meta/info.json").read_text())["features"]
    assert features["subtask_index"] == {"dtype": "int64", "shape": [1], "names": None}


def test_a_dataset_without_segments_has_none(tmp_path):
    write(EPISODES, tmp_path / "set")
    assert narration(tmp_path / "set", EPISODES) == []
    assert same(commanded(tmp_path / "set"), load(tmp_path / "set"))


def test_what_comes_before_a_correction_is_not_learned(tmp_path):
    write(EPISODES, tmp_path / "set", segments=SEGMENTS)
    cut = commanded(tmp_path / "set")
    assert cut.tasks == (
        "a bit to the left",
        "pick up the red block",
        "open the drawer",
        "open the drawer",
    )
    steps = [*range(4, 6), *range(6, 9), *range(10, 12), *range(12, 15)]
    np.testing.assert_array_equal(cut.observations, EPISODES.observations[steps])
    np.testing.assert_array_equal(cut.actions, EPISODES.actions[steps])
    assert cut.ends.tolist() == [2, 5, 7, 10]


def test_a_correction_in_another_episode_is_none_of_this_one():
    segments = (
        Segment(0, 9, "go", "instruction"),
        Segment(9, 15, "left", "correction"),
    )
    assert follows(EPISODES, segments).tasks == ("go", "left")
    with pytest.raises(DataError, match="no segment is left"):
        follows(made([2]), (Segment(0, 2, "go", "instruction"),), least=3)


@pytest.mark.parametrize(
    "segments, reason",
    [
        (SEGMENTS[1:], "are left"),
        (SEGMENTS[:-1], "end at 12"),
        ((*SEGMENTS[:-1], Segment(12, 12, "x", "instruction")), "are left"),
        ((Segment(0, 12, "x", "instruction"), Segment(12, 15, "x", "instruction")), "two episodes"),
        ((*SEGMENTS[:-1], Segment(12, 15, "x", "advice")), "none of instruction"),  # type: ignore[arg-type]
        ((*SEGMENTS[:-1], Segment(12, 99, "x", "instruction")), "are left"),
    ],
)
def test_segments_that_do_not_fit_are_refused(segments, reason):
    with pytest.raises(DataError, match=reason):
        check(segments, EPISODES)


def test_broken_narration_is_said(tmp_path):
    write(EPISODES, tmp_path / "set", segments=SEGMENTS)
    file = tmp_path / "set/meta/subtasks.parquet"
    table = pq.read_table(file)
    pq.write_table(table.slice(0, 1), file)
    with pytest.raises(DataError, match="there is not"):
        commanded(tmp_path / "set")
