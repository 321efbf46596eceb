"""Which line of a program each line of its translation was."""

import ast
from collections.abc import Iterator


def lines_of(tree: ast.Module, text: str) -> tuple[int, ...]:
    """The original line of each line of `text`."""
    lines = [0] * (text.count("\n") + 1)
    pairs = zip(_statements(ast.parse(text).body), _statements(tree.body), strict=True)
    for new, old in pairs:
        lines[new.lineno - 1] = getattr(old, "lineno", 0)
    last = 1
    for index, line in enumerate(lines):
        last = lines[index] = line or last
    return tuple(lines)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements in the order in which they stand."""
    for statement in body:
        yield statement
        for field in ("body", "handlers", "cases", "orelse", "finalbody"):
            for part in getattr(statement, field, []):
                if isinstance(part, ast.stmt):
                    yield from _statements([part])
                else:  # a handler or a case
                    yield from _statements(part.body)
