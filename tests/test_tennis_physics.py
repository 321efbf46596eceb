"""The table tennis world's physics against closed forms and measured coefficients."""

import mujoco
import numpy as np
import pytest
from table_rig import RALLY, command, world_of

from robot import ball
from robot.ball import PAPER, PHYSICAL, TRACKS, BallState
from robot.geometry import matrix_of
from robot.kinematics import Kinematics
from robot.tennis import BALL_RADIUS, BLADE_RADIUS, TENNIS
from sim.tennis import states
from sim.tennis.court import Court, CourtConfig
from sim.tennis.engine import Many, One
from sim.tennis.judge import Judge


@pytest.mark.parametrize("name", TRACKS)
def test_flights_are_those_of_the_closed_form(name):
    rng = np.random.default_rng(1)
    values = states.invent(rng, 40).values
    values[:, 2] += 1.0  # high above all
    values[:, 6:] = rng.normal(0, 80, (40, 3))
    worlds = Court(Many(40, name == "paper", 1), CourtConfig(name), rng.spawn(40))
    worlds.reset(states.split(values))
    for _ in range(15):
        worlds.tick()
    wanted = ball.fly(TRACKS[name], states.split(values), 0.3)
    assert np.abs(worlds.engine.ball_position - wanted.position).max() < 0.003
    assert np.abs(worlds.engine.ball_velocity - wanted.velocity).max() < 0.02
    np.testing.assert_allclose(worlds.engine.spin, wanted.spin, rtol=1e-3, atol=0.1)


def bounced(name, n=200, seed=2):
    """n bounces on the robot's half: velocity before, spin before, and as soon as it is over.

    The position after is the least of each coordinate on the way.
    """
    rng = np.random.default_rng(seed)
    velocity = np.stack(
        [rng.normal(0, 1.5, n), rng.uniform(-8, -3, n), -rng.uniform(1, 6, n)], axis=1
    )
    position = np.stack([rng.uniform(-0.3, 0.3, n), np.full(n, -0.3), np.full(n, 0.0)], axis=1)
    position[:, 2] = BALL_RADIUS + rng.uniform(0, 0.01, n)
    spin = rng.normal(0, 80, (n, 3))
    worlds = Court(Many(n, name == "paper", 1), CourtConfig(name), rng.spawn(n))
    worlds.reset(BallState(position, velocity, spin))
    after = BallState(np.full((n, 3), np.inf), *np.full((2, n, 3), np.nan))
    for _ in range(20):
        worlds.advance()
        np.minimum(after.position, worlds.engine.ball_position, out=after.position)
        free = worlds.engine.found[:, 0] == 0
        touched = np.array([bool(touch) for touch in worlds.touches])
        left = free & touched & np.isnan(after.velocity[:, 0])
        after.velocity[left] = worlds.engine.ball_velocity[left]
        turn = np.array([matrix_of(q) for q in worlds.engine.ball_quaternion[left]])
        local = worlds.engine.ball_turn[left]
        after.spin[left] = np.einsum("nij,nj->ni", turn.reshape(-1, 3, 3), local)
    assert all(len(touch) == 1 and touch[0].what == "table" for touch in worlds.touches)
    before = np.array([touch[0].velocity for touch in worlds.touches])
    return before, spin, after


def test_bounces_of_the_track_paper_are_those_of_the_closed_form():
    velocity, spin, after = bounced("paper")
    wanted, turned = ball.bounce(PAPER, velocity, spin)
    off, turn = after.velocity - wanted, after.spin - turned
    assert np.abs(off.mean(axis=0)).max() < 0.05  # gravity and air, for 3 ms
    assert np.sqrt((off**2).mean()) < 0.06  # steps of 1 ms scatter it
    assert np.sqrt((turn**2).mean()) < 5.0


def test_bounces_of_the_track_physical_have_the_measured_coefficients():
    velocity, spin, after = bounced("physical")
    speed = -velocity[:, 2]
    np.testing.assert_allclose(after.velocity[:, 2] / speed, 0.98 - 0.02 * speed, atol=1e-9)
    wanted, turned = ball.bounce(PHYSICAL, velocity, spin)
    np.testing.assert_allclose(after.velocity, wanted, atol=1e-9)
    np.testing.assert_allclose(after.spin, turned, atol=1e-6)
    assert (after.position[:, 2] > BALL_RADIUS - 1e-9).all()  # turned round in time


def held(name, n, closing, seed, spin=60.0, across=2.0):
    """n balls thrown at the held racket: court, what was thrown in the blade's frame, its pose."""
    rng = np.random.default_rng(seed)
    p, R = Kinematics(TENNIS).forward(TENNIS.home)
    half = TRACKS[name].face
    velocity = np.stack([*rng.normal(0, across, (2, n)), -rng.uniform(*closing, n)], axis=1)
    position = np.stack([*rng.uniform(-0.03, 0.03, (2, n)), np.full(n, 0.0)], axis=1)
    position[:, 2] = half + BALL_RADIUS + rng.uniform(0.001, 0.02, n)
    front = np.where(rng.random(n) < 0.5, 1.0, -1.0)  # which face
    flip = np.stack([np.ones(n), front, front], axis=1)
    local = BallState(position * flip, velocity * flip, rng.normal(0, 1, (n, 3)) * spin)
    thrown = BallState(p + local.position @ R.T, local.velocity @ R.T, local.spin @ R.T)
    worlds = Court(Many(n, name == "paper", 1), CourtConfig(name), rng.spawn(n))
    worlds.reset(thrown)
    return worlds, thrown, (p, R), front


