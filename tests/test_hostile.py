"""Hostile programs end within a second, say why, and move nothing.

Each is followed by a motion, which must never come.
"""

import time

import pytest

from planners.program.check import Failed
from planners.program.sandbox import Call, Finished, Sandbox, Step
from planners.program.words import WORDS

MOVE = "put_first_on_second('red block', 'blue bowl')"

LIMIT, ERROR = {"limit"}, {"type", "runtime", "syntax"}  # how they may end
HOSTILE = {
    # out of the sandbox
    "import os\nos.system('id')": {"type"},
    "import subprocess as math": {"type"},
    "import math, os": {"type"},
    "from os import path": {"type"},
    "from . import os": {"type"},
    "if 1:\n  x = 1; import sys": {"type"},
    "import ctypes.util": {"type"},
    "__import__('os').fork()": {"type"},
    "open('/etc/passwd').read()": {"type"},
    "open('/tmp/x', 'w').write('x')": {"type"},
    "input()": {"type"},
    "eval('say')('x')": {"type"},
    "exec('import os')": {"type"},
    "compile('1', 'a', 'eval')": {"type"},
    "exit()": {"type"},
    "globals()['x'] = 1": {"type"},
    "getattr('', '__cl' + 'ass__')": {"type"},
    "setattr(say, 'x', 1)": {"type"},
    "print(__builtins__)": ERROR,
    "print(__loader__)": ERROR,
    "().__class__.__bases__[0].__subclasses__()": ERROR,
    "say.__globals__": ERROR,
    "(lambda: 0).__code__": ERROR,
    "def f(x): return x.__class__\nf([])": ERROR,
    "'{0.__class__}'.format(1)": ERROR,
    "f'{(1).__class__}'": ERROR,
    "raise SystemExit": ERROR,
    "raise KeyboardInterrupt": ERROR,
    "import time\ntime.sleep(5)": {"type"},
    "import asyncio\nawait asyncio.sleep(5)": {"type"},
    "import random\nrandom.os.system('id')": ERROR,
    "import math\nmath.sys.exit()": ERROR,
    "import dataclasses\ndataclasses.sys.modules": ERROR,
    # time
    "while True: pass": LIMIT,
    "while True:\n  try:\n    while True: pass\n  except: pass": LIMIT,
    f"try:\n  while True: pass\nexcept BaseException:\n  {MOVE}": LIMIT,
    f"try:\n  while True: pass\nfinally:\n  {MOVE}": LIMIT,
    "for i in range(10**12): pass": LIMIT,
    "sum(range(10**12))": LIMIT,
    "import itertools\nsum(itertools.count())": LIMIT,
    "max(iter(int, 1))": LIMIT | ERROR,
    "pow(3, 10**7)": LIMIT,
    "import math\nmath.factorial(10**7)": LIMIT,
    "def f():\n  try: f()\n  except RecursionError: f()\nf()": LIMIT,
    "a = [1]\nfor i in range(40): a = [a, a]\nprint(a)": LIMIT,
    "x = {}\n" + "".join(f"if get_obj_names(): x = {{'a{i}': x}}\n" for i in range(200)): LIMIT,
    "while True: get_obj_names()": LIMIT,
    "while True: say('x')": LIMIT,
    "def f(x):\n  while True:\n    try: say(x)\n    except: pass\nf(1)": LIMIT,
    # memory
    "x = 'a' * 10**10": LIMIT,
    "x = [0] * 10**10": LIMIT,
    "x = []\nwhile True: x.append('a' * 1000)": LIMIT,
    "x = 'ab'\nwhile True: x += x": LIMIT,
    "x = {i: str(i) for i in range(10**9)}": LIMIT,
    "x = list(range(10**12))": LIMIT,
    "x = 9**9**9**9": LIMIT,
    "x = 1 << 10**10": LIMIT,
    "x = 7\nwhile True: x = x * x": LIMIT,
    "x = f'{1:1000000000}'": LIMIT,
    "x = '%1000000000d' % 1": LIMIT,
    "x = ('a' * 10**7).replace('a', 'b' * 1000)": LIMIT,
    "import itertools\nlist(itertools.product(range(99), repeat=9))": LIMIT,
    "int('9' * 10**6)": ERROR,
    "str(7**10**6)": ERROR,
    "while True: print('x' * 1000)": LIMIT,
    "print('x' * 10**7)": LIMIT,
    "say('x' * 10**7)": {"runtime"},
    # depth
    "def f(): return f()\nf()": LIMIT,
    "f = lambda f: f(f)\nf(f)": LIMIT,
    "x = " + "(" * 5000 + "1" + ")" * 5000: {"syntax"},
    "x = " + "-" * 9000 + "1": {"syntax"},
    "x = " + "1 + " * 4000 + "1": {"syntax"},
    "x = 1\n" * 20_000: LIMIT,
    "x" * 19_000: {"type"},
    "import " + "x" * 19_000: {"type"},
    "say('\ud800')": {"syntax"},
    "def put(x): put_first_on_second('red block', x)\nput([0.1, float('nan')])": {"runtime"},
}
ABSURD = """float('nan')|[0.1, float('nan')]|[0.1, float('inf')]|[0.1, -1e308]|[10**400, 0]|[]|[0.1]
[0, 0, 0]|[[0, 0], [0, 0]]|['a', 'b']|[True, False]|b'red block'|'x' * 101|''|'a\\nb'|None|{'x': 1}
{1, 2}|print|str|lambda: 0|range(2)|3|object_|...|deep|shared""".replace("\n", "|").split("|")
ABSURD_GOALS = """3|'x'|{1: 2}|{'a': float('inf')}|{'a': 'x' * 501}|{'a': [0] * 201}|{'a': b''}|deep
{'a': shared}|{'a': object_}|{'a': {'b': {'c': {'d': {'e': 1}}}}}""".replace("\n", "|").split("|")
GIVEN = """class A: pass
object_, deep, shared = A(), [], [0]
for _ in range(10_000): deep = [deep]
for _ in range(40): shared = [shared, shared]
def call(x, y): {}
"""
for value in ABSURD:
    HOSTILE[GIVEN.format("put_first_on_second(x, y)") + f"call('red block', {value})"] = {"runtime"}
for value in ABSURD_GOALS:
    HOSTILE[GIVEN.format("run_skill(x, y)") + f"call('push', {value})"] = {"runtime"}


def finish(sandbox: Sandbox, program: str) -> tuple[list[str], Step]:
    """The words that a program calls, each answered with None, and how it ends."""
    calls: list[str] = []
    step = sandbox.run(program)
    while isinstance(step, Call):
        calls.append(step.name)
        step = sandbox.answer(None)
    return calls, step


@pytest.fixture(scope="module")
def sandbox():
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize("program", HOSTILE, ids=lambda p: ascii(p[-40:]))
def test_hostile(sandbox, program):
    sandbox.warm()  # a killed worker's replacement is not this program's time
    began = time.perf_counter()
    calls, end = finish(sandbox, f"{program}\n{MOVE}")
    assert time.perf_counter() - began < 1.0
    assert not [call for call in calls if WORDS[call].moves]
    assert isinstance(end, Failed) and end.kind in HOSTILE[program]
    assert end.error and "\n" not in end.error and len(end.error) < 800
    assert finish(sandbox, MOVE)[1] == Finished("")  # and the sandbox goes on
