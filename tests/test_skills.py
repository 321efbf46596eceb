"""Skills do what they say, by measured state, from wherever they are interrupted."""

from collections import deque
from dataclasses import replace

import numpy as np
import pytest
from rig import NAMES, PUT, play, scene_of

from robot.kinematics import Kinematics
from robot.specs import UR5E
from robot.types import Status
from sim.scene import SceneObject
from sim.tabletop import Tabletop


def xy(result, name):
    return result.objects[name].position[:2]


def at_rest_in(result, block, bowl):
    above = result.objects[block].position - result.objects[bowl].position
    return np.hypot(*above[:2]) < 0.05 and -0.02 < above[2] < 0.02


@pytest.mark.parametrize("seed", range(4))
def test_pick_and_place_in_a_bowl(seed):
    result = play(PUT, scene=scene_of(seed), after=0.5)
    assert result.planner.succeeded and not result.said
    assert at_rest_in(result, "red block", "blue bowl")
    assert result.reasons == set()  # the Supervisor never had to step in


@pytest.mark.parametrize("engine", ["mujoco", "pybullet"])
def test_a_tower_of_three(engine):
    result = play(
        "pick object='red block'; place object='red block' at='blue block';"
        "pick object='green block'; place object='green block' at='red block'; home",
        engine=engine,
        after=1.0,
    )
    assert result.planner.succeeded, result.said
    heights = [result.objects[f"{c} block"].position[2] for c in ("blue", "red", "green")]
    assert heights == pytest.approx([0.02, 0.06, 0.10], abs=0.004)


@pytest.mark.parametrize("late", [0, 5])  # [ticks] by which objects are seen, as through ROS 2
def test_the_way_into_a_bowl_is_straight(late, monkeypatch):
    """Near the robot's foot a way that is straight for the joints bows by the bowl's width."""
    read, seen = Tabletop.read, deque(maxlen=late + 1)

    def read_late(world):
        obs = read(world)
        seen.append(obs.fixes)
        return replace(obs, fixes=seen[0])

    monkeypatch.setattr(Tabletop, "read", read_late)
    bowl = np.array([0.01, -0.268])
    scene = (SceneObject("red", "block", -0.25, -0.315), SceneObject("blue", "bowl", *bowl))
    result = play(scene=scene, after=0.5)
    assert result.planner.succeeded and at_rest_in(result, "red block", "blue bowl")
    kinematics = Kinematics(UR5E)
    place = [tick.state.reference.q[:6] for tick in result.ticks if tick.goal.skill == "place"]
    tools = np.array([kinematics.forward(q)[0] for q in place])
    low = tools[tools[:, 2] < 0.11]
    assert low[:, 2].min() < 0.035  # there and back
    assert np.linalg.norm(low[:, :2] - bowl, axis=1).max() < 0.009


def test_place_at_a_spot():
    scene = (SceneObject("red", "block", 0.0, -0.4),)
    result = play("pick object='red block'; place object='red block' at=[0.2,-0.6]", scene=scene)
    assert result.planner.succeeded
    assert xy(result, "red block") == pytest.approx([0.2, -0.6], abs=0.01)


def test_push():
    scene = (SceneObject("red", "block", 0.0, -0.4),)
    result = play("push object='red block' to=[0.12,-0.5]", scene=scene)
    assert result.planner.succeeded, result.said
    assert xy(result, "red block") == pytest.approx([0.12, -0.5], abs=0.02)
    assert result.objects["red block"].position[2] == pytest.approx(0.02, abs=0.002)


def test_reach_and_home():
    result = play("reach to=[0.1,-0.6,0.2]")
    tool, _ = Kinematics(UR5E).forward(result.ticks[-1].state.q[:6])
    assert tool == pytest.approx([0.1, -0.6, 0.2], abs=0.01)
    result = play("reach above='red block'; home")
    assert result.planner.succeeded
    assert result.ticks[-1].state.q[:6] == pytest.approx(UR5E.home[:6], abs=0.02)


