"""Draws tasks: an instruction for what is on a table, a correct program, and a judge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import dist
from typing import Literal, get_args

import numpy as np

from planners.program.words import place_xy
from planners.tasks.attributes import SEEN, UNSEEN, Attributes
from planners.tasks.judge import Episode, Judge
from planners.tasks.making import Making
from planners.tasks.templates import TEMPLATES, Template
from robot.table import SIZES
from robot.types import Fix, vector

Split = Literal["seen", "attributes", "paraphrases", "templates", "refusals"]
SPLITS: tuple[Split, ...] = get_args(Split)
ROOM = 0.13  # [m] around a place, at least, to what stands on the table, where it is to be used
TRIES = 400  # scenes for one task

Places = Mapping[str, Sequence[float]]  # name: x, y [m]
Layout = Callable[[np.random.Generator, Sequence[str]], Places]  # puts things called so on a table


@dataclass(frozen=True)
class Task:
    """One thing to ask for."""

    template: str
    split: Split
    instruction: str
    names: tuple[str, ...]  # of what is on the table
    places: Places
    program: str  # that does it, from what it sees
    judge: Judge


def templates_of(split: Split) -> list[Template]:
    """The templates that a split has, in order."""
    wanted = {"templates": "unseen", "refusals": "refusal"}.get(split, "seen")
    return [template for template in TEMPLATES.values() if template.set == wanted]


def draw(rng: np.random.Generator, split: Split, template: Template, layout: Layout) -> Task:
    """A task of a template; its names and its scene are drawn until it makes sense, and until a
    robot that does nothing has not already done it."""
    for _ in range(TRIES):
        attributes = _attributes(rng, split, template)
        names = _names(rng, template, attributes)
        places = layout(rng, names)
        making = Making(rng, attributes, places)
        made = template.make(making)
        if made is None or not all(_roomy(place, names, places) for place in making.used):
            continue
        held_out = split == "paraphrases"
        phrases = template.held_out if held_out else template.phrases
        phrase = phrases[int(rng.integers(len(phrases)))]
        task = Task(
            template.name,
            split,
            phrase.format(**made.words),
            tuple(names),
            places,
            made.program,
            made.judge,
        )
        if not done_already(task):
            return task
    raise ValueError(f"no scene was found for the template {template.name}")


def done_already(task: Task) -> bool:
    """Whether the judge is content with a robot that does and says nothing."""
    still = standing(task.places)
    return not task.judge(Episode(still, still, still, ()))


def standing(places: Places) -> dict[str, Fix]:
    """Things that stand on the table, unturned."""
    return {
        name: Fix(
            0.0,
            vector([x, y, SIZES[name.split()[-1]][2] / 2]),
            vector([1, 0, 0, 0]),
            vector(SIZES[name.split()[-1]]),
        )
        for name, (x, y) in places.items()
    }


def _attributes(rng: np.random.Generator, split: Split, template: Template) -> Attributes:
    """The set that a task is filled from."""
    if split == "attributes":
        return UNSEEN
    if split == "templates" and rng.random() < 0.5:
        return UNSEEN
    return SEEN


def _names(rng: np.random.Generator, template: Template, attributes: Attributes) -> list[str]:
    """Names of blocks and bowls, as many as the template allows, in no order."""
    colors, names = list(attributes.colors), []
    for kind, (low, high) in (("block", template.blocks), ("bowl", template.bowls)):
        count = int(rng.integers(low, high + 1))
        names += [f"{color} {kind}" for color in rng.permutation(colors)[:count].tolist()]
    if template.matched:  # every block has a bowl of its colour
        blocks = [name for name in names if name.endswith("block")]
        names = blocks + [name.replace("block", "bowl") for name in blocks]
    return rng.permutation(names).tolist()


def _roomy(place: str, names: Sequence[str], places: Places) -> bool:
    """Whether nothing stands where something is to be put."""
    at = place_xy(place)
    assert at is not None
    return all(dist(at, places[name]) > ROOM for name in names)
