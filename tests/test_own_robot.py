"""Robots of one's own, by the files in `hardware/robots`, moved over their own topics.

The robots are made up (`mock_robot.py`), their controllers' topics and messages are not.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

import ros_rig as rig

from hardware.inspection import inspect
from hardware.robot_file import load
from hardware.ros_robot import RosRobot
from robot.estimate import Estimator
from robot.safety import Supervisor
from robot.types import Command, JointMode

pytestmark = [pytest.mark.dds, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "hardware" / "robots").glob("*.toml"))
AWAY = 0.1  # [rad or m] that each joint is moved


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_goes_where_the_stack_sends_it(file, monkeypatch):
    with rig.domain() as domain:
        monkeypatch.setenv("ROS_DOMAIN_ID", domain)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        mock = subprocess.Popen([sys.executable, ROOT / "tests" / "mock_robot.py", file])
        robot = RosRobot(patience=rig.PATIENCE)
        try:
            go(robot, load(file).channels[0].kind == "velocities")
            wrong = [finding for finding in inspect(load(file)) if not finding[1]]
            assert not [finding for finding in wrong if finding[0] != "rate"], wrong
        finally:
            robot.close()
            mock.terminate()
            mock.wait()


def go(robot: RosRobot, by_speed: bool) -> None:
    """Move all joints towards the middle of their ranges, by AWAY or less; where a stall closes the
    watchdog, go on from there."""
    spec = robot.spec
    estimator, supervisor = Estimator(spec), Supervisor(spec)
    way = np.sign((spec.lower + spec.upper) / 2 - spec.home) * AWAY
    goal = np.clip(spec.home + way, spec.lower + 1e-3, spec.upper - 1e-3)
    goal = np.where(way == 0, spec.home, goal)
    mode = JointMode.VELOCITY if by_speed else JointMode.POSITION
    armed, seq, q = False, 0, spec.home

    def step() -> None:
        nonlocal armed, seq, q
        if not armed or robot.closed() or supervisor.stopped:
            armed = robot.armed() == ""
            robot.wait()
            supervisor.reset(robot.read().q)
        robot.wait()
        obs = robot.read()
        q = obs.q
        state = estimator.update(obs, robot.now(), supervisor.reference)
        seq += 1
        target = np.clip(4 * (goal - q), -0.3, 0.3) if by_speed else goal
        command = Command(state.time, seq, 1, target, (mode,) * len(q), spec.timeout)
        robot.write(supervisor.filter(state, command).command)

    assert np.abs(goal - spec.home).max() > AWAY / 2
    rig.until(lambda: np.abs(q - goal).max() < 0.005, lambda: f"at {q}, not {goal}", step)
