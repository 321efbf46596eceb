"""Instructions that are answered by a question or a refusal."""

from planners.finetune import wordings as w
from planners.finetune.clauses import Clause, Drawn
from planners.program import statements as s


def _refused(text: str, reply: str, error: str = "") -> Clause:
    return Clause(text, s.say(reply), s.say(reply), error=error)


def _target(drawn: Drawn) -> str:
    return drawn.one(drawn.m.bowls) if drawn.m.rng.random() < 0.7 else drawn.place()


def absent_thing(drawn: Drawn) -> Clause | None:
    """A block or a bowl of a colour that is not there is to be moved, or moved to."""
    m = drawn.m
    kind = drawn.one(("block", "block", "bowl"))
    missing = [f"{c} {kind}" for c in m.attributes.colors if f"{c} {kind}" not in m.places]
    if not missing:
        return None
    name = drawn.one(missing)
    it, where = (f"the {name}", _target(drawn)) if kind == "block" else ("", name)
    it = it or f"the {drawn.one(m.blocks)}"
    return _refused(drawn.frame(w.FRAMES, it, where), f"I see no {name}.")


def absent_noun(drawn: Drawn) -> Clause | None:
    noun, m = drawn.one(w.NOUNS), drawn.m
    if m.rng.random() < 0.3:
        text = drawn.phrase(w.HELD, it=f"the {noun}")
    elif m.rng.random() < 0.5:
        text = drawn.frame(w.FRAMES, f"the {noun}", _target(drawn))
    else:
        on = drawn.one(("in", "on"))
        text = drawn.frame(w.FRAMES, f"the {drawn.one(m.blocks)}", noun, f"{on} the {noun}")
    return _refused(text, f"I see no {noun}.")


def absent_beside_present(drawn: Drawn) -> Clause | None:
    """Of two things that are asked for, one is not there: then nothing is done."""
    m = drawn.m
    missing = [f"{c} block" for c in m.attributes.colors if f"{c} block" not in m.places]
    if not missing:
        return None
    name, bowl = drawn.one(missing), drawn.one(m.bowls)
    both = [f"the {name}", f"the {drawn.one(m.blocks)}"]
    if m.rng.random() < 0.5:
        both.reverse()
    return _refused(drawn.frame(w.MANY, " and ".join(both), bowl), f"I see no {name}.")


def ambiguous_block(drawn: Drawn) -> Clause | None:
    """ "The block", where there are several; where there is one, it is that."""
    m, words = drawn.m, drawn.one(tuple(w.UNCLEAR))
    text = drawn.frame(w.FRAMES, words.format(kind="block"), where := _target(drawn))
    if len(m.blocks) == 1:
        return Clause(text, s.put(m.blocks[0], where), s.put(m.blocks[0], where))
    return _refused(text, w.UNCLEAR[words].format(kind="block"))


def ambiguous_bowl(drawn: Drawn) -> Clause | None:
    m, words = drawn.m, drawn.one(tuple(w.UNCLEAR))
    block, inside = drawn.one(m.blocks), f"in {words.format(kind='bowl')}"
    text = drawn.frame(w.FRAMES, f"the {block}", "", inside)
    if len(m.bowls) == 1:
        return Clause(text, s.put(block, m.bowls[0]), s.put(block, m.bowls[0]))
    return _refused(text, w.UNCLEAR[words].format(kind="bowl"))


def immovable(drawn: Drawn) -> Clause | None:
    bowl = f"the {drawn.one(drawn.m.bowls)}"
    if drawn.m.rng.random() < 0.3:
        text = drawn.phrase(w.HELD, it=bowl)
    else:
        where = drawn.place() if drawn.m.rng.random() < 0.5 else drawn.one(drawn.m.blocks)
        text = drawn.frame(w.FRAMES, bowl, where)
    return _refused(text, "I cannot move bowls.")


def nowhere(drawn: Drawn) -> Clause | None:
    text = drawn.phrase(w.NOWHERE, it=f"the {drawn.one(drawn.m.blocks)}")
    return _refused(text, "Where shall I put it?")


def on_itself(drawn: Drawn) -> Clause | None:
    block = drawn.one(drawn.m.blocks)
    return _refused(drawn.frame(w.FRAMES, f"the {block}", block), "I cannot put it on itself.")


def chat(drawn: Drawn) -> Clause | None:
    return _refused(drawn.one(w.CHAT), "I cannot help with that.")


def failed(drawn: Drawn) -> Clause | None:
    """What failed before, whatever it was, is not tried again."""
    block = drawn.one(drawn.m.blocks)
    error = drawn.one(w.FAULTS).format(block=block)
    text = drawn.frame(w.FRAMES, f"the {block}", _target(drawn))
    return _refused(text, "I could not do it, and do not know why.", error)


REFUSALS = (
    *(absent_thing, absent_thing, absent_thing, absent_noun, absent_noun),
    *(absent_beside_present, ambiguous_block, ambiguous_block, ambiguous_bowl, ambiguous_bowl),
    *(immovable, immovable, nowhere, nowhere, on_itself, chat, failed),
)
