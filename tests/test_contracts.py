"""Everything that is registered keeps its contract."""

import time

import numpy as np
import pytest
from rig import scene_of

from robot.cli import build, worlds
from robot.specs import DESCRIPTIONS, SPECS
from robot.types import Goal, JointMode, Outcome, Reference, State, Status, vector
from sim.tabletop import Tabletop, TabletopConfig
from sim.tennis.states import invent
from sim.tennis.world import TableTennis
from skills import SKILLS


def state_of(world):
    """The state at the first tick of a world."""
    world.wait()
    obs = world.read()
    still = vector(np.zeros(len(obs.q)))
    reference = Reference(obs.q, still, still)
    return State(obs.time, 0.0, obs.seq, obs.q, obs.qd, reference, obs.fixes)


def world_of(robot):
    if robot == "pusht":
        pytest.importorskip("gym_pusht")
        return worlds.pusht(0)
    if robot == "pusher":
        return worlds.blockpush(0)
    if robot == "tennis":
        rng = np.random.default_rng(0)
        return TableTennis(invent(rng).values[0], rng)
    return Tabletop(build.robot_spec(), scene_of(), TabletopConfig())


@pytest.fixture(scope="module")
def states():
    """The first state of a world of each robot, made when it is asked for."""
    made = {}

    def state(robot):
        if robot not in made:
            world = world_of(robot)
            made[robot] = state_of(world)
            world.close()
        return made[robot]

    return state


ARGS = (
    {"object": "red block", "at": "blue bowl", "to": [0, 0], "opening": -1},
    {"pose": "corner", "assignment": 1},
)


@pytest.mark.parametrize(("robot", "name"), [(r, name) for r in SKILLS for name in SKILLS[r]])
def test_a_skill_answers_at_once_and_in_form(robot, name, states):
    spec, state = build.robot_spec(robot), states(robot)
    skill = build.skills(spec, only=(name,))[name]
    for args in ({}, *ARGS):
        goal = Goal(1, name, args)
        skill.reset(state, goal)
        began = time.thread_time()
        command, outcome = skill.act(state, goal)
        assert time.thread_time() - began < 0.05
        assert isinstance(outcome, Outcome) and outcome.goal_id == command.goal_id == 1
        assert outcome.status in Status and (outcome.reason != "") == (outcome.status == "failed")
        assert command.target.shape == (len(spec.joints),) and np.isfinite(command.target).all()
        assert set(command.modes) <= spec.modes and command.expiry > 0
        if name == "push_blocks" and not args:
            assert "assignment=0: red block to green target" in outcome.reason


def test_every_robot_has_skills_and_can_hold():
    assert SKILLS.keys() == SPECS.keys()
    assert all("hold" in skills for skills in SKILLS.values())


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.name)
def test_a_robot_is_consistent(spec):
    n = len(spec.joints)
    assert len(set(spec.joints)) == n
    for values in (spec.lower, spec.upper, spec.velocity, spec.acceleration, spec.jerk, spec.home):
        assert values.shape == (n,) and np.isfinite(values).all() and not values.flags.writeable
    assert (spec.lower < spec.home + 1e-12).all() and (spec.home <= spec.upper).all()
    assert min(spec.velocity.min(), spec.acceleration.min(), spec.jerk.min()) > 0
    assert spec.modes <= set(JointMode) and 0 < spec.dt < 1
    covered = sorted(i for group in spec.groups.values() for i in range(n)[group])
    assert covered == list(range(n))
    assert not spec.description or (DESCRIPTIONS / spec.description).is_file()


@pytest.mark.parametrize("engine", ["mujoco", "pybullet"])
def test_a_world_keeps_the_robots_contract(engine):
    config = TabletopConfig(engine, duration=0.1)
    world = Tabletop(build.robot_spec(), scene_of(), config)
    with pytest.raises(RuntimeError, match="wait"):
        world.read()
    seen = []
    while world.wait():
        obs = world.read()
        assert obs.time == obs.received == world.now()
        assert not obs.q.flags.writeable and not obs.qd.flags.writeable
        seen.append(obs.seq)
    assert seen == list(range(1, 14))
    world.close()
    world.close()
    assert not world.wait()


def test_unknown_names_list_the_valid_ones():
    with pytest.raises(ValueError, match="valid are ur5e, pusht, pusher"):
        build.robot_spec("r2d2")
    with pytest.raises(ValueError, match="valid are mujoco, pybullet"):
        Tabletop(build.robot_spec(), (), TabletopConfig("gazebo"))
