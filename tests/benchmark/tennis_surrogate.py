"""How well the surrogate world agrees with MuJoCo, ball by ball, and how much faster it is.

    python tests/benchmark/tennis_surrogate.py --states rallies.json --n 300 --seed 0

For the model-based stroke and for each learned controller named, on both tracks: rates of hits and
landings in both worlds, the share of balls with the same fate, and how far apart they land. First
with the very same commands, then with each world's own. Balls are those held out from training.
"""

from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import tyro

from robot.ball import PAPER, TRACKS, Track
from robot.cli.train_tennis import balls
from robot.intervals import wilson
from robot.racket import rackets
from robot.tennis import TENNIS
from robot.types import Vector
from sim.tennis import states
from sim.tennis.batch import TennisBatch
from sim.tennis.court import CourtConfig
from sim.tennis.quick import QuickBatch
from skills.tennis.arena import Arena, Fates
from skills.tennis.evaluate import Learned, Player, play, the_one
from skills.tennis.recipes import RECIPES
from skills.tennis.skill import STROKE, controller
from skills.tennis.stroke import Model, StrokeConfig


@dataclass(frozen=True)
class Config:
    states: Path  # a file of rally states
    n: int = 300
    seed: int = 0
    controllers: tuple[str, ...] = (STROKE, "forehand", "backhand")


class Noted:
    """Worlds, the speeds that they were sent, and where their rackets were before contact."""

    def __init__(self, worlds: TennisBatch | QuickBatch) -> None:
        self.n, self.worlds = worlds.n, worlds
        self.speeds, self.rackets = list[Vector](), list[Vector]()

    def reset(self, values: Vector) -> object:
        return self.worlds.reset(values)

    def step(self, speeds: Vector) -> object:
        self.speeds.append(speeds)
        seen = self.worlds.step(speeds)
        middle = rackets(self.worlds.joints()[0])[0][:, 0]
        over = np.array([judge.hit or judge.over for judge in self.worlds.judges])
        self.rackets.append(np.where(over[:, None], np.nan, middle))
        return seen

    @property
    def over(self) -> np.ndarray:
        return self.worlds.over

    @property
    def judges(self) -> list:
        return self.worlds.judges


def repeated(worlds: Noted, track: Track, values: Vector, speeds: list[Vector]) -> Fates:
    """What becomes of the balls (n, 9) with commands that are given."""
    worlds.reset(values)
    still = [np.zeros((worlds.n, len(TENNIS.joints)))] * 60
    for sent in speeds + still:
        worlds.step(sent)
    return Arena(worlds, track).fates()


def compare(what: str, theirs: Fates, own: Fates) -> None:
    n = len(theirs.hit)
    for name in ("hit", "landed"):
        a, b = getattr(theirs, name), getattr(own, name)
        low, high = wilson(int((a == b).sum()), n)
        print(
            f"  {what}, {name}: MuJoCo {a.mean():.3f}, surrogate {b.mean():.3f}, "
            f"same {(a == b).mean():.3f} [{low:.3f}, {high:.3f}]"
        )
    apart = np.linalg.norm(theirs.place - own.place, axis=1)
    apart = apart[~np.isnan(apart)]
    print(
        f"  {what}, landing places apart: median {np.median(apart) * 1000:.0f} mm, "
        f"90 % within {np.quantile(apart, 0.9) * 1000:.0f} mm"
    )


def main(config: Config) -> None:
    for name in config.controllers:
        if name == STROKE:
            loaded = states.load(config.states)
            pool = loaded.pick(loaded.held_out)
        else:
            pool = balls(RECIPES[name], config.states, None, held_out=True)
        rows = np.random.default_rng(config.seed).permutation(len(pool))[: config.n]
        values, n = pool.values[rows], len(rows)

        def player(track: Track, n: int, name: str = name) -> Player:
            if name == STROKE:
                return Model(track, [StrokeConfig()] * n)
            return Learned([controller(name)], the_one, track)

        # Whatever is compiled is compiled before time is taken.
        few = QuickBatch(2, np.random.default_rng(0))
        play(Arena(few, PAPER), values[:2], player(PAPER, 2))
        for track in TRACKS.values():
            print(f"{name}, track {track.name}, n={n}:")
            settings, fates, spent = CourtConfig(track.name), [], []
            worlds = [
                Noted(kind(n, np.random.default_rng([config.seed, 1]), settings))
                for kind in (TennisBatch, QuickBatch)
            ]
            for noted in worlds:
                began = process_time()
                fates.append(play(Arena(noted, track), values, player(track, n))[0])
                spent.append(process_time() - began)
            same = Noted(QuickBatch(n, np.random.default_rng([config.seed, 1]), settings))
            compare("same commands", fates[0], repeated(same, track, values, worlds[0].speeds))
            off = [
                np.linalg.norm(a - b, axis=1)
                for a, b in zip(worlds[0].rackets, same.rackets, strict=False)
            ]
            median, most = np.nanquantile(off, (0.5, 0.95)) * 1000
            print(f"  rackets apart before contact: median {median:.2f} mm, 95 % {most:.1f} mm")
            compare("own commands", *fates)
            print(f"  balls a second of processor time: {n / spent[0]:.0f}, {n / spent[1]:.0f}")


if __name__ == "__main__":
    main(tyro.cli(Config))
