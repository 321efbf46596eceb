"""What specialists are better at than the generalist of their hand.

    python tests/benchmark/tennis_specialists.py --rallies rallies.json --serves serves.json

On balls of a specialist's category to either side, held out from training, their mirror images too.
In MuJoCo, with its latencies drawn anew in each of `repeats`; both controllers meet the same. Those
of a target are for all balls, and count what lands in its third of the table; the others count what
lands. Differences are paired, their intervals over balls.
"""

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tyro
from numpy.typing import NDArray

from robot.ball import TRACKS
from robot.cli.train_tennis import balls
from robot.intervals import mean_interval
from robot.tennis import TABLE_WIDTH
from robot.types import Vector
from sim.tennis.batch import TennisBatch
from sim.tennis.court import CourtConfig
from skills.tennis.arena import Arena
from skills.tennis.evaluate import Learned, play, the_one
from skills.tennis.recipes import CENTRE, RECIPES
from skills.tennis.skill import controller

TRACK = TRACKS["paper"]
SPECIALISTS = tuple(
    name for name, made in RECIPES.items() if made.category or made.target != CENTRE
)


@dataclass(frozen=True)
class Config:
    rallies: Path
    serves: Path
    names: tuple[str, ...] = (*SPECIALISTS, "forehand_serve", "backhand_serve")
    n: int = 300
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


def compared(config: Config, name: str, values: Vector) -> dict[str, object]:
    """Rates of a specialist and its generalist on balls (n, 9), or on some of them."""
    recipe, rng = RECIPES[name], np.random.default_rng(config.seed)
    values = values[rng.permutation(len(values))[: config.n]]
    seeds = range(config.seed, config.seed + config.repeats)
    own, general = (
        np.mean([good(who, recipe.target, values, seed) for seed in seeds], axis=0)
        for who in (name, recipe.begin)
    )
    return {
        "n": len(values),
        "specialist": round(float(own.mean()), 4),
        "generalist": round(float(general.mean()), 4),
        "difference": round(float((own - general).mean()), 4),
        "difference_interval": mean_interval(own - general),
    }


def main(config: Config) -> None:
    found = {}
    for name in config.names:
        hands = [replace(RECIPES[name], style=style) for style in ("forehand", "backhand")]
        sides = [balls(hand, config.rallies, config.serves, held_out=True).values for hand in hands]
        found[name] = compared(config, name, np.unique(np.concatenate(sides), axis=0))
        print(name, found[name], file=sys.stderr, flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main(tyro.cli(Config))
