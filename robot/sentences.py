"""Sentences as vectors, for policies that are told what to do in words.

Three parts. What the words mean: the mean of their embeddings from WordLlama (16 MB, installed
with the package, MIT), which knows that to shove is like to push. Which words in which order:
hashed pairs of words, the first before the second (skip-grams), which know who goes where, and
left from right: means of embeddings hardly do. And how the words are spelt: hashed pieces of them
(character n-grams), which know that forwards is like forward. It takes a fifth of a millisecond.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MEANING, WORDS, SPELLING = 256, 256, 256  # numbers in each part
SIZE = MEANING + WORDS + SPELLING
PIECES = (3, 4, 5)  # characters in a piece of a word, its ends marked
REACH = 3  # words between those of a pair, and one more
# Without these, what matters is nearer to each other.
SMALL = frozenset("a an the and or to of in into on onto at it is please then one with".split())


def embed(sentences: Sequence[str]) -> NDArray[np.float32]:
    """(n, SIZE) of unit length, so that products are similarities; zeros where nothing is said."""
    found = np.zeros((len(sentences), SIZE), np.float32)
    for row, sentence in zip(found, sentences, strict=True):
        words = re.findall(r"[^\W_]+", sentence.lower())
        if words:
            row[:MEANING] = _unit(_meaning(" ".join(words)))
            telling = [word for word in words if word not in SMALL] or words
            row[MEANING : MEANING + WORDS] = _unit(_counts(_pairs(telling), WORDS))
            row[MEANING + WORDS :] = _unit(_counts(_pieces(telling), SPELLING))
    return found / np.sqrt(3, dtype=np.float32)


def _meaning(text: str) -> NDArray[np.float32]:
    tokenizer, vectors = _model()
    tokens = tokenizer.encode(text, add_special_tokens=False).ids
    return vectors[tokens].astype(np.float32).mean(0)


def _counts(features: Iterator[str], size: int) -> NDArray[np.float32]:
    """(size,) each feature counted up or down at a place that its hash says."""
    counts = np.zeros(size, np.float32)
    for feature in features:
        number = crc32(feature.encode())  # the same in every process, unlike hash()
        counts[number % size] += 1 if number >> 31 else -1
    return counts


def _pairs(words: Sequence[str]) -> Iterator[str]:
    """The words, and each with those that soon follow."""
    for i, word in enumerate(words):
        yield word
        for other in words[i + 1 : i + 1 + REACH]:
            yield f"{word} {other}"


def _pieces(words: Sequence[str]) -> Iterator[str]:
    """Every few characters of every word."""
    for word in words:
        marked = f"<{word}>"
        for size in PIECES:
            for start in range(len(marked) - size + 1):
                yield marked[start : start + size]


def _unit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values / np.float32(max(np.linalg.norm(values), 1e-9))


@cache
def _model() -> "tuple[Tokenizer, NDArray[np.float16]]":
    """WordLlama's tokenizer, and the vector of each token (tokens, MEANING).

    Its own loader looks for the tokenizer on the network, although it is installed.
    """
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    package = find_spec("wordllama")
    assert package is not None and package.origin is not None  # it is in the lock
    folder = Path(package.origin).parent
    tokenizer = Tokenizer.from_file(
        str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")
    )
    vectors = load_file(folder / "weights" / f"l2_supercat_{MEANING}.safetensors")
    return tokenizer, vectors["embedding.weight"]
