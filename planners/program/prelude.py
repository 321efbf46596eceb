"""What the sandbox's interpreter lacks, told to its type checker and written in the sandbox."""

# The interpreter has these two, but its type checker does not know.
BUILTINS = """
from collections.abc import Callable, Iterable
from typing import TypeVar

_T = TypeVar("_T")
def map(function: Callable[..., _T], *items: Iterable[Any]) -> list[_T]: ...
def filter(function: Callable[[_T], Any] | None, items: Iterable[_T]) -> list[_T]: ...
"""

# Fed before each program. The interpreter cannot suspend inside a builtin that calls back, as in
# `min(names, key=lambda name: get_obj_pos(name)[0])`; inside these it can. And its generator
# expressions are lists, which its `next` refuses.
PRELUDE = """
_sorted, _min, _max, _next = sorted, min, max, next

def sorted(items, *, key=None, reverse=False):
    items = list(items)
    keys = items if key is None else [key(item) for item in items]
    return [items[i] for i in _sorted(range(len(items)), key=lambda i: keys[i], reverse=reverse)]

def _extreme(extreme, items, key, default):
    items = list(items[0]) if len(items) == 1 else items
    if default and not items:
        return default['default']
    keys = items if key is None else [key(item) for item in items]
    return items[keys.index(extreme(keys))]

def min(*items, key=None, **default):
    return _extreme(_min, items, key, default)

def max(*items, key=None, **default):
    return _extreme(_max, items, key, default)

def map(function, *items):
    return [function(*each) for each in zip(*items)]

def filter(function, items):
    return [item for item in items if (item if function is None else function(item))]

def next(items, *default):
    if not isinstance(items, list):
        return _next(items, *default)
    if default and not items:
        return default[0]
    if not items:
        raise StopIteration
    return items.pop(0)
"""
