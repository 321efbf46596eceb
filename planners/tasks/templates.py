"""What can be asked, and in which words; `making` says what each is about."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from planners.tasks import making
from planners.tasks.making import Made, Making


@dataclass(frozen=True)
class Template:
    """One kind of thing to ask for."""

    name: str
    set: Literal["seen", "unseen", "refusal"]
    phrases: tuple[str, ...]
    held_out: tuple[str, ...]  # phrases that no model is trained on
    make: Callable[[Making], Made | None]  # None where the scene does not suit
    blocks: tuple[int, int] = (1, 4)  # how many there may be
    bowls: tuple[int, int] = (1, 4)
    matched: bool = False  # every block has a bowl of its colour, and there are no others


MANY = (2, 4)
TEMPLATES = MappingProxyType(
    {
        template.name: template
        for template in (
            Template(
                "put_on",
                "seen",
                (
                    "put the {block} {in} the {target}",
                    "pick up the {block} and place it {in} the {target}",
                    "move the {block} {in}to the {target}",
                    "set the {block} down {in} the {target}",
                ),
                (
                    "I would like the {block} to be {in} the {target}",
                    "please drop the {block} {in} the {target}",
                    "could you get the {block} {in}to the {target}?",
                ),
                making.put_on,
            ),
            Template(
                "put_at",
                "seen",
                (
                    "put the {block} at the {place}",
                    "move the {block} to the {place}",
                    "pick up the {block} and place it on the {place}",
                ),
                (
                    "bring the {block} over to the {place}",
                    "the {block} belongs at the {place}, take it there",
                ),
                making.put_at,
            ),
            Template(
                "all_at",
                "seen",
                (
                    "put all the blocks on the {place}",
                    "move every block to the {place}",
                    "place all blocks at the {place}",
                ),
                (
                    "gather the blocks at the {place}",
                    "I want all of the blocks on the {place}",
                ),
                making.all_at,
                blocks=MANY,
                bowls=(1, 3),
            ),
            Template(
                "all_in",
                "seen",
                (
                    "put all the blocks in the {bowl}",
                    "place every block in the {bowl}",
                    "move all blocks into the {bowl}",
                ),
                (
                    "collect the blocks in the {bowl}",
                    "every one of the blocks goes into the {bowl}",
                ),
                making.all_in,
                blocks=(2, 3),
            ),
            Template(
                "matching",
                "seen",
                (
                    "put the blocks in the bowls with matching colors",
                    "place each block in the bowl of the same color",
                    "sort the blocks into the bowls by color",
                ),
                (
                    "match the blocks with the bowls of their color",
                    "every block goes into the bowl that has its color",
                ),
                making.matching,
                matched=True,
            ),
            Template(
                "beside",
                "seen",
                (
                    "take the block to the {direction} of the {bowl} and place it on the {place}",
                    "move the block that is to the {direction} of the {bowl} to the {place}",
                ),
                (
                    "take the block on the {direction} of the {bowl} over to the {place}",
                    "the block {direction} of the {bowl} belongs at the {place}",
                ),
                making.beside,
                blocks=MANY,
            ),
            Template(
                "extreme",
                "seen",
                (
                    "pick up the block {extreme} {to} the {bowl} and place it on the {place}",
                    "move the block that is {extreme} {to} the {bowl} to the {place}",
                ),
                (
                    "take the one block {extreme} {to} the {bowl} and set it on the {place}",
                    "bring the block {extreme} {to} the {bowl} to the {place}",
                ),
                making.extreme,
                blocks=MANY,
            ),
            Template(
                "nth",
                "seen",
                (
                    "pick up the {nth} block from the {direction} and place it on the {place}",
                    "move the {nth} block from the {direction} to the {place}",
                ),
                (
                    "counted from the {direction}, take the {nth} block to the {place}",
                    "put the block that is {nth} from the {direction} on the {place}",
                ),
                making.nth,
                blocks=(2, 4),
            ),
            Template(
                "shift",
                "seen",
                (
                    "move the {block} {amount} to the {direction}",
                    "put the {block} {amount} to the {direction} of where it is",
                ),
                (
                    "shift the {block} {amount} towards the {direction}",
                    "the {block} should be {amount} more to the {direction}",
                ),
                making.shift,
                bowls=(1, 3),
            ),
            Template(
                "how_many",
                "seen",
                ("how many {kind}s are there?", "count the {kind}s and say how many there are"),
                ("what is the number of {kind}s on the table?", "tell me how many {kind}s you see"),
                making.how_many,
            ),
            Template(
                "which_color",
                "seen",
                (
                    "what color is the block {extreme} {to} the {bowl}?",
                    "say the color of the block that is {extreme} {to} the {bowl}",
                ),
                (
                    "tell me which color the block {extreme} {to} the {bowl} has",
                    "the block {extreme} {to} the {bowl}: what is its color?",
                ),
                making.which_color,
                blocks=MANY,
            ),
            Template(
                "is_it",
                "seen",
                (
                    "is the {block} to the {direction} of the {bowl}?",
                    "is the {block} on the {direction} of the {bowl}? say yes or no",
                ),
                (
                    "tell me whether the {block} is to the {direction} of the {bowl}",
                    "do you see the {block} to the {direction} of the {bowl}?",
                ),
                making.is_it,
            ),
            Template(
                "corners",
                "unseen",
                ("put all the blocks in different corners", "place each block in its own corner"),
                ("spread the blocks over the corners, one in each",),
                making.corners,
                blocks=MANY,
                bowls=(1, 2),
            ),
            Template(
                "mismatched",
                "unseen",
                (
                    "put the blocks in the bowls with mismatched colors",
                    "place every block in a bowl of a different color",
                ),
                ("no block may end up in a bowl of its own color, but all in bowls",),
                making.mismatched,
                blocks=(1, 3),
                bowls=(2, 4),
            ),
            Template(
                "stack_at",
                "unseen",
                (
                    "stack all the blocks on the {place}",
                    "build a tower of the blocks at the {place}",
                ),
                ("pile up all the blocks at the {place}",),
                making.stack_at,
                blocks=MANY,
                bowls=(1, 3),
            ),
            Template(
                "stack_in_order",
                "unseen",
                ("stack the blocks in this order, from the bottom up: {order}",),
                ("make a tower with, from bottom to top, {order}",),
                making.stack_in_order,
                blocks=MANY,
                bowls=(1, 3),
            ),
            Template(
                "line",
                "unseen",
                (
                    "arrange the blocks in a {line} line",
                    "place all the blocks in a {line} line",
                ),
                ("line up the blocks, so that they make a {line} line",),
                making.line,
                blocks=(3, 4),
                bowls=(1, 2),
            ),
            Template(
                "circle",
                "unseen",
                ("arrange the blocks in a circle", "place all the blocks in a circle"),
                ("make a circle of the blocks",),
                making.circle,
                blocks=(3, 4),
                bowls=(1, 2),
            ),
            Template(
                "pyramid",
                "unseen",
                ("build a pyramid of the three blocks", "make a pyramid out of the blocks"),
                ("two blocks side by side and the third on top of both, like a pyramid",),
                making.pyramid,
                blocks=(3, 3),
                bowls=(1, 2),
            ),
            Template(
                "tidy",
                "unseen",
                ("put each block in the bowl of its color, and those without one on the {place}",),
                (
                    "tidy up by color: blocks go in the bowl of their color, the others "
                    "to the {place}",
                ),
                making.tidy,
                blocks=MANY,
            ),
            Template(
                "absent_block",
                "refusal",
                ("put the {block} in the {bowl}", "move the {block} into the {bowl}"),
                (),
                making.absent,
            ),
            Template(
                "absent_bowl",
                "refusal",
                ("put the {block} in the {bowl}", "place the {block} in the {bowl}"),
                (),
                making.absent_bowl,
            ),
            Template(
                "absent_noun",
                "refusal",
                ("put the {noun} in the {bowl}", "pick up the {noun}"),
                (),
                making.absent_noun,
            ),
            Template(
                "ambiguous_block",
                "refusal",
                ("put the block in the {bowl}",),
                (),
                making.ambiguous,
                blocks=MANY,
            ),
            Template(
                "ambiguous_bowl",
                "refusal",
                ("put the {block} in the bowl",),
                (),
                making.ambiguous_bowl,
                bowls=(2, 4),
            ),
            Template(
                "immovable",
                "refusal",
                ("put the {bowl} on the {block}", "pick up the {bowl}"),
                (),
                making.impossible,
            ),
            Template(
                "nowhere",
                "refusal",
                ("put the {block} somewhere else", "move the {block}"),
                (),
                making.nowhere,
            ),
        )
    }
)
