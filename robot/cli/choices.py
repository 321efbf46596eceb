"""Balls for the networks of a table tennis choice, and how good these are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.tennis.decide import WAIT
from planners.tennis.network import Network
from planners.tennis.sight import VOTES, timestep, turns, window
from robot.ball import PAPER, BallState, Mask, cross
from robot.cli.errors import WrongUse
from robot.cli.train_tennis import WorldName, stage
from robot.intervals import wilson
from robot.tennis import EDGE, TENNIS
from robot.types import Vector
from sim.tennis import states as s
from sim.tennis.batch import TennisBatch
from skills.tennis.arena import Arena, Senses
from skills.tennis.controller import Controller
from skills.tennis.evaluate import Learned, play, the_one

AT_ONCE = 250  # balls that are simulated together
MIRROR = np.array([-1.0, 1.0, 1.0] * 6)  # of a position and a velocity at three timesteps


def load(files: list[Path]) -> tuple[Vector, Mask]:
    """Ball states (n, 9) of all files, and which of them are not to be trained on (n,)."""
    try:
        loaded = [s.load(file) for file in files]
    except s.StatesError as error:
        raise WrongUse(str(error)) from error
    values = np.concatenate([part.values for part in loaded])
    return values, np.concatenate([part.held_out for part in loaded])


def watched(
    states: Vector, seed: int, threads: int, show: Callable[[int], None]
) -> tuple[Vector, Mask, NDArray[np.int64]]:
    """What the spin classifier sees of balls `states` (n, 9) while robots stand still.

    (m, 18), whether each of them has underspin, in truth, (m,), and of which ball it is, (m,): in
    the order of ticks, as many for each ball as vote.
    """
    still, parts = np.zeros(len(TENNIS.joints)), []
    for first in range(0, len(states), AT_ONCE):
        some = states[first : first + AT_ONCE]
        worlds = TennisBatch(len(some), np.random.default_rng([seed, first]), threads=threads)
        arena, count = Arena(worlds, PAPER), np.zeros(len(some), dtype=np.int64)
        senses = arena.reset(some)
        while (count < VOTES).any() and not arena.over.all():
            rows = np.flatnonzero(~np.isnan(senses.ball.position[:, 0]) & (count < VOTES))
            seen = BallState(*(field[rows] for field in senses.ball))
            turning = worlds.ball()[2][rows, 0] < s.UNDERSPIN
            parts.append((turns(PAPER, seen), turning, first + rows))
            count[rows] += 1
            senses = arena.step(np.tile(still, (len(some), 1)))
        show(len(some))
    seen, under, balls = (np.concatenate(part) for part in zip(*parts, strict=True))
    return seen, under, balls


class Tried:
    """A controller that plays every ball, from when a choice would be made; a `Player`."""

    def __init__(self, made: Controller) -> None:
        self._learned = Learned([made], the_one, PAPER)

    def begin(self, senses: Senses) -> None:
        n = len(senses.q)
        self._learned.begin(senses)
        self._steps = np.full((n, WAIT + 1, 16), np.nan)  # from when the ball is known
        self._ticks = np.full(n, -1)  # since then

    def act(self, senses: Senses, new: Mask) -> Vector:
        self._ticks[new | (self._ticks >= 0)] += 1
        rows = np.flatnonzero((self._ticks >= 0) & (self._ticks <= WAIT))
        self._steps[rows, self._ticks[rows]] = timestep(senses.ahead, senses.q)[rows]
        return self._learned.act(senses, self._ticks == WAIT)

    @property
    def windows(self) -> Vector:
        """(n, 128) that the style policy sees, when the choice is made; NaN if it never was."""
        return window(list(self._steps.swapaxes(0, 1)))


def tried(
    world: WorldName,
    states: Vector,
    made: list[Controller],
    seed: int,
    show: Callable[[int], None],
) -> tuple[Vector, Mask, Mask]:
    """Balls `states` (n, 9), each played with each of k controllers that are `made`.

    What the style policy sees of them (n, 128), whether they landed (n, k), and whether they
    cross the table's edge on the forehand's side, by what the robot knows (n,).
    """
    windows, landed, right = [], [], []
    for first in range(0, len(states), AT_ONCE):
        some = states[first : first + AT_ONCE]
        fates, players = [], [Tried(controller) for controller in made]
        for player in players:  # with the same latencies: each sees the same
            worlds = stage(world, len(some))
            worlds.reseed(np.random.default_rng([seed, first]).spawn(len(some)))
            fates.append(play(Arena(worlds, PAPER), some, player)[0].landed)
            show(len(some))
        seen = players[0].windows
        ball = BallState(seen[:, -16:-13], seen[:, -13:-10], np.zeros((len(some), 3)))
        ball.spin[:, [0, 2]] = seen[:, -2:]
        windows.append(seen)
        landed.append(np.stack(fates, axis=1))
        right.append(cross(PAPER, ball, 1, EDGE)[1].position[:, 0] > 0)
    return np.concatenate(windows), np.concatenate(landed), np.concatenate(right)


def accuracy(found: Mask, truth: Mask) -> dict[str, Any]:
    """Precision and recall of `found` (n,), with intervals."""
    right, taken, all_ = (int(mask.sum()) for mask in (found & truth, found, truth))
    return {
        "n": len(truth),
        "underspin": all_,
        "precision": round(right / taken, 4) if taken else None,
        "precision_interval": wilson(right, taken) if taken else None,
        "recall": round(right / all_, 4) if all_ else None,
        "recall_interval": wilson(right, all_) if all_ else None,
    }


def landing(network: Network, windows: Vector, landed: Mask, right: Mask) -> dict[str, Any]:
    """How many of n balls land: with the style policy, and with what it has to beat.

    `landed` (n, 2) with each of the styles; `right` (n,): on the forehand's side.
    """
    n, rows = len(landed), np.arange(len(landed))
    chosen = {
        "policy": network(windows).argmax(axis=1),
        "forehand": np.zeros(n, dtype=np.int64),
        "backhand": np.ones(n, dtype=np.int64),
        "side": np.where(right, 0, 1),
        "oracle": landed.argmax(axis=1),
    }
    found: dict[str, Any] = {"n": n}
    for name, index in chosen.items():
        count = int(landed[rows, index].sum())
        found[name] = round(count / n, 4)
        found[f"{name}_interval"] = wilson(count, n)
    return found
