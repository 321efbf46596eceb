"""What says what comes next, and what judges whether it has been done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from planners.selector.features import Past, held_in, see
from planners.selector.network import Known, Network
from planners.selector.samples import DONE, END, NEEDS, Key, about
from robot.types import State, Vector


@dataclass(frozen=True, eq=False)
class Moment:
    """What a choice is made of."""

    frames: tuple[Vector, ...]  # as by `planners.selector.features.lagged`
    instruction: str
    past: Sequence[Past]  # newest first
    ended: bool  # whether what was asked for last has come to its end
    state: State


class Chooser(Protocol):
    """What says what comes next."""

    def __call__(self, moment: Moment, may_end: bool) -> tuple[str, Key, float]:
        """A command, what it is for, and how likely that is. `may_end`: it may say that nothing is
        left to do."""
        ...


class Learned:
    """The trained network; a `Chooser`."""

    def __init__(self, network: Network, known: Known, keys: Mapping[str, Key]) -> None:
        self.network, self._known = network, known
        self._keys = [keys[command] for command in known.commands]
        self._names = list(dict.fromkeys(self._keys))
        things = {key: about(command) for command, key in keys.items()}
        self._about = [things[key] for key in self._names]
        self._group = np.array([self._names.index(key) for key in self._keys])

    def __call__(self, moment: Moment, may_end: bool) -> tuple[str, Key, float]:
        seen = see(moment.frames, moment.instruction, moment.past, moment.ended)
        full = held_in(moment.frames[0]) is not None
        there = {"", *moment.state.objects}
        may = np.array(
            [
                thing in there and NEEDS.get(key[0], full) == full and (may_end or key != END)
                for thing, key in zip(self._about, self._names, strict=True)
            ]
        )[self._group]
        likely = self._known.likely(self.network(seen), self.network.temperature, may)
        groups = np.bincount(self._group, likely, len(self._names))
        best = int(np.argmax(groups))
        chosen = int(np.argmax(np.where(self._group == best, likely, -1.0)))
        return self._known.commands[chosen], self._names[best], float(groups[best])


class Verifier:
    """Judges of what is seen whether what was asked for last has been done; call it."""

    def __init__(
        self, network: Network, wrong: float = 0.0, rng: np.random.Generator | None = None
    ) -> None:
        """`wrong`: of its verdicts are turned round, by `rng`, for experiments."""
        self._network, self._wrong = network, wrong
        self._rng = rng or np.random.default_rng(0)

    def __call__(self, moment: Moment, all_of_it: bool = False) -> bool:
        """`all_of_it`: whether the whole chore has been done."""
        past = [Past(DONE, "", 0.0), *moment.past] if all_of_it else moment.past
        done = self._network.succeeded(see(moment.frames, moment.instruction, past, True)) > 0.5
        return done != (self._rng.random() < self._wrong)
