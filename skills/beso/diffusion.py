"""Preconditioning, loss and training noise of Karras et al. 2022 (EDM), with BESO's constants."""

from collections.abc import Callable
from math import exp, log

import torch
from torch import Tensor, nn

from skills.beso.config import NetworkConfig, NoiseConfig
from skills.beso.network import ScoreNetwork
from skills.beso.things import ThingsNetwork

SIGMA_DATA = 0.5  # standard deviation of the actions that the network sees


def scalings(sigma: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """c_skip, c_out, c_in, c_noise (Karras et al. 2022, table 1), each of sigma's shape."""
    total = sigma**2 + SIGMA_DATA**2
    return SIGMA_DATA**2 / total, sigma * SIGMA_DATA / total.sqrt(), total.rsqrt(), sigma.log() / 4


class Denoiser(nn.Module):
    """D(x, sigma): the clean actions behind noisy ones, from a network of unit scale."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    @classmethod
    def of(cls, config: NetworkConfig) -> "Denoiser":
        """With the network that a config describes."""
        return cls(ThingsNetwork(config) if config.rows else ScoreNetwork(config))

    def forward(self, x: Tensor, sigma: Tensor, *condition: Tensor) -> Tensor:
        """D = c_skip x + c_out F(c_in x, condition, c_noise); x (B, ...), sigma (B,)."""
        c_skip, c_out, c_in, c_noise = scalings(sigma)
        wide = (-1, *(1,) * (x.ndim - 1))
        f = self.network(c_in.view(wide) * x, *condition, c_noise)
        return c_skip.view(wide) * x + c_out.view(wide) * f.float()


def loss(
    denoise: Callable[..., Tensor], clean: Tensor, sigma: Tensor, noise: Tensor, *condition: Tensor
) -> Tensor:
    """The squared error of the network's own output, of unit scale; of clean's shape.

    ((D - clean) / c_out)^2 = (F - (clean - c_skip x) / c_out)^2, the effective target of EDM.
    """
    wide = (-1, *(1,) * (clean.ndim - 1))
    error = denoise(clean + sigma.view(wide) * noise, sigma, *condition) - clean
    return (error / scalings(sigma)[1].view(wide)) ** 2


def log_logistic(uniform: Tensor, noise: NoiseConfig) -> Tensor:
    """Noise levels with logistic logarithm (BESO).

    From uniform (B,) in [0, 1), by the inverse of the distribution cut to [sigma_min, sigma_max].
    """
    location, ends = log(noise.median), (noise.sigma_min, noise.sigma_max)
    low, high = (1 / (1 + exp((location - log(s)) / noise.spread)) for s in ends)
    p = low + (high - low) * uniform
    return (location + noise.spread * torch.logit(p)).exp().clamp(*ends)
