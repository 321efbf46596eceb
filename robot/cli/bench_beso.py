"""How long a policy takes for one chunk of actions, beside what else could run it.

All of it in one process on one thread, the contestants taking turns, so that whatever else the
machine does meets them alike. Compare the ratios.
"""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from robot.cli.errors import WrongUse

if TYPE_CHECKING:
    from skills.beso.checkpoint import Checkpoint

LEROBOT = Path(__file__).parents[2] / "tests" / "benchmark" / "lerobot_latency.py"
SLOW = 20  # slow contestants take every twentieth turn


def measure(n: int, seed: int, lerobot: str) -> dict[str, Any]:
    """Latency [ms] of one replan of the shipped PushT policy: `p50_ms`, `p99_ms`, and ratios."""
    from skills.beso.checkpoint import Checkpoint
    from skills.beso.policy import Policy
    from skills.beso.shipped import SHIPPED

    shipped = SHIPPED["pusht"]
    checkpoint = Checkpoint.load(shipped.path)
    rng = np.random.default_rng(seed)
    history = rng.uniform(100, 400, (1, checkpoint.network.history, 5))
    sampling = replace(shipped.sampling, steps=3)
    policy = Policy(checkpoint, sampling)
    contestants: dict[str, Callable[[], object]] = {
        "ours": lambda: policy.sample(history, None, rng)
    }
    if find_spec("torch") and find_spec("diffusers"):
        import torch

        torch.set_num_threads(1)
        contestants |= _diffusers(checkpoint, policy.session.run, policy.inputs)
        contestants["ours_in_torch"] = _in_torch(checkpoint, sampling, history)
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(-5, n):
        for name, work in contestants.items():
            if name != "ours" and turn % SLOW:
                continue
            began = perf_counter()
            work()
            if turn >= 0:
                times[name].append(1e3 * (perf_counter() - began))
    result: dict[str, Any] = {
        "steps": 3,
        "sampler": sampling.sampler,
        "parameters": sum(value.size for value in checkpoint.weights.values()),
    }
    for name, values in times.items():
        result |= _quantiles("" if name == "ours" else f"{name}_", values)
    ours = float(np.median(times["ours"]))
    for name, values in times.items():
        if name != "ours":
            result[f"{name}_ratio"] = round(float(np.median(values)) / ours, 1)
    if lerobot:
        result |= _lerobot(lerobot, result["parameters"], ours)
    return result


def _quantiles(prefix: str, times: list[float]) -> dict[str, Any]:
    """n, p50 and p99 of times [ms]."""
    p50, p99 = np.percentile(times, [50, 99])
    return {
        f"{prefix}n": len(times),
        f"{prefix}p50_ms": round(float(p50), 3),
        f"{prefix}p99_ms": round(float(p99), 3),
    }


def _diffusers(
    checkpoint: "Checkpoint", session: Callable[..., list[Any]], inputs: set[str]
) -> dict[str, Callable[[], object]]:
    """The same network under diffusers' DDPM and DDIM schedulers, in torch as their users run it,
    and in ONNX Runtime."""
    import diffusers
    import torch

    from skills.beso.export import INPUTS, example, restored

    denoiser = restored(checkpoint)
    _, _, *condition = example(checkpoint.network, 1)
    given = dict(zip(INPUTS[2:], (part.numpy() for part in condition), strict=True))
    given = {name: value for name, value in given.items() if name in inputs}

    def in_torch(x: "torch.Tensor", sigma: float) -> "torch.Tensor":
        return denoiser(x, torch.full((1,), sigma), *condition)

    def in_onnx(x: "torch.Tensor", sigma: float) -> "torch.Tensor":
        feed = {"x": x.numpy(), "sigma": np.full(1, sigma, np.float32), **given}
        return torch.from_numpy(session(None, feed)[0])

    def sampling(scheduler: Any, steps: int, denoise: Callable[..., Any]) -> Callable[[], object]:
        """What Diffusion Policy does at each replan. The network is of the other convention, in
        which noise is added to samples that are not scaled down: x / sqrt(alpha)."""
        shape = (1, checkpoint.network.horizon, checkpoint.network.action)
        kept = scheduler.alphas_cumprod

        def sample() -> object:
            with torch.inference_mode():
                scheduler.set_timesteps(steps)
                x = torch.randn(shape)
                for t in scheduler.timesteps:
                    alpha = float(kept[t])
                    clean = denoise(x / alpha**0.5, (1 / alpha - 1) ** 0.5)
                    x = scheduler.step(clean, t, x).prev_sample
                return x

        return sample

    made: dict[str, Callable[[], object]] = {}
    settings = {
        "num_train_timesteps": 100,
        "beta_schedule": "squaredcos_cap_v2",
        "prediction_type": "sample",
    }
    for name, kind, steps in (("ddpm100", "DDPMScheduler", 100), ("ddim10", "DDIMScheduler", 10)):
        for where, denoise in (("", in_torch), ("_onnx", in_onnx)):
            scheduler = getattr(diffusers, kind)(**settings)
            made[name + where] = sampling(scheduler, steps, denoise)
    return made


def _in_torch(checkpoint: "Checkpoint", config: Any, history: Any) -> Callable[[], object]:
    """Our sampler with the network in torch: what ONNX Runtime saves."""
    import torch

    from skills.beso.export import example, restored
    from skills.beso.samplers import SAMPLERS, SCHEDULES

    denoiser = restored(checkpoint)
    x, _, *condition = example(checkpoint.network, 1)
    noise = checkpoint.noise
    sigmas = SCHEDULES[config.schedule](config.steps, noise.sigma_min, noise.sigma_max)

    def sample() -> object:
        with torch.inference_mode():
            return SAMPLERS[config.sampler](
                lambda x, sigma: denoiser(x, torch.full((1,), sigma), *condition),
                x,
                sigmas,
                torch.randn_like,
            )

    return sample


def _lerobot(python: str, parameters: int, ours: float) -> dict[str, Any]:
    """LeRobot's DiffusionPolicy of as many parameters, run by the `python` that has it."""
    command = [python, str(LEROBOT), "--parameters", str(parameters)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise WrongUse(f"--lerobot {python}: {last}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    for name in ("ddpm100", "ddim10"):
        found[f"lerobot_{name}_ratio"] = round(found[f"lerobot_{name}_p50_ms"] / ours, 1)
    return found
