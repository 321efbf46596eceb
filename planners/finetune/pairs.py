"""Instructions, each with the short program that follows it, and with a reference that it is
checked against: the correct program of a template, or one that names what is to be moved and where.

Made of what models may be trained on only: `seen` templates with `seen` attributes. Names of
colours and kinds that are never on the table come beside them, so that names are learned to be
copied, not to be known by heart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import dist, hypot

import numpy as np

from planners.finetune import wordings as w
from planners.finetune.checked import Effect, own_effect
from planners.finetune.clauses import Clause, Drawn, described, named, target
from planners.finetune.refusals import REFUSALS
from planners.program import statements as s
from planners.program.words import place_xy
from planners.tasks.attributes import SEEN
from planners.tasks.draw import Places, standing
from planners.tasks.judge import Episode, Judge
from planners.tasks.making import Making
from planners.tasks.templates import TEMPLATES, Template
from robot.table import SIZES
from robot.types import Fix, vector

SPACE = 0.12  # [m] between two things, at least
ROOM = 0.1  # [m] between a place that is used and what stands on the table
TRIES = 200  # for one pair
# The share of each kind of pair.
SHARES = {"template": 0.46, "move": 0.16, "several": 0.16, "word": 0.07, "refusal": 0.15}


@dataclass(frozen=True)
class Pair:
    """One example."""

    kind: str  # in SHARES
    instruction: str
    objects: tuple[str, ...]  # names, as the prompt lists them
    program: str  # what the model shall write
    reference: str  # another program that does the same
    places: Places
    judge: Judge | None = None  # of the template, if it is of one
    error: str = ""  # of the last try, where it is not the first

    @property
    def before(self) -> dict[str, Fix]:
        """How things stand."""
        return _standing(self.places)

    def fault(self, found: Effect) -> str:
        """Why what a program came to is not what it should have come to."""
        if found.fault:
            return found.fault
        if not found.same(own_effect(self.reference, self.before)):
            return "it does something else than the reference"
        still = Episode(self.before, found.after, found.after, found.said)
        return self.judge(still) if self.judge else ""


def pairs(rng: np.random.Generator, count: int) -> list[Pair]:
    """So many, no two with the same instruction over the same objects."""
    made: dict[tuple[str, tuple[str, ...]], Pair] = {}
    while len(made) < count:
        pair = draw(rng)
        made.setdefault((pair.instruction, pair.objects), pair)
    return list(made.values())


def draw(rng: np.random.Generator) -> Pair:
    """One pair. Scenes are drawn until one suits."""
    kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    make = MAKERS[kind]
    for _ in range(TRIES):
        drawn = _scene(rng)
        clause = make(drawn)
        if clause is None or not all(_free(place, drawn) for place in drawn.m.used):
            continue
        text = _said(drawn, clause.text)
        return Pair(
            kind,
            text,
            tuple(drawn.m.places),
            clause.program,
            clause.reference,
            drawn.m.places,
            clause.judge,
            clause.error,
        )
    raise ValueError(f"no scene was found for a pair of the kind {kind}")


def _scene(rng: np.random.Generator) -> Drawn:
    """A table with blocks and bowls, and at times other things; some of unusual colours."""
    colors = list(SEEN.colors)
    if unusual := rng.random() < 0.45:
        colors += rng.choice(w.OTHER_COLORS, 5, replace=False).tolist()
    names = []
    for kind in ("block", "bowl"):
        names += [f"{color} {kind}" for color in rng.permutation(colors)[: rng.integers(1, 5)]]
    if rng.random() < 0.15:  # every block has a bowl of its colour
        names = [name for name in names if name.endswith("block")]
        names += [name.replace("block", "bowl") for name in names]
    if odd := rng.random() < 0.2:
        for _ in range(int(rng.integers(1, 4))):
            looks = rng.choice(w.LOOKS, rng.integers(0, 3), replace=False).tolist()
            names.append(" ".join([*looks, str(rng.choice(w.KINDS))]))
    names = [str(name) for name in rng.permutation(list(dict.fromkeys(names)))]
    attributes = replace(SEEN, colors=tuple(colors))
    return Drawn(Making(rng, attributes, layout(rng, names)), unusual, odd)


def layout(rng: np.random.Generator, names: Sequence[str]) -> Places:
    while True:
        places: dict[str, tuple[float, float]] = {}
        for name in names:
            for _ in range(50):
                at = (float(rng.uniform(-0.25, 0.25)), float(rng.uniform(-0.75, -0.25)))
                if all(dist(at, other) > SPACE for other in places.values()):
                    places[name] = at
                    break
        if len(places) == len(names):
            return places


def _standing(places: Places) -> dict[str, Fix]:
    """As `planners.tasks.draw.standing`, for things of other kinds too."""
    known = {name: at for name, at in places.items() if name.split()[-1] in SIZES}
    things = standing(known)
    for name, (x, y) in places.items():
        if name not in things:
            size, unturned = vector([0.1, 0.1, 0.02]), vector([1, 0, 0, 0])
            things[name] = Fix(0.0, vector([x, y, 0.01]), unturned, size)
    return {name: things[name] for name in places}


def _free(place: str, drawn: Drawn) -> bool:
    at = place_xy(place)
    assert at is not None
    return all(hypot(at[0] - x, at[1] - y) > ROOM for x, y in drawn.m.places.values())


def _said(drawn: Drawn, text: str) -> str:
    """As people say it: politely, in a hurry, with capitals and full stops."""
    rng = drawn.m.rng
    if text.split(maxsplit=1)[0] in w.ORDERS and "?" not in text and rng.random() < 0.15:
        text = drawn.one(w.ASKING).format(text)
    else:
        around = drawn.one(w.AROUND)
        text = text if "?" in text and around.startswith("{}") else around.format(text)
    if rng.random() < 0.12:
        text = text.replace("the ", "")
    if rng.random() < 0.15:
        text = text.replace("color", "colour")
    if rng.random() < 0.3:
        text = text[0].upper() + text[1:]
    if rng.random() < 0.2 and text[-1].isalnum():
        text += drawn.one(".!") if rng.random() < 0.9 else " ."
    return text


# --- the kinds of pairs ---------------------------------------------------------------------------


def _template(drawn: Drawn) -> Clause | None:
    """One of the seen templates, in its own words or in others."""
    m = drawn.m
    template = drawn.one([each for each in TEMPLATES.values() if each.set == "seen"])
    if not _suits(template, drawn):
        return None
    made = template.make(m)
    if made is None or made.words.get("target", "block").split()[-1] not in SIZES:
        return None
    words = made.words
    if m.rng.random() < 0.35:
        text = drawn.one(template.phrases).format(**words)
    else:
        text = OTHERWISE[template.name](drawn, words)
    return Clause(text, SHORT[template.name](words), made.program, judge=made.judge)


def _suits(template: Template, drawn: Drawn) -> bool:
    m = drawn.m
    if template.matched:
        colors = {name.split()[0] for name in m.blocks}
        if drawn.unusual or colors != {name.split()[0] for name in m.bowls}:
            return False
    if template.name == "which_color" and drawn.unusual:
        return False
    low, high = template.blocks
    return low <= len(m.blocks) <= high and template.bowls[0] <= len(m.bowls) <= template.bowls[1]


def _found(words: dict[str, str]) -> str:
    """The description of a template that describes a block."""
    if "extreme" in words:
        return s.find_extreme("block", f"{words['extreme']} {words['to']}", words["bowl"])
    if "nth" in words:
        return s.find_nth("block", words["nth"], words["direction"])
    return s.find_beside("block", words["direction"], words["bowl"])


def _to_place(words: dict[str, str]) -> str:
    return _found(words) + s.put(s.FOUND, words["place"])


SHORT: dict[str, Callable[[dict[str, str]], str]] = {
    "put_on": lambda v: s.put(v["block"], v["target"]),
    "put_at": lambda v: s.put(v["block"], v["place"]),
    "all_at": lambda v: s.put_every("block", v["place"]),
    "all_in": lambda v: s.put_every("block", v["bowl"]),
    "matching": lambda v: s.put_matching(),
    "beside": _to_place,
    "extreme": _to_place,
    "nth": _to_place,
    "shift": lambda v: s.shift(v["block"], v["amount"], v["direction"]),
    "how_many": lambda v: s.say_count(v["kind"]),
    "which_color": lambda v: _found(v) + s.say_color(s.FOUND),
    "is_it": lambda v: s.say_whether(v["block"], v["direction"], v["bowl"]),
}


def _described(drawn: Drawn, v: dict[str, str]) -> str:
    """A template's description of a block, in other words."""
    if "extreme" in v:
        extreme = f"{v['extreme']} {v['to']}"
        return drawn.phrase(w.EXTREME, kind="block", extreme=extreme, other=v["bowl"])
    if "nth" in v:
        return drawn.phrase(w.NTH, kind="block", ordinal=v["nth"], side=v["direction"])
    return drawn.phrase(w.BESIDE, kind="block", side=v["direction"], other=v["bowl"])


