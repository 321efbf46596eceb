"""The statements that the embedded model's programs are made of, and the grammar of them all.

Each is a few lines of an ordinary program. Those that depend on what a word means ("farthest",
"right") begin with a comment in the words of the instruction, which a small model gets right far
more often than the code: the code must then do what the comment says. The grammar is made from the
API and from what is on the table, never from the instruction: it guards syntax and names, and
decides nothing.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import cycle, product

from planners.program.words import PLACES
from robot.table import COLORS

STATEMENTS = 6  # of a program, at most
SAID = 80  # characters
FAR = 25  # [cm] a thing is moved by, at most
AXES = {"left": (0, -1), "right": (0, 1), "top": (1, 1), "bottom": (1, -1)}  # x or y, and its sign
ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
AMOUNTS = {"a little": 0.05, "a bit": 0.05, "a tiny bit": 0.03, "a lot": 0.15}  # [m]
EXTREMES = {"closest to": 0, "nearest to": 0, "farthest from": -1, "furthest from": -1}
FOUND = "found"  # the variable that a description leaves its thing in


def put(first: str, second: str) -> str:
    return f"put_first_on_second({_named(first)}, {_named(second)})\n"


def put_every(kind: str, second: str, but: str = "") -> str:
    without = f" and n != '{but}'" if but else ""
    return (
        f"for name in [n for n in get_obj_names() if '{kind}' in n{without}]:\n"
        f"    put_first_on_second(name, '{second}')\n"
    )


def put_matching() -> str:
    """Each block in the bowl of its colour."""
    return (
        "for name in [n for n in get_obj_names() if 'block' in n]:\n"
        "    put_first_on_second(name, get_color(name) + ' bowl')\n"
    )


def stack_every(kind: str) -> str:
    return (
        f"names = [n for n in get_obj_names() if '{kind}' in n]\n"
        "for above, below in zip(names[1:], names):\n"
        "    put_first_on_second(above, below)\n"
    )


def find_extreme(kind: str, extreme: str, other: str) -> str:
    """Of a kind, the one closest to something, or farthest from it."""
    return (
        f"# the {kind} {extreme} the {other}\n"
        f"x, y = get_obj_pos('{other}')\n"
        f"names = [n for n in get_obj_names() if '{kind}' in n and n != '{other}']\n"
        "found = sorted(names, key=lambda n: "
        f"(get_obj_pos(n)[0] - x) ** 2 + (get_obj_pos(n)[1] - y) ** 2)[{EXTREMES[extreme]}]\n"
    )


def find_beside(kind: str, side: str, other: str) -> str:
    """Of a kind, the one that is on a side of something."""
    axis, sign = AXES[side]
    return (
        f"# the {kind} to the {side} of the {other}\n"
        f"at = get_obj_pos('{other}')[{axis}]\n"
        f"names = [n for n in get_obj_names() if '{kind}' in n]\n"
        f"found = [n for n in names if get_obj_pos(n)[{axis}] {'<' if sign < 0 else '>'} at][0]\n"
    )


def find_nth(kind: str, ordinal: str, side: str) -> str:
    """Of a kind, the one that is so many from a side on."""
    axis, sign = AXES[side]
    return (
        f"# the {ordinal} {kind} from the {side}\n"
        f"names = [n for n in get_obj_names() if '{kind}' in n]\n"
        f"found = sorted(names, key=lambda n: {'-' if sign > 0 else ''}get_obj_pos(n)[{axis}])"
        f"[{ORDINALS[ordinal]}]\n"
    )


def shift(name: str, amount: str, side: str) -> str:
    """Moves a thing by an amount, which may be as in "8 cm", to a side."""
    axis, sign = AXES[side]
    offset = AMOUNTS[amount] if amount in AMOUNTS else int(amount.split(maxsplit=1)[0]) / 100
    ends = ["x", "y"]
    ends[axis] += f" {'-' if sign < 0 else '+'} {offset}"
    return (
        f"# {amount} to the {side}\n"
        f"x, y = get_obj_pos({_named(name)})\n"
        f"put_first_on_second({_named(name)}, [{', '.join(ends)}])\n"
    )


def say(text: str) -> str:
    return f"say('{text}')\n"


def say_count(what: str) -> str:
    """How many things of a kind, or of a colour, there are."""
    return f"say(str(len([n for n in get_obj_names() if '{what}' in n])))\n"


def say_color(name: str) -> str:
    return f"say(get_color({_named(name)}))\n"


def say_whether(name: str, side: str, other: str) -> str:
    """Whether a thing is on a side of another."""
    axis, sign = AXES[side]
    return (
        f"# is it to the {side} of the {other}\n"
        f"at = get_obj_pos('{other}')[{axis}]\n"
        f"say('yes' if get_obj_pos({_named(name)})[{axis}] {'<' if sign < 0 else '>'} at"
        " else 'no')\n"
    )


def say_where(name: str, what: str) -> str:
    """Which "corner" or "side" a thing is nearest to."""
    return f"say(get_{what}_name(get_obj_pos({_named(name)})))\n"


def grammar_of(objects: Sequence[str]) -> str:
    """GBNF, for llama.cpp, of the programs over these objects."""
    kinds = sorted({name.split()[-1] for name in objects})
    amounts = [*AMOUNTS, *(f"{cm} cm" for cm in range(1, FAR + 1))]
    # Slots: whatever may stand in a statement where nothing else depends on it.
    slots = {
        "kind": kinds,
        "what": [*kinds, *COLORS],
        "name": objects,
        "other": [*objects, *PLACES],
        "thing": [FOUND, *map(_quoted, objects)],
        "target": [FOUND, *map(_quoted, (*objects, *PLACES))],
    }
    k, w, n, o, t, g = (f"${slot}" for slot in slots)
    statements = [
        put(t, g),
        put_every(k, o),
        put_every(k, o, n),
        put_matching(),
        stack_every(k),
        *(find_extreme(k, extreme, o) for extreme in EXTREMES),
        *(find_beside(k, side, o) for side in AXES),
        *(find_nth(k, ordinal, side) for ordinal, side in product(ORDINALS, AXES)),
        *(shift(t, amount, side) for amount, side in product(amounts, AXES)),
        say_count(w),
        say_color(t),
        *(say_whether(t, side, o) for side in AXES),
        *(say_where(t, what) for what in ("corner", "side")),
    ]
    before, after = (_literal(part) for part in say("|").split("|"))
    told = f"{before} [A-Za-z0-9 .,!?]{{1,{SAID}}} {after}"
    if not objects:  # nothing but words is left
        return f"root ::= {told}\n"
    rules = [f"root ::= statement{{1,{STATEMENTS}}}"]
    rules += [f"{slot} ::= {_alternatives(map(_literal, each))}" for slot, each in slots.items()]
    rules.append(f"statement ::= {_alternatives([told, *map(_parts, statements)])}")
    return "\n".join(rules) + "\n"


def _named(name: str) -> str:
    """As code: the variable, a slot of the grammar, or a name in quotes."""
    return name if name == FOUND or name.startswith("$") else _quoted(name)


def _quoted(name: str) -> str:
    return f"'{name}'"


def _parts(statement: str) -> str:
    """The literals and slots of a statement: `a$name b` -> `"a" name " b"`."""
    pieces = re.split(r"\$(\w+)", statement)
    return " ".join(
        piece if odd else _literal(piece) for piece, odd in zip(pieces, cycle((0, 1)), strict=False)
    )


def _alternatives(items: Iterable[str]) -> str:
    return " | ".join(items)


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
