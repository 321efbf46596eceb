"""The selector's network: a small transformer over rows, computed with NumPy.

Its output is an embedding of language: a part for what to do, and the names of the things that it
points at. Known commands are likely as their embeddings are like it: cosine over a learned
temperature.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planners.selector.features import NAMES, PAST, ROWS, SELF, THING, THINGS, Floats, Seen
from robot.sentences import SIZE, embed

FORMAT = "courtside-selector-1"  # of the files that hold one
WIDTH, LAYERS, HEADS, INNER = 48, 2, 4, 96
SMALL = 1e-5  # added to variances
Tensors = Mapping[str, NDArray[np.float32]]


def shapes() -> dict[str, tuple[int, ...]]:
    """Of all tensors, by name."""
    w = WIDTH
    found: dict[str, tuple[int, ...]] = {
        "thing": (THING, w), "thing_bias": (w,), "self": (SELF, w), "asked": (SIZE, w),
        "past": (SIZE, w), "age": (w,), "place": (PAST, w), "norm": (2, w), "what": (w, SIZE),
        "query": (w, w), "key": (w, w), "nothing": (w,), "names": (1,), "temperature": (1,),
        "verdict": (w,), "verdict_bias": (1,),
    }  # fmt: skip
    for i in range(LAYERS):
        found |= {
            f"{i}.norm1": (2, w), f"{i}.mix": (w, 3 * w), f"{i}.back": (w, w),
            f"{i}.norm2": (2, w), f"{i}.up": (w, INNER), f"{i}.up_bias": (INNER,),
            f"{i}.down": (INNER, w), f"{i}.down_bias": (w,),
        }  # fmt: skip
    return found


@dataclass(frozen=True, eq=False)
class Network:
    """The weights. Call it with what is seen."""

    tensors: Tensors

    @classmethod
    def of(cls, tensors: Tensors) -> "Network":
        """From a file's tensors; ValueError where they are not those of such a network."""
        found = {name: tuple(value.shape) for name, value in tensors.items()}
        if found != shapes():
            wrong = sorted(set(found.items()) ^ set(shapes().items()))
            raise ValueError(f"the selector's tensors do not fit, first {wrong[0]}")
        if not all(np.isfinite(value).all() for value in tensors.values()):
            raise ValueError("the selector holds numbers that are not finite")
        return cls({name: np.asarray(value, np.float32) for name, value in tensors.items()})

    def __call__(self, seen: Seen) -> Floats:
        """(SIZE,) of unit length: what should be said next."""
        t, rows = self.tensors, self._rows(seen)
        count = int(seen.present.sum())
        keys = np.vstack((t["nothing"], rows[1 : 1 + count] @ t["key"]))
        point = _softmax(keys @ (rows[0] @ t["query"]) / np.float32(np.sqrt(WIDTH)))[1:]
        out = rows[0] @ t["what"] + t["names"] * (point @ names()[seen.present])
        return out / max(float(np.linalg.norm(out)), 1e-6)

    def succeeded(self, seen: Seen) -> float:
        """How likely it is that what was asked for last has been done."""
        t = self.tensors
        score = float(self._rows(seen)[0] @ t["verdict"] + t["verdict_bias"][0])
        return 1 / (1 + float(np.exp(-score)))

    def _rows(self, seen: Seen) -> NDArray:
        """(n, WIDTH) the hand's row, those of the things there are, those of past commands."""
        t = self.tensors
        rows: NDArray = np.empty((ROWS, WIDTH), np.float32)
        rows[0] = seen.itself @ t["self"] + seen.asked @ t["asked"]
        rows[1 : 1 + THINGS] = seen.things @ t["thing"] + t["thing_bias"]
        rows[1 + THINGS :] = seen.past @ t["past"] + t["place"] + seen.ages[:, None] * t["age"]
        there = np.concatenate(([True], seen.present, np.ones(PAST, np.bool_)))
        rows = rows[there]
        n = len(rows)
        for i in range(LAYERS):
            mixed = (_norm(rows, t[f"{i}.norm1"]) @ t[f"{i}.mix"]).reshape(n, 3, HEADS, -1)
            q, k, v = mixed.transpose(1, 2, 0, 3)  # each (HEADS, n, ...)
            weight = _softmax(q @ k.transpose(0, 2, 1) / np.float32(np.sqrt(WIDTH / HEADS)))
            rows = rows + (weight @ v).transpose(1, 0, 2).reshape(n, WIDTH) @ t[f"{i}.back"]
            inner = _norm(rows, t[f"{i}.norm2"]) @ t[f"{i}.up"] + t[f"{i}.up_bias"]
            rows = rows + np.maximum(inner, 0) @ t[f"{i}.down"] + t[f"{i}.down_bias"]
        return _norm(rows, t["norm"])

    @property
    def temperature(self) -> float:
        return float(np.exp(self.tensors["temperature"][0]))


def names() -> Floats:
    """(THINGS, SIZE) the names of the rows."""
    global _NAMES  # noqa: PLW0603, embedded when it is first needed: that reads a file
    if _NAMES is None:
        _NAMES = embed(NAMES)
    return _NAMES


_NAMES: Floats | None = None


class Known:
    """The commands that can be said."""

    def __init__(self, commands: Sequence[str]) -> None:
        self.commands = tuple(commands)
        self.embeddings = embed(self.commands)

    def likely(self, out: Floats, temperature: float, may: NDArray[np.bool_]) -> Floats:
        """(k,) how likely each is; `may` (k,): which can be meant at all."""
        logits = self.embeddings @ out / np.float32(temperature)
        return _softmax(np.where(may, logits, -np.inf))


def _norm(x: NDArray, scale: NDArray[np.float32]) -> NDArray:
    x = x - x.mean(axis=1, keepdims=True)
    return x / np.sqrt((x * x).mean(axis=1, keepdims=True) + SMALL) * scale[0] + scale[1]


def _softmax(x: NDArray) -> NDArray:
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    return x / x.sum(axis=-1, keepdims=True)
