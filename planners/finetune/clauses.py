"""Parts of instructions: things and places, in words and in code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from planners.finetune import wordings as w
from planners.program import statements as s
from planners.program.words import PLACES
from planners.tasks.attributes import SEEN
from planners.tasks.judge import Judge
from planners.tasks.making import Making

Item = TypeVar("Item")
SEEN_EXTREMES = ("closest to", "nearest to")
SEEN_ORDINALS = (*SEEN.ordinals, "last")
SEEN_PLACES = (*SEEN.places, "middle")
SEEN_AMOUNTS = (*SEEN.amounts, "a bit", "a tiny bit")


@dataclass(frozen=True)
class Clause:
    """What is said, and what it means."""

    text: str
    program: str
    reference: str
    judge: Judge | None = None
    error: str = ""


@dataclass(frozen=True)
class Thing:
    """One thing, as it is spoken of and as a program gets at it."""

    text: str  # with its article
    name: str  # which it is
    code: str  # its name, or the variable
    find: str = ""  # the statement that finds it


@dataclass
class Drawn:
    """A scene, and what is drawn for it."""

    m: Making
    unusual: bool  # whether there are colours that have no name for the cameras
    odd: bool  # whether there are other things than blocks and bowls

    amounts = SEEN_AMOUNTS

    def one(self, items: Sequence[Item]) -> Item:
        return items[int(self.m.rng.integers(len(items)))]

    def place(self) -> str:
        """A named place, which must be free."""
        self.m.used.append(self.one(SEEN_PLACES))
        return self.m.used[-1]

    def phrase(self, phrases: Sequence[str], **words: str) -> str:
        verbs = {name: self.one(each) for name, each in w.VERBS.items()}
        return self.one(phrases).format(**verbs, **words)

    def frame(self, frames: Sequence[str], it: str, where: str, text: str = "") -> str:
        """Something is moved: `where` is a name, and `text` words for it, if it is described."""
        loc = text or self.at(where)
        dest = loc.replace("in ", "into ", 1) if loc.startswith("in ") else loc
        if where in PLACES:
            dest = f"to the {where}"
        elif loc.startswith("on the ") and self.m.rng.random() < 0.5:
            dest = loc.replace("on ", "onto ", 1)
        return self.phrase(frames, it=it, loc=loc, dest=dest)

    def at(self, where: str) -> str:
        """In, on or at what is named so."""
        if where in PLACES:
            inside = ("in",) if where.endswith(("corner", "middle")) else ("on", "by")
            return f"{self.one(('at', 'at', 'on', *inside))} the {where}"
        if where.endswith("bowl"):
            return f"{self.one(('in', 'in', 'in', 'inside'))} the {where}"
        return f"{self.one(('on', 'on', 'on', 'on top of'))} the {where}"


def named(drawn: Drawn, kind: str) -> Thing:
    name = drawn.one(drawn.m.blocks if kind == "block" else drawn.m.bowls)
    return Thing(f"the {name}", name, name)


def described(drawn: Drawn, kind: str) -> Thing | None:
    """One of a kind, told by where it is; None where that does not tell."""
    m = drawn.m
    names = m.blocks if kind == "block" else m.bowls
    form = m.rng.random()
    if form < 0.45:
        other = drawn.one(list(m.places))
        order = m.sorted_from(other, [name for name in names if name != other])
        if order is None or len(order) < 2:
            return None
        extreme = drawn.one(SEEN_EXTREMES)
        text = drawn.phrase(w.EXTREME, kind=kind, extreme=extreme, other=other)
        return Thing(text, order[0], s.FOUND, s.find_extreme(kind, extreme, other))
    side = drawn.one(SEEN.directions)
    if form < 0.75:
        ordinal, order = drawn.one(SEEN_ORDINALS), m.sorted_by(side, names)
        if order is None or len(order) <= max(1, s.ORDINALS[ordinal]):
            return None
        text = drawn.phrase(w.NTH, kind=kind, ordinal=ordinal, side=side)
        return Thing(text, order[s.ORDINALS[ordinal]], s.FOUND, s.find_nth(kind, ordinal, side))
    other = drawn.one(list(m.places))
    there = m.on_side(side, other, [name for name in names if name != other])
    if there is None or len(there) != 1:
        return None
    text = drawn.phrase(w.BESIDE, kind=kind, side=side, other=other)
    return Thing(text, there[0], s.FOUND, s.find_beside(kind, side, other))


def target(drawn: Drawn, thing: Thing, may_describe: bool) -> Thing | None:
    """Where a thing may go."""
    m = drawn.m
    if may_describe and not thing.find and m.rng.random() < 0.5:
        kind = drawn.one(("block", "bowl"))
        where = described(drawn, kind)
        if where is None or where.name == thing.name:
            return None
        inside = "in" if kind == "bowl" else "on"
        return Thing(f"{inside} {where.text}", where.name, where.code, where.find)
    if m.rng.random() < 0.3:
        place = drawn.place()
        return Thing("", place, place)
    where = drawn.one([name for name in m.blocks + m.bowls if name != thing.name])
    return Thing("", where, where)
