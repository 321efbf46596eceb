"""Matches, their score, and two robots at one table."""

import json
from itertools import pairwise
from threading import Thread

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st
from match_rig import BOUNCED, HIGH, opponent_of

from robot.ball import BallState
from robot.tennis import BALL, EDGE, TENNIS
from robot.types import Command, JointMode, vector
from sim.tennis import levels
from sim.tennis.court import Touch
from sim.tennis.duel import Duel
from sim.tennis.env import TableTennisMatchEnv
from sim.tennis.match import MatchBatch, MatchConfig, TennisMatch
from sim.tennis.play import Act, Play, PlayConfig, Scorer
from sim.tennis.referee import MatchRules, Rally, Side
from sim.tennis.states import split, turned

SPEEDS = (JointMode.VELOCITY,) * 8
# --- the score ---

LETTERS = {
    "n": ("table", -1.0), "f": ("table", 1.0), "N": ("racket", -1.5), "-": ("net", 0.0),
    ".": ("floor", -2.0), "b": ("arm", -1.5), "c": ("crash", -1.0),
}  # fmt: skip


def touched(letter, time):
    what, y = LETTERS[letter]
    return Touch(time, what, np.array([0.0, y, 0.02]), np.array([0.0, -5.0, 0.0]))


@settings(max_examples=60, deadline=None)
@given(st.text("nfN-.bc", min_size=10, max_size=30), st.integers(0, 1000))
def test_whatever_is_touched_a_match_keeps_its_books(letters, seed):
    rng = np.random.default_rng(seed)
    play = Play(opponent_of("advanced"), PlayConfig(MatchRules(games=1), pause=0.0))
    play.serve(0)
    good = ["f", "n", "N", "f"]  # a serve, returned
    for tick in range(1, 3000):
        if play.over:
            break
        rally = play.scorer.rally
        steps = 0 if rally.decision else 3 * rally.strokes + len(rally._bounces)
        usual = steps < len(good) and rng.random() < 0.8
        letter = good[steps] if usual else letters[tick % len(letters)]
        ball = BOUNCED if letter == "f" else HIGH
        play.tick(tick, [touched(letter, tick * 0.02)], ball, 0.0)
    shots, match = play.scorer.shots, play.scorer.match
    points = [*match.games, match.points]
    for side, name in ((Side.NEAR, "robot"), (Side.FAR, "opponent")):
        won = sum(shot.point == name for shot in shots)
        assert won == sum(game[side] for game in points)
    ends = [shot for shot in shots if shot.ended]
    assert match.lets == sum(shot.point is None for shot in ends)
    for number in {shot.rally for shot in shots}:
        strokes = [shot for shot in shots if shot.rally == number]
        assert [shot.stroke for shot in strokes] == list(range(len(strokes)))
        assert all(shot.reached and not shot.ended for shot in strokes[:-1])
        assert all(a.by != b.by for a, b in pairwise(strokes))
        returned = any(shot.by == "robot" and shot.good for shot in strokes)
        assert returned or strokes[-1].point is None  # no point before the serve is returned
    if match.over:
        with pytest.raises(ValueError, match="over"):
            play.serve(9999)


def test_a_ball_that_goes_long_and_hits_the_robot_was_long():
    scorer = Scorer()
    scorer.begin(Rally(Side.FAR), HIGH, 0.0)
    scorer.see([Touch(0.5, "arm", np.array([0, EDGE - 0.3, 0.3]), np.zeros(3))], HIGH)
    assert scorer.shots[-1].ended == "out" and scorer.shots[-1].point == "robot"
    scorer.begin(Rally(Side.FAR), HIGH, 1.0)
    scorer.see([Touch(1.5, "arm", np.array([0, EDGE + 0.3, 0.3]), np.zeros(3))], HIGH)
    assert scorer.shots[-1].point == "opponent"


def test_a_protective_stop_is_a_let():
    play = Play(opponent_of("beginner"), PlayConfig(pause=0.1))
    play.serve(0)
    play.stop(3)
    assert play.scorer.match.lets == 1 and not play.playing
    play.stop(4)
    assert play.scorer.match.lets == 1
    acts = [play.tick(tick, [], HIGH, 0.0) for tick in range(4, 10)]
    assert [act is not None for act in acts] == [False] * 4 + [True] + [False]
    assert isinstance(acts[4], Act) and acts[4].new


