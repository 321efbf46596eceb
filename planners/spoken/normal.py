"""Sentences without what does not matter: capitals, politeness, how numbers are written."""

import re
from dataclasses import dataclass

NUMBERS = dict(
    enumerate(
        """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
        sixteen seventeen eighteen nineteen twenty""".split(),
        start=1,
    )
)
DIGITS = {word: str(number) for number, word in NUMBERS.items()}
SPELT = {
    **dict.fromkeys(("cm", "cms", "centimeter", "centimetre", "centimetres"), "centimeters"),
    **dict.fromkeys(("mm", "millimeter", "millimetre", "millimetres"), "millimeters"),
    **{"colour": "color", "grey": "gray", "colours": "colors"},
}
COUNTED = re.compile(rf"\b({'|'.join(DIGITS)}) (?=centimeters|millimeters)")
BEFORE = (  # a command, and after which a command is the same
    *"hey robot please ok okay um uh er so and then well yes".split(),
    *("can you", "could you", "would you", "will you", "i want you to", "you should"),
)
AFTER = ("please", "robot", "thanks", "thank you", "then", "now")
DENYING = ("no", "nope", "not that", "not this", "actually", "i meant", "i mean", "i said", "sorry")
INSTEAD = "instead"


@dataclass(frozen=True, slots=True)
class Normal:
    """A sentence in lower case, its parts apart."""

    text: str  # what it says
    denied: bool = False  # it began with "no", or the like
    instead: bool = False  # it has "instead" at an end

    @property
    def spoken(self) -> str:
        """In full."""
        before = "no, " if self.denied else ""
        return f"{before}{self.text}{' instead' if self.instead else ''}"

    @property
    def line(self) -> str:
        """As it would be typed: numbers in digits."""
        return COUNTED.sub(lambda found: f"{DIGITS[found[1]]} ", self.spoken)


def words_of(text: str) -> list[str]:
    """Its words, spelt in one way; numbers in letters, up to twenty."""
    found: list[str] = re.findall(
        r"\d+(?:\.\d+)?|[a-z]+(?:'[a-z]+)?", text.lower().replace("\u2019", "'")
    )
    named = [SPELT.get(word, word) for word in found]
    return [NUMBERS.get(int(word), word) if word.isdigit() else word for word in named]


def normal(text: str) -> Normal:
    """`text` without what does not matter; what is nothing else is left as it is."""
    words = words_of(text)
    denied = instead = False
    while True:
        rest = _without(words, BEFORE, AFTER)
        less = _without(rest, DENYING, ())
        denied |= len(less) < len(rest)
        without = _without(less, (INSTEAD,), (INSTEAD,))
        instead |= len(without) < len(less)
        if without == words:
            return Normal(" ".join(words), denied, instead)
        words = without


def _without(words: list[str], before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    """Without one of these at either end, if anything is left."""
    for part in map(str.split, before):
        if words[: len(part)] == part and len(words) > len(part):
            return words[len(part) :]
    for part in map(str.split, after):
        if words[-len(part) :] == part and len(words) > len(part):
            return words[: -len(part)]
    return words
