"""Strokes that people play: the ball just after them, and what there is to know about each."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot.ball import PAPER, Track, cross
from robot.compiled import compiled
from robot.tennis import EDGE
from robot.types import Vector
from sim.tennis.mixture import fitted
from sim.tennis.states import load, serves, split, valid

DRAWN, SERVES, SEED = 6000, 1500, 0  # how many are drawn where there is no data, and how


@dataclass(frozen=True)
class Strokes:
    """N ball states, all valid, flying towards -y."""

    values: Vector  # (N, 9) position [m], velocity [m/s], spin [rad/s]
    speed: Vector  # (N,) in standard deviations above the mean
    spin: Vector  # (N,) of its magnitude, likewise
    side: Vector  # (N,) [m] x at which the ball crosses the robot's edge of the table

    @classmethod
    def of(cls, values: Vector, serve: bool, track: Track = PAPER) -> "Strokes":
        """Those of `values` (n, 9) that are valid, and serves or not, on `track`."""
        ball = split(values)
        values = values[valid(ball, track) & (serves(ball, track) == serve)]
        if len(values) < 100:
            raise ValueError(f"an opponent needs at least 100 valid strokes, not {len(values)}")
        speed = np.linalg.norm(values[:, 3:6], axis=1)
        spin = np.linalg.norm(values[:, 6:], axis=1)
        side = cross(track, split(values), 1, EDGE)[1].position[:, 0]
        return cls(values, _standard(speed), _standard(spin), side)

    def near(self, position: Vector, k: int) -> tuple[NDArray[np.int64], Vector]:
        """The `k` strokes played nearest to each of `position` (m, 3) [m]: rows and distances
        [m], (m, k) each, in no order."""
        squares = _squares(np.ascontiguousarray(position), self.values)
        rows = np.argpartition(squares, k, axis=1)[:, :k]
        return rows, np.sqrt(np.take_along_axis(squares, rows, axis=1))


def _standard(values: Vector) -> Vector:
    return (values - values.mean()) / values.std()


@compiled
def _squares(points: Vector, values: Vector) -> Vector:
    out = np.empty((len(points), len(values)))
    for i in range(len(points)):
        x, y, z = points[i]
        for j in range(len(values)):
            dx, dy, dz = values[j, 0] - x, values[j, 1] - y, values[j, 2] - z
            out[i, j] = dx * dx + dy * dy + dz * dz
    return out


@dataclass(frozen=True)
class Book:
    """Whence opponents draw."""

    rallies: Strokes
    serves: Strokes


@lru_cache(maxsize=8)
def book(track: Track = PAPER, folder: Path | None = None) -> Book:
    """Of the states in `folder` (`rallies.json` and `serves.json`); without one, of draws from
    the mixtures that were fitted to the published ones. `StatesError` says what is wrong."""
    if folder is not None:
        rallies, serve = (load(folder / f"{name}.json").values for name in ("rallies", "serves"))
    else:
        rng, mixtures = np.random.default_rng(SEED), fitted()
        rallies = mixtures["rallies"].sample(DRAWN, rng)
        serve = mixtures["serves"].sample(SERVES, rng)
    return Book(Strokes.of(rallies, False, track), Strokes.of(serve, True, track))
