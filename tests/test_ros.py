"""The stack over real DDS, in several processes."""

import json
import os
import signal
import subprocess
from math import inf, nan
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

import ros_rig as rig
from ros_rig import Sweeper, Witness, until
from trajectory_msgs.msg import JointTrajectory

from hardware import convert, topics
from hardware.ros_robot import RosRobot
from robot.specs import UR5E

pytestmark = pytest.mark.dds

PUT = "pick object='red block'; place object='red block' at='blue bowl'"
DT = UR5E.dt
N = len(UR5E.joints)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """Driver, watchdog and coach in processes of their own; the domain is this process's."""
    folder = tmp_path_factory.mktemp("nodes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_DOMAIN_ID", rig.domain())
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        with rig.running(folder) as nodes:
            yield nodes


@pytest.fixture
def witness(nodes):
    witness = Witness()
    until(lambda: witness.states and witness.watchdog, "no nodes", lambda: witness.ros.spin(0.1))
    yield witness
    witness.ros.close()


@pytest.fixture
def sweeper(nodes, witness):
    sweeper = Sweeper()
    yield sweeper
    sweeper.robot.close()


@rig.patient
def test_run_differs_by_a_word(nodes, witness):
    done = rig.start("run", "--robot", "ros", "--planner", "fixed", PUT, "--json")
    out, err = done.communicate(timeout=90)
    assert done.returncode == 0, err
    result = json.loads(out)
    assert result["success"] and not result["stops"]
    block, bowl = (np.array(result["objects"][name]) for name in ("red block", "blue bowl"))
    assert np.abs(block - bowl)[:2].max() < 0.05


# --- what a foreign client publishes ----------------------------------------------------------

HOUR = 3600 * 10**9  # [ns]
FAULTS = {  # what is wrong: (its name on /diagnostics, what differs from a sound command)
    "NaN": ("not finite", {"place": (0, nan)}),
    "Inf": ("not finite", {"place": (1, inf)}),
    "out of limit": ("position", {"place": (2, 4.0)}),
    "out of speed": ("velocity", {"speed": (3, 9.0)}),
    "stale": ("stale", {"age": 10**9}),
    "duplicate": ("duplicate", {"again": 0}),
    "out of order": ("out of order", {"again": 1}),
    "wrong length": ("wrong length", {"length": N - 1}),
    "wrong name": ("wrong name", {"joints": ("a", *UR5E.joints[1:])}),
    "a second commander": ("another commander", {"frame": "intruder"}),
    "no name": ("unnamed commander", {"frame": ""}),
    "a clock an hour ahead": ("from the future", {"age": -HOUR}),
    "a clock an hour behind": ("stale", {"age": HOUR}),
}


def forged(sweeper, witness, wrong) -> JointTrajectory:
    """What the stack might send next, but for what is wrong with it."""
    stamp = witness.states[-1][1] - wrong.get("age", 0) + 1
    if "again" in wrong:
        stamp = sweeper.answered - wrong["again"]
    positions, velocities = sweeper.sent[-1].target.copy(), np.zeros(N)
    for values, change in ((positions, wrong.get("place")), (velocities, wrong.get("speed"))):
        if change is not None:
            values[change[0]] = change[1]
    return convert.trajectory(
        stamp,
        wrong.get("frame", sweeper.robot.commander),
        wrong.get("joints", UR5E.joints),
        positions.tolist()[: wrong.get("length", N)],
        velocities.tolist(),
        DT,
    )


@rig.patient
def test_nothing_unsound_reaches_the_driver(sweeper, witness):
    """A stack holds the robot; a foreign client publishes in its name, and in others."""
    spin = witness.ros.spin
    sweeper.arm()
    commander = sweeper.robot.commander
    until(lambda: witness.gated, "nothing passes", lambda: (sweeper.tick(), spin()))
    sweeper.run(0.3, spin)
    before = {name: int(count) for name, count in witness.watchdog.items() if count.isdigit()}
    passed = len(witness.gated)
    for _, (_, wrong) in FAULTS.items():
        for _ in range(5):
            sweeper.run(2 * DT, spin)
            witness.commands.publish(forged(sweeper, witness, wrong))
    sweeper.run(0.5, spin)
    reached = witness.gated[passed:]
    sent = {tuple(command.target.tolist()) for command in sweeper.sent}
    for message in reached:
        ours = message.header.frame_id == commander and message.points
        if message.points and not (ours and tuple(message.points[0].positions) in sent):
            pytest.fail(f"this reached the driver: {message}")
    assert len(reached) > 50
    after = {name: int(count) for name, count in witness.watchdog.items() if count.isdigit()}
    for reason in {reason for reason, _ in FAULTS.values()}:
        times = 5 * sum(reason == named for named, _ in FAULTS.values())
        assert after.get(reason, 0) - before.get(reason, 0) >= times, reason
    assert not sweeper.supervisor.stopped, sweeper.supervisor.reason


