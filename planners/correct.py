"""What a spoken correction asks for, by general rules over its words.

A correction is short and leans on what is going on: a nudge ("a bit to the left", "3 cm up"), the
gripper ("open the gripper"), a retraction ("go back"), or a replacement ("no, the blue bowl").
Directions are those of a person who faces the robot across the table, as on the pictures of Code
as Policies: left is -x, right is +x, forward (away from the person) is +y, back is -y.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from math import isfinite
from typing import Literal

DIRECTIONS = {
    **dict.fromkeys(("left", "leftward", "leftwards"), (-1, 0, 0)),
    **dict.fromkeys(("right", "rightward", "rightwards"), (1, 0, 0)),
    **dict.fromkeys(("forward", "forwards", "ahead", "away", "further", "farther"), (0, 1, 0)),
    **dict.fromkeys(("back", "backward", "backwards", "closer", "nearer"), (0, -1, 0)),
    **dict.fromkeys(("up", "upward", "upwards", "higher"), (0, 0, 1)),
    **dict.fromkeys(("down", "downward", "downwards", "lower"), (0, 0, -1)),
}
AMOUNTS = {  # [m]
    **dict.fromkeys(("bit", "slightly", "touch", "tad"), 0.02),
    **dict.fromkeys(("little",), 0.015),
    **dict.fromkeys(("lot", "much", "far", "way"), 0.06),
}
SOME = 0.03  # [m] with no amount given
MOST = 0.20  # [m] more than this is an instruction, not a correction
UNITS = {  # [m]
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), 1e-3),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 1e-2),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1.0),
}
OPENING = {"open", "release", "drop", "ungrasp"}
CLOSING = {"close", "shut", "grip", "grasp", "grab", "squeeze"}
SLOWER = {"slow", "slower", "slowly", "gently", "careful", "carefully"}
FASTER = {"fast", "faster", "quick", "quicker", "quickly", "speed", "hurry"}
HAND = {"gripper", "hand", "fingers", "finger", "claw", "it"}
DENIAL = {"no", "not", "nope", "wrong", "instead", "rather", "meant", "mean", "actually"}
GOING_ON = {"continue", "proceed", "resume", "nevermind", "yes", "ok", "okay"}
# Words that may stand in a correction without meaning anything by themselves.
FILLER = frozenset(
    """a an the to of come it that this there please now just move go goes robot arm tool by with
    your you more some and i one then in on into onto put place side direction towards toward me
    from over again right-hand left-hand s""".split()
)
WORDS = FILLER.union(
    *(DIRECTIONS, AMOUNTS, UNITS, OPENING, CLOSING, SLOWER, FASTER, HAND, DENIAL, GOING_ON)
)  # all but the names of things


@dataclass(frozen=True, slots=True)
class Correction:
    """What to change about the current goal."""

    kind: Literal["nudge", "gripper", "back", "replace", "proceed", "pace"]
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)  # [m] nudge
    open: bool = False  # gripper
    color: str = ""  # replace; empty with a name
    name: str = ""  # replace; empty with a colour ("the blue one")
    factor: float = 1.0  # pace: of the speed so far


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The colours and kinds of thing that names are made of."""

    colors: Collection[str]
    kinds: Collection[str]


def words_of(text: str) -> list[str]:
    """Lower-case words and numbers of a line."""
    return re.findall(r"\d+(?:\.\d+)?|\.\d+|[a-z]+(?:-[a-z]+)*", text.lower())


def understand(text: str, vocabulary: Vocabulary) -> Correction | None:
    """The correction that `text` is, or None if it is something else."""
    words = words_of(text)
    if not words:
        return None
    return (
        _gripper(words)
        or _pace(words)
        or _replace(words, vocabulary)
        or _back(words)
        or _nudge(words)
        or _proceed(words)
    )


def _rest(words: list[str], used: Collection[str]) -> list[str]:
    return [word for word in words if word not in used and word not in FILLER]


def _gripper(words: list[str]) -> Correction | None:
    if words[:2] == ["let", "go"] and not _rest(words[2:], HAND):
        return Correction("gripper", open=True)
    verbs = [word for word in words if word in OPENING | CLOSING]
    if len(verbs) != 1 or _rest(words, {*verbs, *HAND, "up", "down"}):
        return None
    if not HAND & set(words) and len(words) > 1 and verbs[0] not in {"open", "close", "release"}:
        return None
    return Correction("gripper", open=verbs[0] in OPENING)


def _pace(words: list[str]) -> Correction | None:
    slow, fast = SLOWER & set(words), FASTER & set(words)
    if bool(slow) == bool(fast) or _rest(words, {*slow, *fast, *AMOUNTS, "down", "up", "too"}):
        return None
    amounts = [AMOUNTS[word] for word in words if word in AMOUNTS]
    factor = 0.6 if not amounts else 0.8 if amounts[0] < SOME else 0.35
    if "too" in words:  # "too fast" asks for less of it
        slow = fast
    return Correction("pace", factor=factor if slow else 1 / factor)


def _replace(words: list[str], vocabulary: Vocabulary) -> Correction | None:
    named = [
        (color, kind)
        for color, kind in zip(words, [*words[1:], ""], strict=True)
        if color in vocabulary.colors and (kind in vocabulary.kinds or kind == "one" or not kind)
    ]
    if not named:
        return None
    denied = bool(DENIAL & set(words))
    # "not the red one, the blue one": what is wanted is said last.
    color, kind = named[-1]
    used = {*DENIAL, *vocabulary.colors, *vocabulary.kinds, "one"}
    if _rest(words, used) or (not denied and len(named) > 1):
        return None
    if not denied and {"put", "place", "move", "go"} & set(words):
        return None  # an instruction
    if kind in vocabulary.kinds:
        return Correction("replace", name=f"{color} {kind}")
    return Correction("replace", color=color)


def _back(words: list[str]) -> Correction | None:
    retracting = words[:2] in (["go", "back"], ["move", "back"]) or words in (["back"], ["undo"])
    if retracting and not _rest(words[2:], {"there", "start", "where", "were", "was"}):
        return Correction("back")
    return None


def _nudge(words: list[str]) -> Correction | None:
    directions = [word for word in words if word in DIRECTIONS]
    if not directions:
        return None
    numbers = [word for word in words if word[0].isdigit() or word[0] == "."]
    units = [word for word in words if word in UNITS]
    amounts = [word for word in words if word in AMOUNTS]
    if _rest(words, {*DIRECTIONS, *AMOUNTS, *UNITS, *numbers, *DENIAL}):
        return None
    size = AMOUNTS[amounts[0]] if amounts else SOME
    if numbers:
        if len(numbers) != 1 or len(units) != 1:
            return None
        size = float(numbers[0]) * UNITS[units[0]]
    if not (isfinite(size) and 0 < size <= MOST):
        return None
    # "away", "way" and "far" only say how much when a direction stands beside them.
    unique = dict.fromkeys(DIRECTIONS[word] for word in directions)
    total = [sum(axis) * size for axis in zip(*unique, strict=True)]
    if not any(total):
        return None
    return Correction("nudge", offset=(total[0], total[1], total[2]))


def _proceed(words: list[str]) -> Correction | None:
    if words[0] in GOING_ON | {"go", "never"} and not _rest(words, {*GOING_ON, "never", "mind"}):
        return Correction("proceed")
    return None
