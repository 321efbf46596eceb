"""The trainer. It reads top to bottom.

One step is a function of the seed, the step's number and the state left by the step before, so a
run that was killed goes on from its last save to the very same end (on CPUs, to the last bit).
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from skills.beso.checkpoint import Checkpoint
from skills.beso.config import NetworkConfig, NoiseConfig
from skills.beso.diffusion import Denoiser, log_logistic, loss
from skills.beso.episodes import DataError
from skills.beso.export import onnx_graph, restored, weights_of
from skills.beso.windows import Data, Draws

VALIDATION = 4096  # windows


@dataclass(frozen=True)
class TrainConfig:
    """How a policy is trained, apart from data, layout and sizes."""

    steps: int = 24_000
    batch: int = 512
    learning_rate: float = 1e-3  # at its height; a cosine leads down from there
    warmup: int = 200  # [steps]
    weight_decay: float = 1e-3
    copies: int = 1  # of each window, with noise of their own; they cost less than windows
    drop_goal: float = 0.1  # share of windows whose goal is withheld, for guidance
    average: float = 0.999  # decay of the averaged weights, which are the ones that are kept
    held_out: float = 0.04  # share of the episodes kept for validation
    seed: int = 0
    every: int = 1000  # [steps] between saves, validations and evaluations
    threads: int = 1  # of the CPU
    bf16: bool = True  # matrix products in bfloat16

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.copies, self.every, self.threads) < 1:
            raise ValueError("steps, batch, copies, every and threads must be at least 1")
        if self.seed < 0:
            raise ValueError("seed must be at least 0")
        if not 0 <= self.drop_goal <= 1 or not 0 < self.held_out < 1:
            raise ValueError("drop_goal and held_out are shares")


@dataclass(frozen=True)
class Progress:
    """How training stands, for whoever shows it."""

    step: int
    steps: int
    loss: float  # on the training data, running mean
    samples_per_s: float
    validation: float  # the averaged weights' loss on episodes held out; NaN before the first
    metrics: Mapping[str, float]  # of the last evaluation


def train(
    data: Data,
    sizes: Mapping[str, Any],
    noise: NoiseConfig,
    config: TrainConfig,
    out: Path,
    *,
    start: Checkpoint | None = None,
    about: Mapping[str, str] | None = None,
    evaluate: Callable[[Checkpoint], Mapping[str, float]] | None = None,
    show: Callable[[Progress], None] = lambda progress: None,
) -> Checkpoint:
    """Train a policy and leave it at `out`; goes on where an unfinished run at `out` stopped.

    `sizes` are those of NetworkConfig that the data does not decide. `start` is a policy of the
    same sizes from which a new run begins; its scales are kept. Beside `out` a curve (.json) is
    left, and until the end the state of the run (.training).
    """
    torch.set_num_threads(config.threads)
    accelerator = Accelerator(mixed_precision="bf16" if config.bf16 else "no")
    device, rank, world = accelerator.device, accelerator.process_index, accelerator.num_processes

    # --- the data, and the sizes it decides
    horizon = NetworkConfig(state=1, action=data.numbers, goal=0, **sizes).horizon
    encoding = start.encoding if start else data.fit(horizon)
    state, goal = len(encoding.state_mean), len(encoding.goal_mean)
    rows = data.layout.rows
    shape = NetworkConfig(state=state, action=data.numbers, goal=goal, rows=rows, **sizes)
    training, held_out = data.windows(encoding, shape, config.held_out, config.seed, device)

    # --- the network, its average, and the optimiser
    torch.manual_seed(config.seed)
    denoiser = Denoiser.of(shape)
    if start is not None:
        if start.network != shape or start.encoding.layout != data.layout:
            raise DataError("the policy to start from is of other sizes, or of another task")
        denoiser = restored(start).train().requires_grad_(True)
    average = Denoiser.of(shape).to(device).eval().requires_grad_(False)
    average.load_state_dict(denoiser.state_dict())
    weights = {"betas": (0.9, 0.95), "weight_decay": config.weight_decay}
    adam = torch.optim.AdamW(denoiser.parameters(), config.learning_rate, **weights)
    model, optimizer = accelerator.prepare(denoiser, adam)

    def mean_loss(
        denoise: Callable[..., Tensor], windows: Draws, count: int, copies: int, seed: int
    ) -> Tensor:
        """Of `count` random windows; each process takes its share of them."""
        random = torch.Generator().manual_seed(seed)
        batch = windows.draw(count, random, config.drop_goal).share(rank, world)
        uniform = torch.rand((count, copies), generator=random)[rank::world].flatten().to(device)
        white = torch.randn((count, copies, shape.horizon, shape.action), generator=random)
        white = white[rank::world].flatten(0, 1).to(device)
        sigma = log_logistic(uniform, noise)
        clean, inside = (
            part.repeat_interleave(copies, 0) if copies > 1 else part
            for part in (batch.actions, batch.inside)
        )
        with accelerator.autocast():
            error = loss(denoise, clean, sigma, white, batch.states, batch.goals, batch.known)
        return (error * inside).sum() / (inside.sum() * shape.action)

    def checkpoint() -> Checkpoint:
        graph = onnx_graph(average, shape)
        facts = {
            **(about or {}),
            "data_sha256": data.hash,
            "goal": data.goal,
            "training": json.dumps(asdict(config)),
        }
        if start is not None:
            facts["start"] = json.dumps(dict(start.about))
        facts["curve"] = json.dumps(curve[-1:])
        return Checkpoint(shape, noise, encoding, data.fps, weights_of(average), graph, facts)

    # --- go on from where an unfinished run stopped
    unfinished = out.with_suffix(".training")
    recipe = [asdict(part) for part in (config, shape, noise, data.layout)]
    identity = json.dumps([*recipe, data.goal, data.hash, start.hash if start else None])
    step, running, curve = 0, math.nan, []
    parts = {"model": denoiser, "average": average, "optimizer": adam}
    if unfinished.exists():
        saved = torch.load(unfinished, map_location=device, weights_only=True)
        if saved["identity"] != identity:
            raise DataError(
                f"{unfinished} is of a run with other data or settings; finish it with those, or "
                "remove it"
            )
        for name, part in parts.items():
            part.load_state_dict(saved[name])
        step, running, curve = saved["step"], saved["running"], saved["curve"]

    # --- the loop
    began, first = monotonic(), step
    validation, metrics = math.nan, {}
    while step < config.steps:
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * _pace(step, config)
        now = mean_loss(model, training, config.batch, config.copies, _seed(config, step))
        optimizer.zero_grad()
        accelerator.backward(now)
        accelerator.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        decay = min(config.average, (1 + step) / (10 + step))
        with torch.no_grad():
            for mean, new in zip(average.parameters(), denoiser.parameters(), strict=True):
                mean.lerp_(new, 1 - decay)
        step += 1
        value = now.item()
        if not math.isfinite(value):
            raise DataError(f"the loss is {value} at step {step}; try a lower learning rate")
        running = value if math.isnan(running) else 0.99 * running + 0.01 * value
        if step % config.every == 0 or step == config.steps:
            with torch.no_grad():
                validation = float(mean_loss(average, held_out, VALIDATION, 1, _seed(config, -1)))
            if accelerator.is_main_process:
                metrics = evaluate(checkpoint()) if evaluate else {}
                curve.append({"step": step, "loss": running, "validation": validation, **metrics})
                now_at = {"identity": identity, "step": step, "running": running, "curve": curve}
                _save(
                    unfinished, now_at | {name: part.state_dict() for name, part in parts.items()}
                )
        speed = config.batch * (step - first) / (monotonic() - began)
        show(Progress(step, config.steps, running, speed, validation, metrics))

    # --- what is left
    final = checkpoint()
    if accelerator.is_main_process:
        out.with_suffix(".json").write_text(json.dumps(curve, indent=1) + "\n")
        final.save(out)
        unfinished.unlink(missing_ok=True)
    return final


def _pace(step: int, config: TrainConfig) -> float:
    """Share of the learning rate: up over the warm-up, then a cosine down to a fiftieth."""
    cosine = (1 + math.cos(math.pi * step / config.steps)) / 2
    return min(1.0, (step + 1) / config.warmup) * (0.02 + 0.98 * cosine)


def _seed(config: TrainConfig, step: int) -> int:
    """Of a step's random numbers; step -1 is validation's."""
    return (config.seed * 1_000_003 + step + 1) % 2**63


def _save(path: Path, run: Mapping[str, Any]) -> None:
    """All of the file or nothing, even if the run is killed."""
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(run, part)
    part.replace(path)
