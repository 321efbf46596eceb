"""Blackbox gradient sensing: an evolution strategy for controllers of some thousand parameters.

After Abeyruwan et al. (arXiv 2207.06572) with the figures of arXiv 2408.03906, table IX. A step
tries antithetic pairs of parameters, centre + sigma * d and centre - sigma * d, along orthogonal
directions d; each is the mean of several rollouts, the same tasks for both of a pair. The pairs
whose rewards differ most are kept, and the centre moves along their directions in proportion to
the difference, measured in standard deviations of the kept rewards (as Mania et al., arXiv
1803.07055, whose observation normalisation is used too):

    centre += step_size / (k * deviation) * sum over the k kept of (plus - minus) * d

A step is a function of the seed, the step's number and the state left by the step before: not of
how many workers there are, for trials are of one size and are added up in one order. So a run
that was killed goes on from its last save to the very same end.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.types import Vector, vector
from skills.saved import read, write
from skills.tennis.curriculum import Tally
from skills.tennis.normalise import Normaliser
from skills.tennis.workers import Knowledge, Result, Trial, Workers

FORMAT = "courtside-evolution-1"


@dataclass(frozen=True)
class EvolutionConfig:
    """The evolution strategy; by default as published for training in simulation."""

    steps: int = 1000
    step_size: float = 0.00375
    sigma: float = 0.025  # standard deviation of a perturbed parameter
    perturbations: int = 200  # antithetic pairs a step
    rollouts: int = 15  # of each candidate
    keep: float = 0.3  # share of the pairs that decide
    memory: float = 0.9  # share that a step's counts of tasks keep of their weight at the next
    together: int = 5  # pairs in one trial: what one worker does at a time
    every: int = 10  # steps between saves
    seed: int = 0

    def __post_init__(self) -> None:
        counts = (self.steps, self.perturbations, self.rollouts, self.together, self.every)
        if min(counts) < 1:
            raise ValueError(
                "steps, perturbations, rollouts, together and every must be at least 1"
            )
        if min(self.step_size, self.sigma) <= 0:
            raise ValueError("step_size and sigma must be above 0")
        if not 0 < self.keep <= 1 or not 0 <= self.memory <= 1:
            raise ValueError("keep and memory are shares")
        if self.seed < 0:
            raise ValueError("seed must be at least 0")


# As published for the adapter to another world.
ADAPTING = EvolutionConfig(step_size=0.00125, perturbations=5, rollouts=3, keep=0.6)


@dataclass(frozen=True, eq=False)
class Run:
    """A run after `step` steps."""

    step: int
    centre: Vector  # (n,)
    known: Knowledge
    # (step, 3) of each step: the candidates' mean reward, the best candidate's, and the kept
    # rewards' standard deviation.
    history: Vector

    @classmethod
    def begin(cls, start: ArrayLike, known: Knowledge) -> "Run":
        return cls(0, vector(start), known, vector(np.empty((0, 3))))

    def save(self, path: Path, identity: str) -> None:
        """Write it, whole or not at all."""
        normaliser, tally = self.known.normaliser, self.known.tally
        tensors = {
            "centre": self.centre,
            "normaliser.mean": normaliser.mean,
            "normaliser.spread": normaliser.spread,
            "tally.tried": tally.tried,
            "tally.returned": tally.returned,
            "history": self.history,
        }
        facts = {"step": self.step, "observations": normaliser.count, "identity": identity}
        write(path, FORMAT, tensors, facts)

    @classmethod
    def load(cls, path: Path, identity: str) -> "Run":
        """Read it; ValueError where it is of other settings, CheckpointError where damaged."""
        tensors, facts = read(path, FORMAT)
        if facts["identity"] != identity:
            raise ValueError(
                f"{path} is of a run with other settings; finish it with those, or remove it"
            )
        mean, spread = tensors["normaliser.mean"], tensors["normaliser.spread"]
        known = Knowledge(
            Normaliser(facts["observations"], vector(mean), vector(spread)),
            Tally(vector(tensors["tally.tried"]), vector(tensors["tally.returned"])),
        )
        return cls(facts["step"], vector(tensors["centre"]), known, vector(tensors["history"]))


@dataclass(frozen=True, eq=False)
class Progress:
    """How a run stands, for whoever shows or keeps it."""

    run: Run
    steps: int  # that it will have
    rollouts_per_s: float


def evolve(
    begin: Run,
    workers: Workers,
    config: EvolutionConfig,
    out: Path,
    *,
    about: Mapping[str, str] | None = None,
    show: Callable[[Progress], None] = lambda progress: None,
) -> Run:
    """Improve on `begin`; goes on where a run at `out` stopped, and leaves the end there.

    `about` says what else the result depends on (world, data, rewards): a run at `out` that was
    about something else is refused, by ValueError, and so are rewards that are not finite.
    """
    lasting = {name: value for name, value in asdict(config).items() if name not in CHANGEABLE}
    identity = json.dumps([lasting, dict(about or {}), len(begin.centre)], sort_keys=True)
    run = Run.load(out, identity) if out.exists() else begin
    began, first = monotonic(), run.step
    while run.step < config.steps:
        run = advance(run, workers, config)
        if run.step % config.every == 0 or run.step == config.steps:
            run.save(out, identity)
        rollouts = 2 * config.perturbations * config.rollouts * (run.step - first)
        show(Progress(run, config.steps, rollouts / max(monotonic() - began, 1e-9)))
    return run


CHANGEABLE = ("steps", "every")  # a run may be made longer, or saved more often


def advance(run: Run, workers: Workers, config: EvolutionConfig) -> Run:
    """The run after one more step."""
    pairs, sigma = config.perturbations, config.sigma
    deltas = directions(len(run.centre), pairs, config.seed, run.step)
    seeds = np.stack([_seeds(config, run.step, index) for index in range(pairs)])
    trials = []
    for begin in range(0, pairs, config.together):
        part = slice(begin, begin + config.together)
        both = np.stack((deltas[part], -deltas[part]), axis=1).reshape(-1, len(run.centre))
        twice = np.repeat(seeds[part], 2, axis=0)
        trials.append(Trial(vector(run.centre + sigma * both), twice, run.known))
    results = workers.run(trials)

    rewards = _rewards(trials, results, run.step)  # (2 * pairs,)
    plus, minus = rewards[::2], rewards[1::2]
    count = max(1, round(config.keep * pairs))
    kept = np.sort(np.argsort(-np.abs(plus - minus), kind="stable")[:count])
    deviation = float(np.std((plus[kept], minus[kept])))
    centre = run.centre
    if deviation > 0:  # else all fared alike, and nothing was learned
        slope = gradient(plus[kept], minus[kept], deltas[kept], sigma)
        centre = centre + config.step_size * (2 * sigma / deviation) * slope

    known = Knowledge(run.known.normaliser, run.known.tally.faded(config.memory))
    for result in results:
        known = known.merged(result.gained)
    row = [rewards.mean(), rewards.max(), deviation]
    return Run(run.step + 1, vector(centre), known, vector(np.vstack((run.history, row))))


def directions(n: int, count: int, seed: int, step: int) -> Vector:
    """Directions (count, n): orthogonal, each as long as n standard normal numbers are, sqrt(n).

    Direction i begins as normal numbers drawn for (seed, step, i) alone. More than n cannot all
    be orthogonal; then each n of them are.
    """
    rows = np.empty((count, n))
    for i in range(count):
        drawn = np.random.SeedSequence(seed, spawn_key=(step, i, 0))
        rows[i] = np.random.default_rng(drawn).standard_normal(n)
    for begin in range(0, count, n):
        block = rows[begin : begin + n]
        for i in range(len(block)):
            block[i] = _orthogonal(block[i], block[:i])
    return rows * np.sqrt(n)


def _orthogonal(row: Vector, others: Vector) -> Vector:
    """The unit vector (n,) of what is left of `row` beside the unit vectors `others` (i, n).

    Gram and Schmidt, with plain sums: their bits do not depend on the threads of linear algebra.
    """
    row = row / _length(row)
    left = 0.0
    while left < 0.5:  # what is left of little is inexact: once more
        row = row - np.einsum("i,ij->j", np.einsum("ij,j->i", others, row), others)
        left = _length(row)
        row = row / left
    return row


def _length(row: Vector) -> float:
    return float(np.sqrt(np.einsum("j,j->", row, row)))


def gradient(plus: Vector, minus: Vector, deltas: Vector, sigma: float) -> Vector:
    """The estimated gradient (n,) from rewards (k,) at centre +- sigma * deltas (k, n).

    The antithetic estimator of the gaussian-smoothed reward (Choromanski et al., arXiv
    1804.02395). With n orthogonal directions it is exact for linear and quadratic rewards.
    """
    return np.einsum("i,ij->j", plus - minus, deltas) / (2 * sigma * len(deltas))


def _seeds(config: EvolutionConfig, step: int, index: int) -> NDArray[np.uint64]:
    """The seeds (R,) of a pair's rollouts."""
    sequence = np.random.SeedSequence(config.seed, spawn_key=(step, index, 1))
    return sequence.generate_state(config.rollouts, np.uint64).astype(np.uint64)


def _rewards(trials: list[Trial], results: list[Result], step: int) -> Vector:
    """Each candidate's mean reward, in order; ValueError where there are none to be had."""
    for trial, result in zip(trials, results, strict=True):
        if result.rewards.shape != trial.seeds.shape:
            found, wanted = result.rewards.shape, trial.seeds.shape
            raise ValueError(f"the objective gave rewards of {found}; {wanted} are expected")
        if not np.isfinite(result.rewards).all():
            raise ValueError(f"the objective gave rewards that are not finite, at step {step}")
    return np.concatenate([result.rewards.mean(axis=1) for result in results])
