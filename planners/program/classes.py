"""Classes as the sandbox's interpreter takes them. It knows no inheritance, no properties, no
static methods and no exceptions of a program's own, and cannot suspend in an operator's method.

A class takes over the members of its bases, one by one; a property is a method, `_get_NAME`, and
a static or class method one that is given the class, `_static_NAME`. What uses them calls functions
of `planners.program.support`, which is then written in the sandbox after the prelude.
"""

import ast
import builtins
from dataclasses import dataclass, field

from planners.program.support import GET, METHODS, SET, STATIC

PLAIN = {"object", "ABC", "Protocol", "Generic", "Hashable", "Iterable", "Sized", "Callable"}
ENUMS = {"Enum", "IntEnum", "StrEnum"}
ERRORS = {
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, Exception)
}
MADE = {  # decorators of methods: what their name begins with then
    **dict.fromkeys(("property", "cached_property", "abstractproperty"), GET),
    **dict.fromkeys(("staticmethod", "classmethod"), STATIC),
    "setter": SET,
}
DROPPED = {"abstractmethod", "total_ordering", "override", "final", "unique"}
SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
}
COMPARED: dict[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
ORDERING = {"__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"}
MOST = 40  # classes of a program
WALKED = """list tuple set frozenset sorted sum enumerate zip min max map filter any all reversed
iter""".split()  # builtins that walk through what they are given


@dataclass
class _Class:
    node: ast.ClassDef
    bases: list[str]  # those of the program, nearest first
    kind: str = "plain"  # "error", "enum", or "foreign": of a class that nobody has here
    members: dict[str, str] = field(default_factory=dict)  # its own and whose, bases' too
    fields: list[ast.AnnAssign] = field(default_factory=list)  # of a data class
    error: str = "Exception"  # the builtin that it derives from


def rewritten(tree: ast.Module) -> bool:
    """Rewrites a program's classes in place, where the interpreter would not take them."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    rewriter = _Classes(sorted(found[: MOST + 1], key=lambda node: node.lineno))
    if not rewriter.needed or len(found) > MOST:
        return False
    rewriter.visit(tree)
    return True


def _name(node: ast.expr) -> str:
    """`a`, `m.a`, `a(…)` and `a[…]` as "a"."""
    match node:
        case ast.Name(name) | ast.Attribute(_, name):
            return name
        case ast.Call(inner) | ast.Subscript(inner):
            return _name(inner)
    return ""


def _defined(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """The names that a class's body defines."""
    found: dict[str, ast.stmt] = {}
    for statement in body:
        match statement:
            case ast.FunctionDef(name):
                for decorator in statement.decorator_list:
                    name = MADE.get(_name(decorator), "") + name
                found[name] = statement
            case ast.Assign():
                found.update(
                    {n.id: statement for n in statement.targets if isinstance(n, ast.Name)}
                )
            case ast.AnnAssign(ast.Name(name), value=value) if value is not None:
                found[name] = statement
    return found


def _is_data(node: ast.ClassDef) -> bool:
    return any(_name(decorator) == "dataclass" for decorator in node.decorator_list)


def _load(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _of(owner: str, member: str) -> ast.expr:
    return ast.Attribute(_load(owner), member, ast.Load())


def _call(name: str, *args: ast.expr | str) -> ast.Call:
    given = [ast.Constant(arg) if isinstance(arg, str) else arg for arg in args]
    return ast.Call(_load(name), given, [])


class _Classes(ast.NodeTransformer):
    def __init__(self, nodes: list[ast.ClassDef]) -> None:
        self.classes: dict[str, _Class] = {}
        for node in nodes:
            self.classes[node.name] = self._class(node)
        members = {name for each in self.classes.values() for name in each.members}
        self.properties = {name.removeprefix(GET) for name in members if name.startswith(GET)}
        self.setters = {name.removeprefix(SET) for name in members if name.startswith(SET)}
        self.statics = {name.removeprefix(STATIC) for name in members if name.startswith(STATIC)}
        self.errors = any(each.kind == "error" for each in self.classes.values())
        self.special = {name for name in members if name.startswith("__")} - {"__init__"}
        self.special |= ORDERING if self.special & ORDERING else set()
        inherit = any(each.node.bases for each in self.classes.values())
        self.needed = bool(inherit or self.properties or self.statics or self.special)
        self.inside: list[tuple[_Class, str]] = []  # the methods around, and how they call self

    def _class(self, node: ast.ClassDef) -> _Class:
        made = _Class(node, [])
        for base in map(_name, node.bases):
            parent = self.classes.get(base)
            if parent is not None:
                made.bases += [base, *(b for b in parent.bases if b not in made.bases)]
                made.kind = parent.kind if made.kind == "plain" else made.kind
                made.error = parent.error
                made.fields = [f for f in parent.fields if f not in made.fields] + made.fields
                made.members = {**parent.members, **made.members}
            elif base in ERRORS:
                made.kind, made.error = "error", base
                made.members = {
                    "__init__": "Raisable_",
                    "__str__": "Raisable_",
                    "args": "Raisable_",
                }
            elif base in ENUMS:
                made.kind = "enum"
            elif base not in PLAIN:
                made.kind = "foreign"
        own = _defined(node.body)
        made.members |= dict.fromkeys(own, node.name)
        if _is_data(node):
            new = [s for s in node.body if isinstance(s, ast.AnnAssign)]
            names = {_name(s.target) for s in new}
            made.fields = [f for f in made.fields if _name(f.target) not in names] + new
        return made

    # --- classes ----------------------------------------------------------------------------

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST | list[ast.stmt]:
        each = self.classes[node.name]
        if each.node is not node or each.kind == "foreign":
            return self.generic_visit(node)
        own = _defined(node.body)
        body: list[ast.stmt] = []
        names = {_name(s.target) for s in node.body if isinstance(s, ast.AnnAssign)}
        if _is_data(node):
            for old in each.fields:
                if _name(old.target) not in names:
                    body.append(ast.AnnAssign(old.target, _load("object"), old.value, 1))
                    names.add(_name(old.target))
        for name, owner in each.members.items():
            if owner != node.name and name not in names and name not in own:
                body.append(ast.Assign([ast.Name(name, ast.Store())], _of(owner, name)))
        members: list[ast.expr] = []
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                body.append(self._method(statement, each))
            elif each.kind == "enum" and isinstance(statement, ast.Assign):
                value = statement.value
                if _name(value) == "auto":
                    value = ast.Constant(len(members) + 1)
                name = ast.Constant(_name(statement.targets[0]))
                members.append(ast.Tuple([name, self.visit(value)], ast.Load()))
            else:
                made = self.visit(statement)
                body += made if isinstance(made, list) else [made]
        node.bases, node.keywords = [], []
        node.body = [ast.copy_location(s, node) if s not in node.body else s for s in body]
        node.body = node.body or [ast.copy_location(ast.Pass(), node)]
        node.decorator_list = [d for d in node.decorator_list if _name(d) not in DROPPED]
        kinds: ast.expr = ast.List([_load(node.name), *map(_load, each.bases)], ast.Load())
        after = [ast.Assign([ast.Attribute(_load(node.name), "kinds_", ast.Store())], kinds)]
        if each.kind == "error":
            base = ast.Attribute(_load(node.name), "base_", ast.Store())
            after.append(ast.Assign([base], _load(each.error)))
        if each.kind == "enum" and members:
            made = _call("enum_", _load(node.name), ast.List(members, ast.Load()))
            after.append(ast.Assign([ast.Name(node.name, ast.Store())], made))
        return [node, *(ast.copy_location(s, node) for s in after)]

    def _method(self, node: ast.FunctionDef, each: _Class) -> ast.stmt:
        kept: list[ast.expr] = []
        for decorator in node.decorator_list:
            name = _name(decorator)
            if name in MADE:
                node.name = MADE[name] + node.name
                if name == "staticmethod":
                    node.args.args.insert(0, ast.arg("cls_"))
            elif name not in DROPPED:
                kept.append(decorator)
        node.decorator_list = kept
        first = node.args.args[0].arg if node.args.args else ""
        self.inside.append((each, first))
        self.generic_visit(node)
        self.inside.pop()
        return node

    def _above(self, node: ast.expr) -> ast.expr | None:
        """What `super().NAME` is, as a function that is still to be given `self`."""
        match node:
            case ast.Attribute(ast.Call(ast.Name("super")), name) if self.inside:
                for base in self.inside[-1][0].bases:
                    for made in (name, GET + name, STATIC + name):
                        if made in self.classes[base].members:
                            return _of(self.classes[base].members[made], made)
                if self.inside[-1][0].kind == "error" and name in ("__init__", "__str__"):
                    return _of("Raisable_", name)
        return None

    # --- what uses them ---------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> ast.AST:
        above = self._above(node.func)
        match node.func:
            case ast.Attribute(ast.Call(ast.Name("super")), "__init__") if (
                self.inside and not above
            ):
                return ast.copy_location(ast.Constant(None), node)
            case ast.Name(("isinstance" | "issubclass") as name):
                node.func = _load(f"{name}_")
        self.generic_visit(node)
        if above is not None:
            node.func, node.args = above, [_load(self.inside[-1][1]), *node.args]
        match node.func:
            case ast.Name(name) if name in WALKED and "__iter__" in self.special:
                node.args = [self._walked(arg) for arg in node.args]
            case ast.Name("str" | "print" | "say" | "repr") if self._shows:
                node.args = [
                    a if isinstance(a, ast.Starred) else _call("shown_", a) for a in node.args
                ]
        return node

    @property
    def _shows(self) -> bool:
        return bool(self.special & {"__str__", "__repr__"})

    def _walked(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Starred):
            node.value = _call("walked_", node.value)
            return node
        return _call("walked_", node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        self.generic_visit(node)
        if self._shows and node.format_spec is None and node.conversion in (-1, 115):
            node.value = _call("shown_", node.value)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        above = self._above(node)
        if above is not None and isinstance(above, ast.Attribute) and above.attr.startswith(GET):
            return ast.copy_location(ast.Call(above, [_load(self.inside[-1][1])], []), node)
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            for names, function in ((self.properties, "property_"), (self.statics, "static_")):
                if node.attr in names:
                    return ast.copy_location(_call(function, node.value, node.attr), node)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        made: ast.expr | None = None
        match node.targets:
            case [ast.Attribute(of, name)] if name in self.setters:
                made = _call("set_property_", of, name, node.value)
            case [ast.Subscript(of, key)] if "__setitem__" in self.special:
                made = _call("stored_", of, _key(key), node.value)
            case [ast.Tuple()] if "__iter__" in self.special:
                node.value = _call("walked_", node.value)
        return node if made is None else ast.copy_location(ast.Expr(made), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        sign = SIGNS.get(type(node.op), "")
        of, loaded = node.target, None
        match of:
            case ast.Name(name):
                loaded = _load(name)
            case ast.Attribute(owner, name):
                loaded = ast.Attribute(owner, name, ast.Load())
        setter = isinstance(of, ast.Attribute) and of.attr in self.setters
        if loaded is None or not (setter or self._operates(sign, "i")):
            return self.generic_visit(node)
        made = ast.Assign([of], _call("augmented_", sign, loaded, node.value))
        return self.visit(ast.copy_location(made, node))

    def _operates(self, sign: str, prefix: str = "r") -> bool:
        name = METHODS.get(sign, "?")
        return bool({f"__{name}__", f"__{prefix}{name}__"} & self.special)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        sign = SIGNS.get(type(node.op), "")
        if not self._operates(sign):
            return node
        return ast.copy_location(_call("binary_", sign, node.left, node.right), node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.USub) or "__neg__" not in self.special:
            return node
        return ast.copy_location(_call("negated_", node.operand), node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) > 1:
            return node
        (op,), (right,) = node.ops, node.comparators
        if type(op) in COMPARED and self.special & ORDERING:
            return ast.copy_location(_call("compared_", COMPARED[type(op)], node.left, right), node)
        if isinstance(op, ast.In | ast.NotIn) and "__contains__" in self.special:
            made: ast.expr = _call("contained_", node.left, right)
            made = made if isinstance(op, ast.In) else ast.UnaryOp(ast.Not(), made)
            return ast.copy_location(made, node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load) or "__getitem__" not in self.special:
            return node
        return ast.copy_location(_call("got_", node.value, _key(node.slice)), node)

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        if "__iter__" in self.special:
            node.iter = _call("walked_", node.iter)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        if "__iter__" in self.special:
            node.iter = _call("walked_", node.iter)
        return node

    # --- exceptions -------------------------------------------------------------------------

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        self.generic_visit(node)
        if self.errors and node.exc is not None:
            node.exc, node.cause = _call("raised_", node.exc), None
        return node

    def visit_Try(self, node: ast.Try) -> ast.AST:
        self.generic_visit(node)
        if not self.errors or not node.handlers:
            return node
        first = node.handlers[0]
        rest: list[ast.stmt] = [ast.copy_location(ast.Raise(), first)]
        for handler in reversed(node.handlers):
            body = handler.body
            if handler.name:
                name = ast.Assign([ast.Name(handler.name, ast.Store())], _load("caught_"))
                body = [ast.copy_location(name, handler), *body]
            if handler.type is None:
                rest = body
                continue
            test = _call("isinstance_", _load("caught_"), handler.type)
            rest = [ast.copy_location(ast.If(test, body, rest), handler)]
        thrown = ast.Assign([ast.Name("caught_", ast.Store())], _call("thrown_", _load("caught_")))
        whole = [ast.copy_location(thrown, first), *rest]
        made = ast.ExceptHandler(_load("BaseException"), "caught_", whole)
        node.handlers = [ast.copy_location(made, first)]
        return node


def _key(key: ast.expr) -> ast.expr:
    """What stands in brackets as a value."""
    if isinstance(key, ast.Slice):
        parts = [part or ast.Constant(None) for part in (key.lower, key.upper, key.step)]
        return ast.Call(_load("slice"), parts, [])
    return key
