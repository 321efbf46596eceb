"""Chores: how they are set up, and what counts as done; and a drawer that physics moves."""

from dataclasses import replace
from math import pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rig import play

from robot.chores import (
    AWAY,
    CHORES,
    OPEN,
    SHUT,
    Chore,
    Progress,
    corners,
    opening,
    spots,
    tray_spot,
    within,
    world,
)
from robot.geometry import rotation_of, rotation_vector, yaw_of, yaw_quaternion
from robot.specs import UR5E
from robot.table import BLOCK, BOWL_FLOOR, DRAWER_FLOOR, DRAWER_TRAVEL, SIZES, X_BOUNDS, Y_BOUNDS
from robot.types import Fix, vector
from robot.vision.cameras import OVERHEAD
from sim import conditions
from sim.chores import cabinet, draw
from sim.conditions import Conditions
from sim.scene import SceneObject
from sim.shapes import standing
from sim.tabletop import make_engine

ENGINES = ["mujoco", "pybullet"]
FAR = np.array([0.0, -0.5, 0.3])  # a hand that touches nothing


def fix(kind, x, y, z=None, yaw=0.0):
    height = standing(kind) if z is None else z
    turn = vector(yaw_quaternion(yaw))
    return Fix(0.0, vector([x, y, height]), turn, vector(SIZES[kind]))


def moved(thing, *by):
    return replace(thing, position=vector(thing.position + np.array(by)))


def closed(yaw=0.0, by=0.0):
    """A cabinet, and its drawer open by so much."""
    here, there = cabinet(0.1, -0.3, yaw)
    way = by * np.array([np.sin(yaw), -np.cos(yaw)])
    return {
        here.name: fix("cabinet", here.x, here.y, yaw=yaw),
        there.name: fix("drawer", there.x + way[0], there.y + way[1], yaw=yaw),
    }


def packed(yaw=0.3, by=0.0):
    things = closed(yaw, by)
    for color, spot in zip(("red", "green", "blue"), spots(things["gray drawer"]), strict=True):
        z = DRAWER_FLOOR + BLOCK / 2
        things[f"{color} block"] = fix("block", *spot, z, yaw)
    return things


PACK = Chore("pack", tuple((f"{c} block", "gray drawer") for c in ("red", "green", "blue")))
STACK = Chore("stack", (("red block", "blue block"), ("green block", "red block")))
SORT = Chore("sort", (("red block", "blue bowl"),))
SWEEP = Chore("sweep", (("red block", "gray tray"),))


# --- setting up -----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(CHORES))
def test_a_chore_is_not_done_before_it_is_begun_and_all_is_on_the_table(seed, name):
    setting = draw(np.random.default_rng(seed), name)
    things = {
        thing.name: fix(thing.kind, thing.x, thing.y, yaw=thing.yaw) for thing in setting.scene
    }
    assert setting.chore.name == name
    assert set(setting.chore.blocks) <= set(things)
    assert setting.chore.fault(things)
    for stage in setting.chore.stages:
        assert stage.fault(things) or stage.name == "drawer closed"
    for thing in setting.scene:
        assert X_BOUNDS[0] <= thing.x <= X_BOUNDS[1] and Y_BOUNDS[0] <= thing.y <= Y_BOUNDS[1]


def test_settings_repeat_and_differ():
    one, again, other = (draw(np.random.default_rng(seed), "pack") for seed in (1, 1, 2))
    assert one == again != other
    usual = draw(np.random.default_rng(1), "pack", "usual")
    assert usual.conditions == Conditions() != one.conditions


def test_on_unseen_days_everything_is_beyond_what_varies_on_others():
    rng = np.random.default_rng(3)
    varied, unseen = (
        [conditions.draw(rng, day) for _ in range(60)] for day in ("varied", "unseen")
    )
    for name in ("friction", "mass", "drawer", "brightness"):
        seen = [getattr(each, name) for each in varied]
        assert not [
            each for each in unseen if min(seen) - 0.001 < getattr(each, name) < max(seen) + 0.001
        ]
    for name in ("shift", "turn", "light"):
        middle = np.array(getattr(conditions.USUAL, name))
        far = [np.linalg.norm(getattr(each, name) - middle) for each in varied]
        assert min(np.linalg.norm(getattr(each, name) - middle) for each in unseen) > max(far)
    blocks = [thing for thing in draw(rng, "sort", "unseen").scene if thing.kind == "block"]
    assert len(blocks) == 6


# --- what counts as done --------------------------------------------------------------------------


def test_corners_and_frames():
    drawer = closed(0.4, 0.05)["gray drawer"]
    points = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(within(drawer, world(drawer, points)), points, atol=1e-12)
    block = fix("block", 0.1, -0.4, yaw=pi / 4)
    assert np.ptp(corners(block)[:, 0]) == pytest.approx(BLOCK * np.sqrt(2))


