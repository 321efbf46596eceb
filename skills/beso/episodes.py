"""Demonstrations: arrays of observations and actions, cut into episodes. Without torch."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]


class DataError(ValueError):
    """Demonstrations that cannot be used, and why."""


@dataclass(frozen=True, eq=False)
class Episodes:
    """Episodes one after the other, checked."""

    observations: Floats  # (N, observation)
    actions: Floats  # (N, action), each taken at its observation
    ends: Indices  # (E,) rising; the index behind each episode's last step
    fps: float  # [Hz] steps a second
    tasks: tuple[str, ...] = ()  # each episode's sentence, "" for none; empty: no episode has one

    def __post_init__(self) -> None:
        n = len(self.observations)
        for name, array in (("observations", self.observations), ("actions", self.actions)):
            if array.ndim != 2 or not array.shape[1]:
                raise DataError(f"{name} must be (steps, numbers), not {array.shape}")
            if len(array) != n:
                raise DataError(f"{n} observations but {len(array)} actions: is it truncated?")
            bad = np.flatnonzero(~np.isfinite(array).all(1))
            if bad.size:
                raise DataError(f"{name} are not finite at {bad.size} steps, first at {bad[0]}")
        if self.ends.ndim != 1 or not self.ends.size or (np.diff(self.ends, prepend=0) < 1).any():
            raise DataError("episode ends must rise from 1, and there must be one")
        if self.ends[-1] != n:
            raise DataError(f"the last episode ends at {self.ends[-1]}, but there are {n} steps")
        if not 0 < self.fps < np.inf:
            raise DataError(f"steps a second must be positive, not {self.fps}")
        if self.tasks and len(self.tasks) != len(self.ends):
            raise DataError(f"{len(self.ends)} episodes but {len(self.tasks)} task sentences")

    @classmethod
    def of(
        cls,
        observations: ArrayLike,
        actions: ArrayLike,
        ends: ArrayLike,
        fps: float,
        tasks: tuple[str, ...] = (),
    ) -> "Episodes":
        """Episodes of any arrays that hold numbers."""
        try:
            if np.asarray(ends).dtype.kind not in "iu":
                raise DataError("episode ends must be whole numbers")
            with np.errstate(over="ignore"):  # what does not fit is not finite, and said so
                return cls(
                    np.ascontiguousarray(observations, dtype=np.float32),
                    np.ascontiguousarray(actions, dtype=np.float32),
                    np.ascontiguousarray(ends, dtype=np.int64),
                    fps,
                    tasks,
                )
        except (TypeError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"not arrays of numbers: {error}") from error

    def __len__(self) -> int:
        return len(self.ends)

    @cached_property
    def starts(self) -> Indices:
        """(E,) the index of each episode's first step."""
        return np.concatenate([[0], self.ends[:-1]])

    @cached_property
    def first(self) -> Indices:
        """(N,) for every step, the index of its episode's first."""
        return np.repeat(self.starts, self.ends - self.starts)

    @cached_property
    def last(self) -> Indices:
        """(N,) for every step, the index of its episode's last."""
        return np.repeat(self.ends - 1, self.ends - self.starts)

    @cached_property
    def index(self) -> Indices:
        """(N,) for every step, the number of its episode."""
        return np.repeat(np.arange(len(self.ends)), self.ends - self.starts)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the data."""
        digest = hashlib.sha256()
        for array in (self.observations, self.actions, self.ends):
            digest.update(f"{array.shape}".encode())
            digest.update(array.tobytes())
        if self.tasks:
            digest.update(repr(self.tasks).encode())
        return digest.hexdigest()

    def select(self, episodes: Indices) -> "Episodes":
        """Only these episodes, in this order."""
        spans = zip(self.starts[episodes].tolist(), self.ends[episodes].tolist(), strict=True)
        steps = [np.arange(start, end) for start, end in spans]
        index = np.concatenate(steps)
        ends = np.cumsum([len(part) for part in steps])
        tasks = tuple(self.tasks[i] for i in episodes.tolist()) if self.tasks else ()
        return Episodes(self.observations[index], self.actions[index], ends, self.fps, tasks)

    def split(self, held_out: float, seed: int) -> tuple[Indices, Indices]:
        """Numbers of the episodes to train on, and of a random fraction held out."""
        order = np.random.default_rng(seed).permutation(len(self))
        count = max(1, round(held_out * len(self)))
        if count >= len(self):
            raise DataError(f"{len(self)} episodes cannot be split; more are needed")
        return np.sort(order[count:]), np.sort(order[:count])


def join(*parts: Episodes) -> Episodes:
    """All episodes of `parts`."""
    shapes = {(p.observations.shape[1], p.actions.shape[1], p.fps) for p in parts}
    if len(shapes) != 1:
        raise DataError(f"datasets differ in (observation, action, rate): {sorted(shapes)}")
    offsets = np.cumsum([0, *(len(p.observations) for p in parts[:-1])])
    told = any(p.tasks for p in parts)
    return Episodes(
        np.concatenate([p.observations for p in parts]),
        np.concatenate([p.actions for p in parts]),
        np.concatenate([p.ends + offset for p, offset in zip(parts, offsets, strict=True)]),
        parts[0].fps,
        tuple(task for p in parts for task in p.tasks or ("",) * len(p)) if told else (),
    )


def load_arrays(path: Path, observations: str, fps: float) -> Episodes:
    """Episodes of an .npz with arrays `observations`, `action` and `episode_ends`."""
    try:
        with np.load(path) as file:
            seen, actions, ends = (file[name] for name in (observations, "action", "episode_ends"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    except KeyError as error:
        raise DataError(f"{path}: {error.args[0]}") from error
    except Exception as error:  # zipfile, zlib, struct, pickle: whatever a broken file brings up
        raise DataError(f"{path}: not a whole .npz file ({error})") from error
    try:
        return Episodes.of(seen, actions, ends, fps)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
