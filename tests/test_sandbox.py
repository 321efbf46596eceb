"""Programs run, suspend at words and go on; wrong ones are told why before anything moves."""

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from planners.program.check import Failed, Limits
from planners.program.sandbox import Call, Finished, Sandbox, Step
from planners.program.words import WORDS

SCENE = {"red block": [0.1, -0.5], "blue block": [-0.1, -0.4], "blue bowl": [0.2, -0.7]}
MOVE = "put_first_on_second('red block', 'blue bowl')"


def answer(call: Call) -> Any:
    words: dict[str, Callable[..., Any]] = {
        "get_obj_names": lambda: list(SCENE),
        "get_obj_pos": SCENE.__getitem__,
        "is_obj_visible": SCENE.__contains__,
        "run_skill": lambda name, goal: "done",
    }
    return words.get(call.name, lambda *args: None)(*call.args)


def finish(sandbox: Sandbox, program: str) -> tuple[list[Call], Step]:
    """All calls of a program, and how it ended."""
    calls: list[Call] = []
    step = sandbox.run(program)
    while isinstance(step, Call):
        calls.append(step)
        step = sandbox.answer(answer(step))
    return calls, step


@pytest.fixture(scope="module")
def sandbox():
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


# Programs that are fine -------------------------------------------------------------------------

FINE = {
    "one call": (MOVE, [("red block", "blue bowl")]),
    "keywords": (
        "put_first_on_second(b='middle', a='red block')",
        [("red block", "middle")],
    ),
    "loop and f-string": (
        "for color in ['red', 'blue']:\n  put_first_on_second(f'{color} block', 'left side')",
        [("red block", "left side"), ("blue block", "left side")],
    ),
    "functions and defaults": (
        "def shift(name: str, dx: float = 0.1) -> None:\n"
        "  x, y = get_obj_pos(name)\n"
        "  put_first_on_second(name, [x + dx, y])\n"
        "shift('red block')\nshift('blue bowl', dx=-0.2)",
        [("red block", [0.2, -0.5]), ("blue bowl", [0.0, -0.7])],
    ),
    "comprehension": (
        "blocks = [n for n in get_obj_names() if n.endswith('block')]\n"
        "put_first_on_second(blocks[0], (0, -0.5))",
        [("red block", (0, -0.5))],
    ),
    "words inside sort keys": (
        "names = sorted(get_obj_names(), key=lambda n: get_obj_pos(n)[0])\n"
        "nearest = min(names, key=lambda n: abs(get_obj_pos(n)[1]))\n"
        "low, high = max(get_obj_pos(n)[1] for n in names), min([1.0], default=0.0)\n"
        "xs = list(map(lambda n: get_obj_pos(n)[0], filter(is_obj_visible, names)))\n"
        "put_first_on_second(names[-1], nearest)\nput_first_on_second(names[0], [low, xs[1]])",
        [("blue bowl", "blue block"), ("blue block", [-0.4, 0.1])],
    ),
    "next of a generator": (
        "put_first_on_second(next(n for n in get_obj_names() if 'blue' in n),\n"
        "  next((n for n in get_obj_names() if 'green' in n), 'middle'))",
        [("blue block", "middle")],
    ),
    "None until found": (
        "found = None\nfor name in get_obj_names():\n  if 'bowl' in name:\n    found = name\n"
        "put_first_on_second('red block', found)",
        [("red block", "blue bowl")],
    ),
    "modules": (
        "import math\nfrom random import choice\n"
        "put_first_on_second('red block', [math.cos(0), choice([0.5])])",
        [("red block", [1.0, 0.5])],
    ),
    "a word as a value": (
        "put = put_first_on_second\nput('red block', 'middle')",
        [("red block", "middle")],
    ),
    "a skill": (
        "if run_skill('push', {'to': [0.1, -0.4], 'hard': True}) == 'done':\n  run_skill('home')",
        [("push", {"to": [0.1, -0.4], "hard": True}), ("home", None)],
    ),
    "says import": ("'''\nimport os\n'''\nsay('import os; eval')", []),
}


@pytest.mark.parametrize(("program", "moves"), FINE.values(), ids=FINE)
def test_fine(sandbox, program, moves):
    calls, end = finish(sandbox, program)
    assert end == Finished("")
    assert [call.args for call in calls if WORDS[call.name].moves] == moves


def test_prints(sandbox):
    assert finish(sandbox, "for i in range(2): print('row', i)")[1] == Finished("row 0\nrow 1\n")


# A failing word ---------------------------------------------------------------------------------

TRY = f"try:\n  {MOVE}\nexcept RuntimeError as error:\n  say(f'sorry: {{error}}')\n{MOVE}"


