"""What the sandbox's interpreter lacks, told to its type checker and written in the sandbox.

Arrays and geometries are objects of classes here that hold plain lists; what is done with them is
calculated outside, by `_calculate`, a call that the host answers (`planners.program.calculator`).
The interpreter cannot suspend inside a method that it calls itself, as in `a + b`, `a[i]` or `a.T`,
so that `planners.program.translate` writes these as calls of functions from here.
"""

from planners.program import support
from planners.program.allowed import GEOMETRIES
from planners.program.modules import FUNCTIONS, GEOMETRY, REST
from planners.program.operators import ARITHMETIC, OPERATORS, SIGNS, UNARY

# The interpreter has these, but its type checker does not know.
BUILTINS = """
from collections.abc import Callable, Iterable
from typing import TypeVar

_T = TypeVar("_T")
def map(function: Callable[..., _T], *items: Iterable[Any]) -> list[_T]: ...
def filter(function: Callable[[_T], Any] | None, items: Iterable[_T]) -> list[_T]: ...
def hasattr(of: Any, name: str) -> bool: ...
def getattr(of: Any, name: str, *otherwise: Any) -> Any: ...
def setattr(of: Any, name: str, value: Any) -> None: ...
def callable(of: Any) -> bool: ...
"""
CONVERTED = ("abs", "round", "float", "int", "bool", "set")  # builtins that take arrays
MODULES = ("np", "shapely", "geometry", "affinity", "ops", "operator")
NAMESAKES = MODULES[2:]  # programs also call things of their own so
REWRITTEN = [
    *"attr_ compare_ item_ set_item_ in_ augment_ reduce truth_ name_ wraps_ cmp_to_key_".split(),
    *(f"{name}_" for name in CONVERTED),
    *support.FUNCTIONS,
]
SHAPES = "\n".join(
    [
        *("class Numpy: ...", "class Shapely: ...", "np: Numpy"),
        "shapely: Shapely",
        *(f"{name}: Any" for name in (*GEOMETRIES, *FUNCTIONS, *NAMESAKES, "typing_")),
        *(f"def {name}(*of: Any) -> Any: ..." for name in (*OPERATORS, *UNARY, *REWRITTEN)),
    ]
)
"""Stubs of what programs calculate with: its types are not checked, its names are."""

