"""The conductor: one action at a time, one budget of attempts, corrections by general rules."""

import numpy as np
import pytest

from planners.conduct import ATTEMPTS, DOUBT, WAIT, Conductor, Leg, Progress, put
from planners.correct import Correction
from robot.types import Fix, Outcome, Reference, State, Status, vector

OBJECTS = {
    "red block": (0.1, -0.5),
    "green block": (-0.1, -0.6),
    "blue bowl": (0.2, -0.4),
    "green bowl": (-0.2, -0.3),
}


def state_at(time=0.0):
    zero = np.zeros(7)
    objects = {
        name: Fix(time, vector([*xy, 0.02]), vector([1, 0, 0, 0]), vector([0.04] * 3))
        for name, xy in OBJECTS.items()
    }
    return State(time, 0.0, 0, zero, zero, Reference(zero, zero, zero), objects)


class Stage:
    """Plays the loop: tells the conductor how its goals go."""

    def __init__(self):
        self.said = []
        self.conductor = Conductor(self.said.append)
        self.time = 0.0
        self.goal = self.conductor.plan(state_at(), Outcome(-1, Status.DONE))

    def start(self, *legs):
        self.conductor.start(legs, state_at(self.time))
        self.tick()

    def tick(self, status=Status.RUNNING, reason="", seconds=0.008):
        self.time += seconds
        self.goal = self.conductor.plan(state_at(self.time), Outcome(self.goal.id, status, reason))
        return self.goal

    def correct(self, correction):
        said = self.conductor.correct(correction, state_at(self.time))
        self.tick()
        return said


@pytest.fixture
def stage():
    return Stage()


def test_legs_follow_each_other(stage):
    stage.start(*put("red block", "blue bowl"))
    assert (stage.goal.skill, dict(stage.goal.args)) == ("pick", {"object": "red block"})
    first = stage.goal.id
    assert stage.tick().id == first
    assert stage.tick(Status.DONE).skill == "place"
    assert stage.goal.args == {"object": "red block", "at": "blue bowl"}
    assert stage.goal.id != first
    assert stage.conductor.busy
    stage.tick(Status.DONE)
    assert stage.conductor.progress is Progress.DONE and not stage.conductor.busy


def test_failures_are_retried_within_one_budget(stage):
    stage.start(*put("red block", "blue bowl"))
    ids = set()
    for attempt in range(ATTEMPTS):
        assert stage.goal.skill == "pick"
        ids.add(stage.goal.id)
        stage.tick(Status.DONE)
        assert stage.conductor.progress is Progress.RUNNING, attempt
        stage.tick(Status.FAILED, "it fell")
    assert len(ids) == ATTEMPTS
    assert stage.conductor.progress is Progress.FAILED
    assert stage.conductor.reason == "it fell"
    assert stage.goal.skill == "hold"


def test_an_outcome_of_another_goal_changes_nothing(stage):
    stage.start(Leg("home", {}))
    goal = stage.conductor.plan(state_at(1.0), Outcome(stage.goal.id + 7, Status.FAILED, "old"))
    assert goal is stage.goal and stage.conductor.progress is Progress.RUNNING


def test_nudges_shift_the_goal_under_its_id_and_add_up(stage):
    stage.start(*put("red block", "blue bowl"))
    stage.tick(Status.DONE)
    before = stage.goal
    stage.correct(Correction("nudge", (-0.02, 0.0, 0.0)))
    said = stage.correct(Correction("nudge", (-0.02, 0.0, 0.01)))
    assert said == "moving 2 cm left and 1 cm up"
    assert stage.goal.id == before.id and stage.goal.skill == "place"
    assert stage.goal.args["offset"] == pytest.approx([-0.04, 0.0, 0.01])


def test_a_nudge_at_rest_moves_the_tool(stage):
    stage.correct(Correction("nudge", (0.0, 0.03, 0.0)))
    assert stage.goal.skill == "reach" and stage.goal.args == {"by": [0.0, 0.03, 0.0]}
    assert stage.conductor.busy
    stage.tick(Status.DONE)
    stage.tick(seconds=WAIT + 0.1)
    assert stage.goal.skill == "hold" and not stage.conductor.busy


