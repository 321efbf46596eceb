"""Instructions become programs, programs become goals; errors go back to their writer."""

from contextlib import contextmanager

import numpy as np
import pytest
from rig import play

from robot.cli import build

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
    planner = build.program_planner(writer, said.append)
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
    bad = "say(3)"
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
