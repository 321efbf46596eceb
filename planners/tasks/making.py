"""Fills templates: what each is about in a scene, how it is judged, and a program that does it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import cos, dist, pi, sin

import numpy as np

from planners.tasks import judge as j
from planners.tasks import programs as p
from planners.tasks.attributes import AMOUNTS, DIRECTIONS, LINES, ORDINALS, Attributes

MARGIN = 0.03  # [m] by which one thing is further than another, where that is what counts


@dataclass(frozen=True)
class Made:
    """A template filled in."""

    words: dict[str, str]  # for its phrases
    program: str
    judge: j.Judge


@dataclass
class Making:
    """What there is to fill a template with."""

    rng: np.random.Generator
    attributes: Attributes
    places: Mapping[str, Sequence[float]]  # name: x, y [m]
    used: list[str] = field(default_factory=list)  # named places that must be free

    @property
    def blocks(self) -> list[str]:
        return [name for name in self.places if name.endswith("block")]

    @property
    def bowls(self) -> list[str]:
        return [name for name in self.places if name.endswith("bowl")]

    def one(self, items: Sequence[str]) -> str:
        return items[int(self.rng.integers(len(items)))]

    def place(self) -> str:
        """A named place, which must be free."""
        self.used.append(self.one(self.attributes.places))
        return self.used[-1]

    def sorted_by(self, direction: str, names: Sequence[str]) -> list[str] | None:
        """From the outermost in a direction on; None if two are too close to tell."""
        way = DIRECTIONS[direction]
        key = {name: float(np.dot(self.places[name], way)) for name in names}
        order = sorted(names, key=lambda name: -key[name])
        close = any(key[a] - key[b] < MARGIN for a, b in pairwise(order))
        return None if close else order

    def sorted_from(self, name: str, names: Sequence[str]) -> list[str] | None:
        """From the nearest to a thing on; None if two are too close to tell."""
        key = {other: dist(self.places[name], self.places[other]) for other in names}
        order = sorted(names, key=key.__getitem__)
        close = any(key[b] - key[a] < MARGIN for a, b in pairwise(order))
        return None if close else order

    def on_side(self, direction: str, of: str, names: Sequence[str]) -> list[str] | None:
        """Those that are on a side of a thing; None if it is too close to tell."""
        way = DIRECTIONS[direction]
        key = {n: float(np.dot(np.subtract(self.places[n], self.places[of]), way)) for n in names}
        if any(abs(value) < MARGIN for value in key.values()):
            return None
        return [name for name in names if key[name] > 0]


def _done(moving: Sequence[str], *judges: j.Judge) -> j.Judge:
    return j.first_of(j.settled(moving), *judges)


def _move_one(m: Making, block: str, program: str, **words: str) -> Made:
    """One block, described by `words` and found by `program`, goes to a place."""
    place = m.place()
    return Made(
        {"place": place, **words},
        f"{program}put_first_on_second(found, {place!r})\n",
        _done([block], j.at_place(block, place)),
    )


# --- seen ---------------------------------------------------------------------------------------


def put_on(m: Making) -> Made | None:
    block = m.one(m.blocks)
    target = m.one([name for name in m.places if name != block])
    own = (j.in_bowl if target in m.bowls else j.on_block)(block, target)
    preposition = "in" if target in m.bowls else "on"
    words = {"block": block, "target": target, "in": preposition}
    return Made(words, p.put(block, target), _done([block], own))


def put_at(m: Making) -> Made | None:
    block, place = m.one(m.blocks), m.place()
    words = {"block": block, "place": place}
    return Made(words, p.put(block, place), _done([block], j.at_place(block, place)))


def all_at(m: Making) -> Made | None:
    place = m.place()
    judges = [j.at_place(name, place) for name in m.blocks]
    return Made({"place": place}, p.BLOCKS + p.put_all("blocks", place), _done(m.blocks, *judges))


def all_in(m: Making) -> Made | None:
    bowl = m.one(m.bowls)
    judges = [j.in_bowl(name, bowl) for name in m.blocks]
    return Made({"bowl": bowl}, p.BLOCKS + p.put_all("blocks", bowl), _done(m.blocks, *judges))


MATCH = """for name in blocks:
    for bowl in bowls:
        if get_color(bowl) == get_color(name):
            put_first_on_second(name, bowl)
