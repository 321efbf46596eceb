"""The stack over real DDS, in several processes: what must hold on any machine, however busy.

How quick it is, on a machine that has time, is measured by `courtside bench ros` and by
`tests/benchmark/ros_kills.py`, `ros_corrections.py`, `ros_scenes.py` and `ros_tennis.py`.
"""

import json
import subprocess
import sys
from collections import defaultdict
from functools import partial
from math import inf, nan
from pathlib import Path
from time import monotonic, sleep
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

import ros_rig as rig
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from ros_rig import Sweeper, Witness, until
from trajectory_msgs.msg import JointTrajectory

from hardware import convert, topics
from hardware.inspection import inspect
from hardware.robot_file import parse
from robot.specs import UR5E
from robot.types import Command, JointMode

pytestmark = [pytest.mark.dds, pytest.mark.timeout(600)]

PUT = "pick object='red block'; place object='red block' at='blue bowl'"
DT = UR5E.dt
N = len(UR5E.joints)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """Driver, watchdog and coach in processes of their own, in a domain of their own."""
    folder = tmp_path_factory.mktemp("nodes")
    with pytest.MonkeyPatch.context() as patch, rig.domain() as domain:
        patch.setenv("ROS_DOMAIN_ID", domain)
        patch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        with rig.running(folder) as nodes:
            yield nodes


@pytest.fixture
def witness(nodes):
    witness = Witness()
    until(lambda: witness.states and witness.watchdog, "no nodes", lambda: witness.look(0.1))
    yield witness
    witness.ros.close()


@pytest.fixture
def sweeper(nodes, witness):
    sweeper = Sweeper()
    yield sweeper
    sweeper.robot.close()


def test_run_differs_by_a_word(nodes, witness):
    """Where the machine had no time for a tenth of a second, the arm is at rest, and it is told
    again."""
    for attempt in range(4):
        done = rig.start("run", "--robot", "ros", "--planner", "fixed", PUT, "--json")
        out, err = done.communicate(timeout=200)
        result = json.loads(out) if out else {"stops": 0}
        if done.returncode == 0 or attempt == 3 or not any(stall in err for stall in rig.STALLS):
            break
        witness.wait_for_rest()
    assert done.returncode == 0, err
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
    stamp = witness.states[-1].stamp - wrong.get("age", 0) + 1
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


def test_nothing_unsound_reaches_the_driver(sweeper, witness):
    """A stack holds the robot; a foreign client publishes in its name, and in others."""
    sweeper.holds(witness)
    commander, begun = sweeper.robot.commander, len(witness.gated)
    for what, (reason, wrong) in FAULTS.items():
        before = witness.counts().get(reason, 0)

        def publish(wrong=wrong) -> None:
            sweeper.holds(witness, 2)
            witness.commands.publish(forged(sweeper, witness, wrong))

        until(
            lambda reason=reason, before=before: witness.counts().get(reason, 0) >= before + 5,
            f"{what}: not counted as {reason!r}",
            publish,
        )
    reached = witness.gated[begun:]
    sent = {tuple(command.target.tolist()) for command in sweeper.sent}
    for message in reached:
        ours = message.header.frame_id == commander and message.points
        if message.points and not (ours and tuple(message.points[0].positions) in sent):
            pytest.fail(f"this reached the driver: {message}")
    assert len(reached) > 50


def test_a_second_stack_is_refused(sweeper, witness):
    sweeper.holds(witness)
    second = Sweeper()
    try:
        assert not second.robot.armed()  # it is armed, for another

        def both() -> None:
            sweeper.keep_armed()
            sweeper.tick()
            second.tick()
            witness.look()

        refused = f"{sweeper.robot.commander} commands the robot"
        until(lambda: second.robot.closed() == refused, second.robot.closed, both)
    finally:
        second.robot.close()
    sweeper.holds(witness)
    assert second.robot.commander not in {message.header.frame_id for message in witness.gated}