def test_the_gripper_interrupts_and_the_goal_begins_again(stage):
    stage.start(*put("red block", "blue bowl"))
    before = stage.goal
    assert stage.correct(Correction("gripper", open=True)) == "opening the gripper"
    assert stage.goal.skill == "gripper" and stage.goal.args == {"opening": 0.085}
    stage.tick(Status.DONE)
    assert stage.goal.skill == "pick" and stage.goal.args == before.args
    assert stage.goal.id not in (before.id, before.id + 1)


def test_go_back_returns_waits_and_goes_on(stage):
    stage.start(*put("red block", "blue bowl"))
    stage.correct(Correction("back"))
    assert stage.goal.skill == "reach" and len(stage.goal.args["posture"]) == 7
    stage.tick(Status.DONE)
    stage.tick(Status.DONE, seconds=WAIT / 2)
    assert stage.goal.skill == "reach"
    stage.tick(Status.DONE, seconds=WAIT)
    assert stage.goal.skill == "pick"


def test_go_on_ends_the_wait(stage):
    stage.start(*put("red block", "blue bowl"))
    stage.correct(Correction("back"))
    stage.correct(Correction("proceed"))
    assert stage.goal.skill == "pick"


def test_another_place_while_picking_keeps_the_pick(stage):
    stage.start(*put("red block", "green bowl"))
    before = stage.goal
    said = stage.correct(Correction("replace", name="blue bowl"))
    assert said == "blue bowl instead of green bowl"
    assert stage.goal == before
    assert stage.tick(Status.DONE).args == {"object": "red block", "at": "blue bowl"}


def test_another_place_while_placing_is_a_new_goal(stage):
    stage.start(*put("red block", "green bowl"))
    before = stage.tick(Status.DONE)
    stage.correct(Correction("replace", color="blue"))
    assert stage.goal.args == {"object": "red block", "at": "blue bowl"}
    assert stage.goal.id != before.id


def test_another_thing_while_carrying_puts_the_first_one_back(stage):
    stage.start(*put("red block", "green bowl"))
    stage.tick(Status.DONE)
    stage.correct(Correction("replace", name="green block"))
    assert stage.goal.skill == "place"
    assert stage.goal.args == {"object": "red block", "at": list(OBJECTS["red block"])}
    assert stage.tick(Status.DONE).args == {"object": "green block"}
    assert stage.tick(Status.DONE).args == {"object": "green block", "at": "green bowl"}


def test_another_thing_while_picking(stage):
    stage.start(*put("red block", "green bowl"))
    before = stage.goal
    stage.correct(Correction("replace", color="green"))  # bowls before blocks: said of the place
    assert stage.goal == before
    stage.correct(Correction("replace", name="green block"))
    assert stage.goal.args == {"object": "green block"} and stage.goal.id != before.id


def test_a_replacement_after_the_end_does_it_over(stage):
    stage.start(*put("red block", "green bowl"))
    stage.tick(Status.DONE)
    stage.tick(Status.DONE)
    assert stage.conductor.progress is Progress.DONE
    stage.correct(Correction("replace", name="blue bowl"))
    assert stage.goal.args == {"object": "red block"}
    assert stage.tick(Status.DONE).args == {"object": "red block", "at": "blue bowl"}


def test_what_is_not_there_is_said_and_the_robot_waits(stage):
    stage.start(*put("red block", "green bowl"))
    said = stage.correct(Correction("replace", name="purple bowl"))
    assert said.startswith("I see no purple bowl; I see red block")
    assert stage.goal.skill == "hold"
    stage.tick(Status.DONE)
    assert stage.goal.skill == "hold" and stage.conductor.busy
    stage.correct(Correction("replace", name="blue bowl"))
    assert stage.goal.skill == "pick"
    assert stage.tick(Status.DONE).args["at"] == "blue bowl"


def test_doubt_without_an_answer_gives_the_action_up(stage):
    stage.start(*put("red block", "green bowl"))
    stage.correct(Correction("replace", name="purple bowl"))
    stage.tick(Status.DONE, seconds=DOUBT + 0.1)
    assert stage.conductor.progress is Progress.FAILED
    assert stage.conductor.reason == "there is no purple bowl"
    assert stage.goal.skill == "hold"


def test_doubt_is_ended_by_going_on(stage):
    stage.start(*put("red block", "green bowl"))
    stage.correct(Correction("replace", name="purple bowl"))
    stage.correct(Correction("proceed"))
    assert stage.goal.skill == "pick" and stage.conductor.progress is Progress.RUNNING
