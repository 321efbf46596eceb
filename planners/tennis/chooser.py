"""Chooses a controller for each ball, says why, and learns from what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from planners.tennis.coach import Tactics
from planners.tennis.network import STYLES
from planners.tennis.preferences import BanditConfig, Preferences
from planners.tennis.sight import Insight
from planners.tennis.strategy import Opponent, Promise, StrategyConfig, expected, shortlist
from robot.types import Vector

MODES = ("adaptive", "best", "random")
ABLE = 0.5  # expected hit rate of a controller that can reach a ball at all
WON, RETURNED, LOST = 1.0, 0.4, 0.0  # rewards: not returned by the opponent, returned, not landed


def special(name: str) -> bool:
    """Is that controller a specialist for balls with underspin?"""
    return "underspin" in name


def _can(promise: Promise) -> bool:
    return promise.hit_rate >= ABLE


class Described(Protocol):
    """Skill descriptors; see `skills.tennis.descriptors.Descriptors`."""

    @property
    def names(self) -> tuple[str, ...]: ...
    def look(self, ball: Vector, names: Sequence[str] | None = None) -> Sequence[Promise]: ...
    def learn(
        self,
        name: str,
        ball: Vector,
        hit: bool,
        place: tuple[float, float] | None,
        speed: float,
    ) -> None: ...


@dataclass(frozen=True)
class Choice:
    """One decision."""

    name: str
    ball: Vector  # (7,) position [m], velocity [m/s], spin about x [rad/s], as then known
    shortlist: dict[str, float]  # and what was expected of each, R
    why: str


class Chooser:
    """`mode`: adaptive, best (the most expected landings), random, or a controller's name."""

    def __init__(
        self,
        described: Described,
        mode: str,
        rng: np.random.Generator,
        strategy: StrategyConfig | None = None,
        bandit: BanditConfig | None = None,
    ) -> None:
        if mode not in (*MODES, *described.names):
            valid = ", ".join((*MODES, *described.names))
            raise ValueError(f"unknown choice {mode!r}; valid are {valid}")
        self.described, self.mode, self._rng = described, mode, rng
        self.strategy = strategy or StrategyConfig()
        self.preferences = Preferences(described.names, bandit)
        self.opponent = Opponent()
        self.tactics = Tactics()

    def choose(self, ball: Vector, insight: Insight, serve: bool = False) -> Choice:
        """For a ball (7,) as it is known now, and what is made of it."""
        if self.mode in self.described.names:
            return Choice(self.mode, ball, {self.mode: 0.0}, f"always {self.mode}; {insight}")
        able = self._able(self.described.look(ball))
        if self.mode == "random":
            name = able[int(self._rng.integers(len(able)))].name
            return Choice(name, ball, {p.name: 0.0 for p in able}, f"at random; {insight}")
        style = self.tactics.style or insight.style
        suited = [p for p in able if p.name.startswith(style)] or able
        suited = [p for p in suited if special(p.name) == insight.underspin] or suited
        return self._among(suited, ball, insight, serve)

    def reconsider(
        self, before: Choice, ball: Vector, insight: Insight, serve: bool = False
    ) -> Choice | None:
        """For a ball that turned out to have underspin; None: what was chosen `before` goes on.

        A specialist of the same style may take over.
        """
        if self.mode not in ("adaptive", "best") or special(before.name):
            return None
        promises = self.described.look(ball)
        style = next((style for style in STYLES if before.name.startswith(style)), "")
        suited = [p for p in promises if special(p.name) and p.name.startswith(style) and _can(p)]
        if not suited:
            return None
        suited += [p for p in promises if p.name == before.name]
        choice = self._among(suited, ball, insight, serve)
        return None if choice.name == before.name else choice

    @staticmethod
    def _able(promises: Sequence[Promise]) -> list[Promise]:
        """Those that can reach the ball, or the one that most likely does."""
        return [p for p in promises if _can(p)] or [max(promises, key=lambda p: p.hit_rate)]

    def _among(
        self, suited: Sequence[Promise], ball: Vector, insight: Insight, serve: bool
    ) -> Choice:
        if self.mode == "best":
            best = max(suited, key=lambda p: p.land_rate)
            why = f"lands {best.land_rate:.2f}, the most; {insight}"
            return Choice(best.name, ball, {best.name: 0.0}, why)
        found = shortlist(suited, self.opponent, self.strategy, self._rng)
        by_name = {p.name: p for p in suited}
        if self.tactics != Tactics():  # what the coach wants is considered, too
            wanted = max(suited, key=lambda p: self._lean(p, serve) + 8 * p.land_rate)
            found.setdefault(wanted.name, []).append("the coach")
        worth = {
            name: expected(by_name[name], self.opponent, self.strategy)
            + self._lean(by_name[name], serve)
            for name in found
        }
        name = self.preferences.draw(worth, self._rng)
        others = [f"{n} {by_name[n].land_rate:.2f} ({'/'.join(found[n])})" for n in found]
        why = (
            f"{'/'.join(found[name])}, lands {by_name[name].land_rate:.2f}, preference "
            f"{self.preferences.h[name]:+.2f}; {insight}; of {', '.join(others)}"
        )
        return Choice(name, ball, worth, why)

    def _lean(self, promise: Promise, serve: bool) -> float:
        place = 0.0 if np.isnan(promise.place[0]) else promise.place[0]
        speed = 5.0 if np.isnan(promise.speed) else promise.speed
        return self.tactics.lean(promise.name, place, speed, promise.land_rate, serve)

    def learn(
        self,
        choice: Choice,
        hit: bool,
        place: tuple[float, float] | None,
        speed: float,
        returned: bool,
    ) -> None:
        """What came of it: `place` [m] where the ball landed, if it did; did it come back?"""
        self.described.learn(choice.name, choice.ball, hit, place, speed)
        reward = LOST if place is None else RETURNED if returned else WON
        if self.mode == "adaptive":
            self.preferences.learn(choice.name, choice.shortlist, reward)
        if place is not None:
            self.opponent.see(place, returned)

    def met(self, x: float) -> None:
        """The opponent hit the ball at `x` [m]."""
        self.opponent = replace(self.opponent, x=x)
