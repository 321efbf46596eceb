"""Programs that call programs: what is written by whom, before anything runs.

Code as Policies has six language-model programs. The top one follows an instruction; four answer
its words `parse_obj_name`, `parse_position`, `parse_question` and `transform_shape_pts`, each with
a program whose last value is the answer; and one writes the functions that any of them calls and
nobody defined, and those that these call in turn.
"""

import ast
import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from planners.program.library import Library
from planners.program.missing import called, undefined
from planners.program.prelude import KNOWN
from planners.program.translate import parsed
from planners.program.words import WORDS

MISSPELT = 0.85  # likeness to a word from which a name is a misspelt one
FUNCTIONS = 12  # that one program may have written, at most
RESULTS = {  # the variable that a program leaves its answer in
    "parse_obj_name": "ret_val",
    "parse_position": "ret_val",
    "parse_question": "ret_val",
    "transform_shape_pts": "new_shape_pts",
}
SHOWN = {  # what a person is told that is asked for
    "program": "a program",
    "parse_obj_name": "the name of an object",
    "parse_position": "a position",
    "parse_question": "an answer",
    "transform_shape_pts": "a shape",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What a language model shall write."""

    kind: str  # "program", one of RESULTS, or "function"
    text: str  # the instruction, the description, or the call of the function
    objects: Sequence[str]
    context: str = ""  # the code before it
    program: str = ""  # the last try
    error: str = ""  # and what was wrong with it
    line: int | None = None  # of the last try, where it went wrong
    tried: Sequence[tuple[str, str]] = ()  # the tries before that, and what was wrong with each
    done: Sequence[str] = ()  # what the last try did before that
    history: Sequence[tuple[str, str]] = ()  # instructions followed before, and their programs

    @property
    def what(self) -> str:
        return SHOWN.get(self.kind) or f"the function {self.text}"


class Writer(Protocol):
    """Writes programs; `planners.program.prompt` has the one that asks a language model."""

    def write(self, request: Request) -> str:
        """The program, or the function. May wait; what it raises is said to the person."""
        ...

    def close(self) -> None: ...


@dataclass
class Level:
    """One program: the top one, or one that answers a word of the one above."""

    kind: str  # "program", or one of RESULTS
    text: str  # the instruction or the description; empty where the program was given
    given: Any = ""  # what the word was called with beside: context, or the points of a shape
    program: str = ""
    repairs: int = 0
    error: str = ""  # of the last try
    line: int | None = None  # where it was, in the program
    tried: list[tuple[str, str]] = field(default_factory=list)  # all tries, and their errors
    definitions: dict[str, str] = field(default_factory=dict)  # of functions that it calls
    written: dict[str, str] = field(default_factory=dict)  # those that the model wrote for it
    done: list[str] = field(default_factory=list)  # motions, and how they ended
    counts: bool = True  # as an instruction followed

    def take(self, answer: str, function: str = "") -> bool:
        """The model's answer: the program, or the `function` asked for, if it is one."""
        if not function:
            self.program = answer
            return True
        name, tree = called(function), parsed(answer)
        body = tree.body if tree else []
        if not any(isinstance(node, ast.FunctionDef) and node.name == name for node in body):
            return False
        self.definitions[name] = self.written[name] = answer
        return True

    @property
    def preamble(self) -> str:
        """The functions that the program calls."""
        return "\n\n".join(text.strip() for text in self.definitions.values())

    @property
    def before(self) -> str:
        """What stands before the program: what it is given, as code."""
        if self.kind == "program":
            return ""
        if self.kind == "transform_shape_pts":
            return f"shape_pts = np.array({[list(point) for point in self.given]!r})\n"
        context = str(self.given).strip()
        return f"{context}\n" if parsed(context) is not None else ""

    @property
    def whole(self) -> str:
        """The program with what it is given, and its answer last."""
        if self.kind == "program":
            return self.program
        return f"{self.before}{self.program.rstrip()}\n{RESULTS[self.kind]}\n"


def complete(level: Level, library: Library, write: bool) -> str:
    """Take from the library what the program lacks; the first call of what is to be written.

    Empty where nothing is, or where nobody may `write`.
    """
    while True:
        text = level.preamble + "\n\n" + level.whole
        missing = undefined(text, frozenset(WORDS) | KNOWN)
        for name in [*missing]:
            if difflib.get_close_matches(name, WORDS, 1, MISSPELT):
                del missing[name]  # an error, which names the word
        found = {name: source for name in missing if (source := library.source(name))}
        if not found:
            break
        level.definitions.update(found)
    if not write or not missing or len(level.written) >= FUNCTIONS:
        return ""
    return next(iter(missing.values()))


def request_of(
    level: Level,
    objects: Sequence[str],
    error: str,
    function: str,
    history: Sequence[tuple[str, str]],
) -> Request:
    """What to ask for a level: its program, a better one after an `error`, or a `function`."""
    if function:
        return Request("function", function, objects, context=level.program)
    return Request(
        level.kind,
        level.text,
        objects,
        level.before,
        level.program if error else "",
        error,
        level.line if error else None,
        tuple(level.tried[:-1]) if error else (),
        tuple(level.done) if error else (),
        tuple(history),
    )
