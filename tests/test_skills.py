"""Skills do what they say, by measured state, from wherever they are interrupted."""

from collections import deque
from dataclasses import replace

import mujoco
import numpy as np
import pytest
from rig import NAMES, PUT, play, scene_of

from robot.cli import build
from robot.kinematics import Kinematics
from robot.specs import UR5E
from robot.table import BOWL_RADIUS, CABINET, SIZES, TRAY_INSIDE, TRAY_WALL
from robot.types import Fix, Status
from sim.scene import SceneObject
from sim.tabletop import Tabletop
from skills.arm import ArmSkill, Refusal
from skills.body import Body
from skills.room import gap


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


def test_push_where_something_stands_right_behind():
    """It is pushed aside first: fingers that came down behind it would land on the other."""
    scene = (SceneObject("red", "block", 0, -0.45), SceneObject("green", "block", 0, -0.4))
    result = play("push object='red block' to=[0,-0.62]", scene=scene)
    assert result.planner.succeeded, result.said
    assert xy(result, "red block") == pytest.approx([0, -0.62], abs=0.02)
    assert xy(result, "green block") == pytest.approx([0, -0.4], abs=0.005)


def test_push_again_what_was_knocked_away(monkeypatch):
    advance = Tabletop.advance

    def knocked(world):
        """Somebody flicks the block aside."""
        data, block = world.engine._data, world.engine._bodies["red block"]
        data.xfrc_applied[block, 0] = 0.9 if 3.0 < world.now() < 3.03 else 0.0
        advance(world)

    monkeypatch.setattr(Tabletop, "advance", knocked)
    scene = (SceneObject("red", "block", 0, -0.4),)
    result = play("push object='red block' to=[0,-0.68]", scene=scene)
    track = np.array([tick.state.objects["red block"].position for tick in result.ticks])
    assert track[:, 0].max() > 0.03  # it was off the line
    assert all(tick.outcome.status is not Status.FAILED for tick in result.ticks)
    assert xy(result, "red block") == pytest.approx([0, -0.68], abs=0.02)


class Cautious(ArmSkill):
    """Goes where it cannot, and knows what to do then."""

    def recipe(self):
        try:
            yield self.move(lambda: np.array([0.9, -0.5, 0.2]))
        except Refusal as refusal:
            yield self.move(lambda: np.array([0.1, -0.5, 0.2]))
            raise Refusal(f"I have come away, because {refusal}") from refusal


def test_a_recipe_may_answer_a_refusal():
    skills = {"reach": Cautious(Body.of(build.robot_spec()))}
    result = play("reach", skills=skills)
    assert not result.planner.succeeded
    assert "I have come away, because (0.90, -0.50, 0.20) is off" in result.planner.error
    tool, _ = Kinematics(UR5E).forward(result.ticks[-1].state.q[:6])
    assert tool == pytest.approx([0.1, -0.5, 0.2], abs=0.01)


def test_push_what_has_tipped_over(monkeypatch):
    """A block that lies on another side is as wide as before, and leaves as much room."""
    start = SceneObject("red", "block", 0, -0.4, yaw=np.pi / 2)
    make = Tabletop.__init__

    def over(world, *args, **kwargs):
        make(world, *args, **kwargs)
        model, data = world.engine._model, world.engine._data
        turn = data.qpos[model.jnt_qposadr[model.body("red block").jntadr[0]] :][3:7]
        quarter = np.array([1.0, 1.0, 0.0, 0.0]) / np.sqrt(2)  # about its own x
        mujoco.mju_mulQuat(turn, turn.copy(), quarter)

    monkeypatch.setattr(Tabletop, "__init__", over)
    result = play("push object='red block' to=[0.15,-0.4]", scene=(start,))
    track = np.array([tick.state.objects["red block"].position for tick in result.ticks])
    assert result.planner.succeeded, result.said
    assert track[:, 2].max() < 0.03  # nothing pressed it up or away


def test_room_on_the_table():
    def away(kind, *spot):
        turn = np.array([np.cos(0.4), 0, 0, np.sin(0.4)])
        lying = Fix(0, np.zeros(3), turn, np.array(SIZES[kind]))
        turned = np.array([[np.cos(0.8), -np.sin(0.8)], [np.sin(0.8), np.cos(0.8)]]) @ spot
        return gap(f"red {kind}", lying, turned)

    half, deep = TRAY_INSIDE[0] / 2, SIZES["tray"][1] / 2
    assert away("block", 0.05, 0.06) == pytest.approx(0.05)  # 3, 4, 5 from its corner
    assert away("block", 0.01, -0.01) == 0
    assert away("bowl", 0, 0.1) == pytest.approx(0.1 - BOWL_RADIUS)
    assert away("tray", half - 0.03, 0) == pytest.approx(0.03)
    assert away("tray", 0, deep - TRAY_WALL - 0.02) == pytest.approx(0.02)
    assert away("tray", 0, -deep - 0.03) == pytest.approx(np.hypot(half, 0.03))
    assert away("cabinet", CABINET[0] / 2 + 0.02, 0) == pytest.approx(0.02)
    over = Fix(0, np.zeros(3), np.array([1, 1, 1, -1]) / 2, np.array(SIZES["block"]))
    assert gap("red block", over, np.array([0.05, 0.06])) == pytest.approx(0.05)


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
