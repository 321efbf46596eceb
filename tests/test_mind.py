"""The slow mind: what it may answer, and how the fast one goes on meanwhile."""

import json
import threading
import time
from math import inf

import numpy as np
import pytest
from gbnf import regex_of
from hypothesis import given, settings
from hypothesis import strategies as st
from rig import play
from selector_rig import SCENE, SORT, Script
from test_llm import Server, server  # noqa: F401

from planners.coaching.understand import Understanding
from planners.llm import ModelError, open_model
from planners.selector import mind as module
from planners.selector.agenda import REGRET, Agenda
from planners.selector.listen import Listener, Unclear
from planners.selector.mind import Situation, SlowMind, grammar, plan_of, prompt
from planners.selector.planner import SelectorPlanner
from robot.cli import build
from robot.worker import after, when_ready

THINGS = ("red block", "green block", "blue block", "blue bowl", "gray tray", "gray drawer")
GUESTS = "we have guests, make it tidy first"


UNDERSTANDING = Understanding()
LISTENER = Listener(UNDERSTANDING, build.vocabulary())


# --- what it may answer ---


@settings(max_examples=60, deadline=None)
@given(st.from_regex(regex_of(grammar(THINGS)), fullmatch=True))
def test_the_grammar_makes_plans_and_what_is_done_by_the_fast_one(answer):
    """Only that a plan names a block twice in one sentence is left to be refused."""
    try:
        steps, goes_on = plan_of(answer, THINGS)
    except ValueError as error:
        line = str(error)
        assert line.count(" block") > 1 and "is no plan" in line
        return
    assert goes_on == answer.endswith("go on\n") and bool(steps) == (answer != "nothing\n")
    for step in steps:
        if not LISTENER.is_instruction(step):
            behavior, _ = LISTENER.behavior(step, THINGS)
            assert behavior.name in ("pick", "put", "drop", "drawer", "sweep")
            assert behavior.thing.split()[-1:] == step.split()[-1:] or behavior.name != "pick"


def test_what_is_not_there_is_in_no_plan():
    bare = grammar(("red block", "brown cabinet"))
    assert "tray" not in bare and "drawer" not in bare and "bowl" not in bare
    assert regex_of(grammar(())).pattern == "nothing\\\n"
    for answer in ("open the drawer", "pick up the green block", "put it in the blue bowl"):
        with pytest.raises(ValueError, match="is no plan"):
            plan_of(answer, ("red block",))


@pytest.mark.parametrize(
    "answer", ["Sure! I will tidy up.", "", "go on", "pick up the red block\n" * 7, "{}", "\x00"]
)
def test_anything_else_is_no_plan(answer):
    with pytest.raises(ValueError, match="plan") as caught:
        plan_of(answer, THINGS)
    assert len(str(caught.value)) < 120


def test_a_model_that_talks_is_understood():
    answer = "<think>tidy...\nhm</think>\n```\n1. Sweep the blocks into the tray.\n- go on\n```"
    assert plan_of(answer, THINGS) == (("sweep the blocks into the tray",), True)


def test_the_question_tells_what_there_is_and_what_is_being_done():
    situation = Situation(THINGS, {"red block": "blue bowl"}, SORT, "pick up the green block")
    asked = prompt(GUESTS, situation)
    last = asked.messages[-1]["content"]
    assert "red block (on the blue bowl), green block" in last and f"chore: {SORT}" in last
    assert last.endswith(f"now: pick up the green block\nsaid: {GUESTS}")
    assert asked.text.endswith(f"{last}\nplan:\n") and GUESTS not in asked.grammar
    for (_, there), answer in module.EXAMPLES:
        plan_of(answer, there.objects)


# --- when it answers ---


class Answers:
    """A model that answers, or fails."""

    def __init__(self, *answers):
        self.answers, self.asked = [*answers], []

    def complete(self, prompt):
        self.asked.append(prompt)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        """There is nothing to end."""


class Waits:
    """A model that answers when it is let."""

    def __init__(self):
        self.let = threading.Event()

    def complete(self, prompt):
        self.let.wait(30)
        return "close the drawer" if "said: two" in prompt.text else "open the drawer"


