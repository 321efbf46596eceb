"""Strokes, opponents and how strong they are."""

import json
from itertools import pairwise

import numpy as np
import pytest
from match_rig import HIGH, opponent_of

from robot.ball import PAPER, BallState
from sim.tennis import calibrate, levels
from sim.tennis.mixture import Mixture, fit, fitted
from sim.tennis.opponent import LEVELS, Opponent, Plan, Player
from sim.tennis.states import serves, sides, split, valid
from sim.tennis.strokes import Strokes, book

# --- strokes ---


def test_a_mixture_is_found_again():
    rng = np.random.default_rng(0)
    truth = Mixture(
        np.array([0.3, 0.7]),
        np.array([[0.0, 0.0], [5.0, 1.0]]),
        np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.3, 0.0], [0.0, 2.0]]]),
    )
    found = fit(truth.sample(6000, rng), 2, rng)
    order = np.argsort(found.shares)
    np.testing.assert_allclose(found.shares[order], truth.shares, atol=0.03)
    np.testing.assert_allclose(found.means[order], truth.means, atol=0.15)
    np.testing.assert_allclose(np.abs(found.roots[order]), truth.roots, atol=0.12)
    again = Mixture.from_json(json.loads(json.dumps(found.to_json())))
    np.testing.assert_allclose(again.roots, found.roots, rtol=1e-3)


def test_what_the_mixtures_draw_can_be_played():
    rng = np.random.default_rng(1)
    for name, serve in (("rallies", False), ("serves", True)):
        drawn = split(fitted()[name].sample(1000, rng))
        sound = valid(drawn)
        assert sound.mean() > 0.9
        assert (serves(BallState(*(f[sound] for f in drawn))) == serve).mean() > 0.99


def test_the_nearest_strokes_are_the_nearest():
    strokes, rng = book().rallies, np.random.default_rng(2)
    points = rng.uniform([-0.7, 0.6, 0.1], [0.7, 1.8, 0.7], (20, 3))
    rows, distance = strokes.near(points, 7)
    every = np.linalg.norm(strokes.values[None, :, :3] - points[:, None], axis=2)
    np.testing.assert_allclose(np.sort(distance, axis=1), np.sort(every, axis=1)[:, :7], atol=1e-12)
    np.testing.assert_allclose(np.take_along_axis(every, rows, axis=1), distance, atol=1e-12)
    with pytest.raises(ValueError, match="100 valid strokes"):
        Strokes.of(strokes.values[:50], False)


# --- opponents ---


@pytest.mark.parametrize("level", LEVELS)
def test_wanted_strokes_are_valid_and_errors_are_not(level):
    opponent = opponent_of(level)
    left, failed = [], []
    for i in range(100):
        place = BallState(HIGH.position + np.array([0.005 * (i - 50), 0.0, 0.001 * i]), *HIGH[1:])
        ball, wanted = opponent.strike(place, 0.0, Plan(0, True, 1.0))
        np.testing.assert_array_equal(ball.position, place.position)
        if wanted:
            left.append(np.concatenate(ball))
        error, wanted = opponent.strike(place, 0.0, Plan(0, False, 0.0))
        assert not wanted
        failed.append(np.concatenate(error))
    assert len(left) >= 95  # of 100: the rest have become errors
    sent = split(np.array(left))
    assert valid(sent).all() and not serves(sent).any()
    assert valid(split(np.array(failed))).mean() < 0.05
    assert np.linalg.norm(sent.velocity, axis=1).max() < 14.0


def serve_and_stroke(level, n=300):
    """Mean speed and spin of rally strokes, and of serves; and how far from the racket they go."""
    opponent = opponent_of(level, **{"pace": levels.MEANS[level].pace})
    strokes = [opponent.strike(HIGH, 0.2, Plan(0, True, 1.0))[0] for _ in range(n)]
    ball = split(np.array([np.concatenate(stroke) for stroke in strokes]))
    serve = split(np.array([opponent.serve() for _ in range(n)]))
    away = np.abs(sides(ball) - 0.2)
    return (
        np.linalg.norm(ball.velocity, axis=1).mean(),
        np.linalg.norm(ball.spin, axis=1).mean(),
        np.linalg.norm(serve.velocity, axis=1).mean(),
        np.nanmean(away),
    )