@pytest.mark.parametrize("name", TRACKS)
def test_nothing_passes_the_racket_at_20_m_a_second(name):
    worlds, _, (p, R), front = held(name, 100, (20.0, 20.0), 3)
    for _ in range(20):
        worlds.advance()
    beyond = ((worlds.engine.ball_position - p) @ R)[:, 2] * front
    assert (beyond > 0.05).all()
    assert all(touch[0].what == "racket" for touch in worlds.touches)


def test_a_racket_that_swings_meets_the_ball_too():
    """Ball and racket fly at each other: 20 m/s between them, 12 of them the ball's."""
    engine = One(True)
    pair = engine.model.geom("near blade")
    assert pair.size[1] == PAPER.face and pair.size[0] == BLADE_RADIUS
    rng = np.random.default_rng(5)
    one = Court(engine, CourtConfig(latency=False), [rng])
    tool, dofs = engine.model.body("near tool_link").id, slice(6, 14)
    for _ in range(20):
        q = TENNIS.home + rng.uniform(-0.05, 0.05, 8)
        one.reset(states.split(np.array([RALLY])), q=q)
        jacobian = np.zeros((3, engine.model.nv))
        mujoco.mj_jacBody(engine.model, engine.data, jacobian, None, tool)
        p, axis = engine.data.xpos[tool].copy(), engine.data.xmat[tool].reshape(3, 3)[:, 2].copy()
        rate = np.linalg.pinv(jacobian[:, dofs]) @ (8.0 * axis)
        engine.qd[0] = rate
        start = BallState(p + axis * 0.06, -12.0 * axis, rng.normal(0, 60, 3))
        one.throw(BallState(*(field[None] for field in start)))
        for _ in range(15):
            one.advance()
        away = (engine.ball_position[0] - engine.data.xpos[tool]) @ axis
        assert away > 0.02 and one.touches[0][0].what == "racket"


@pytest.mark.parametrize("name", TRACKS)
def test_strokes_are_those_of_the_closed_form(name):
    worlds, thrown, (_, R), front = held(name, 200, (4.0, 14.0), 4)
    flag = ball.has_underspin(thrown.velocity, thrown.spin)
    for _ in range(30):
        worlds.advance()
    normal = R[:, 2] * front[:, None]
    still = np.zeros_like(normal)
    wanted, turned = ball.strike(TRACKS[name], thrown.velocity, thrown.spin, normal, still, flag)
    inside = [touch[-1].what == "released" for touch in worlds.touches]
    assert np.mean(inside) > 0.97
    sent = np.array([touch[-1].velocity for touch in worlds.touches])[inside]
    off, turn = sent - wanted[inside], worlds.engine.spin[inside] - turned[inside]
    most = (0.35, 12.0) if name == "paper" else (0.05, 1.0)
    assert np.sqrt((off**2).mean()) < most[0]
    assert np.sqrt((turn**2).mean()) < most[1]


def test_the_racket_is_livelier_for_topspin():
    worlds, thrown, (_, R), front = held("paper", 100, (6.0, 10.0), 6, across=0.0)
    under = ball.has_underspin(thrown.velocity, thrown.spin)
    for _ in range(30):
        worlds.advance()
    along = np.array([t[-1].velocity for t in worlds.touches]) @ R[:, 2] * front
    came = -(thrown.velocity @ R[:, 2]) * front
    e = along / came
    assert np.median(e[under]) == pytest.approx(0.76, abs=0.04)
    assert np.median(e[~under]) == pytest.approx(1.0, abs=0.04)


def driven(speeds):
    """Each joint's fastest, at `speeds` (8,) for .3 s, then back; all keep within their range."""
    world = world_of(latency=False, duration=10.0)
    world.judge = Judge(world.start)
    engine, peak = world._court.engine, np.zeros(8)
    for i in range(30):
        world._court.observe()
        world.write(command(world, speeds * (1 if i < 15 else -1)))
        world._court.tick()
        peak = np.maximum(peak, np.abs(engine.qd[0]))
        assert (engine.q[0] > TENNIS.lower - 0.1).all()
        assert (engine.q[0] < TENNIS.upper + 0.1).all()
    return peak


def test_the_servos_reach_their_speeds_and_keep_within_their_limits():
    # A3's effort, against its damping, is good for 2.4 of 4.4 rad/s; what lags behind catches up.
    for joint, speed in enumerate(TENNIS.velocity):
        peak = driven(TENNIS.velocity * (np.arange(8) == joint))
        assert 0.4 * speed < peak[joint] < 1.5 * speed
    driven(TENNIS.velocity)  # all at once, they push each other, but not out of range


def test_randomised_contacts_differ_within_the_published_ranges():
    rng = np.random.default_rng(0)
    worlds = Court(Many(50, True, 1), CourtConfig(randomise=True), rng.spawn(50))
    worlds.reset(states.invent(rng, 50).ball())
    damping, friction = worlds.engine._solref[:, :, 1], worlds.engine._friction[:, :, 0]
    table, racket = worlds.engine._pairs
    assert -18 <= damping[:, table].min() < -16.5 and -13.5 < damping[:, table].max() <= -12
    assert np.ptp(friction[:, table]) <= 0.1 and np.ptp(friction[:, racket]) > 0.4
    assert (damping[:, racket] <= -1.0).all() and len(np.unique(damping[:, racket])) == 50
    with pytest.raises(ValueError, match="paper only"):
        CourtConfig("physical", randomise=True)
