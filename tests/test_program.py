"""Instructions become programs, programs become goals; errors go back to their writer."""

from contextlib import contextmanager

import numpy as np
import pytest
from rig import play

from planners.llm import ModelError
from planners.program.library import Library
from robot.cli import build, programming
from robot.kinematics import Kinematics

PUT = "put_first_on_second('red block', 'blue bowl')"


class Writer:
    """Writes what the test wants, and remembers what it was asked."""

    def __init__(self, *programs):
        self.programs = list(programs)
        self.asked = []
        self.requests = []

    def write(self, request):
        self.requests.append(request)
        self.asked.append((request.text, request.program, request.error))
        if isinstance(self.programs[0], Exception):
            raise self.programs.pop(0)
        return self.programs.pop(0)

    def close(self): ...


@contextmanager
def planner_of(*programs, instruction="", program=""):
    said, writer = [], Writer(*programs) if programs else None
    planner = programming.program_planner(writer, said.append)
    planner.said, planner.writer = said, writer
    if instruction:
        planner.instruct(instruction)
    if program:
        planner.execute(program)
    try:
        yield planner
    finally:
        planner.close()


def moved(result):
    v, _, _ = result.motion()
    return bool(len(v)) and np.abs(v).max() > 1e-6


def in_bowl(result, block="red block", bowl="blue bowl"):
    above = result.objects[block].position - result.objects[bowl].position
    return np.hypot(*above[:2]) < 0.05 and above[2] < 0.02


def test_an_instruction_is_followed():
    with planner_of(PUT, instruction="put the red block in the blue bowl") as planner:
        result = play(planner=planner, after=0.3)
        assert planner.succeeded and planner.done == 1
        assert planner.writer.asked == [("put the red block in the blue bowl", "", "")]
        assert in_bowl(result)
        assert result.at(1.0) > 0 and result.ticks[result.at(0.9)].goal.skill == "hold"


def test_a_program_talks_asks_and_moves():
    program = """
for name in get_obj_names():
    if name.endswith('block') and get_color(name) != 'blue':
        put_first_on_second(name, 'blue bowl' if name == 'red block' else 'top left corner')
x, y = get_obj_pos('green block')
say(f'the green block is at {x:.2f}, {y:.2f}, near the {get_corner_name([x, y])}')
"""
    with planner_of(program=program) as planner:
        result = play(planner=planner, after=0.3)
        assert planner.succeeded, planner.error
        assert in_bowl(result)
        assert planner.said == ["the green block is at -0.25, -0.25, near the top left corner"]
        motions = [call for call in planner.calls if "outcome" in call]
        assert [call["outcome"] for call in motions] == ["done", "done"]


def test_what_is_said_is_for_the_eyes():
    program = "say('a\\x1b]0;mine\\x07b\\u202ec\\nd')\nsay(3)\nsay(get_obj_pos('blue bowl') * 0)"
    with planner_of(program=program) as planner:
        play(planner=planner)
        assert planner.said == ["a ]0;mine b c\nd", "3", "[ 0. -0.]"]


def test_run_skill_returns_the_outcome():
    program = """
say(run_skill('reach', {'to': [0.1, -0.5, 0.2]}))
say(run_skill('pick', {'object': 'blue bowl'}))
"""
    with planner_of(program=program) as planner:
        play(planner=planner)
        assert planner.succeeded
        assert planner.said[0] == "done"
        assert "too wide" in planner.said[1]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("put_first_on_second('red block')", "b"),
        ("put_frist_on_second('red block', 'blue bowl')", "put_first_on_second"),
        ("put_first_on_second('red block', 'blue bowl'", "line 1"),
        ("put_first_on_second('red blok', 'blue bowl')", "did you mean 'red block'"),
        ("run_skill('dance')", "valid are hold"),
        ("put_first_on_second([5, 5], 'blue bowl')", "nothing to pick"),
        ("put_first_on_second('red block', 3)", "line 1"),
    ],
)
def test_a_program_with_an_error_moves_nothing_and_goes_back(bad, why):
    with planner_of(bad, PUT, instruction="do it") as planner:
        result = play(planner=planner, after=0.3)
        assert planner.succeeded and in_bowl(result)
        (_, _, none), (_, program, error) = planner.writer.asked
        assert none == "" and program == bad
        assert why in error or why == "line 1"
    with planner_of(program=bad) as planner:
        result = play(planner=planner, duration=2)
        assert planner.error and not moved(result)


def test_two_repairs_and_no_more():
    bad = "get_color(3)"
    with planner_of(bad, bad, bad, PUT, instruction="do it") as planner:
        result = play(planner=planner, duration=10)
        assert len(planner.writer.asked) == 3
        assert "after 2 repairs" in planner.error and not moved(result)


