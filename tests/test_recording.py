"""A recording gives back every bit of what was recorded; a damaged one says so."""

import pickle
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mcap_ros2.writer import Writer
from ticks import DT, JOINTS, SPEC, N, assert_same, make

from robot import messages, scribe
from robot.recording import Recording, RecordingError
from robot.replay import ReplayRobot, differences
from robot.types import (
    Command,
    Fix,
    Goal,
    JointMode,
    Observation,
    Outcome,
    Reference,
    State,
    Status,
    Tick,
    Utterance,
    Verdict,
    vector,
)


def scribble(path: Path, ticks: Iterable[Tick], video: str = "") -> list[str]:
    """Record in this process, without the queue and the pipe; return what was reported."""
    items: list[scribe.Item] = [
        ("begin", (str(path), video, JOINTS, {"format": "1", "robot": "arm"}), {})
    ]
    for number, tick in enumerate(ticks):
        pixels = {name: image.pixels for name, image in tick.obs.images.items()}
        facts = pickle.loads(pickle.dumps(messages.facts(tick, number)))
        items.append(("tick", (facts,), pixels))
    reports: list[str] = []
    scribe.record(iter(items), reports.append)
    return reports


numbers = st.floats(width=64)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


def vectors(size: int) -> st.SearchStrategy:
    return arrays(np.float64, size, elements=numbers)


commands = st.builds(
    Command,
    numbers,
    st.integers(0),
    st.integers(),
    vectors(N),
    st.tuples(*[st.sampled_from(JointMode)] * N),
    numbers,
    st.none() | vectors(N),
)
poses = st.builds(Fix, numbers, vectors(3), vectors(4), vectors(3))
observations = st.builds(
    Observation,
    numbers,
    numbers,
    st.integers(),
    vectors(N),
    vectors(N),
    st.dictionaries(names, poses, max_size=3),
    st.just({}),
)
reference = Reference(vector([]), vector([]), vector([]))
states = st.builds(
    State, numbers, numbers, st.just(0), vectors(0), vectors(0), st.just(reference), st.just({})
)
any_ticks = st.builds(
    Tick,
    observations,
    states,
    st.lists(st.builds(Utterance, numbers, st.text(max_size=9)), max_size=2).map(tuple),
    st.builds(Goal, st.integers(), names, st.dictionaries(names, plain, max_size=3)),
    st.none() | commands,
    st.builds(Outcome, st.integers(), st.sampled_from(Status), names),
    st.builds(Verdict, commands, st.lists(names, max_size=2).map(tuple), st.booleans()),
    numbers,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(any_ticks, max_size=4))
def test_any_tick_comes_back_bit_by_bit(tmp_path: Path, ticks: list[Tick]) -> None:
    assert scribble(tmp_path / "any.mcap", ticks) == []
    recording = Recording.load(tmp_path / "any.mcap")
    assert_same(recording, ticks)
    assert not recording.truncated


def test_a_cut_file_gives_its_beginning(tmp_path: Path) -> None:
    path, cut = tmp_path / "whole.mcap", tmp_path / "cut.mcap"
    ticks = [make(i) for i in range(200)]
    scribble(path, ticks)
    data = path.read_bytes()
    counts = []
    for size in [*range(0, 64, 3), *range(64, len(data), len(data) // 50), *range(len(data))[-20:]]:
        cut.write_bytes(data[:size])
        try:
            recording = Recording.load(cut)
        except RecordingError:
            assert size < 200
            continue
        assert recording.truncated and recording.metadata["robot"] == "arm"
        assert_same(recording, ticks[: len(recording.ticks)])
        counts.append(len(recording.ticks))
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] == 200
    assert max(np.diff(counts)) * DT <= 0.5  # [s] that a kill may cost


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path, bad = tmp_path / "whole.mcap", tmp_path / "bad.mcap"
    ticks = [make(i) for i in range(60)]
    scribble(path, ticks)
    data = path.read_bytes()
    refused = 0
    for place in range(0, len(data), len(data) // 200):
        bad.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            assert_same(Recording.load(bad), ticks)  # what was hit is an index, or metadata
        except RecordingError as error:
            refused += 1
            assert str(bad) in str(error) and "\n" not in str(error)
    assert refused > 80


def test_files_that_are_no_recordings(tmp_path: Path) -> None:
    (tmp_path / "empty.mcap").touch()
    (tmp_path / "text.mcap").write_text("these are not the bytes that you are looking for")
    (tmp_path / "folder.mcap").mkdir()
    with (tmp_path / "other.mcap").open("wb") as file, Writer(file) as writer:
        kind = writer.register_msgdef("std_msgs/msg/String", "string data")
        writer.write_message("/chatter", kind, {"data": "hello"}, log_time=0)
    for name, reason in {
        "none": "No such file",
        "empty": "ends before",
        "text": "not an MCAP file",
        "other": "no recording of Courtside",
        "folder": "directory",
    }.items():
        with pytest.raises(RecordingError, match=reason) as caught:
            Recording.load(tmp_path / f"{name}.mcap")
        assert f"{name}.mcap" in str(caught.value) and "\n" not in str(caught.value)


def test_a_replay_senses_what_was_sensed_and_tells_what_differs(tmp_path: Path) -> None:
    ticks = [make(i) for i in range(40)]
    scribble(tmp_path / "run.mcap", ticks)
    recording = Recording.load(tmp_path / "run.mcap")
    robot, replayed = ReplayRobot(recording, SPEC), []
    while robot.wait():
        tick = ticks[len(replayed)]
        assert robot.read() is recording.ticks[len(replayed)].obs
        assert robot.now() == tick.state.time and robot.hear() == tick.heard
        robot.write(tick.verdict.command)
        replayed.append(tick)
    assert not robot.wait() and robot.commands == [tick.verdict.command for tick in ticks]
    assert differences(recording, replayed) == []

    nudged = vector(ticks[3].verdict.command.target + np.array([0, 2e-9, 0]))
    command = replace(ticks[3].verdict.command, target=nudged)
    replayed[3] = replace(ticks[3], verdict=replace(ticks[3].verdict, command=command))
    args = {**ticks[5].goal.args, "name": "blue bowl"}
    outcome = Outcome(0, Status.FAILED, "")
    replayed[5] = replace(ticks[5], goal=replace(ticks[5].goal, args=args), outcome=outcome)
    replayed[7] = replace(ticks[7], verdict=replace(ticks[7].verdict, reasons=("jerk",)))
    target, name, status, reasons = differences(recording, replayed)
    assert target.startswith('tick 3 at 0.030 s, target: recorded {"elbow": ')
    assert '{"name": "red block"}, replayed {"name": "blue bowl"}' in name
    assert status == "tick 5 at 0.050 s, outcome: recorded running, replayed failed"
    assert reasons.endswith('reasons: recorded [], replayed ["jerk"]')
    assert len(differences(recording, replayed, limit=2)) == 2
    assert differences(recording, ticks[:-1]) == ["recorded 40 ticks, replayed 39"]
    with pytest.raises(RecordingError, match="elbow"):
        ReplayRobot(recording, replace(SPEC, joints=("other",)))
