"""A learned low-level controller: the file it is kept in, and what it does each tick."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.types import Vector, vector
from skills.saved import CheckpointError, read, write
from skills.tennis.network import ADAPTER, CONTROLLER, Network, Shape, Stream, modulate
from skills.tennis.normalise import Normaliser

FORMAT = "courtside-tennis-3"

Style = Literal["forehand", "backhand"]
Track = Literal["paper", "physical"]
STYLES: tuple[Style, ...] = get_args(Style)
TRACKS: tuple[Track, ...] = get_args(Track)


@dataclass(frozen=True, eq=False)
class Controller:
    """A controller, and where it comes from."""

    name: str
    style: Style
    track: Track  # of the world that it was trained for
    speed: Vector  # (8,) [m/s or rad/s] of each joint at an output of 1
    normaliser: Normaliser  # of observations (16,)
    parameters: NDArray[np.float32]  # (10676,)
    adapter: NDArray[np.float32] | None = None  # (2836,) of the FiLM adapter, where there is one
    command: str = ""  # that made it
    commit: str = ""  # of the code that made it
    metrics: Mapping[str, float] = field(default_factory=dict)  # of its evaluation

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            raise ValueError(f"the style is {self.style!r}; valid are {', '.join(STYLES)}")
        if self.track not in TRACKS:
            raise ValueError(f"the track is {self.track!r}; valid are {', '.join(TRACKS)}")
        sizes = {
            "speed": (len(self.speed), CONTROLLER.outputs),
            "normaliser": (len(self.normaliser.mean), CONTROLLER.inputs),
            "parameters": (len(self.parameters), CONTROLLER.size),
        }
        if self.adapter is not None:
            sizes["adapter"] = (len(self.adapter), ADAPTER.size)
        for what, (found, wanted) in sizes.items():
            if found != wanted:
                raise ValueError(f"{what} has {found} values; {wanted} are expected")

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        tensors: dict[str, NDArray[Any]] = {
            "parameters": np.asarray(self.parameters, np.float32),
            "speed": self.speed,
            "normaliser.mean": self.normaliser.mean,
            "normaliser.spread": self.normaliser.spread,
        }
        if self.adapter is not None:
            tensors["adapter"] = np.asarray(self.adapter, np.float32)
        facts = {
            "name": self.name,
            "style": self.style,
            "track": self.track,
            "observations": self.normaliser.count,
            "command": self.command,
            "commit": self.commit,
            "metrics": dict(self.metrics),
        }
        write(path, FORMAT, tensors, facts)

    @classmethod
    def load(cls, path: Path) -> "Controller":
        """Read and verify it; CheckpointError where it is altered, cut short or something else."""
        tensors, facts = read(path, FORMAT)
        try:
            mean, spread = tensors["normaliser.mean"], tensors["normaliser.spread"]
            return cls(
                name=facts["name"],
                style=facts["style"],
                track=facts["track"],
                speed=vector(tensors["speed"]),
                normaliser=Normaliser(facts["observations"], vector(mean), vector(spread)),
                parameters=tensors["parameters"],
                adapter=tensors.get("adapter"),
                command=facts["command"],
                commit=facts["commit"],
                metrics=facts["metrics"],
            )
        except KeyError as error:
            raise CheckpointError(f"{path}: it lacks {error}") from error
        except ValueError as error:
            raise CheckpointError(f"{path}: {error}") from error


class Playing:
    """One controller, or a population of candidates for one, at play over B rows of worlds.

    A row's timesteps before its first are taken to be like the first.
    """

    def __init__(
        self,
        parameters: ArrayLike,  # (10676,) or (P, 10676)
        normaliser: Normaliser,
        speed: Vector,  # (8,) [m/s or rad/s] of each joint at an output of 1
        first: ArrayLike,  # (B, 16) or (P, B, 16), see `skills.tennis.observer`
        adapter: ArrayLike | None = None,  # (2836,) or (P, 2836)
    ) -> None:
        self._normaliser, self._speed = normaliser, speed
        begun = _known(normaliser(first))
        self._controller = _stream(CONTROLLER, parameters, begun)
        self._adapter = None if adapter is None else _stream(ADAPTER, adapter, begun)

    @classmethod
    def of(cls, controller: Controller, first: ArrayLike) -> "Playing":
        """`controller`, with B rows whose first timesteps are `first` (B, 16)."""
        made = controller
        return cls(made.parameters, made.normaliser, made.speed, first, made.adapter)

    def act(self, observations: ArrayLike) -> Vector:
        """Joint velocities (..., B, 8) [m/s or rad/s] for the newest timestep (..., B, 16)."""
        seen = _known(self._normaliser(observations))
        actions = self._controller.step(seen)
        if self._adapter is not None:
            actions = modulate(actions, self._adapter.step(seen))
        return actions * self._speed

    def restart(self, rows: NDArray[np.bool_], first: ArrayLike) -> None:
        """Begin anew in the `rows` (..., B), with the timesteps `first` (..., B, 16)."""
        begun = _known(self._normaliser(first))
        self._controller.restart(rows, begun)
        if self._adapter is not None:
            self._adapter.restart(rows, begun)


def _known(observations: Vector) -> Vector:
    """What is not known, NaN, is taken to be as it is on average."""
    return np.nan_to_num(observations)


def _stream(shape: Shape, parameters: ArrayLike, first: ArrayLike) -> Stream:
    return Stream(Network(shape, parameters), first)