@pytest.mark.parametrize(
    ("goals", "reason"),
    [
        ("pick object='purple block'", "there is no purple block; I see red block"),
        ("pick", "there is no None"),
        ("pick object='blue bowl'", "too wide"),
        ("place object='red block' at='blue bowl'", "not in the gripper"),
        ("place object='red block' at='red block'", "on itself"),
        ("place object='red block' at=[3,0]", "off the table"),
        ("place object='red block' at=[1]", "2 finite numbers"),
        ("reach to=[0,0,NaN]", "3 finite numbers"),
        ("reach to=[0,-0.5,9]", "off the table"),
        ("reach", "needs one of"),
        ("push object='blue bowl' to=[0,-0.5]", "fixed"),
        ("gripper opening=1", "opening: 0 to 0.085"),
        ("reach posture=[1,2]", "7 finite numbers"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_moves(goals, reason):
    result = play(goals)
    assert not result.planner.succeeded
    assert reason in result.planner.error
    v, _, _ = result.motion()
    assert np.abs(v).max() < 1e-6
    assert not result.supervisor.stopped


@pytest.mark.parametrize("time", np.arange(0.2, 4.2, 0.25).round(3).tolist())
def test_stopped_anywhere_it_stops_and_goes_on(time):
    result = play(PUT, (time, "stop"), (time + 1.0, "continue"), after=0.3)
    assert result.planner.succeeded, result.said
    assert at_rest_in(result, "red block", "blue bowl")
    heard = result.at(time)
    assert result.ticks[heard].goal.skill == "hold"  # on the tick that heard it
    q = np.array([tick.verdict.command.target for tick in result.ticks])
    still = result.at(time + 0.6)
    assert np.ptp(q[still : still + 40], axis=0).max() < 1e-9
    for limited in result.motion():
        assert np.abs(limited).max() <= 1 + 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_corrections_in_mid_motion_keep_the_limits(seed):
    rng = np.random.default_rng(seed)
    words = ["a bit to the left", "open the gripper", "go back", "no, the green bowl", "higher"]
    said = [(float(rng.uniform(0.1, 4.0)), str(word)) for word in rng.permutation(words)[:3]]
    result = play(PUT, *said, scene=scene_of(seed), duration=60)
    for limited in result.motion():
        assert np.abs(limited).max() <= 1 + 1e-6
    assert result.reasons == set()


def test_a_nudge_moves_the_place():
    scene = (SceneObject("red", "block", 0.0, -0.4),)
    goals = "pick object='red block'; place object='red block' at=[0.1,-0.6]"
    result = play(goals, (2.2, "a bit to the left"), (2.4, "a bit back"), scene=scene)
    assert result.planner.succeeded
    assert xy(result, "red block") == pytest.approx([0.08, -0.62], abs=0.01)


def test_no_the_other_bowl():
    result = play(PUT, (2.5, "no, the green bowl"), after=0.3)
    assert result.planner.succeeded
    assert result.said == ["Green bowl instead of blue bowl."]
    assert at_rest_in(result, "red block", "green bowl")


def test_no_the_other_block_while_it_carries():
    result = play(PUT, (2.6, "no, the green block"), after=0.3)
    assert result.planner.succeeded
    assert at_rest_in(result, "green block", "blue bowl")
    start = next(thing for thing in scene_of() if thing.name == "red block")
    assert xy(result, "red block") == pytest.approx([start.x, start.y], abs=0.01)


def test_a_dropped_block_is_picked_up_again():
    result = play(PUT, (2.4, "open the gripper"), after=0.3)
    assert result.planner.succeeded, result.said
    assert at_rest_in(result, "red block", "blue bowl")


def test_outcomes_are_of_the_goal_they_judge():
    result = play(PUT)
    for before, tick in zip(result.ticks, result.ticks[1:], strict=False):
        assert tick.outcome.goal_id == tick.goal.id
        if before.goal.id == tick.goal.id and before.outcome.status is not Status.RUNNING:
            assert tick.outcome.status is before.outcome.status
    assert set(result.objects) == set(NAMES)