def test_it_waits_for_nobody_and_the_newest_question_counts():
    arrived = []
    model = Waits()
    slow = SlowMind(model, arrived=lambda worker, arrival: arrived.append(arrival))
    there = Situation(THINGS)
    slow.ask(1.0, "one", there)
    assert slow.poll(1.0) is None and slow.busy
    slow.ask(2.0, "two", there)
    model.let.set()
    while (reply := slow.poll(2.5)) is None:
        time.sleep(0.01)
    assert (reply.said, reply.requested, reply.steps) == ("two", 2.0, ("close the drawer",))
    assert slow.poll(3.0) is None and not slow.busy
    assert [(a.requested, a.result) for a in arrived] == [(1.0, None), (2.0, "close the drawer")]


def test_an_answer_that_does_not_come_is_not_waited_for():
    model = Waits()
    slow = SlowMind(model, when_ready)
    slow.ask(1.0, "one", Situation(THINGS))
    reply = slow.poll(1.0 + module.PATIENCE)
    assert reply.fault == "no answer in 30 s" and not slow.busy
    model.let.set()


def test_plans_can_be_taken_back_for_a_while():
    agenda = Agenda()
    agenda.begin("a")
    agenda.change(1.0, ["b", "c"], goes_on=True)
    assert [*agenda.steps] == ["b", "c", "a"] and not agenda.chore
    assert agenda.take_back(2.0) and agenda.chore == "a" and not agenda.steps
    agenda.change(2.5, ["b"], goes_on=False)
    agenda.begin("d")
    assert not agenda.take_back(2.6) and agenda.chore == "d"
    agenda.change(3.0, ["b"], goes_on=False)
    assert [*agenda.steps] == ["b"] and not agenda.take_back(3.1 + REGRET)


# --- in the loop ---


def planner_of(model, *commands, due=None):
    said, noted = [], []
    made = SelectorPlanner(
        Script(*commands), UNDERSTANDING, build.robot_spec(), build.vocabulary(), said.append,
        noted.append, mind=SlowMind(model, due or after(0.5)),
    )  # fmt: skip
    made.instruct(SORT)
    return made, said, noted


PLAN = "put the red block in the blue bowl\ngo on"
COMMANDS = ("pick up the green block", "pick up the red block", "put it in the blue bowl")


def test_guests_change_the_plan_and_the_arm_never_stops():
    model = Answers(PLAN)
    planner, said, _ = planner_of(model, *COMMANDS)
    result = play("", (0.3, GUESTS), planner=planner, scene=SCENE)
    asked = result.at(0.3)
    answered = result.at(result.ticks[asked].state.time + 0.5)
    meanwhile = {tick.goal.args["object"] for tick in result.ticks[asked:answered]}
    assert meanwhile == {"green block"}  # the fast mind goes on
    assert result.ticks[answered].goal.args["object"] == "red block"  # as soon as it is known
    speeds = [np.abs(tick.state.reference.qd).max() for tick in result.ticks]
    assert speeds[answered] > 0.5  # in mid-motion; and the arm does not come to rest for it
    assert min(speeds[answered - 5 : answered + 25]) > 0.2
    _, acceleration, jerk = result.motion()
    assert abs(acceleration).max() < 1.001 and abs(jerk).max() < 1.01
    assert said[-1] == f"{GUESTS}: put the red block in the blue bowl, then {SORT}."
    assert planner.succeeded and planner.corrections == [GUESTS]
    moments = planner._choose.asked
    assert len(moments) == 5  # the chore; the plan, twice, and its end; the chore again: its end
    assert "red block" in model.asked[0].messages[-1]["content"]


def test_a_plan_of_commands_is_carried_out_in_order():
    plan = "pick up the red block\nput it in the blue bowl"
    planner, *_ = planner_of(Answers(plan), "pick up the green block")
    result = play("", (0.3, "that one is red like a tomato"), planner=planner, scene=SCENE)
    assert [f"{b.name} {b.thing}" for b in planner.begun] == [
        "pick green block", "pick red block", "put blue bowl",
    ]  # fmt: skip
    bowl, block = (result.objects[n].position for n in ("blue bowl", "red block"))
    assert planner.succeeded and np.hypot(*(bowl - block)[:2]) < 0.04


@pytest.mark.parametrize("word", ["no, take the red block", SORT, "no"])
def test_what_was_said_since_makes_an_answer_stale(word):
    planner, said, noted = planner_of(Answers(PLAN), *COMMANDS)
    play("", (1.0, GUESTS), (1.2, word), (1.6, "stop"), planner=planner, scene=SCENE, duration=2.0)
    assert f"what was meant by {GUESTS!r} no longer matters" in noted
    assert not any(line.startswith(f"{GUESTS}: put") for line in said)