def test_a_driver_that_was_left_behind_says_so(sweeper, witness):
    """The stack's commands pass the watchdog, but they are from elsewhere than the arm stopped."""
    sweeper.holds(witness)
    robot, home = sweeper.robot, witness.states[-1].q
    sleep(2 * UR5E.timeout)
    until(
        lambda: "no command" in witness.trouble.get(topics.DRIVER, ""), "it goes on", witness.look
    )

    def ahead() -> None:
        assert robot.wait()
        now = robot.read()
        target = home + np.array([0.2, 0, 0, 0, 0, 0, 0])
        modes = (JointMode.POSITION,) * N
        robot.write(Command(now.time, now.seq, 1, target, modes, UR5E.timeout, np.zeros(N)))
        witness.look()
        if "watchdog" in robot.closed():
            robot.arm()

    until(lambda: robot.closed().startswith("the driver says: no command for"), robot.closed, ahead)
    assert np.abs(witness.states[-1].q - home).max() < 0.01  # it has not jumped there
    sweeper.arm()  # from where the arm is
    obeyed = partial(witness.trouble.get, topics.DRIVER)
    until(lambda: obeyed() == "fine", obeyed, lambda: sweeper.holds(witness, 1))
    assert not robot.closed()


# --- kill -9 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["watchdog", "coach"])
def test_a_node_killed_in_mid_motion_stops_the_arm(nodes, sweeper, witness, name):
    rig.assert_stops_and_returns(nodes, sweeper, witness, name)


def test_a_stack_killed_in_mid_motion_stops_the_arm(nodes, witness):
    rig.assert_stops_without_stack(witness)


# --- people -------------------------------------------------------------------------------------


def test_a_correction_comes_over_ros_where_no_stack_is_on_this_machine(sweeper):
    tell = f"from hardware.coach import tell; print(tell('a bit to the left', {rig.PATIENCE}))"
    said, heard = subprocess.Popen([sys.executable, "-c", tell], stdout=subprocess.PIPE), []

    def listen() -> None:
        sweeper.robot.wait()
        heard.extend(sweeper.robot.hear())

    until(lambda: said.poll() is not None, "nobody hears", listen)
    assert [line.text for line in heard] == ["a bit to the left"]
    assert 0 < float(said.communicate()[0]) < rig.PATIENCE


def test_the_coach_passes_on_what_say_says_and_the_watchdog_hears_an_emergency(
    nodes, sweeper, witness, monkeypatch
):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(nodes.folder))  # the coach's
    sweeper.holds(witness)
    heard, reasons = [], set()

    def step() -> None:
        sweeper.tick()
        witness.look()
        heard.extend(sweeper.robot.hear())
        reasons.add(witness.closed)
        if witness.closed and "emergency stop" not in reasons:
            sweeper.keep_armed()

    for _ in range(4):  # after a stall, it may be armed again just after the emergency
        said = rig.start("say", "emergency stop! " + "x" * 600, "--json")
        end = monotonic() + 30.0
        until(lambda said=said: said.poll() is not None, "it is not said", step)
        until(lambda end=end: "emergency stop" in reasons or monotonic() > end, reasons, step)
        if "emergency stop" in reasons:
            break
    assert json.loads(said.communicate()[0])["delivered"]
    assert len(heard[0].text) == topics.LONGEST


# --- a robot of one's own ---------------------------------------------------------------------


def test_doctor_looks_at_the_live_topics(nodes):
    found = {name: (good, note) for name, good, note in inspect(parse({"like": "ur5e"}))}
    assert all(found[name][0] for name in ("names", "stamps", "positions", topics.GATED)), found
    wrong = {"joints": ["wrong_joint", *UR5E.joints[1:]], "like": "ur5e"}
    wrong |= {"command": [{"type": "positions", "topic": "/nobody"}]}
    found = {name: (good, note) for name, good, note in inspect(parse(wrong))}
    good, note = found["names"]
    assert not good and "no joint state of wrong_joint; there are shoulder_pan_joint" in note
    assert found["/nobody"] == (False, "nobody listens: is the controller active?")


