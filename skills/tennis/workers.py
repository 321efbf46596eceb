"""Where candidates are tried: here, in processes of their own, or on a Ray cluster.

All give the same results in the same order. Worker processes use one thread each for linear
algebra: more would compete with each other, and matrix products depend, in their last bits, on
the number of threads. (That of the small matrices of a population does not.)
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from robot.types import Vector
from skills.tennis.curriculum import Tally
from skills.tennis.normalise import Normaliser

ONE_THREAD = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What a run, or a part of it, has learned beside the parameters."""

    normaliser: Normaliser  # of observations
    tally: Tally  # of categories of tasks; none, without a curriculum

    def merged(self, other: "Knowledge") -> "Knowledge":
        return Knowledge(self.normaliser.merged(other.normaliser), self.tally.merged(other.tally))


@dataclass(frozen=True, eq=False)
class Trial:
    """Candidates to try."""

    parameters: Vector  # (P, n)
    seeds: NDArray[np.uint64]  # (P, R) of the rollouts of each: everything random in them
    known: Knowledge  # so far: normalise by it, draw tasks by it


@dataclass(frozen=True, eq=False)
class Result:
    """How they fared."""

    rewards: Vector  # (P, R)
    gained: Knowledge  # in this trial alone


Objective = Callable[[Trial], Result]
Make = Callable[[], Objective]  # makes it where it runs; must be importable there


class Workers(Protocol):
    def run(self, trials: Sequence[Trial]) -> list[Result]:
        """The results, in the order of the trials."""
        ...

    def close(self) -> None: ...


class Here:
    """In this process, for an objective that uses threads of its own, and for tests."""

    def __init__(self, make: Make) -> None:
        self._objective = make()

    def run(self, trials: Sequence[Trial]) -> list[Result]:
        return [self._objective(trial) for trial in trials]

    def close(self) -> None:
        pass


class Processes:
    """In `count` processes on this machine."""

    def __init__(self, make: Make, count: int) -> None:
        # Started afresh: a copy of a process that has threads may hang.
        self._pool = ProcessPoolExecutor(count, get_context("spawn"), _begin, (make,))

    def run(self, trials: Sequence[Trial]) -> list[Result]:
        with _environment(ONE_THREAD):  # of the processes that submitting starts
            waiting = [self._pool.submit(_try, trial) for trial in trials]
        return [future.result() for future in waiting]

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


class Cluster:
    """On `count` processors of a Ray cluster: the one that is connected to, or this machine."""

    def __init__(self, make: Make, count: int) -> None:
        """Connects as `ray.init` does, by RAY_ADDRESS for example, unless that is done already.

        `count` 0 is all of its processors.
        """
        try:
            import ray  # pyright: ignore[reportMissingImports]
            from ray.util import ActorPool  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise ValueError("Ray is not installed: pip install 'courtside[ray]'") from error

        self._ray, self._mine, self._actors = ray, not ray.is_initialized(), []
        if self._mine:
            ray.init(log_to_driver=False, include_dashboard=False)
        there = int(ray.cluster_resources().get("CPU", 0))
        count = count or there
        if count > there:
            self.close()
            raise ValueError(f"the Ray cluster has {there} processors; {count} are wanted")
        kind: Any = ray.remote(num_cpus=1, runtime_env={"env_vars": ONE_THREAD})(_Actor)
        self._actors = [kind.remote(make) for _ in range(count)]
        self._pool = ActorPool(self._actors)

    def run(self, trials: Sequence[Trial]) -> list[Result]:
        def start(actor: Any, trial: Trial) -> Any:
            return actor.run.remote(trial)

        results: Any = self._pool.map(start, list(trials))
        return list(results)

    def close(self) -> None:
        for actor in self._actors:
            self._ray.kill(actor)
        if self._mine:
            self._ray.shutdown()


class _Actor:
    """One processor's worth of a cluster."""

    def __init__(self, make: Make) -> None:
        self._objective = make()

    def run(self, trial: Trial) -> Result:
        return self._objective(trial)


_objective: Objective | None = None  # of a worker process


def _begin(make: Make) -> None:
    global _objective  # noqa: PLW0603 - a process has no other place to keep it between tasks
    _objective = make()


def _try(trial: Trial) -> Result:
    assert _objective is not None
    return _objective(trial)


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