def test_a_small_correction_does_not():
    planner, said, _ = planner_of(Answers(PLAN), *COMMANDS)
    lines = (1.0, GUESTS), (1.2, "a bit to the left"), (1.3, "slower")
    play("", *lines, planner=planner, scene=SCENE, duration=2.0)
    assert any(line.startswith(f"{GUESTS}: put") for line in said)


def test_no_takes_a_change_of_plans_back():
    planner, said, _ = planner_of(Answers(PLAN), *COMMANDS)
    play("", (1.0, GUESTS), (2.0, "no"), planner=planner, scene=SCENE, duration=2.2)
    assert said[-1] == "Then I go on as before." and planner._agenda.chore == SORT


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (ModelError("the server does not answer: refused"), "refused"),
        ("Sure, I can help with that!", "no plan"),
        ("put the purple block in the blue bowl", "no plan"),
        ("nothing", ""),
    ],
)
def test_a_fault_is_one_line_and_nothing_stops(answer, why):
    planner, said, _ = planner_of(Answers(answer), "pick up the green block")
    result = play("", (1.0, GUESTS), planner=planner, scene=SCENE)
    assert [line for line in said if "did not understand" in line and why in line] == said[1:]
    assert planner.succeeded and [b.thing for b in planner.begun] == ["green block"]
    assert {tick.goal.id for tick in result.ticks[result.at(0.9) : result.at(1.8)]} == {1}


@pytest.mark.parametrize("answer", ["garbage", "gone", "half", PLAN])
def test_over_a_server(server, answer, monkeypatch):  # noqa: F811
    monkeypatch.setattr("planners.llm.RETRIES", 0)
    Server.answer = answer
    model = open_model(server.url)
    planner, said, _ = planner_of(model, *COMMANDS)
    play("", (0.5, GUESTS), planner=planner, scene=SCENE, duration=1.2)
    understood = f"{GUESTS}: put the red block in the blue bowl, then {SORT}." in said
    assert understood == (answer == PLAN)
    assert understood or sum(server.url in line for line in said) == 1 or "no plan" in said[-1]


def test_while_it_thinks_the_run_is_not_over():
    planner, said, _ = planner_of(Answers("pick up the red block"), due=after(1.0))
    play("", (0.5, GUESTS), planner=planner, scene=SCENE)
    assert planner.begun and said[-1].endswith("pick up the red block.")


def test_what_is_not_there_is_asked_back_before_a_model_is_asked():
    model = Answers()
    planner, said, _ = planner_of(model, "pick up the green block")
    lines = (0.5, "the guests want to see the purple vase"), (0.6, "pick up the pink block")
    play("", *lines, planner=planner, scene=SCENE, duration=0.8)
    assert not model.asked and said[0].startswith("I see nothing purple; I see blue bowl")
    with pytest.raises(Unclear):
        planner._listener("pick up the pink block", [thing.name for thing in SCENE])


def test_from_the_command_line(command, tmp_path, monkeypatch):
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps(["nothing", "put it down"]))
    lines = tmp_path / "lines"
    lines.write_text(f"what a lovely day it is\n{GUESTS}\n")
    with lines.open() as typed:
        monkeypatch.setattr("robot.cli.session.typed_lines", lambda: typed)
        code, out, err = command(
            "run", "--task", "sort", "--planner", "selector", "--llm", f"replay:{answers}",
            "--speed", inf, "--perception", "truth", "--frames", "0", "--record", tmp_path,
            "--duration", "4", "--json",
        )  # fmt: skip
    assert code == 1, err
    found = json.loads(out)
    assert found["said"][-1] in (  # both were asked at once, and the answers are taken in turn
        f"I did not understand {GUESTS!r}. What shall I do?",
        f"{GUESTS}: put it down.",
    )
    code, out, err = command("replay", found["recording"], "--json")
    assert json.loads(out)["differences"] == [] and json.loads(out)["ticks"] > 400, err
    code, _, err = command("run", "x", "--planner", "selector", "--llm", "replay:nowhere.json")
    assert code == 1 and "cannot replay nowhere.json" in err
