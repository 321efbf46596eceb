"""Mean and deviation of what was observed, gathered in parts and merged."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from robot.types import Vector, vector

CONSTANT = 1e-6  # deviations below this are of values that never change


@dataclass(frozen=True, eq=False)
class Normaliser:
    """Statistics of `count` observations of d values.

    Parts are merged by the update of Chan, Golub and LeVeque (1979), which loses no precision as
    sums of squares would. Merging in another order gives the same up to rounding.
    """

    count: int
    mean: Vector  # (d,)
    spread: Vector  # (d,) sum of the squared distances from the mean

    @classmethod
    def empty(cls, d: int) -> "Normaliser":
        """Nothing observed yet: leaves observations of d values as they are."""
        return cls(0, vector(np.zeros(d)), vector(np.zeros(d)))

    @classmethod
    def of(cls, observations: ArrayLike) -> "Normaliser":
        """Of observations (..., d)."""
        given = np.asarray(observations, np.float64)
        rows = given.reshape(-1, given.shape[-1])
        if not len(rows):
            return cls.empty(given.shape[-1])
        mean = rows.mean(0)
        return cls(len(rows), vector(mean), vector(((rows - mean) ** 2).sum(0)))

    def merged(self, other: "Normaliser") -> "Normaliser":
        """Of all that both observed."""
        if self.mean.shape != other.mean.shape:
            raise ValueError(
                f"observations of {len(self.mean)} and {len(other.mean)} values do not mix"
            )
        if not other.count:
            return self
        if not self.count:
            return other
        count = self.count + other.count
        apart = other.mean - self.mean
        mean = self.mean + apart * (other.count / count)
        spread = self.spread + other.spread + apart**2 * (self.count * other.count / count)
        return Normaliser(count, vector(mean), vector(spread))

    @cached_property
    def deviation(self) -> Vector:
        """(d,) Standard deviation; 1 where it is not known, or where the value never changed."""
        if not self.count:
            return vector(np.ones_like(self.mean))
        deviation = np.sqrt(self.spread / self.count)
        return vector(np.where(deviation < CONSTANT, 1.0, deviation))

    def __call__(self, observations: ArrayLike) -> Vector:
        """Observations (..., d) with mean 0 and deviation 1."""
        return (np.asarray(observations, np.float64) - self.mean) / self.deviation
