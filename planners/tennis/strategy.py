"""Which controllers are worth considering for a ball: five heuristics, and who the opponent is.

After arXiv 2408.03906. Each heuristic proposes some controllers, by what their descriptors promise
for this ball and by what is known of the opponent; what was proposed is the shortlist. The paper
does not give the numbers m and n; ours are in the config.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import hypot, isnan
from typing import Protocol

import numpy as np

MIDDLE = (0.0, 0.8)  # [m] where a ball lands about which nothing is known


class Promise(Protocol):
    """What a controller promises for a ball; see `skills.tennis.descriptors.Descriptor`."""

    @property
    def name(self) -> str: ...
    @property
    def hit_rate(self) -> float: ...
    @property
    def land_rate(self) -> float: ...
    @property
    def speed(self) -> float: ...
    @property
    def place(self) -> tuple[float, float]: ...


@dataclass(frozen=True)
class StrategyConfig:
    """The heuristics' numbers."""

    safe: float = 0.8  # landing rate above which a controller is one of the safe ones
    best: int = 5  # n: as many of the best landing rates are considered
    chosen: int = 2  # m: of those, so many of the fastest, or the farthest
    good_opponent: float = 0.75  # share of returns above which an opponent must be run
    within: float = 0.12  # landing rates that are worse than the best by more are not considered
    trust: float = 8.0  # weight of expected rewards in the softmax
    speed_worth: float = 0.03  # [s/m] by which a faster return is worth more, in landing rate


@dataclass
class Opponent:
    """What was seen of the opponent: how often they return what, and where they stand."""

    returned: dict[str, list[int]] = field(
        default_factory=lambda: {side: [1, 2] for side in ("left", "right")}
    )  # of the balls sent to their ... as the robot sees it: returned, all; from 1 of 2
    x: float = 0.0  # [m] where they hit last

    def see(self, place: tuple[float, float], returned: bool) -> None:
        """A ball that landed at `place` [m] came back, or did not."""
        counts = self.returned["right" if place[0] > 0 else "left"]
        counts[0] += returned
        counts[1] += 1

    @property
    def rate(self) -> float:
        """Share of the balls that they return."""
        good, all_ = np.sum(list(self.returned.values()), axis=0)
        return float(good / all_)

    @property
    def weak(self) -> float:
        """Which side they return less from: -1 left, 1 right, by how much up to 1."""
        left, right = (good / all_ for good, all_ in self.returned.values())
        return float(left - right)


def shortlist(
    promises: Sequence[Promise],
    opponent: Opponent,
    config: StrategyConfig,
    rng: np.random.Generator,
) -> dict[str, list[str]]:
    """The controllers worth considering, in order, and which heuristics proposed each."""
    if not promises:
        raise ValueError("there are no controllers to choose from")
    ranked = sorted(promises, key=lambda p: -p.land_rate)
    floor = ranked[0].land_rate - config.within
    best = [p for p in ranked[: config.best] if p.land_rate >= floor]
    safe = [p for p in promises if p.land_rate > config.safe] or best[:1]
    far = sorted(best, key=lambda p: -abs(_place(p)[0] - opponent.x))[: config.chosen]
    proposals = {
        "safe": [safe[int(rng.integers(len(safe)))]],
        "fast": sorted(best, key=lambda p: -_speed(p))[: config.chosen],
        "far": far,
        "weak side": sorted(best, key=lambda p: -_place(p)[0] * opponent.weak)[:1],
        "run them" if opponent.rate > config.good_opponent else "land it": (
            far[:1] if opponent.rate > config.good_opponent else ranked[:1]
        ),
    }
    found: dict[str, list[str]] = {}
    for heuristic, chosen in proposals.items():
        for promise in chosen:
            found.setdefault(promise.name, []).append(heuristic)
    return found


def expected(promise: Promise, opponent: Opponent, config: StrategyConfig) -> float:
    """R of a controller: its landing rate, and what a hard return is worth, times the trust."""
    x, y = _place(promise)
    worth = config.speed_worth * _speed(promise)
    worth += 0.1 * min(hypot(x - opponent.x, 0.5 * (y - MIDDLE[1])), 1.0)
    worth += 0.3 * x * opponent.weak
    return config.trust * promise.land_rate * (1 + worth)


def _place(promise: Promise) -> tuple[float, float]:
    return MIDDLE if isnan(promise.place[0]) else promise.place


def _speed(promise: Promise) -> float:
    return 0.0 if isnan(promise.speed) else promise.speed
