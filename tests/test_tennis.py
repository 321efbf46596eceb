"""The table tennis world: its latencies, its contracts, its balls."""

import json

import gymnasium
import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from table_rig import PLACES, RALLY, command, world_of

from robot import ball
from robot.ball import PAPER, TRACKS
from robot.cli import build
from robot.estimate import Estimator
from robot.loop import Stack, run
from robot.mode import Mode
from robot.safety import SafetyConfig, Supervisor
from robot.tennis import BALL, TENNIS, TRACKING
from robot.types import Command, Goal, vector
from sim.tennis import latency, model, states
from sim.tennis.batch import TennisBatch
from sim.tennis.court import CourtConfig
from sim.tennis.engine import RACKET
from sim.tennis.env import TableTennisEnv
from sim.tennis.world import CAMERAS, TableTennis, TennisConfig
from skills.motion import Motion


def swing(world, rng):
    """Random speeds until the ball is decided; all that was observed."""
    seen = []
    while world.wait():
        obs = world.read()
        where = obs.fixes[BALL].position if obs.fixes else np.zeros(3)
        seen.append(np.r_[obs.time, obs.q, obs.qd, where])
        world.write(command(world, rng.uniform(-0.6, 0.6, 8) * TENNIS.velocity))
    return seen


# --- latencies ---


def test_latencies_have_the_published_means_and_variances():
    drawn = latency.draw([np.random.default_rng(0)] * 20000)
    assert drawn.mean(axis=0) == pytest.approx([40, 29, 33, 71, 56.1, 84], abs=0.15)
    assert drawn.var(axis=0) == pytest.approx([8.2, 8.2, 9, 5.7, 12.3, 12.3], rel=0.06)


def test_what_is_seen_is_what_was():
    world = world_of(duration=1.0)
    truth = []  # after each millisecond
    world.wait()
    ages = []
    keep = world._court._remember

    def remember():
        keep()
        truth.append(np.r_[world._court.engine.ball_position[0], world._court.engine.q[0]])

    world._court._remember = remember
    while world.wait():
        obs = world.read()
        world.write(command(world, [0.3, -0.3, 1, 1, 0.5, 1, 0.5, 1]))
        if BALL in obs.fixes:
            fix = obs.fixes[BALL]
            step = round(fix.time * 1000)
            np.testing.assert_array_equal(fix.position, truth[step - 1][:3])
            ages.append(world.now() - fix.time)
        if obs.time > 0.01:
            step = round(obs.time * 1000)
            np.testing.assert_array_equal(obs.q[2:], truth[step - 1][5:])
    assert len(ages) > 10 and min(ages) > 0.03 and max(ages) < 0.05


def test_commands_arrive_late_and_expire():
    world = world_of(duration=2.0, start=[0, 2.0, 0.9, 0, -0.1, 0, 0, 0, 0])
    ctrl, moved = world._court.engine.ctrl[0], {}
    world.wait()
    world.write(command(world, np.full(8, 0.1)))
    advance = world._court.advance

    def watched():
        advance()
        for joint in np.flatnonzero(ctrl):
            moved.setdefault(joint, []).append(world._court.step)

    world._court.advance = watched
    for _ in range(12):
        world.wait()
    begun = {joint: steps[0] for joint, steps in moved.items()}
    assert 58 < begun[2] < 85 and begun[2] == begun[7]
    assert 42 < begun[1] < 72 < begun[0] < 100
    assert all(len(steps) == 100 for steps in moved.values())  # as long as it is valid


def test_a_position_is_reached_within_a_period():
    world = world_of(latency=False)
    world.wait()
    goal = TENNIS.home + np.array([0.02, -0.02, 0.05, 0.05, 0.05, -0.05, 0.05, 0.1])
    world.write(command(world, goal, PLACES))
    world.wait()
    np.testing.assert_allclose(world._court.engine.act[0], goal, atol=1e-9)
    world.wait()
    np.testing.assert_allclose(world._court.engine.act[0], goal, atol=1e-9)


# --- the world, and many of it ---


def test_a_world_keeps_the_robots_contract():
    world = world_of(duration=0.2)
    with pytest.raises(RuntimeError, match="wait"):
        world.read()
    seqs = []
    while world.wait():
        obs = world.read()
        assert obs.received == world.now() and obs.time <= obs.received
        assert not obs.q.flags.writeable and not obs.qd.flags.writeable
        seqs.append(obs.seq)
    assert seqs == list(range(11))
    world.close()
    world.close()
    assert not world.wait()


class Stay:
    def plan(self, state, heard, outcome):
        return Goal(1, "hold")


