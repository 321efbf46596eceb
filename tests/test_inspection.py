"""What `courtside doctor --robot FILE` says about joint states."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from hardware import convert
from hardware.inspection import states
from hardware.robot_file import served
from robot.specs import UR5E

ROBOT = served(UR5E)
SECOND = 10**9  # [ns]


def seen(q=UR5E.home, qd=None, period=UR5E.dt, step=SECOND // 125, joints=UR5E.joints):
    qd = np.zeros(len(q)) if qd is None else qd
    return [
        (i * period, convert.to_joint_state(SECOND + i * step, joints, q, qd)) for i in range(50)
    ]


def findings(states_seen, robot=ROBOT) -> dict[str, tuple[bool, str]]:
    found: dict[str, tuple[bool, str]] = {}
    for name, ok, said in states(robot, states_seen):
        before, text = found.get(name, (True, ""))
        found[name] = (before and ok, f"{text}{said}; ")
    return found


def test_a_robot_as_its_file_says():
    found = findings(seen())
    assert set(found) == {"names", "rate", "stamps", "positions"}
    assert all(ok for ok, _ in found.values())


def test_another_order_of_names_is_said_and_right():
    there = seen(q=UR5E.home[::-1], joints=UR5E.joints[::-1])
    ok, said = findings(there)["names"]
    assert ok and "another order" in said


WRONG = {
    "degrees": ("positions", "are these degrees", seen(q=np.degrees(UR5E.home))),
    "limits": ("positions", "finger_joint is at 0.300", seen(q=np.array([*UR5E.home[:-1], 0.3]))),
    "NaN": ("positions", "not finite", seen(q=np.full(7, np.nan))),
    "slow": ("rate", "20 Hz of joint states, dt = 0.008 asks for 125", seen(period=0.05)),
    "speed": ("speed", "wrist_1_joint moves at 9.00", seen(qd=np.array([0, 0, 0, 9.0, 0, 0, 0]))),
    "stamps": ("stamps", "do not always rise", seen(step=0)),
    "velocities": ("joint states", "7 names, 7 positions and 0 velocities", seen(qd=np.array([]))),
    "names": ("names", "no joint state of finger_joint", seen(joints=(*UR5E.joints[:6], "x"))),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_named(wrong):
    name, message, there = WRONG[wrong]
    ok, said = findings(there)[name]
    assert not ok and message in said, said


def test_a_slower_robot_may_be_slow():
    robot = replace(ROBOT, spec=replace(UR5E, dt=0.05))
    assert findings(seen(period=0.05), robot)["rate"][0]
