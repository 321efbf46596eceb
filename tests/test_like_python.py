"""Programs of many kinds do in the sandbox what they do in CPython, with real numpy and shapely.

They are our own (`programs/like_python.txt`), each after a line `#---- name`; words are answered
from the same table. Compared: whether they end well, what they say, print and call.
"""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest
from program_rig import Table, run_program

from planners.program.hierarchy import Level, complete
from planners.program.library import Library
from planners.program.sandbox import Finished, Sandbox
from planners.program.words import WORDS

TEXT = (Path(__file__).parent / "programs" / "like_python.txt").read_text()
PARTS = re.split(r"^#---- (.+)\n", TEXT, flags=re.MULTILINE)
PROGRAMS = dict(zip(PARTS[1::2], PARTS[2::2], strict=True))
UTILITIES = r"^(import|from) (env_utils|plan_utils)\b"  # modules of the original


def in_python(program):
    """The calls of a program run by CPython itself, what it printed, and whether it failed."""
    from shapely import affinity, geometry

    table = Table()
    names = {"np": np, "__name__": "__main__"}
    for module in (geometry, affinity):
        names |= {name: getattr(module, name) for name in module.__all__}

    def word(name):
        def call(*args, **kwargs):
            given = WORDS[name].signature.bind(*args, **kwargs)
            given.apply_defaults()
            value = table.answer(name, tuple(map(plain, given.args)))
            numbers = isinstance(value, list) and value and not isinstance(value[0], str)
            return np.array(value) if WORDS[name].arrays and numbers else value

        return call

    names |= {name: word(name) for name in WORDS}
    level = Level("program", "", program=program)
    complete(level, Library(None), write=False)
    printed = io.StringIO()
    failed = False
    with contextlib.redirect_stdout(printed), np.errstate(all="ignore"):
        try:
            exec(level.preamble, names)
            exec(program, names)
        except Exception:
            failed = True
    return table, printed.getvalue(), failed


def plain(value):
    """A word's argument as it leaves the sandbox."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return type(value)(plain(each) for each in value)
    return value.item() if isinstance(value, np.generic) else value


@pytest.fixture(scope="module")
def sandbox():
    sandbox = Sandbox()
    sandbox.warm()
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize("name", [name for name in PROGRAMS if "aliases" not in name])
def test_like_python(sandbox, name):
    run = run_program(sandbox, PROGRAMS[name])
    table, printed, failed = in_python(re.sub(UTILITIES + ".*", "", PROGRAMS[name], flags=re.M))
    assert isinstance(run.end, Finished) != failed, run.end
    if not failed:
        assert run.end.printed == printed
        assert [name for name, _ in run.calls] == [name for name, _ in table.calls]
    assert run.said == table.said


def test_modules_of_the_original(sandbox):
    run = run_program(sandbox, PROGRAMS["aliases"])
    assert isinstance(run.end, Finished), run.end
    assert run.said == ["hi", "ho", "blue block"]
