"""The stack over real DDS, in several processes."""

import json
import os
import signal
import subprocess
from math import inf, nan
from time import monotonic, sleep

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

import ros_rig as rig
from hardware import convert, topics
from hardware.ros_robot import RosRobot
from robot.specs import UR5E
from ros_rig import Sweeper, Witness, until

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
    sweeper.arm()
    yield sweeper
    sweeper.robot.close()


def test_run_differs_by_a_word(nodes, witness):
    done = rig.start("run", "--robot", "ros", "--planner", "fixed", PUT, "--json")
    out, err = done.communicate(timeout=90)
    assert done.returncode == 0, err
    result = json.loads(out)
    assert result["success"] and not result["stops"]
    block, bowl = (np.array(result["objects"][name]) for name in ("red block", "blue bowl"))
    assert np.abs(block - bowl)[:2].max() < 0.05