@given(st.floats(-0.5, 0.5), st.floats(0, DRAWER_TRAVEL))
def test_opening_is_how_far_the_drawer_is_out(yaw, by):
    assert opening(closed(yaw, by)) == pytest.approx(by, abs=1e-9)


@given(st.lists(st.floats(-1.7, 1.7), min_size=3, max_size=3))
def test_rotations_and_their_logarithms(turn):
    np.testing.assert_allclose(rotation_vector(rotation_of(turn)), turn, atol=1e-7)


def test_packed_is_packed_and_shut_and_let_go():
    things = packed()
    assert not PACK.done(things, things, things, FAR)
    assert "not closed" in PACK.fault(packed(by=SHUT + 0.001))
    out = things | {"red block": fix("block", 0.1, -0.6)}
    assert PACK.fault(out) == "the red block is not in the gray drawer"
    on = things["red block"]
    piled = things | {"red block": moved(on, 0, 0, BLOCK)}
    assert "red block" in PACK.fault(piled)
    holding = things["red block"].position
    assert "hand is still" in PACK.done(things, things, things, holding)
    moving = things | {"red block": moved(on, 0.003, 0, 0)}
    assert "not at rest" in PACK.done(things, things, moving, FAR)


def test_what_is_nobodys_business_stays():
    before = packed() | {"yellow block": fix("block", -0.2, -0.6)}
    after = packed() | {"yellow block": fix("block", -0.23, -0.6)}
    assert PACK.done(before, after, after, FAR) == "the yellow block was moved by 3 cm"


def test_stacked_in_the_order_said_on_the_table():
    heights = {"blue": 0.5, "red": 1.5, "green": 2.5}
    tower = {f"{c} block": fix("block", 0, -0.5, BLOCK * h) for c, h in heights.items()}
    assert not STACK.fault(tower)
    wrong = tower | {"red block": tower["green block"], "green block": tower["red block"]}
    assert STACK.fault(wrong)
    aside = tower | {"green block": fix("block", 0.018, -0.5, BLOCK * 2.5)}
    assert STACK.fault(aside) == "the green block is not on the red block"
    lifted = {n: moved(f, 0, 0, BLOCK) for n, f in tower.items()}
    assert STACK.fault(lifted) == "the blue block is not on the table"


def test_sorted_into_the_bowl_said():
    bowl = fix("bowl", 0, -0.5)
    inside = fix("block", 0.01, -0.5, BOWL_FLOOR + BLOCK / 2)
    assert not SORT.fault({"blue bowl": bowl, "red block": inside})
    beside = fix("block", 0.09, -0.5)
    above = fix("block", 0.0, -0.5, 0.15)
    for wrong in (beside, above):
        assert SORT.fault({"blue bowl": bowl, "red block": wrong})


def test_swept_in_with_all_of_the_block():
    tray = fix("tray", 0.2, -0.5, yaw=-pi / 2)
    middle = fix("block", *tray_spot(tray, 0.3, 0.5), yaw=0.3)
    assert not SWEEP.fault({"gray tray": tray, "red block": middle})
    edge = fix("block", *tray_spot(tray, 0.3, 0.1))
    outside = fix("block", *tray_spot(tray, 1.5, 0.5))
    raised = moved(middle, 0, 0, 0.01)
    for wrong in (edge, outside, raised):
        assert SWEEP.fault({"gray tray": tray, "red block": wrong})


def test_progress_counts_stages_that_have_been_let_go():
    progress = Progress(PACK)
    progress.see(closed() | {b: fix("block", -0.2, -0.6) for b in PACK.blocks}, FAR)
    assert progress.reached == []  # shut, but with nothing in it
    wide = packed(by=OPEN + 0.001)
    progress.see(wide, moved(wide["red block"], 0, 0, AWAY / 2).position)
    assert progress.reached == [
        "drawer open",
        *(f"{c} block in gray drawer" for c in ("green", "blue")),
    ]
    progress.see(packed(by=OPEN + 0.001), FAR)
    assert progress.share == 4 / 5
    progress.see(packed(), FAR)
    assert progress.share == 1 and progress.reached[-1] == "drawer closed"