def test_an_error_after_a_motion_is_repaired_from_there():
    bad = PUT + "\nput_first_on_second('no', 'such')"
    with planner_of(bad, "say('done')", instruction="do it") as planner:
        result = play(planner=planner, after=0.3)
        request = planner.writer.requests[1]
        assert "there is no 'no'" in request.error
        assert request.done == ("put_first_on_second('red block', 'blue bowl'): done",)
        assert planner.succeeded and in_bowl(result) and planner.said == ["done"]


def test_a_program_may_catch_a_failed_motion():
    program = """
try:
    put_first_on_second('blue bowl', 'red block')
except RuntimeError as error:
    say(f'sorry: {error}')
"""
    with planner_of(program=program) as planner:
        play(planner=planner)
        assert planner.succeeded
        assert planner.said[0].startswith("sorry: the blue bowl is")


def test_a_model_that_fails_is_reported():
    with planner_of(RuntimeError("no answer"), instruction="do it") as planner:
        result = play(planner=planner, duration=5)
        assert planner.finished and "no answer" in planner.error
        assert not moved(result)


def test_after_a_model_that_fails_the_next_command_works():
    with planner_of(ModelError("it stopped half-way"), PUT, instruction="do it") as planner:
        planner.instruct("put the red block in the blue bowl")
        result = play(planner=planner, after=0.3)
        assert planner.said == ["I stopped: the language model failed: it stopped half-way."]
        assert planner.succeeded and in_bowl(result)
        before = [tick.goal.skill for tick in result.ticks if tick.state.time < 1.0]
        assert set(before) == {"hold"}


def test_a_runaway_program_is_killed_and_nothing_moves():
    with planner_of(program="while True:\n    pass") as planner:
        result = play(planner=planner, duration=5)
        assert planner.killed and planner.error and not moved(result)


def test_corrections_and_further_instructions_in_mid_motion():
    second = "put_first_on_second('green block', 'green bowl')"
    with planner_of(PUT, second, instruction="put the red block in the blue bowl") as planner:
        result = play(
            "",
            (3.0, "no, the orange bowl"),
            (3.5, "put the green block in the green bowl"),
            planner=planner,
            after=0.3,
        )
        assert planner.succeeded and planner.done == 2
        assert planner.corrections == ["no, the orange bowl"]
        assert in_bowl(result, "red block", "orange bowl")
        assert in_bowl(result, "green block", "green bowl")


def test_stop_during_a_program_keeps_it_and_continue_goes_on():
    with planner_of(PUT, instruction="put the red block in the blue bowl") as planner:
        result = play("", (2.0, "stop"), (4.0, "continue"), planner=planner, after=0.3)
        assert planner.succeeded and in_bowl(result) and result.mode.stops == 1


# Programs that call programs --------------------------------------------------------------------


def test_functions_are_written_before_anything_runs_and_kept(tmp_path):
    program = "tidy(get_obj_names())"
    tidy = "def tidy(names):\n    [put_away(name) for name in names if is_small(name)]"
    small = "def is_small(name):\n    return name == 'red block'"
    away = f"def put_away(name):\n    {PUT}"
    said, writer = [], Writer(program, tidy, away, small)
    planner = programming.program_planner(writer, said.append, library=tmp_path)
    planner.instruct("tidy up")
    result = play(planner=planner, after=0.3)
    planner.close()
    assert planner.succeeded and in_bowl(result)
    asked = [(request.kind, request.text) for request in writer.requests]
    assert asked == [
        ("program", "tidy up"),
        ("function", "tidy(get_obj_names())"),
        ("function", "put_away(name)"),
        ("function", "is_small(name)"),
    ]
    kept = {skill.name: skill for skill in Library(tmp_path).skills() if skill.command}
    assert kept.keys() == {"tidy", "is_small", "put_away"}
    assert kept["tidy"].command == "tidy up"
    planner = programming.program_planner(Writer(), said.append, library=tmp_path)
    planner.execute("say(str(is_small('red block')))")  # and the next session has it
    play(planner=planner)
    planner.close()
    assert said == ["True"]
    assert Library(tmp_path).delete("tidy") and not Library(tmp_path).delete("tidy")
    assert Library(tmp_path).source("tidy") == ""


def test_a_model_that_writes_no_function_is_asked_again():
    with planner_of("frob(1)", "frob(1)", PUT, instruction="do it") as planner:
        result = play(planner=planner, after=0.3)
        assert "frob" in planner.writer.requests[2].error
        assert planner.succeeded and in_bowl(result)


