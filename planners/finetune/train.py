"""The trainer of the adapter. It reads top to bottom.

One step is a function of the seed, the step's number and the state left by the step before, so a
run that was killed goes on from its last save to the very same end (on CPUs, to the last bit).
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from planners.finetune import adapter
from planners.finetune.llama import Llama, load
from planners.finetune.pairs import Pair, pairs
from planners.finetune.vocabulary import Tokens
from planners.program.prompt import brief

BUCKET = 32  # batches among which examples of like lengths are put together
NOTHING = -100  # the target of what is not to be learned


@dataclass(frozen=True)
class TrainConfig:
    """How an adapter is trained."""

    steps: int = 400
    batch: int = 16  # pairs a step; none is seen twice
    rank: int = 16
    alpha: float = 32.0  # adapters count alpha / rank
    learning_rate: float = 1e-3  # at its height; a cosine leads down from there
    warmup: int = 20  # [steps]
    validation: int = 64  # pairs
    every: int = 100  # [steps] between saves and validations
    seed: int = 0
    threads: int = 2  # of the CPU

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.rank, self.validation, self.every, self.threads) < 1:
            raise ValueError("steps, batch, rank, validation, every, threads must be at least 1")
        if self.seed < 0:
            raise ValueError("seed must be at least 0")


@dataclass(frozen=True)
class Progress:
    """How training stands, for whoever shows it."""

    step: int
    steps: int
    loss: float  # of a program's token, running mean
    samples_per_s: float
    validation: Mapping[str, float]  # the last


@dataclass(frozen=True)
class Example:
    """A pair in tokens."""

    tokens: tuple[int, ...]
    prompt: int  # how many of them are the prompt's


class DataError(ValueError):
    """A run that cannot go on, and why."""


def train(
    base: Path,
    config: TrainConfig,
    out: Path,
    *,
    about: Mapping[str, str] | None = None,
    evaluate: Callable[[Path, Sequence[Pair]], Mapping[str, float]] | None = None,
    show: Callable[[Progress], None] = lambda progress: None,
) -> dict[str, Any]:
    """Train an adapter for the GGUF file `base` and leave it at `out`, the best there was by
    validation; goes on where an unfinished run at `out` stopped.

    `evaluate` says how an adapter in a file does on pairs: `right`, the share of them, decides.
    Beside `out` a curve (.json) is left, and until the end the state of the run (.training).
    """
    torch.set_num_threads(config.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32

    # --- the data: validation first, then what no validation pair is among
    tokens = Tokens(base)
    count = config.steps * config.batch
    drawn = pairs(np.random.default_rng(config.seed), config.validation + count)
    held_out, training = drawn[: config.validation], drawn[config.validation :]
    examples = [example(tokens, pair) for pair in training]
    batches = bucketed(examples, config.batch, np.random.default_rng([config.seed, 1]))
    watched = bucketed([example(tokens, pair) for pair in held_out], config.batch, None)

    # --- the model
    torch.manual_seed(config.seed)
    model = load(base, config.rank, config.alpha, dtype).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=0.0)

    def mean_loss(batch: Sequence[Example]) -> Tensor:
        """Of the tokens of programs, each given all before it."""
        text, targets = padded(batch, tokens.end)
        text, targets = text.to(device), targets.to(device)
        hidden = model.hidden(text)[targets != NOTHING]  # only these are worth their scores
        return F.cross_entropy(model.scores(hidden).float(), targets[targets != NOTHING])

    def keep(path: Path) -> None:
        facts = {**(about or {}), "training": json.dumps(asdict(config))}
        adapter.write(path, model, config.alpha, facts)

    # --- go on from where an unfinished run stopped
    unfinished = out.with_suffix(".training")
    best = out.with_suffix(".best")
    identity = json.dumps([asdict(replace(config, threads=1)), training[-1].instruction])
    step, running, curve = 0, math.nan, list[dict[str, float]]()
    if unfinished.exists():
        saved = torch.load(unfinished, map_location=device, weights_only=True)
        if saved["identity"] != identity:
            raise DataError(
                f"{unfinished} is of a run with other settings; finish it with those, or remove it"
            )
        model.load_state_dict(saved["model"], strict=False)
        optimizer.load_state_dict(saved["optimizer"])
        step, running, curve = saved["step"], saved["running"], saved["curve"]

    # --- the loop
    began, first = monotonic(), step
    while step < config.steps:
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * _pace(step, config)
        now = mean_loss(batches[step])
        optimizer.zero_grad()
        now.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        value = now.item()
        if not math.isfinite(value):
            raise DataError(f"the loss is {value} at step {step}; try a lower learning rate")
        running = value if math.isnan(running) else 0.95 * running + 0.05 * value
        if step % config.every == 0 or step == config.steps:
            with torch.no_grad():
                losses = [mean_loss(batch).item() * len(batch) for batch in watched]
            metrics = {"step": step, "loss": running, "validation": sum(losses) / len(held_out)}
            keep(out.with_suffix(".sofar"))
            metrics |= evaluate(out.with_suffix(".sofar"), held_out) if evaluate else {}
            curve.append(metrics)
            if max(curve, key=_merit) is metrics:
                out.with_suffix(".sofar").replace(best)
            now_at = {"identity": identity, "step": step, "running": running, "curve": curve}
            now_at |= {"optimizer": optimizer.state_dict(), "model": _adapters(model)}
            _save(unfinished, now_at)
        speed = config.batch * (step - first) / (monotonic() - began)
        show(Progress(step, config.steps, running, speed, curve[-1] if curve else {}))

    # --- what is left
    best.replace(out)
    out.with_suffix(".json").write_text(json.dumps(curve, indent=1) + "\n")
    for rest in (unfinished, out.with_suffix(".sofar")):
        rest.unlink(missing_ok=True)
    return dict(max(curve, key=_merit))


def example(tokens: Tokens, pair: Pair) -> Example:
    """The prompt as at run time, the program, and the end."""
    prompt = tokens.of(brief(pair.instruction, pair.objects, pair.error))
    return Example((*prompt, *tokens.of(pair.program), tokens.end), len(prompt))


def bucketed(
    examples: Sequence[Example], size: int, rng: np.random.Generator | None
) -> list[list[Example]]:
    """Batches of examples of like lengths, in an order of chance if there is one."""
    batches: list[list[Example]] = []
    for begin in range(0, len(examples), size * BUCKET):
        bucket = sorted(examples[begin : begin + size * BUCKET], key=lambda each: len(each.tokens))
        made = [bucket[at : at + size] for at in range(0, len(bucket), size)]
        batches += [made[i] for i in rng.permutation(len(made))] if rng else made
    return batches


def padded(batch: Sequence[Example], end: int) -> tuple[Tensor, Tensor]:
    """Tokens (n, length), and for each which comes next, where that is the program's."""
    length = max(len(each.tokens) for each in batch) - 1
    text = torch.full((len(batch), length), end)
    targets = torch.full((len(batch), length), NOTHING)
    for row, each in enumerate(batch):
        size = len(each.tokens) - 1
        text[row, :size] = torch.tensor(each.tokens[:-1])
        targets[row, each.prompt - 1 : size] = torch.tensor(each.tokens[each.prompt :])
    return text, targets


def _merit(metrics: Mapping[str, float]) -> tuple[float, float]:
    return metrics.get("right", 0.0), -metrics["validation"]


def _adapters(model: Llama) -> dict[str, Tensor]:
    return {name: value.detach() for name, value in model.named_parameters()}


def _pace(step: int, config: TrainConfig) -> float:
    """Share of the learning rate: up over the warm-up, then a cosine down to a fiftieth."""
    cosine = (1 + math.cos(math.pi * step / config.steps)) / 2
    return min(1.0, (step + 1) / config.warmup) * (0.02 + 0.98 * cosine)


def _save(path: Path, run: Mapping[str, Any]) -> None:
    """All of the file or nothing, even if the run is killed."""
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(run, part)
    part.replace(path)