def _described_to_place(drawn: Drawn, v: dict[str, str]) -> str:
    return drawn.frame(w.FRAMES, _described(drawn, v), v["place"])


OTHERWISE: dict[str, Callable[[Drawn, dict[str, str]], str]] = {
    "put_on": lambda d, v: d.frame(w.FRAMES, f"the {v['block']}", v["target"]),
    "put_at": lambda d, v: d.frame(w.FRAMES, f"the {v['block']}", v["place"]),
    "all_at": lambda d, v: d.frame(w.MANY, d.phrase(w.ALL, kind="block"), v["place"]),
    "all_in": lambda d, v: d.frame(w.MANY, d.phrase(w.ALL, kind="block"), v["bowl"]),
    "matching": lambda d, v: d.phrase(w.MATCHING),
    "beside": _described_to_place,
    "extreme": _described_to_place,
    "nth": _described_to_place,
    "shift": lambda d, v: d.phrase(
        w.SHIFT, it=f"the {v['block']}", amount=v["amount"], side=v["direction"]
    ),
    "how_many": lambda d, v: d.phrase(w.HOW_MANY, what=f"{v['kind']}s"),
    "which_color": lambda d, v: d.phrase(w.COLOR, it=_described(d, v)),
    "is_it": lambda d, v: d.phrase(
        w.WHETHER, it=f"the {v['block']}", side=v["direction"], other=v["bowl"]
    ),
}


