"""What a program calls and leaves undefined."""

import ast
import builtins
from collections.abc import Iterator

from planners.program.imports import UTILITIES
from planners.program.translate import parsed

ABSENT = "__import__ breakpoint compile delattr dir eval exec exit globals help input open quit"
BUILTINS = frozenset(dir(builtins)) - frozenset(ABSENT.split())


def undefined(program: str, known: frozenset[str]) -> dict[str, str]:
    """The functions that a program calls and nobody defines: name to its first call, as written.

    `known`: the words and what the prelude has.
    """
    tree = parsed(program)
    if tree is None:
        return {}
    defined = set(known) | BUILTINS
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            defined.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            defined.add(node.name)
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            defined.add(node.name)
        elif isinstance(node, ast.Import):
            defined |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not UTILITIES.fullmatch(node.module or ""):
            defined |= {alias.asname or alias.name for alias in node.names}
    found: dict[str, str] = {}
    for call, target in _calls(tree):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name and name not in defined and name not in found and not name.startswith("_"):
            signature = ast.unparse(call)
            found[name] = f"{target} = {signature}" if target else signature
    return found


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """All calls, each with the name that its result is given, in the order of their lines."""
    targets: dict[int, str] = {}
    calls: list[ast.Call] = []
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=ast.Call() as call):
                targets[id(call)] = name
            case ast.Call():
                calls.append(node)
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        yield call, targets.get(id(call), "")


def called(call: str) -> str:
    """The name of the function in `x = f(1)`."""
    tree = parsed(call)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return node.func.id
    return ""
