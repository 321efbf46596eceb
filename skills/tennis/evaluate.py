"""Balls returned, many at once: players, and what came of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from robot.ball import BallState, Mask, Track
from robot.intervals import median_interval, wilson
from robot.types import Vector
from skills.tennis.arena import Arena, Fates, Senses
from skills.tennis.controller import Controller, Playing
from skills.tennis.network import CONTROLLER
from skills.tennis.observer import Observer

LONGEST = 200  # ticks of an episode

Choose = Callable[[BallState], NDArray[np.int64]]


def the_one(ball: BallState) -> NDArray[np.int64]:
    """The choice where there is one controller only."""
    return np.zeros(len(ball.position), np.int64)


class Player(Protocol):
    def begin(self, senses: Senses) -> None:
        """Whatever was before counts no more."""
        ...

    def act(self, senses: Senses, new: Mask) -> Vector:
        """Wanted joint speeds (n, 8); `new` (n,): whose ball is known since now."""
        ...


class Learned:
    """Learned controllers, of which `choose` picks one for each ball when it is known."""

    def __init__(self, controllers: Sequence[Controller], choose: Choose, track: Track) -> None:
        self._controllers, self._choose, self._track = controllers, choose, track

    def begin(self, senses: Senses) -> None:
        n = len(senses.q)
        self.chosen = np.full(n, -1)  # (n,) index of the controller
        self._observer = Observer(self._track, senses.q, senses.sent)
        nothing = np.zeros((n, CONTROLLER.inputs))
        self._playing = [Playing.of(made, nothing) for made in self._controllers]

    def act(self, senses: Senses, new: Mask) -> Vector:
        if new.any():
            rows = BallState(*(field[new] for field in senses.ahead))
            self.chosen[new] = self._choose(rows)
        wish, seen = np.zeros_like(senses.q), self._observer.see(senses)
        for i, playing in enumerate(self._playing):
            mine = self.chosen == i
            if mine.any():
                playing.restart(mine & new, seen)
                wish[mine] = playing.act(seen)[mine]
        return wish


def play(arena: Arena, states: Vector, player: Player) -> tuple[Fates, BallState]:
    """What became of balls `states` (n, 9); and the balls (n, 3) as known when they first were."""
    senses = arena.reset(states)
    player.begin(senses)
    known = np.zeros(len(states), dtype=bool)
    begun = BallState(*(np.full((len(states), 3), np.nan) for _ in range(3)))
    for _ in range(LONGEST):
        new = ~known & ~np.isnan(senses.ahead.position[:, 0])
        known |= new
        for kept, now in zip(begun, senses.ahead, strict=True):
            kept[new] = now[new]
        wish = player.act(senses, new)
        senses = arena.step(np.where(known[:, None], wish, 0.0))
        if arena.over.all():
            break
    return arena.fates(), begun


def report(fates: Fates, targets: Vector, categories: Mapping[str, Mask]) -> dict[str, Any]:
    """Rates with intervals, of all balls and of every category; `targets` are (n, 2) [m]."""
    categories = {name: mask for name, mask in categories.items() if mask.any()}
    whole = _figures(fates, targets, np.ones(len(fates.hit), dtype=bool))
    parts = {
        name: _figures(fates, targets, mask) for name, mask in categories.items() if mask.any()
    }
    return {**whole, "by_category": parts}


def _figures(fates: Fates, targets: Vector, mask: Mask) -> dict[str, Any]:
    n, hit, landed = int(mask.sum()), int(fates.hit[mask].sum()), int(fates.landed[mask].sum())
    aside = np.linalg.norm(fates.place - targets, axis=1)[mask & fates.landed]
    speed = fates.speed[mask & fates.hit]
    return {
        "n": n,
        "hit_rate": round(hit / n, 4),
        "hit_rate_interval": wilson(hit, n),
        "land_rate": round(landed / n, 4),
        "land_rate_interval": wilson(landed, n),
        "target_error_m": round(float(np.median(aside)), 4) if landed else None,
        "target_error_m_interval": median_interval(aside) if landed > 5 else None,
        "hit_speed_m_s": round(float(np.nanmedian(speed)), 2) if hit else None,
    }
