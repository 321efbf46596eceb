"""Which controller plays which ball, and what is learned from what came of it."""

import numpy as np
import pytest
from planner_rig import BALL, TEAM, chooser_of, insight_of, planner_of, shot, tried

from planners.tennis.chooser import LOST, RETURNED, WON
from planners.tennis.experience import Experience
from robot.types import vector
from skills.tennis import descriptors
from skills.tennis.descriptors import SCALE, Descriptors


def names(mode="adaptive", insight=None, count=60, tactics=None, **more):
    """What is chosen, of many times."""
    found = chooser_of(mode, **more)
    found.tactics = tactics or found.tactics
    return {found.choose(BALL, insight or insight_of()).name for _ in range(count)}


# --- the choice ---


def test_the_style_policy_and_the_votes_narrow_the_choice():
    assert names() == {"forehand", "forehand_left", "forehand_right"}
    assert names(insight=insight_of("backhand")) == {"backhand", "backhand_left", "backhand_right"}
    assert names(insight=insight_of(yes=4, votes=4)) == {"forehand_underspin"}
    assert names("best") == {"forehand"}
    assert names("best", insight_of("backhand", 4, 5)) == {"backhand_underspin"}


def test_where_nobody_is_left_the_others_play():
    backhands = TEAM[4:]
    assert names(promises=backhands) <= {p.name for p in backhands[:3]}
    assert names(promises=TEAM[:3], insight=insight_of(yes=5, votes=5)) == names()
    out_of_reach = tuple(p._replace(hit_rate=0.1 * i) for i, p in enumerate(TEAM[:3]))
    assert names(promises=out_of_reach) == {"forehand_right"}


def test_words_of_the_coach_and_a_named_choice_go_before_the_style_policy():
    planner, _, _ = planner_of()
    planner.listen("use your backhand")
    assert names(tactics=planner.chooser.tactics) <= {p.name for p in TEAM[4:7]}
    assert names("backhand_left") == {"backhand_left"}
    assert names("random") == {p.name for p in TEAM}


def test_what_the_coach_wants_is_chosen_more_often():
    def share(text):
        planner, _, _ = planner_of()
        if text:
            planner.listen(text)
        drawn = [planner.chooser.choose(BALL, insight_of()).name for _ in range(300)]
        return np.mean([name == "forehand_left" for name in drawn])

    assert share("play to the left") > share("") + 0.2
    assert share("play to the right") < share("")


def test_a_choice_says_what_by_which_heuristic_and_what_is_expected():
    found = chooser_of(promises=TEAM[:1])
    found.preferences.h["forehand"] = 0.25
    why = found.choose(BALL, insight_of(yes=1)).why
    assert why == (
        "safe/fast/far/weak side/land it, lands 0.90, preference +0.25; forehand 0.90, underspin "
        "1/2; of forehand 0.90 (safe/fast/far/weak side/land it)"
    )
    assert "\n" not in why
    assert (
        "lands 0.90, the most; forehand 0.90" in chooser_of("best").choose(BALL, insight_of()).why
    )


def test_an_unknown_choice_names_the_valid_ones():
    with pytest.raises(ValueError, match=r"unknown choice 'wild'; valid are adaptive, .*backhand"):
        chooser_of("wild")


def test_a_specialist_takes_over_only_from_what_plays_on_its_side():
    voted = insight_of("backhand", 4, 4)
    found = chooser_of(
        "best", [p._replace(land_rate=0.5 + 0.4 * ("under" in p.name)) for p in TEAM]
    )
    before = found.choose(BALL, insight_of("forehand"))
    after = found.reconsider(before, BALL, voted)
    assert after is not None and after.name == "forehand_underspin"
    assert found.reconsider(after, BALL, voted) is None
    assert chooser_of("best").reconsider(before, BALL, voted) is None  # it lands less often
    for mode in ("random", "forehand_left"):
        found = chooser_of(mode)
        assert found.reconsider(found.choose(BALL, voted), BALL, voted) is None
    assert chooser_of("best", TEAM[:3]).reconsider(before, BALL, voted) is None


# --- what is learned from it ---


@pytest.mark.parametrize(
    ("own", "learned", "reward", "returned"),
    [
        (shot(ended="missed", reached=False), ("forehand", True, (0.3, 0.9), 6.0), WON, [1, 3]),
        (shot(), ("forehand", True, (0.3, 0.9), 6.0), RETURNED, [2, 3]),
        (shot(good=False, ended="net"), ("forehand", True, None, 6.0), LOST, [1, 2]),
    ],
)
def test_each_shot_is_learned_from_once(own, learned, reward, returned):
    chooser = chooser_of()
    experience = Experience(chooser)
    shots = [shot("opponent")]
    experience.read(shots)
    assert chooser.opponent.x == 0.2
    choice = experience.choose(BALL, insight_of())
    chosen = choice.name
    for _ in range(3):
        experience.read([*shots, own])
    ((name, *rest),) = chooser.described.learned
    assert (name, *rest) == (chosen, *learned[1:])
    assert chooser.preferences.count == 1 and chooser.preferences.mean == reward
    assert chooser.opponent.returned["right"] == returned


