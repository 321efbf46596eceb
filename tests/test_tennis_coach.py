"""What a coach says, and which tactics that makes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planners.tennis.coach import KNOWN, STROKES, Tactics, tactics


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("play to the backhand", {"side": 1.0}),
        ("Play to his backhand side, please!", {"side": 1.0}),
        ("go to the opponent's forehand", {"side": -1.0}),
        ("more to the left", {"side": -1.0}),
        ("hit everything into the right corner", {"side": 1.0}),
        ("hit faster", {"pace": 1.0}),
        ("attack!", {"pace": 1.0}),
        ("a bit slower", {"pace": -1.0}),
        ("safer", {"care": 1.0}),
        ("play safe and to the left", {"care": 1.0, "side": -1.0}),
        ("take more risk", {"care": -1.0}),
        ("use topspin", {"spin": 1.0}),
        ("more spin", {"spin": 1.0}),
        ("serve return to the left", {"serve_side": -1.0}),
        ("return his serves to the backhand", {"serve_side": 1.0}),
        ("use your forehand", {"style": "forehand"}),
        ("play with the backhand", {"style": "backhand"}),
        ("use your forehand more and play to the left", {"style": "forehand", "side": -1.0}),
        ("play to the backhand with your forehand", {"style": "forehand", "side": 1.0}),
        ("don't use your backhand", {"style": "forehand"}),
        ("not so fast", {"pace": -1.0}),
        ("not too slow", {"pace": 1.0}),
        ("no risk", {"care": 1.0}),
    ],
)
def test_tactics_as_a_coach_calls_them(text, changes):
    assert tactics(text, Tactics()) == Tactics(**changes)


def test_tactics_add_up_until_they_are_taken_back():
    now = Tactics()
    for text in (
        "to the left",
        "faster",
        "use topspin",
        "serves to the right",
        "use your forehand",
    ):
        now = tactics(text, now)
    assert now == Tactics(-1.0, 1.0, 1.0, 0.0, 1.0, "forehand")
    for text, undone in (
        ("no topspin", {"spin": 0.0}),
        ("not to the left", {"side": 0.0}),
        ("serves not to the right", {"serve_side": 0.0}),
        ("less fast", {"pace": -1.0}),
    ):
        after = tactics(text, now)
        assert all(getattr(after, name) == value for name, value in undone.items())
        kept = {name for name in ("side", "serve_side", "pace", "spin", "style")} - set(undone)
        assert all(getattr(after, name) == getattr(now, name) for name in kept)
    assert tactics("normal game", now) == Tactics()


def test_a_left_handers_backhand_is_on_the_other_side():
    assert tactics("play to the backhand", Tactics(), right_handed=False).side == -1.0
    assert tactics("play to the left", Tactics(), right_handed=False).side == -1.0


@pytest.mark.parametrize("text", ["", "play", "please hit the ball", "serve", "not"])
def test_words_that_ask_for_nothing_are_told_what_can_be_asked(text):
    with pytest.raises(ValueError, match=r"tactic.* valid: .*left, right"):
        tactics(text, Tactics())


@pytest.mark.parametrize(
    ("text", "unknown"), [("play like a champion", "'champion'"), ("pick the red block", "'red'")]
)
def test_unknown_words_are_named_and_the_valid_ones_too(text, unknown):
    with pytest.raises(ValueError, match=f"{unknown}.*safer") as error:
        tactics(text, Tactics())
    assert all(word in str(error.value) for word in ("topspin", "faster", "'normal game'"))


@pytest.mark.parametrize(
    "text",
    ["left and right", "faster and slower", "safe and risky",
     "to the left and the backhand", "left, to the middle", "use your forehand and your backhand"],
)  # fmt: skip
def test_tactics_that_contradict_each_other_are_refused(text):
    with pytest.raises(ValueError, match="contradict each other"):
        tactics(text, Tactics())


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(sorted(KNOWN)), max_size=6))
def test_whatever_known_words_are_said_tactics_stay_within_their_bounds(words):
    try:
        found = tactics(" ".join(words), Tactics())
    except ValueError:
        return
    numbers = (found.side, found.serve_side, found.pace, found.care, found.spin)
    assert all(number in (-1.0, 0.0, 1.0) for number in numbers)
    assert found.style in ("", *STROKES)


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        ("to the left", {"place": -0.4}, {"place": 0.4}),
        ("to the backhand", {"place": 0.4}, {"place": -0.4}),
        ("faster", {"speed": 7.0}, {"speed": 4.0}),
        ("slower", {"speed": 4.0}, {"speed": 7.0}),
        ("safer", {"landing": 0.95}, {"landing": 0.7}),
        ("riskier", {"landing": 0.7}, {"landing": 0.95}),
        ("use topspin", {"name": "forehand_loop"}, {"name": "forehand"}),
        ("serve return to the left", {"place": -0.4, "serve": True}, {"place": 0.4, "serve": True}),
    ],
)
def test_tactics_lean_on_what_they_ask_for(text, one, other):
    usual = {"name": "forehand", "place": 0.0, "speed": 5.0, "landing": 0.8, "serve": False}
    wanted = tactics(text, Tactics())
    assert wanted.lean(**{**usual, **one}) > wanted.lean(**{**usual, **other})
    neutral = Tactics()
    assert neutral.lean(**{**usual, **one}) == neutral.lean(**{**usual, **other}) == 0.0


def test_tactics_for_serves_leave_rallies_alone():
    wanted = tactics("serve return to the left", Tactics())
    assert wanted.lean("forehand", -0.4, 5.0, 0.8, serve=False) == 0.0
    both = tactics("to the right", wanted)
    assert both.lean("forehand", -0.4, 5.0, 0.8, serve=True) > 0
    assert both.lean("forehand", -0.4, 5.0, 0.8, serve=False) < 0
