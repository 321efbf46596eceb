"""PushT: the T's geometry, against shapely and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.geometry import yaw_of
from robot.pusht import (
    AREA,
    GOALS,
    PIXEL,
    SIZE,
    coverage,
    fix_of,
    observation,
    pose_of,
    target,
)
from robot.types import Reference, State, vector

GOAL = GOALS["center"]
PLACE = st.tuples(st.floats(0, 0.512), st.floats(0, 0.512), st.floats(-10, 10))
NEAR = st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05), st.floats(-0.5, 0.5))
HALF = [(0.06, 0.0), (0.06, 0.03), (0.015, 0.03), (0.015, 0.12)]
OUTLINE = HALF + [(-u, v) for u, v in reversed(HALF)]  # of the T, in its own frame


def moved(pose, by):
    return tuple(a + b for a, b in zip(pose, by, strict=True))


@pytest.fixture(scope="module")
def shapely():
    return pytest.importorskip("shapely")


@given(PLACE)
def test_a_t_in_its_place_covers_all_of_it(pose):
    x, y, angle = pose
    assert coverage(pose, pose) == pytest.approx(1, abs=1e-9)
    assert coverage((x, y, angle + 2 * math.pi), pose) == pytest.approx(1, abs=1e-9)
    assert coverage((x + 0.25, y, angle), pose) == 0


@given(PLACE, NEAR, PLACE)
def test_coverage_is_mutual_and_moves_with_both(pose, by, elsewhere):
    other = moved(pose, by)
    share = coverage(pose, other)
    assert 0 <= share <= 1
    assert coverage(other, pose) == pytest.approx(share, abs=1e-9)
    # Both moved as one rigid body: the same share.
    x, y, angle = elsewhere
    c, s = math.cos(angle), math.sin(angle)
    there = [(x + c * u - s * v, y + s * u + c * v, w + angle) for u, v, w in (pose, other)]
    assert coverage(*there) == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize("tiny", [5e-324, 1e-300, 1e-16])
def test_the_smallest_shift_uncovers_nothing(tiny):
    for by in ((tiny, 0, 0), (0, -tiny, 0), (0, 0, tiny), (tiny, tiny, -tiny)):
        assert coverage(by, (0, 0, 0)) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("by", "shared"),
    [
        ((0.0, 0.03, 0.0), 0.03 * 0.03 + 0.03 * 0.06),  # up its stem: the bar's middle and the stem
        ((0.01, 0.0, 0.0), 0.11 * 0.03 + 0.02 * 0.09),  # aside
        ((0.12, 0.0, 0.0), 0.0),  # side by side
        ((0.0, 0.0, math.pi), 0.0),  # back to back
        ((0.0, 0.03, math.pi), 0.12 * 0.03),  # turned about the middle of its bar
        ((0.0, 0.12, math.pi), 0.03 * 0.03 * 2 + 0.03 * 0.06),  # stem on stem
    ],
)
def test_coverage_in_closed_form(by, shared):
    assert coverage(by, (0.0, 0.0, 0.0)) == pytest.approx(shared / AREA, abs=1e-12)


@settings(max_examples=300)
@given(PLACE, NEAR)
def test_coverage_agrees_with_shapely(shapely, pose, by):
    def tee(x, y, angle):
        c, s = math.cos(angle), math.sin(angle)
        return shapely.Polygon([(x + c * u - s * v, y + s * u + c * v) for u, v in OUTLINE])

    # Shapely trips over numbers near the smallest that there are.
    pose, other = (tuple(round(x, 9) for x in at) for at in (pose, moved(pose, by)))
    wanted = tee(*pose).intersection(tee(*other)).area / AREA
    assert coverage(pose, other) == pytest.approx(wanted, abs=1e-9)


@given(PLACE)
def test_a_fix_is_the_middle_of_the_box_and_comes_back_as_a_pose(pose):
    fix = fix_of(1.5, pose)
    x, y, angle = pose
    assert fix.time == 1.5 and fix.size is SIZE and fix.position[2] == 0
    along = np.array([-math.sin(angle), math.cos(angle)])  # the stem
    np.testing.assert_allclose(fix.position[:2], np.array([x, y]) + 0.06 * along, atol=1e-12)
    assert math.cos(yaw_of(fix.quaternion) - angle) == pytest.approx(1)
    back = pose_of(fix)
    np.testing.assert_allclose(back[:2], [x, y], atol=1e-12)
    assert 0 <= back[2] <= 2 * math.pi
    assert math.remainder(back[2] - angle, 2 * math.pi) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("pose", [(0, 0), (0, 0, math.nan), (0, math.inf, 0), np.zeros((1, 3))])
def test_a_bad_pose_is_said(pose):
    with pytest.raises(ValueError, match=r"finite x \[m\], y \[m\] and angle \[rad\]"):
        coverage(pose, GOAL)


def test_whole_pixels_come_back_whole():
    pixels = np.arange(513.0)
    assert (target(pixels) * PIXEL == pixels).all()
    assert not target([1, 2]).flags.writeable


def test_an_observation_needs_the_t():
    q = vector([0.1, 0.2])
    state = State(0.0, 0.0, 0, q, q, Reference(q, q, q), {"goal": fix_of(0.0, GOAL)})
    with pytest.raises(LookupError, match=r"no T has been seen, only \['goal'\]"):
        observation(state)