# --- the world ---


def match_of(seed=0, chance=1, level="intermediate", **config):
    rngs = np.random.default_rng(seed), np.random.default_rng(chance)
    return TennisMatch(levels.committed(level)[0], *rngs, MatchConfig(**config))


def order(robot, target):
    return Command(robot.now(), 0, 0, vector(target), SPEEDS, TENNIS.timeout)


def returned(world):
    """Let the ball be as it is when a robot has returned it: a stroke that is not simulated."""
    ball = BallState(
        *(
            f[None]
            for f in BallState(
                np.array([0.1, EDGE - 0.1, 0.3]), np.array([0.2, 5.2, 1.6]), np.array([-40.0, 0, 0])
            )
        )
    )
    scorer = world.play.scorer
    scorer.rally.racket(Side.NEAR, world.now())
    scorer._close(reached=True)
    scorer._start(Side.NEAR, BallState(*(f[0] for f in ball)), world.now())
    world._court.throw(ball)


def test_strokes_change_how_the_ball_flies_and_never_where_it_is():
    world = match_of(chance=2, level="advanced+")
    out = world._court.engine
    out.q[0, 0] = out.act[0, 0] = TENNIS.lower[0]  # the robot stands back, its ball is thrown
    kept, last, jumps, thrown = [], None, [], 0
    while world.wait() and len(kept) < 6 and world.now() < 60:
        world.write(order(world, np.zeros(8)))
        ball, rally = world.ball(), world.play.scorer.rally
        strokes = [s for s in world.results() if s.by == "robot"]
        if last is not None and world.play.playing and len(strokes) > thrown:
            thrown = len(strokes)  # the opponent has just struck
            jumps.append(np.linalg.norm(ball.position - last.position) / 0.02)
            fast = max(np.linalg.norm(last.velocity), np.linalg.norm(ball.velocity))
            assert jumps[-1] < fast * 1.05
            kept.append(ball)
        last = ball
        if rally.hitter is Side.FAR and rally.good and ball.position[1] < EDGE - 0.05:
            returned(world)
            last = None
    assert len(kept) == 6
    for ball in kept:
        energy = 0.5 * ball.velocity @ ball.velocity + 9.81 * ball.position[2]
        assert ball.velocity[1] < 0 and energy < 0.5 * 14.0**2
    struck = [s for s in world.results() if s.by == "opponent" and s.stroke > 0]
    for shot, ball in zip(struck, kept, strict=False):
        np.testing.assert_allclose(shot.position, ball.position)
    world.close()


def test_the_robot_sees_a_ball_only_while_one_is_in_play():
    world, seen, playing = match_of(duration=8.0), [], []
    while world.wait():
        seen.append(BALL in world.read().fixes)
        playing.append(world.play.playing)
        world.write(order(world, np.zeros(8)))
    seen, playing = np.array(seen), np.array(playing)
    assert not seen[~playing].any() and 0.3 < playing.mean() < 0.9
    assert seen[playing].mean() > 0.9  # but for the first moments of each ball
    assert world.score.lets >= 2 and world.score.points[Side.FAR] == 0  # none was returned
    assert all(shot.by == "opponent" and shot.good for shot in world.results())


