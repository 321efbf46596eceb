"""How far a program has come."""

from dataclasses import dataclass, field
from typing import Any

from planners.program.check import Failed


@dataclass(frozen=True, slots=True)
class Call:
    """The program waits for a word's answer."""

    name: str
    args: tuple[Any, ...]  # all of them, checked and in order, however the program gave them
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finished:
    """The program ran to its end."""

    printed: str
    value: Any = None  # of its last line, where that is an expression


@dataclass(frozen=True, slots=True)
class Suspended:
    """A program that waits for a word's answer, kept; only what `keep` made may be restored."""

    snapshot: bytes
    printed: str
    suspensions: int
    spent: float  # [s]
    lines: tuple[int, ...]
    word: str


Step = Call | Finished | Failed
