"""Small made-up demonstrations for tests, and how two datasets are compared."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from skills.beso.datasets import load
from skills.beso.episodes import DataError, Episodes

slow = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def made(lengths=(3, 5, 2), observed=4, acted=2, fps=10.0, tasks=()):
    rng = np.random.default_rng(0)
    ends = np.cumsum(lengths)
    return Episodes.of(
        rng.normal(size=(ends[-1], observed)), rng.normal(size=(ends[-1], acted)), ends, fps, tasks
    )


def same(a, b):
    """Equal to the last bit, the sign of zero included."""
    pairs = (a.observations, b.observations), (a.actions, b.actions), (a.ends, b.ends)
    return (
        all(x.dtype == y.dtype and x.shape == y.shape for x, y in pairs)
        and all(x.tobytes() == y.tobytes() for x, y in pairs)
        and (a.fps, a.tasks) == (b.fps, b.tasks)
    )


def refused(path, *words):
    """The one line that says why a dataset cannot be read."""
    with pytest.raises(DataError) as caught:
        load(path)
    line = str(caught.value)
    assert "\n" not in line and all(word in line for word in words), line
    return line