def test_a_description_is_understood_by_a_program_of_its_own():
    program = """
name = parse_obj_name('whatever I like best', f'objects = {get_obj_names()}')
put_first_on_second(name, parse_position('over there, you know'))
say(str(parse_obj_name('the red block')))
"""
    name = "liked = [n for n in get_obj_names() if favourite(n)]\nret_val = liked[0]"
    favourite = "def favourite(name):\n    return name.startswith('red')"
    there = "ret_val = get_obj_pos('blue bowl') * 1.0"
    with planner_of(program, name, favourite, there, instruction="do it") as planner:
        result = play(planner=planner, after=0.3)
        assert planner.succeeded and in_bowl(result) and planner.said == ["red block"]
        kinds = [request.kind for request in planner.writer.requests]
        assert kinds == ["program", "parse_obj_name", "function", "parse_position"]
        assert "objects = ['red block'" in planner.writer.requests[1].context


def test_a_description_that_nobody_understands():
    with planner_of(program="parse_position('over there, you know')") as planner:
        play(planner=planner, duration=3)
        assert "give --llm" in planner.error
    bad = ["ret_val = 1 / 0"] * 3
    program = "try:\n  parse_position('odd')\nexcept RuntimeError as e:\n  say(str(e))"
    with planner_of(program, *bad, instruction="do it") as planner:
        play(planner=planner, duration=20)
        assert planner.succeeded and "division by zero" in planner.said[0]


def test_the_model_is_told_of_the_session():
    with planner_of(PUT, PUT, instruction="do it") as planner:
        planner.instruct("do it again, put it there")
        play(planner=planner)
        assert planner.writer.requests[1].history == (("do it", PUT),)


def test_feedback_and_speed():
    program = """
set_speed(0.5)
grasp('red block')
assert is_grasped('red block')
set_speed(1)
x, y = get_obj_pos('blue bowl')
move_to([x, y, 0.15])
move_by([0, 0, -0.05])
while get_gripper_pos()[2] > 0.08:
    move_by([0, 0, -0.02])
release()
assert not is_grasped()
"""
    with planner_of(program=program) as planner:
        result = play(planner=planner, after=0.3, duration=60)
        assert planner.succeeded, planner.error
        assert in_bowl(result)
        slow = [tick for tick in result.ticks if tick.goal.skill == "pick"]
        assert {tick.goal.args["speed"] for tick in slow} == {0.5}


def test_a_circle_is_drawn():
    program = """
center = get_obj_pos('red block')
circle = Point(center).buffer(0.05)
follow_path([list(pt) for pt in circle.exterior.coords], height=0.15)
"""
    with planner_of(program=program) as planner:
        result = play(planner=planner, duration=60)
        assert planner.succeeded, planner.error
        middle = result.objects["red block"].position[:2]
        spec = build.robot_spec()
        kinematics = Kinematics(spec)
        drawn = [t for t in result.ticks if t.goal.skill == "trace"]
        tool = np.array([kinematics.forward(t.state.q[spec.groups["arm"]])[0] for t in drawn])
        low = tool[np.abs(tool[:, 2] - 0.15) < 0.005]
        radius = np.linalg.norm(low[:, :2] - middle, axis=1)
        on = np.abs(radius - 0.05) < 0.004
        assert on.mean() > 0.9
        angles = np.arctan2(*(low[on, :2] - middle).T)
        assert len(np.unique(np.round(angles * 4))) > 20  # all around


def test_slower_and_faster_in_mid_motion():
    with planner_of(program=PUT) as planner:
        result = play("", (1.0, "a bit slower"), (2.5, "faster"), planner=planner, duration=60)
        assert planner.succeeded and planner.corrections == ["a bit slower", "faster"]
        pace = [tick.goal.args.get("speed", 1.0) for tick in result.ticks]
        assert pace[0] == 1.0 and 0.8 in pace and pace.index(0.8) < len(pace) / 2


def test_cancel_and_instead():
    with planner_of(PUT, PUT, instruction="do it") as planner:
        result = play("", (2.0, "cancel that"), planner=planner, duration=10)
        assert planner.finished and not planner.succeeded
        assert not in_bowl(result) and planner.said[-1] == "I leave it."
    other = "put_first_on_second('red block', 'green bowl')"
    with planner_of(PUT, other, instruction="do it") as planner:
        line = "no, put it in the green bowl instead"
        result = play("", (2.0, line), planner=planner, after=0.3)
        assert planner.succeeded and in_bowl(result, "red block", "green bowl")
        assert planner.writer.requests[1].text == "put it in the green bowl"


def test_first_something_else_then_on():
    other = "put_first_on_second('green block', 'green bowl')"
    with planner_of(PUT, other, instruction="do it") as planner:
        line = "first put the green block in the green bowl"
        result = play("", (2.5, line), planner=planner, after=0.3, duration=60)
        assert planner.succeeded and planner.done == 2
        assert in_bowl(result) and in_bowl(result, "green block", "green bowl")
        order = [call["args"] for call in planner.calls]
        assert order[0] == order[-1] == ["red block", "blue bowl"]
        assert order[1][0] == "red block" and order[2] == ["green block", "green bowl"]
