"""What came of each choice, read from the shots of a match."""

from collections.abc import Sequence

import numpy as np

from planners.tennis.chooser import Choice, Chooser
from planners.tennis.sight import Insight
from robot.shots import Shot
from robot.types import Vector


class Experience:
    """Makes the choices of one robot in one match, and has the chooser learn from each."""

    def __init__(self, chooser: Chooser) -> None:
        self.chooser = chooser
        self.preferences: list[dict[str, float]] = []  # after each choice whose end is known
        self._open: Choice | None = None  # what became of it is not known yet
        self._read = 0  # shots that are dealt with

    def choose(self, ball: Vector, insight: Insight, serve: bool = False) -> Choice:
        self._open = self.chooser.choose(ball, insight, serve)
        return self._open

    def reconsider(self, ball: Vector, insight: Insight, serve: bool = False) -> Choice | None:
        """The ball turned out to have underspin: another choice for it, if it is another one."""
        changed = self._open and self.chooser.reconsider(self._open, ball, insight, serve)
        self._open = changed or self._open
        return changed

    def read(self, shots: Sequence[Shot]) -> None:
        """The `shots` of the match whose fate is known; those that are new are learned from."""
        while self._read < len(shots):
            shot = shots[self._read]
            self._read += 1
            if shot.by == "opponent":
                self.chooser.met(float(shot.position[0]))
                if shot.good and shot.ended and not shot.reached:
                    self._learn(False, None, float("nan"), False)
                continue
            place = None
            if shot.good and shot.landing is not None:
                place = (float(shot.landing[0]), float(shot.landing[1]))
            self._learn(True, place, float(np.linalg.norm(shot.velocity)), not shot.ended)

    def _learn(
        self, hit: bool, place: tuple[float, float] | None, speed: float, back: bool
    ) -> None:
        if self._open is not None:
            self.chooser.learn(self._open, hit, place, speed, back)
            self.preferences.append(dict(self.chooser.preferences.h))
            self._open = None
