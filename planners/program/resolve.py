"""What a description in words means, by rule: quick, and without any model.

Understands names, colours, kinds, what is nearest or leftmost, what lies beside what, how many
there are, lines and circles of points, and shapes moved, turned and scaled. Whatever else a
description says makes it unclear, and somebody else has to know: nothing is guessed.
"""

import re
from collections.abc import Sequence
from math import cos, dist, radians, sin
from typing import Any

from planners.correct import words_of
from planners.program.shapes import (
    BESIDE,
    COUNTS,
    DOWN,
    LENGTH,
    SIDEWAYS,
    SIZE,
    UP,
    Unclear,
    Xy,
    length_of,
    ring_of,
    transformed,
    whole,
)
from planners.program.words import CORNERS, PLACES, SIDES, Objects, get_bbox, get_color, place_xy
from robot.table import COLORS, KINDS

EXTREMES = {
    **{f"{side}most": way for side, way in SIDEWAYS.items()},
    **{f"{side} most": way for side, way in SIDEWAYS.items()},
    **dict.fromkeys(("lowest",), DOWN),
    **dict.fromkeys(("highest",), UP),
}
LOOKS = {"sun": "yellow", "lemon": "yellow", "sky": "blue", "sea": "blue", "grass": "green"}
ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "1st": 0, "2nd": 1, "3rd": 2}
VAGUE = frozenset("the a an of all every to is are in on at there table objects object any".split())
VAGUE |= frozenset("thing things item items everything colored coloured one ones that".split())


def answer(word: str, description: str, more: Any, objects: Objects) -> Any:
    """What the word `word` answers to a description; raises Unclear."""
    table = Table(objects)
    text = " ".join(description.lower().replace("_", " ").strip(" .?!").split())
    text = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", text)
    if word == "parse_obj_name":
        return table.names(text)
    if word == "parse_position":
        return table.position(text)
    if word == "parse_question":
        return table.question(text)
    return transformed(text, [(float(p[0]), float(p[1])) for p in more])


