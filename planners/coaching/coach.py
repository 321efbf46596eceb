"""A coach for experiments: it sees the truth, speaks like a person, late, and errs now and then."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planners.coaching.behavior import Behavior
from planners.coaching.oracle import upcoming
from planners.coaching.wordings import correct, everything
from robot.chores import Chore, Things

HARMLESS = ("move", "back", "turn", "tilt")  # small motions, which nobody minds
IDLE = 1.0  # [s] of doing nothing, after which it says what to do


@dataclass(frozen=True)
class CoachConfig:
    """How good it is."""

    late: tuple[float, float] = (0.5, 1.5)  # [s] after it could be seen, at least and at most
    wrong: float = 0.05  # of what it says
    most: int = 5  # utterances an episode


class Coach:
    """Watches one episode; call `watch` again and again."""

    def __init__(
        self, chore: Chore, rng: np.random.Generator, config: CoachConfig | None = None
    ) -> None:
        self._chore, self._rng = chore, rng
        self._config = config or CoachConfig()
        self._judged = 0  # how many behaviours it has judged
        self._speaks: float | None = None  # [s] when it will
        self._idle: float | None = None  # [s] since when nothing is done
        self.said: list[tuple[float, str]] = []

    @property
    def silent(self) -> bool:
        """Whether it has said all that it may."""
        return len(self.said) >= self._config.most

    def watch(
        self, time: float, things: Things, held: str | None, begun: Sequence[Behavior], busy: bool
    ) -> str | None:
        """What it says at `time` [s], if anything: `things` and what is `held`, in truth; all that
        the robot has `begun`, and whether it is `busy` with the last of them."""
        if self.silent:
            return None
        right = acceptable(self._chore, things, held)
        if len(begun) > self._judged:
            self._judged, self._idle = len(begun), None
            fine = begun[-1] in right or begun[-1].name in HARMLESS
            # What goes on being wrong is not waited for to be over.
            self._speaks = None if fine else self._speaks or self._due(time)
        elif not busy and right and self._speaks is None:
            self._idle = time if self._idle is None else self._idle
            if time - self._idle > IDLE:
                self._speaks = self._due(time)
        if self._speaks is None or time < self._speaks:
            return None
        self._speaks = self._idle = None
        if not right:
            return None
        meant = right[int(self._rng.integers(len(right)))]
        if self._rng.random() < self._config.wrong:
            names = {*things}
            others = [b for b in everything() if b.thing in names and b not in right]
            meant = others[int(self._rng.integers(len(others)))]
        text = correct(meant, self._rng)
        self.said.append((time, text))
        return text

    def _due(self, time: float) -> float:
        return time + float(self._rng.uniform(*self._config.late))


def acceptable(chore: Chore, things: Things, held: str | None) -> list[Behavior]:
    """Whatever may be done next, in one order of the blocks or another; nothing: it is done."""
    found = [
        upcoming(chore, things, held, [block, *(b for b in chore.blocks if b != block)])
        for block in chore.blocks
    ]
    return [*dict.fromkeys(behavior for behavior in found if behavior is not None)]