@pytest.mark.parametrize("track", ["paper", "physical"])
def test_many_matches_are_exactly_as_one(track):
    n, config = 3, MatchConfig(track=track, randomise=track == "paper")
    players = levels.committed("advanced")[:n]
    speeds = np.random.default_rng(4).uniform(-0.4, 0.4, (200, n, 8)) * TENNIS.velocity

    def generators(what):
        return [np.random.default_rng([what, i]) for i in range(n)]

    batch = MatchBatch(players, generators(0), generators(1), config)
    worlds = [
        TennisMatch(player, *rngs, config)
        for player, *rngs in zip(players, generators(0), generators(1), strict=True)
    ]
    seen = batch.reset()
    for tick in range(200):
        for i, world in enumerate(worlds):
            assert world.wait()
            obs = world.read()
            np.testing.assert_array_equal(obs.q, seen.q[i])
            assert (BALL in obs.fixes) == (not np.isnan(seen.ball[i, 0]))
            if BALL in obs.fixes:
                np.testing.assert_array_equal(obs.fixes[BALL].position, seen.ball[i])
            world.write(order(world, speeds[tick, i]))
        seen = batch.step(speeds[tick])
    for i, world in enumerate(worlds):
        assert len(batch.results(i)) == len(world.results()) > 0
        for one, other in zip(batch.results(i), world.results(), strict=True):
            assert one.ended == other.ended and one.time == other.time
            np.testing.assert_array_equal(one.velocity, other.velocity)
    with pytest.raises(RuntimeError, match="have begun"):
        batch.reset()


def test_the_opponents_chance_is_its_own():
    """Another robot's latencies do not change what is served."""
    first, same, other = (match_of(seed, chance) for seed, chance in ((0, 1), (5, 1), (0, 2)))
    balls = [world.ball().position for world in (first, same, other)]
    np.testing.assert_array_equal(balls[0], balls[1])
    assert not np.array_equal(balls[0], balls[2])


def test_gymnasiums_own_checker():
    env = gymnasium.make("sim.envs:courtside/TableTennisMatch-v0").unwrapped
    check_env(env, skip_render_check=True)
    env.close()


def test_the_environment_tells_the_score():
    env = TableTennisMatchEnv("beginner")
    _, info = env.reset(seed=0)
    assert info["playing"] and info["points"] == (0, 0) == info["games"]
    for _ in range(120):
        _, reward, over, _, info = env.step(np.zeros(8))
        assert reward == 0 and not over
    assert info["points"] == (0, 0)  # no serve was returned: nothing counts
    env.close()
    with pytest.raises(ValueError, match="valid are beginner"):
        TableTennisMatchEnv("champion")


# --- two robots ---


def duel_of(**config):
    rngs = np.random.default_rng(0), np.random.default_rng(0)
    return Duel(rngs, np.random.default_rng(1), MatchConfig(**config))


@pytest.mark.parametrize("track", ["paper", "physical"])
def test_either_end_is_like_the_other(track):
    """A ball, and commands, turned by half a turn: so is all that comes of them."""
    start = np.array([0.1, 1.2, 0.4, 0.2, -5.5, 1.2, 30.0, 5.0, -3.0])
    speeds = np.random.default_rng(6).uniform(-0.5, 0.5, (45, 2, 8)) * TENNIS.velocity
    runs = []
    for far in (False, True):
        duel = duel_of(track=track)
        duel.advance()
        ball = split((turned(start) if far else start)[None])
        duel._court.reset(ball)
        duel.scorer.begin(
            Rally(Side.NEAR if far else Side.FAR), BallState(*(f[0] for f in ball)), 0.0
        )
        seats = (duel.far, duel.near) if far else (duel.near, duel.far)
        seen = []
        for tick in range(45):
            for seat, speed in zip(seats, speeds[tick], strict=True):
                seat.write(order(seat, speed))
            duel.advance()
            here = np.concatenate(duel.ball())
            fixes = [seat.read().fixes.get(BALL) for seat in seats]
            seen.append(np.concatenate([
                *(seat.read().q for seat in seats),
                turned(here) if far else here,
                *(np.zeros(3) if fix is None else fix.position for fix in fixes),
            ]))  # fmt: skip
        runs.append(np.array(seen))
        duel.close()
    np.testing.assert_allclose(runs[1], runs[0], atol=1e-6)
    assert np.ptp(runs[0][:, :16], axis=0).min() > 0.01  # all joints of both moved


