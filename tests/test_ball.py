"""Flight, bounce and stroke in closed form: against other closed forms, and the measured laws."""

from math import pi

import numpy as np
import pytest

from robot import ball
from robot.ball import PAPER, PHYSICAL, TRACKS, BallState
from robot.tennis import BALL_RADIUS

R = BALL_RADIUS


def states(n, seed=0):
    rng = np.random.default_rng(seed)
    position = rng.uniform([-0.6, 0.8, 0.2], [0.6, 1.5, 0.6], (n, 3))
    velocity = rng.uniform([-1.5, -8, -1], [1.5, -4, 3], (n, 3))
    return BallState(position, velocity, rng.normal(0, 80, (n, 3)))


def energy(velocity, spin):
    """[J/kg], of a thin shell."""
    return 0.5 * (velocity**2).sum(-1) + 0.5 * (2 / 3) * R**2 * (spin**2).sum(-1)


def test_a_ball_that_falls_for_long_reaches_its_terminal_speed():
    still = BallState(np.zeros((1, 3)), np.array([[0.0, 0.0, -1.0]]), np.zeros((1, 3)))
    after = ball.fly(PHYSICAL, still, 10.0)
    wanted = np.sqrt(2 * 0.0027 * 9.81 / (1.225 * pi * R**2 * 0.48))
    assert after.velocity[0, 2] == pytest.approx(-wanted, rel=1e-6)


def test_the_measured_lift_coefficient():
    velocity, spin = np.array([[0.0, -6.0, 0.0]]), np.array([[80.0, 0.0, 0.0]])
    with_spin = ball.acceleration(PHYSICAL, velocity, spin)
    without = ball.acceleration(PHYSICAL, velocity, np.zeros((1, 3)))
    lift = (with_spin - without)[0] * 0.0027
    ratio = R * 80 / 6
    wanted = 0.315 * ratio / (0.356 + ratio) * 0.5 * 1.225 * pi * R**2 * 36
    assert lift == pytest.approx([0.0, 0.0, -wanted])  # topspin pulls down


@pytest.mark.parametrize("track", TRACKS.values(), ids=TRACKS)
def test_the_integrator_is_as_good_as_one_with_much_smaller_steps(track):
    start = states(50)
    coarse = ball.fly(track, start, 0.8)
    fine = start
    for _ in range(1600):
        fine = ball.fly(track, fine, 0.0005)
    assert np.abs(coarse.position - fine.position).max() < 1e-5
    assert np.abs(coarse.velocity - fine.velocity).max() < 1e-4


@pytest.mark.parametrize("track", TRACKS.values(), ids=TRACKS)
def test_contacts_keep_angular_momentum_about_the_contact_and_gain_no_energy(track):
    before = states(300, 1)
    velocity = before.velocity.copy()
    velocity[:, 2] = -np.abs(velocity[:, 2]) - 1.0
    after, spin = ball.bounce(track, velocity, before.spin)
    arm = np.array([0.0, 0.0, R])

    def moment(v, w):  # a kg, about the point that touches
        return np.cross(arm, v) + 2 / 3 * R**2 * w

    np.testing.assert_allclose(moment(after, spin), moment(velocity, before.spin), atol=1e-12)
    assert (energy(after, spin) < energy(velocity, before.spin)).all()


def test_the_measured_bounce():
    velocity, spin = np.array([[0.0, -2.0, -3.0]]), np.zeros((1, 3))
    after, turned = ball.bounce(PHYSICAL, velocity, spin)
    assert after[0, 2] == pytest.approx((0.98 - 0.02 * 3) * 3)
    slip = after[0, 1] + R * turned[0, 0]
    assert slip == pytest.approx(0.0)  # it rolls: friction could take all of it
    fast, _ = ball.bounce(PHYSICAL, np.array([[0.0, -9.0, -1.0]]), spin)
    assert fast[0, 1] + 9.0 == pytest.approx(0.25 * (1 + 0.96) * 1.0)  # it slides


def test_the_measured_racket():
    velocity, spin = np.array([[1.0, -5.0, 0.0]]), np.zeros((1, 3))
    normal, racket = np.array([[0.0, 1.0, 0.0]]), np.array([[0.0, 3.0, 0.0]])
    after, turned = ball.strike(PHYSICAL, velocity, spin, normal, racket)
    assert after[0, 1] == pytest.approx(3 + (0.878 - 0.020 * 8) * 8)
    slip = after[0] + np.cross(turned[0], [0.0, -R, 0.0])
    assert slip[0] == pytest.approx(-(0.819 - 0.010 * 1.0) * 1.0)
    same, again = ball.strike(PHYSICAL, velocity, spin, -normal, racket)  # either face
    np.testing.assert_allclose(same, after)
    np.testing.assert_allclose(again, turned)


@pytest.mark.parametrize("track", TRACKS.values(), ids=TRACKS)
def test_a_stroke_looks_the_same_from_every_frame(track):
    rng = np.random.default_rng(3)
    s = states(100, 4)
    normal = np.array([0.2, 0.9, 0.3]) / np.linalg.norm([0.2, 0.9, 0.3])
    normals, racket = np.tile(normal, (100, 1)), rng.normal(0, 2, (100, 3))
    flag = rng.random(100) < 0.5
    after, spin = ball.strike(track, s.velocity, s.spin, normals, racket, flag)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    moved = ball.strike(
        track,
        s.velocity @ turn.T + 1.0,
        s.spin @ turn.T,
        normals @ turn.T,
        racket @ turn.T + 1.0,
        flag,
    )
    np.testing.assert_allclose(moved[0], after @ turn.T + 1.0, atol=1e-9)
    np.testing.assert_allclose(moved[1], spin @ turn.T, atol=1e-7)


def test_underspin_is_told_from_topspin_in_every_direction():
    velocity = np.array([[0.0, -5.0, 0.0], [0.0, 5.0, 0.0], [5.0, 0.0, 0.0]])
    rolling = np.cross([0.0, 0.0, 1.0], velocity) / R  # as a ball that rolls: topspin
    assert not ball.has_underspin(velocity, rolling).any()
    assert ball.has_underspin(velocity, -rolling).all()


@pytest.mark.parametrize("track", TRACKS.values(), ids=TRACKS)
def test_crossings_and_landings_agree_with_the_path(track):
    start = states(200, 2)
    time, there = ball.cross(track, start, 1, -1.37)
    known = ~np.isnan(time)
    assert known.mean() > 0.9
    assert np.abs(there.position[known, 1] + 1.37).max() < 0.01
    flown = ball.path(track, start, 1.5, dt=0.001)
    rows = np.arange(200)
    first = (flown.state.position[..., 1] < -1.37).argmax(axis=0)
    ok = known & (first > 0)
    assert np.abs(flown.time[first][ok] - time[ok]).max() < 0.005
    off = np.abs(flown.state.position[first, rows] - there.position)[ok]
    assert np.median(off) < 0.006 and off[:, 2].max() < 0.03
    when, place = ball.landing(track, start)
    down = ball.fly(track, start, when)
    np.testing.assert_allclose(down.position[:, 2], R, atol=1e-4)
    np.testing.assert_allclose(down.position[:, :2], place, atol=1e-4)


def test_a_plane_that_is_not_crossed_gives_nan():
    time, there = ball.cross(PAPER, states(3), 1, 5.0, horizon=0.3)
    assert np.isnan(time).all() and np.isnan(there.position).all()
