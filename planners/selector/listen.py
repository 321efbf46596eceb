"""Which sentences of people are followed, as what, and which are asked back."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from planners.coaching.behavior import Behavior
from planners.coaching.understand import Understanding
from planners.coaching.wordings import FOR
from planners.correct import DENIAL, FILLER, Vocabulary, understand, words_of
from planners.program.ground import OTHER_COLORS
from planners.selector.features import mentioned
from planners.selector.samples import Key, keys

MARGIN = 0.1  # by which a meaning must stand out
STRANGE = 0.34  # of the words that say something, at most, may be unknown
UNDOING = {"undo", "that", "this", "is", "was", "it", "s", "please", "thing", "one"}


class Unclear(ValueError):
    """What is asked back."""


class Unknown(Unclear):
    """It is neither a correction nor an instruction."""


@dataclass(frozen=True)
class Meant:
    """What a sentence is taken for: to go on, another pace, a whole chore, that something is wrong,
    or a behaviour."""

    kind: Literal["proceed", "pace", "instruction", "denial", "behavior"]
    factor: float = 1.0  # pace: of the speed so far
    behavior: Behavior | None = None
    margin: float = 0.0  # by which the behaviour stands out


class Listener:
    """Call it with a sentence."""

    def __init__(self, understanding: Understanding, vocabulary: Vocabulary) -> None:
        self._understanding, self._vocabulary = understanding, vocabulary

    def __call__(self, text: str, seen: Collection[str]) -> Meant:
        """What is meant, where things of these names are `seen`; raises Unclear."""
        said = understand(text, self._vocabulary)
        if said is not None and said.kind == "proceed":
            return Meant("proceed")
        if said is not None and said.kind == "pace":
            return Meant("pace", said.factor)
        if self.is_instruction(text):
            return Meant("instruction")
        if self.is_denial(text):
            return Meant("denial")
        behavior, margin = self.behavior(text, seen)
        return Meant("behavior", behavior=behavior, margin=margin)

    def behavior(self, text: str, seen: Collection[str]) -> tuple[Behavior, float]:
        """The behaviour that is asked for, and by how much it stands out; raises Unclear."""
        behavior, margin = self._understanding(text)
        words = [word for word in words_of(text) if word not in FILLER]
        known = self._understanding.words | {*self._vocabulary.colors} | DENIAL
        strange = [word for word in words if word not in known]
        unknown = margin < MARGIN or not words or len(strange) > STRANGE * len(words)
        listed = ", ".join(sorted(seen)) or "nothing"
        colors = [word for word in words if word in OTHER_COLORS | {*self._vocabulary.colors}]
        absent = [color for color in colors if not any(color in name for name in seen)]
        if absent and (unknown or absent[0] in OTHER_COLORS):
            raise Unclear(f"I see nothing {absent[0]}; I see {listed}.")
        if unknown:
            raise Unknown(f"I did not understand {text!r}. What shall I do?")
        if colors and not any(color in behavior.thing for color in colors):
            raise Unclear(f"I am not sure what you mean by {text!r}. Which one?")
        thing = behavior.thing
        if thing in ("block", "bowl"):  # the only one there is
            there = [name for name in seen if name.endswith(thing)]
            if len(there) != 1:
                raise Unclear(f"Which {thing}? I see {listed}.")
            behavior = replace(behavior, thing=there[0])
        elif thing.endswith(("block", "bowl")) and thing not in seen:
            raise Unclear(f"I see no {thing}; I see {listed}.")
        return behavior, margin

    def meaning(self, command: str, key: Key) -> Behavior:
        """The behaviour of a known command, which is for `key`."""
        name, thing = key
        amount = self._understanding(command)[0].amount if name == "move" else ""
        return Behavior(name, thing, amount)  # type: ignore[arg-type]

    @staticmethod
    def is_instruction(text: str) -> bool:
        """Whether it asks for a whole chore: it names several things, or all of them."""
        if text.lower() in keys():
            return False
        rows = mentioned(text)[0].any(axis=1).sum()
        everything = any(re.match(form.replace("{}", ".*"), text.lower()) for form in FOR["sweep"])
        return bool(rows > 1 and not DENIAL & set(words_of(text))) or everything

    @staticmethod
    def is_denial(text: str) -> bool:
        """Whether it only says that something is wrong."""
        words = set(words_of(text))
        return bool(words & (DENIAL | {"undo"})) and not words - DENIAL - UNDOING


def plainly(behavior: Behavior) -> str:
    """In a few words of its own."""
    if behavior.name == "put":
        word = "on" if behavior.thing.endswith("block") else "in"
        return f"put it {word} the {behavior.thing}"
    words = {"drop": "put it down", "back": "go back", "tilt": "tilt the hand"}
    thing = f"the {behavior.thing}" if mentioned(behavior.thing)[0].any() else behavior.thing
    if behavior.name == "drawer":
        return f"{behavior.thing} the drawer"
    return words.get(behavior.name) or " ".join(
        f"{behavior.name} {behavior.amount} {thing}".split()
    )
