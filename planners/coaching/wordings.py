"""Behaviours and chores put into words."""

import numpy as np

from planners.coaching.behavior import AMOUNTS, WAYS, Behavior
from planners.coaching.phrases import HEARD, UNHEARD
from robot.chores import Chore
from robot.table import COLORS

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
