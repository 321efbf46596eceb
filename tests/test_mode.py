"""The mode: what is said about moving at all, and what of it the planner gets to hear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.mode import Mode, Phase
from robot.safety import Supervisor
from robot.types import Command, Goal, JointMode, RobotSpec, State, Utterance, vector

ONE = vector([1.0])
SPEC = RobotSpec("one", ("joint",), 0.01, -ONE, ONE, ONE, ONE, ONE * 10, ONE * 0)
GOAL = Goal(3, "reach")


@pytest.fixture
def mode():
    return engaged()


def engaged():
    supervisor = Supervisor(SPEC)
    mode = Mode(supervisor)
    mode.engage()  # before the robot's first tick, as the command line does
    supervisor.reset(vector([0.0]))
    mode.supervisor = supervisor
    return mode


def hear(mode, *lines):
    return [utterance.text for utterance in mode.hear([Utterance(1.0, line) for line in lines])]


def test_goals_pass_only_while_engaged():
    supervisor = Supervisor(SPEC)
    mode = Mode(supervisor)
    supervisor.reset(vector([0.0]))
    for act, phase in (
        (lambda: None, Phase.IDLE),
        (mode.engage, Phase.ENGAGED),
        (lambda: hear(mode, "stop"), Phase.SOFT_STOP),
        (mode.engage, Phase.SOFT_STOP),
        (lambda: hear(mode, "emergency stop"), Phase.STOPPED),
        (mode.engage, Phase.STOPPED),
        (lambda: hear(mode, "continue"), Phase.STOPPED),
        (lambda: hear(mode, "re-arm"), Phase.SOFT_STOP),
        (lambda: hear(mode, "continue"), Phase.ENGAGED),
    ):
        act()
        assert mode.phase is phase
        assert mode.halted == (phase in (Phase.SOFT_STOP, Phase.STOPPED))
        passed = mode.gate(GOAL)
        assert passed is GOAL if phase is Phase.ENGAGED else passed == Goal(-1, "hold")
    assert mode.stops == 2


@pytest.mark.parametrize("line", [
    "stop", "STOP!!!", "  Stop. ", "stop stop stop", "stooop", "st\u200bop", "s\u0336top",
    "\uff33\uff54\uff4f\uff50", "halt", "Freeze!", "whoaaa", "please stop now", "ok, stop",
    "stop it", "Stop the robot, please", "don't stop", "don\u2019t stop", "pause", "wait",
    "wait a moment", "hold on", "hold  on a sec", "Pardon?",
    "just wait there", "stop - please", "robot — halt", "stop moving right now",
])  # fmt: skip
def test_words_that_stop(mode, line):
    assert hear(mode, line) == []
    assert mode.phase is Phase.SOFT_STOP
    assert hear(mode, line) == [] and mode.stops == 1


@pytest.mark.parametrize("line", [
    "emergency stop", "EMERGENCY!", "e-stop", "estop", "E stop now", "e\u2011stop",
    "emergency-stop",
])  # fmt: skip
def test_words_that_stop_for_good(mode, line):
    assert hear(mode, "the red block", line, "re-arm", "continue") == ["the red block"]
    assert mode.phase is Phase.STOPPED
    assert mode.supervisor.stopped and mode.supervisor.reason == "emergency stop"
    assert hear(mode, "stop") == [] and mode.phase is Phase.STOPPED and mode.stops == 1


@pytest.mark.parametrize("line", [
    "continue", "Continue!", "resume", "go on", "carry on, please", "ok, continue.", "yes, go  on",
    "continue continue", "and now resume", "continueee",
])  # fmt: skip
def test_words_that_go_on(mode, line):
    assert hear(mode, line) == [line]  # nothing to end: the planner may make something of it
    hear(mode, "stop")
    assert hear(mode, line) == []
    assert mode.phase is Phase.ENGAGED


@pytest.mark.parametrize("line", ["re-arm", "Rearm!", "re arm", "arm", "please re-arm"])
def test_words_that_re_arm(mode, line):
    assert hear(mode, line) == [line]
    hear(mode, "e-stop")
    assert hear(mode, line) == []
    assert mode.phase is Phase.SOFT_STOP


@pytest.mark.parametrize("line", [
    "go on the left", "put it on the bowl and continue there", "move the arm left", "the stopper",
    "unstoppable", "nonstopping", "", "...", "the  red   block", "harm", "wander on", "ok",
])  # fmt: skip
def test_other_lines_pass_as_they_are(mode, line):
    said = Utterance(1.0, line)
    assert mode.hear([said])[0] is said and mode.phase is Phase.ENGAGED
    hear(mode, "stop")
    assert mode.hear([said])[0] is said and mode.phase is Phase.SOFT_STOP


@pytest.mark.parametrize("line, left", [
    ("stop, no, the blue bowl", "no, the blue bowl"),
    ("stop,no,the blue bowl", "no,the blue bowl"),
    ("Stop right there, the red one!", "the red one!"),
    ("move 3.5 cm up, stop", "move 3.5 cm up"),
    ("put the red block, wait, the Green one", "put the red block, the Green one"),
    ("emergency stop - the cable", "the cable"),
    ("stop, right", "right"),
])  # fmt: skip
def test_what_else_a_stop_says_is_passed_on(mode, line, left):
    assert hear(mode, line) == [left]
    assert mode.halted


def test_what_else_going_on_says_is_passed_on(mode):
    hear(mode, "stop")
    assert hear(mode, "continue, but slower") == ["but slower"]
    assert mode.phase is Phase.ENGAGED


def test_stop_wins_within_a_tick(mode):
    assert hear(mode, "stop", "continue") == [] and mode.phase is Phase.SOFT_STOP
    assert hear(mode, "continue", "stop") == [] and mode.phase is Phase.SOFT_STOP
    assert hear(mode, "continue, stop, continue") == [] and mode.phase is Phase.SOFT_STOP
    assert hear(mode, "continue") == [] and mode.phase is Phase.ENGAGED
    assert hear(mode, "continue", "halt") == [] and mode.phase is Phase.SOFT_STOP
    assert mode.stops == 2


def test_re_arm_and_continue_in_one_tick(mode):
    hear(mode, "e-stop")
    assert hear(mode, "re-arm", "continue") == [] and mode.phase is Phase.ENGAGED


def test_a_stop_of_the_supervisor_is_one_of_the_mode(mode):
    mode.supervisor.halt("no reason")
    assert mode.gate(GOAL).skill == "hold" and mode.phase is Phase.STOPPED and mode.stops == 1
    assert mode.supervisor.rearm()  # by whomever: people still have to say "continue"
    assert mode.phase is Phase.SOFT_STOP and mode.stops == 1
    mode.supervisor.halt("again")
    assert mode.supervisor.rearm() and mode.phase is Phase.SOFT_STOP and mode.stops == 2


def test_an_emergency_before_the_robot_is_armed_is_kept():
    supervisor = Supervisor(SPEC)
    mode = Mode(supervisor)
    mode.engage()
    hear(mode, "emergency stop")
    assert mode.phase is Phase.STOPPED
    supervisor.reset(vector([0.0]))
    assert mode.phase is Phase.SOFT_STOP


def test_it_does_not_re_arm_while_the_arm_still_moves(mode):
    supervisor = mode.supervisor
    for k in range(12):
        reference = supervisor.reference
        state = State(k * 0.01, 0.0, k, reference.q, reference.qd, reference)
        goal = Command(k * 0.01, k, 1, ONE, (JointMode.POSITION,), 0.1)
        if k == 10:
            assert reference.qd.any() and hear(mode, "e-stop") == []
        supervisor.filter(state, goal)
    assert hear(mode, "re-arm") == [] and mode.phase is Phase.STOPPED
    while supervisor.reference.qd.any() or supervisor.reference.qdd.any():
        supervisor.filter(state, goal)
    assert hear(mode, "re-arm") == [] and mode.phase is Phase.SOFT_STOP


@given(st.lists(st.text() | st.sampled_from(["stop", "continue", "re-arm", "e-stop"]), max_size=4))
def test_no_text_makes_it_fail_and_stop_always_wins(lines):
    mode = engaged()
    hear(mode, *lines)
    if any(line in ("stop", "e-stop") for line in lines):
        assert mode.halted and mode.gate(GOAL).skill == "hold"
