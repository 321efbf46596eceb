"""What each controller can do with a ball, as was measured: its skill descriptors.

After arXiv 2408.03906: hit velocity, landing place and its spread, landing rate, by the state of
the ball. Keys are the balls as the robot knew them when it had to decide: position, velocity, and
the estimated spin about x (the paper's have no spin; ours is estimated by then). A controller's
figures for a ball are those of its nearest neighbours among the balls that it was tried on. Real
balls weigh as much as simulated ones, however few, where there are any nearby. The paper looks
neighbours up in a k-d tree. Here every distance is measured, by compiled code: the answer is the
same, and the few thousand keys of a controller take some 20 microseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.ball import BallState
from robot.compiled import compiled
from robot.types import Vector, vector
from skills.saved import CheckpointError, read, write

FORMAT = "courtside-descriptors-2"
NEIGHBOURS = 25
# Differences that count as much as each other: a fifth of the published states' spread.
SCALE = np.array([0.08, 0.08, 0.03, 0.24, 0.24, 0.3, 8.0])  # [m, m/s, rad/s]
FINENESS = 1 / SCALE


class Descriptor(NamedTuple):
    """What is to be expected of one controller for one ball."""

    name: str
    hit_rate: float
    land_rate: float
    speed: float  # [m/s] median, as the ball leaves the racket; NaN if it was never hit
    place: tuple[float, float]  # [m] mean landing place; NaN if it never landed
    spread: float  # [m] root mean square distance from there
    distance: float  # of the farthest neighbour, in units of SCALE


@dataclass(frozen=True, eq=False)
class Tried:
    """How one controller fared with N balls."""

    keys: Vector  # (N, 7) as by `key`
    hit: NDArray[np.bool_]  # (N,)
    landed: NDArray[np.bool_]  # (N,)
    speed: Vector  # (N,) [m/s]
    place: Vector  # (N, 2) [m]

    @classmethod
    def none(cls) -> "Tried":
        no = np.zeros(0, dtype=bool)
        return cls(np.zeros((0, 7)), no, no, np.zeros(0), np.zeros((0, 2)))

    def joined(self, other: "Tried") -> "Tried":
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Tried(*(np.concatenate(pair) for pair in pairs))


def key(ball: BallState) -> Vector:
    """(..., 7) of balls (..., 3)."""
    return np.concatenate((ball.position, ball.velocity, ball.spin[..., :1]), axis=-1)


class Descriptors:
    """Those of several controllers."""

    def __init__(self, tried: dict[str, Tried]) -> None:
        self.simulated = tried
        self.real = {name: Tried.none() for name in tried}
        for keys in (np.zeros((1, len(SCALE))), vector(np.zeros((1, len(SCALE))))):
            _nearest(keys, np.zeros(len(SCALE)), np.inf)  # both kinds are compiled before play

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.simulated)

    def look(self, ball: Vector, names: Sequence[str] | None = None) -> list[Descriptor]:
        """What is to be expected of each, or of `names`, for a ball of this `key` (7,)."""
        key = np.array(ball, np.float64)
        return [self._of(name, key) for name in names or self.names]

    def learn(
        self, name: str, ball: Vector, hit: bool, place: ArrayLike | None, speed: float
    ) -> None:
        """One real ball of this `key` (7,): was it hit, where did it land, how fast did it go?"""
        nowhere = np.full((1, 2), np.nan)
        where = nowhere if place is None else vector(place)[None]
        one = Tried(
            vector(ball)[None],
            np.array([hit]),
            np.array([place is not None]),
            np.array([speed]),
            where,
        )
        self.real[name] = self.real[name].joined(one)

    def _of(self, name: str, ball: Vector) -> Descriptor:
        simulated, real = self.simulated[name], self.real[name]
        rows, distance = _nearest(simulated.keys, ball, np.inf)
        weights = np.full(len(rows), 1 / max(len(rows), 1))
        chosen = Tried(*(field[rows] for field in vars(simulated).values()))
        if len(real.keys):
            near, _ = _nearest(real.keys, ball, distance)
            if len(near):
                chosen = chosen.joined(Tried(*(field[near] for field in vars(real).values())))
                weights = np.concatenate((weights / 2, np.full(len(near), 0.5 / len(near))))
        landed = chosen.landed
        place, spread = (np.nan, np.nan), np.nan
        if landed.any():
            part = weights[landed] / weights[landed].sum()
            mean = part @ chosen.place[landed]
            apart = ((chosen.place[landed] - mean) ** 2).sum(1)
            place, spread = (float(mean[0]), float(mean[1])), float(np.sqrt(part @ apart))
        return Descriptor(
            name,
            float(weights @ chosen.hit),
            float(weights @ landed),
            float(np.median(chosen.speed[chosen.hit])) if chosen.hit.any() else np.nan,
            place,
            spread,
            distance,
        )

    def save(self, path: Path) -> None:
        """Write them. ValueError unless all were tried on the same balls."""
        keys = next(iter(self.simulated.values())).keys
        tensors: dict[str, NDArray[Any]] = {"keys": keys.astype(np.float32)}
        for name, tried in self.simulated.items():
            if not np.array_equal(tried.keys, keys):
                raise ValueError(f"{name} was tried on other balls than the rest")
            tensors[f"{name}.fate"] = tried.hit.astype(np.uint8) + tried.landed
            tensors[f"{name}.speed"] = tried.speed.astype(np.float16)
            tensors[f"{name}.place"] = tried.place.astype(np.float16)
        write(path, FORMAT, tensors, {"names": list(self.names)})

    @classmethod
    def load(cls, path: Path) -> "Descriptors":
        """CheckpointError where the file is altered, cut short or something else."""
        tensors, facts = read(path, FORMAT)
        tried = {}
        try:
            keys = vector(tensors["keys"])
            for name in facts["names"]:
                fate = tensors[f"{name}.fate"]  # 0 missed, 1 hit, 2 hit and landed
                speed, place = (vector(tensors[f"{name}.{what}"]) for what in ("speed", "place"))
                tried[name] = Tried(keys, fate > 0, fate > 1, speed, place)
        except KeyError as error:
            raise CheckpointError(f"{path}: it lacks {error}") from error
        return cls(tried)


@compiled
def _nearest(keys: Vector, ball: Vector, within: float) -> tuple[NDArray[np.int64], float]:
    """Rows of the nearest of `keys` (n, 7) to `ball` (7,), at most NEIGHBOURS of them.

    The nearest comes first; and how far the last of them is. None is farther than `within`.
    """
    rows, squares = np.zeros(NEIGHBOURS, np.int64), np.full(NEIGHBOURS, np.inf)
    found, limit = 0, within**2
    for i in range(len(keys)):
        square = 0.0
        for j in range(len(ball)):
            square += ((keys[i, j] - ball[j]) * FINENESS[j]) ** 2
        if square > limit or square >= squares[-1]:
            continue
        found = min(found + 1, NEIGHBOURS)
        place = found - 1
        while place > 0 and squares[place - 1] > square:
            rows[place], squares[place] = rows[place - 1], squares[place - 1]
            place -= 1
        rows[place], squares[place] = i, square
    return rows[:found].copy(), np.sqrt(squares[found - 1]) if found else 0.0
