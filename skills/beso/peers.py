"""The schedulers of diffusers as samplers: for those who know them, and to test ours against."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from skills.beso.samplers import Array, Denoise, Noise


def edm_euler(denoise: "Denoise", x: "Array", sigmas: list[float], noise: "Noise") -> "Array":
    """diffusers' EDMEulerScheduler at these noise levels."""
    return _by_scheduler("EDMEulerScheduler", denoise, x, sigmas)


def edm_dpmpp_2m(denoise: "Denoise", x: "Array", sigmas: list[float], noise: "Noise") -> "Array":
    """diffusers' EDMDPMSolverMultistepScheduler at these noise levels."""
    return _by_scheduler("EDMDPMSolverMultistepScheduler", denoise, x, sigmas)


def _by_scheduler(name: str, denoise: "Denoise", x: "Array", sigmas: list[float]) -> "Array":
    import diffusers
    import torch

    like: Any = x
    if isinstance(x, np.ndarray):
        x = torch.from_numpy(x)
    scheduler = getattr(diffusers, name)(
        sigma_min=sigmas[-2], sigma_max=sigmas[0], sigma_schedule="exponential"
    )
    scheduler.set_timesteps(len(sigmas) - 1)
    scheduler.sigmas = torch.tensor(sigmas)
    data = scheduler.config.sigma_data
    for timestep, sigma in zip(scheduler.timesteps, sigmas[:-1], strict=True):
        scheduler.scale_model_input(x, timestep)  # c_in x, for a raw network; ours scales itself
        seen = x.numpy() if isinstance(like, np.ndarray) else x
        clean = torch.as_tensor(denoise(seen, sigma))
        total = sigma**2 + data**2  # what the raw network would have said
        raw = (clean - data**2 / total * x) * (total**0.5 / (sigma * data))
        x = scheduler.step(raw.to(x.dtype), timestep, x).prev_sample
    return x.numpy() if isinstance(like, np.ndarray) else x