@rig.patient
def test_a_second_stack_is_refused(sweeper, witness):
    sweeper.arm()
    sweeper.run(0.3)
    second = rig.start("run", "--robot", "ros", "--planner", "fixed", "home")
    lines = rig.lines_of(second)
    refused = f"{sweeper.robot.commander} commands the robot"
    until(lambda: any(refused in line for line in lines), lines, sweeper.tick)
    second.terminate()
    until(lambda: second.poll() is not None, "the second goes on", sweeper.tick)
    assert second.returncode == 1 and not sweeper.robot.closed()


# --- kill -9 ------------------------------------------------------------------------------------


def moving(sweeper, witness) -> None:
    """The arm swings, and is fast now."""
    sweeper.swing = True
    witness.states.clear()
    until(
        lambda: witness.states and abs(witness.states[-1][3][0]) > 0.7,
        "the arm does not move",
        lambda: (sweeper.tick(), witness.ros.spin()),
    )


def settled(witness, killed: float) -> None:
    """Since `killed` [s] the arm has come to rest in time, and without a jump."""
    until(lambda: witness.states[-1][0] > killed + 1.5, "no joint states", witness.ros.spin)
    states = [state for state in witness.states if state[0] > killed - 0.2]
    received = np.array([state[0] for state in states])
    q = np.array([state[2][:6] for state in states])
    qd = np.array([state[3][:6] for state in states])
    a, j = float(UR5E.acceleration[0]), float(UR5E.jerk[0])
    braking = 0.8 / a + a / j + 0.1  # [s] at most, from .8 rad/s; the arm lags behind by .1 s
    rest = received[np.abs(qd).max(axis=1) > 0.02][-1]
    late = UR5E.timeout + braking + 0.25  # .25 s for a machine with other things to do
    assert rest - killed < late, f"at rest {rest - killed:.3f} s after"
    assert np.abs(np.diff(q, axis=0)).max() < 1.5 * 0.8 * 3 * DT  # even over two lost states
    stamps = np.array([state[1] for state in states]) * 1e-9
    speeding = np.abs(np.diff(qd, axis=0)) / np.maximum(np.diff(stamps), DT)[:, None]
    assert speeding.max() < 2 * a  # as measured: the arm itself is not stiff


@pytest.mark.parametrize("name", ["watchdog", "coach"])
@rig.patient
def test_a_node_killed_in_mid_motion_stops_the_arm(nodes, sweeper, witness, name):
    sweeper.arm()
    moving(sweeper, witness)
    killed = rig.kill(nodes, name)
    for _ in range(30):  # the stack goes on, and nothing of it comes through any more
        sweeper.tick()
        witness.ros.spin()
    settled(witness, killed)
    pose = witness.states[-1][2]
    restarted = next(one for one in nodes.running if one.node.name == name)
    until(lambda: restarted.restarts, f"{name} is not restarted")
    until(
        lambda: "not armed since" in sweeper.robot.closed() or "is gone" in sweeper.robot.closed(),
        f"the watchdog is open: {sweeper.robot.closed()}",
        lambda: (sweeper.tick(), witness.ros.spin()),
    )
    assert np.abs(witness.states[-1][2] - pose).max() < 1e-3  # disarmed, where it was
    sweeper.swing = False
    sweeper.arm()
    sent = len(sweeper.sent)
    sweeper.run(0.5, witness.ros.spin)
    assert np.abs(sweeper.sent[sent].target - pose).max() < 5e-3  # the measured pose comes first
    assert np.abs(witness.states[-1][2] - pose).max() < 5e-3
    assert not sweeper.robot.closed()


@rig.patient
def test_a_stack_killed_in_mid_motion_stops_the_arm(nodes, witness):
    there = UR5E.home.tolist()
    postures = [json.dumps([pan, *there[1:]], separators=(",", ":")) for pan in (-0.5, 2.3)]
    goals = "; ".join(f"reach posture={posture}" for posture in postures)
    stack = rig.start("run", "--robot", "ros", "--planner", "fixed", goals)
    lines = rig.lines_of(stack)
    until(lambda: np.abs(witness.states[-1][3][0]) > 0.7, lines, lambda: witness.ros.spin(0.01))
    killed = monotonic()
    stack.kill()
    stack.wait()
    until(lambda: witness.states[-1][0] > killed + 1.5, "no states", witness.ros.spin)
    states = [state for state in witness.states if state[0] > killed]
    rest = [state[0] for state in states if np.abs(state[3][:6]).max() > 0.02][-1]
    v, a, j = (float(limit[0]) for limit in (UR5E.velocity, UR5E.acceleration, UR5E.jerk))
    assert rest - killed < UR5E.timeout + v / a + a / j + 0.35
    assert "no command for" in witness.trouble[topics.WATCHDOG]


