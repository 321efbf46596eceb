"""The model-based stroke: its parts against their inverses, the whole against the physics."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.ball import PAPER, PHYSICAL, TRACKS, BallState, cross, landing, packed
from robot.racket import CHAIN, rackets
from robot.tennis import SPEED, TENNIS
from sim.tennis import states
from sim.tennis.batch import TennisBatch
from sim.tennis.court import CourtConfig
from skills.tennis.aim import aim, sent
from skills.tennis.arena import Arena
from skills.tennis.evaluate import play
from skills.tennis.reach import reach, speeds
from skills.tennis.stroke import LIMITS, Model, StrokeConfig


def coming(n, seed=0, track=PAPER):
    """Balls (n, 9) near the robot, after their bounce."""
    balls = states.invent(np.random.default_rng(seed), n).ball()
    return packed(cross(track, balls, 1, -1.5)[1], (n,))


@pytest.mark.parametrize("track", TRACKS.values(), ids=TRACKS)
def test_aim_is_the_inverse_of_the_contact(track):
    found = 0
    for row in coming(40, track=track):
        if np.isnan(row[0]) or row[2] < 0.05:
            continue
        good, (yaw, pitch, speed) = aim(
            track.record, tuple(row), (0.3, 0.7), 0.5, 0.0, (0.0, 0.1, 1.0)
        )
        if good:
            found += 1
            after = np.array([sent(track.record, tuple(row), yaw, pitch, speed, 0.0)])
            ball = BallState(after[:, :3], after[:, 3:6], after[:, 6:])
            time, place = landing(track, ball)
            np.testing.assert_allclose(place[0], (0.3, 0.7), atol=0.011)
            assert time[0] == pytest.approx(0.5, abs=0.011)
    assert found >= 30


def test_a_brush_gives_topspin():
    row = tuple(coming(1)[0])
    plain = sent(PHYSICAL.record, row, 0.0, 0.1, 1.0, 0.0)
    brushed = sent(PHYSICAL.record, row, 0.0, 0.1, 1.0, 1.5)
    assert brushed[6] < plain[6] - 10  # towards +y, topspin turns about -x


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_reach_puts_the_racket_where_it_shall_be(seed):
    rng = np.random.default_rng(seed)
    low, high = LIMITS
    near = np.clip(TENNIS.home + rng.normal(0, 0.15, 8), low, high)
    pose, _ = rackets(near[None])
    place, normal = tuple(pose[0, 0]), tuple(pose[0, 3])
    q = np.empty(8)
    home = np.array(TENNIS.home)
    error = reach(CHAIN, place, normal, home, home, SPEED**2, LIMITS, 12, q)
    there, _ = rackets(q[None])
    np.testing.assert_allclose(there[0, 0], place, atol=error + 1e-9)
    np.testing.assert_allclose(there[0, 3], normal, atol=error + 1e-9)
    assert error < 0.01
    assert (q >= low).all() and (q <= high).all()


def test_speeds_move_the_racket_and_keep_its_face():
    wanted = (0.2, 1.0, 0.3)
    q = np.array(TENNIS.home)
    qd = speeds(CHAIN, q, wanted, SPEED**2)
    step = 1e-6
    before, after = rackets(q[None])[0][0], rackets((q + step * qd)[None])[0][0]
    np.testing.assert_allclose((after[0] - before[0]) / step, wanted, atol=1e-3)
    np.testing.assert_allclose((after[3] - before[3]) / step, 0, atol=1e-2)


@pytest.mark.parametrize("track", TRACKS)
def test_it_returns_balls_to_where_they_shall_go(track):
    n = 48
    balls = states.invent(np.random.default_rng(3), n).values
    worlds = TennisBatch(n, np.random.default_rng(4), CourtConfig(track), threads=2)
    config = StrokeConfig(target=(0.3, 0.8), flight=0.58)
    fates, _ = play(Arena(worlds, TRACKS[track]), balls, Model(TRACKS[track], [config] * n))
    valid = fates.valid
    assert valid.mean() > 0.6
    assert fates.hit[valid].mean() > 0.85
    assert fates.landed[valid].mean() > 0.7
    aside = np.linalg.norm(fates.place[fates.landed] - config.target, axis=1)
    assert np.median(aside) < 0.25


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="unknown side 'left'; valid are any, forehand, backhand"):
        StrokeConfig(side="left")
    with pytest.raises(ValueError, match="flight"):
        StrokeConfig(flight=3.0)


def test_what_was_learned_runs_without_its_teacher(monkeypatch):
    names = ("stroke", "aim", "reach", "lead")
    for name in [name for name in sys.modules if name.startswith("skills.tennis")]:
        monkeypatch.delitem(sys.modules, name)
    for name in names:
        monkeypatch.setitem(sys.modules, f"skills.tennis.{name}", None)  # importing it fails
    from skills.tennis.evaluate import Learned
    from skills.tennis.skill import team

    controllers, choose = team("forehand")
    n = 8
    balls = states.invent(np.random.default_rng(3), n).values
    fates, _ = play(
        Arena(TennisBatch(n, np.random.default_rng(4)), PAPER),
        balls,
        Learned(controllers, choose, PAPER),
    )
    assert fates.hit.any()
