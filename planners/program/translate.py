"""Programs as the sandbox's interpreter takes them, with the lines that they had.

The interpreter has no properties, no comparison of objects, no `del` and no `yield`; these are
written as calls of the prelude. Imports of numpy and shapely, whose parts are there anyway, become
plain assignments. Nothing here guards anything: what it does not know stays as it is.
"""

import ast
from dataclasses import dataclass

from planners.program import classes
from planners.program.allowed import AFFINE, GEOMETRIES, MEMBERS, OPS, PARTS
from planners.program.generators import listing, yields
from planners.program.imports import Imports, assign, member_of
from planners.program.lines import lines_of

ARRAYS = {
    "np",
    "shapely",
    "geometry",
    "affinity",
    "ops",
    "box",
    *GEOMETRIES,
    *AFFINE,
    *OPS,
    "operator",
}  # names of who has arrays
OPERATORS: dict[type[ast.AST], tuple[str, str]] = {  # the prelude's function, and the sign
    ast.Add: ("add_", "+"),
    ast.Sub: ("sub_", "-"),
    ast.Mult: ("mul_", "*"),
    ast.Div: ("div_", "/"),
    ast.FloorDiv: ("floordiv_", "//"),
    ast.Mod: ("mod_", "%"),
    ast.Pow: ("pow_", "**"),
    ast.MatMult: ("matmul_", "@"),
    ast.BitAnd: ("and_", "&"),
    ast.BitOr: ("or_", "|"),
    ast.BitXor: ("xor_", "^"),
    ast.LShift: ("lshift_", "<<"),
    ast.RShift: ("rshift_", ">>"),
    ast.Lt: ("less_", "<"),
    ast.LtE: ("less_equal_", "<="),
    ast.Gt: ("greater_", ">"),
    ast.GtE: ("greater_equal_", ">="),
    ast.Eq: ("equal_", "=="),
    ast.NotEq: ("not_equal_", "!="),
    ast.USub: ("neg_", "-"),
    ast.Invert: ("invert_", "~"),
}
CONVERTED = ("abs", "round", "float", "int", "bool", "set")
SURE = """isinstance isinstance_ issubclass_ is_obj_visible is_grasped callable hasattr any all len
in_ truth_ bool_""".split()
SUBMODULES = {"linalg", "random", "geometry", "affinity", "ops"}
BOUND = """get append extend pop count index add lower upper strip title capitalize startswith
endswith split join items keys values format""".split()


@dataclass(frozen=True, slots=True)
class Translated:
    """A program for the interpreter."""

    text: str
    lines: tuple[int, ...] = ()  # the original line of each line, both from 1; empty: the same
    calculates: bool = False  # with arrays or geometries
    classes: bool = False  # of its own that need `planners.program.support`

    def line(self, number: int | None) -> int | None:
        """The original of line `number`."""
        if number is None or not self.lines:
            return number
        return self.lines[min(max(number, 1), len(self.lines)) - 1]


def parsed(program: str) -> ast.Module | None:
    """The program's tree, or None if it has none that Python can hold."""
    try:
        return ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def translated(program: str, arrays: frozenset[str] = frozenset()) -> Translated:
    """The program for the interpreter; `arrays`: the words that answer with arrays."""
    try:
        tree = parsed(program)
        if tree is None:
            return Translated(program)
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        imports = any(isinstance(n, ast.Import | ast.ImportFrom) for n in ast.walk(tree))
        supported = classes.rewritten(tree)
        calculates = supported or imports or bool(names & (ARRAYS | arrays))
        called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        rewriter = _Rewriter(calculates, called)
        for node in ast.walk(tree):  # what is the program's own
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                name = node.id if isinstance(node, ast.Name) else node.attr
                rewriter.modules.discard(name)
                rewriter.own.add(name)
            elif isinstance(node, ast.FunctionDef):
                rewriter.own.add(node.name)
        tree = ast.fix_missing_locations(rewriter.visit(tree))
        if not (rewriter.changed or supported):
            return Translated(program, calculates=calculates)
        text = ast.unparse(tree) + "\n"
        return Translated(text, lines_of(tree, text), calculates, supported)
    except (RecursionError, ValueError, MemoryError, SyntaxError):
        return Translated(program)


