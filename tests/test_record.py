"""The Recorder: what it costs the loop, and what is left when things go wrong."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from ticks import JOINTS, SPEC, assert_same, make, picture

from robot import record
from robot.record import Recorder
from robot.recording import Recording, RecordingError
from robot.types import Utterance


def test_everything_comes_back(tmp_path: Path) -> None:
    ticks = [make(i, picture(i) if i % 4 == 0 else None) for i in range(200)]
    recorder = Recorder(tmp_path / "new" / "run.mcap", SPEC, {"commit": "abc", "seed": "7"})
    for tick in ticks:
        recorder(tick)
    recorder.said(0.5, "Grüße")
    recorder.arrival(0.75, "llm", 1 / 3, '{"text": "ok"}')
    recorder.close()
    recorder.close()
    assert recorder.error is None and recorder.ticks == 200
    recording = Recording.load(tmp_path / "new" / "run.mcap")
    assert_same(recording, ticks)
    assert not recording.truncated and recording.missing == 0 and recording.joints == JOINTS
    assert recording.metadata.items() >= {"commit": "abc", "seed": "7", "robot": "arm"}.items()
    assert recording.said == (Utterance(0.5, "Grüße"),)
    (arrival,) = recording.arrivals
    assert (arrival.time, arrival.worker, arrival.requested) == (0.75, "llm", 1 / 3)
    assert arrival.result == '{"text": "ok"}'
    seen = Recording.load(recording.path, images=True).ticks[8].obs.images["front"]
    assert seen.time == 0.08 and np.abs(seen.pixels.astype(int) - picture(8)).mean() < 4


def test_other_tools_read_it(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    recorder = Recorder(path, SPEC, {})
    recorder.said(0.0, "hello")
    for i in range(30):
        recorder(make(i, picture(i)))
    recorder.close()
    found: dict[str, list] = {}
    with path.open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        assert reader.get_header().profile == "ros2"
        assert [each.name for each in reader.iter_metadata()] == ["courtside"]
        for schema, channel, message, decoded in reader.iter_decoded_messages(log_time_order=False):
            assert schema
            found.setdefault(channel.topic, []).append((schema.name, message.log_time, decoded))
    assert {topic: (messages[0][0], len(messages)) for topic, messages in found.items()} == {
        "/joint_states": ("sensor_msgs/msg/JointState", 30),
        "/camera/front/compressed": ("sensor_msgs/msg/CompressedImage", 30),
        "/courtside/objects": ("visualization_msgs/msg/MarkerArray", 6),
        "/courtside/proposed": ("trajectory_msgs/msg/JointTrajectory", 25),
        "/courtside/command": ("trajectory_msgs/msg/JointTrajectory", 30),
        "/courtside/goal": ("std_msgs/msg/String", 1),
        "/courtside/heard": ("std_msgs/msg/String", 1),
        "/courtside/said": ("std_msgs/msg/String", 1),
        "/courtside/tick": ("std_msgs/msg/String", 30),
    }
    for messages in found.values():
        times = [log_time for _, log_time, _ in messages]
        assert times == sorted(times)
    _, log_time, state = found["/joint_states"][7]
    assert log_time == 70_000_000 == state.header.stamp.sec * 10**9 + state.header.stamp.nanosec
    assert state.name == list(JOINTS) and state.position == make(7).obs.q.tolist()
    (box,) = found["/courtside/objects"][1][2].markers
    fix = make(5).obs.fixes["red block"]
    turn = box.pose.orientation
    assert (box.ns, box.type, box.header.frame_id) == ("red block", 1, "world")
    assert [turn.w, turn.x, turn.y, turn.z] == fix.quaternion.tolist()
    assert (box.color.r, box.color.g, box.color.b, box.color.a) == pytest.approx(
        (0.85, 0.15, 0.15, 1)
    )


def test_the_film_keeps_time(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run.mcap", SPEC, {}, tmp_path / "run.mp4")
    for i in range(201):  # 2 s; a frame each 40 ms, then none for .4 s, then a last one
        recorder(make(i, picture(i, 121, 163) if (i % 4 == 0 and i < 160) or i == 200 else None))
        if i == 100:
            recorder.said(1.0, "a sentence that is so long that one row cannot hold it, " * 3)
    recorder.close()
    assert recorder.error is None
    with av.open(str(tmp_path / "run.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.average_rate, stream.frames) == ("h264", 30, 61)
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
    assert len(frames) == 61 and frames[0].shape == (484, 652, 3)
    assert np.abs(frames[0][200:220, 300:320].mean((0, 1)) - (152, 104, 178)).max() < 12
    assert frames[59][:300].astype(int).std() > 0  # it stands still there, and is not black
    assert np.abs(frames[50].astype(int) - frames[59]).mean() < 2
    assert frames[40][-30:].max() > 200 and frames[40][-30:].min() < 60  # the captions


def test_recording_a_tick_costs_microseconds(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run.mcap", SPEC, {})
    costs = []
    for i in range(3000):
        tick = make(i)
        began = time.thread_time_ns()
        recorder(tick)
        costs.append(time.thread_time_ns() - began)
    recorder.close(30)
    assert recorder.error is None
    assert np.percentile(costs, 99) < 50_000  # [ns]; some 3000 on an idle machine


def test_images_are_dropped_before_ticks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MAX_PIXELS", 10 * picture(0).nbytes)
    monkeypatch.setattr(record, "MAX_TICKS", 500)
    recorder = Recorder(tmp_path / "run.mcap", SPEC, {})
    os.kill(recorder._child.pid, signal.SIGSTOP)  # it falls behind
    for i in range(400):
        recorder(make(i, picture(i)))
    assert recorder.dropped == 0 and recorder.dropped_images > 300
    for i in range(400, 1000):
        recorder(make(i))
    assert recorder.dropped > 300
    os.kill(recorder._child.pid, signal.SIGCONT)
    wait_for(lambda: not recorder._queue)
    recorder(make(1000))
    recorder.close()
    assert f"{recorder.dropped} ticks not recorded" in (recorder.error or "")
    recording = Recording.load(tmp_path / "run.mcap", images=True)
    assert len(recording.ticks) == 1001 - recorder.dropped
    assert recording.missing == recorder.dropped and not recording.truncated
    assert sum(len(tick.obs.images) for tick in recording.ticks) == 400 - recorder.dropped_images
    assert all(tick.obs.seq == tick.number for tick in recording.ticks)


def test_a_full_disk_and_a_dead_child_leave_the_loop_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    full = Recorder(Path("/dev/full"), SPEC, {})
    killed = Recorder(tmp_path / "killed.mcap", SPEC, {}, tmp_path / "killed.mp4")
    stopped = Recorder(tmp_path / "stopped.mcap", SPEC, {})
    os.kill(stopped._child.pid, signal.SIGSTOP)
    for i in range(300):
        for recorder in (full, killed, stopped):
            recorder(make(i, picture(i) if i % 4 == 0 else None))
        if i == 200:
            wait_for(lambda: len(Recording.load(tmp_path / "killed.mcap").ticks) > 100)
            killed._child.kill()
    for recorder, reason in ((full, "No space left"), (killed, "code -9"), (stopped, "0.1 s")):
        caplog.clear()
        recorder.close(10 if recorder is not stopped else 0.1)
        recorder.close()
        recorder(make(300))
        assert reason in (recorder.error or "") and "ticks not recorded" in (recorder.error or "")
        assert len(caplog.records) == 1 and reason in caplog.text
    recording = Recording.load(tmp_path / "killed.mcap")
    assert recording.truncated and len(recording.ticks) > 100


def test_a_path_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Recorder(tmp_path / "file" / "run.mcap", SPEC, {})
    with pytest.raises(IsADirectoryError):
        Recorder(tmp_path, SPEC, {})


def wait_for(ready: Callable[[], bool], timeout: float = 15.0) -> None:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        try:
            if ready():
                return
        except RecordingError:
            pass
        time.sleep(0.02)
    raise TimeoutError


def start(path: Path, body: str) -> subprocess.Popen:
    """A program that records to `path` in real time for ever, once `body` has run."""
    program = """\
    import resource, signal, sys, time
    from pathlib import Path
    from robot.record import Recorder
    from ticks import DT, SPEC, make
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs tests may ignore it
    {body}
    recorder = Recorder(Path(sys.argv[1]), SPEC, {{"commit": "abc"}})
    try:
        for i in range(10**6):
            recorder(make(i))
            time.sleep(DT)
    except KeyboardInterrupt:
        pass
    recorder.close()
    print(recorder.ticks, recorder.error)
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program).format(body=body), str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_killed_loop_leaves_a_complete_file(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    loop = start(path, "")
    wait_for(lambda: len(Recording.load(path).ticks) > 100)
    loop.kill()
    loop.communicate()
    wait_for(lambda: not Recording.load(path).truncated)
    recording = Recording.load(path)
    assert_same(recording, [make(i) for i in range(len(recording.ticks))])
    assert recording.metadata["commit"] == "abc"


def test_control_c_is_not_for_the_child(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    loop = start(path, "")
    wait_for(lambda: len(Recording.load(path).ticks) > 50)
    os.killpg(loop.pid, signal.SIGINT)
    ticks, error = loop.communicate(timeout=40)[0].split()
    recording = Recording.load(path)
    assert error == "None" and not recording.truncated and len(recording.ticks) == int(ticks)


def test_a_disk_that_fills_up_keeps_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)); DT = 0.002"
    loop = start(path, limit)
    wait_for(lambda: path.exists() and path.stat().st_size == 60_000)
    time.sleep(0.3)
    os.killpg(loop.pid, signal.SIGINT)
    printed = loop.communicate(timeout=40)[0]
    assert "File too large" in printed and "ticks not recorded" in printed
    recording = Recording.load(path)
    assert recording.truncated
    assert_same(recording, [make(i) for i in range(len(recording.ticks))])
