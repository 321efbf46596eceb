"""The words in which behaviours are asked for.

Teachers narrate in the first; the second are kept for seeing whether what was not heard is
understood. `{}` is what it is about, `{amount}` how much.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from planners.coaching.behavior import AMOUNTS, WAYS, Behavior
from robot.chores import Chore
from robot.table import COLORS

HEARD: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "pick": (
            "pick up the {}",
            "grab the {}",
            "take the {}",
            "get the {}",
            "now the {}",
            "grasp the {} and lift it",
            "lift the {}",
            "pick the {} up",
            "go for the {}",
            "the {} next",
        ),
        "put bowl": (
            "put it in the {}",
            "drop it into the {}",
            "place it in the {}",
            "into the {}",
            "it goes in the {}",
            "bring it to the {}",
            "release it in the {}",
        ),
        "put block": (
            "put it on the {}",
            "stack it on the {}",
            "place it on top of the {}",
            "onto the {}",
            "set it on the {}",
            "it goes on the {}",
        ),
        "put drawer": (
            "put it in the drawer",
            "place it in the drawer",
            "into the drawer",
            "drop it into the drawer",
            "it goes in the drawer",
            "lay it inside the drawer",
        ),
        "drop": (
            "put it down",
            "place it on the table",
            "set it down on the table",
            "lay it down",
            "put it back on the table",
            "put it aside",
        ),
        "drawer open": (
            "open the drawer",
            "pull the drawer open",
            "pull the drawer out",
            "pull the handle",
            "slide the drawer open",
            "the drawer has to be opened",
        ),
        "drawer close": (
            "close the drawer",
            "push the drawer shut",
            "shut the drawer",
            "push the drawer in",
            "slide the drawer closed",
            "the drawer has to be closed",
        ),
        "sweep": (
            "push the {} into the tray",
            "sweep the {} into the tray",
            "shove the {} in the tray",
            "slide the {} into the tray",
            "move the {} over into the tray",
            "brush the {} into the tray",
        ),
        "move left": (
            "move {amount} left",
            "go {amount} to the left",
            "{amount} to the left",
            "shift {amount} left",
            "more to the left {amount}",
        ),
        "move right": (
            "move {amount} right",
            "go {amount} to the right",
            "{amount} to the right",
            "shift {amount} right",
            "more to the right {amount}",
        ),
        "move forward": (
            "move {amount} forward",
            "go {amount} forward",
            "{amount} further away from me",
            "shift {amount} forward",
            "{amount} away from me",
        ),
        "move back": (
            "move {amount} backward",
            "{amount} closer to me",
            "come {amount} towards me",
            "shift {amount} backward",
            "{amount} nearer to me",
        ),
        "move up": (
            "move {amount} up",
            "go {amount} higher",
            "{amount} higher",
            "raise the hand {amount}",
            "lift the hand {amount}",
        ),
        "move down": (
            "move {amount} down",
            "go {amount} lower",
            "{amount} lower",
            "lower the hand {amount}",
            "come down {amount}",
        ),
        "gripper open": (
            "open the gripper",
            "let go",
            "open your fingers",
            "release it",
            "open the hand",
        ),
        "gripper close": (
            "close the gripper",
            "close your fingers",
            "squeeze",
            "close the hand",
            "shut the gripper",
        ),
        "back": ("go back", "move back to where you were", "go back to the start", "back off"),
        "turn left": (
            "turn it to the left",
            "rotate it anticlockwise",
            "turn the gripper anticlockwise",
            "twist it left",
        ),
        "turn right": (
            "turn it to the right",
            "rotate it clockwise",
            "turn the gripper clockwise",
            "twist it right",
        ),
        "tilt": ("tilt it", "tilt the gripper", "lean it over", "tip the hand"),
    }
)
UNHEARD: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "pick": ("pick the {} up please", "can you fetch the {}", "seize the {}", "I want the {}"),
        "put bowl": ("drop that in the {}", "set it inside the {}", "let it fall into the {}"),
        "put block": ("place that on the {}", "lay it on top of the {}", "balance it on the {}"),
        "put drawer": ("store it in the drawer", "the drawer is where it goes", "stow it in there"),
        "drop": ("just lay it on the table", "set it down please", "leave it on the table"),
        "drawer open": ("please open the drawer", "drag the drawer out", "get the drawer open"),
        "drawer close": ("please close the drawer", "press the drawer in", "get the drawer shut"),
        "sweep": ("nudge the {} into the tray", "get the {} in the tray by pushing it"),
        "move left": ("slide {amount} over to the left", "could you go left {amount}"),
        "move right": ("slide {amount} over to the right", "could you go right {amount}"),
        "move forward": ("slide {amount} forwards", "push {amount} farther from me"),
        "move back": ("pull {amount} towards me", "come closer {amount}"),
        "move up": ("rise {amount}", "bring the hand up {amount}"),
        "move down": ("sink {amount}", "bring the hand down {amount}"),
        "gripper open": ("open up the gripper", "release your grip", "ungrasp"),
        "gripper close": ("close up the gripper", "shut your hand", "pinch"),
        "back": ("return to where you came from", "retreat"),
        "turn left": ("spin it anticlockwise", "rotate to the left"),
        "turn right": ("spin it clockwise", "rotate to the right"),
        "tilt": ("incline the gripper", "tilt your hand"),
    }
)
SAYINGS = {
    "a bit": ("a bit", "a little", "slightly", "a touch"),
    "": ("",),
    "a lot": ("a lot", "much", "far"),
}
# What makes a correction of a sentence.
CORRECTING = ("no, {}", "not that, {}", "{}", "{}", "{} instead", "actually {}")
FOR = {
    "pack": (
        "pack the {}, the {} and the {} into the drawer",
        "put the {}, {} and {} away in the drawer",
    ),
    "sweep": ("sweep the blocks into the tray", "push everything into the tray"),
}


def family(asked: Behavior) -> str:
    """The key of a behaviour's wordings: what is asked for, apart from which object it is about."""
    if asked.name == "put":
        return f"put {asked.thing.split()[-1]}"
    return asked.name if asked.name in ("pick", "sweep", "drop", "back", "tilt") else _plain(asked)


