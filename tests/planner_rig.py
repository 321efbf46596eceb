"""What the tests of the high-level controller of table tennis share: hand-made parts of it."""

from typing import NamedTuple

import numpy as np

from planners.tennis.chooser import Chooser
from planners.tennis.network import Network, Networks
from planners.tennis.planner import TennisPlanner
from planners.tennis.sight import Insight
from robot.ball import PAPER
from robot.shots import Shot
from robot.tennis import TENNIS
from robot.types import Outcome, Reference, State, Status, vector
from skills.tennis.descriptors import SCALE, Tried

HOME = TENNIS.home


def simple():
    """Forehand where the ball is at x > 0; underspin where it is above half a metre."""
    style, spin = np.zeros((128, 2)), np.zeros((18, 1))
    style[112] = 10.0, -10.0
    spin[2] = 1.0
    return Networks(Network([style], [np.zeros(2)]), Network([spin], [np.array([-0.5])]))


class Promise(NamedTuple):
    name: str
    land_rate: float
    hit_rate: float = 1.0
    speed: float = 5.0
    place: tuple[float, float] = (0.0, 0.8)


TEAM = tuple(
    Promise(f"{style}{kind}", 0.9 - 0.01 * i, place=(x, 0.8))
    for style in ("forehand", "backhand")
    for i, (kind, x) in enumerate((("", 0), ("_left", -0.4), ("_right", 0.4), ("_underspin", 0)))
)


class Table:
    """Skill descriptors that are the same for every ball."""

    def __init__(self, promises=TEAM):
        self.promises, self.learned = list(promises), []

    @property
    def names(self):
        return tuple(p.name for p in self.promises)

    def look(self, ball, names=None):
        return self.promises

    def learn(self, name, ball, hit, place, speed):
        self.learned.append((name, hit, place, speed))


def chooser_of(mode="adaptive", promises=TEAM, seed=0):
    return Chooser(Table(promises), mode, np.random.default_rng(seed))


def insight_of(style="forehand", yes=0, votes=2):
    return Insight(style, 0.9, yes, votes)


BALL = np.array([0.2, 1.0, 0.4, 0.0, -5.0, 1.0, 20.0])


def shot(by="robot", good=True, reached=True, ended="", x=0.3, speed=6.0):
    landing = vector([x, 0.9]) if good else None
    zero, velocity = vector(np.zeros(3)), vector([0.0, speed, 0.0])
    where = vector([0.2, 1.5, 0.3])
    return Shot(0, 1, by, 1.0, where, velocity, zero, landing, good, reached, ended)


def tried(rng, n):
    hit = rng.random(n) < 0.9
    landed = hit & (rng.random(n) < 0.7)
    place = np.where(landed[:, None], rng.normal(0, 0.5, (n, 2)), np.nan)
    speed = np.where(hit, rng.uniform(4, 7, n), np.nan)
    return Tried(rng.normal(0, 5, (n, 7)) * SCALE, hit, landed, speed, place)


def planner_of(mode="adaptive", results=tuple, networks=None):
    said, noted = [], []
    planner = TennisPlanner(
        chooser_of(mode), networks or simple(), PAPER, said.append, noted.append, results
    )
    return planner, said, noted


def tick(planner, ball, time, outcome=None, heard=()):
    zero = vector(np.zeros(8))
    reference = Reference(HOME, zero, zero)
    state = State(time, 0.0, 1, HOME, zero, reference, ball=ball)
    return planner.plan(state, heard, outcome or Outcome(1, Status.RUNNING))
