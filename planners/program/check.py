"""What is wrong with a program, told in one line: before it starts, in its calls, at its end."""

import io
import json
import re
import tokenize
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from planners.program.imports import UTILITIES
from planners.program.plain import flat
from planners.program.words import WORDS, Word, WordError, nearest

Kind = Literal["syntax", "type", "runtime", "limit", "crash"]  # with the first two, nothing ran


@dataclass(frozen=True, slots=True)
class Failed:
    """The program is over: why, in one line."""

    error: str
    line: int | None  # of the program, from 1
    kind: Kind


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use."""

    compute: float = 0.7  # [s] of computing in all, its check too; the robot's time is free
    memory: int = 64  # [MiB]
    depth: int = 200  # functions inside functions
    calculation: float = 0.5  # [s] of it by numpy and shapely
    calls: int = 1000  # of words
    printed: int = 10_000  # [bytes]
    length: int = 20_000  # characters


# Before it starts -------------------------------------------------------------------------------

MODULES = """abc collections copy dataclasses enum functools itertools math numpy operator random re
shapely typing"""
ABSENT = {"eval", "exec", "exit", "quit", "help", "locals"}  # only these get past the type checker


def refused(program: str, limits: Limits) -> Failed | None:
    """Why a program may not even start: its length, an import, or a name it does not have.

    A courtesy, so that nothing moves before the error: the wall is the worker.
    """
    if len(program) > limits.length:
        return Failed(f"the program is longer than {limits.length} characters", None, "limit")
    statement: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(program).readline):
            text, line = token.string, token.start[0]
            if token.type == tokenize.NAME and text in ABSENT:
                return Failed(f"there is no `{text}` in programs", line, "type")
            if token.type == tokenize.NEWLINE or text == ";":
                for module in _imports(" ".join(statement)):
                    top = module.partition(".")[0]
                    if top not in MODULES.split() and not UTILITIES.fullmatch(module):
                        known = " ".join(MODULES.split())
                        error = f"there is no module `{module[:50]}`; programs may import {known}"
                        return Failed(error, line, "type")
                statement = []
            elif token.type in (tokenize.NAME, tokenize.OP):
                statement.append(text)
    except (tokenize.TokenError, SyntaxError):
        pass  # the type checker says it better
    return None


def _imports(statement: str) -> list[str]:
    """The modules that a statement imports, its tokens spaced."""
    found = re.match(r"from (\S+) .*?import|(?:.* )?import (.+)", statement)
    if found is None:
        return []
    return [found[1]] if found[1] else re.findall(r"(?:^|, )(\w+)", found[2])


# A variable may be None only until a loop has run, as `found = None` often is: no error yet. The
# call itself is checked when it comes.
DOUBTFUL = "|".join(
    (
        r".*(found|type) `(None \| .+|[^`]+ \| None)`.*",
        r".*(Object|value) of type `None` is not assignable .*",
        r".* can implicitly return `None`.*",
        r"No overload of (function|bound method) .*",
        r"Argument to bound method `(list|dict|set|MutableMapping)\..*",
        r"Invalid subscript assignment .*",
        r".*`object\.__init__`.*",  # a class's that takes over its base's
    )
)
SURE = """invalid-syntax unresolved-reference unresolved-import missing-argument unknown-argument
too-many-positional-arguments call-non-callable""".split()
SURELY = rf"Object of type `(Numpy|Shapely)`|Argument to function `({'|'.join(WORDS)})`"


def diagnosis(
    report: str,
    original: Callable[[int | None], int | None] = lambda line: line,
    calculates: bool = False,
) -> Failed | None:
    """What the type checker is sure of: the first finding of a line, at most three that differ.

    `original`: the line that stood where the checker saw one. Where a program `calculates`, types
    are the calculator's to know: the checker is sure of names and of the words' arguments only.
    """
    findings = [f for f in json.loads(report) if not re.fullmatch(DOUBTFUL, f["message"][:1000])]
    if calculates:
        findings = [f for f in findings if f["code"] in SURE or re.match(SURELY, f["message"])]
    syntax = [finding for finding in findings if finding["code"] == "invalid-syntax"]
    by_line: dict[int, str] = {}
    for finding in syntax or findings:
        row = original(finding["location"]["row"]) or 0
        said = _explained(finding["message"])
        if said not in by_line.values():
            by_line.setdefault(row, said)
    if not by_line:
        return None
    (line, error), *others = by_line.items()
    error += "".join(f"; line {at}: {other}" for at, other in others[:2])
    return Failed(error, line or None, "syntax" if syntax else "type")


def _explained(message: str) -> str:
    if unknown := re.fullmatch(r"Name `(\w+)` used when not defined", message):
        name = unknown[1][:50]
        return f"unknown name `{name}`{nearest(name, WORDS, 'the words are')}"
    return one_line(message)


# In its calls -----------------------------------------------------------------------------------

NAME = r"[\w .,'-]{1,100}"  # without brackets: a function leaves the sandbox as "<function ...>"
LONGEST = 500  # characters of a text
LARGEST = 1e6  # magnitude of a number
DEEPEST = 4  # levels of a skill's arguments
MOST = 400  # values on each level


def bound(word: Word, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
    """All of a call's arguments in order, defaults too, if they are fit to leave the sandbox.

    Otherwise raises a WordError that says what is expected.
    """
    try:
        given = word.signature.bind(*args, **kwargs)
    except TypeError as error:
        raise WordError(f"{word.name}: {error}; it is {word.usage}") from None
    given.apply_defaults()
    given.arguments.update({name: flat(value) for name, value in given.arguments.items()})
    for name, value in given.arguments.items():
        expected, fits = EXPECTED[name]
        if not fits(value):
            raise WordError(f"{word.name}: {name} must be {expected}")
    return given.args


def _number(value: Any) -> bool:
    # Compared, because isfinite fails for huge integers; nan compares false.
    return type(value) in (int, float) and abs(value) <= LARGEST


def _name(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(NAME, value) is not None


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST


def _point(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(_number, value))


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, bool) or _number(value) or _text(value)


def _arguments(value: Any) -> bool:
    """Level by level, because walking lists that share lists one by one may never end."""
    level = [{} if value is None else value]
    if not isinstance(level[0], dict):
        return False
    for _ in range(DEEPEST + 1):
        dicts = [item for item in level if isinstance(item, dict)]
        lists = [item for item in level if isinstance(item, list | tuple)]
        if sum(map(_plain, level)) + len(dicts) + len(lists) < len(level):
            return False
        if not all(_text(key) for item in dicts for key in item):
            return False
        level = [inner for item in (*lists, *(d.values() for d in dicts)) for inner in item]
        if len(level) > MOST:
            return False
    return not level


def _point3(value: Any) -> bool:
    fits = isinstance(value, list | tuple) and len(value) in (2, 3)
    return fits and all(map(_number, value))


def _path(value: Any) -> bool:
    return isinstance(value, list | tuple) and 2 <= len(value) <= MOST and all(map(_point3, value))


def _height(value: Any) -> bool:
    return value is None or _number(value)


def _shape(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) <= MOST and all(map(_point3, value))


PLACE = "a name or [x, y] of finite numbers", lambda value: _name(value) or _point(value)
POINT = "[x, y] of finite numbers", _point
EXPECTED: dict[str, tuple[str, Callable[[Any], bool]]] = {  # by parameter
    "name": ("a name of at most 100 letters", lambda value: value == "" or _name(value)),
    "msg": (f"a text of at most {LONGEST} characters", _text),
    "a": PLACE,
    "b": PLACE,
    "pos": ("a name, [x, y] or [x, y, z] of finite numbers", lambda v: _name(v) or _point3(v)),
    "pos_normalized": POINT,
    "offset": ("[dx, dy] or [dx, dy, dz] of finite numbers", _point3),
    "points": (f"a list of 2 to {MOST} points", _path),
    "height": ("a finite number", _height),
    "factor": ("a finite number", _number),
    "goal": ("a small dictionary of finite numbers, texts and lists", _arguments),
    "description": (f"a text of at most {LONGEST} characters", _text),
    "context": (f"a text of at most {LONGEST} characters", _text),
    "shape_pts": (f"a list of at most {MOST} points", _shape),
}

# At its end -------------------------------------------------------------------------------------

REWORDED: list[tuple[str, str, Kind]] = [  # the interpreter's messages, and ours
    (r"TimeoutError: \w+ time limit.*", "the program computes for more than {compute} s", "limit"),
    (
        r"MemoryError: .*memory limit.*",
        "the program uses more than {memory} MiB, or prints more than {printed} bytes",
        "limit",
    ),
    (r"RecursionError: .*", "functions call each other more than {depth} deep", "limit"),
    (r"NotImplementedError: The monty .* support (.*)", r"programs cannot use \1", "syntax"),
    (
        r"NotImplementedError: external function '(\w+)' cannot .*",
        r"\1 cannot be called from a method such as sort: put its answers in a list first",
        "runtime",
    ),
]


def reworded(error: str, limits: Limits) -> tuple[str, Kind]:
    """The interpreter's message as ours, and its kind."""
    error = one_line(error)
    for pattern, ours, kind in REWORDED:
        if re.fullmatch(pattern, error):
            return re.sub(pattern, ours.format(**asdict(limits)), error), kind
    return error, "runtime"


def one_line(text: str) -> str:
    return " ".join(text.split())[:300]
