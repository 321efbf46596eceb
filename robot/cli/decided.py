"""Robots whose learned controllers are chosen ball by ball, many at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from robot.ball import BallState, Mask
from robot.types import Flight, Vector

if TYPE_CHECKING:  # imported where used: help must print at once
    from planners.tennis.decide import Decider
    from robot.ball import Track
    from skills.tennis.arena import Senses
    from skills.tennis.controller import Controller


class Decided:
    """n robots with the same controllers, and a decider each; a `skills.tennis.evaluate.Player`."""

    def __init__(
        self, made: "Sequence[Controller]", deciders: "Sequence[Decider]", track: "Track"
    ) -> None:
        from skills.tennis.evaluate import Learned

        self._deciders, self._index = deciders, {one.name: i for i, one in enumerate(made)}
        self._learned = Learned(made, self._pick, track)
        self.names = [""] * len(deciders)  # of what was chosen last

    @property
    def chosen(self) -> NDArray[np.int64]:
        """(n,) index of the controller that plays; -1 before the first choice."""
        return self._learned.chosen

    def begin(self, senses: "Senses") -> None:
        self._learned.begin(senses)
        for decider in self._deciders:
            decider.forget()

    def act(self, senses: "Senses", new: Mask) -> Vector:
        """Joint speeds (n, 8); a ball that flies towards the robot is one that comes."""
        coming = senses.ball.velocity[:, 1] < 0  # not, while it is not known
        return self.follow(senses, coming, np.zeros_like(coming))[0]

    def follow(self, senses: "Senses", coming: Mask, past: Mask) -> tuple[Vector, Mask]:
        """Joint speeds (n, 8), and for whom something was chosen now (n,).

        `coming` (n,): whose ball flies towards the robot; `past` (n,): and will not be returned.
        """
        now = np.zeros_like(coming)
        for row, decider in enumerate(self._deciders):
            if not coming[row]:
                decider.forget()
            elif past[row]:
                decider.leave()
            else:
                known = (vector[row] for vector in senses.ball)
                flight = Flight(float(senses.seen[row]), *known)
                choice = decider.watch(flight, senses.now, senses.q[row])
                if choice is not None:
                    self.names[row], now[row] = choice.name, True
        self._rows = np.flatnonzero(now)
        return self._learned.act(senses, now), now

    def _pick(self, ball: BallState) -> NDArray[np.int64]:
        """Indices of what was chosen now, in the order of the rows."""
        return np.array([self._index[self.names[row]] for row in self._rows.tolist()])