def _move(drawn: Drawn) -> Clause | None:
    """A thing, named or described, goes somewhere, named or described."""
    m, form = drawn.m, drawn.m.rng.random()
    if form < 0.2 and len(m.blocks) > 1:  # all but one
        left, bowl = drawn.one(m.blocks), drawn.one(m.bowls)
        some = drawn.phrase(("every {kind}", "all {kind}s", "each {kind}"), kind="block")
        but = drawn.one(("except", "but", "other than", "but not"))
        text = drawn.frame(w.MANY, f"{some} {but} the {left}", bowl)
        moved = "".join(s.put(name, bowl) for name in m.blocks if name != left)
        return Clause(text, s.put_every("block", bowl, left), moved)
    if form < 0.5:  # a length in numbers, or words for a little
        return _shift(drawn)
    thing = (named if form < 0.65 else described)(drawn, "block")
    if thing is None:
        return None
    where = target(drawn, thing, may_describe=form < 0.65 or form > 0.95)
    if where is None:
        return None
    text = drawn.frame(w.FRAMES, thing.text, where.name, where.text)
    program = thing.find + where.find + s.put(thing.code, where.code)
    return Clause(text, program, s.put(thing.name, where.name))


def _shift(drawn: Drawn) -> Clause | None:
    m = drawn.m
    thing = (named if m.rng.random() < 0.7 else described)(drawn, "block")
    if thing is None:
        return None
    amount = f"{m.rng.integers(1, 21)} cm" if m.rng.random() < 0.7 else drawn.one(drawn.amounts)
    side = drawn.one(SEEN.directions)
    length = s.AMOUNTS.get(amount) or int(amount.split()[0]) / 100
    x, y = m.places[thing.name]
    axis, sign = s.AXES[side]
    to = [x + sign * length, y] if axis == 0 else [x, y + sign * length]
    if not (abs(to[0]) < 0.27 and -0.77 < to[1] < -0.23):
        return None
    if any(dist(to, at) < SPACE for name, at in m.places.items() if name != thing.name):
        return None
    said = amount.replace("cm", drawn.one(("cm", "cm", "centimeters", "centimetres")))
    text = drawn.phrase(w.SHIFT, it=thing.text, amount=said, side=side)
    reference = f"put_first_on_second({thing.name!r}, {to!r})\n"
    return Clause(text, thing.find + s.shift(thing.code, amount, side), reference)