# --- people -------------------------------------------------------------------------------------


@rig.patient
def test_a_correction_comes_over_ros_where_no_stack_is_on_this_machine(sweeper, witness):
    sweeper.arm()
    said = rig.start("say", "a bit to the left", "--json")
    heard = []
    until(
        lambda: said.poll() is not None,
        "say does not end",
        lambda: (sweeper.tick(), heard.extend(sweeper.robot.hear())),
    )
    answer = json.loads(said.communicate()[0])
    assert [line.text for line in heard] == ["a bit to the left"]
    assert answer["delivered"] and 0 < answer["latency_ms"] < 5000


@rig.patient
def test_the_coach_passes_on_what_say_says_and_the_watchdog_hears_an_emergency(
    nodes, sweeper, witness, monkeypatch
):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(nodes.folder))  # the coach's
    sweeper.arm()
    sweeper.run(0.2)
    said = rig.start("say", "emergency stop! " + "x" * 600, "--json")
    heard = []
    until(
        lambda: said.poll() is not None and sweeper.robot.closed(),
        "say does not end",
        lambda: (sweeper.tick(), heard.extend(sweeper.robot.hear())),
    )
    assert sweeper.robot.closed() == "the watchdog says: emergency stop"
    assert json.loads(said.communicate()[0])["delivered"]
    assert len(heard[0].text) == topics.LONGEST


# --- a robot of one's own ---------------------------------------------------------------------


def test_doctor_looks_at_the_live_topics(nodes, tmp_path):
    file = tmp_path / "robot.toml"
    file.write_text('like = "ur5e"')
    out, said = rig.start("doctor", "--robot", str(file), "--json").communicate(timeout=60)
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    assert all(checks[name]["ok"] for name in ("names", "stamps", "positions", topics.GATED)), said
    wrong = ["wrong_joint", *UR5E.joints[1:]]
    file.write_text(
        f'like = "ur5e"\njoints = {json.dumps(wrong)}\n[[command]]\n'
        'type = "positions"\ntopic = "/nobody"'
    )
    doctor = rig.start("doctor", "--robot", str(file))
    _, said = doctor.communicate(timeout=60)
    assert doctor.returncode == 1
    assert "no joint state of wrong_joint; there are shoulder_pan_joint" in said
    assert "nobody listens" in said


# --- ends ---------------------------------------------------------------------------------------


def test_the_nodes_end_well_however_they_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", str(100 + os.getpid() % 100))
    before = memory()
    names = ("driver", "watchdog", "coach", "stack")
    running = {name: rig.start("node", name) for name in names}
    own = RosRobot(patience=rig.PATIENCE)  # they are there
    own.close()
    sleep(3)  # the stack too
    for name, signals in (
        ("stack", [signal.SIGINT]),
        ("coach", [signal.SIGTERM, signal.SIGTERM]),
        ("watchdog", [signal.SIGTERM]),
        ("driver", [signal.SIGINT, signal.SIGINT]),
    ):
        for each in signals:
            running[name].send_signal(each)
            sleep(0.02)
        _, said = running[name].communicate(timeout=rig.PATIENCE)
        assert running[name].returncode == 0, f"{name}: {said}"
        assert "Traceback" not in said, said
    assert not memory() - before


def test_courtside_nodes_ends_all_of_them(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", str(100 + os.getpid() % 100))
    for how in (signal.SIGINT, signal.SIGKILL):
        nodes = rig.start("nodes", "--frames", "0", "--logs", str(tmp_path), "--json")
        own = RosRobot(patience=rig.PATIENCE)
        own.close()
        children = subprocess.run(
            ["pgrep", "-P", str(nodes.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        assert len(children) == 3
        nodes.send_signal(how)
        nodes.send_signal(how)
        out, said = nodes.communicate(timeout=rig.PATIENCE)
        if how is signal.SIGINT:
            assert nodes.returncode == 0, said
            assert set(json.loads(out)["restarts"].values()) == {0}
        until(lambda pids=children: not any(map(alive, pids)), "nodes are left")


def memory() -> set[Path]:
    """That DDS shares between processes."""
    return {file for file in Path("/dev/shm").iterdir() if "fast" in file.name}


def alive(pid: str) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except OSError:
        return False


def test_without_ros_one_line_says_what_to_install(command, monkeypatch):
    from robot.cli import build

    monkeypatch.setattr(build, "find_spec", lambda name: None)
    for words in (("run", "--robot", "ros", "go"), ("nodes",), ("node", "coach")):
        code, _, said = command(*words)
        assert code == 1 and "pip install 'courtside[ros]'" in said.splitlines()[-1]
        assert len(said.strip().splitlines()) == 1
