"""Generators, which the interpreter lacks, as functions that return lists."""

import ast
from collections.abc import Iterator


def yields(function: ast.FunctionDef) -> bool:
    """Whether it is a generator."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _own(function.body))


def _own(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of a body, without those of functions in it."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    waiting: list[ast.AST] = [*body]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, inner):
            yield node
            waiting.extend(ast.iter_child_nodes(node))


def listing(function: ast.FunctionDef) -> ast.FunctionDef:
    """A generator as a function that returns the list of what it would yield."""

    class Appending(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
            return node

        def visit_Expr(self, node: ast.Expr) -> ast.AST:
            match node.value:
                case ast.Yield(value):
                    how, what = "append", value or ast.Constant(None)
                case ast.YieldFrom(value):
                    how, what = "extend", value
                case _:
                    return node
            method = ast.Attribute(ast.Name("_yielded", ast.Load()), how, ast.Load())
            return ast.copy_location(ast.Expr(ast.Call(method, [what], [])), node)

        def visit_Return(self, node: ast.Return) -> ast.AST:
            return ast.copy_location(ast.Return(ast.Name("_yielded", ast.Load())), node)

    begin = ast.Assign([ast.Name("_yielded", ast.Store())], ast.List([], ast.Load()))
    end = ast.Return(ast.Name("_yielded", ast.Load()), lineno=function.body[-1].lineno)
    body = [Appending().visit(statement) for statement in function.body]
    function.body = [begin, *body, end]
    return function
