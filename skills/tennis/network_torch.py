"""The controllers' network in torch, for training by gradients (distillation)."""

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from skills.tennis.network import Shape


class TorchNetwork(nn.Module):
    """The same function of the same flat parameters (n,) as `skills.tennis.network.Network`."""

    def __init__(self, shape: Shape, parameters: ArrayLike) -> None:
        super().__init__()
        flat = torch.from_numpy(np.array(parameters, np.float32))
        if flat.shape != (shape.size,):
            raise ValueError(f"the parameters are {tuple(flat.shape)}; ({shape.size},) is expected")
        self.shape = shape
        self.parameters_flat = nn.Parameter(flat)

    def forward(self, windows: Tensor) -> Tensor:
        """Outputs (B, T - window + 1, outputs) in [-1, 1] for timesteps (B, T, inputs).

        With T = window there is one output a row; longer sequences share the work.
        """
        columns, start = windows, 0
        for layer in self.shape.layers:
            middle, end = start + 2 * layer.inputs * layer.filters, start + layer.size
            weight = self.parameters_flat[start:middle].view(2 * layer.inputs, layer.filters)
            bias = self.parameters_flat[middle:end]
            pairs = torch.cat((columns[:, : -layer.dilation], columns[:, layer.dilation :]), -1)
            z = pairs @ weight + bias
            if layer.gated:
                contents, gates = z.chunk(2, -1)
                columns = torch.tanh(contents) * torch.sigmoid(gates)
            else:
                columns = torch.tanh(z)
            start = end
        return columns


class Adapted(nn.Module):
    """A controller that stays as it is, its actions modulated by an adapter that learns."""

    def __init__(self, controller: TorchNetwork, adapter: TorchNetwork) -> None:
        super().__init__()
        self._controller, self.adapter = controller.requires_grad_(False), adapter

    def forward(self, windows: Tensor) -> Tensor:
        """As `skills.tennis.network.modulate`, for timesteps (B, T, inputs)."""
        scale, shift = self.adapter(windows).chunk(2, -1)
        return torch.clamp((1 + scale) * self._controller(windows) + shift, -1, 1)
