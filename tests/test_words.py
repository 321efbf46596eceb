"""The words: their stubs, and what they say about the scene."""

import ast
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planners.program import check, words
from planners.program.words import (
    CORNERS,
    PLACES,
    SIDES,
    WORDS,
    Hand,
    WordError,
    answer,
    place_xy,
)
from robot.geometry import yaw_quaternion
from robot.types import Fix, vector

X, Y = words.TABLE
points = st.tuples(st.floats(*X), st.floats(*Y))


def fix(x: float, y: float, yaw: float = 0.0, size: tuple[float, ...] = (0.04, 0.04, 0.04)) -> Fix:
    return Fix(0.0, vector((x, y, 0.02)), vector(yaw_quaternion(yaw)), vector(size))


SCENE = {
    "red block": fix(0.1, -0.5),
    "blue bowl": fix(-0.1, -0.4, size=(0.14, 0.14, 0.05)),
    "stick": fix(0.0, -0.6, yaw=math.pi / 2, size=(0.2, 0.02, 0.02)),
}


def ask(name: str, *args: object) -> object:
    word = WORDS[name]
    hand = Hand([0.0, -0.5, 0.2], "red block")
    return answer(name, check.bound(word, args, {}), {}, SCENE, hand=hand)


# The declaration --------------------------------------------------------------------------------


def test_stubs_are_python_and_declare_every_word():
    functions = {f.name: f for f in ast.parse(words.STUBS).body if isinstance(f, ast.FunctionDef)}
    assert list(functions) == list(WORDS)
    for name, function in functions.items():
        assert ast.get_docstring(function) and function.returns
        assert not function.args.kwonlyargs  # those are the host's
        assert [a.arg for a in function.args.args] == list(WORDS[name].signature.parameters)


def test_every_parameter_is_checked():
    used = {name for word in WORDS.values() for name in word.signature.parameters}
    assert used == set(check.EXPECTED)


def test_every_word_is_answered_or_acted_on():
    acts = {name for name, word in WORDS.items() if word.acts}
    moves = {name for name, word in WORDS.items() if word.moves}
    asks = {name for name, word in WORDS.items() if word.asks}
    assert moves == {
        *("put_first_on_second", "run_skill", "move_to", "move_by", "follow_path"),
        *("grasp", "release"),
    }
    assert asks == {"parse_obj_name", "parse_position", "parse_question", "transform_shape_pts"}
    assert acts == moves | asks | {"say", "set_speed"}
    samples = {"name": "red block", "pos": [0.0, -0.5], "pos_normalized": [0.5, 0.5]}
    for name in WORDS.keys() - acts:
        args = [samples[p] for p in WORDS[name].signature.parameters]
        assert ask(name, *args) is not None


@pytest.mark.parametrize(
    ("name", "args", "error"),
    [
        ("say", (), "say: missing a required argument: 'msg'; it is say(msg: Any) -> None"),
        ("say", ("a", "b"), "say: too many positional arguments"),
        ("get_obj_pos", (3,), "get_obj_pos: name must be a name of at most 100 letters"),
        ("put_first_on_second", ("a", [1]), "put_first_on_second: b must be a name or [x, y]"),
        ("run_skill", ("a", {"x": math.nan}), "run_skill: goal must be a small dictionary"),
    ],
)
def test_wrong_arguments(name, args, error):
    with pytest.raises(WordError) as caught:
        check.bound(WORDS[name], args, {})
    assert str(caught.value).startswith(error)


def test_bound_arguments_are_complete_and_in_order():
    assert check.bound(WORDS["run_skill"], (), {"name": "push"}) == ("push", None)
    assert check.bound(WORDS["put_first_on_second"], (), {"b": "b", "a": "a"}) == ("a", "b")


@given(st.recursive(st.none() | st.floats() | st.text() | st.binary(), st.lists, max_leaves=20))
def test_checks_never_raise_anything_else(value):
    for word in WORDS.values():
        try:
            check.bound(word, (value,) * len(word.signature.parameters), {})
        except WordError as error:
            assert str(error).startswith(word.name)