def test_throw_is_caught(sandbox):
    assert isinstance(sandbox.run(TRY), Call)
    assert sandbox.throw("it slipped \udcff") == Call("say", ("sorry: it slipped ?",))
    assert sandbox.answer(None) == Call("put_first_on_second", ("red block", "blue bowl"))
    assert sandbox.throw("again") == Failed("RuntimeError: again", 5, "runtime")


def test_throw_past_except(sandbox):
    sandbox.run(TRY.replace("RuntimeError", "Exception"))
    end = sandbox.throw("stop", "KeyboardInterrupt")
    assert isinstance(end, Failed) and end.error == "KeyboardInterrupt: stop"


def test_wrong_argument_can_be_caught(sandbox):
    program = "def f(x):\n  try:\n    get_obj_pos(x)\n  except ValueError as e:\n    print(e)\nf(3)"
    assert finish(sandbox, program) == (
        [],
        Finished("get_obj_pos: name must be a name of at most 100 letters\n"),
    )


def test_a_new_program_drops_the_old(sandbox):
    sandbox.run(f"{MOVE}\nsay('old')")
    assert sandbox.run("say('new')") == Call("say", ("new",))
    assert sandbox.answer(None) == Finished("")
    with pytest.raises(RuntimeError, match="no word waits"):
        sandbox.answer(None)


# Errors found before anything moves -------------------------------------------------------------

WRONG = {
    "x = get_obj_poss('a')": (
        "unknown name `get_obj_poss`; did you mean 'get_obj_pos'?",
        2,
        "type",
    ),
    "np.zeroes(3)": ("Object of type `Numpy` has no attribute `zeroes`", 2, "type"),
    "get_color(1)": ("Argument to function `get_color` is incorrect: Expected `str`", 2, "type"),
    "say()": ("No argument provided for required parameter `msg` of function `say`", 2, "type"),
    "say('a', 2)": ("Too many positional arguments to function `say`", 2, "type"),
    "put_first_on_second('a', 3)": ("Argument to function `put_first_on_second`", 2, "type"),
    "put_first_on_second('a', ['b', 2])": ("Argument to function `put_first_on", 2, "type"),
    "run_skill('a', 3)": ("Argument to function `run_skill` is incorrect: Expected", 2, "type"),
    "get_obj_names()['a']": ("", 2, "type"),
    "a = 1\nfoo(1)\n\nbar(2)": ("unknown name `foo`; the words are", 3, "type"),
    "say('a'": ("unexpected EOF while parsing", 2, "syntax"),
    "if True:\nsay('a')": ("Expected an indented block", 3, "syntax"),
    "for in x: pass": ("", 2, "syntax"),
    "say('a') say('b')": ("", 2, "syntax"),
    "def f():\n  x = yield 1": ("programs cannot use yield expressions", 3, "syntax"),
    "class A(list):\n  pass": ("programs cannot use class inheritance", 2, "syntax"),
    "class A:\n  @property\n  def f(self): return nothing\nA().f": (
        "unknown name `nothing`",
        4,
        "type",
    ),
    "import torch": ("there is no module `torch`; programs may import", 2, "type"),
}


@pytest.mark.parametrize("program", WRONG)
def test_wrong(sandbox, program):
    error, line, kind = WRONG[program]
    calls, end = finish(sandbox, f"{MOVE}\n{program}")
    assert calls == []
    assert isinstance(end, Failed) and end.error.startswith(error)
    assert (end.line, end.kind) == (line, kind)
    assert "\n" not in end.error and "onty" not in end.error


# Its life ---------------------------------------------------------------------------------------


def test_calls_are_counted():
    sandbox = Sandbox(Limits(calls=5))
    calls, end = finish(sandbox, f"while True: {MOVE}")
    assert len(calls) == 5
    assert end == Failed("the program calls words more than 5 times", None, "limit")
    sandbox.close()


def test_a_killed_worker(sandbox):
    sandbox.run(MOVE)
    os.kill(sandbox._session.worker_pid, 9)
    end = sandbox.answer(None)
    assert isinstance(end, Failed) and end.kind == "crash"
    assert finish(sandbox, MOVE)[1] == Finished("")


def test_close():
    sandbox = Sandbox()
    sandbox.run(f"{MOVE}\nwhile True: pass")
    ends: list[Step] = []
    busy = threading.Thread(target=lambda: ends.append(sandbox.answer(None)))
    busy.start()
    time.sleep(0.1)
    began = time.perf_counter()
    sandbox.close()
    sandbox.close()
    assert time.perf_counter() - began < 0.1
    busy.join(timeout=30.0)
    closed = Failed("the sandbox is closed", None, "crash")
    assert [*ends, sandbox.run(MOVE), sandbox.answer(None)] == [closed] * 3
    Sandbox().close()  # before it was used
