"""Descriptions are understood by rule, or not at all."""

import pytest
from program_rig import PLACED, fix

from planners.program.resolve import Unclear, answer

OBJECTS = {name: fix(name, *xy) for name, xy in PLACED.items()}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the blue block", "blue block"),
        ("the cyan bowl.", "cyan bowl"),
        ("the yellow thing", "yellow bowl"),
        ("the sun colored bowl", "yellow bowl"),
        ("the block closest to the cyan bowl", "blue block"),
        ("the bowl farthest from the purple block", "cyan bowl"),
        ("the leftmost block", "cyan block"),
        ("the right most bowl", "blue bowl"),
        ("the second block from the left", "green block"),
        ("the topmost block", "purple block"),
        ("the block on the left", "cyan block"),
        ("the corner closest to the green block", "bottom left corner"),
        ("the side nearest to the purple block", "right side"),
        ("top left corner", "top left corner"),
        ("the blocks", ["blue block", "cyan block", "purple block", "green block"]),
        ("all bowls", ["blue bowl", "cyan bowl", "yellow bowl"]),
        ("the blue objects", ["blue block", "blue bowl"]),
        ("the blocks to the left of the yellow bowl", ["cyan block", "green block"]),
        ("the blocks other than the blue block", ["cyan block", "purple block", "green block"]),
        ("the cyan block and the yellow bowl", ["cyan block", "yellow bowl"]),
        ("two blocks", ["blue block", "cyan block"]),
    ],
)
def test_names(text, name):
    assert answer("parse_obj_name", text, "", OBJECTS) == name


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("the top left corner", [-0.25, -0.25]),
        ("the middle of the table", [0.0, -0.5]),
        ("the left side", [-0.25, -0.5]),
        ("the position of the blue block", [0.05, -0.35]),
        ("10cm to the left of the yellow bowl", [-0.1, -0.5]),
        ("5 cm above the blue block", [0.05, -0.30]),
        ("a bit to the right of the blue bowl", [0.22, -0.60]),
        ("a point between the blue bowl and the cyan bowl", [0.0, -0.45]),
        ("the corner closest to the green block", [-0.25, -0.75]),
    ],
)
def test_positions(text, point):
    assert answer("parse_position", text, "", OBJECTS) == pytest.approx(point)


@pytest.mark.parametrize(
    ("text", "count", "first"),
    [
        ("a 30cm horizontal line in the middle with 3 points", 3, (-0.15, -0.5)),
        ("a 20 cm vertical line at the yellow bowl with 5 points", 5, (0.0, -0.6)),
        ("a line from the blue bowl to the cyan bowl with 4 points", 4, (0.2, -0.6)),
        ("a circle with 8 points around the yellow bowl", 8, (0.1, -0.5)),
        ("a 10cm square around the middle", 4, (0.05, -0.45)),
        ("a triangle in the middle", 3, None),
    ],
)
def test_shapes(text, count, first):
    points = answer("parse_position", text, "", OBJECTS)
    assert len(points) == count
    assert first is None or points[0] == pytest.approx(first)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("how many blocks are there?", 4),
        ("how many blue things are there", 2),
        ("is there a red block?", False),
        ("is the blue block to the right of the cyan bowl?", True),
        ("is the blue block above the purple block?", False),
        ("is the blue block in the yellow bowl?", False),
        ("what color is the cyan bowl?", "cyan"),
        ("what is the leftmost block?", "cyan block"),
        ("which block is closest to the yellow bowl?", "blue block"),
        ("what are the blocks to the left of the yellow bowl?", ["cyan block", "green block"]),
        ("is the purple block visible?", True),
    ],
)
def test_questions(text, truth):
    assert answer("parse_question", text, "", OBJECTS) == truth


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("move it to the right by 10cm", [(0.1, 0.0), (0.3, 0.0)]),
        ("scale by 2x", [(-0.1, 0.0), (0.3, 0.0)]),
        ("make it half as big", [(0.05, 0.0), (0.15, 0.0)]),
        ("rotate by 90 degrees", [(0.1, -0.1), (0.1, 0.1)]),
        ("rotate by 90 degrees clockwise", [(0.1, 0.1), (0.1, -0.1)]),
        ("make it smaller by 2x", [(0.05, 0.0), (0.15, 0.0)]),
    ],
)
def test_shapes_change(text, points):
    changed = answer("transform_shape_pts", text, [(0.0, 0.0), (0.2, 0.0)], OBJECTS)
    assert [tuple(p) for p in changed] == [pytest.approx(p, abs=1e-9) for p in points]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("parse_obj_name", "the banana"),
        ("parse_obj_name", "the heaviest block"),
        ("parse_obj_name", "the red block"),
        ("parse_obj_name", ""),
        ("parse_position", "somewhere nice"),
        ("parse_question", "why is the block blue?"),
        ("transform_shape_pts", "make it beautiful"),
    ],
)
def test_what_is_unclear_is_not_guessed(word, text):
    with pytest.raises(Unclear):
        answer(word, text, [(0, 0)] if word == "transform_shape_pts" else "", OBJECTS)
