"""Which behaviour a sentence asks for, whether or not it was ever said so before.

Kernel ridge regression over sentence embeddings, fitted in closed form to the words in which
behaviours are asked for, and to everyday sentences that ask for none. Its kernel is a power of how
similar they are, so that words count together: to turn left is neither to turn nor to go left. It
knows no colours: it says which family of behaviours is asked for, and what it is about is the thing
that is named. It is fitted anew where it is needed: no file of weights can be out of date.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from planners.coaching.behavior import AMOUNTS, Behavior
from planners.coaching.phrases import HEARD, UNHEARD
from planners.coaching.variety import TALK, drawn
from planners.coaching.wordings import CORRECTING, SAYINGS, everything, family
from planners.correct import words_of
from robot.sentences import MEANING, WORDS, embed
from robot.table import COLORS

RIDGE, POWER = 0.03, 3  # penalty of the weights; of similarities
ORDER, SPELT = 0.5, 0.5  # weights of the words' order and spelling, beside what they mean
DENIED = 3  # of CORRECTING, the first so many: those that begin with what makes a correction
COUNT, TALKED = 60, 600  # sentences put together for a family, and of talk
SAID = {"cube": "block", "brick": "block", "dish": "bowl"}


def sentences(asked: Behavior, unheard: bool = False) -> Iterator[str]:
    """Every way to ask for a behaviour."""
    amounts = SAYINGS[asked.amount] if asked.name == "move" else ("",)
    for template, amount in product((UNHEARD if unheard else HEARD)[family(asked)], amounts):
        yield " ".join(template.format(asked.thing, amount=amount).split())


class Understanding:
    """Call it with a sentence."""

    def __init__(self, behaviors: Sequence[Behavior] = ()) -> None:
        """`behaviors` to choose from; all there are, if none are given."""
        self._asked = {family(each): each for each in behaviors or everything()}
        self._families = [*self._asked, TALK]
        rng = np.random.default_rng(0)
        said: list[tuple[str, int]] = []
        for number, name in enumerate(self._families):
            said += [(text, number) for text in examples(name, rng)]
        talk = len(self._families) - 1
        self.words = frozenset(w for text, n in said if n != talk for w in words_of(text))
        right = np.array([number for _, number in said])
        self._seen = _features([text for text, _ in said])
        wanted = np.full((len(said), len(self._families)), -1.0)
        wanted[np.arange(len(said)), right] = 1.0
        count = np.bincount(right)[right] / np.mean(np.bincount(right))
        alike = (self._seen @ self._seen.T) ** POWER
        alike[np.diag_indices_from(alike)] += RIDGE * count  # each family counts the same
        self._weights = np.linalg.solve(alike, wanted)

    def __call__(self, text: str) -> tuple[Behavior, float]:
        """The behaviour that is most likely asked for, and by how much it stands out: below 0 where
        it is likelier that none is. Where no colour is said, neither is there one in its thing."""
        words, color = plain(text)
        scores = ((_features([words]) @ self._seen.T) ** POWER @ self._weights)[0]
        best = int(np.argmax(scores[:-1]))
        margin = float(scores[best] - np.max(np.delete(scores, best)))
        asked = self._asked[self._families[best]]
        thing = asked.thing
        for kind in ("block", "bowl"):
            if thing.endswith(kind):
                thing = f"{color} {kind}".strip()
        return Behavior(asked.name, thing, _amount(text) if asked.name == "move" else ""), margin


def examples(name: str, rng: np.random.Generator) -> Iterator[str]:
    """What is learned of a family."""
    if name == TALK:
        yield from drawn(TALK, TALKED, rng)
        return
    amounts = [each for ways in SAYINGS.values() for each in ways]
    kind = name.rsplit(maxsplit=1)[-1] if name.startswith("put") else "block"
    corrected = [CORRECTING[int(rng.integers(DENIED))].format(text) for text in HEARD[name]]
    for text in (*HEARD[name], *corrected, *drawn(name, COUNT, rng)):
        yield " ".join(text.format(kind, amount=rng.choice(amounts)).split())


def plain(text: str) -> tuple[str, str]:
    """A sentence without the colours of things, and the last colour that it names."""
    words = [SAID.get(word, word) for word in text.lower().replace(",", " , ").split()]
    colors = [word for word in words if word in COLORS]
    return " ".join(word for word in words if word not in COLORS), colors[-1] if colors else ""


def _features(texts: Sequence[str]) -> NDArray[np.float64]:
    """(n, SIZE) embeddings of unit length."""
    found = embed(texts).astype(np.float64)
    found[:, MEANING : MEANING + WORDS] *= ORDER
    found[:, MEANING + WORDS :] *= SPELT
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)


def _amount(text: str) -> str:
    """How much, by its words."""
    words = set(words_of(text))
    for amount in AMOUNTS:
        if words & {say.split()[-1] for say in SAYINGS[amount] if say}:
            return amount
    return ""
