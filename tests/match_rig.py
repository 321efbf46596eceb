"""What the tests of opponents and of matches share."""

import numpy as np

from robot.ball import PAPER, BallState
from sim.tennis import levels
from sim.tennis.opponent import Opponent, Player
from sim.tennis.strokes import book

BOUNCED = BallState(np.array([0.1, 0.9, 0.05]), np.array([0.3, 4.0, 2.6]), np.array([-30.0, 0, 0]))
HIGH = BallState(np.array([0.1, 1.4, 0.35]), np.array([0.3, 3.8, 0.3]), np.array([-30.0, 0, 0]))


def opponent_of(level, seed=0, **changes):
    rng = np.random.default_rng(seed)
    player = levels.committed(level)[0]
    return Opponent(Player(**(player.to_json() | changes)), book(), PAPER, rng)