# Places -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "xy"),
    [
        ("top left corner", (-0.25, -0.25)),  # top is the robot's side
        ("top side", (0.0, -0.25)),
        ("top right corner", (0.25, -0.25)),
        ("left side", (-0.25, -0.5)),
        ("middle", (0.0, -0.5)),
        ("right side", (0.25, -0.5)),
        ("bottom left corner", (-0.25, -0.75)),
        ("bottom side", (0.0, -0.75)),
        ("bottom right corner", (0.25, -0.75)),
        ("The Top_Left corner", (-0.25, -0.25)),
    ],
)
def test_places(name, xy):
    assert place_xy(name) == pytest.approx(xy)
    assert ask("get_obj_pos", name) == pytest.approx(list(xy))


def test_no_place():
    assert place_xy("red block") is None


@pytest.mark.parametrize("name", PLACES)
def test_round_trips(name):
    xy = list(place_xy(name) or ())
    assert words.denormalize_xy(PLACES[name]) == xy
    if name in CORNERS:
        assert words.get_corner_name(xy) == name
    if name in SIDES:
        assert words.get_side_name(xy) == name


@given(points)
def test_every_point_has_a_nearest_corner_and_side(point):
    for named, group in (
        (words.get_corner_name(point), CORNERS),
        (words.get_side_name(point), SIDES),
    ):
        distances = {name: math.dist(place_xy(name) or (), point) for name in group}
        assert distances[named] == min(distances.values())


@given(points)
def test_corner_agrees_with_the_quadrant(point):
    (x, y), name = point, words.get_corner_name(point)
    if abs(x) > 1e-9:
        assert ("left" in name) == (x < 0)
    if abs(y + 0.5) > 1e-9:
        assert ("top" in name) == (y > -0.5)


@given(st.floats(0, 1), st.floats(0, 1))
def test_denormalized_is_inside_the_inset(right, up):
    x, y = words.denormalize_xy([right, up])
    assert -0.25 - 1e-9 <= x <= 0.25 + 1e-9 and -0.75 - 1e-9 <= y <= -0.25 + 1e-9


def test_another_table():
    table = ((0.0, 1.1), (0.0, 2.1))
    assert place_xy("top right corner", table) == pytest.approx((1.05, 2.05))
    assert words.get_side_name([0.1, 1.0], table=table) == "left side"


# Objects ----------------------------------------------------------------------------------------


def test_objects():
    assert ask("get_obj_names") == ["red block", "blue bowl", "stick"]
    assert ask("get_obj_pos", "the red_block") == [0.1, -0.5]
    assert ask("get_bbox", "red block") == pytest.approx([0.08, -0.52, 0.12, -0.48])
    assert ask("get_bbox", "stick") == pytest.approx([-0.01, -0.7, 0.01, -0.5])
    assert ask("get_color", "blue bowl") == "blue"
    assert ask("is_obj_visible", "Blue bowl") is True
    assert ask("is_obj_visible", "green bowl") is False


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("red blok", "there is no 'red blok'; did you mean 'red block'?"),
        ("zebra", "there is no 'zebra'; the objects are blue bowl, red block, stick"),
    ],
)
def test_unknown_object(name, error):
    for word in ("get_obj_pos", "get_bbox", "get_color"):
        with pytest.raises(WordError) as caught:
            ask(word, name)
        assert str(caught.value) == error


def test_no_objects_and_no_colour():
    with pytest.raises(WordError, match="the objects are none"):
        words.get_obj_pos("red block", objects={})
    with pytest.raises(WordError, match="the colour of 'stick' is not known"):
        ask("get_color", "stick")


@given(st.floats(-math.pi, math.pi), points)
def test_bbox_holds_the_turned_corners(yaw, point):
    scene = {"box": fix(*point, yaw=yaw, size=(0.1, 0.03, 0.02))}
    low_x, low_y, high_x, high_y = words.get_bbox("box", objects=scene)
    c, s = math.cos(yaw), math.sin(yaw)
    corners = [(c * u - s * v, s * u + c * v) for u in (-0.05, 0.05) for v in (-0.015, 0.015)]
    xs, ys = ([p[i] + point[i] for p in corners] for i in (0, 1))
    assert (low_x, high_x) == pytest.approx((min(xs), max(xs)))
    assert (low_y, high_y) == pytest.approx((min(ys), max(ys)))