def test_a_ball_that_was_missed_is_no_hit():
    chooser = chooser_of("best")
    experience = Experience(chooser)
    experience.choose(BALL, insight_of())
    experience.read([shot("opponent", reached=False, ended="missed")])
    ((name, hit, place, _),) = chooser.described.learned
    assert (name, hit, place) == ("forehand", False, None)
    assert chooser.opponent.returned == {"left": [1, 2], "right": [1, 2]}


def test_of_two_choices_for_a_ball_the_one_that_played_is_learned_from():
    team = [p._replace(land_rate=0.5 + 0.4 * ("under" in p.name)) for p in TEAM]
    chooser = chooser_of("best", team)
    experience = Experience(chooser)
    assert experience.reconsider(BALL, insight_of(yes=4, votes=4)) is None  # nothing was chosen
    experience.choose(BALL, insight_of())
    experience.reconsider(BALL, insight_of(yes=4, votes=4))
    experience.read([shot()])
    assert [name for name, *_ in chooser.described.learned] == ["forehand_underspin"]


def test_preferences_outlive_games_and_only_the_adaptive_choice_has_them():
    for mode in ("adaptive", "best", "random"):
        chooser = chooser_of(mode)
        experience, shots = Experience(chooser), []
        for game in range(2):
            for i in range(20):
                choice = experience.choose(BALL, insight_of())
                good = choice.name == "forehand_left"
                lost = not good and (i + game) % 2 == 0
                shots.append(shot(good=not lost, reached=not good, ended="x" if good else ""))
                experience.read(shots)
        h = chooser.preferences.h
        if mode == "adaptive":
            assert h["forehand_left"] > max(h["forehand"], h["forehand_right"]) + 0.2
        else:
            assert set(h.values()) == {0.0}


# --- the descriptors ---


@pytest.mark.parametrize("n", [3, 25, 400])
def test_neighbours_are_those_that_a_sort_of_all_distances_finds(n):
    rng = np.random.default_rng(n)
    described = Descriptors({name: tried(rng, n) for name in ("a", "b")})
    for ball in rng.normal(0, 5, (40, 7)) * SCALE:
        for found in described.look(ball):
            known = described.simulated[found.name]
            apart = np.linalg.norm((known.keys - ball) / SCALE, axis=1)
            rows = np.argsort(apart, kind="stable")[:25]
            landed = known.landed[rows]
            assert found.hit_rate == pytest.approx(known.hit[rows].mean())
            assert found.land_rate == pytest.approx(landed.mean())
            assert found.distance == pytest.approx(apart[rows].max())
            assert found.speed == pytest.approx(np.nanmedian(known.speed[rows]))
            if landed.any():
                places = known.place[rows][landed]
                assert found.place == pytest.approx(places.mean(0))
                spread = np.sqrt(((places - places.mean(0)) ** 2).sum(1).mean())
                assert found.spread == pytest.approx(spread)
    assert [found.name for found in described.look(ball, ["b"])] == ["b"]


def test_keys_may_be_read_only_or_not():
    keys = np.random.default_rng(0).normal(0, 1, (30, 7))
    one, far = descriptors._nearest(keys, np.zeros(7), np.inf)
    two, same = descriptors._nearest(vector(keys), np.zeros(7), np.inf)
    assert (one == two).all() and far == same
    near, _ = descriptors._nearest(keys, np.zeros(7), far * 0.7)
    assert 0 < len(near) < 25 and (near == one[: len(near)]).all()


def test_a_real_ball_weighs_as_much_as_the_simulated_ones_around_it():
    rng = np.random.default_rng(0)
    known = tried(rng, 400)
    described = Descriptors({"a": known, "b": known})
    ball = known.keys[7]
    before = described.look(ball)[0]
    described.learn("a", ball, True, (0.4, 1.0), 9.0)
    described.learn("a", ball, False, None, float("nan"))
    after, other = described.look(ball)
    assert after.land_rate == pytest.approx(before.land_rate / 2 + 0.5 / 2)
    assert after.hit_rate == pytest.approx(before.hit_rate / 2 + 0.5 / 2)
    share = 0.25 / (before.land_rate / 2 + 0.25)
    mean = np.array(before.place) * (1 - share) + np.array((0.4, 1.0)) * share
    assert after.place == pytest.approx(mean)
    assert other._replace(name="a") == before
    found = ((one, *described.look(one)) for one in known.keys)
    apart = [
        (with_it, without)
        for one, with_it, without in found
        if np.linalg.norm((one - ball) / SCALE) > without.distance
    ]
    assert len(apart) > 50  # balls among whose neighbours it is not
    assert all(with_it == without._replace(name="a") for with_it, without in apart)


def test_a_ball_that_was_hit_need_not_have_landed(tmp_path):
    rng = np.random.default_rng(0)
    made = tried(rng, 200)
    assert (made.hit & ~made.landed).any() and made.landed.any() and (~made.hit).any()
    Descriptors({"a": made}).save(tmp_path / "d.safetensors")
    found = Descriptors.load(tmp_path / "d.safetensors").simulated["a"]
    np.testing.assert_array_equal(found.hit, made.hit)
    np.testing.assert_array_equal(found.landed, made.landed)
    np.testing.assert_allclose(found.keys, made.keys, atol=1e-5)
