"""Which behaviour a sentence asks for, whether or not it was ever said so before.

A linear classifier over sentence embeddings, fitted in closed form (ridge regression) to the words
in which behaviours are asked for. It is fitted anew where it is needed: that takes seconds, and no
file of weights can be out of date.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from planners.coaching.behavior import AMOUNTS, Behavior
from planners.coaching.phrases import HEARD, UNHEARD
from planners.coaching.wordings import CORRECTING, SAYINGS, everything, family
from planners.correct import words_of
from robot.sentences import MEANING, WORDS, embed

RIDGE = 0.3  # penalty of the weights
ORDER, SPELT = 0.5, 0.5  # weights of the words' order and spelling, beside what they mean
DENIED = 3  # of CORRECTING, the first so many: those that begin with what makes a correction

Key = tuple[str, str]  # a behaviour without its amount


def sentences(asked: Behavior, unheard: bool = False) -> Iterator[str]:
    """Every way to ask for a behaviour."""
    amounts = SAYINGS[asked.amount] if asked.name == "move" else ("",)
    for template, amount in product((UNHEARD if unheard else HEARD)[family(asked)], amounts):
        yield " ".join(template.format(asked.thing, amount=amount).split())


class Understanding:
    """Call it with a sentence."""

    def __init__(self, behaviors: Sequence[Behavior] = ()) -> None:
        """`behaviors` to choose from; all there are, if none are given."""
        behaviors = behaviors or everything()
        said = [(text, (b.name, b.thing)) for b in behaviors for text in sentences(b)]
        said += [(CORRECTING[i % DENIED].format(text), key) for i, (text, key) in enumerate(said)]
        self._keys: list[Key] = list(dict.fromkeys(key for _, key in said))
        index = {key: number for number, key in enumerate(self._keys)}
        right = np.array([index[key] for _, key in said])
        seen = _features([text for text, _ in said])
        wanted = np.full((len(said), len(self._keys)), -1.0)
        wanted[np.arange(len(said)), right] = 1.0
        weight = 1 / np.bincount(right)[right]  # each behaviour counts the same
        left = seen.T @ (seen * weight[:, None]) + RIDGE * np.eye(seen.shape[1])
        self._weights = np.linalg.solve(left, seen.T @ (wanted * weight[:, None]))

    def __call__(self, text: str) -> tuple[Behavior, float]:
        """The behaviour that is most likely asked for, and by how much it stands out."""
        scores = (_features([text]) @ self._weights)[0]
        second, first = np.sort(scores)[-2:]
        name, thing = self._keys[int(np.argmax(scores))]
        amount = _amount(text) if name == "move" else ""
        return Behavior(name, thing, amount), float(first - second)  # type: ignore[arg-type]


def _features(texts: Sequence[str]) -> NDArray[np.float64]:
    """(n, SIZE) embeddings, what the words mean weighing most."""
    found = np.sqrt(3) * embed(texts).astype(np.float64)
    found[:, MEANING : MEANING + WORDS] *= ORDER
    found[:, MEANING + WORDS :] *= SPELT
    return found


def _amount(text: str) -> str:
    """How much, by its words."""
    words = set(words_of(text))
    for amount in AMOUNTS:
        if words & {say.split()[-1] for say in SAYINGS[amount] if say}:
            return amount
    return ""