"""


def matching(m: Making) -> Made | None:
    judges = [j.in_bowl(name, name.replace("block", "bowl")) for name in m.blocks]
    return Made({}, p.BLOCKS + p.BOWLS + MATCH, _done(m.blocks, *judges))


BESIDE = """bowl = get_obj_pos({bowl!r})
found = [n for n in blocks if ({sign}) * (get_obj_pos(n)[{axis}] - bowl[{axis}]) > 0][0]
"""


def beside(m: Making) -> Made | None:
    bowl, direction = m.one(m.bowls), m.one(m.attributes.directions)
    there = m.on_side(direction, bowl, m.blocks)
    if there is None or len(there) != 1:
        return None
    way = DIRECTIONS[direction]
    axis = 0 if way[0] else 1
    program = p.BLOCKS + BESIDE.format(bowl=bowl, sign=way[axis], axis=axis)
    return _move_one(m, there[0], program, bowl=bowl, direction=direction)


def extreme(m: Making) -> Made | None:
    bowl, extreme = m.one(m.bowls), m.one(m.attributes.extremes)
    order = m.sorted_from(bowl, m.blocks)
    if order is None or len(order) < 2:
        return None
    index = 0 if extreme == "closest" else -1
    program = (
        p.DISTANCE
        + p.BLOCKS
        + f"bowl = get_obj_pos({bowl!r})\n"
        + f"found = sorted(blocks, key=lambda n: distance(get_obj_pos(n), bowl))[{index}]\n"
    )
    words = {"extreme": extreme, "to": "to" if extreme == "closest" else "from", "bowl": bowl}
    return _move_one(m, order[index], program, **words)


def nth(m: Making) -> Made | None:
    nth, direction = m.one(m.attributes.ordinals), m.one(m.attributes.directions)
    order = m.sorted_by(direction, m.blocks)
    if order is None or len(order) <= ORDINALS[nth]:
        return None
    way = DIRECTIONS[direction]
    axis = 0 if way[0] else 1
    program = (
        p.BLOCKS
        + f"order = sorted(blocks, key=lambda n: ({-way[axis]}) * get_obj_pos(n)[{axis}])\n"
        + f"found = order[{ORDINALS[nth]}]\n"
    )
    return _move_one(m, order[ORDINALS[nth]], program, nth=nth, direction=direction)


def shift(m: Making) -> Made | None:
    block = m.one(m.blocks)
    amount, direction = m.one(m.attributes.amounts), m.one(m.attributes.directions)
    way, usual = DIRECTIONS[direction], AMOUNTS[amount][2]
    x, y = np.add(m.places[block], np.multiply(way, usual)).tolist()
    near = [dist((x, y), at) for name, at in m.places.items() if name != block]
    if not (abs(x) < 0.27 and -0.77 < y < -0.23) or min(near, default=1.0) < 0.13:
        return None
    program = (
        f"x, y = get_obj_pos({block!r})\n"
        f"put_first_on_second({block!r}, [x + ({way[0] * usual}), y + ({way[1] * usual})])\n"
    )
    words = {"block": block, "amount": amount, "direction": direction}
    return Made(words, program, _done([block], j.shifted(block, amount, direction)))


def how_many(m: Making) -> Made | None:
    kind = m.one(("block", "bowl"))
    count = len(m.blocks if kind == "block" else m.bowls)
    right = [str(count), ("zero", "one", "two", "three", "four")[count]]
    wrong = {*"01234", "zero", "one", "two", "three", "four"} - set(right)
    program = f"count = len([n for n in get_obj_names() if n.endswith({kind!r})])\n"
    return Made({"kind": kind}, program + "say(f'{count}')\n", _done([], j.answers(right, wrong)))


def which_color(m: Making) -> Made | None:
    bowl, extreme = m.one(m.bowls), m.one(m.attributes.extremes)
    order = m.sorted_from(bowl, m.blocks)
    if order is None or len(order) < 2:
        return None
    index = 0 if extreme == "closest" else -1
    color = order[index].split()[0]
    program = (
        p.DISTANCE
        + p.BLOCKS
        + f"bowl = get_obj_pos({bowl!r})\n"
        + f"found = sorted(blocks, key=lambda n: distance(get_obj_pos(n), bowl))[{index}]\n"
        + "say(get_color(found))\n"
    )
    words = {"extreme": extreme, "to": "to" if extreme == "closest" else "from", "bowl": bowl}
    return Made(words, program, _done([], j.answers([color], j.others(color))))


def is_it(m: Making) -> Made | None:
    block, bowl, direction = m.one(m.blocks), m.one(m.bowls), m.one(m.attributes.directions)
    there = m.on_side(direction, bowl, [block])
    if there is None:
        return None
    way = DIRECTIONS[direction]
    axis = 0 if way[0] else 1
    program = (
        f"there = ({way[axis]}) * (get_obj_pos({block!r})[{axis}] - "
        f"get_obj_pos({bowl!r})[{axis}]) > 0\n"
        "say('yes' if there else 'no')\n"
    )
    right, wrong = ("yes", "no") if there else ("no", "yes")
    words = {"block": block, "bowl": bowl, "direction": direction}
    return Made(words, program, _done([], j.answers([right], [wrong])))


# --- unseen -------------------------------------------------------------------------------------


def corners(m: Making) -> Made | None:
    m.used += list(j.CORNERS)
    program = p.BLOCKS + (
        f"for name, corner in zip(blocks, {list(j.CORNERS)}):\n"
        "    put_first_on_second(name, corner)\n"
    )
    return Made({}, program, _done(m.blocks, j.in_different_corners(m.blocks)))


def mismatched(m: Making) -> Made | None:
    if any(all(b.split()[0] == w.split()[0] for w in m.bowls) for b in m.blocks):
        return None
    program = p.BLOCKS + p.BOWLS + MATCH.replace("==", "!=") + "            break\n"
    return Made({}, program, _done(m.blocks, j.in_other_colors(m.blocks, m.bowls)))


STACK = "for above, below in zip(blocks[1:], blocks):\n    put_first_on_second(above, below)\n"


def stack_at(m: Making) -> Made | None:
    place = m.place()
    program = p.BLOCKS + f"put_first_on_second(blocks[0], {place!r})\n" + STACK
    return Made({"place": place}, program, _done(m.blocks, j.tower(m.blocks, place)))


def stack_in_order(m: Making) -> Made | None:
    order = m.rng.permutation(m.blocks).tolist()
    judges = [j.on_block(above, below) for above, below in zip(order[1:], order, strict=False)]
    words = {"order": ", ".join(f"the {name}" for name in order)}
    return Made(words, f"blocks = {order}\n{STACK}", _done(m.blocks, *judges))


def line(m: Making) -> Made | None:
    line, n = m.one(m.attributes.lines), len(m.blocks)
    x, y = LINES[line]
    along = (np.linspace(-0.5, 0.5, n) * 0.1 * (n - 1)).tolist()
    pattern = [(round(x * at, 4), round(y * at, 4)) for at in along]
    return Made(
        {"line": line}, p.at_free(str(pattern), 0.1), _done(m.blocks, j.in_line(m.blocks, line))
    )


def circle(m: Making) -> Made | None:
    n = len(m.blocks)
    pattern = [
        (round(0.09 * cos(2 * pi * k / n), 4), round(0.09 * sin(2 * pi * k / n), 4))
        for k in range(n)
    ]
    return Made({}, p.at_free(str(pattern), 0.1), _done(m.blocks, j.in_circle(m.blocks)))


def pyramid(m: Making) -> Made | None:
    program = p.at_free("[(-0.033, 0), (0.033, 0)]", 0.12) + (
        "a, b = get_obj_pos(blocks[0]), get_obj_pos(blocks[1])\n"
        "put_first_on_second(blocks[2], [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2])\n"
    )
    return Made({}, program, _done(m.blocks, j.pyramid(m.blocks)))


def tidy(m: Making) -> Made | None:
    place = m.place()
    colors = {name.split()[0] for name in m.bowls}
    own = [name for name in m.blocks if name.split()[0] in colors]
    rest = [name for name in m.blocks if name not in own]
    if not own or not rest:
        return None
    judges = [j.in_bowl(name, name.replace("block", "bowl")) for name in own]
    judges += [j.at_place(name, place) for name in rest]
    program = (
        p.BLOCKS
        + p.BOWLS
        + (
            "for name in blocks:\n"
            "    mine = [bowl for bowl in bowls if get_color(bowl) == get_color(name)]\n"
            f"    put_first_on_second(name, mine[0] if mine else {place!r})\n"
        )
    )
    return Made({"place": place}, program, _done(m.blocks, *judges))


# --- refusals -----------------------------------------------------------------------------------


def _refused(words: dict[str, str], answer: str) -> Made:
    return Made(words, f"say({answer!r})\n", _done([], j.refuses))


def absent(m: Making) -> Made | None:
    missing = m.one([c for c in m.attributes.colors if f"{c} block" not in m.places])
    words = {"block": f"{missing} block", "bowl": m.one(m.bowls)}
    return _refused(words, f"I see no {missing} block.")


def absent_bowl(m: Making) -> Made | None:
    missing = m.one([c for c in m.attributes.colors if f"{c} bowl" not in m.places])
    words = {"block": m.one(m.blocks), "bowl": f"{missing} bowl"}
    return _refused(words, f"I see no {missing} bowl.")


def absent_noun(m: Making) -> Made | None:
    noun = m.one(("banana", "mug", "screwdriver", "sponge", "ball", "spoon"))
    return _refused({"noun": noun, "bowl": m.one(m.bowls)}, f"I see no {noun}.")


def ambiguous(m: Making) -> Made | None:
    return _refused({"bowl": m.one(m.bowls)}, "Which block do you mean?")


def ambiguous_bowl(m: Making) -> Made | None:
    return _refused({"block": m.one(m.blocks)}, "Which bowl do you mean?")


def impossible(m: Making) -> Made | None:
    words = {"bowl": m.one(m.bowls), "block": m.one(m.blocks)}
    return _refused(words, "I cannot move bowls.")


def nowhere(m: Making) -> Made | None:
    return _refused({"block": m.one(m.blocks)}, "Where shall I put it?")
