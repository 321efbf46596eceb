"""One ball and one robot at the table, for tests."""

import numpy as np

from robot.tennis import TENNIS
from robot.types import Command, JointMode, vector
from sim.tennis.world import TableTennis, TennisConfig

SPEEDS = (JointMode.VELOCITY,) * 8
PLACES = (JointMode.POSITION,) * 8
RALLY = [0.1, 1.2, 0.4, 0.2, -5.5, 1.2, 30.0, 5.0, -3.0]


def world_of(start=RALLY, seed=0, **config):
    return TableTennis(start, np.random.default_rng(seed), TennisConfig(**config))


def command(world, target, modes=SPEEDS):
    return Command(world.now(), 0, 0, vector(target), modes, TENNIS.timeout)
