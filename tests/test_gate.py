"""The watchdog's judgement: every reason to reject, every reason to close, and nothing else."""

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hardware.gate import BURST, FIRST, JOIN, Gate, Order
from robot.safety import Supervisor
from robot.specs import UR5E
from robot.tennis import TENNIS
from robot.types import Command, JointMode, State, vector

DT = UR5E.dt
N = len(UR5E.joints)
HOME = tuple(UR5E.home.tolist())
STILL = (0.0,) * N
EPOCH = 1_800_000_000_000_000_000  # [ns]


def stamp(tick: int) -> int:
    return EPOCH + round(tick * DT * 1e9)


def order(tick: int = 0, **other) -> Order:
    return replace(Order("stack", stamp(tick), UR5E.joints, HOME, STILL), **other)


def moved(i: int, by: float) -> tuple[float, ...]:
    return tuple(q + by * (j == i) for j, q in enumerate(HOME))


def opened(spec=UR5E, q=HOME) -> Gate:
    """A gate that is armed, with the robot seen at `q` at tick 0."""
    gate = Gate(spec)
    gate.see(stamp(0), q, 0.0)
    assert gate.arm(0.0) == ""
    return gate


def test_it_begins_closed_and_counts_what_it_rejects():
    gate = Gate(UR5E)
    assert not gate.armed and "started" in gate.reason
    gate.see(stamp(0), HOME, 0.0)
    assert gate.judge(order(), 0.0) == "not armed"
    assert gate.rejected == {"not armed": 1} and gate.passed == 0


def test_it_cannot_be_armed_without_a_robot():
    gate = Gate(UR5E)
    assert gate.arm(0.0) == "the robot is silent"
    gate.see(stamp(0), HOME, 0.0)
    assert gate.arm(UR5E.timeout + 0.01) == "the robot is silent"
    assert not gate.armed


def test_arming_again_takes_the_robot_from_nobody():
    gate = opened()
    assert gate.judge(order(0), 0.0) == ""
    assert gate.arm(DT) == ""
    assert gate.judge(order(1, commander="second"), DT) == "another commander"
    assert gate.holder == "stack"


def test_what_is_sound_passes():
    gate = opened()
    assert gate.judge(order(), 0.0) == ""
    assert (gate.holder, gate.passed, not gate.rejected) == ("stack", 1, True)


