"""Training of the spin classifier and of the style policy, from balls as robots perceived them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from planners.tennis.network import SPIN, STYLE, Network
from planners.tennis.sight import NEEDED
from robot.ball import Mask
from robot.types import Vector, vector

FINEST = 1e-3  # [m, m/s, ...] variations below this are noise
STILL = 0.02  # [m, m/s, rad ...] a single input that varies less tells nothing
VALIDATION = 5  # every so many-th ball decides when to stop, not how to learn

Show = Callable[[int, float, float], None]  # step, loss, the validation's figure


@dataclass(frozen=True)
class TrainConfig:
    """How to train."""

    steps: int = 4000  # of gradient descent
    batch: int = 512
    rate: float = 3e-3  # of Adam, falling to nothing
    decay: float = 1e-2  # of weights
    check: int = 200  # steps between validations
    precision: float = 0.99  # spin: of the validation's balls that are voted underspin
    seed: int = 0


def train_style(
    windows: Vector, landed: Mask, balls: NDArray[np.int64], config: TrainConfig, show: Show
) -> Network:
    """The style policy that has most balls landed.

    `windows` (n, 128) as by `planners.tennis.sight.window`; `landed` (n, 2): with the generalist
    of each style; `balls` (n,) says which of them are of one ball. What is maximised is the
    expected landing, sum p(style) * landed(style).
    """
    spread = windows.std(axis=0)
    scale = np.where(spread > STILL, 1 / np.maximum(spread, STILL), 0.0)
    fates = torch.tensor(landed, dtype=torch.float32)

    def loss(out: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        return -(torch.softmax(out, 1) * fates[rows]).sum(1).mean()

    def figure(out: Vector, rows: NDArray[np.int64]) -> float:
        return float(landed[rows, out.argmax(axis=1)].mean())

    return _train(STYLE, windows, np.diag(scale), balls, loss, figure, config, show)


def train_spin(
    inputs: Vector, underspin: Mask, balls: NDArray[np.int64], config: TrainConfig, show: Show
) -> Network:
    """The spin classifier.

    `inputs` (n, 18) as by `planners.tennis.sight.turns`, each with the true answer `underspin`
    (n,); `balls` (n,) says which of them are of one ball. What is above 0 is a vote for
    underspin: as much as `config.precision` allows of the balls that the votes decide on.
    """
    values, axes = np.linalg.eigh(np.cov(inputs.T))
    scale = axes / np.maximum(np.sqrt(np.maximum(values, 0.0)), FINEST)
    answers = torch.tensor(underspin, dtype=torch.float32)

    def loss(out: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        return binary_cross_entropy_with_logits(out[:, 0], answers[rows])

    def figure(out: Vector, rows: NDArray[np.int64]) -> float:
        return threshold(out[:, 0], underspin[rows], balls[rows], config.precision)[1]

    made = _train(SPIN, inputs, scale, balls, loss, figure, config, show)
    rows = np.flatnonzero(balls % VALIDATION == 0)
    least, _ = threshold(made(inputs[rows])[:, 0], underspin[rows], balls[rows], config.precision)
    return Network(made.weights, [*made.biases[:-1], vector(made.biases[-1] - least)])


def threshold(
    outputs: Vector, underspin: Mask, balls: NDArray[np.int64], precision: float
) -> tuple[float, float]:
    """Above which output a vote counts, for as many balls as `precision` allows; and the recall.

    `outputs` and `underspin` (n,), of `balls` (n,). A ball has underspin if the last of its rows
    says so, and is taken to have it if `NEEDED` of its rows vote so.
    """
    names, first = np.unique(balls, return_inverse=True)
    score, truth = np.full(len(names), -np.inf), np.zeros(len(names), dtype=bool)
    together = np.argsort(first, kind="stable")
    starts = np.flatnonzero(np.diff(first[together], prepend=-1))
    for ball, rows in enumerate(np.split(together, starts[1:])):
        truth[ball] = underspin[rows[-1]]
        if len(rows) >= NEEDED:
            score[ball] = np.sort(outputs[rows])[-NEEDED]  # taken for it below this threshold
    order = np.argsort(-score)
    right = np.cumsum(truth[order])
    good = (right >= precision * np.arange(1, len(order) + 1)) & np.isfinite(score[order])
    if not good.any():
        return float(outputs.max()), 0.0
    last = int(np.flatnonzero(good)[-1])
    below = score[order[last + 1]] if last + 1 < len(order) else -np.inf
    least = (
        score[order[last]] - 1e-3 if not np.isfinite(below) else (score[order[last]] + below) / 2
    )
    return float(least), float(right[last] / max(truth.sum(), 1))


def _train(
    sizes: Sequence[int],
    inputs: Vector,
    scale: Vector,
    groups: NDArray[np.int64],
    loss: Callable[[torch.Tensor, NDArray[np.int64]], torch.Tensor],
    figure: Callable[[Vector, NDArray[np.int64]], float],
    config: TrainConfig,
    show: Show,
) -> Network:
    """The network that did best on the validation's groups. `scale` (inputs, inputs) makes the
    inputs alike; it becomes a part of the first layer."""
    rng, generator = np.random.default_rng(config.seed), torch.Generator()
    generator.manual_seed(config.seed)
    mean = inputs.mean(axis=0)
    x = torch.tensor((inputs - mean) @ scale, dtype=torch.float32)
    apart = groups % VALIDATION == 0
    learned, kept = np.flatnonzero(~apart), np.flatnonzero(apart)
    layers: list[torch.Tensor] = []
    for before, after in pairwise(sizes):
        weight = torch.randn(before, after, generator=generator) / before**0.5
        layers += [weight.requires_grad_(), torch.zeros(after, requires_grad=True)]
    optimiser = torch.optim.AdamW(layers, config.rate, weight_decay=config.decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
    best, made = -np.inf, [layer.detach().clone() for layer in layers]
    for step in range(1, config.steps + 1):
        rows = rng.choice(learned, min(config.batch, len(learned)), replace=False)
        value = loss(_run(layers, x[rows]), rows)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        schedule.step()
        if step % config.check == 0:
            with torch.no_grad():
                now = figure(_run(layers, x[kept]).numpy().astype(np.float64), kept)
            show(step, float(value.detach()), now)
            if now >= best:
                best, made = now, [layer.detach().clone() for layer in layers]
    weights = [layer.numpy().astype(np.float64) for layer in made[::2]]
    biases = [layer.numpy().astype(np.float64) for layer in made[1::2]]
    biases[0] = biases[0] - mean @ scale @ weights[0]
    weights[0] = scale @ weights[0]
    return Network([vector(w) for w in weights], [vector(b) for b in biases])


def _run(layers: Sequence[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    for weight, bias in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        x = torch.tanh(x @ weight + bias)
    return x @ layers[-2] + layers[-1]
