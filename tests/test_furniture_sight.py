"""Cameras and what chores stand with: a cabinet, its drawer, how far it is open, and a tray."""

from dataclasses import replace

import numpy as np
import pytest

from robot.chores import opening, placing, within
from robot.geometry import wrap, yaw_of
from robot.specs import UR5E
from robot.table import DRAWER_FLOOR, DRAWER_TRAVEL
from robot.vision.sight import TableSight
from sim import chores
from sim.conditions import Conditions
from sim.scene import SceneObject
from sim.tabletop import Tabletop, TabletopConfig, make_engine

ENGINES = ["mujoco", "pybullet"]
KNOCKED = 0.008  # [m] by which a knocked camera and one that is not may misplace a thing


def opened(scene, by):
    """The scene with its drawer open."""
    drawer = next(thing for thing in scene if thing.kind == "drawer")
    x, y = drawer.x + by * np.sin(drawer.yaw), drawer.y - by * np.cos(drawer.yaw)
    moved = replace(drawer, x=float(x), y=float(y))
    return tuple(moved if thing is drawer else thing for thing in scene)


def looked(scene, sight, time=0.1, conditions=None, engine="mujoco", q=UR5E.home):
    """What is seen of a scene, and where things are."""
    day = conditions or Conditions()
    made = make_engine(engine, UR5E, scene, 0.002, day)
    shown = {
        name: made.render(
            sight.camera(name, q) if name == "wrist" else day.moved(sight.camera(name, q)),
            shadows=False,
        )
        for name in sight.cameras
    }
    truth = made.objects()
    made.close()
    return sight.look(time, q, shown), truth


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("seed", "by"), [(0, 0.0), (1, 0.055), (2, DRAWER_TRAVEL)])
def test_a_drawer_is_seen_as_far_open_as_it_is(engine, seed, by):
    setting = chores.draw(np.random.default_rng(seed), "pack")
    scene = opened(setting.scene, by)
    sight = TableSight(UR5E)
    seen, truth = looked(scene, sight, conditions=setting.conditions, engine=engine)
    assert opening(seen) == pytest.approx(by, abs=0.005)
    for name in ("brown cabinet", "gray drawer"):
        position, quaternion = truth[name]
        assert np.linalg.norm(seen[name].position - position) < KNOCKED
        assert abs(wrap(yaw_of(seen[name].quaternion) - yaw_of(quaternion))) < 0.03
    assert set(sight.things.known) <= set(truth)  # nothing is taken for a block


@pytest.mark.parametrize(("engine", "seed"), [*zip(ENGINES, range(2), strict=True)])
def test_a_tray_is_seen(engine, seed):
    setting = chores.draw(np.random.default_rng(seed), "sweep")
    world = Tabletop(
        UR5E,
        setting.scene,
        TabletopConfig(engine, perception="camera", conditions=setting.conditions),
    )
    assert world.wait()
    seen, truth = world.read().fixes["gray tray"], world.truth()["gray tray"]
    known = set(world.sight.things.known)
    world.close()
    assert np.linalg.norm(seen.position - truth.position) < KNOCKED
    assert abs(wrap(yaw_of(seen.quaternion) - yaw_of(truth.quaternion))) < 0.03
    assert known <= {thing.name for thing in setting.scene}


def test_what_is_in_a_drawer_goes_along_with_it():
    cabinet, drawer = chores.cabinet(0.0, -0.32, 0.1)
    inside = SceneObject("red", "block", 0.03, -0.49, 0.3)  # over it: it falls to its floor
    scene = opened((cabinet, drawer, inside), DRAWER_TRAVEL)
    sight = TableSight(UR5E)
    made = make_engine("mujoco", UR5E, scene, 0.002)
    for _ in range(400):
        made.step(UR5E.home, np.zeros(7))
    shown = {
        name: made.render(sight.camera(name, UR5E.home), shadows=False) for name in sight.cameras
    }
    truth = made.objects()
    made.close()
    seen = sight.look(0.1, UR5E.home, shown)
    assert np.linalg.norm(seen["red block"].position - truth["red block"][0]) < 0.006
    height = seen["red block"].position[2]
    assert height == pytest.approx(DRAWER_FLOOR + 0.02, abs=1e-3)
    before = within(seen["gray drawer"], seen["red block"].position)
    shut, _ = looked((cabinet, drawer), sight, time=1.0)
    assert opening(shut) < 0.005
    assert within(shut["gray drawer"], shut["red block"].position) == pytest.approx(
        before, abs=0.004
    )
    assert not placing("red block", "gray drawer")(shut)  # it is in there, though out of sight


def test_no_furniture_is_seen_in_blocks_and_bowls():
    scene = tuple(
        SceneObject(color, kind, x, y, 0.4)
        for color, kind, x, y in (
            ("gray", "bowl", -0.15, -0.5),
            ("brown", "bowl", 0.05, -0.5),
            ("gray", "block", 0.2, -0.6),
            ("brown", "block", 0.2, -0.35),
        )
    )
    sight = TableSight(UR5E)
    seen, truth = looked(scene, sight)
    assert set(seen) == set(truth)
    assert not sight.furniture.known
