"""What has worked against this opponent: a gradient bandit over the controllers.

After arXiv 2408.03906 (and Sutton and Barto, "Reinforcement Learning", section 2.8): each
controller has a preference H; one of a shortlist is drawn from softmax(H + R), R what is expected
of it beforehand; and what came of the shot moves H. H outlives games: that is how the robot adapts
to its opponent. The paper gives neither the step size nor the first H; ours are in the config.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np

from robot.types import Vector


@dataclass(frozen=True)
class BanditConfig:
    """The gradient bandit."""

    step: float = 0.4  # of the preferences, alpha
    first: float = 0.0  # preference of a controller that was never chosen

    def __post_init__(self) -> None:
        if not 0 < self.step < 10 or not isfinite(self.first):
            raise ValueError("step must be above 0 and below 10, and first finite")


class Preferences:
    """H for each of the controllers `names`."""

    def __init__(self, names: Sequence[str], config: BanditConfig | None = None) -> None:
        self.config = config or BanditConfig()
        self.h = {name: self.config.first for name in names}
        self.mean, self.count = 0.0, 0  # of the rewards so far

    def probabilities(self, expected: Mapping[str, float]) -> Vector:
        """(n,) softmax(H + R) over a shortlist with its R, in that order."""
        if not expected:
            raise ValueError("the shortlist is empty")
        logits = np.array([self.h[name] + value for name, value in expected.items()])
        raised = np.exp(logits - logits.max())
        return raised / raised.sum()

    def draw(self, expected: Mapping[str, float], rng: np.random.Generator) -> str:
        """One of the shortlist."""
        return str(rng.choice(list(expected), p=self.probabilities(expected)))

    def learn(self, chosen: str, expected: Mapping[str, float], reward: float) -> None:
        """`chosen` of this shortlist earned `reward`."""
        probabilities = self.probabilities(expected)
        self.count += 1
        self.mean += (reward - self.mean) / self.count
        gain = self.config.step * (reward - self.mean)
        for name, p in zip(expected, probabilities.tolist(), strict=True):
            self.h[name] += gain * ((name == chosen) - p)

    def save(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps({"h": self.h, "mean": self.mean, "count": self.count}))
        part.replace(path)

    def load(self, path: Path) -> None:
        """Go on from what was saved; ValueError if it cannot be read. Unknown names are ignored."""
        try:
            found = json.loads(path.read_text())
            h = {str(name): float(value) for name, value in found["h"].items()}
            mean, count = float(found["mean"]), int(found["count"])
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{path} holds no preferences: {error}") from error
        if not all(map(isfinite, (*h.values(), mean))) or count < 0:
            raise ValueError(f"{path} holds preferences that are not finite")
        self.h.update({name: value for name, value in h.items() if name in self.h})
        self.mean, self.count = mean, count
