"""Which things of the table a sentence mentions, and what it says apart from their colours.

Policies that are told in words know no colours: they are shown what is mentioned, so that what they
learn of one colour holds for all.
"""

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from robot.sentences import embed
from robot.table import COLORS, FURNITURE_COLORS
from robot.table_frame import BLOCKS, BOWLS

Floats = NDArray[np.float32]
NAMES = (
    *(f"{color} block" for color in BLOCKS),
    *(f"{color} bowl" for color in BOWLS),
    f"{FURNITURE_COLORS['tray']} tray",
    f"{FURNITURE_COLORS['drawer']} drawer",
)  # of the rows of a frame of the table
KINDS = ("block", "bowl", "tray", "drawer")
KIND = np.array([KINDS.index(name.split()[-1]) for name in NAMES])
FURNITURE = {"tray": len(NAMES) - 2, "drawer": len(NAMES) - 1, "handle": len(NAMES) - 1}


def in_order(sentence: str) -> list[int]:
    """The things with colours that a sentence mentions, one after the other, as rows of a frame."""
    words = sentence.lower().replace(",", " ").split()
    return [NAMES.index(pair) for pair in map(" ".join, pairwise(words)) if pair in NAMES]


def mentioned(sentence: str) -> NDArray[np.bool_]:
    """(things,) which things of a frame a sentence is about; a tray and a drawer are the only
    ones of their kind, and need no colour."""
    found = np.zeros(len(NAMES), np.bool_)
    found[in_order(sentence)] = True
    for word in sentence.lower().replace(",", " ").split():
        if word in FURNITURE:
            found[FURNITURE[word]] = True
    return found


@lru_cache(maxsize=4096)
def colorless(sentence: str) -> Floats:
    """(SIZE,) a sentence's embedding, its colours left out."""
    return embed([" ".join(w for w in sentence.replace(",", " ").split() if w not in COLORS)])[0]
