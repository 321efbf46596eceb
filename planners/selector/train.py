"""Training of the selector: cross-entropy over the embeddings of known commands.

Several wordings of one command are all right. It stops when the held-out episodes are no longer
foretold better, and keeps what foretold them best. Fine-tuning goes on from a trained network, with
a share of each batch from the newest corrections.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from planners.selector.features import FULL, NAMES, PAST, THINGS
from planners.selector.network import HEADS, LAYERS, SMALL, WIDTH, Known, Network, names, shapes
from planners.selector.samples import NEEDS, Key, Sample, about

Show = Callable[[int, float, float, float], None]  # step, loss, held-out loss and accuracy
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class TrainConfig:
    """How to train."""

    steps: int = 4000  # at most
    batch: int = 64
    rate: float = 1e-3
    decay: float = 0.1  # of weights
    dropout: float = 0.2
    noise: float = 0.03  # of what is seen of things, in the network's units: 9 mm
    check: int = 50  # steps between validations
    patience: int = 10  # validations without a better one, then it stops
    held_out: int = 8  # every so many-th episode decides when to stop, not how to learn
    newest: float = 0.1  # of each batch from the newest corrections, when fine-tuning
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Trained:
    """What came of it."""

    network: Network
    curve: list[dict[str, float]]  # of validations
    best: dict[str, float]


class Table:
    """Samples as tensors."""

    def __init__(self, samples: Sequence[Sample], known: Known, keys: Mapping[str, Key]) -> None:
        self.things = _tensor([s.seen.things for s in samples])
        self.present = torch.tensor(np.array([s.seen.present for s in samples]))
        self.itself = _tensor([s.seen.itself for s in samples])
        self.asked = _tensor([s.seen.asked for s in samples])
        self.past = _tensor([s.seen.past for s in samples])
        self.ages = _tensor([s.seen.ages for s in samples])
        of = [keys[command] for command in known.commands]
        self.right = torch.tensor(
            np.array([[k == keys.get(s.command) for k in of] for s in samples]).reshape(-1, len(of))
        )
        rows = np.array([NAMES.index(n) if (n := about(c)) else -1 for c in known.commands])
        there = np.array([s.seen.present for s in samples])
        full = np.array([s.seen.itself[FULL] > 0 for s in samples])[:, None]
        needs = np.array([NEEDS.get(key[0], -1) for key in of]).astype(np.int64)
        fits = (needs < 0) | (needs == full)
        self.may = torch.tensor(((rows < 0) | there[:, rows]) & fits) | self.right
        self.verdict = _tensor([np.nan if s.verdict is None else s.verdict for s in samples])
        self.groups = np.array([s.group for s in samples])

    def __len__(self) -> int:
        return len(self.things)


def train(
    samples: Sequence[Sample],
    known: Known,
    keys: Mapping[str, Key],
    config: TrainConfig,
    show: Show,
    *,
    start: Network | None = None,
    newest: Sequence[Sample] = (),
    state: Path | None = None,
) -> Trained:
    """The network that foretells best what is said.

    `start`: a network to go on from; `newest`: corrections that make up a share of each batch;
    `state`: a file from which a run that was killed goes on.
    """
    table = Table([*samples, *newest], known, keys)
    commands = torch.tensor(known.embeddings)
    new = np.zeros(len(table), np.bool_)
    new[len(samples) :] = True
    apart = (table.groups % config.held_out == 0) & ~new
    learned, kept = np.flatnonzero(~apart & ~new), np.flatnonzero(apart)
    if not len(learned) or not len(kept):
        raise ValueError(f"{len(set(table.groups))} episodes are too few to hold some out")
    rng, generator = np.random.default_rng(config.seed), torch.Generator()
    generator.manual_seed(config.seed)
    weights = _begin(start, generator)
    optimiser = torch.optim.AdamW(weights.values(), config.rate, weight_decay=config.decay)
    about_run = {**asdict(config), "samples": len(table), "commands": len(known.commands)}
    step, since, best, made = 0, 0, {"loss": np.inf}, _copy(weights)
    curve: list[dict[str, float]] = []
    if state is not None and state.exists():
        saved = torch.load(state, weights_only=False)
        if saved["about"] == about_run:
            with torch.no_grad():
                for name, value in saved["weights"].items():
                    weights[name].copy_(value)
            optimiser.load_state_dict(saved["optimiser"])
            rng.bit_generator.state = saved["rng"]
            generator.set_state(saved["generator"])
            step, since, best, made, curve = (
                saved[k] for k in ("step", "since", "best", "made", "curve")
            )
    share = round(config.batch * config.newest) if len(newest) else 0
    total = 0.0
    while step < config.steps and since < config.patience:
        rows = rng.choice(learned, config.batch - share)
        if share:
            rows = np.concatenate((rows, rng.choice(np.flatnonzero(new), share)))
        loss, _ = _loss(weights, table, commands, rows, config, generator)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights.values(), 1.0)
        optimiser.step()
        step += 1
        total += float(loss.detach())
        if step % config.check:
            continue
        with torch.no_grad():
            there, right = _loss(weights, table, commands, kept, None, generator)
        now = {"step": step, "train": total / config.check, "loss": float(there), "right": right}
        total = 0.0
        curve.append(now)
        show(step, now["train"], now["loss"], right)
        since += 1
        if now["loss"] < best["loss"] or len(newest):  # what is new is to be learned in any case
            best, made, since = now, _copy(weights), 0
        if state is not None:
            kept_state = {"about": about_run, "weights": _copy(weights), "made": made, "step": step}
            kept_state |= {"since": since, "best": best, "curve": curve}
            kept_state |= {"optimiser": optimiser.state_dict(), "rng": rng.bit_generator.state}
            kept_state |= {"generator": generator.get_state()}
            part = state.with_name(state.name + ".part")
            torch.save(kept_state, part)
            part.replace(state)
    return Trained(Network.of({n: v.numpy() for n, v in made.items()}), curve, best)


def _begin(start: Network | None, generator: torch.Generator) -> Weights:
    weights: Weights = {}
    for name, shape in shapes().items():
        if start is not None:
            value = torch.tensor(start.tensors[name])
        elif "norm" in name:
            value = torch.stack((torch.ones(shape[1]), torch.zeros(shape[1])))
        elif len(shape) == 2:
            value = torch.randn(shape, generator=generator) / shape[0] ** 0.5
        else:
            value = torch.zeros(shape)
            value += {"names": 1.0, "temperature": float(np.log(0.05))}.get(name, 0.0)
        weights[name] = value.requires_grad_()
    return weights


def _loss(
    weights: Weights,
    table: Table,
    commands: torch.Tensor,
    rows: NDArray[np.int64],
    config: TrainConfig | None,
    generator: torch.Generator,
) -> tuple[torch.Tensor, float]:
    """The mean of -log of how likely what was said is, in any wording, and verdicts; and how often
    what is the likeliest was said. `config`: how inputs are disturbed; None: not."""
    out, verdict = forward(weights, table, rows, config, generator)
    truth = table.verdict[rows]
    judged = ~torch.isnan(truth)
    rows, out, verdict, truth = rows[~judged.numpy()], out[~judged], verdict[judged], truth[judged]
    logits = out @ commands.T / torch.exp(weights["temperature"])
    logits = logits.masked_fill(~table.may[rows], -torch.inf)
    right = table.right[rows]
    likely = torch.logsumexp(logits.masked_fill(~right, -torch.inf), 1)
    loss = (torch.logsumexp(logits, 1) - likely).mean()
    if len(truth):
        loss = loss + functional.binary_cross_entropy_with_logits(verdict, truth)
    hit = right.gather(1, logits.argmax(1, keepdim=True)).double().mean()
    return loss, float(hit)


def forward(
    weights: Weights,
    table: Table,
    rows: NDArray[np.int64],
    config: TrainConfig | None,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, SIZE) what should be said next, and (n,) the score of the verdict on what was asked for
    last, as `Network` computes them."""
    w, n = weights, len(rows)

    def dropped(x: torch.Tensor) -> torch.Tensor:
        if config is None:
            return x
        keep = torch.rand(x.shape, generator=generator) > config.dropout
        return x * keep / (1 - config.dropout)

    things = table.things[rows]
    if config is not None:
        shaken = torch.randn(things.shape, generator=generator) * config.noise
        things = things + shaken * (things != 0)
    first = table.itself[rows] @ w["self"] + table.asked[rows] @ w["asked"]
    own = things @ w["thing"] + w["thing_bias"]
    past = table.past[rows] @ w["past"] + w["place"] + table.ages[rows][..., None] * w["age"]
    x = dropped(torch.cat((first[:, None], own, past), 1))
    true = torch.ones(n, 1, dtype=torch.bool)
    there = torch.cat((true, table.present[rows], true.expand(n, PAST)), 1)
    for i in range(LAYERS):
        mixed = _norm(x, w[f"{i}.norm1"]) @ w[f"{i}.mix"]
        q, k, v = mixed.reshape(n, -1, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        back = functional.scaled_dot_product_attention(q, k, v, there[:, None, None, :])
        x = x + dropped(back.transpose(1, 2).reshape(n, -1, WIDTH) @ w[f"{i}.back"])
        inner = functional.relu(_norm(x, w[f"{i}.norm2"]) @ w[f"{i}.up"] + w[f"{i}.up_bias"])
        x = x + dropped(inner @ w[f"{i}.down"] + w[f"{i}.down_bias"])
    x = _norm(x, w["norm"])
    keys = torch.cat((w["nothing"].expand(n, 1, -1), x[:, 1 : 1 + THINGS] @ w["key"]), 1)
    scores = (keys @ (x[:, 0] @ w["query"])[..., None])[..., 0] / WIDTH**0.5
    scores = scores.masked_fill(~torch.cat((true, table.present[rows]), 1), -torch.inf)
    point = torch.softmax(scores, 1)[:, 1:]
    out = x[:, 0] @ w["what"] + w["names"] * (point @ torch.tensor(names()))
    return functional.normalize(out, dim=1), x[:, 0] @ w["verdict"] + w["verdict_bias"]


def _norm(x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    return functional.layer_norm(x, (WIDTH,), scale[0], scale[1], SMALL)


def _copy(weights: Weights) -> Weights:
    return {name: value.detach().clone() for name, value in weights.items()}


def _tensor(values: Sequence[Any]) -> torch.Tensor:
    return torch.tensor(np.array(values, np.float32))
