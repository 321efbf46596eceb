"""The controllers' network: a gated, dilated convolution over the last eight timesteps.

As published (arXiv 2408.03906, table VIII): 8 timesteps x 16 in, 8 joint velocities out, filters
76 / 96 / 8, dilations 1 / 2 / 4, kernel 2, stride 1, valid padding, tanh everywhere. A gated
layer splits its filters into contents and gates, tanh(contents) * sigmoid(gates), so that 76 and
96 filters hand on 38 and 48 values; the last layer has no gates. That makes 10,676 parameters.

Because all that a layer needs of the past is its input of `dilation` timesteps ago, a network that
watches timesteps go by computes one column of the convolution a step (`Stream`) instead of all
seven (`Network.windows`), with the same products of matrices and so the same bits.

Leading shapes: parameters are (n,) for one network or (P, n) for a population. Rows of
observations are then (B, C), all for that network, or (P, B, C), B rows for each of the P.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Layer:
    """One convolution of kernel 2: the input now, and `dilation` timesteps ago."""

    inputs: int
    filters: int
    dilation: int  # [timesteps]
    gated: bool

    @property
    def outputs(self) -> int:
        return self.filters // 2 if self.gated else self.filters

    @property
    def size(self) -> int:
        """How many parameters it has: weights, then biases."""
        return (2 * self.inputs + 1) * self.filters


@dataclass(frozen=True)
class Shape:
    """The sizes of a network; by default the published controller's."""

    inputs: int = 16  # values a timestep
    filters: tuple[int, ...] = (76, 96, 8)
    dilations: tuple[int, ...] = (1, 2, 4)  # [timesteps]

    def __post_init__(self) -> None:
        if len(self.filters) != len(self.dilations) or not self.filters:
            raise ValueError("filters and dilations must name the same layers, at least one")
        if min(self.inputs, *self.filters, *self.dilations) < 1:
            raise ValueError("inputs, filters and dilations must be at least 1")
        if any(count % 2 for count in self.filters[:-1]):
            raise ValueError("all layers but the last are gated: their filters must be even")

    @property
    def layers(self) -> tuple[Layer, ...]:
        made, inputs, last = [], self.inputs, len(self.filters) - 1
        for i, (filters, dilation) in enumerate(zip(self.filters, self.dilations, strict=True)):
            made.append(Layer(inputs, filters, dilation, gated=i < last))
            inputs = made[-1].outputs
        return tuple(made)

    @property
    def window(self) -> int:
        """How many timesteps an output depends on."""
        return 1 + sum(self.dilations)

    @property
    def outputs(self) -> int:
        return self.filters[-1]

    @property
    def size(self) -> int:
        """How many parameters a network of this shape has."""
        return sum(layer.size for layer in self.layers)


CONTROLLER = Shape()  # 10,676 parameters

# The adapter to another world modulates the 8 actions: 8 scales and 8 shifts. The paper says only
# that it has 2.8k parameters. These filters keep the controller's window and dilations, so that it
# sees what the controller sees and streams alike, and come to 2,836; 34 / 34 / 16 and 36 / 32 / 16
# are further off.
ADAPTER = Shape(filters=(32, 36, 16))


def views(shape: Shape, parameters: Array) -> dict[str, Array]:
    """The parameters (..., n) by name, as views into them.

    `layerK.weight` (..., 2, inputs, filters), the older timestep first; `layerK.bias`
    (..., filters); K from 1. Raises ValueError where there are not n parameters.
    """
    if parameters.shape[-1] != shape.size:
        raise ValueError(f"{parameters.shape[-1]} parameters given; {shape} has {shape.size}")
    named, start, lead = {}, 0, parameters.shape[:-1]
    for number, layer in enumerate(shape.layers, 1):
        middle, end = start + 2 * layer.inputs * layer.filters, start + layer.size
        weight = parameters[..., start:middle]
        named[f"layer{number}.weight"] = weight.reshape(*lead, 2, layer.inputs, layer.filters)
        named[f"layer{number}.bias"] = parameters[..., middle:end]
        start = end
    return named


def initial(shape: Shape, rng: np.random.Generator, last: float = 1.0) -> NDArray[np.float64]:
    """Parameters (n,) to begin with: weights that keep the scale of their input, no biases.

    `last` scales the last layer's weights; at 0 every output is 0, and an adapter changes nothing.
    """
    parameters = np.zeros(shape.size)
    named = views(shape, parameters)
    for number, layer in enumerate(shape.layers, 1):
        weight = named[f"layer{number}.weight"]
        weight[:] = rng.normal(0, (2 * layer.inputs) ** -0.5, weight.shape)
    named[f"layer{len(shape.layers)}.weight"][:] *= last
    return parameters


