"""How strong a level must be for a real robot: matches in MuJoCo at many strengths, regressed.

    python tests/benchmark/tennis_opponents.py --level intermediate --n 48 --seed 0

The robot chooses its controllers at random: so opponents' levels are defined.
"""

import time
from dataclasses import dataclass

import numpy as np
import tyro

from robot.ball import PAPER
from robot.cli.matches import controllers
from robot.intervals import wilson
from sim.tennis.calibrate import strength_from
from sim.tennis.evaluate import play
from sim.tennis.levels import PUBLISHED, draw
from sim.tennis.match import MatchBatch, MatchConfig
from sim.tennis.play import PlayConfig
from sim.tennis.referee import MatchRules


@dataclass(frozen=True)
class Config:
    level: str = "intermediate"
    choice: str = "random"  # of the robot
    low: float = 0.0  # strengths, evenly between
    high: float = 5.0
    n: int = 48  # games
    limit: float = 600.0  # [s] simulated, of a game
    seed: int = 0


def main(config: Config) -> None:
    strengths = np.linspace(config.low, config.high, config.n)
    own, chance, who = (
        [np.random.default_rng([config.seed + i, part]) for i in range(config.n)]
        for part in range(3)
    )
    players = [
        draw(config.level, rng, strength) for rng, strength in zip(who, strengths, strict=True)
    ]
    rules = MatchConfig(PlayConfig(MatchRules(games=1)))
    robots = controllers(config.choice, PAPER)(config.n, np.random.default_rng(config.seed))
    began = time.process_time()
    played = play(MatchBatch(players, own, chance, rules), robots, config.limit)
    spent = time.process_time() - began
    points = np.array([match.points for match in played], dtype=np.float64)
    won, lost = points.sum(axis=0).astype(int).tolist()
    print(
        f"{config.level}: {won} to {lost}, share {won / (won + lost):.3f} {wilson(won, won + lost)}"
    )
    for part in np.array_split(np.arange(config.n), 4):
        some = points[part].sum(axis=0)
        print(f"  strength {strengths[part].mean():.2f}: share {some[0] / some.sum():.3f}")
    found, error = strength_from(strengths, points, PUBLISHED[config.level])
    print(f"  for {PUBLISHED[config.level]}: strength {found:.2f} +- {1.96 * error:.2f}")
    simulated = sum(match.seconds for match in played)
    print(f"  {spent / config.n:.1f} s of processor a game, {simulated / config.n:.0f} s simulated")


if __name__ == "__main__":
    main(tyro.cli(Config))