# --- physics --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENGINES)
def test_a_drawer_slides_by_force_alone_and_stops_at_its_ends(name):
    scene = (*cabinet(0.0, -0.3, 0.2), SceneObject("red", "block", 0.2, -0.6))
    engine = make_engine(name, UR5E, scene, 0.002, Conditions(drawer=2.0))

    def run(force, seconds):
        way = np.array([np.sin(0.2), -np.cos(0.2), 0.0])
        for _ in range(round(seconds / 0.002)):
            if name == "mujoco":
                body = engine._model.body("gray drawer").id
                engine._data.xfrc_applied[body, :3] = force * way
            elif force:
                where, _ = engine.objects()["gray drawer"]
                drawer = engine._bodies["gray drawer"]
                engine._client.applyExternalForce(drawer, 0, force * way, where, 1)
            engine.step(UR5E.home, np.zeros(7))
        fixes = {
            thing: Fix(0.0, vector(p), vector(q), vector([0, 0, 0]))
            for thing, (p, q) in engine.objects().items()
        }
        return opening(fixes)

    assert run(0.0, 0.3) == pytest.approx(0.0, abs=2e-3)
    assert run(1.0, 0.3) == pytest.approx(0.0, abs=2e-3)  # less than its friction
    assert run(4.0, 2.0) == pytest.approx(DRAWER_TRAVEL, abs=4e-3)
    assert run(-4.0, 2.0) == pytest.approx(0.0, abs=4e-3)
    engine.close()


@pytest.mark.parametrize("name", ENGINES)
def test_the_arm_opens_the_drawer_puts_a_block_in_and_closes_it(name):
    scene = (*cabinet(0.0, -0.32, 0.2), SceneObject("red", "block", 0.2, -0.65, 0.4))
    result = play("drawer open=true", scene=scene, engine=name)
    assert result.planner.succeeded and opening(result.objects) > OPEN
    drawer = result.objects["gray drawer"]
    at = spots(drawer)[0].tolist()
    yaw = yaw_of(drawer.quaternion) + pi / 2
    goals = (
        "drawer open=true; pick object='red block'; "
        f"place object='red block' at='{at}' yaw={yaw}; drawer open=false"
    )
    result = play(goals, scene=scene, engine=name)
    assert result.planner.succeeded, result.said
    alone = Chore("pack", (("red block", "gray drawer"),))
    assert not alone.fault(result.objects)


@pytest.mark.parametrize(
    "goals, reason",
    [
        ("drawer open=true", "no drawer"),
        ("drawer open=3", "true or false"),
        ("turn yaw=9", "not more"),
        ("turn yaw=x", "finite number"),
    ],
)
def test_what_cannot_be_done_is_refused(goals, reason):
    result = play(goals, scene=(SceneObject("red", "block", 0.2, -0.65),), duration=3.0)
    assert not result.planner.succeeded and reason in " ".join(result.said)


def test_the_hand_turns_and_tilts_where_it_is():
    from robot.features import Hand

    result = play("turn yaw=0.4 tilt=0.3", scene=())
    hand = Hand(UR5E)
    before, after = (hand.of(result.ticks[i].state.q) for i in (0, -1))
    assert result.planner.succeeded
    np.testing.assert_allclose(after - before, [0, 0, 0, 0.4, 0.3, 0], atol=0.005)


def test_a_push_steers_and_never_lets_the_wrist_flip():
    """Headings at which either way round of the fingers turns the wrist as much."""
    scene = (SceneObject("blue", "block", 0.008, -0.535, 0.55),)
    result = play("push object='blue block' to=[-0.2,-0.55]", scene=scene)
    assert result.planner.succeeded, result.said
    down = [t.state.q[5] for t in result.ticks if t.state.time > 1.5][: round(2.0 / UR5E.dt)]
    assert np.ptp(down) < 0.5


# --- conditions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENGINES)
def test_friction_and_mass_are_those_of_the_day(name):
    """A block on a table that pulls sideways by .9 of what it can hold, then is made smoother."""
    for friction, slides in ((1.0, False), (0.7, True)):
        day = Conditions(friction=friction, mass=0.015)
        engine = make_engine(name, UR5E, (SceneObject("red", "block", 0.2, -0.6),), 0.002, day)
        pull = 0.9 * 9.81
        for step in range(200):
            if step == 100:
                if name == "mujoco":
                    engine._model.opt.gravity[:] = pull, 0, -9.81
                else:
                    engine._client.setGravity(pull, 0, -9.81)
            engine.step(UR5E.home, np.zeros(7))
        moved = engine.objects()["red block"][0][0] - 0.2
        assert (moved > 0.005) == slides
        if name == "mujoco":
            assert engine._model.body("red block").mass[0] == pytest.approx(0.015)
        engine.close()


def test_a_camera_that_was_knocked_looks_elsewhere():
    assert Conditions().moved(OVERHEAD) is OVERHEAD
    shifted = Conditions(shift=(0.01, 0.0, 0.0)).moved(OVERHEAD)
    turned = Conditions(turn=(0.0, 0.01, 0.0)).moved(OVERHEAD)
    point = np.array([0.0, -0.5, 0.0])
    there = OVERHEAD.project(point)
    np.testing.assert_allclose(shifted.project(point + np.array([0.01, 0, 0])), there)
    assert np.linalg.norm(turned.project(point) - there) == pytest.approx(
        0.01 * OVERHEAD.focal, rel=0.1
    )
