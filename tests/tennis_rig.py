"""What the tests of learning table tennis share: small objectives that worker processes import."""

import numpy as np

from skills.tennis.curriculum import Tally
from skills.tennis.evolution import Run
from skills.tennis.network import Network, Shape, Stream, initial
from skills.tennis.normalise import Normaliser
from skills.tennis.workers import Knowledge, Result, Trial

SMALL = Shape(inputs=4, filters=(12, 2), dilations=(1, 2))
DT, TICKS = 0.1, 40
FAR = 1.5  # [m] starts beyond are of category 1
CLOSE = 0.3  # [m] of the goal, at the end, counts as success


def beginning(seed: int = 0) -> Run:
    """Of a run that learns to reach."""
    parameters = initial(SMALL, np.random.default_rng(seed), last=0.0)
    return Run.begin(parameters, Knowledge(Normaliser.empty(4), Tally.empty(2)))


def reach(trial: Trial) -> Result:
    """A point mass on a plane, pushed by the network, shall come to rest at the origin."""
    starts = np.array(
        [[np.random.default_rng(seed).uniform(-2, 2, 2) for seed in row] for row in trial.seeds]
    )
    distances, observed = play(trial.parameters, starts, trial.known.normaliser)
    far = np.linalg.norm(starts, axis=-1) > FAR
    tally = Tally.of(2, far, distances[-1] < CLOSE)
    return Result(-distances.mean(0), Knowledge(observed, tally))


def play(parameters, starts, normaliser):
    """Distances (TICKS, P, R) [m] to the origin from `starts` (P, R, 2), and what was observed."""
    position, velocity = np.array(starts), np.zeros_like(starts)
    network, stream, seen, distances = Network(SMALL, parameters), None, [], []
    for _ in range(TICKS):
        observation = np.concatenate((position, velocity), -1)
        seen.append(observation)
        given = normaliser(observation)
        stream = stream or Stream(network, given)
        velocity = velocity + DT * 3 * stream.step(given)
        position = position + DT * velocity
        distances.append(np.linalg.norm(position, axis=-1))
    return np.array(distances), Normaliser.of(seen)


def make_reach():
    return reach