def _several(drawn: Drawn) -> Clause | None:
    """Two or three moves in one instruction."""
    m, rng = drawn.m, drawn.m.rng
    blocks = [str(name) for name in rng.permutation(m.blocks)]
    if len(blocks) < 2:
        return None
    if rng.random() < 0.3:  # several things to one place
        some = blocks[: int(rng.integers(2, len(blocks) + 1))]
        bowl = drawn.one(m.bowls) if rng.random() < 0.6 else drawn.place()
        all_of = ", ".join(f"the {n}" for n in some[:-1]) + f" and the {some[-1]}"
        both = "both " if len(some) == 2 and rng.random() < 0.3 else ""
        program = "".join(s.put(name, bowl) for name in some)
        return Clause(drawn.frame(w.MANY, both + all_of, bowl), program, program)
    count = 3 if len(blocks) > 2 and rng.random() < 0.25 else 2
    moves: list[tuple[str, str]] = []
    for index, block in enumerate(blocks[:count]):
        others = [*m.bowls, *blocks[count:]]
        if index and rng.random() < 0.15:
            others = [moves[-1][0]]  # on what was moved before
        place = rng.random() < 0.35
        moves.append((block, drawn.place() if place else drawn.one(others)))
    program = "".join(s.put(*move) for move in moves)
    if rng.random() < 0.4:  # one verb for all
        put = drawn.one(w.VERBS["put"])
        parts = [f"the {a} {drawn.at(b)}" for a, b in moves]
        text = f"{put} {', '.join(parts[:-1])}{drawn.one((' and ', ', and '))}{parts[-1]}"
        return Clause(text, program, program)
    parts = [drawn.frame(w.FRAMES[:9], f"the {a}", b) for a, b in moves]
    if rng.random() < 0.25:
        parts[0] = f"first {parts[0]}"
    text = parts[0] + "".join(drawn.one(w.JOINTS) + part for part in parts[1:])
    return Clause(text, program, program)


def _word(drawn: Drawn) -> Clause | None:
    """Questions beyond the templates', and things of other kinds."""
    m, form = drawn.m, drawn.m.rng.random()
    if form < 0.25:
        what, name = drawn.one(("corner", "side")), drawn.one(list(m.places))
        text = drawn.phrase(w.WHERE, what=what, it=f"the {name}")
        x, y = m.places[name]
        return Clause(text, s.say_where(name, what), f"say(get_{what}_name([{x!r}, {y!r}]))\n")
    if form < 0.45:
        color = drawn.one(SEEN.colors)
        text = drawn.phrase(w.HOW_MANY, what=f"{color} things")
        count = sum(color in name.split() for name in m.places)
        if count != sum(color in name for name in m.places):
            return None  # a name that has it inside a word
        return Clause(text, s.say_count(color), f"say('{count}')\n")
    others = [name for name in m.places if name not in m.blocks + m.bowls]
    if not others:
        return None
    block, other = drawn.one(m.blocks), drawn.one(others)
    text = drawn.frame(w.FRAMES, f"the {block}", other, drawn.one(("in", "on")) + f" the {other}")
    return Clause(text, s.put(block, other), s.put(block, other))


def _refusal(drawn: Drawn) -> Clause | None:
    return drawn.one(REFUSALS)(drawn)


MAKERS: dict[str, Callable[[Drawn], Clause | None]] = {
    "template": _template,
    "move": _move,
    "several": _several,
    "word": _word,
    "refusal": _refusal,
}
