"""Corrections are understood by rules over words, in many wordings; other lines are left alone."""

import pytest

from planners.correct import Correction, Vocabulary, understand
from robot.table import COLORS, KINDS

VOCABULARY = Vocabulary(tuple(COLORS), KINDS)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("a bit to the left", (-0.02, 0, 0)),
        ("A bit to the LEFT, please!", (-0.02, 0, 0)),
        ("move a little to the right", (0.015, 0, 0)),
        ("left", (-0.03, 0, 0)),
        ("no, more to the left", (-0.03, 0, 0)),
        ("slightly forward", (0, 0.02, 0)),
        ("a bit back", (0, -0.02, 0)),
        ("go a bit back", (0, -0.02, 0)),
        ("come closer", (0, -0.03, 0)),
        ("a bit closer to me", (0, -0.02, 0)),
        ("higher", (0, 0, 0.03)),
        ("a lot lower", (0, 0, -0.06)),
        ("up 3 cm", (0, 0, 0.03)),
        ("5 mm down", (0, 0, -0.005)),
        ("move 0.05 m to the right", (0.05, 0, 0)),
        ("a bit left and up", (-0.02, 0, 0.02)),
        ("a bit to the left and to the right", None),
        ("3 to the left", None),
        ("2 m to the left", None),
        ("put it to the left of the red block", None),
    ],
)
def test_nudges(text, offset):
    found = understand(text, VOCABULARY)
    if offset is None:
        assert found is None
    else:
        assert found is not None
        assert found.kind == "nudge"
        assert found.offset == pytest.approx(offset)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("open the gripper", Correction("gripper", open=True)),
        ("please open your hand", Correction("gripper", open=True)),
        ("let go", Correction("gripper", open=True)),
        ("release it", Correction("gripper", open=True)),
        ("close the gripper", Correction("gripper")),
        ("close your fingers now", Correction("gripper")),
        ("go back", Correction("back")),
        ("move back to the start", Correction("back")),
        ("no, the blue bowl", Correction("replace", name="blue bowl")),
        ("No! The blue bowl!", Correction("replace", name="blue bowl")),
        ("not that one, the green block", Correction("replace", name="green block")),
        ("I meant the blue bowl", Correction("replace", name="blue bowl")),
        ("the blue bowl instead", Correction("replace", name="blue bowl")),
        ("no, put it in the blue bowl", Correction("replace", name="blue bowl")),
        ("not the red one, the blue one", Correction("replace", color="blue")),
        ("the yellow block", Correction("replace", name="yellow block")),
        ("continue", Correction("proceed")),
        ("go on", Correction("proceed")),
        ("never mind", Correction("proceed")),
    ],
)
def test_other_corrections(text, expected):
    assert understand(text, VOCABULARY) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "hello",
        "put the red block in the blue bowl",
        "stack the red block on the blue block",
        "move the green block to the left side",
        "push the red block to the middle",
        "what do you see",
        "open the drawer",
        "close the drawer and come back",
        "put all blocks in the green bowl",
    ],
)
def test_what_is_no_correction(text):
    assert understand(text, VOCABULARY) is None
