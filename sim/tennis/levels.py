"""The four levels of opponents: what people of each are like, and those that are committed.

`opponents.json` holds, for each level, the calibrated mean strength and players that were drawn
once: they are the ones to compare on. Others can be drawn at any time. The strengths are those at
which the robot in MuJoCo, its learned controllers chosen at random, wins the published share of
the points; `tests/benchmark/tennis_opponents.py` found them (40 games a level, seed 200;
95 % intervals: +- .5, .2, .23, .18), and

    python -m sim.tennis.calibrate --strengths 1.05 2.00 2.52 2.45 --seed 0

drew the players.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from math import exp
from pathlib import Path

import numpy as np

from sim.tennis.opponent import LEVELS, Player

COMMITTED = Path(__file__).with_name("opponents.json")
# Share of the points that the robot of arXiv 2408.03906 won against people of each level.
PUBLISHED = {"beginner": 0.72, "intermediate": 0.50, "advanced": 0.34, "advanced+": 0.34}

# What a level is in the mean, but for its strength, which is calibrated (these are where that
# begins). Ours; their order says what people of a higher level do better.
MEANS = {
    "beginner": Player("beginner", 1.0, 0.08, 0.9, 0.8, 0.5, 0.5, 1, 0.8, -0.5, -0.4, 0.0),
    "intermediate": Player("intermediate", 1.8, 0.04, 0.7, 0.6, 0.4, 0.4, 1, 0.8, 0.0, 0.0, 0.6),
    "advanced": Player("advanced", 2.6, 0.02, 0.55, 0.5, 0.3, 0.3, 1, 0.7, 0.5, 0.5, 1.5),
    "advanced+": Player("advanced+", 3.0, 0.015, 0.5, 0.45, 0.25, 0.25, 1, 0.6, 0.6, 0.6, 1.7),
}
OWN_STRENGTH, OWN_WEIGHTS, OWN_STYLE = 0.25, 0.25, 0.2  # spread of people of one level


def draw(level: str, rng: np.random.Generator, strength: float | None = None) -> Player:
    """Somebody of `level`: weak side, weights and style vary about the level's means.

    `strength`: about which that varies; without it, the calibrated one.
    """
    mean = MEANS[known(level)]
    names = ("by_speed", "by_run", "by_spin", "by_depth", "by_weak_side", "slip")
    weights = {
        name: getattr(mean, name) * exp(OWN_WEIGHTS * rng.standard_normal()) for name in names
    }
    style = {
        name: getattr(mean, name) + OWN_STYLE * rng.standard_normal() for name in ("pace", "turn")
    }
    middle = _committed()[level][0] if strength is None else strength
    own = middle + OWN_STRENGTH * rng.standard_normal()
    return replace(mean, strength=own, weak_side=int(rng.choice((-1, 1))), **weights, **style)


def committed(level: str) -> tuple[Player, ...]:
    """The players of `level` that are committed."""
    return _committed()[known(level)][1]


def commit(strengths: Mapping[str, float], rng: np.random.Generator, each: int = 10) -> None:
    """Draw `each` players of every level about `strengths`, and keep both in COMMITTED."""
    levels = []
    for level in LEVELS:
        players = [json.dumps(draw(level, rng, strengths[level]).to_json()) for _ in range(each)]
        listed = ",\n    ".join(players)
        levels.append(
            f'"{level}": {{"strength": {strengths[level]:.3f}, "players": [\n    {listed}\n]}}'
        )
    COMMITTED.write_text("{\n" + ",\n".join(levels) + "\n}\n")
    _committed.cache_clear()


@lru_cache(maxsize=1)
def _committed() -> dict[str, tuple[float, tuple[Player, ...]]]:
    data = json.loads(COMMITTED.read_text())
    return {
        level: (entry["strength"], tuple(Player(**player) for player in entry["players"]))
        for level, entry in data.items()
    }


def known(level: str) -> str:
    """`level`, if it is one; else an error that names those there are."""
    if level not in MEANS:
        raise ValueError(f"unknown level {level!r}; valid are {', '.join(LEVELS)}")
    return level
