"""From noise to actions: noise schedules, and the samplers that walk down them.

A sampler takes `denoise(x, sigma)`, which estimates the clean sample behind `x` = clean + sigma *
noise, a start `x` and falling noise levels `sigmas` that end in 0. It works on arrays of any
library and shape. Names as in k-diffusion and Karras et al. 2022 (arXiv 2206.00364).
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import exp, expm1, inf, log, sqrt
from typing import Any

from skills.beso import peers

Array = Any  # numpy or torch
Denoise = Callable[[Array, float], Array]  # (x, sigma) -> the clean sample's mean
Noise = Callable[[Array], Array]  # standard normal, of the argument's shape
Sampler = Callable[[Denoise, Array, list[float], Noise], Array]


# --- noise levels: n falling values from sigma_max to sigma_min, then 0 ---------------------------


def exponential(n: int, sigma_min: float, sigma_max: float) -> list[float]:
    """Even in log sigma: n + 1 levels, the last one 0."""
    return _levels(n, sigma_min, sigma_max, log, exp)


def linear(n: int, sigma_min: float, sigma_max: float) -> list[float]:
    """Even in sigma."""
    return _levels(n, sigma_min, sigma_max, float, float)


def karras(n: int, sigma_min: float, sigma_max: float, rho: float = 7.0) -> list[float]:
    """Even in sigma^(1/rho) (Karras et al. 2022, equation 5)."""
    return _levels(n, sigma_min, sigma_max, lambda s: s ** (1 / rho), lambda t: t**rho)


def _levels(
    n: int,
    sigma_min: float,
    sigma_max: float,
    to: Callable[[float], float],
    back: Callable[[float], float],
) -> list[float]:
    if n < 1 or not 0 < sigma_min <= sigma_max < inf:
        raise ValueError(
            f"need n >= 1 and 0 < sigma_min <= sigma_max, not {n}, {sigma_min}, {sigma_max}"
        )
    top, bottom = to(sigma_max), to(sigma_min)
    inner = [back(top + (bottom - top) * i / (n - 1)) for i in range(1, n - 1)]
    return [sigma_max, *inner, sigma_min, 0.0] if n > 1 else [sigma_max, 0.0]


# --- samplers -------------------------------------------------------------------------------------


def ddim(denoise: Denoise, x: Array, sigmas: list[float], noise: Noise) -> Array:
    """Deterministic, first order, exact for a constant estimate (Song et al. 2020).

    x' = (s'/s) x - expm1(-h) D with h = ln s - ln s'. In these variables, where noise is added to
    clean samples that are not scaled, it takes the same steps as Euler's method.
    """
    for sigma, lower in pairwise(sigmas):
        clean = denoise(x, sigma)
        ratio = lower / sigma  # exp(-h)
        x = ratio * x - (ratio - 1) * clean
    return x


def euler(denoise: Denoise, x: Array, sigmas: list[float], noise: Noise) -> Array:
    """Euler's method on the probability flow, dx/dsigma = (x - D) / sigma."""
    for sigma, lower in pairwise(sigmas):
        slope = (x - denoise(x, sigma)) / sigma
        x = x + (lower - sigma) * slope
    return x


def euler_ancestral(denoise: Denoise, x: Array, sigmas: list[float], noise: Noise) -> Array:
    """Euler's method further down than asked, and fresh noise back up."""
    for sigma, lower in pairwise(sigmas):
        slope = (x - denoise(x, sigma)) / sigma
        up = min(lower, sqrt(max(0.0, lower**2 * (sigma**2 - lower**2) / sigma**2)))
        down = sqrt(lower**2 - up**2)
        x = x + (down - sigma) * slope
        if up > 0:
            x = x + up * noise(x)
    return x


def heun(denoise: Denoise, x: Array, sigmas: list[float], noise: Noise) -> Array:
    """Second order, two estimates a step but for the last (Karras et al. 2022, algorithm 1)."""
    for sigma, lower in pairwise(sigmas):
        slope = (x - denoise(x, sigma)) / sigma
        there = x + (lower - sigma) * slope
        if lower > 0:
            slope = (slope + (there - denoise(there, lower)) / lower) / 2
            there = x + (lower - sigma) * slope
        x = there
    return x


def dpmpp_2m(denoise: Denoise, x: Array, sigmas: list[float], noise: Noise) -> Array:
    """DPM-Solver++(2M): second order, one estimate a step (Lu et al. 2022, algorithm 2)."""
    before: tuple[Array, float] | None = None  # the last estimate, and its step in ln sigma
    for sigma, lower in pairwise(sigmas):
        clean = target = denoise(x, sigma)
        if lower == 0:
            return clean
        h = log(sigma / lower)
        if before is not None:
            last, h_last = before
            target = clean + (clean - last) * (h / (2 * h_last))
        x = (lower / sigma) * x - expm1(-h) * target
        before = clean, h
    return x


SCHEDULES: Mapping[str, Callable[[int, float, float], list[float]]] = {
    "exponential": exponential,
    "linear": linear,
    "karras": karras,
}
SAMPLERS: Mapping[str, Sampler] = {
    "ddim": ddim,
    "euler": euler,
    "euler-ancestral": euler_ancestral,
    "heun": heun,
    "dpmpp-2m": dpmpp_2m,
    "edm-euler": peers.edm_euler,
    "edm-dpmpp-2m": peers.edm_dpmpp_2m,
}


def guided(conditional: Array, unconditional: Array, strength: float) -> Array:
    """Classifier-free guidance: 0 forgets the goal, 1 follows it, more insists (BESO, eq. 7)."""
    return unconditional + strength * (conditional - unconditional)