def test_the_loop_holds_the_robot_through_an_episode():
    world, ticks = world_of(), []
    supervisor = Supervisor(TENNIS)
    mode = Mode(supervisor)
    mode.engage()
    skills = build.skills(TENNIS)
    stack = Stack(world, Stay(), skills, supervisor, mode, Estimator(TENNIS), record=ticks.append)
    run(stack)
    assert len(ticks) > 30 and not supervisor.stopped
    assert all(tick.proposed is not None and not tick.verdict.reasons for tick in ticks)
    assert BALL in ticks[-1].state.objects
    np.testing.assert_allclose(ticks[-1].obs.q, TENNIS.home, atol=0.01)


@pytest.mark.parametrize("joint", range(5))
def test_a_sweep_at_full_speed_is_not_taken_for_a_collision(joint):
    world = world_of([0, 1.2, 1.6, 0, -0.05, 2.7, 0, 0, 0], duration=1.3)
    supervisor, estimator = Supervisor(TENNIS, SafetyConfig(tracking=TRACKING)), Estimator(TENNIS)
    motion, end = Motion(TENNIS), TENNIS.home.copy()
    end[joint] = TENNIS.lower[joint] if joint == 0 else TENNIS.upper[joint]
    world.wait()
    supervisor.reset(world.read().q)
    while True:
        state = estimator.update(world.read(), world.now(), supervisor.reference)
        motion.sync(supervisor.reference)
        target = vector(motion.toward(end))
        proposed = Command(state.time, state.seq, 1, target, PLACES, TENNIS.timeout)
        world.write(supervisor.filter(state, proposed).command)
        if not world.wait():
            break
    assert not supervisor.stopped and abs(world.read().q[joint] - end[joint]) < 0.05


@pytest.mark.parametrize("name", TRACKS)
def test_the_same_seed_is_the_same_episode(name):
    first, again, other = (
        swing(world_of(seed=seed, track=name, randomise=name == "paper"), np.random.default_rng(7))
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert len(first) != len(other) or not np.array_equal(first, other)


@pytest.mark.parametrize("name", TRACKS)
def test_many_are_exactly_as_one(name):
    n = 6
    values = states.invent(np.random.default_rng(3), n).values
    config = CourtConfig(name, randomise=name == "paper")
    batch = TennisBatch(n, np.random.default_rng(9), config, threads=2)
    seen, speeds = batch.reset(values), np.random.default_rng(4).uniform(-1, 1, (200, n, 8))
    speeds *= 0.6 * TENNIS.velocity
    worlds = [
        TableTennis(v, rng, TennisConfig(name, randomise=config.randomise))
        for v, rng in zip(values, np.random.default_rng(9).spawn(n), strict=True)
    ]
    going = [world.wait() for world in worlds]
    for tick in range(120):
        live = set(batch.live.tolist())
        for i, world in enumerate(worlds):
            assert (i in live) == (not world.judge.over)
            if not going[i]:
                continue
            obs = world.read()
            np.testing.assert_array_equal(obs.q, seen.q[i])
            np.testing.assert_array_equal(obs.qd, seen.qd[i])
            assert obs.time == seen.time[i] and (BALL in obs.fixes) == (
                seen.ball[i, 0] == seen.ball[i, 0]
            )
            if BALL in obs.fixes:
                np.testing.assert_array_equal(obs.fixes[BALL].position, seen.ball[i])
            world.write(command(world, speeds[tick, i]))
            going[i] = world.wait()
        seen = batch.step(speeds[tick])
        if batch.over.all():
            break
    assert batch.over.all()
    for world, judge in zip(worlds, batch.judges, strict=True):
        assert world.judge.decision == judge.decision and world.judge.hit == judge.hit


def test_a_renewed_world_is_a_new_one():
    values = states.invent(np.random.default_rng(3), 4).values
    batch = TennisBatch(4, np.random.default_rng(0), CourtConfig(latency=False))
    batch.reset(values)
    still = np.zeros((4, 8))
    swung = [batch.step(still).ball[1].copy() for _ in range(20)]
    batch.renew(np.array([1, 3]), values[[1, 3]])
    again = [batch.step(still).ball[1].copy() for _ in range(20)]
    np.testing.assert_array_equal(swung, again)
    with pytest.raises(ValueError, match=r"\(4, 9\)"):
        batch.reset(values[:2])


def judged(start, **config):
    world = world_of(start, **config)
    while world.wait():
        pass
    return world.judge


def test_the_judge_tells_what_became_of_a_ball():
    passed = judged([0.7, 1.2, 0.4, 0.0, -5.5, 1.2, 30.0, 0, 0])
    assert passed.valid and not passed.hit and passed.decision.why == "not returned"
    long = judged([0.7, 1.2, 0.4, 0.0, -9.0, 2.5, 0, 0, 0])
    assert not long.valid and long.decision.why == "out"
    serve = judged([0.7, 1.3, 0.25, 0.0, -4.8, -1.8, 0, 0, 0])
    assert serve.rally.serve and serve.valid
    netted = judged([0.7, 1.2, 0.2, 0.0, -5.0, -0.5, 0, 0, 0])
    assert not netted.valid


# --- states ---


def row(**changes):
    return {"id": 1, **dict(zip(states.FIELDS, RALLY, strict=True)), **changes}


def test_states_are_read_and_turned(tmp_path):
    file = tmp_path / "states.json"
    file.write_text(json.dumps([row(), row(id=2, pos_x=0.3, pos_y=-1.2, vel_y=5.5, w_vel_x=-30.0)]))
    loaded = states.load(file)
    assert len(loaded) == 2 and loaded.ids.tolist() == [1, 2]
    np.testing.assert_allclose(loaded.values[0], RALLY)
    assert loaded.values[1, :6] == pytest.approx([-0.3, 1.2, 0.4, -0.2, -5.5, 1.2])
    assert loaded.values[1, 6] == pytest.approx(30.0)
    kinds = states.categories(loaded)
    assert (
        set(kinds) == set(states.CATEGORIES) and kinds["normal"].all() and not kinds["fast"].any()
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "no JSON"),
        ("[]", "at least one"),
        ("[3]", "must be an object"),
        (json.dumps([{"id": 1}]), "no 'pos_x'; needed are pos_x, pos_y"),
        (json.dumps([row(vel_x="fast")]), "finite numbers"),
        (json.dumps([row(id="a")]), "whole number"),
    ],
)
def test_wrong_files_are_refused_with_a_reason(tmp_path, text, why):
    file = tmp_path / "states.json"
    file.write_text(text)
    with pytest.raises(states.StatesError, match=why):
        states.load(file)
    with pytest.raises(states.StatesError, match="cannot read"):
        states.load(tmp_path / "none.json")