def test_both_rackets_strike_the_ball():
    for name, far in (("racket", False), ("far racket", True)):
        duel = duel_of(latency=False)
        duel.advance()
        p, axis, _, _ = (a[0].copy() for a in duel._court.engine.limbs[far].racket)
        away = axis * np.sign(axis[1]) * (-1 if far else 1)  # from the face that is to the net
        ball = BallState((p + 0.1 * away)[None], (-8.0 * away)[None], np.zeros((1, 3)))
        duel._court.throw(ball)
        duel._court.tick()
        assert [touch.what for touch in duel._court.touches[0]][:1] == [name]
        assert duel.ball().velocity @ away > 3.0
        duel.close()


def test_two_loops_play_at_one_table():
    duel = duel_of(duration=6.0)
    ticks = {}

    def play(name, seat):
        count = 0
        while seat.wait():
            assert seat.read().seq == count
            seat.write(order(seat, np.zeros(8)))
            count += 1
        seat.close()
        ticks[name] = count

    threads = [Thread(target=play, args=pair) for pair in (("near", duel.near), ("far", duel.far))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert ticks == {"near": 300, "far": 300}
    fed = [shot.by for shot in duel.results()]
    assert fed[:2] == ["opponent", "robot"]  # balls come from either end in turn
    assert not duel.near.wait()


def test_a_seat_that_closes_ends_it_for_both():
    duel = duel_of()
    duel.near.close()
    assert not duel.far.wait()
    duel.near.close()


# --- the command ---


def test_the_command_reports_matches(command, tmp_path, monkeypatch):
    monkeypatch.setattr("robot.cli.matches.LIMIT", 15.0)
    file = tmp_path / "shots.json"
    how = (
        "--policy",
        "stroke",
        "--n",
        2,
        "--games",
        1,
        "--seed",
        3,
        "--choice",
        "centre",
        "--shots",
        file,
        "--json",
    )
    code, out, _ = command("eval", "match", "--opponent", "beginner", *how)
    report = json.loads(out)
    assert (
        code == 0
        and report["n"] == report["unfinished"] == 2
        and report["by_choice"].keys() == {"centre"}
    )
    for name in ("match_win_rate", "point_share", "by_choice", "ends", "lets", "unfinished"):
        assert name in report
    matches = json.loads(file.read_text())
    assert [match["seed"] for match in matches] == [3, 4]
    shots = [shot for match in matches for shot in match["shots"]]
    own = [shot for shot in shots if shot["by"] == "robot"]
    assert own and {shot["choice"] for shot in own} == {"centre"}
    good = report["by_choice"]["centre"]["land_rate"]
    assert good == pytest.approx(np.mean([shot["good"] for shot in own]), abs=1e-4)
    assert command("eval", "match", "--opponent", "beginner", *how)[1] == out  # the same again


def test_wrong_use_of_the_command(command, tmp_path):
    code, _, error = command("eval", "match", "--choice", "lucky")
    assert code == 2 and "valid are adaptive, best, random, forehand" in error
    code, _, error = command("eval", "match", "--policy", "stroke", "--choice", "lucky")
    assert code == 2 and "random or one of left, centre" in error
    code, _, error = command("eval", "match", "--states", tmp_path, "--n", 1)
    assert code == 2 and "cannot read" in error
    assert command("eval", "match", "--n", 0)[0] == 2


def test_preferences_are_drawn(command, tmp_path, monkeypatch):
    monkeypatch.setattr("robot.cli.matches.LIMIT", 12.0)
    file = tmp_path / "preferences.png"
    few = ("--n", 2, "--games", 1, "--plot", file, "--json")
    code, out, _ = command("eval", "match", "--opponent", "beginner", *few)
    assert code == 0 and sum(made["n"] for made in json.loads(out)["by_choice"].values()) > 0
    assert file.read_bytes().startswith(b"\x89PNG") and file.stat().st_size > 10_000
    code, _, error = command("eval", "match", "--policy", "stroke", *few)
    assert code == 2 and "--plot needs --policy learned" in error


def test_the_benchmark_reports_times(command):
    code, out, _ = command("bench", "tennis", "--n", 150, "--json")
    report = json.loads(out)
    assert code == 0 and report["n"] == 150
    assert 0 < report["p50_ms"] <= report["p99_ms"] and report["steps_per_s"] > 1000
    assert report["choices"] > 0 and report["choice_p99_ms"] > 0 <= report["overruns"]
