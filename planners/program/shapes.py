"""Shapes of points, as descriptions in words speak of them, and what becomes of them."""

import re
from collections.abc import Sequence
from math import cos, pi, radians, sin

from planners.correct import AMOUNTS, UNITS, words_of

Xy = tuple[float, float]
LEFT, RIGHT, UP, DOWN = (-1, 0), (1, 0), (0, 1), (0, -1)
SIDEWAYS = {
    **dict.fromkeys(("left",), LEFT),
    **dict.fromkeys(("right",), RIGHT),
    **dict.fromkeys(("top", "above", "up", "upward", "upwards", "behind"), UP),
    **dict.fromkeys(("bottom", "below", "down", "downward", "downwards", "under"), DOWN),
}
COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "both": 2}
BESIDE = 0.1  # [m] to be beside something, with no amount given
SIZE = 0.2  # [m] of a line or a shape, with none given
LARGER = 1.5  # times, to be "bigger"
LENGTH = rf"(\d+(?:\.\d+)?|\.\d+) ?({'|'.join(sorted(UNITS, key=len, reverse=True))})\b"


class Unclear(ValueError):
    """What a description says that the rules do not know."""


def transformed(text: str, points: Sequence[Xy]) -> list[list[float]]:
    """The points moved, turned or scaled about their middle."""
    if not points:
        return []
    x, y = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    if re.search(r"\b(rotate|turn)\b", text):
        found = re.search(r"(-?\d+(?:\.\d+)?) ?(?:deg\w*|°)", text)
        turn = radians(float(found[1]) if found else 90.0)
        if re.search(r"(?<!counter)(?<!counter )(?<!anti)(?<!anti )\bclockwise", text):
            turn = -turn
        return [
            [
                x + (a - x) * cos(turn) - (b - y) * sin(turn),
                y + (a - x) * sin(turn) + (b - y) * cos(turn),
            ]
            for a, b in points
        ]
    if re.search(r"\b(flip|mirror)\b", text):
        across = bool(re.search(r"horizontal|left|right|\bx\b", text))
        if not across and not re.search(r"vertical|top|bottom|\by\b", text):
            raise Unclear(f"I do not understand {text!r}")
        return [[2 * x - a, b] if across else [a, 2 * y - b] for a, b in points]
    if found := re.search(
        r"\b(scale|stretch|bigger|larger|wider|taller|smaller|narrower|shorter|shrink|squeeze|enlarge"
        r"|twice|half|double)\b",
        text,
    ):
        factor = _factor(text, found[1])
        wide = found[1] in ("wider", "narrower") or re.search(
            r"horizontal|\bx\b(?! )|in x|width", text
        )
        tall = found[1] in ("taller", "shorter") or re.search(r"vertical|in y|height", text)
        across, along = 1.0 if tall else factor, 1.0 if wide else factor
        return [[x + (a - x) * across, y + (b - y) * along] for a, b in points]
    ways = re.findall(rf"(?:{LENGTH} )?(?:to )?(?:the )?({'|'.join(SIDEWAYS)})\b", text)
    if re.search(r"\b(move|shift|translate|put|bring)\b", text) and ways:
        dx = dy = 0.0
        for number, unit, way in dict.fromkeys(ways):
            much = float(number) * UNITS[unit] if number else length_of(text, BESIDE)
            dx, dy = dx + SIDEWAYS[way][0] * much, dy + SIDEWAYS[way][1] * much
        return [[a + dx, b + dy] for a, b in points]
    raise Unclear(f"I do not understand {text!r}")


def _factor(text: str, verb: str) -> float:
    """How many times as large a shape is to be."""
    if verb in ("twice", "double", "half"):
        return 0.5 if verb == "half" else 2.0
    less = verb in ("smaller", "narrower", "shorter", "shrink", "squeeze")
    number = re.search(r"(by |to )?(\d+(?:\.\d+)?) ?(x\b|times|percent|%)?", text)
    factor = float(number[2]) if number else LARGER
    if number and number[3] in ("percent", "%"):
        factor /= 100
        if number[1] == "by " and verb != "scale":
            return 1 - factor if less else 1 + factor
        return factor
    return 1 / factor if less and factor > 1 else factor


def ring_of(middle: Xy, size: float, corners: int, count: int) -> list[Xy]:
    """`count` points on a circle of that diameter, or on a figure with sides of that size."""
    if not corners:
        radius, turn = size / 2, 0.0
    else:
        radius, turn = size / (2 * sin(pi / corners)), pi / 2 if corners == 3 else pi / 4
    n = corners or count
    ring = [
        (
            middle[0] + radius * cos(turn + 2 * pi * i / n),
            middle[1] + radius * sin(turn + 2 * pi * i / n),
        )
        for i in range(n)
    ]
    if not corners or count <= corners:
        return ring[:count]
    spread = []
    for i in range(count):
        side, part = divmod(i * corners / count, 1.0)
        (ax, ay), (bx, by) = ring[int(side)], ring[(int(side) + 1) % corners]
        spread.append((ax + (bx - ax) * part, ay + (by - ay) * part))
    return spread


def length_of(text: str, otherwise: float) -> float:
    """The length [m] that `text` names, in numbers or as "a bit"."""
    found = re.search(r"(\d+(?:\.\d+)?|\.\d+) ?([a-z]+)", text)
    if found and found[2] in UNITS:
        return float(found[1]) * UNITS[found[2]]
    return next((AMOUNTS[word] for word in words_of(text) if word in AMOUNTS), otherwise)


def whole(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= 100:
        raise Unclear(f"I do not understand {text!r}")
    return int(text)