def test_better_levels_play_faster_with_more_spin_and_wider():
    found = np.array([serve_and_stroke(level) for level in LEVELS])
    assert (np.diff(found[:, 0]) > 0).all() and (np.diff(found[:, 2]) > 0).all()
    assert (found[2:, 1] > found[:2, 1].max()).all()
    assert (found[2:, 3] > found[:2, 3].max() - 0.01).all()


def chance(opponent, velocity=(0.3, 4.0, 2.6), x=0.1, y=0.9, spin=0.0, flown=0.5):
    """Mean chance that the opponent gives itself, over what it may do."""
    ball = BallState(np.array([x, y, 0.05]), np.array(velocity), np.array([spin, 0.0, 0.0]))
    plans = []
    for _ in range(60):
        opponent._x, opponent._spin = 0.0, np.zeros(3)
        if plan := opponent.plan(ball, flown):
            plans.append(plan.chance)
    return np.mean(plans)


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_difficult_is_returned_less_often(level):
    opponent = opponent_of(level, weak_side=1, slip=0.0)
    usual = chance(opponent)
    assert chance(opponent, velocity=(0.3, 7.5, 2.4)) < usual  # fast
    assert chance(opponent, spin=-150.0) < usual
    assert chance(opponent, y=1.3) < usual  # deep
    wide = chance(opponent, x=0.5)
    assert wide < usual
    assert chance(opponent, x=-0.5, velocity=(-0.3, 4.0, 2.6)) > wide  # the other is its weak side


def test_higher_levels_return_more():
    """Advanced and advanced+ are not told apart: people of both left the robot as many points, and
    the second play faster."""

    def returned(level):
        players = [
            Opponent(player, book(), PAPER, np.random.default_rng(0))
            for player in levels.committed(level)
        ]
        return np.mean([chance(player) for player in players])

    beginner, intermediate, *advanced = map(returned, LEVELS)
    assert beginner < intermediate < min(advanced)
    slips = [levels.MEANS[level].slip for level in LEVELS]
    assert all(lower > higher for lower, higher in pairwise(slips))


def test_out_of_reach_is_not_struck():
    opponent = opponent_of("advanced+")
    short = BallState(np.array([0.0, 0.2, 0.03]), np.array([0.0, 0.5, 0.6]), np.zeros(3))
    assert opponent.plan(short, 0.5) is None  # bounces again before anybody could be there


def test_players_are_drawn_anew_and_kept():
    rng = np.random.default_rng(3)
    drawn = [levels.draw("advanced", rng) for _ in range(200)]
    assert {player.weak_side for player in drawn} == {-1, 1}
    strength = np.mean([player.strength for player in drawn])
    assert abs(strength - np.mean([p.strength for p in levels.committed("advanced")])) < 0.3
    assert len(set(levels.committed("beginner"))) == 10
    player = drawn[0]
    assert Player(**json.loads(json.dumps(player.to_json()))) == player
    with pytest.raises(ValueError, match="beginner, intermediate"):
        levels.draw("champion", rng)
    with pytest.raises(ValueError, match="weak_side"):
        opponent_of("beginner", weak_side=0)


def test_calibration_finds_the_strength():
    rng = np.random.default_rng(4)

    def measure(strength):
        won = rng.random(20) < 1 / (1 + np.exp(strength - 2.0))
        return int(won.sum()), int((~won).sum())

    assert abs(calibrate.strength_for(0.34, 0.0, measure, 400) - (2.0 + np.log(0.66 / 0.34))) < 0.2


def test_a_strength_from_games_at_many():
    rng = np.random.default_rng(8)
    strengths = np.linspace(0, 5, 300)
    own = strengths + rng.normal(0, 0.5, 300)  # people differ, beyond chance
    won = rng.binomial(18, 1 / (1 + np.exp(own - 2.0)))
    points = np.stack([won, 18 - won], axis=1).astype(float)
    found, error = calibrate.strength_from(strengths, points, 0.5)
    assert abs(found - 2.0) < 3 * error and 0.02 < error < 0.1
    with pytest.raises(ValueError, match="did not win more"):
        calibrate.strength_from(strengths, points[::-1], 0.5)


def test_stronger_opponents_leave_fewer_points():
    shares = []
    for strength in (0.0, 3.0, 6.0):
        won, lost = calibrate.play("intermediate", 150, strength, np.random.default_rng(5))
        shares.append(won / (won + lost))
    assert shares[0] > shares[1] > shares[2]
