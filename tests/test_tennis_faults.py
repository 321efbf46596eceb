"""What goes wrong with the sight of the ball, in mid-rally: the robot gets ready for the next."""

from dataclasses import replace

import numpy as np
import pytest

from robot.cli import build
from robot.loop import Stack, run
from robot.mode import Mode
from robot.tennis import TENNIS
from robot.types import vector
from sim.tennis.world import TableTennis, TennisConfig
from skills.tennis.skill import READY

RALLY = [0.25, 1.2, 0.4, 0.2, -5.5, 1.2, 30.0, 5.0, -3.0]  # is struck after .58 s
WHEN = 0.36  # [s] of the fault: the stroke has begun


class Faulty(TableTennis):
    """One ball, whose fixes pass through `fault`; and the time after it."""

    over = False

    def __init__(self, fault):
        self._fault, self.fixes = fault, []
        super().__init__(RALLY, np.random.default_rng(3), TennisConfig(duration=3.0))

    def _fix(self, seen):
        self.fixes.append(super()._fix(seen))
        return self.fixes[-1] if self.now() < WHEN else self._fault(self)


def played(fault):
    """The world, and every tick."""
    world, ticks, choices = Faulty(fault), [], []
    supervisor = build.supervisor(TENNIS)
    mode = Mode(supervisor)
    mode.engage()
    planner = build.tennis_planner(0, "best", choices.append, choices.append, tuple)
    skills, estimator = build.skills(TENNIS), build.estimator(TENNIS)
    run(Stack(world, planner, skills, supervisor, mode, estimator, record=ticks.append))
    assert not supervisor.stopped
    return world, ticks


def moved(fix, by):
    return replace(fix, position=vector(fix.position + by))


FAULTS = {
    "lost": lambda world: None,
    "frozen picture": lambda world: replace(world.fixes[-1], position=world.fixes[17].position),
    "frozen camera": lambda world: world.fixes[17],
    "late": lambda world: world.fixes[-13],
    "somewhere else": lambda world: moved(world.fixes[-1], [0.6, -0.5, 0.4]),
    "not finite": lambda world: moved(world.fixes[-1], [np.nan, 0, 0]),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_it_gets_ready_again_without_a_wild_swing(fault):
    _, ticks = played(fault)
    assert any(tick.goal.skill == "rally" for tick in ticks)
    assert all(tick.proposed is not None and not tick.verdict.reasons for tick in ticks)
    last = ticks[-1]
    assert last.goal.skill == "ready"
    assert np.abs(last.state.q - TENNIS.home).max() < READY
    # A stroke that was begun may end; after that it goes home, at half of full speed.
    after = [tick for tick in ticks if tick.state.time > WHEN + 0.45]
    fastest = np.max([np.abs(tick.verdict.command.target) for tick in after], axis=0)
    assert (fastest <= 0.55 * TENNIS.velocity).all()


def test_a_single_outlier_changes_nothing_much():
    def once(world):
        first = world.now() < WHEN + TENNIS.dt / 2
        return moved(world.fixes[-1], [0.3, 0.3, 0.3]) if first else world.fixes[-1]

    good, _ = played(lambda world: world.fixes[-1])
    bad, _ = played(once)
    assert good.judge.hit and bad.judge.hit
    assert good.judge.landed and bad.judge.landed
    assert bad.judge.place == pytest.approx(good.judge.place, abs=0.3)
