"""How long LeRobot's DiffusionPolicy takes for one replan of PushT, on one thread.

Runs in an environment of its own that has LeRobot 0.4:

    python3 -m venv lerobot-env && lerobot-env/bin/pip install lerobot==0.4.4
    courtside bench beso --lerobot lerobot-env/bin/python

The policy is untrained, its U-Net as wide as comes closest to the wanted number of parameters.
Prints one JSON object.
"""

import argparse
import json
from time import perf_counter

import numpy as np
import torch
from lerobot.configs.types import FeatureType, PolicyFeature
from lerobot.policies.diffusion.configuration_diffusion import DiffusionConfig
from lerobot.policies.diffusion.modeling_diffusion import DiffusionPolicy


def policy_of(width: int, scheduler: str, steps: int) -> DiffusionPolicy:
    """A policy on states whose U-Net has `width`, twice and four times that many channels."""
    config = DiffusionConfig(
        input_features={
            "observation.state": PolicyFeature(FeatureType.STATE, (2,)),
            "observation.environment_state": PolicyFeature(FeatureType.ENV, (16,)),
        },
        output_features={"action": PolicyFeature(FeatureType.ACTION, (2,))},
        down_dims=(width, 2 * width, 4 * width),
        noise_scheduler_type=scheduler,
        num_inference_steps=steps,
        device="cpu",
    )
    return DiffusionPolicy(config).eval()


def size(policy: DiffusionPolicy) -> int:
    return sum(weight.numel() for weight in policy.parameters())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parameters", type=int, required=True)
    parser.add_argument("--n", type=int, default=10)
    args = parser.parse_args()
    torch.set_num_threads(1)
    widths = range(8, 520, 8)  # groups of eight channels
    width = min(widths, key=lambda w: abs(size(policy_of(w, "DDPM", 100)) - args.parameters))
    seen = {
        "observation.state": torch.rand(1, 2, 2),
        "observation.environment_state": torch.rand(1, 2, 16),
    }
    result: dict[str, object] = {"lerobot_parameters": size(policy_of(width, "DDPM", 100))}
    for scheduler, steps in (("DDPM", 100), ("DDIM", 10)):
        policy = policy_of(width, scheduler, steps)
        times = []
        for turn in range(args.n + 1):
            began = perf_counter()
            with torch.inference_mode():
                policy.diffusion.generate_actions(seen)
            if turn:
                times.append(1e3 * (perf_counter() - began))
        name = f"lerobot_{scheduler.lower()}{steps}"
        result[f"{name}_n"] = args.n
        result[f"{name}_p50_ms"] = round(float(np.median(times)), 2)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
