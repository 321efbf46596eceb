"""Imports, as the sandbox's interpreter takes them: what the prelude has becomes assignments."""

import ast
import re

from planners.program.allowed import AFFINE, GEOMETRIES, OPS

UTILITIES = re.compile(  # modules of the original's own words
    r"(\w+_)?(utils?|lmps?|helpers?|api|env|environment|primitives|skills|tools)"
)
GIVEN = {  # module: what of the prelude it is
    "numpy": "np",
    "numpy.linalg": "np.linalg",
    "numpy.random": "np.random",
    "shapely": "shapely",
    "shapely.geometry": "geometry",
    "shapely.affinity": "affinity",
    "shapely.ops": "ops",
    "operator": "operator",
}
WRITTEN = {  # what of other modules the prelude has instead, because it can suspend, or is lacking
    ("functools", "reduce"): "reduce",
    ("functools", "wraps"): "wraps_",
    ("functools", "cmp_to_key"): "cmp_to_key_",
    ("collections", "OrderedDict"): "dict",
}
DROPPED = {"typing", "numpy.typing", "enum", "abc", "__future__", "collections.abc"}  # of types


class Imports(ast.NodeTransformer):
    def __init__(self) -> None:
        self.changed = False
        self.modules = {"np", "shapely", "geometry", "affinity", "ops"}  # by their names here
        self.others: dict[str, str] = {}  # other modules, by their names here

    def visit_Import(self, node: ast.Import) -> ast.stmt | list[ast.stmt]:
        made: list[ast.stmt] = []
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            if alias.name in GIVEN:
                given = GIVEN[alias.name if alias.asname else name]
                self.modules.add(name)
                if name != given:
                    made.append(assign(name, path_of(given), node))
                continue
            self.others[name] = alias.name
            if alias.name in DROPPED:
                made.append(assign(name, ast.Name("typing_", ast.Load()), node))
            elif not UTILITIES.fullmatch(alias.name):
                made.append(ast.copy_location(ast.Import([alias]), node))
        return self._instead(node, made)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | list[ast.stmt]:
        module, made, kept = node.module or "", [], []
        if node.level:
            return node
        for alias in node.names:
            name = alias.asname or alias.name
            given = GIVEN.get(f"{module}.{alias.name}")
            written = WRITTEN.get((module, alias.name))
            if alias.name == "*":
                continue
            if given:
                self.modules.add(name)
            if UTILITIES.fullmatch(module):
                if name != alias.name:
                    made.append(assign(name, ast.Name(alias.name, ast.Load()), node))
            elif module in DROPPED:
                if module != "__future__":
                    made.append(assign(name, ast.Name("typing_", ast.Load()), node))
            elif written:
                if written != name:
                    made.append(assign(name, ast.Name(written, ast.Load()), node))
            elif module in GIVEN:
                value = path_of(given) if given else member_of(path_of(GIVEN[module]), alias.name)
                here = alias.name in (*GEOMETRIES, *AFFINE, *OPS, "box") or given == name
                if name != alias.name or not here:
                    made.append(assign(name, value, node))
            else:
                kept.append(alias)
        if len(kept) == len(node.names):
            return node
        rest = [ast.copy_location(ast.ImportFrom(module, kept, 0), node)] if kept else []
        return self._instead(node, [*rest, *made])

    def imported(self, node: ast.Attribute) -> ast.expr | None:
        """What stands for a member of a module that is not there itself."""
        if not isinstance(node.value, ast.Name) or node.value.id not in self.others:
            return None
        module = self.others[node.value.id]
        written = WRITTEN.get((module, node.attr))
        if UTILITIES.fullmatch(module):
            written = node.attr
        elif module in DROPPED:
            written = "typing_"
        return ast.Name(written, node.ctx) if written else None

    def _instead(self, node: ast.stmt, made: list[ast.stmt]) -> ast.stmt | list[ast.stmt]:
        self.changed = True
        return made or ast.copy_location(ast.Pass(), node)


def assign(name: str, value: ast.expr, node: ast.stmt) -> ast.Assign:
    made = ast.Assign([ast.Name(name, ast.Store())], value, lineno=node.lineno)
    return ast.copy_location(made, node)


def path_of(dotted: str) -> ast.expr:
    name, *members = dotted.split(".")
    value: ast.expr = ast.Name(name, ast.Load())
    for member in members:
        value = member_of(value, member)
    return value


def member_of(value: ast.expr, name: str) -> ast.expr:
    return ast.Call(ast.Name("attr_", ast.Load()), [value, ast.Constant(name)], [])
