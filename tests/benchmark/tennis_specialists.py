"""What specialists are better at than the generalist of their hand, on the balls they are for.

    python tests/benchmark/tennis_specialists.py --rallies rallies.json --serves serves.json

Balls held out from training, of each specialist's category and on its hand's side of the table, in
MuJoCo with its latencies, drawn anew in each of `repeats`; both controllers meet the same. Those of
a target: balls that land in its third of the table. Others: balls that land. Differences are
paired, their intervals over balls.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from numpy.typing import NDArray

from robot.ball import TRACKS
from robot.intervals import mean_interval
from robot.tennis import TABLE_WIDTH
from robot.types import Vector
from sim.tennis import states
from sim.tennis.batch import TennisBatch
from sim.tennis.court import CourtConfig
from skills.tennis.arena import Arena
from skills.tennis.evaluate import Learned, play, the_one
from skills.tennis.recipes import CENTRE, RECIPES
from skills.tennis.skill import controller

TRACK = TRACKS["paper"]


@dataclass(frozen=True)
class Config:
    rallies: Path
    serves: Path
    names: tuple[str, ...] = tuple(RECIPES)
    """Of the specialists."""
    n: int = 250
    """Balls, at most."""
    repeats: int = 2
    seed: int = 0


def good(name: str, target: tuple[float, float], values: Vector, seed: int) -> NDArray[np.bool_]:
    """(n,) Which balls the controller returns as the specialist of that target should."""
    worlds = TennisBatch(len(values), np.random.default_rng(seed), CourtConfig("paper"), 1)
    fates, _ = play(Arena(worlds, TRACK), values, Learned([controller(name)], the_one, TRACK))
    if target == CENTRE:
        return fates.landed
    return fates.landed & (fates.place[:, 0] * np.sign(target[0]) > TABLE_WIDTH / 6)


def main(config: Config) -> None:
    held = {}
    for balls, file in (("rally", config.rallies), ("serve", config.serves)):
        loaded = states.load(file)
        held[balls] = loaded.pick(loaded.held_out)
    rows = {}
    for name in config.names:
        recipe, hand = RECIPES[name], RECIPES[name].begin
        if not hand:
            continue
        pool = held[recipe.balls]
        side = states.sides(pool.ball()) * (1 if hand == "forehand" else -1) > 0
        if recipe.category:
            side &= states.categories(pool)[recipe.category]
        rng = np.random.default_rng(config.seed)
        pool = pool.pick(rng.permutation(np.flatnonzero(side))[: config.n])
        seeds = range(config.seed, config.seed + config.repeats)
        own, general = (
            np.mean([good(who, recipe.target, pool.values, seed) for seed in seeds], axis=0)
            for who in (name, hand)
        )
        rows[name] = {
            "n": len(pool),
            "specialist": round(float(own.mean()), 4),
            "generalist": round(float(general.mean()), 4),
            "difference": round(float((own - general).mean()), 4),
            "difference_interval": mean_interval(own - general),
        }
        print(name, rows[name], flush=True)
    print(json.dumps(rows))


if __name__ == "__main__":
    main(tyro.cli(Config))