# Fed before each program. The interpreter cannot suspend inside a builtin that calls back, as in
# `min(names, key=lambda name: get_obj_pos(name)[0])`; inside these it can. And its generator
# expressions are lists, which its `next` refuses.
BUILT = """
_sorted, _min, _max, _next, _len, _reversed, _bool = sorted, min, max, next, len, reversed, bool
_sum, _round = sum, round
_range, _views = range, (range, set, frozenset, type({}.values()), type({}.keys()))

def sorted(items, *, key=None, reverse=False):
    items = list(items)
    keys = items if key is None else [key(item) for item in items]
    if keys and type(keys[0]) is _Compared:
        before = lambda a, b: a.compare(a.value, b.value) < 0
        return [items[i] for i in _inserted(keys, before, reverse)]
    return [items[i] for i in _sorted(range(_len(items)), key=lambda i: keys[i], reverse=reverse)]

def _inserted(keys, before, reverse):
    order = []
    for i in _range(_len(keys)):
        at = _len(order)
        while at:
            a, b = keys[i], keys[order[at - 1]]
            if not (before(b, a) if reverse else before(a, b)):
                break
            at -= 1
        order.insert(at, i)
    return order

class _Compared:
    def __init__(self, compare, value):
        self.compare, self.value = compare, value

def cmp_to_key_(compare):
    return lambda value: _Compared(compare, value)

def wraps_(of):
    return lambda function: function

def name_(of):
    text = str(of)
    return text.split("'")[1] if text.startswith("<function '") else of.__name__

class _Typing:
    def __getitem__(self, key):
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __or__(self, other):
        return self

    def __ror__(self, other):
        return self

typing_ = _Typing()

def say(msg):
    return _word_say(msg if type(msg) is str else str(msg))

def _extreme(extreme, items, key, default):
    items = list(items[0]) if _len(items) == 1 else items
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

def len(items):
    if type(items) is ndarray:
        if not items.shape:
            raise TypeError('len() of unsized object')
        return items.shape[0]
    return _len(items)

def reversed(items):
    return _reversed(list(items))

def callable(thing):
    return str(type(thing)).find('function') >= 0

class _Slice:
    def __init__(self, key):
        self.parts = [key.start, key.stop, key.step]

def _out(value):
    if isinstance(value, slice):
        return _Slice(value)
    if isinstance(value, _views):
        return list(value)
    if type(value) is tuple:
        return tuple([_out(each) for each in value])
    return value

def _in(value):
    if type(value) is dict:
        if 'nd' in value:
            return ndarray(value['nd'], tuple(value['shape']), value['dtype'])
        if 'geo' in value:
            return _GEOMETRIES[value['geo']](value)
    if type(value) is tuple:
        return tuple([_in(each) for each in value])
    if type(value) is list:
        return [_in(each) for each in value]
    return value

def _calc(name, args, kwargs={}):
    args = [_out(each) for each in args]
    return _in(_calculate(name, args, {key: _out(kwargs[key]) for key in kwargs}))

class ndarray:
    def __init__(self, v, shape, dtype):
        self._v, self.shape, self.dtype, self.ndim = v, shape, dtype, _len(shape)
        self.size = 1
        for n in shape:
            self.size *= n

    def __iter__(self):
        return iter([self[i] for i in _range(self.shape[0])])

    def __getitem__(self, key):
        if type(key) is not int:
            return item_(self, key)
        if not -self.shape[0] <= key < self.shape[0]:
            raise IndexError(f'index {key} is out of bounds for size {self.shape[0]}')
        value = self._v[key]
        return value if self.ndim == 1 else ndarray(value, self.shape[1:], self.dtype)

    def __str__(self):
        return _shown(self._v, self.ndim, _digits(self), ' ')

    def __repr__(self):
        return 'array(' + _shown(self._v, self.ndim, _digits(self), ', ') + ')'

    def __add__(self, other):
        if type(other) is ndarray and self.shape == other.shape and self.ndim == 1:
            return ndarray([a + b for a, b in zip(self._v, other._v)], self.shape, self.dtype)
        return add_(self, other)

    def __radd__(self, other):
        return add_(other, self)

    def __eq__(self, other):
        return equal_(self, other)

_PRECISION = [8]

_SCALARS = (float, int)

def _row(of, size):
    if type(of) is ndarray:
        return of._v if of.ndim == 1 and of.shape[0] == size and of.dtype == 'float64' else None
    if type(of) not in (list, tuple) or _len(of) != size:
        return None
    return None if [x for x in of if type(x) not in _SCALARS] else of

def _digits(array):
    if array.dtype != 'float64':
        return -1
    texts = [f'{abs(x):.{_PRECISION[0]}f}'.rstrip('0') for x in _flat(array._v)]
    return _max([0, *[_len(text) - text.index('.') - 1 for text in texts if '.' in text]])

def _flat(values):
    flat = []
    for value in values:
        if type(value) is list:
            flat.extend(_flat(value))
        else:
            flat.append(value)
    return flat

def _shown(values, depth, digits, between):
    if depth > 1:
        rows = [_shown(row, depth - 1, digits, between) for row in values]
        return '[' + (between.rstrip() + chr(10) + ' ').join(rows) + ']'
    if digits < 0:
        texts = [repr(value) for value in values]
    else:
        form = f'.{digits}f' if digits else '#.0f'
        texts = [format(value, form) for value in values]
        texts = [text.rstrip('0') + ' ' * (_len(text) - _len(text.rstrip('0'))) for text in texts]
    quoted = values and type(values[0]) is str
    width = 0 if quoted else _max([0, *[_len(text) for text in texts]])
    return '[' + between.join([' ' * (width - _len(text)) + text for text in texts]) + ']'

def item_(of, key):
    if type(of) is not ndarray:
        return of.joined(key) if type(of) is _Joined else of[key]
    if type(key) is int:
        return of.__getitem__(key)
    return _calc('np.getitem', (of, key))

def set_item_(of, key, value):
    if type(of) is not ndarray:
        of[key] = value
    elif type(key) is int and of.ndim == 1 and type(value) is float and of.dtype == 'float64':
        of._v[key] = value
    else:
        of._v[:] = _calc('np.setitem', (of, key, value))._v

def in_(value, items):
    if type(items) is ndarray:
        return _calc('np.any', (_calc('np.equal', (items, value)),))
    return value in items

def augment_(operator, of, value):
    if type(of) is ndarray:
        made = _OPERATORS[operator](of, value)
        if made.shape != of.shape:
            raise ValueError(f'the shapes {made.shape} and {of.shape} do not go together')
        of._v[:] = made._v
        of.dtype = made.dtype
        return of
    if operator == '+' and type(of) is list and type(value) is not ndarray:
        of += value
        return of
    return _OPERATORS[operator](of, value)

def sum(items, start=0):
    items = list(items)
    for item in items:
        if type(item) is ndarray:
            break
    else:
        return _sum(items, start)
    for item in items:
        start = add_(start, item)
    return start

def reduce(function, items, *start):
    items = [*start, *items]
    made = items[0]
    for item in items[1:]:
        made = function(made, item)
    return made

def abs_(of):
    return _calc('np.absolute', (of,)) if type(of) is ndarray else abs(of)

def round_(of, digits=None):
    if type(of) is ndarray:
        return _calc('np.round', (of, digits or 0))
    return round(of) if digits is None else round(of, digits)

def float_(of=0.0):
    return float(_calc('np.method.item', (of,))) if type(of) is ndarray else float(of)

def int_(of=0, *base):
    return int(_calc('np.method.item', (of,))) if type(of) is ndarray else int(of, *base)

def set_(of=()):
    return set(list(of))

def truth_(of):
    if type(of) is not ndarray:
        return of
    if of.size != 1:
        raise ValueError('The truth value of an array is ambiguous. Use a.any() or a.all()')
    return bool(_flat(of._v)[0])

def bool_(of=False):
    return bool(_calc('np.method.item', (of,))) if type(of) is ndarray else bool(of)
"""


def prelude(arrays: tuple[str, ...]) -> str:
    """The prelude's text; `arrays`: the words that answer with arrays and geometries."""
    words = "".join(
        f"\ndef {word}(*args, **kwargs):\n    return _in(_word_{word}(*args, **kwargs))\n"
        for word in arrays
    )
    kinds = "".join(GEOMETRY.format(kind=kind) for kind in GEOMETRIES)
    signs = f"\n_OPERATORS = {{{SIGNS}}}\n"
    return BUILT + ARITHMETIC + signs + kinds + REST + words


KNOWN = frozenset(
    [
        *(*MODULES, *GEOMETRIES, *FUNCTIONS, *OPERATORS, *UNARY, *REWRITTEN),
        *"typing_ hasattr getattr setattr callable ndarray".split(),
        *"sorted min max map filter next len reversed sum reduce".split(),
    ]
)
"""What a program need not define."""
