"""A mixture of normal distributions: what real strokes look like, in a few numbers.

Fitted to the published ball states by expectation and maximisation (Dempster, Laird, Rubin 1977),
so that opponents can draw real-looking strokes where the states themselves are not at hand.
Renew the fit with

    python -m sim.tennis.mixture --data FOLDER --seed 0

where FOLDER holds `rallies.json` and `serves.json` (see `sim.tennis.states`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from robot.types import Vector
from sim.tennis.states import States, load, split, valid

FITTED = Path(__file__).with_name("strokes.json")
LEAST = 1e-3  # added to each variance, in units of the data's own: no component collapses


@dataclass(frozen=True, slots=True)
class Mixture:
    """K normal distributions over d numbers."""

    shares: Vector  # (K,) sum 1
    means: Vector  # (K, d)
    roots: Vector  # (K, d, d) Cholesky factors of the covariances, lower

    def sample(self, n: int, rng: np.random.Generator) -> Vector:
        """(n, d) drawn numbers."""
        which = rng.choice(len(self.shares), n, p=self.shares / self.shares.sum())
        drawn = rng.standard_normal((n, self.means.shape[1]))
        return self.means[which] + np.einsum("nij,nj->ni", self.roots[which], drawn)

    def log_density(self, values: Vector) -> Vector:
        """(n, K) logarithm of each component's share times its density at `values` (n, d)."""
        logs = np.empty((len(values), len(self.shares)))
        for k, (share, mean, root) in enumerate(
            zip(self.shares, self.means, self.roots, strict=True)
        ):
            z = np.linalg.solve(root, (values - mean).T)
            volume = np.log(np.diag(root)).sum() + len(mean) / 2 * np.log(2 * np.pi)
            logs[:, k] = np.log(share) - 0.5 * (z * z).sum(axis=0) - volume
        return logs

    def to_json(self) -> dict[str, Any]:
        """Four significant digits; of the factors the lower triangles, row by row."""
        lower = np.tril_indices(self.means.shape[1])
        return {
            "shares": _short(self.shares),
            "means": [_short(mean) for mean in self.means],
            "roots": [_short(root[lower]) for root in self.roots],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Mixture":
        """The inverse of `to_json`."""
        means = np.array(data["means"], dtype=np.float64)
        roots = np.zeros((*means.shape, means.shape[1]))
        rows, columns = np.tril_indices(means.shape[1])
        roots[:, rows, columns] = data["roots"]
        return cls(np.array(data["shares"], dtype=np.float64), means, roots)


def _short(values: Vector) -> list[float]:
    return [float(f"{value:.4g}") for value in values]


def fit(values: Vector, components: int, rng: np.random.Generator, rounds: int = 100) -> Mixture:
    """The mixture of `components` under which `values` (n, d) are likely."""
    middle, scale = values.mean(axis=0), values.std(axis=0)
    z = (values - middle) / scale
    d = z.shape[1]
    start = z[rng.choice(len(z), components, replace=False)]
    mixture = Mixture(
        np.full(components, 1 / components), start, np.tile(np.eye(d) * 0.7, (components, 1, 1))
    )
    for _ in range(rounds):
        logs = mixture.log_density(z)
        logs -= logs.max(axis=1, keepdims=True)
        belongs = np.exp(logs)
        belongs /= belongs.sum(axis=1, keepdims=True)
        weights = belongs.sum(axis=0) + 1e-9
        means = belongs.T @ z / weights[:, None]
        roots = np.empty((components, d, d))
        for k in range(components):
            off = z - means[k]
            spread = (belongs[:, k, None] * off).T @ off / weights[k]
            roots[k] = np.linalg.cholesky(spread + LEAST * np.eye(d))
        mixture = Mixture(weights / len(z), means, roots)
    return Mixture(mixture.shares, middle + scale * mixture.means, scale[:, None] * mixture.roots)


def fitted(file: Path = FITTED) -> dict[str, Mixture]:
    """The committed mixtures: "rallies" and "serves"."""
    return {name: Mixture.from_json(data) for name, data in json.loads(file.read_text()).items()}


@dataclass(frozen=True)
class Config:
    """Fit the mixtures anew."""

    data: Path  # a folder with rallies.json and serves.json
    rallies: int = 24  # components
    serves: int = 12  # components
    seed: int = 0
    out: Path = FITTED


def main(config: Config) -> None:
    """Fits and writes both mixtures, and prints the share of their draws that is valid."""
    rng, made = np.random.default_rng(config.seed), {}
    for name, components in (("rallies", config.rallies), ("serves", config.serves)):
        states: States = load(config.data / f"{name}.json")
        values = states.values[valid(states.ball())]
        mixture = fit(values, components, rng)
        made[name] = mixture.to_json()
        drawn = mixture.sample(2000, rng)
        print(f"{name}: fitted to {len(values)}; valid: {valid(split(drawn)).mean():.3f} of 2000")
    rows = ",\n".join(f'"{name}": {json.dumps(data)}' for name, data in made.items())
    config.out.write_text(f"{{\n{rows}\n}}\n")


if __name__ == "__main__":
    main(tyro.cli(Config))
