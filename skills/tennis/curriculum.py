"""The automatic curriculum: what the controllers fail at most is what they practise most.

After arXiv 2408.03906, section III: a category of ball states is drawn with probability inversely
proportional to its return rate, a state uniformly within it, and a small validated perturbation is
added. The size of the perturbation, the floor of the rates and how they are remembered are not
published; they are chosen in CurriculumConfig.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.types import Vector, vector


@dataclass(frozen=True, eq=False)
class Tally:
    """How often balls of each of C categories were tried and returned. Counts may have faded."""

    tried: Vector  # (C,)
    returned: Vector  # (C,)

    @classmethod
    def empty(cls, categories: int) -> "Tally":
        return cls(vector(np.zeros(categories)), vector(np.zeros(categories)))

    @classmethod
    def of(cls, categories: int, drawn: ArrayLike, returned: ArrayLike) -> "Tally":
        """Of episodes whose ball came from the category of index `drawn` (...), returned or not."""
        index, good = np.ravel(drawn), np.ravel(returned).astype(np.float64)
        return cls(
            vector(np.bincount(index, minlength=categories)),
            vector(np.bincount(index, good, minlength=categories)),
        )

    def merged(self, other: "Tally") -> "Tally":
        return Tally(vector(self.tried + other.tried), vector(self.returned + other.returned))

    def faded(self, share: float) -> "Tally":
        """With counts that weigh `share` of what they did."""
        return Tally(vector(self.tried * share), vector(self.returned * share))

    @property
    def rates(self) -> Vector:
        """(C,) Return rates, as if each category had been tried twice more, once with success."""
        return (self.returned + 1) / (self.tried + 2)


@dataclass(frozen=True)
class CurriculumConfig:
    """What the paper leaves open."""

    position: float = 0.03  # [m] largest perturbation of each coordinate
    velocity: float = 0.15  # [m/s] likewise
    spin: float = 5.0  # [rad/s] likewise
    tries: int = 10  # perturbations to validate before the state is taken as it is
    floor: float = 0.05  # lower rates count as this, so that the hopeless cannot take all the time


class Curriculum:
    """Draws ball states (9,): position [m], velocity [m/s] and spin [rad/s], xyz each."""

    def __init__(
        self,
        states: ArrayLike,
        members: Mapping[str, NDArray[np.integer]],
        valid: Callable[[Vector], bool],
        config: CurriculumConfig | None = None,
    ) -> None:
        """`states` is (N, 9); `members` the indices of each category, which may overlap.

        `valid` says whether a perturbed state can be played: one that clears the net and bounces
        once on the robot's half, for example.
        """
        self._states = vector(states)
        self.names = tuple(members)
        self._members = [np.asarray(members[name]) for name in self.names]
        empty = [name for name in self.names if not len(members[name])]
        if empty or not self.names:
            missing = ", ".join(empty) or "any category"
            raise ValueError(f"there are no ball states in {missing}; leave such categories out")
        self._valid = valid
        self._config = config or CurriculumConfig()
        sizes = (self._config.position, self._config.velocity, self._config.spin)
        self._size = np.repeat(sizes, 3)  # (9,)

    def probabilities(self, tally: Tally) -> Vector:
        """(C,) of drawing each category, by its return rate."""
        inverse = 1 / np.maximum(tally.rates, self._config.floor)
        return inverse / inverse.sum()

    def draw(self, tally: Tally, rng: np.random.Generator) -> tuple[Vector, int]:
        """A ball state (9,), and the index of the category that it was drawn from."""
        category = int(rng.choice(len(self.names), p=self.probabilities(tally)))
        state = self._states[rng.choice(self._members[category])]
        for _ in range(self._config.tries):
            perturbed = state + rng.uniform(-self._size, self._size)
            if self._valid(perturbed):
                return perturbed, category
        return state, category
