"""Distillation of the model-based stroke into a learned controller, by dataset aggregation.

DAgger (Ross et al., arXiv 1011.0686): the learner plays, the teacher says at every tick what it
would have sent, and the learner is fitted to all that was ever said. In the first round the
teacher plays.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import smooth_l1_loss

from robot.ball import Track
from robot.tennis import SPEED, TENNIS
from robot.types import Vector, vector
from skills.tennis.arena import Arena, Fates, Worlds
from skills.tennis.controller import Playing
from skills.tennis.network import ADAPTER, CONTROLLER, initial
from skills.tennis.network_torch import Adapted, TorchNetwork
from skills.tennis.normalise import Normaliser
from skills.tennis.observer import Observer
from skills.tennis.stroke import Stroke, StrokeConfig

Learned = tuple[Vector, Normaliser]  # parameters (n,), and of what is observed
LONGEST = 100  # ticks of an episode that are kept
ROUGH = 0.05  # [of full speed] errors above this are not squared
AFTER = 3  # ticks after contact that are learned: the follow-through


@dataclass(frozen=True)
class DistilConfig:
    """How to distil."""

    rounds: int = 16
    steps: int = 600  # of gradient descent, a round
    last_steps: int = 6000  # in the last round
    batch: int = 64  # episodes a step
    rate: float = 2e-3  # of Adam, falling to a tenth within each round
    seed: int = 0


@dataclass(eq=False)
class Lessons:
    """Episodes, from when the ball is known: what was seen, and what the teacher would do."""

    seen: NDArray[np.float32]  # (E, LONGEST, 16)
    said: NDArray[np.float32]  # (E, LONGEST, 8) in shares of full speed
    counts: NDArray[np.float32]  # (E, LONGEST) 1 where it shall be learned

    def joined(self, other: "Lessons") -> "Lessons":
        pairs = ((self.seen, other.seen), (self.said, other.said), (self.counts, other.counts))
        return Lessons(*(np.concatenate(pair) for pair in pairs))


def lesson(
    arena: Arena,
    states: Vector,
    track: Track,
    strokes: list[StrokeConfig],
    pupil: Playing | None,
) -> tuple[Lessons, Fates]:
    """One episode of each of `states` (n, 9): played by the pupil, or the teacher if there is none.

    `strokes`: the teacher's, one for each.
    """
    n = len(states)
    teacher = Stroke(track, strokes)
    senses = arena.reset(states)
    teacher.reset(np.arange(n), np.tile(TENNIS.home, (n, 1)))
    lessons = Lessons(
        np.zeros((n, LONGEST, CONTROLLER.inputs), np.float32),
        np.zeros((n, LONGEST, CONTROLLER.outputs), np.float32),
        np.zeros((n, LONGEST), np.float32),
    )
    observer = Observer(track, senses.q)
    age = np.full(n, -1)  # ticks since the ball is known
    for _ in range(LONGEST):
        now, given = np.full(n, senses.now), observer.see(senses)
        said = teacher.act(now, senses.ball, senses.seen, senses.q, senses.measured, senses.sent)
        known = ~np.isnan(given[:, 0])
        if pupil is not None:
            pupil.restart(known & (age < 0), given)
        age[known | (age >= 0)] += 1
        rows, ticks = np.flatnonzero(age >= 0), age[age >= 0]
        lessons.seen[rows, ticks] = given[rows]
        lessons.said[rows, ticks] = (said / SPEED)[rows]
        counts = (teacher.due() > now - AFTER * TENNIS.dt) & ~arena.over
        lessons.counts[rows, ticks] = counts[rows]
        wish = said if pupil is None else pupil.act(given)
        senses = arena.step(np.where(age[:, None] >= 0, wish, 0.0))
        if arena.over.all():
            break
    return lessons, arena.fates()


def fit(
    network: nn.Module,
    lessons: Lessons,
    normaliser: Normaliser,
    config: DistilConfig,
    steps: int,
    rng: np.random.Generator,
) -> float:
    """Gradient descent on Huber's loss; the mean of the last hundred steps' losses.

    Squares up to ROUGH, and linear beyond: where a learner is off shortly before contact, what the
    teacher would do is violent, and hardly to be learned.
    """
    inputs = torch.from_numpy(np.nan_to_num(normaliser(lessons.seen)).astype(np.float32))
    targets, counts = torch.from_numpy(lessons.said), torch.from_numpy(lessons.counts)
    before = CONTROLLER.window - 1  # timesteps before the first are like it
    inputs = torch.cat((inputs[:, :1].expand(-1, before, -1), inputs), 1)
    optimiser = torch.optim.Adam(network.parameters(), config.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, config.rate / 10)
    losses = []
    for _ in range(steps):
        rows = torch.from_numpy(rng.integers(len(inputs), size=config.batch))
        weights = counts[rows]
        length = int(weights.any(0).nonzero().max()) + 1  # nothing counts after that
        weights, wanted = weights[:, :length], targets[rows, :length]
        out = network(inputs[rows, : before + length])
        error = smooth_l1_loss(out, wanted, beta=ROUGH, reduction="none").mean(-1) * weights
        loss = error.sum() / weights.sum().clamp(min=1)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses[-100:]))


Draw = Callable[[np.random.Generator, int], tuple[Vector, list[StrokeConfig]]]


def distil(
    worlds: Worlds,
    draw: Draw,
    track: Track,
    config: DistilConfig,
    show: Callable[[int, float, Fates], None],
    begin: Learned | None = None,
    frozen: Vector | None = None,
) -> Learned:
    """A controller taught in `worlds`; or an adapter (2836,) of one whose parameters are `frozen`.

    `draw` gives ball states (n, 9) and the teacher's stroke for each; `show` is told round, loss,
    and how the round's episodes ended. `begin` is what to go on from; an adapter needs it.
    """
    rng = np.random.default_rng(config.seed)
    arena, lessons = Arena(worlds, track), None
    start, normaliser = begin or (initial(CONTROLLER, rng, 0.1), None)
    learned = TorchNetwork(CONTROLLER if frozen is None else ADAPTER, start)
    network = learned if frozen is None else Adapted(TorchNetwork(CONTROLLER, frozen), learned)
    nothing = np.zeros((worlds.n, CONTROLLER.inputs))
    for round_ in range(config.rounds):
        states, strokes = draw(rng, worlds.n)
        pupil, now = None, learned.parameters_flat.detach().numpy()
        if normaliser is not None:  # else the teacher begins
            tried = (now, None) if frozen is None else (frozen, now)
            pupil = Playing(tried[0], normaliser, SPEED, nothing, tried[1])
        new, fates = lesson(arena, states, track, strokes, pupil)
        lessons = new if lessons is None else lessons.joined(new)
        if normaliser is None:
            rows = new.seen[(new.counts > 0) & ~np.isnan(new.seen).any(-1)]
            normaliser = Normaliser.of(rows)
        last = round_ == config.rounds - 1
        loss = fit(
            network, lessons, normaliser, config, config.last_steps if last else config.steps, rng
        )
        show(round_, loss, fates)
    assert normaliser is not None
    return vector(learned.parameters_flat.detach().numpy()), normaliser
