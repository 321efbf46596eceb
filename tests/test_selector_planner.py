"""The selector as a planner: what it carries out, and how words override it."""

import numpy as np
import pytest
from rig import play
from selector_rig import SCENE, SORT, Script, frame, network

from planners.coaching.behavior import Behavior
from planners.coaching.understand import Understanding
from planners.correct import Vocabulary
from planners.selector.choose import Moment, Verifier
from planners.selector.features import Past, lagged
from planners.selector.listen import Listener, Unclear
from planners.selector.planner import SelectorPlanner
from robot.cli import build
from robot.table import BLOCK


@pytest.fixture(scope="module")
def understanding():
    return Understanding()


# --- what people say ---


def test_what_is_not_understood_is_asked_back(understanding):
    listener = Listener(understanding, Vocabulary(("red", "green", "blue"), ("block", "bowl")))
    seen = {"red block", "blue bowl"}
    assert listener("no, take the red block", seen).behavior == Behavior("pick", "red block")
    for text in ("the weather is lovely today", "banana", "pick up the pink block", ""):
        with pytest.raises(Unclear):
            listener(text, seen)
    with pytest.raises(Unclear, match="I see no green block"):
        listener("pick up the green block", seen)
    with pytest.raises(Unclear, match="I see nothing white"):
        listener("pick up the white block", seen)
    assert listener("put it in the bowl", seen).behavior == Behavior("put", "blue bowl")
    with pytest.raises(Unclear, match="Which bowl"):
        listener("put it in the bowl", {"red block", "blue bowl", "red bowl"})
    assert listener.is_instruction(SORT) and listener.is_instruction(
        "push everything into the tray"
    )
    assert not listener.is_instruction("no, not the red block, the green block")
    assert listener.is_denial("no, that is wrong") and not listener.is_denial("no, go left")


def planner_of(understanding, *commands, keep=lambda kept: None, verify=None):
    said = []
    made = SelectorPlanner(
        Script(*commands), understanding, build.robot_spec(), build.vocabulary(), said.append,
        keep=keep, verify=verify,
    )  # fmt: skip
    made.instruct(SORT)
    return made, said


def test_commands_are_carried_out_until_nothing_is_left(understanding):
    planner, _ = planner_of(understanding, "pick up the red block", "put it in the blue bowl")
    result = play(planner=planner, scene=SCENE)
    assert planner.succeeded and [b.name for b in planner.begun] == ["pick", "put"]
    bowl, block = (result.objects[n].position for n in ("blue bowl", "red block"))
    assert np.hypot(*(bowl - block)[:2]) < 0.04
    assert planner._choose.asked[-1][:2] == ["put it in the blue bowl", "pick up the red block"]


class Judge:
    """Verdicts as they were written down, then always yes."""

    def __init__(self, *verdicts):
        self.verdicts = [*verdicts]

    def __call__(self, moment, all_of_it=False):
        return self.verdicts.pop(0) if self.verdicts and not all_of_it else True


def test_what_does_not_look_done_is_tried_again(understanding):
    planner, _ = planner_of(
        understanding, "pick up the red block", "put it in the blue bowl", verify=Judge(True, False)
    )
    result = play(planner=planner, scene=SCENE)
    done = [b.name for b in planner.begun]
    assert done == ["pick", "put", "back", "pick", "put"] and planner.succeeded
    assert result.objects["red block"].position[2] < 0.06


def test_a_verdict_that_is_always_no_ends_after_ten_tries(understanding):
    planner, _ = planner_of(understanding, "pick up the red block", verify=Judge(*[False] * 99))
    play(planner=planner, scene=SCENE, duration=60.0)
    assert planner.finished and [b.name for b in planner.begun].count("pick") == 11


def test_what_does_not_help_is_not_asked_for_for_ever(understanding):
    planner, _ = planner_of(understanding, *["pick up the red block"] * 20)
    play(planner=planner, scene=SCENE)
    assert planner.finished and not planner.succeeded and len(planner.begun) == 11
    assert "again and again" in planner.error


def test_a_verifier_is_as_wrong_as_it_is_told_to_be():
    net = network()
    frames = lagged([frame([("red", (0.1, -0.5, 0.02))])], 0)
    moment = Moment(frames, SORT, [Past("pick up the red block", "red block", 1.0)], True, None)
    right = Verifier(net)(moment)
    rng = np.random.default_rng(0)
    wrong = Verifier(net, 0.15, rng)
    turned = np.mean([wrong(moment) != right for _ in range(400)])
    assert 0.1 < turned < 0.2


def test_a_persons_sentence_acts_on_the_next_tick_and_is_kept(understanding):
    kept = []
    planner, _said = planner_of(
        understanding,
        "pick up the green block",
        "put it in the blue bowl",
        keep=kept.append,
    )
    result = play("", (1.0, "no, the red block next"), planner=planner, scene=SCENE)
    planner.close()
    at = result.at(1.0)
    assert result.ticks[at - 1].goal.args["object"] == "green block"
    assert result.ticks[at].goal.args["object"] == "red block"  # the tick that hears it
    _velocity, acceleration, jerk = result.motion()
    assert abs(acceleration).max() < 1.001 and abs(jerk).max() < 1.01
    assert [b.thing for b in planner.begun] == ["green block", "red block", "blue bowl"]
    (one,) = kept
    assert one.sentence == "no, the red block next" and one.key == ("pick", "red block")
    assert one.outcome == "done" and one.past[0].command == "pick up the green block"
    assert one.now >= 10 and len(one.frames) - one.now > 45  # frames, .08 s apart
    learned = [*one.samples(0)]
    assert {s.command for s in learned} == {"no, the red block next"}
    assert len(learned) >= 3


def test_stop_and_continue_win(understanding):
    planner, _ = planner_of(understanding, "pick up the red block", "put it in the blue bowl")
    result = play("", (1.0, "stop"), (2.0, "continue"), planner=planner, scene=SCENE)
    halted = [tick.goal.skill for tick in result.ticks[result.at(1.0) : result.at(2.0)]]
    assert set(halted) == {"hold"} and planner.succeeded


def test_what_was_taken_wrongly_is_put_down_first(understanding):
    planner, _ = planner_of(understanding, "pick up the green block")
    result = play("", (6.0, "no, take the red block"), planner=planner, scene=SCENE)
    assert [b.name for b in planner.begun] == ["pick", "drop", "pick"]
    assert result.objects["red block"].position[2] > 0.08
    assert result.objects["green block"].position[2] < BLOCK


def test_going_on_ends_what_a_person_asked_for(understanding):
    planner, said = planner_of(understanding, "pick up the red block", "pick up the red block")
    play(
        "",
        (0.5, "a lot to the left"),
        (0.7, "go on"),
        (0.8, "banana"),
        planner=planner,
        scene=SCENE,
    )
    assert [b.name for b in planner.begun] == ["pick", "move", "pick"]
    assert "Going on." in said and "I did not understand 'banana'. What shall I do?" in said
