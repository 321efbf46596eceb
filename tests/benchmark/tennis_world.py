"""How fast the tennis world is, how well closed forms predict it, and which states are valid in it.

python tests/benchmark/tennis_world.py --states rallies.json --n 300 --seed 0
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

from robot import ball
from robot.ball import TRACKS, TrackName
from robot.intervals import wilson
from robot.tennis import EDGE, TENNIS
from sim.tennis import states
from sim.tennis.batch import TennisBatch
from sim.tennis.court import Court, CourtConfig
from sim.tennis.engine import Many
from sim.tennis.world import TableTennis, TennisConfig


@dataclass(frozen=True)
class Config:
    states: Path  # a file of ball states
    n: int = 300  # states
    seed: int = 0
    track: TrackName = "paper"


def validity(chosen: states.States, config: Config, rng: np.random.Generator) -> None:
    """Balls without a robot: do they come as the rules want?"""
    world = TennisBatch(len(chosen), rng, CourtConfig(config.track, latency=False))
    world.reset(chosen.values)
    world._court.engine.q[:, 0] = TENNIS.lower[0]  # out of the way
    world._court.engine.act[:, 0] = TENNIS.lower[0]
    for _ in range(200):
        world.step(np.zeros((len(chosen), 8)))
    valid = np.array([judge.valid for judge in world.judges])
    low, high = wilson(int(valid.sum()), len(valid))
    print(f"valid: {valid.mean():.4f} [{low:.3f}, {high:.3f}], n={len(valid)}")
    for judge, number in zip(world.judges, chosen.ids.tolist(), strict=True):
        if not judge.valid:
            print(f"  state {number}: {judge.decision and judge.decision.why}")
    print(f"valid in closed form: {states.valid(chosen.ball(), TRACKS[config.track]).mean():.4f}")


def prediction(chosen: states.States, config: Config, rng: np.random.Generator) -> None:
    """Where the closed form says the ball crosses the robot's edge, from its exact state."""
    n = len(chosen)
    worlds = Court(
        Many(n, config.track == "paper", 1), CourtConfig(config.track, latency=False), rng.spawn(n)
    )
    away = TENNIS.home.copy()
    away[0] = TENNIS.lower[0]
    worlds.reset(chosen.ball(), q=away)
    when, where = ball.cross(TRACKS[config.track], chosen.ball(), 1, EDGE)
    truth, at = np.full((n, 3), np.nan), np.full(n, np.nan)
    for step in range(1800):
        before = worlds.engine.ball_position.copy()
        worlds.advance()
        after = worlds.engine.ball_position
        now = np.isnan(at) & (before[:, 1] > EDGE) & (after[:, 1] <= EDGE)
        part = ((before[:, 1] - EDGE) / (before[:, 1] - after[:, 1]))[now, None]
        truth[now] = before[now] + part * (after[now] - before[now])
        at[now] = (step + part[:, 0]) * 0.001
    ok = ~np.isnan(at) & ~np.isnan(when)
    off = np.linalg.norm(truth[ok] - where.position[ok], axis=1)
    late = np.abs(at[ok] - when[ok])
    print(
        f"predicted at the edge: median {np.median(off) * 1000:.1f} mm, 95 % within "
        f"{np.quantile(off, 0.95) * 1000:.1f} mm; time: median {np.median(late) * 1000:.1f} ms, "
        f"95 % within {np.quantile(late, 0.95) * 1000:.1f} ms; n={ok.sum()}"
    )


def speed(chosen: states.States, config: Config, rng: np.random.Generator) -> None:
    """Physics steps a second of processor time, with latencies and moving arms."""
    settings = CourtConfig(config.track)
    n = min(128, len(chosen))
    batch = TennisBatch(n, rng, settings)
    batch.reset(chosen.values[:n])
    began, steps = time.process_time(), 0
    for _ in range(40):
        steps += 20 * len(batch.live)
        batch.step(rng.uniform(-0.4, 0.4, (n, 8)) * TENNIS.velocity)
    spent = time.process_time() - began
    print(f"batch of {n}, one thread: {steps / spent:.0f} physics steps/s")
    spent, steps = 0.0, 0
    for value in chosen.values[:10]:
        world = TableTennis(value, rng, TennisConfig(config.track))
        began = time.process_time()
        while world.wait():
            world.read()
            steps += 20
        spent += time.process_time() - began
    print(f"single: {steps / spent:.0f} physics steps/s")


def main(config: Config) -> None:
    rng = np.random.default_rng(config.seed)
    loaded = states.load(config.states)
    chosen = loaded.pick(rng.choice(len(loaded), config.n, replace=False))
    validity(chosen, config, rng)
    prediction(chosen, config, rng)
    speed(chosen, config, rng)


if __name__ == "__main__":
    main(tyro.cli(Config))
