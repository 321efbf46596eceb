"""The tabletop through its cameras: names, places, what is hidden, and what is not there."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.geometry import wrap, yaw_of
from robot.specs import UR5E
from robot.table import BLOCK, COLORS, TABLE_COLOR
from robot.vision.cameras import CAMERAS, OVERHEAD, Rig
from robot.vision.colors import Palette, view
from robot.vision.fit import Evidence, fit, outline
from robot.vision.sight import TableSight
from robot.vision.things import STANDING, Sight
from sim.scene import SceneObject
from sim.tabletop import Tabletop, TabletopConfig, make_engine

PALETTE = Palette()
NOTHING_COVERED = np.zeros((OVERHEAD.height, OVERHEAD.width), np.uint8)
ENGINES = ["mujoco", "pybullet"]


def pictures(scene, q=UR5E.home, engine="mujoco", sight=None):
    """What the cameras show of a scene."""
    made = make_engine(engine, UR5E, scene, 0.002)
    sight = sight or TableSight(UR5E)
    shown = {name: made.render(sight.camera(name, q), shadows=False) for name in CAMERAS}
    truth = made.objects()
    made.close()
    return shown, truth


def grid(kind, yaw=0.0):
    """One thing of each colour."""
    return tuple(
        SceneObject(color, kind, -0.24 + 0.16 * (i % 4), -0.73 + 0.17 * (i // 4), yaw + i)
        for i, color in enumerate(COLORS)
    )


def painted(kind, position, yaw, color="red"):
    """A picture of a flat thing of the right outline on the table."""
    pixels = np.full((OVERHEAD.height, OVERHEAD.width, 3), TABLE_COLOR)
    # Sixteen times as fine, so that the outline is not rounded to whole pixels.
    fine = np.zeros((OVERHEAD.height * 4, OVERHEAD.width * 4), np.uint8)
    hull = (outline(kind, position, yaw, OVERHEAD) + 0.5) * 4 - 0.5
    cv2.fillConvexPoly(fine, np.rint(hull).astype(np.int32), 255)
    pixels[fine[2::4, 2::4] > 0] = COLORS[color]
    return np.rint(pixels * 255).astype(np.uint8)


# --- colours ---


@pytest.mark.parametrize("light", [0.35, 0.6, 1.0, 1.15])
def test_colors_have_their_names_in_any_light(light):
    for index, color in enumerate(COLORS.values()):
        lit = np.rint(255 * np.minimum(1, np.multiply(light, color))).astype(np.uint8)
        assert PALETTE.classes(lit[None, None])[0, 0] == index + 1
    table = np.rint(255 * np.minimum(1, np.multiply(light, TABLE_COLOR))).astype(np.uint8)
    assert PALETTE.classes(table[None, None])[0, 0] == 0


# --- geometry ---


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["block", "bowl"]),
    st.floats(-0.28, 0.28),
    st.floats(-0.78, -0.22),
    st.floats(-0.7, 0.7),
    st.floats(-0.012, 0.012),
    st.floats(-0.012, 0.012),
)
def test_a_fit_finds_what_was_painted(kind, x, y, yaw, dx, dy):
    place = np.array([x, y, STANDING[kind]])
    seen = view("overhead", painted(kind, place, yaw), OVERHEAD, NOTHING_COVERED, PALETTE)
    (blob,) = seen.blobs.values()
    found = fit(kind, place + np.array([dx, dy, 0]), yaw + 0.2, [Evidence(seen, blob)])
    assert found.position == pytest.approx(place, abs=0.0015)
    assert found.error < 0.002 and found.share > 0.8
    if kind == "block":
        assert abs(wrap(found.yaw - yaw, np.pi / 2)) < 0.1
    other = fit({"block": "bowl", "bowl": "block"}[kind], place, yaw, [Evidence(seen, blob)])
    assert other is None or other.error > 0.006  # not taken for the other kind


def test_the_arm_is_where_it_is_said_to_be_in_the_picture():
    """Pixels that change when the arm does are covered by it, before or after."""
    rig, moved = Rig(UR5E), UR5E.home + np.array([0.5, 0.2, -0.2, 0.1, 0, 0.4, -0.02])
    engine = make_engine("mujoco", UR5E, (), 0.002)
    first = engine.render(OVERHEAD, shadows=False).astype(int)
    for _ in range(500):
        engine.step(moved, np.zeros(7))
    second = engine.render(OVERHEAD, shadows=False).astype(int)
    q, _ = engine.joints()
    engine.close()
    changed = np.abs(first - second).max(axis=2) > 30
    covered = (rig.covered(OVERHEAD, UR5E.home) | rig.covered(OVERHEAD, q)) > 0
    assert changed.sum() > 3000
    assert (changed & ~covered).mean() < 1e-4
    assert covered.mean() < 0.4


# --- what is seen ---


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["block", "bowl"])
def test_all_colors_are_found_and_named(engine, kind):
    sight = TableSight(UR5E)
    shown, truth = pictures(grid(kind, 0.3), engine=engine)
    seen = sight.look(0.1, UR5E.home, shown)
    assert set(seen) <= set(truth)
    hidden = set(truth) - set(seen)  # by the arm, from both cameras
    assert len(hidden) <= 1
    errors = [np.linalg.norm(fix.position - truth[name][0]) for name, fix in seen.items()]
    assert np.median(errors) < 0.001 and max(errors) < 0.004
    if kind == "block":
        for name, fix in seen.items():
            turn = yaw_of(fix.quaternion) - yaw_of(truth[name][1])
            assert abs(wrap(turn, np.pi / 2)) < 0.07


def test_two_of_a_kind_have_two_names_and_keep_them():
    scene = (
        SceneObject("red", "block", -0.2, -0.6),
        SceneObject("red", "block", 0.2, -0.6, ordinal="second "),
    )
    sight = TableSight(UR5E)
    shown, _ = pictures(scene)
    first = sight.look(0.1, UR5E.home, shown)
    assert set(first) == {"red block", "second red block"}
    left, right = sorted(first, key=lambda name: first[name].position[0])
    moved = tuple(SceneObject(t.color, t.kind, t.x, t.y + 0.004, 0, t.ordinal) for t in scene)
    second = sight.look(0.2, UR5E.home, pictures(moved)[0])
    assert second[left].position[:2] == pytest.approx([-0.2, -0.596], abs=0.002)
    assert second[right].position[:2] == pytest.approx([0.2, -0.596], abs=0.002)


def test_what_the_arm_hides_is_remembered_and_not_measured():
    """The hand just above a block, and the block left out: neither camera can tell."""
    scene = (SceneObject("red", "block", 0.0, -0.5), SceneObject("cyan", "bowl", -0.2, -0.65))
    sight = TableSight(UR5E)
    seen = sight.look(0.1, UR5E.home, pictures(scene)[0])
    assert "red block" in seen
    down = UR5E.home.copy()
    down[1:4] += [-0.19, 0.42, -0.23]  # 13 cm lower
    position, _ = Rig(UR5E).tool(down)
    assert position[2] < 0.16
    engine = make_engine("mujoco", UR5E, scene, 0.002)
    for _ in range(800):
        engine.step(down, np.zeros(7))
    q, _ = engine.joints()
    black = {n: engine.render(sight.camera(n, q), shadows=False) for n in CAMERAS}
    engine.close()
    for name, pixels in black.items():  # nothing is to be seen around the hand
        pixels[Rig(UR5E).covered(sight.camera(name, q), q) > 0] = 0
    for step in range(8):
        later = sight.look(0.2 + step, q, {"overhead": np.zeros_like(black["overhead"])})
        assert "red block" not in later
    thing = sight.things.known["red block"]
    assert thing.sight in (Sight.HIDDEN, Sight.GONE) and thing.time == 0.1


def test_what_is_taken_away_is_gone_and_what_is_moved_is_the_same():
    block, bowl = SceneObject("red", "block", 0.2, -0.6), SceneObject("cyan", "bowl", -0.2, -0.65)
    sight = TableSight(UR5E)
    sight.look(0.1, UR5E.home, pictures((block, bowl))[0])
    without, _ = pictures((bowl,))
    for step in range(5):
        seen = sight.look(0.2 + step / 10, UR5E.home, without)
        assert set(seen) == {"cyan bowl"}
    assert sight.things.known["red block"].sight is Sight.GONE
    there = SceneObject("red", "block", 0.05, -0.75)
    seen = sight.look(1.0, UR5E.home, pictures((there, bowl))[0])
    assert set(seen) == {"red block", "cyan bowl"}
    assert seen["red block"].position[:2] == pytest.approx([0.05, -0.75], abs=0.003)


def test_nothing_is_seen_where_nothing_is():
    shown, _ = pictures(())
    sight = TableSight(UR5E)
    assert sight.look(0.1, UR5E.home, shown) == {}
    rng = np.random.default_rng(0)
    noise = {name: rng.integers(0, 256, p.shape).astype(np.uint8) for name, p in shown.items()}
    assert sight.look(0.2, UR5E.home, noise) == {}


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_tower_is_as_high_as_it_is(level):
    """Blocks are put on each other, as by a hand, and seen at their heights."""
    colors = ["blue", "red", "green", "yellow"][: level + 1]
    engine = make_engine(
        "pybullet", UR5E, tuple(SceneObject(c, "block", 0.1, -0.6) for c in colors[:1]), 0.002
    )
    sight = TableSight(UR5E)
    q = UR5E.home
    base = {n: engine.render(sight.camera(n, q)) for n in CAMERAS}
    engine.close()
    sight.look(0.1, q, base)
    for index in range(1, level + 1):
        # The hand lets it go there: a thing that was in the hand may be higher than before.
        thing = sight.things.known.setdefault(f"{colors[index]} block", held(colors[index]))
        thing.position = np.array([0.1, -0.6, BLOCK * (index + 0.5) + 0.003])
        sight.things._let_go(thing)
        assert thing.position[2] == pytest.approx(BLOCK * (index + 0.5), abs=1e-6)


def held(color):
    from robot.vision.things import Thing

    return Thing(f"{color} block", color, "block", np.zeros(3), 0.0, 0.1)


# --- in the loop ---


@pytest.mark.parametrize("engine", ENGINES)
def test_it_sees_what_is_moved_while_it_is_moved(engine):
    """Two blocks into one tower and a third into the bowl of its colour, by what is seen."""
    from planners.program.check import Limits
    from robot.cli import build
    from robot.cli.session import Session, Voice

    scene = (
        SceneObject("red", "block", 0.2, -0.7, 0.4),
        SceneObject("blue", "block", -0.15, -0.6, 1.0),
        SceneObject("green", "block", 0.05, -0.35, 0.1),
        SceneObject("green", "bowl", -0.2, -0.3),
    )
    world = Tabletop(UR5E, scene, TabletopConfig(engine, perception="camera", duration=60))
    seen, held_ones, sense = [], [], world._sense

    def watch():
        obs = sense()
        truth = world.truth()
        for name, fix in obs.fixes.items():
            error = float(np.linalg.norm(fix.position - truth[name].position))
            in_hand = world.sight.things.known[name].sight is Sight.HELD
            (held_ones if in_hand else seen).append(error)
        return obs

    world._sense = watch
    voice = Voice(quiet=True)
    planner = build.program_planner(None, voice.say, limits=Limits(compute=5.0, deadline=20.0))
    planner.execute(
        "put_first_on_second('red block', 'blue block')\n"
        "put_first_on_second('green block', 'green bowl')\n"
        "say(' '.join(get_obj_names()))\n"
    )
    Session(world, build.skills(UR5E), planner, voice, truth=world.truth).run()
    planner.close()
    assert planner.succeeded, planner.error
    assert voice.said == ["blue block green block red block green bowl"]
    truth = {name: fix.position for name, fix in world.truth().items()}
    assert truth["red block"] == pytest.approx(truth["blue block"] + [0, 0, BLOCK], abs=0.01)
    assert np.linalg.norm((truth["green block"] - truth["green bowl"])[:2]) < 0.02
    assert len(seen) > 100 and np.median(seen) < 0.002 and max(seen) < 0.012
    assert len(held_ones) > 20 and np.median(held_ones) < 0.002 and max(held_ones) < 0.01