# --- security -----------------------------------------------------------------------------------


def test_nodes_say_and_hear_what_the_policy_allows(nodes, witness, sweeper):
    """Of the policy for SROS 2: all that is there is allowed, and nobody else may command."""
    allowed = policy()
    graph = witness.ros.node
    names = ("driver", "watchdog", "coach", "stack")
    until(lambda: set(names) <= set(graph.get_node_names()), graph.get_node_names, witness.look)
    for name in names:
        for kind, found in (
            ("publish", graph.get_publisher_names_and_types_by_node(name, "/")),
            ("subscribe", graph.get_subscriber_names_and_types_by_node(name, "/")),
            ("reply", graph.get_service_names_and_types_by_node(name, "/")),
        ):
            there = {topic.removeprefix("/") for topic, _ in found}
            assert there, f"{name}: nothing to {kind}"
            assert there <= allowed[name, kind], there - allowed[name, kind]
    commanders = {who for (who, kind), topics_ in allowed.items() if "courtside/gated" in topics_}
    assert commanders == {"watchdog", "driver"}
    assert not any(
        "courtside/operator/command" in topics_ and kind == "publish"
        for (_, kind), topics_ in allowed.items()
    )


def policy() -> dict[tuple[str, str], set[str]]:
    """What each node may do, by its name and the kind."""
    root = ElementTree.parse(Path(__file__).parents[1] / "hardware" / "security" / "policy.xml")
    allowed: dict[tuple[str, str], set[str]] = defaultdict(set)
    for enclave in root.iter("enclave"):
        for profile in enclave.iter("profile"):
            name = profile.attrib["node"]
            assert enclave.attrib["path"] == f"/courtside/{name}"
            for group in profile:
                (kind,) = group.attrib
                assert group.attrib[kind] == "ALLOW"
                allowed[name, kind] |= {entry.text for entry in group}
                if kind == "execute":
                    for entry in group:
                        verbs = ("send_goal", "cancel_goal", "get_result")
                        allowed[name, "reply"] |= {f"{entry.text}/_action/{v}" for v in verbs}
                        told = {f"{entry.text}/_action/{v}" for v in ("feedback", "status")}
                        allowed[name, "publish"] |= told
    return allowed


# --- life cycle ---------------------------------------------------------------------------------


def test_the_driver_can_be_deactivated_and_configured_anew(witness):
    change = witness.ros.node.create_client(ChangeState, "/driver/change_state")
    until(change.service_is_ready, "no life cycle", lambda: witness.look(0.05))

    def go(transition: int) -> bool:
        asked = change.call_async(ChangeState.Request(transition=Transition(id=transition)))
        until(asked.done, "no answer", lambda: witness.look(0.01))
        return asked.result().success

    def says(trouble: str) -> None:
        def said() -> bool:
            return trouble in witness.trouble.get(topics.DRIVER, "")

        until(said, lambda: witness.trouble, lambda: witness.look(0.01))

    pose = witness.states[-1].q
    assert go(Transition.TRANSITION_DEACTIVATE)
    says("the driver is inactive")
    sweeper = Sweeper()
    try:
        sweeper.swing = True
        sweeper.arm()
        for _ in range(50):
            sweeper.tick()
            witness.look()
        assert np.abs(witness.states[-1].q - pose).max() < 5e-3  # nobody is obeyed
    finally:
        sweeper.robot.close()
    sweeper = Sweeper()
    try:
        assert go(Transition.TRANSITION_CLEANUP)
        assert go(Transition.TRANSITION_CONFIGURE) and go(Transition.TRANSITION_ACTIVATE)
        assert not go(Transition.TRANSITION_CONFIGURE)
        sweeper.move(witness)
    finally:
        sweeper.robot.close()
    witness.wait_for_rest()