def _plain(asked: Behavior) -> str:
    return f"{asked.name} {asked.thing}"


def say(asked: Behavior, rng: np.random.Generator, unheard: bool = False) -> str:
    """A sentence that asks for a behaviour."""
    templates = (UNHEARD if unheard else HEARD)[family(asked)]
    text = str(rng.choice(templates))
    amount = str(rng.choice(SAYINGS[asked.amount])) if asked.name == "move" else ""
    return " ".join(text.format(asked.thing, amount=amount).split())


def correct(asked: Behavior, rng: np.random.Generator) -> str:
    """The same, as somebody says it who sees something going wrong."""
    return str(rng.choice(CORRECTING)).format(say(asked, rng))


def instruct(chore: Chore, rng: np.random.Generator) -> str:
    """A sentence that asks for the whole chore."""
    if chore.name == "stack":
        return "stack the {} on the {} and the {} on top".format(*_stack(chore))
    if chore.name == "sort":
        parts = [f"the {block} in the {bowl}" for block, bowl in chore.targets]
        return "put " + ", ".join(parts[:-1]) + " and " + parts[-1]
    return str(rng.choice(FOR[chore.name])).format(*chore.blocks)


def _stack(chore: Chore) -> tuple[str, str, str]:
    (middle, foot), (top, _) = chore.targets
    return middle, foot, top


def everything() -> list[Behavior]:
    """Every behaviour, with every block and bowl."""
    blocks = [f"{color} block" for color in COLORS]
    return [
        *(Behavior("pick", block) for block in blocks),
        *(Behavior("put", f"{color} bowl") for color in COLORS),
        *(Behavior("put", block) for block in blocks),
        Behavior("put", "drawer"),
        Behavior("drop"),
        *(Behavior("drawer", way) for way in ("open", "close")),
        *(Behavior("sweep", block) for block in blocks),
        *(Behavior("move", way, amount) for way in WAYS for amount in AMOUNTS),
        *(Behavior("gripper", way) for way in ("open", "close")),
        Behavior("back"),
        *(Behavior("turn", way) for way in ("left", "right")),
        Behavior("tilt"),
    ]