class Table:
    """The objects, as descriptions speak of them."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._at: dict[str, Xy] = {
            name: (float(fix.position[0]), float(fix.position[1])) for name, fix in objects.items()
        }

    # --- objects ----------------------------------------------------------------------------

    def names(self, text: str) -> Any:
        """The name, or the names, that `text` describes."""
        text = re.sub(r"^(the|a|an) (?=\w+ (corner|side))", "", text)
        text = re.sub(  # "the closest corner to …": the corner closest to …
            r"^(?:the )?(closest|nearest|farthest|furthest) (.+?) (to|from) ",
            r"the \2 \1 \3 ",
            text,
        )
        if text.removeprefix("the ") in (*self._objects, *PLACES):
            return text.removeprefix("the ")
        if found := re.fullmatch(r"(?:the )?(corner|side) (.+)", text):
            places = CORNERS if found[1] == "corner" else SIDES
            at = {place: place_xy(place) or (0.0, 0.0) for place in places}
            return self._nearest(found[2], at)[0]
        if found := re.fullmatch(
            r"(.+?),? (?:other than|except(?: for)?|but not|besides|(?:that (?:is|are) )?not) (.+)",
            text,
        ):
            left_out = self._listed(found[2])
            kept = [name for name in self._listed(found[1]) if name not in left_out]
            return kept if self._many(found[1]) else self._one(kept, text)
        if found := re.fullmatch(r"(?:the )?non (\w+) (.+)", text):
            return self.names(f"{found[2]} other than {found[1]}")
        if found := re.fullmatch(
            r"(.+?) (?:(?:of|with|in|that has) the same colou?r as|matching) (.+)", text
        ):
            color = get_color(self._one(self._listed(found[2]), text), objects=self._objects)
            kept = [name for name in self._listed(found[1]) if color in name.split()]
            return kept if self._many(found[1]) else self._one(kept, text)
        if found := re.fullmatch(
            r"(.+?),? (?:sorted |ordered |in order )?from (?:the )?(left|right|top|bottom) to .+",
            text,
        ):
            return self._ranked(self._listed(found[1]), SIDEWAYS[found[2]])
        if found := re.fullmatch(
            r"(?P<what>.+?) (?P<how>(?:that (?:is|are) )?(?:the )?"
            r"(?:closest|nearest|farthest|furthest) .+)",
            text,
        ):
            words = found["what"].split()
            count = next((COUNTS[word] for word in words if word in COUNTS), None)
            listed = self._listed(" ".join(word for word in words if word not in COUNTS))
            chosen = self._nearest(found["how"], {name: self._at[name] for name in listed})[:count]
            return chosen if self._many(found["what"]) else self._one(chosen[:1], text)
        if found := re.fullmatch(
            r"(.+?) (?:that (?:is|are) )?(?:(?:to|on) the )?(left|right|top|bottom|above|below)"
            r"(?: side)? of (.+)|(.+?) (above|below) (.+)",
            text,
        ):
            what, side, than = found.groups()[:3] if found[1] else found.groups()[3:]
            (x, y), (dx, dy) = self._point(than), SIDEWAYS[side]
            kept = [
                name
                for name in self._listed(what)
                if (self._at[name][0] - x) * dx + (self._at[name][1] - y) * dy > 1e-3
            ]
            if self._many(what):
                return kept
            return self._one(sorted(kept, key=lambda name: dist(self._at[name], (x, y))), text)
        if found := re.fullmatch(r"(.+?) from (?:the )?(left|right|top|bottom)", text):
            words = found[1].split()
            order = [ORDINALS[word] for word in words if word in ORDINALS] or [0]
            rest = " ".join(word for word in words if word not in ORDINALS)
            ranked = self._ranked(self._listed(rest), SIDEWAYS[found[2]])
            return self._one(ranked[order[0] : order[0] + 1], text)
        for extreme, way in EXTREMES.items():
            if re.search(rf"\b{extreme}\b", text):
                rest = re.sub(rf"\b{extreme}\b", " ", text)
                order = next((ORDINALS[w] for w in rest.split() if w in ORDINALS), 0)
                rest = " ".join(word for word in rest.split() if word not in ORDINALS)
                return self._one(self._ranked(self._listed(rest), way)[order : order + 1], text)
        if found := re.fullmatch(r"(.+?) on (?:the )?(left|right|top|bottom)", text):
            return self._one(self._ranked(self._listed(found[1]), SIDEWAYS[found[2]])[:1], text)
        listed = self._listed(text)
        return listed if self._many(text) else self._one(listed[:1], text)

    def _listed(self, text: str) -> list[str]:
        """The objects of the colours and kinds that `text` names."""
        parts = re.split(r",? (?:and|or) |, ", text)
        if len(parts) > 1:
            kind = parts[-1].split()[-1]  # "blue and cyan blocks"
            parts = [
                f"{part} {kind}" if set(part.split()) <= {*COLORS, "the"} else part
                for part in parts
            ]
            return list(dict.fromkeys(name for part in parts for name in self._listed(part)))
        words = [LOOKS.get(word, word) for word in words_of(text)]
        single = [word if word in ("gray",) else word.removesuffix("s") for word in words]
        colors = [word for word in words if word in COLORS]
        kinds = [word for word in single if word in KINDS]
        count = next((COUNTS[word] for word in words if word in COUNTS), None)
        for word, one in zip(words, single, strict=True):
            if word not in {*COLORS, *VAGUE, *COUNTS} and one not in KINDS:
                raise Unclear(f"I do not understand {word!r} in {text!r}")
        if not colors and not kinds and not VAGUE & set(words):
            raise Unclear(f"I do not understand {text!r}")
        found = [
            name
            for name in self._objects
            if (not colors or set(colors) & set(name.split()))
            and (not kinds or set(kinds) & set(name.split()))
        ]
        return found[:count]

    @staticmethod
    def _many(text: str) -> bool:
        words = words_of(text)
        plural = any(
            word.endswith("s") and word[:-1] in (*KINDS, "object", "thing") for word in words
        )
        return (
            plural or bool({"all", "every", "everything", "both"} & set(words)) or " and " in text
        )

    @staticmethod
    def _one(names: Sequence[str], text: str) -> str:
        if not names:
            raise Unclear(f"there is nothing that is {text!r}")
        return names[0]

    def _ranked(self, names: Sequence[str], way: tuple[int, int]) -> list[str]:
        return sorted(
            names, key=lambda name: -self._at[name][0] * way[0] - self._at[name][1] * way[1]
        )

    def _nearest(self, how: str, among: dict[str, Xy]) -> list[str]:
        """Names in the order of their distance, as "closest to the red block" asks."""
        found = re.fullmatch(
            r"(?:that (?:is|are) )?(?:the )?(closest|nearest|farthest|furthest) "
            r"(?:(?:to|from) )?(.+)",
            how,
        )
        if found is None:
            raise Unclear(f"I do not understand {how!r}")
        sign = -1 if found[1].startswith("f") else 1
        point = self._point(found[2])
        return sorted(
            (name for name, at in among.items() if dist(at, point) > 1e-6),
            key=lambda name: sign * dist(among[name], point),
        )

    # --- positions --------------------------------------------------------------------------

    def _point(self, text: str) -> Xy:
        at = self.position(text)
        if at and not isinstance(at[0], float):
            raise Unclear(f"{text!r} is more than one position")
        return at[0], at[1]

    def position(self, text: str) -> Any:
        """[x, y], or a list of them."""
        text = re.sub(r"^(a |the )?(point|position|location|spot|place)( of| at)? ", "", text)
        if found := re.search(r"\b(line|circle|square|triangle|rectangle)\b", text):
            return [list(point) for point in self._shape(found[1], text)]
        plain = re.sub(r"^(?:at |in |on |near )*(?:the )?", "", text).replace("center", "middle")
        plain = re.sub(r" of the table$| side of the table$", "", plain).replace(" edge", " side")
        for name in (plain, f"{plain} side", f"{plain} corner"):
            if (xy := place_xy(name)) is not None:
                return list(xy)
        half = r"(?:the )?(?:(?:halfway|midway|midpoint|middle|center|centre)(?: point)?)"
        if found := re.fullmatch(rf"{half} of (.+)", text):
            at = [self._at[name] for name in self._listed(found[1])]
            if not at:
                raise Unclear(f"there is nothing that is {found[1]!r}")
            return [sum(axis) / len(at) for axis in zip(*at, strict=True)]
        if found := re.fullmatch(rf"(?:{half} )?between (.+) and (.+)", text):
            (ax, ay), (bx, by) = self._point(found[1]), self._point(found[2])
            return [(ax + bx) / 2, (ay + by) / 2]
        cornered = re.match(r"(the |a )?(corner|side) ", text)
        if not cornered and (
            found := re.fullmatch(
                r"(?P<much>.*?)\s*(?:to the |on the |towards the )?"
                r"(?P<side>left|right|top|bottom|above|below|behind|under)(?: side)?(?: of| from)? "
                r"(?P<what>(?!corner|side|most)\w.*)",
                text,
            )
        ):
            (x, y), (dx, dy) = self._point(found["what"]), SIDEWAYS[found["side"]]
            much = length_of(found["much"], BESIDE)
            return [x + dx * much, y + dy * much]
        name = self.names(text)
        if isinstance(name, list):
            return [list(self._at[each]) for each in name]
        return list(place_xy(name) or self._at[name])

    def _shape(self, kind: str, text: str) -> list[Xy]:
        """The points of "a 20cm horizontal line in the middle with 3 points" and its like."""
        spots = re.compile(
            r"(?:\b(?:with|of|in|using|and) )?(?:\b(\d+|\w+) )?(?:evenly spaced )?"
            r"(?:points|pts|positions)\b(?: (?:on|along|in|of|forming)\b)?"
        )
        counts = [word for word in spots.findall(text) if word not in ("", "the")]
        number = COUNTS.get(counts[0], 0) or whole(counts[0]) if counts else 3
        text = spots.sub(" ", text)
        sizes = "radius|diameter|length|long|size|sides?|width|wide"
        size, doubled = SIZE, False
        own = re.search(rf"(?:(?:with|of)(?: an?)? )?({sizes})(?: length)?(?: of)? {LENGTH}", text)
        own = own or re.search(rf"(?:(?:with|of)(?: an?)? )?{LENGTH} ({sizes})\b", text)
        if own is None:
            own = re.search(rf"{LENGTH}(?=.*\b{kind}\b)", text)
        if own:
            size, doubled = length_of(own[0], SIZE), "radius" in own[0]
            text = f"{text[: own.start()]} {text[own.end() :]}"
        turn = 90 if "vertical" in text else 45 if "diagonal" in text else 0
        text = re.sub(r"\b(vertical|horizontal|diagonal|straight)\b", " ", text)
        before, _, after = (" ".join(part.split()) for part in text.partition(kind))
        if set(before.split()) - {"a", "an", "the", "of", "on", "along", "in"}:
            raise Unclear(f"I do not understand {before!r}")
        between = re.fullmatch(r"(?:from (.+) to|between (.+) and) (.+)", after)
        if kind == "line" and between:
            a, b = self._point(between[1] or between[2]), self._point(between[3])
        else:
            where = re.sub(
                r"^(?:(?:centered|centred|located|around|at|near|in|on|about|of) )+", "", after
            )
            where = where.removesuffix(" point")
            x, y = self._point(where) if where else (place_xy("middle") or (0.0, 0.0))
            if kind != "line":
                corners = {"square": 4, "rectangle": 4, "triangle": 3}.get(kind, 0)
                size *= 1 + doubled
                return ring_of((x, y), size, corners, number if counts or not corners else corners)
            half = size / 2 * cos(radians(turn)), size / 2 * sin(radians(turn))
            a, b = (x - half[0], y - half[1]), (x + half[0], y + half[1])
        steps = [0.5] if number == 1 else [i / (number - 1) for i in range(number)]
        return [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for t in steps]

    # --- questions --------------------------------------------------------------------------

    def question(self, text: str) -> Any:
        """True or False, a number, a name, or a list of names."""
        text = re.sub(r"^(?:please )?(?:tell me|say) ", "", text)
        if found := re.fullmatch(
            r"how many (.+?)(?: are there| do you see| are (?:on|visible).*)?", text
        ):
            named = found[1] if self._many(found[1]) else f"all {found[1]}"
            names = self.names(named)
            return len(names) if isinstance(names, list) else 1
        if text == "is the table empty":
            return not self._objects
        if found := re.fullmatch(r"(?:what|which) (\w+) (?:do|can) you see", text):
            return self.names(f"all {found[1]}")
        if found := re.fullmatch(
            r"(?:how far (?:apart )?(?:is|are)|what(?:'s| is) the distance (?:between|from)) (.+?) "
            r"(?:from|and|to) (.+)",
            text,
        ):
            return dist(self._point(found[1]), self._point(found[2]))
        if found := re.fullmatch(
            r"(?:do|are|is) (.+?) (?:and|of) (.+?) (?:(?:have|of) )?the same colou?r(?: as .+)?",
            text,
        ):
            one, other = (self._one(self._listed(each), text) for each in found.groups())
            return get_color(one, objects=self._objects) == get_color(other, objects=self._objects)
        if found := re.fullmatch(
            r"(?:(?:is|are) there|(?:do|can) you see) (?:a |an |any )?(.+?)(?: on the table)?", text
        ):
            return bool(self._listed(found[1]))
        if found := re.fullmatch(
            r"(?:is|are) (?P<a>.+?) (?:(?:to|on) the )?(?P<how>left of|right of|above|below|in"
            r"|inside|on(?: top of)?|closer to|next to) (?P<b>.+)",
            text,
        ):
            return self._related(found["a"], found["how"], found["b"])
        if found := re.fullmatch(r"(?:is|are) (.+) visible", text):
            return bool(self._listed(found[1]))
        if found := re.fullmatch(r"what(?:'s| is) the colou?r of (.+)|what colou?r is (.+)", text):
            name = self.names(found[1] or found[2])
            return get_color(
                self._one([name] if isinstance(name, str) else name, text), objects=self._objects
            )
        if found := re.fullmatch(r"where(?:'s| is| are) (.+)", text):
            return self.position(found[1])
        if found := re.fullmatch(r"(?:what|which)(?:'s|( \w+)? (?:is|are)) (?:the )?(.+)", text):
            return self.names(f"the{found[1] or ''} {found[2]}")
        raise Unclear(f"I do not understand {text!r}")

    def _related(self, a: str, how: str, b: str) -> bool:
        (ax, ay), (bx, by) = self._point(a), self._point(b)
        if how in ("left of", "right of", "above", "below"):
            dx, dy = SIDEWAYS[how.split(maxsplit=1)[0]]
            return (ax - bx) * dx + (ay - by) * dy > 0
        name = self.names(b)
        if how == "closer to" or not isinstance(name, str) or name not in self._objects:
            raise Unclear(f"I do not understand {how!r} with {b!r}")
        if how == "next to":
            return dist((ax, ay), (bx, by)) < BESIDE
        left, low, right, high = get_bbox(name, objects=self._objects)
        return left <= ax <= right and low <= ay <= high