class Network:
    """One network, or a population of networks of one shape."""

    def __init__(self, shape: Shape, parameters: ArrayLike, dtype: DTypeLike = np.float32) -> None:
        """`parameters` is (n,) or (P, n); the network computes in `dtype`."""
        self.shape = shape
        self.parameters = np.array(parameters, dtype)
        self.layers = shape.layers
        named: Mapping[str, Array] = views(shape, self.parameters)
        lead = self.parameters.shape[:-1]
        self._weights, self._biases = [], []
        for number, layer in enumerate(self.layers, 1):
            weight = named[f"layer{number}.weight"]
            weight = weight.reshape(*lead, 2 * layer.inputs, layer.filters)
            self._weights.append(np.ascontiguousarray(weight))
            bias = named[f"layer{number}.bias"][..., None, :]  # the same for each row
            self._biases.append(np.ascontiguousarray(bias))

    def windows(self, windows: ArrayLike) -> Array:
        """Outputs (..., B, outputs) in [-1, 1] for whole windows (..., B, window, inputs).

        The reference: every column of every layer anew. The oldest timestep comes first.
        """
        given = np.asarray(windows, self.parameters.dtype)
        wanted = (self.shape.window, self.shape.inputs)
        if given.shape[-2:] != wanted:
            raise ValueError(f"the windows are {given.shape[-2:]}; {wanted} are expected")
        columns = np.ascontiguousarray(np.moveaxis(given, -2, 0))  # (window, ..., B, inputs)
        for i, layer in enumerate(self.layers):
            columns = self.layer(i, columns[: -layer.dilation], columns[layer.dilation :])
        return columns[0]

    def layer(self, i: int, old: Array, new: Array) -> Array:
        """Layer i's output (..., B, outputs) for its input (..., B, inputs) then and now."""
        z = np.concatenate((old, new), axis=-1) @ self._weights[i]
        z += self._biases[i]
        layer = self.layers[i]
        if not layer.gated:
            return np.tanh(z, out=z)
        half = layer.outputs
        gates = z[..., half:]
        gates *= 0.5
        np.tanh(z, out=z)
        gates += 1.0
        gates *= 0.5  # sigmoid(g) = (1 + tanh(g / 2)) / 2: one function for contents and gates
        return z[..., :half] * gates


class Stream:
    """Networks that watch timesteps go by: one column of each layer a step."""

    def __init__(self, network: Network, first: ArrayLike) -> None:
        """The timesteps before the first are taken to be like it: `first` (..., B, inputs)."""
        self._network = network
        self._past = self._histories(np.asarray(first, network.parameters.dtype))

    def step(self, inputs: ArrayLike) -> Array:
        """Outputs (..., B, outputs) in [-1, 1] with the newest timestep (..., B, inputs).

        Equal, to the last bit, to `Network.windows` over the last timesteps.
        """
        # A copy: the caller may write its next timestep into the same array.
        column: Array = np.array(inputs, self._network.parameters.dtype)
        for i, past in enumerate(self._past):
            old = past.popleft()
            past.append(column)
            column = self._network.layer(i, old, column)
        return column

    def restart(self, rows: NDArray[np.bool_], first: ArrayLike) -> None:
        """Forget the past of the `rows` (..., B) that begin anew with `first` (..., B, inputs)."""
        if not rows.any():
            return
        begun = self._histories(np.asarray(first, self._network.parameters.dtype))
        for past, anew in zip(self._past, begun, strict=True):
            for i, (kept, new) in enumerate(zip(past, anew, strict=True)):
                past[i] = np.where(rows[..., None], new, kept)

    def _histories(self, first: Array) -> list[deque[Array]]:
        """Each layer's last inputs, were all timesteps so far `first` (..., B, inputs)."""
        if first.shape[-1] != self._network.shape.inputs:
            inputs = self._network.shape.inputs
            raise ValueError(f"a timestep has {first.shape[-1]} values; {inputs} are expected")
        histories, column = [], np.array(first)
        for i, layer in enumerate(self._network.layers):
            histories.append(deque([column] * layer.dilation))
            column = self._network.layer(i, column, column)
        return histories


def modulate(actions: Array, adapter: Array) -> Array:
    """Actions (..., 8) in [-1, 1] as an adapter's outputs (..., 16) scale and shift them (FiLM).

    Feature-wise linear modulation (Perez et al., arXiv 1709.07871): (1 + scale) * action + shift,
    kept in [-1, 1]. An adapter whose outputs are 0 changes nothing.
    """
    scale, shift = np.split(adapter, 2, axis=-1)
    return np.clip((1 + scale) * actions + shift, -1, 1)
