"""What is not on the table is refused before any model sees it; what is there is not."""

import pytest

from planners.program.ground import ungrounded
from robot.cli.build import DEFAULT_SCENE

OBJECTS = DEFAULT_SCENE


@pytest.mark.parametrize(
    "instruction",
    """put the red block in the blue bowl
place the green block into the orange bowl please
move the yellow block to the top left corner
stack all the blocks
put all blocks in the green bowl
stack the red block on the green block
put the red cube in the blue dish
push the red block to the left side
put the red block 10 cm to the left of the green block
what do you see?
how many blocks are there
say hello
move every block to the middle of the table
put the green one on the red one
put the block that is closest to the blue bowl in the orange bowl
build a tower from the blocks
pick up the red block
go home
put the other blocks in the green bowl
put the red block and the green block in the blue bowl
put the blocks in bowls of the same color
draw a circle around the red block
arrange the blocks in a horizontal line near the top
tell me the name of the leftmost block
put a block in a bowl
put the first block from the left in the blue bowl
swap the red block and the yellow block""".splitlines(),
)
def test_grounded(instruction):
    assert ungrounded(instruction, OBJECTS) is None


@pytest.mark.parametrize(
    ("instruction", "missing"),
    [
        ("put the purple block in the blue bowl", "no purple block"),
        ("put the red block in the purple bowl", "no purple bowl"),
        ("put the blue block in the green bowl", "no blue block"),
        ("stack the pink blocks", "no pink block"),
        ("put the grey one away", "no gray thing"),
        ("put the white block in the bowl", "no white block"),
        ("bring me a coffee", "no coffee"),
        ("put the banana in the blue bowl", "no banana"),
        ("put the red banana in the blue bowl", "no red banana"),
        ("open the drawer", "no drawer"),
        ("put the red block in the cup", "no cup"),
        ("hello", "What shall I do"),
        ("", "What shall I do"),
    ],
)
def test_ungrounded(instruction, missing):
    reply = ungrounded(instruction, OBJECTS)
    assert reply is not None and missing in reply
    assert "I see a red block" in reply and "an orange bowl" in reply


def test_an_empty_table():
    assert ungrounded("put the block in the bowl", ()) == "I see no block. The table is empty."
