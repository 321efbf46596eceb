"""Actions of the stack over real DDS, in one process: another program asks a planner for things."""

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("courtside_interfaces", reason="needs `make interfaces`")

from courtside_interfaces.action import ExecuteSkill, Instruct
from courtside_interfaces.msg import Verdict
from rclpy.action import ActionClient
from ros_rig import domain, until

from hardware import topics
from hardware.actions import Actions, program_of
from hardware.ros import STATES, Ros
from robot.specs import UR5E
from robot.types import (
    Command,
    Goal,
    JointMode,
    Observation,
    Outcome,
    Reference,
    State,
    Status,
    Tick,
    vector,
)
from robot.types import Verdict as Let

pytestmark = pytest.mark.dds

SUCCEEDED, CANCELED, ABORTED = 4, 5, 6  # action_msgs/GoalStatus


class Planner:
    """Does what it is told, when the test says so."""

    def __init__(self):
        self.error, self.calls, self.program, self.told = None, [], "", []
        self.finished, self.cancelled = True, False

    def instruct(self, text):
        self.told.append(text)
        self.finished, self.program = False, "pick('red block')"

    def execute(self, program):
        self.told.append(program)
        self.finished, self.program = False, program

    def cancel(self):
        self.finished, self.cancelled = True, True

    def call(self, outcome=None):
        self.calls.append({"name": "x"} | ({"outcome": outcome} if outcome else {}))


def tick(seq, stopped=False, goal=None):
    q = vector(UR5E.home)
    command = Command(0.0, seq, 1, q, (JointMode.POSITION,) * len(q), 0.1, vector(q * 0))
    state = State(seq * 0.1, 0.0, seq, q, q, Reference(q, q, q))
    reasons = ("too fast",) if stopped else ()
    goal = goal or Goal(1, "pick", {"object": "red block"})
    obs = Observation(0.0, 0.0, seq, q, q)
    let = Let(command, reasons, stopped)
    return Tick(obs, state, (), goal, command, Outcome(1, Status.RUNNING), let)


class Scene:
    """A stack's actions, and another program."""

    def __init__(self):
        self.stack, self.other = Ros("stack"), Ros("other")
        self.planner, self.said = Planner(), []
        self.actions = Actions(self.stack, UR5E, self.planner, self.said)
        self.seq, self.how, self.feedback = 0, {}, []
        self.clients = {
            kind: ActionClient(self.other.node, kind, name)
            for kind, name in ((ExecuteSkill, topics.EXECUTE), (Instruct, topics.INSTRUCT))
        }
        assert self.until(lambda: all(c.server_is_ready() for c in self.clients.values()))

    def step(self):
        self.seq += 1
        self.stack.spin(0.002)
        self.actions.tend(tick(self.seq, **self.how))
        self.other.spin(0.002)

    def until(self, done, what="nothing"):
        until(done, what, self.step)
        return True

    def ask(self, goal, kind):
        asked = self.clients[kind].send_goal_async(
            goal, feedback_callback=lambda message: self.feedback.append(message.feedback)
        )
        self.until(asked.done)
        return asked.result()

    def answer(self, handle):
        result = handle.get_result_async()
        self.until(result.done)
        return result.result().status, result.result().result

    def close(self):
        self.actions.close()
        for client in self.clients.values():
            client.destroy()
        self.stack.close()
        self.other.close()


@pytest.fixture
def scene(monkeypatch):
    with domain() as number:
        monkeypatch.setenv("ROS_DOMAIN_ID", number)
        scene = Scene()
        yield scene
        scene.close()


def test_an_instruction_tells_how_far_it_is_and_what_came_of_it(scene):
    handle = scene.ask(Instruct.Goal(instruction="put the\nred block away"), Instruct)
    assert handle.accepted
    scene.until(lambda: scene.planner.told)
    assert scene.planner.told == ["put the red block away"]
    scene.planner.call("done")
    scene.until(lambda: scene.feedback and scene.feedback[-1].done == 1)
    assert scene.feedback[-1].program == "pick('red block')"
    assert scene.feedback[-1].doing == 'pick {"object": "red block"}'
    refused = scene.ask(ExecuteSkill.Goal(skill="home"), ExecuteSkill)
    assert not refused.accepted  # one thing at a time
    scene.said.append("There.")
    scene.planner.finished = True
    status, result = scene.answer(handle)
    assert (status, result.success, result.reason) == (SUCCEEDED, True, "")
    assert result.program == "pick('red block')" and list(result.said) == ["There."]


def test_a_skill_that_fails_says_why(scene):
    goal = ExecuteSkill.Goal(skill="pick", arguments='{"object": "red block"}')
    handle = scene.ask(goal, ExecuteSkill)
    scene.until(lambda: scene.planner.told)
    assert scene.planner.told == ["run_skill('pick', {'object': 'red block'})\n"]
    scene.planner.call("it slipped")
    scene.planner.finished = True
    status, result = scene.answer(handle)
    assert (status, result.success, result.reason) == (ABORTED, False, "it slipped")


def test_it_can_be_cancelled(scene):
    handle = scene.ask(ExecuteSkill.Goal(skill="home"), ExecuteSkill)
    scene.until(lambda: scene.feedback)
    assert scene.feedback[0].status == "running"
    handle.cancel_goal_async()
    status, result = scene.answer(handle)
    assert (status, result.reason) == (CANCELED, "it was cancelled")
    assert scene.planner.cancelled


def test_a_stop_of_the_robot_ends_it(scene):
    handle = scene.ask(Instruct.Goal(instruction="go home"), Instruct)
    scene.until(lambda: scene.planner.told)
    scene.how = {"stopped": True}
    status, result = scene.answer(handle)
    assert (status, result.reason) == (ABORTED, "stopped: too fast")
    assert scene.planner.cancelled


@pytest.mark.parametrize(
    ("goal", "kind", "reason"),
    [
        (Instruct.Goal(instruction="put " * 200), Instruct, "at most 500 characters"),
        (Instruct.Goal(instruction=" \n"), Instruct, "no instruction"),
        (ExecuteSkill.Goal(skill="pick", arguments="[1]"), ExecuteSkill, "a JSON object"),
        (ExecuteSkill.Goal(skill="pick", arguments="{"), ExecuteSkill, "a JSON object"),
        (ExecuteSkill.Goal(skill="p" * 10_001), ExecuteSkill, "at most 10000"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_asked_for_is_refused_with_a_reason(scene, goal, kind, reason):
    status, result = scene.answer(scene.ask(goal, kind))
    assert status == ABORTED and reason in result.reason and not scene.planner.told


def test_names_are_quoted():
    program, refused = program_of("x'); say('", '{"a": "\');\\n"}')
    assert not refused
    assert program == "run_skill(\"x'); say('\", {'a': \"');\\n\"})\n"


def test_verdicts_are_told_to_whoever_listens(scene):
    verdicts = []
    scene.other.subscribe(Verdict, topics.VERDICT, STATES, verdicts.append)
    scene.how = {"stopped": True}
    scene.until(lambda: verdicts)
    told = verdicts[-1]
    assert told.stopped and list(told.reasons) == ["too fast"] and told.skill == "pick"
    assert np.allclose(told.sent, UR5E.home) and set(told.modes) == {"position"}
