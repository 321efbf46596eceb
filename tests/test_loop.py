"""The loop under the faults of parts: it stops, says why, and leaves the robot safe."""

import numpy as np
import pytest
from rig import PUT, play

from robot.loop import Stack, run
from robot.types import Goal, Outcome, Status


class Raises:
    def __init__(self, after=0):
        self.after = after

    def reset(self, state, goal): ...

    def act(self, state, goal):
        if state.time < self.after:
            return None, Outcome(goal.id, Status.RUNNING)
        raise ZeroDivisionError("on purpose")


class Constant:
    """A planner with one goal."""

    finished = False

    def __init__(self, goal, raises_at=np.inf):
        self.goal, self.raises_at = goal, raises_at

    def plan(self, state, heard, outcome):
        if state.time >= self.raises_at:
            raise ValueError("lost the plot")
        return self.goal


def test_a_skill_that_raises_stops_the_robot_this_tick():
    result = play(planner=Constant(Goal(1, "bad")), skills={"bad": Raises()}, duration=0.5)
    first = result.ticks[0]
    assert first.outcome.status is Status.FAILED and "on purpose" in first.outcome.reason
    assert first.verdict.stopped and result.supervisor.stops == 1
    assert {tick.goal.skill for tick in result.ticks[1:]} == {"hold"}


def test_an_unknown_skill_is_named():
    result = play(planner=Constant(Goal(1, "dance")), duration=0.2)
    assert "dance" in result.ticks[0].outcome.reason and "pick" in result.ticks[0].outcome.reason
    assert result.ticks[-1].verdict.stopped


def test_a_planner_that_raises_in_mid_motion_stops_within_the_limits():
    goal = Goal(1, "reach", {"to": [0.2, -0.7, 0.2]})
    result = play(planner=Constant(goal, raises_at=0.4), duration=1.5)
    at = result.at(0.4)
    assert not result.ticks[at - 1].verdict.stopped
    assert result.ticks[at].verdict.stopped
    assert "lost the plot" in result.supervisor.reason
    v, a, j = result.motion()
    assert np.abs(v[: at - 2]).max() > 0.3  # it was on the way
    assert max(np.abs(x).max() for x in (v, a, j)) <= 1 + 1e-6
    assert np.abs(v[-1]).max() < 1e-9


def test_the_first_command_is_the_measured_pose():
    result = play("hold")
    first = result.ticks[0]
    assert first.verdict.command.target == pytest.approx(first.obs.q, abs=1e-9)


def test_an_emergency_stop_needs_rearming():
    result = play(PUT, (0.6, "emergency stop"), (1.6, "continue"), duration=3.0)
    assert result.supervisor.stopped and not result.planner.succeeded
    assert "emergency" in result.supervisor.reason.lower()
    result = play(
        PUT, (0.6, "emergency stop"), (1.6, "re-arm"), (1.8, "continue"), duration=30, after=0.2
    )
    assert result.planner.succeeded
    for limited in result.motion():
        assert np.abs(limited).max() <= 1 + 1e-6


def test_the_robot_is_closed_whatever_happens():
    closed = []

    class Robot:
        def wait(self):
            raise OSError("gone")

        def close(self):
            closed.append(True)

    with pytest.raises(OSError, match="gone"):
        run(Stack(Robot(), None, {}, None, None, None))
    assert closed == [True]