def test_a_mirrored_ball_flies_mirrored():
    values = states.invent(np.random.default_rng(0), 20).values
    flown = ball.path(PAPER, states.split(values), 0.8).state.position[-1]
    other = ball.path(PAPER, states.split(states.mirrored(values)), 0.8).state.position[-1]
    np.testing.assert_allclose(other, flown * [-1, 1, 1], atol=1e-9)


def test_categories_are_the_papers():
    values = np.tile(RALLY, (6, 1))
    values[0, 4], values[1, 1], values[1, 4] = -7.2, 0.3, -3.0
    values[2, 6], values[3, 6] = 51.0, -26.0
    values[4, 4:6] = -4.0, 2.6
    values[5, 2:6] = 0.25, 0.0, -4.8, -1.8
    kinds = states.categories(states.States(np.arange(6), values))
    for name, rows in {"fast": [0], "slow": [1], "topspin": [2], "underspin": [3]}.items():
        assert np.flatnonzero(kinds[name]).tolist() == rows
    assert kinds["lob"].tolist() == [False] * 4 + [True, False]
    assert kinds["serve"].tolist() == [False] * 5 + [True]


# --- Gymnasium ---


def test_gymnasiums_own_checker():
    env = gymnasium.make("sim.envs:courtside/TableTennis-v0").unwrapped
    check_env(env, skip_render_check=True)
    env.close()
    env.close()


def test_actions_pass_the_supervisor():
    env = TableTennisEnv()
    obs, _ = env.reset(seed=0, options={"start": RALLY})
    assert obs["ball_age"][0] == -1.0
    reasons = set()
    for _ in range(6):
        obs, reward, terminated, _, info = env.step(env.action_space.high)
        reasons |= set(info["reasons"])
    assert any("A1 limited" in reason for reason in reasons)
    assert not terminated and reward == 0 and 0.03 < obs["ball_age"][0] < 0.06
    _, _, _, _, info = env.step(np.full(8, np.nan))
    assert info["stopped"]
    env.close()
    with pytest.raises(RuntimeError, match="reset"):
        TableTennisEnv().step(np.zeros(8))


def test_rendering():
    world = world_of()
    world.wait()
    image = world.render(CAMERAS["scene"])
    assert image.shape == (480, 640, 3) and image.dtype == np.uint8 and image.std() > 20
    world.close()


@pytest.mark.parametrize("start", [[0] * 9, RALLY[:8], [np.nan] * 9])
def test_wrong_starts_are_refused(start):
    with pytest.raises(ValueError, match="ball"):
        world_of(start)


def test_two_robots_can_stand_at_one_table():
    both = model.build(robots=("near ", "far ")).compile()
    assert both.nu == 16
    data = mujoco.MjData(both)
    for prefix in ("near ", "far "):
        for name, at in zip(TENNIS.joints, TENNIS.home, strict=True):
            data.joint(prefix + name).qpos = at
    mujoco.mj_kinematics(both, data)
    near, far = (data.body(f"{prefix}tool_link").xpos for prefix in ("near ", "far "))
    np.testing.assert_allclose(far, near * [-1, -1, 1], atol=1e-9)
    with pytest.raises(ValueError, match="two robots"):
        model.build(robots=("a", "b", "c"))


def test_one_racket_among_the_touches():
    assert model.TOUCHES[RACKET] == "racket"
