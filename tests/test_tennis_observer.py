"""What learned controllers see: the ball where it can be met, and the joints when they obey."""

import numpy as np
import pytest

from robot import ball, flight
from robot.ball import PAPER, TRACKS, BallState
from robot.tennis import EDGE, LAG, TENNIS
from sim.tennis import states
from sim.tennis.quick import QuickBatch
from skills.tennis.arena import Arena, Senses
from skills.tennis.observer import PLANE, Observer

UP, SHORT = (0.1, 0.5, 0.3, 0.2, -6.0, -1.0), (0.1, 0.3, 0.2, 0.1, -2.5, 0.2)


def met(start, y=PLANE, bounced=False, track=PAPER):
    """When and how a ball without spin passes the plane at `y`."""
    time, there = flight.interception(track.record, (*start, 0.0, 0.0, 0.0), y, bounced, 1.5)
    return time, np.array(there)


@pytest.mark.parametrize("track", TRACKS.values(), ids=TRACKS)
def test_it_is_where_the_ball_flies(track):
    starts = states.invent(np.random.default_rng(0), 200).ball()
    times, there = ball.cross(track, starts, 1, EDGE)
    reach = 0
    for i in range(200):
        start = tuple(np.concatenate([field[i] for field in starts]))
        time, found = flight.interception(track.record, start, EDGE, False, 1.5)
        if np.isnan(times[i]) or min(found[2], there.position[i, 2]) < 0.02:
            continue  # it bounces twice, or passes below the table
        reach += 1
        assert time == pytest.approx(times[i], abs=0.003)
        assert found[:3] == pytest.approx(there.position[i], abs=0.01)
        assert found[3:6] == pytest.approx(there.velocity[i], abs=0.08)
    assert reach > 150


def test_a_ball_that_comes_down_short_goes_below_the_table():
    time, there = met(SHORT)
    assert there[1] == pytest.approx(PLANE, abs=0.01) and there[2] < -0.05 and time > 0.6
    assert met(UP)[1][2] > 0.1


def test_one_that_has_passed_is_taken_back():
    start = (0.3, PLANE - 0.4, 0.2, 1.0, -4.0, -1.0)
    time, there = met(start, bounced=True)
    assert time == pytest.approx(-0.1)
    assert there[:3] == pytest.approx([0.2, PLANE, 0.3])


def test_what_has_bounced_does_not_bounce_again():
    falling = (0.0, -0.8, 0.1, 0.0, -4.0, -1.0)
    assert met(falling)[1][2] > 0.05 > met(falling, bounced=True)[1][2]


def unknown(n):
    return BallState(*(np.full((n, 3), np.nan) for _ in range(3)))


def test_joints_are_seen_where_they_will_come_to():
    """Whatever was sent, the servos' wishes are known long before they are carried out."""
    n, rng = 20, np.random.default_rng(1)
    arena = Arena(QuickBatch(n, np.random.default_rng(0)), PAPER)
    balls = np.tile([0.0, 1.0, 0.3, 0.0, -4.0, 2.0, 0, 0, 0], (n, 1))
    senses = arena.reset(balls)
    observer = Observer(PAPER, senses.q)
    for _ in range(12):
        seen = observer.see(senses)
        wish = np.repeat(rng.uniform(-0.5, 0.5, (n, 1)), 8, axis=1) * TENNIS.velocity
        senses = arena.step(wish)
    first = observer.see(senses)
    for _ in range(8):  # the limiter comes to rest
        senses = arena.step(np.zeros((n, 8)))
        first = observer.see(senses)
    late = np.abs(senses.q - first[:, 6:14]).max()
    for _ in range(25):
        senses = arena.step(np.zeros((n, 8)))
        seen = observer.see(senses)
    assert late > 0.02  # they were still on their way
    assert np.abs(first[:, 6:14] - senses.q).max() < 0.03
    assert seen[:, 6:14] == pytest.approx(senses.q, abs=0.01)


def test_a_robot_that_moves_steadily_is_known_to():
    speed = np.full((1, 8), 0.2)
    moving = Observer(PAPER, np.zeros((1, 8)), speed)
    nothing = np.full(1, np.nan)
    senses = Senses(
        0.0, unknown(1), nothing, unknown(1), np.zeros((1, 8)), np.array([-0.029]), speed
    )
    seen = moving.see(senses)[0]
    assert np.isnan(seen[[0, 1, 2, 3, 4, 5, 14, 15]]).all()
    # The slides, whose commands take .084 and .056 s: by then, and by their lag, they are there.
    expected = 0.2 * (np.array([0.084, 0.0561]) + 0.029 + LAG[:2] + 0.02)
    assert seen[6:8] == pytest.approx(expected, abs=2e-3)


def test_a_new_ball_may_bounce_again():
    n = 1
    observer = Observer(PAPER, np.zeros((n, 8)))

    def see(y, v_y, v_z):
        flown = BallState(np.array([[0.0, y, 0.15]]), np.array([[0.0, v_y, v_z]]), np.zeros((n, 3)))
        now, joints = np.zeros(n), np.zeros((n, 8))
        return observer.see(Senses(0.0, flown, now, flown, joints, now, joints))[0, 2]

    first = see(-0.6, -3.0, -1.0)
    see(-0.7, -3.0, 1.0)  # it bounced
    assert see(-0.6, -3.0, -1.0) < first - 0.05
    see(0.0, 3.0, 1.0)  # it was struck
    assert see(-0.6, -3.0, -1.0) == pytest.approx(first)
