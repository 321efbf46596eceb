"""The referee, by the rules and by rallies that are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.tennis.referee import Decision, Match, MatchRules, Rally, Side

NEAR, FAR = Side.NEAR, Side.FAR


def play(rally, text):
    """Touches: n and f for the table's halves, N and F for rackets, - for the net, . for the floor,
    b for the robot's body, ^ for too high."""
    for i, letter in enumerate(text):
        {
            "n": lambda: rally.table(NEAR),
            "f": lambda: rally.table(FAR),
            "N": lambda at=i: rally.racket(NEAR, at),
            "F": lambda at=i: rally.racket(FAR, at),
            "-": rally.net,
            ".": rally.floor,
            "b": lambda: rally.body(NEAR),
            "^": lambda: rally.height(2.1),
            "s": rally.stop,
            "c": lambda: rally.crash(NEAR),
        }[letter]()
    return rally.decision


@pytest.mark.parametrize(
    ("touches", "point", "why"),
    [
        ("n.", FAR, "not returned"),
        ("nn", FAR, "bounced twice"),
        ("nNf.", NEAR, "not returned"),
        ("nNff", NEAR, "bounced twice"),
        ("nN-f.", NEAR, "not returned"),
        ("nN.", FAR, "out"),
        ("nN-.", FAR, "into the net"),
        ("nNn", FAR, "ball on the wrong side"),
        ("N", FAR, "struck before it bounced"),
        (".", NEAR, "out"),
        ("-.", NEAR, "into the net"),
        ("f", NEAR, "ball on the wrong side"),
        ("nNfFn.", FAR, "not returned"),
        ("nNfFnNfF.", NEAR, "out"),
        ("nNN", FAR, "struck twice"),
        ("nb", FAR, "touched by the body"),
        ("nc", FAR, "touched the table"),
        ("n^", None, "too high"),
        ("ns", None, "protective stop"),
    ],
)
def test_rallies(touches, point, why):
    assert play(Rally(FAR), touches) == Decision(point, why)


@pytest.mark.parametrize(
    ("touches", "point", "why"),
    [
        ("fn.", FAR, "not returned"),
        ("f-n", None, "the serve touched the net"),
        ("n", NEAR, "serve on the wrong side"),
        ("ff", NEAR, "serve on the wrong side"),
        ("f-.", NEAR, "into the net"),
        ("f.", NEAR, "out"),
        ("fnNf.", NEAR, "not returned"),
        ("fnNfF-n.", FAR, "not returned"),
        ("fN", FAR, "struck before it bounced"),
    ],
)
def test_serves(touches, point, why):
    assert play(Rally(FAR, serve=True), touches) == Decision(point, why)


def test_one_stroke_may_touch_the_racket_more_than_once():
    rally = Rally(FAR)
    rally.table(NEAR)
    rally.racket(NEAR, 1.0)
    rally.racket(NEAR, 1.01)
    assert rally.decision is None and rally.strokes == 1


@given(st.text(alphabet="nfNF-.b^sc", max_size=12), st.booleans())
def test_whatever_happens_a_decision_stands(touches, serve):
    rally = Rally(FAR, serve=serve)
    first = None
    for letter in touches:
        play(rally, letter)
        first = first or rally.decision
        assert rally.decision == first
    if touches.endswith(".") or "nn" in touches:
        assert first is not None


@given(st.lists(st.sampled_from([NEAR, FAR, None]), min_size=200, max_size=200))
def test_a_match_is_three_games_to_eleven_by_two(points):
    match = Match()
    for point in points:
        if match.over:
            break
        match.score(Decision(point, ""))
    for game in match.games:
        most, least = max(game.values()), min(game.values())
        assert (
            (most == 11 and least <= 9)
            or (11 < most <= 20 and most - least == 2)
            or (most == 20 and least == 19)
        )
    assert len(match.games) <= 3 and match.won(NEAR) + match.won(FAR) == len(match.games)
    if match.over:
        assert match.winner is (NEAR if match.won(NEAR) >= 2 else FAR)
        with pytest.raises(ValueError, match="over"):
            match.score(Decision(NEAR, ""))
        with pytest.raises(ValueError, match="over"):
            match.rally()
    else:
        assert match.winner is None


def test_all_three_games_are_played():
    match = Match(MatchRules())
    for _ in range(33):
        assert not match.over
        match.score(Decision(FAR, ""))
    assert match.over and match.won(FAR) == 3 and match.lets == 0


def test_nothing_is_scored_before_the_serve_is_returned():
    match = Match()
    rally = match.rally()
    assert play(rally, "fn.") == Decision(None, "not returned")
    rally = match.rally()
    play(rally, "fnN")
    assert not match.returned(rally)  # struck, but not yet over
    play(rally, "f")
    assert match.returned(rally)
    assert play(rally, ".") == Decision(NEAR, "not returned")