FAULTS = {  # what is wrong: the reason, and the order of tick 1
    "nan": ("not finite", {"q": moved(2, nan)}),
    "inf": ("not finite", {"q": moved(0, inf)}),
    "nan speed": ("not finite", {"qd": (nan, *STILL[1:])}),
    "short": ("wrong length", {"q": HOME[:-1]}),
    "long": ("wrong length", {"q": (*HOME, 0.0)}),
    "no speeds": ("wrong length", {"qd": ()}),
    "two points": ("wrong length", {"points": 2}),
    "few names": ("wrong length", {"joints": UR5E.joints[:-1]}),
    "wrong name": ("wrong name", {"joints": ("elbow", *UR5E.joints[1:])}),
    "wrong order": ("wrong name", {"joints": UR5E.joints[::-1]}),
    "duplicate": ("duplicate", {"stamp": stamp(0)}),
    "out of order": ("out of order", {"stamp": stamp(0) - 1}),
    "stale": ("stale", {"stamp": stamp(-20)}),
    "an hour back": ("stale", {"stamp": stamp(0) - 3600 * 10**9}),
    "an hour ahead": ("from the future", {"stamp": stamp(0) + 3600 * 10**9}),
    "nobody": ("unnamed commander", {"commander": ""}),
    "another": ("another commander", {"commander": "foreign"}),
    "another lets go": ("another commander", {"commander": "foreign", "points": 0}),
    "step": ("velocity", {"q": moved(0, 1.1 * np.pi * DT)}),
    "speed": ("velocity", {"qd": (3.2, *STILL[1:])}),
    "acceleration": ("acceleration", {"qd": (8.1 * DT, *STILL[1:])}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_unsound_does_not_pass_and_changes_nothing(fault):
    gate = opened()
    assert gate.judge(order(0), 0.0) == ""
    reason, other = FAULTS[fault]
    assert gate.judge(order(**{"tick": 1, **other}), DT) == reason
    assert gate.rejected == {reason: 1} and gate.armed and gate.holder == "stack"
    assert gate.judge(order(1), DT) == ""  # the next sound one does


def test_a_first_command_goes_on_from_the_measured_pose():
    assert opened().judge(order(q=moved(0, FIRST * 1.01)), 0.0) == "jump"
    assert opened().judge(order(q=moved(0, FIRST * 0.99)), 0.0) == ""
    assert opened().judge(order(qd=(0.5, *STILL[1:])), 0.0) == "acceleration"


def test_what_a_gripper_was_told_may_go_on_though_it_is_held_open():
    gate = opened()
    closed = (*HOME[:-1], 0.0)
    for tick in range(40):  # it closes
        q = (*HOME[:-1], max(0.0, HOME[-1] - 0.15 * DT * tick))
        gate.see(stamp(tick), HOME, tick * DT)
        assert gate.judge(order(tick, q=q), tick * DT) == ""
    gate.close("for a moment")
    gate.see(stamp(40), (*HOME[:-1], 0.03), 40 * DT)  # an object holds it up
    assert gate.arm(40 * DT) == ""
    assert gate.judge(order(40, q=closed), 40 * DT) == ""


def test_positions_end_at_the_limits():
    upper = tuple(UR5E.upper.tolist())
    gate = opened(q=upper)
    assert gate.judge(order(0, q=upper), 0.0) == ""
    beyond = (upper[0] + 0.01, *upper[1:])
    assert gate.judge(order(1, q=beyond), DT) == "position"


def test_a_joint_that_is_outside_may_come_back_and_not_go_further_out():
    outside = (*HOME[:-1], UR5E.upper[-1] + 0.001)
    gate = opened(q=outside)
    assert gate.judge(order(0, q=outside), 0.0) == ""
    assert gate.judge(order(1, q=(*HOME[:-1], outside[-1] - 0.0005)), DT) == ""
    gate = opened(q=outside)
    assert gate.judge(order(0, q=(*HOME[:-1], outside[-1] + 0.001)), 0.0) == "position"


def test_a_lost_command_leaves_room_for_its_motion():
    gate = opened()
    step, speed = 0.5 * 8.0 * DT**2, 8.0 * DT
    assert gate.judge(order(0), 0.0) == ""
    q, qd = moved(0, 3 * step), (2 * speed, *STILL[1:])
    assert gate.judge(order(1, q=q, qd=qd), DT) == "acceleration"
    assert gate.judge(order(2, q=q, qd=qd), 2 * DT) == ""


def test_orders_may_not_come_faster_than_the_robot_ticks():
    gate = opened()
    verdicts = [gate.judge(order(stamp=stamp(0) + i), 0.0) for i in range(BURST + 2)]
    assert verdicts == [""] * BURST + ["too many"] * 2
    assert gate.judge(order(1), 2 * DT) == ""


def test_a_silent_robot_is_commanded_no_more():
    gate = opened()
    assert gate.judge(order(0), UR5E.timeout + 0.01) == "robot silent"
    assert gate.tick(UR5E.timeout + 0.01) and gate.reason == "the robot is silent"


def test_a_silent_commander_loses_the_robot():
    gate = opened()
    gate.judge(order(0), 0.0)
    gate.see(stamp(14), HOME, 14 * DT)
    assert not gate.tick(0.09)
    assert gate.tick(0.105)  # closed now: the driver is told
    assert not gate.tick(0.106) and gate.reason == "no command for 0.10 s"
    assert gate.judge(order(14), 14 * DT) == "not armed"


def test_nobody_who_comes_closes_it():
    gate = opened()
    gate.see(stamp(0), HOME, JOIN + 0.01)
    assert gate.tick(JOIN + 0.01) and "nobody commanded" in gate.reason


def test_a_node_that_dies_closes_it_and_one_that_leaves_does_not():
    for leaves in (False, True):
        gate = opened()
        gate.hear("coach", 0.0)
        if leaves:
            gate.leave("coach")
        gate.see(stamp(14), HOME, 14 * DT)
        assert gate.tick(0.11) is not leaves
        assert gate.reason == ("" if leaves else "coach is gone")
        assert not gate.tick(0.12)


def test_letting_go_closes_it():
    gate = opened()
    gate.judge(order(0), 0.0)
    assert gate.judge(order(1, points=0), DT) == ""
    assert not gate.armed and gate.reason == "stack let go"
    gate = opened()
    assert gate.judge(order(0, points=0), 0.0) == "" and not gate.armed  # before it began


def test_closing_keeps_the_first_reason():
    gate = opened()
    gate.close("emergency stop")
    gate.close("something else")
    assert gate.reason == "emergency stop"


def test_an_operator_goes_before_the_stack():
    gate = opened()
    assert gate.judge(order(0), 0.0) == ""
    assert gate.judge(order(1, commander="pendant", q=moved(0, nan)), DT, True) == "not finite"
    assert gate.judge(order(1, commander="pendant"), DT, True) == ""
    assert gate.holder == "pendant"
    assert gate.judge(order(2), 2 * DT) == "another commander"


def speeds(qd: float, **other) -> Order:
    return replace(Order("stack", stamp(0), TENNIS.joints, (), (qd, *(0.0,) * 7)), **other)


def test_speeds_must_leave_room_to_brake():
    home = tuple(TENNIS.home.tolist())
    ahead = (TENNIS.upper[0] - 1e-3, *home[1:])
    assert opened(TENNIS, home).judge(speeds(0.5), 0.0) == ""
    assert opened(TENNIS, ahead).judge(speeds(0.5), 0.0) == "position"
    assert opened(TENNIS, ahead).judge(speeds(-0.5), 0.0) == ""
    gate = opened(TENNIS, (TENNIS.upper[0] - 0.004, *home[1:]))
    assert gate.judge(speeds(0.5), 0.0) == ""
    gate.see(stamp(1), (TENNIS.upper[0] + 1e-3, *home[1:]), DT)
    assert gate.judge(speeds(0.4, stamp=stamp(1)), DT) == ""  # it brakes
    assert gate.judge(speeds(0.4, stamp=stamp(2)), 2 * DT) == "position"


@given(
    wishes=st.lists(st.floats(-7, 7), min_size=5, max_size=60),
    by_speed=st.booleans(),
)
@example(wishes=[-2.0, 0.0, 0.0, 0.0, -2.0, 0.0, 0.0, -0.001953125], by_speed=True)  # at a limit
def test_what_the_supervisor_lets_through_passes(wishes, by_speed):
    """Whatever is wished for: the two guards have the same limits."""
    spec = TENNIS if by_speed else UR5E
    mode = JointMode.VELOCITY if by_speed else JointMode.POSITION
    n, q = len(spec.joints), spec.home
    supervisor, gate = Supervisor(spec), opened(spec, tuple(spec.home.tolist()))
    supervisor.reset(q)
    for tick, wish in enumerate(wishes):
        now, at = tick * spec.dt, EPOCH + round(tick * spec.dt * 1e9)
        state = State(now, 0.0, tick, q, vector(np.zeros(n)), supervisor.reference)
        wanted = vector(np.full(n, wish))
        proposed = Command(now, tick, 1, wanted, (mode,) * n, spec.timeout)
        command = supervisor.filter(state, proposed).command
        gate.see(at, tuple(q.tolist()), now)
        speed = command.target if by_speed else command.feedforward
        sent = Order(
            "stack",
            at,
            spec.joints,
            () if by_speed else tuple(command.target.tolist()),
            tuple(speed.tolist()),
        )
        assert gate.judge(sent, now) == ""
        q = vector(supervisor.reference.q)
