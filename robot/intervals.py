"""How sure a measured figure is."""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

Z = 1.959964  # of a two-sided 95 % interval


def wilson(successes: int, n: int) -> tuple[float, float]:
    """95 % interval of a rate, by E. B. Wilson (1927), for `successes` of `n` >= 1 trials."""
    if not 0 <= successes <= n or n < 1:
        raise ValueError(f"{successes} of {n} is no rate")
    rate, z2 = successes / n, Z * Z
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


def mean_interval(values: ArrayLike) -> tuple[float, float]:
    """95 % interval of a mean, for `values` (n,) of which there are many (normal approximation)."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or len(numbers) < 2:
        raise ValueError("an interval of a mean needs at least two values")
    middle, half = numbers.mean(), Z * numbers.std(ddof=1) / sqrt(len(numbers))
    return round(float(middle - half), 4), round(float(middle + half), 4)


def median_interval(values: ArrayLike) -> tuple[float, float]:
    """95 % interval of a median, for `values` (n,), n > 5: between two of them, by the binomial."""
    numbers = np.sort(np.asarray(values, dtype=np.float64))
    if numbers.ndim != 1 or len(numbers) < 6:
        raise ValueError("an interval of a median needs at least six values")
    n = len(numbers)
    rank = max(0, int(n / 2 - Z * sqrt(n) / 2))  # normal approximation of the binomial
    return round(float(numbers[rank]), 4), round(float(numbers[n - 1 - rank]), 4)
