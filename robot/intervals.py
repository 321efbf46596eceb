"""How sure a measured figure is."""

from math import sqrt

Z = 1.959964  # of a two-sided 95 % interval


def wilson(successes: int, n: int) -> tuple[float, float]:
    """95 % interval of a rate, by E. B. Wilson (1927), for `successes` of `n` >= 1 trials."""
    if not 0 <= successes <= n or n < 1:
        raise ValueError(f"{successes} of {n} is no rate")
    rate, z2 = successes / n, Z * Z
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)
