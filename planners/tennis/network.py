"""The small networks of the high-level controller: multilayer perceptrons, computed with NumPy.

After arXiv 2408.03906: a spin classifier of 18 inputs and layers of 128 and 64, and a style policy
of 4.5k parameters over 8 timesteps of 16 values. Of the policy's layers the paper says no more;
one of 34 makes 4,456 parameters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.types import Vector, vector

FORMAT = "courtside-choice-1"  # of the files that hold them
FOLDER = Path(__file__).parent / "networks"  # of those that come with the package
SPIN = (18, 128, 64, 1)  # sizes of its layers: above 0 is underspin
STYLE = (128, 34, 2)  # above: which of STYLES
STYLES = ("forehand", "backhand")


@dataclass(frozen=True, eq=False)
class Network:
    """Layers of y = tanh(x W + b), the last without tanh."""

    weights: Sequence[Vector]  # each (inputs, outputs)
    biases: Sequence[Vector]  # each (outputs,)

    def __call__(self, inputs: ArrayLike) -> Vector:
        """Outputs (..., outputs) for inputs (..., inputs)."""
        x = np.asarray(inputs, dtype=np.float64)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = np.tanh(x @ weight + bias)
        return x @ self.weights[-1] + self.biases[-1]

    @property
    def sizes(self) -> tuple[int, ...]:
        return (len(self.weights[0]), *(len(bias) for bias in self.biases))

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Weights and biases by name, for a file."""
        named = {f"weight{i}": weight for i, weight in enumerate(self.weights, 1)}
        named |= {f"bias{i}": bias for i, bias in enumerate(self.biases, 1)}
        return {name: value.astype(np.float32) for name, value in named.items()}

    @classmethod
    def of(cls, tensors: Mapping[str, NDArray[np.floating]], sizes: Sequence[int]) -> "Network":
        """From a file's tensors; ValueError where they do not make layers of these `sizes`."""
        shapes = {}
        for i, (inputs, outputs) in enumerate(pairwise(sizes), 1):
            shapes |= {f"weight{i}": (inputs, outputs), f"bias{i}": (outputs,)}
        found = {name: tuple(value.shape) for name, value in tensors.items()}
        if found != shapes:
            raise ValueError(f"the network has {found}; {shapes} is expected")
        if not all(np.isfinite(value).all() for value in tensors.values()):
            raise ValueError("the network holds numbers that are not finite")
        count = range(1, len(sizes))
        return cls(
            [vector(tensors[f"weight{i}"]) for i in count],
            [vector(tensors[f"bias{i}"]) for i in count],
        )


@dataclass(frozen=True, eq=False)
class Networks:
    """Those that a choice is made with."""

    style: Network
    spin: Network
