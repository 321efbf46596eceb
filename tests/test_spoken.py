"""What is said in a room becomes a line, or is left alone; no recogniser is needed for that."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("rapidfuzz", reason="needs the extra [speech]")
sys.path.insert(0, str(Path(__file__).parent))
from benchmark.talk import TALK

from planners.correct import understand
from planners.spoken.interpret import InterpretConfig, Interpreter
from planners.spoken.normal import normal
from planners.spoken.sayings import at_table, in_match
from planners.spoken.undo import WORDS, replaced, undone
from robot.hearing import Recognized

TABLE = at_table()


def interpreter():
    return Interpreter(TABLE)


def hear(interpret, text, now=0.0, near=None, written=-1.0, score=-0.1):
    """`near`: commands, and how much less likely they are [nat] than what was `written`."""
    likely = {command: written - less for command, less in (near or {}).items()}
    heard = interpret(Recognized((text,), score, likely, written), now)
    interpret.settle(heard, now)
    return heard


def lines(text, **near):
    heard = hear(interpreter(), text, near=near)
    return heard.lines if heard.kind == "command" else ()


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (" A bit to the left.", "a bit to the left"),
        ("Hey robot, could you please open the gripper? Thank you.", "open the gripper"),
        ("No, the grey block.", "no, the gray block"),
        ("Three centimetres up!", "3 centimeters up"),
        ("3cm up", "3 centimeters up"),
        ("Put it in the green bowl instead", "put it in the green bowl instead"),
        ("Okay.", "okay"),
        ("", ""),
    ],
)
def test_sentences_are_written_in_one_way(said, line):
    assert normal(said).line == line


def test_every_known_command_is_understood_word_for_word():
    interpret = interpreter()
    for number, text in enumerate([*TABLE.known][::20]):
        said = f"{text.capitalize()}."
        heard = interpret(Recognized((said,), -0.1), 100.0 * number)
        assert heard.kind == "command", said
        assert interpret.near([said]) == []  # nothing is left to ask the recogniser


def test_of_a_hundred_sentences_that_are_no_commands_none_is_obeyed_if_heard_rightly():
    obeyed = [text for text in TALK if lines(text[0].upper() + text[1:] + ".")]
    assert obeyed == []
    match = Interpreter(in_match())
    obeyed = [text for text in TALK if match(Recognized((text,), -0.1), 0.0).kind == "command"]
    assert obeyed == []


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("Stop.", "stop"),
        ("stop stop stop", "stop stop stop"),
        ("Please stop now!", "please stop now"),
        ("No, wait.", "wait"),
        ("Can you stop?", "can you stop"),
        ("Freeze", "freeze"),
    ],
)
def test_a_stop_is_passed_on(said, line):
    assert lines(said) == (line,)


@pytest.mark.parametrize(
    "said", ["We stopped there.", "The bus stop is over there.", "stop by the shop", "the weight"]
)
def test_a_stop_in_a_sentence_is_none(said):
    assert lines(said) == ()


def test_a_stop_is_heard_beside_something_else():
    assert lines("Stop! The red one is over there.") == ("stop",)
    assert lines("Wait, put it down.") == ("wait", "put it down")


def test_hardly_anything_that_might_be_a_stop_is_one():
    heard = interpreter()(Recognized(("Stuff.", "Stop."), -0.9), 0.0)
    assert heard.lines == ("stop",)
    heard = interpreter()(Recognized(("Is that the right stuff?", "Stop."), -0.9), 0.0)
    assert heard.kind == "speech"


def test_going_on_must_be_said_word_for_word():
    assert lines("Continue.") == ("continue",)
    assert lines("Re-arm, continue.") == ("re-arm continue",)
    assert lines("Arm.") == () and lines("the story continues") == ()
    heard = interpreter()(Recognized(("Can tin you.", "Continue."), -0.9), 0.0)
    assert heard.kind == "speech"


@pytest.mark.parametrize("said", ["It's on the left.", "That is right.", "he moved up", "I put it"])
def test_who_tells_something_asks_for_nothing(said):
    assert lines(said) == ()


def test_commands_are_understood_by_rule_too():
    assert lines("the yellow one, not the red one") or lines("not the red one, the yellow one")
    assert lines("a bit up and to the left") == ("a bit up and to the left",)
    assert lines("put the red block and the green block in the tray")
    assert lines("move the side block a little to the left") == ()


def test_what_sounds_like_a_command_is_one_if_it_is_as_likely():
    interpret = interpreter()
    assert "open the drawer" in interpret.near(["open the door"])
    near = {"open the drawer": 0.2, "open the gripper": 9.0}
    assert lines("open the door", **near) == ("open the drawer",)
    heard = hear(interpreter(), "open the door", near={**near, "open the drawer": 7.5})
    assert heard.kind == "question" and heard.lines == ("open the drawer",)
    assert "open the drawer" in heard.ask
    heard = hear(interpreter(), "open the door", near={**near, "open the drawer": 9.0})
    assert heard.kind == "speech"


def test_what_is_unintelligible_is_asked_about():
    heard = hear(interpreter(), "le matasade", near={"lay that aside": 8.0}, score=-1.4)
    assert heard.kind == "question" and "again" in heard.ask and not heard.lines
    heard = hear(interpreter(), "lemon said", near={"lay that aside": 1.0}, score=-1.4)
    assert heard.lines == ("lay that aside",)


def test_what_was_hardly_said_at_all_is_not_obeyed_though_nothing_else_was():
    near = {"the purple one": 1.0}
    assert hear(interpreter(), "the gripper one is fancy", near=near).kind == "command"
    heard = hear(interpreter(), "the gripper one is fancy", near=near, written=-9.0)
    assert heard.kind == "question"


def test_what_was_said_clearly_may_be_further_behind_what_was_written():
    clear = {"put the block in the cyan bowl": 6.5}  # as likely by itself as five words can be
    assert hear(interpreter(), "put the block in the side bowl", near=clear).kind == "command"
    heard = hear(interpreter(), "put the block in the side bowl", near=clear, written=-12.0)
    assert heard.kind == "question"


def test_two_commands_that_are_as_likely_are_asked_about():
    config = InterpretConfig()
    near = {"into the red bowl": 0.0, "into the green bowl": config.apart / 2}
    assert hear(interpreter(), "into the ren bowl", near=near).kind == "question"
    # the same, in other words
    near = {"into the red bowl": 0.0, "put it in the red bowl": config.apart / 2}
    assert hear(interpreter(), "into the ren bowl", near=near).kind == "command"


def test_yes_means_what_was_asked_for_a_while():
    interpret = interpreter()
    near = {"open the drawer": 7.5}
    hear(interpret, "open the door", 0.0, near)
    assert hear(interpret, "Yes.", 3.0).lines == ("open the drawer",)
    hear(interpret, "open the door", 20.0, near)
    heard = hear(interpret, "No.", 22.0)
    assert heard.kind == "question" and not heard.lines
    assert hear(interpret, "Right.", 24.0).lines != ("open the drawer",)
    hear(interpret, "open the door", 40.0, near)
    assert hear(interpret, "Yes.", 60.0).lines == ("yes",)


@pytest.mark.parametrize(
    ("line", "back"),
    [
        ("a bit to the left", "a bit to the right"),
        ("3 centimeters up", "3 centimeters down"),
        ("closer to me", "forward to me"),
        ("slower", "faster"),
        ("a bit faster", "a bit slower"),
        ("open the gripper", "close the gripper"),
        ("put the red block in the blue bowl", "cancel that"),
        ("no, the green bowl", ""),
        ("go back", ""),
        ("stop", ""),
        ("continue", ""),
    ],
)
def test_what_takes_a_line_back(line, back):
    assert undone(line) == back
    meant = understand(line, WORDS)
    if meant is not None and meant.kind == "nudge":
        opposite = understand(back, WORDS)
        assert opposite is not None
        assert opposite.offset == tuple(-value for value in meant.offset)


@pytest.mark.parametrize(
    ("line", "wanted", "said"),
    [
        ("a bit to the left", "no, a bit up", ("a bit to the right", "no, a bit up")),
        ("open the gripper", "no, close the gripper", ("close the gripper",)),
        ("open the gripper", "no, open the drawer", ("close the gripper", "no, open the drawer")),
        ("no, the red bowl", "no, the green bowl", ("no, the green bowl",)),
        (
            "put the red block in the bowl",
            "no, stack the green block on it",
            ("instead, stack the green block on it",),
        ),
        ("put the red block in the blue bowl", "no, the green bowl", ("no, the green bowl",)),
        ("stop", "no, a bit up", ("no, a bit up",)),
    ],
)
def test_no_undoes_a_wrong_hearing(line, wanted, said):
    assert replaced(line, wanted) == said


def test_no_refers_to_what_was_heard_lately():
    interpret = interpreter()
    assert hear(interpret, "No.", 0.0).kind != "command"
    hear(interpret, "a bit to the left", 1.0)
    assert hear(interpret, "No!", 4.0).lines == ("a bit to the right",)
    hear(interpret, "a bit to the left", 20.0)
    assert hear(interpret, "No, up.", 22.0).lines == ("a bit to the right", "no, up")
    hear(interpret, "a bit to the left", 40.0)
    assert hear(interpret, "No, up.", 60.0).lines == ("no, up",)
    hear(interpret, "stop", 70.0)
    assert hear(interpret, "No.", 71.0).kind == "question"  # a stop is ended by name


def test_in_a_match_tactics_are_commands():
    interpret = Interpreter(in_match())
    assert hear(interpret, "Play to the backhand.").lines == ("play to the backhand",)
    assert hear(interpret, "Open the gripper.").kind == "speech"
