"""How strong the opponents of each level are: so that points are shared as published.

    python -m sim.tennis.calibrate --seed 0

plays rallies in closed form (`robot.ball`) between each level and a robot that is a `ShotModel`
and chooses its controllers at random, moves the level's strength until the robot's share of the
points is the published one, and prints it. Any other robot can take the model's place:
`strength_for` and `strength_from` ask for points won and lost, however they were. With `--write`,
or `--strengths` that were found in another way, the committed players are drawn anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import tyro

from robot.ball import PAPER, BallState, cross, path
from robot.intervals import wilson
from robot.tennis import EDGE, TENNIS
from robot.types import Vector
from sim.tennis.levels import MEANS, PUBLISHED, commit, draw
from sim.tennis.opponent import LEVELS, Opponent, Plan, Player
from sim.tennis.states import split, turned
from sim.tennis.strokes import Book, book

STRIKE = EDGE - 0.15  # [m] y at which the model's robot strikes
GAIN, STEADY = 2.0, 60  # of the search: logits a point share, rounds after which it slows down

Points = tuple[int, int]  # that the robot won, and lost


@dataclass(frozen=True, slots=True)
class Controller:
    """One controller in numbers: it plays real strokes, turned round."""

    name: str
    hit: float  # share of balls that it touches
    land: float  # share of those that land
    pace: float  # as a `Player`'s
    turn: float
    aim: float


# A stand-in until measured descriptors take its place: nine of ten balls land, and what is fast
# or placed lands less often.
STAND_IN = (
    Controller("safe", 0.98, 0.95, -0.5, 0.0, 0.0),
    Controller("fast", 0.97, 0.87, 0.8, 0.0, 0.0),
    Controller("spin", 0.97, 0.88, 0.0, 0.6, 0.0),
    Controller("wide", 0.97, 0.88, 0.0, 0.0, 2.0),
)


class ShotModel:
    """A robot in numbers: it strikes the ball behind its edge of the table, as people would."""

    def __init__(
        self, controllers: Sequence[Controller], strokes: Book, rng: np.random.Generator
    ) -> None:
        self._controllers, self._rng = tuple(controllers), rng
        style = MEANS["intermediate"]
        self._players = [
            Opponent(replace(style, pace=c.pace, turn=c.turn, aim=c.aim), strokes, PAPER, rng)
            for c in self._controllers
        ]

    def strike(self, ball: BallState, opponent: float) -> tuple[BallState, bool] | None:
        """The ball as it leaves the robot, struck at `ball` (3,), and whether it will land; None
        if it is missed. `opponent` [m] is the x where that stands."""
        k = int(self._rng.integers(len(self._controllers)))
        controller, player = self._controllers[k], self._players[k]
        if self._rng.random() >= controller.hit:
            return None
        plan = Plan(0, bool(self._rng.random() < controller.land), controller.land)
        there = split(turned(np.concatenate(ball)))
        left, lands = player.strike(there, -opponent, plan)
        return split(turned(np.concatenate(left))), lands


class Ended(NamedTuple):
    """How a rally in closed form ended."""

    point: str | None  # "robot" or "opponent"; None: the serve was not returned
    strokes: int  # of both, without the serve


def rally(player: Player, strokes: Book, robot: ShotModel, rng: np.random.Generator) -> Ended:
    """One rally in closed form."""
    opponent = Opponent(player, strokes, PAPER, rng)
    ball, wanted, count = split(opponent.serve()), True, 0
    at = float(ball.position[0])
    while wanted:
        _, there = cross(PAPER, ball, 1, STRIKE)
        sent = None if np.isnan(there.position[0]) else robot.strike(there, at)
        if sent is None or not sent[1]:
            return Ended("opponent" if count else None, count)
        count += 1
        bounced, flown = _bounced(sent[0])
        plan = None if bounced is None else opponent.plan(bounced, flown)
        if plan is None or bounced is None:
            return Ended("robot", count)
        moved = path(PAPER, bounced, plan.ticks * TENNIS.dt, TENNIS.dt).state
        there = BallState(*(field[-1] for field in moved))
        at = float(there.position[0])
        ball, wanted = opponent.strike(there, float(sent[0].position[0]), plan)
        count += 1
    return Ended("robot", count)


def _bounced(ball: BallState) -> tuple[BallState | None, float]:
    """The ball at the first tick after its bounce, and how long it flew [s]."""
    flown = path(PAPER, ball, 2.0, TENNIS.dt)
    if not flown.bounces.any():
        return None, 0.0
    first = int((flown.bounces > 0).argmax())
    return BallState(*(field[first] for field in flown.state)), float(flown.time[first])


def play(level: str, points: int, strength: float, rng: np.random.Generator) -> Points:
    """`points` points of the stand-in, each against somebody else of `level`."""
    strokes = book()
    robot = ShotModel(STAND_IN, strokes, rng)
    tally = {"robot": 0, "opponent": 0, None: 0}
    while tally["robot"] + tally["opponent"] < points:
        player = draw(level, rng, strength)
        tally[rally(player, strokes, robot, rng).point] += 1
    return tally["robot"], tally["opponent"]


def strength_for(
    share: float, first: float, measure: Callable[[float], Points], rounds: int
) -> float:
    """The strength at which the robot wins `share` of the points.

    `measure` plays a few points against opponents of a given strength. By Robbins and Monro
    (1951): each round moves the strength against the error, ever less; the mean of the last half
    of them is the result (Polyak and Juditsky 1992).
    """
    strength, seen = first, []
    for i in range(rounds):
        won, lost = measure(strength)
        gain = GAIN / (1 + i / STEADY) ** 0.7
        strength += gain * (won / (won + lost) - share)
        seen.append(strength)
    return float(np.mean(seen[len(seen) // 2 :]))


def strength_from(strengths: Vector, points: Vector, share: float) -> tuple[float, float]:
    """The strength at which the robot wins `share` of the points, and its standard error, from
    games that were played at different `strengths` (n,), `points` (n, 2) won and lost in each.

    For where a game is dear: a logistic regression of all of them. The error is that of
    independent games, by their scatter about the curve (McCullagh and Nelder 1989, 4.5).
    """
    x = np.stack([np.ones_like(strengths), strengths], axis=1)
    played, beta, information = points.sum(axis=1), np.zeros(2), np.eye(2)
    for _ in range(30):  # Newton's steps
        p = 1 / (1 + np.exp(-(x @ beta)))
        weight = played * p * (1 - p)
        information = (x * weight[:, None]).T @ x
        beta = beta + np.linalg.solve(information, x.T @ (points[:, 0] - played * p))
    if beta[1] >= 0:
        raise ValueError("stronger opponents did not win more: play more games, or wider apart")
    p = 1 / (1 + np.exp(-(x @ beta)))
    scatter = ((points[:, 0] - played * p) ** 2 / (played * p * (1 - p))).sum() / (len(x) - 2)
    found = (np.log(share / (1 - share)) - beta[0]) / beta[1]
    slope = np.array([1.0, found]) / beta[1]
    error = np.sqrt(slope @ np.linalg.inv(information) @ slope * max(scatter, 1.0))
    return float(found), float(error)


@dataclass(frozen=True)
class Config:
    """Calibrate all levels."""

    rounds: int = 300
    each: int = 10  # points a round
    check: int = 1000  # points that are played in the end to see what has come of it
    seed: int = 0
    write: bool = False  # draw the committed players anew
    strengths: tuple[float, ...] = ()  # commit these, of every level, found in another way


def main(config: Config) -> None:
    """Prints each level's strength and the share that comes with it; or commits given ones."""
    if config.strengths:
        found: dict[str, float] = dict(zip(LEVELS, config.strengths, strict=True))
        commit(found, np.random.default_rng(config.seed))
        return
    strengths = {}
    for i, level in enumerate(LEVELS):
        rng = np.random.default_rng([config.seed, i])
        strengths[level] = strength = strength_for(
            PUBLISHED[level],
            MEANS[level].strength,
            lambda at, level=level, rng=rng: play(level, config.each, at, rng),
            config.rounds,
        )
        won, lost = play(level, config.check, strength, rng)
        low, high = wilson(won, won + lost)
        print(
            f"{level}: strength {strength:.3f}, the robot's share {won / (won + lost):.3f} "
            f"[{low:.3f}, {high:.3f}] of {won + lost}, published {PUBLISHED[level]}"
        )
    if config.write:
        commit(strengths, np.random.default_rng(config.seed))


if __name__ == "__main__":
    main(tyro.cli(Config))