class _Rewriter(Imports):
    def __init__(self, calculates: bool, called: set[int]) -> None:
        super().__init__()
        self.calculates = calculates
        self.called = called  # the ids of what stands before brackets
        self.own: set[str] = set()  # names that the program gives

    # --- what types say is for the reader ------------------------------------------------------

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.annotation, ast.Subscript | ast.Attribute):
            return node
        self.changed = True
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and self._foreign(statement.annotation):
                self.changed, statement.annotation = True, ast.Name("object", ast.Load())
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        if self._foreign(node.annotation):
            self.changed, node.annotation = True, None
        return node

    @staticmethod
    def _foreign(annotation: ast.expr | None) -> bool:
        """Whether it names what the interpreter may not know."""
        known = {"int", "float", "str", "bool", "list", "dict", "tuple", "set", "object", "None"}
        return annotation is not None and not all(
            isinstance(node, ast.Name | ast.Constant | ast.expr_context)
            and getattr(node, "id", "None") in known
            and getattr(node, "value", None) is None  # no type's name in quotes
            for node in ast.walk(annotation)
        )

    # --- what the interpreter lacks ------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if self._foreign(node.returns):
            self.changed, node.returns = True, None
        self.generic_visit(node)
        if not yields(node):
            return node
        self.changed = True
        return listing(node)

    def visit_Delete(self, node: ast.Delete) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        made: list[ast.stmt] = []
        for target in node.targets:
            if isinstance(target, ast.Name):
                made.append(assign(target.id, ast.Constant(None), node))
            elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
                part = ast.Subscript(target.value, target.slice, ast.Store())
                empty = ast.Assign([part], ast.List([], ast.Load()), lineno=node.lineno)
                made.append(ast.copy_location(empty, node))
            elif isinstance(target, ast.Subscript):
                pop = ast.Attribute(target.value, "pop", ast.Load())
                made.append(ast.copy_location(ast.Expr(ast.Call(pop, [target.slice], [])), node))
            else:
                return node
        return self._instead(node, made)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        instead = self.imported(node)
        if instead is not None:
            self.changed = True
            return ast.copy_location(instead, node)
        self.generic_visit(node)
        if node.attr == "__name__" and isinstance(node.ctx, ast.Load):
            return self._call("name_", [node.value], node)
        if node.attr == "__getitem__" and id(node) not in self.called:
            self.changed = True
            one = ast.arguments([], [ast.arg("key_")], None, [], [], None, [])
            item = ast.Call(
                ast.Name("item_", ast.Load()), [node.value, ast.Name("key_", ast.Load())], []
            )
            return ast.copy_location(ast.Lambda(one, item), node)
        value = isinstance(node.ctx, ast.Load) and not self._module(node.value)
        value = value and node.attr not in self.own
        if node.attr in BOUND and value and id(node) not in self.called:
            return self._bound(node)
        if not self.calculates or not isinstance(node.ctx, ast.Load):
            return node
        if node.attr not in (PARTS if self._module(node.value) else MEMBERS):
            return node
        if isinstance(node.value, ast.Name) and node.value.id in self.others:
            return node
        self.changed = True
        return ast.copy_location(member_of(node.value, node.attr), node)

    def _bound(self, node: ast.Attribute) -> ast.AST:
        """A builtin's method as a value, `key=counts.get`, as a function that calls it."""
        self.changed = True
        args: list[ast.expr] = [ast.Starred(ast.Name("args_", ast.Load()), ast.Load())]
        method: ast.expr = node
        parameters = ast.arguments([], [], ast.arg("args_"), [], [], None, [])
        if isinstance(node.value, ast.Name) and node.value.id in ("str", "list", "dict", "set"):
            method = ast.Attribute(ast.Name("self_", ast.Load()), node.attr, ast.Load())
            parameters.args.append(ast.arg("self_"))
        return ast.copy_location(ast.Lambda(parameters, ast.Call(method, args, [])), node)

    def _module(self, node: ast.expr) -> bool:
        """Whether it is numpy, shapely or a module of theirs."""
        match node:
            case ast.Name(name):
                return name in self.modules
            case ast.Call(ast.Name("attr_"), [inner, ast.Constant(part)]):
                return self._module(inner) and part in SUBMODULES
        return False

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if not self.calculates:
            return node
        if isinstance(node.ops[0], ast.In | ast.NotIn) and len(node.ops) == 1:
            made: ast.expr = self._call("in_", [node.left, node.comparators[0]], node)
            if isinstance(node.ops[0], ast.NotIn):
                made = ast.copy_location(ast.UnaryOp(ast.Not(), made), node)
            return made
        sides = [node.left, *node.comparators]
        if not all(type(op) in OPERATORS for op in node.ops) or any(map(_no_array, sides)):
            return node
        if len(sides) == 2:
            return self._call(OPERATORS[type(node.ops[0])][0], sides, node)
        parts: list[ast.expr] = [node.left]
        for op, side in zip(node.ops, node.comparators, strict=True):
            parts += [ast.Constant(OPERATORS[type(op)][1]), side]
        return self._call("compare_", parts, node)

    # --- what is asked whether it is true: of more than one number, nobody can say

    def visit_If(self, node: ast.If | ast.While | ast.IfExp | ast.Assert) -> ast.AST:
        self.generic_visit(node)
        node.test = self._true(node.test)
        return node

    visit_While = visit_IfExp = visit_Assert = visit_If

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        node.values = [*map(self._true, node.values[:-1]), node.values[-1]]
        return node

    def _true(self, test: ast.expr) -> ast.expr:
        if isinstance(test, ast.BoolOp):
            test.values[-1] = self._true(test.values[-1])
        array = isinstance(test, ast.Name | ast.Call | ast.Attribute | ast.Subscript)
        if not self.calculates or not array or (isinstance(test, ast.Call) and _sure(test)):
            return test
        return self._call("truth_", [test], test)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        sides = [node.left, node.right]
        if not self.calculates or any(map(_no_array, sides)) or any(map(_text, sides)):
            return node
        if all(isinstance(side, ast.Constant) for side in sides):
            return node
        return self._call(OPERATORS[type(node.op)][0], sides, node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            node.operand = self._true(node.operand)
        plain = isinstance(node.operand, ast.Constant) or type(node.op) not in OPERATORS
        if not self.calculates or plain:
            return node
        return self._call(OPERATORS[type(node.op)][0], [node.operand], node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if not self.calculates or not isinstance(node.ctx, ast.Load) or _simple(node.slice):
            return node
        return self._call("item_", [node.value, _key(node.slice)], node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        parted = self._parted(node)
        if parted:
            return [self.visit(part) for part in parted]
        self.generic_visit(node)
        match node.targets:
            case [ast.Subscript(value, key)] if self.calculates and not _simple(key, texts=True):
                call = self._call("set_item_", [value, _key(key), node.value], node)
                return ast.copy_location(ast.Expr(call), node)
        return node

    def _parted(self, node: ast.Assign) -> list[ast.stmt]:
        """`a[i], b = …` as `part0_, b = …` and `a[i] = part0_`; none where nothing is so."""
        match node.targets:
            case [ast.Tuple(elements)] if self.calculates:
                pass
            case _:
                return []
        after: list[ast.stmt] = []
        names: list[ast.expr] = []
        for each in elements:
            if not isinstance(each, ast.Subscript) or _simple(each.slice, texts=True):
                names.append(each)
                continue
            name = f"part{len(after)}_"
            value = ast.Name(name, ast.Load())
            after.append(ast.copy_location(ast.Assign([each], value, lineno=0), node))
            names.append(ast.Name(name, ast.Store()))
        if not after:
            return []
        first = ast.Assign([ast.Tuple(names, ast.Store())], node.value, lineno=0)
        return [ast.copy_location(first, node), *after]

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not self.calculates:
            return node
        sign = ast.Constant(OPERATORS[type(node.op)][1])
        match node.target:
            case ast.Name(name):
                value = ast.Name(name, ast.Load())
            case ast.Attribute(ast.Name(name), attribute):
                value = ast.Attribute(ast.Name(name, ast.Load()), attribute, ast.Load())
            case ast.Subscript(of, key):
                old = self._call("item_", [of, _key(key)], node)
                new = self._call("augment_", [sign, old, node.value], node)
                call = self._call("set_item_", [of, _key(key), new], node)
                return ast.copy_location(ast.Expr(call), node)
            case _:
                return node
        made = self._call("augment_", [sign, value, node.value], node)
        return ast.copy_location(ast.Assign([node.target], made, lineno=node.lineno), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if self.calculates and isinstance(node.func, ast.Name) and node.func.id in CONVERTED:
            node.func.id += "_"
            self.changed = True
        return node

    def _call(self, name: str, args: list[ast.expr], node: ast.AST) -> ast.Call:
        self.changed = True
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), args, []), node)


def _no_array(side: ast.expr) -> bool:
    """Whether it is surely none, nor anything that is put together with one."""
    if isinstance(side, ast.JoinedStr | ast.ListComp | ast.Dict | ast.DictComp | ast.SetComp):
        return not isinstance(side, ast.ListComp)
    return isinstance(side, ast.Constant) and side.value is None


def _text(side: ast.expr) -> bool:
    return isinstance(side, ast.Constant) and isinstance(side.value, str)


def _sure(call: ast.Call) -> bool:
    """Whether it answers with True or False."""
    return isinstance(call.func, ast.Name) and call.func.id in SURE


def _simple(key: ast.expr, texts: bool = False) -> bool:
    """Whether the interpreter's own indexing will do: a number of the program's, or a text."""
    if isinstance(key, ast.UnaryOp):
        key = key.operand
    if not isinstance(key, ast.Constant):
        return False
    return isinstance(key.value, str) or (isinstance(key.value, int) and not texts)


def _key(key: ast.expr) -> ast.expr:
    """What stands in brackets as a value."""
    if isinstance(key, ast.Slice):
        parts = [part or ast.Constant(None) for part in (key.lower, key.upper, key.step)]
        return ast.Call(ast.Name("slice", ast.Load()), parts, [])
    if isinstance(key, ast.Tuple):
        return ast.Tuple([_key(part) for part in key.elts], ast.Load())
    return key
