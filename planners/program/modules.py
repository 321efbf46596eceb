"""numpy and shapely as programs have them: the second part of what is written in the sandbox before
each program. The first, `planners.program.prelude`, says how it works.
"""

from planners.program.allowed import (
    AFFINE,
    ARRAY_METHODS,
    DTYPES,
    GEOMETRIES,
    GEOMETRY_METHODS,
    GEOMETRY_PROPERTIES,
    LINEAR,
    NUMPY,
    OPS,
    RANDOM,
)

FUNCTIONS = ("box", *sorted(AFFINE), *sorted(OPS))
GEOMETRY = """
class {kind}:
    def __init__(self, *args, **kwargs):
        if type(args) is tuple and _len(args) == 1 and type(args[0]) is dict:
            self._c = args[0]['c']
        else:
            self._c = _calculate('geo.{kind}', [_out(each) for each in args], kwargs)['c']
        self.geom_type = '{kind}'

    def __str__(self):
        return '{kind} '.upper() + _wkt(self._c)

    def __repr__(self):
        return '<' + str(self) + '>'

    def __eq__(self, other):
        return type(other) is {kind} and self._c == other._c

    def __iter__(self):
        if '{kind}' == 'GeometryCollection':
            return iter([_GEOMETRIES[each[0]]({{'c': each[1]}}) for each in self._c])
        if '{kind}'[:5] != 'Multi':
            raise TypeError("'{kind}' object is not iterable")
        return iter([_GEOMETRIES['{kind}'[5:]]({{'c': each}}) for each in self._c])
"""
NAMED = "\n".join(f"{name} = _function('geo.{name}')" for name in FUNCTIONS)
DRAWN = "\n".join(f"_random.{name} = _function('np.random.{name}')" for name in RANDOM)
REST = f"""
import math as _math

def _wkt(c):
    if not c:
        return 'EMPTY'
    if type(c[0]) is not list:
        return '(' + ' '.join([f'{{x:.15g}}' for x in c]) + ')'
    parts = [_wkt(each) for each in c]
    return '(' + ', '.join([p[1:-1] if type(c[0][0]) is not list else p for p in parts]) + ')'

def compare_(a, *rest):
    result = True
    for i in _range(0, _len(rest), 2):
        result = _OPERATORS[rest[i]](a, rest[i + 1])
        if i + 2 < _len(rest) and not result:
            return result
        a = rest[i + 1]
    return result

_GEOMETRIES = {{{", ".join(f"'{kind}': {kind}" for kind in GEOMETRIES)}}}
_KINDS = [{", ".join(GEOMETRIES)}]

class _DType:
    def __init__(self, name):
        self.name = name

    def __call__(self, value=0):
        return _calc('np.array', (value,), {{'dtype': self}})

class _Random:
    def __init__(self):
        self.path = 'np.random'

def _vectorize(function, *args, **kwargs):
    return lambda *a: _calc('np.array', ([function(*each) for each in zip(*a)],))

def _along(function, axis, array, *args, **kwargs):
    rows = array if axis in (1, -1) else _calc('np.T', (array,))
    return _calc('np.array', ([function(row, *args, **kwargs) for row in rows],))

class _Joined:
    def __init__(self, function, shaped):
        self.function, self.shaped = function, shaped

    def joined(self, key):
        parts = [_calc(self.shaped, (each,)) for each in (key if type(key) is tuple else (key,))]
        return _calc(self.function, (parts,))

def _ndindex(*shape):
    made = [()]
    for n in shape[0] if type(shape[0]) is tuple else shape:
        made = [(*each, i) for each in made for i in _range(n)]
    return made

def _ndenumerate(array):
    return list(zip(_ndindex(array.shape), _flat(array._v)))

def _fill_diagonal(array, value):
    for i in _range(_min(array.shape)):
        array._v[i][i] = value

def _options(precision=8, **others):
    _PRECISION[0] = precision

def _shuffle(items):
    made = _calc('np.random.permutation', (list(_range(len(items))),)) if len(items) else []
    if type(items) is ndarray:
        items = items._v
    order = [items[i] for i in made]
    for i in _range(_len(items)):
        items[i] = order[i]

def _function(name):
    return lambda *args, **kwargs: _calc(name, args, kwargs)

def _array(of, *args, **kwargs):
    if not args and not kwargs and type(of) in (list, tuple) and of:
        row = _row(of, _len(of))
        if row is not None:
            return _made([row], 1)
        width = _len(of[0]) if type(of[0]) in (list, tuple) else 0
        width = of[0].size if type(of[0]) is ndarray else width
        rows = [_row(each, width) for each in of] if width else [None]
        if None not in rows:
            return _made(rows, 2)
    return _calc('np.array', (of, *args), kwargs)

def _made(rows, ndim):
    whole = [x for row in rows for x in row if type(x) is int]
    floats = _len(whole) < _len(rows) * _len(rows[0]) or [r for r in rows if type(r) is ndarray]
    if whole and not -(2**63) <= _min(whole) <= _max(whole) < 2**63:
        return _calc('np.array', (rows if ndim == 2 else rows[0],))
    kind = float if floats else int
    v = [[kind(x) for x in row] for row in rows]
    shape = (_len(v[0]),) if ndim == 1 else (_len(v), _len(v[0]))
    return ndarray(v[0] if ndim == 1 else v, shape, 'float64' if floats else 'int64')

def _norm(of, *args, **kwargs):
    if type(of) is ndarray and not args and not kwargs:
        row = _row(of, of.shape[0]) if of.ndim == 1 else None
        if row is not None and row:
            return _math.sqrt(_sum([x * x for x in row]))
    return _calc('np.linalg.norm', (of, *args), kwargs)

def _quick(name, function):
    def called(*args, **kwargs):
        if not kwargs and not [x for x in args if type(x) not in _SCALARS]:
            try:
                return function(*args)
            except (ValueError, OverflowError):
                pass
        return _calc('np.' + name, args, kwargs)
    return called

class _Module:
    def __init__(self, path, names, values):
        self.path, self.names, self.values = path, names, values

_NUMPY = {{
    'pi': 3.141592653589793, 'e': 2.718281828459045, 'inf': float('inf'), 'nan': float('nan'),
    'Inf': float('inf'), 'NaN': float('nan'), 'infty': float('inf'), 'newaxis': None,
    'ndarray': ndarray, 'floating': float, 'integer': int, 'vectorize': _vectorize,
    'apply_along_axis': _along, 'c_': _Joined('np.column_stack', 'np.atleast_1d'),
    'r_': _Joined('np.concatenate', 'np.atleast_1d'), 'ndindex': _ndindex,
    'ndenumerate': _ndenumerate, 'fill_diagonal': _fill_diagonal, 'set_printoptions': _options,
    'linalg': _Module('np.linalg', {LINEAR!r}.split(), {{'norm': _norm}}),
    'array': _array,
    'random': _Module('np.random', {" ".join(RANDOM)!r}.split(), {{'shuffle': _shuffle}}),
}}
for _name in 'sin cos tan sqrt exp degrees radians hypot'.split():
    _NUMPY[_name] = _quick(_name, getattr(_math, _name))
_NUMPY['deg2rad'], _NUMPY['rad2deg'] = _NUMPY['radians'], _NUMPY['degrees']
_NUMPY['arctan2'] = _quick('arctan2', _math.atan2)
for _name in {" ".join(sorted(DTYPES))!r}.split():
    _NUMPY[_name] = _DType(_name)
_NUMPY['random'].values['default_rng'] = lambda *seed: _NUMPY['random']
_NUMPY['random'].values['RandomState'] = lambda *seed: _NUMPY['random']
_random = _NUMPY['random']
{DRAWN}
np = _Module('np', {" ".join(sorted(NUMPY))!r}.split(), _NUMPY)

{NAMED}
geometry = _Module('shapely.geometry', [], {{**_GEOMETRIES, 'box': box}})
affinity = _Module('shapely.affinity', [], {{{", ".join(f"'{n}': {n}" for n in sorted(AFFINE))}}})
ops = _Module('shapely.ops', [], {{{", ".join(f"'{n}': {n}" for n in sorted(OPS))}}})
shapely = _Module('shapely', [], {{
    **geometry.values, **ops.values, 'geometry': geometry, 'affinity': affinity, 'ops': ops
}})

def _itemgetter(*keys):
    if _len(keys) == 1:
        return lambda of: item_(of, keys[0])
    return lambda of: tuple([item_(of, key) for key in keys])

operator = _Module('operator', [], {{
    'itemgetter': _itemgetter, 'attrgetter': lambda name: lambda of: attr_(of, name),
    'add': add_, 'sub': sub_, 'mul': mul_, 'truediv': div_, 'mod': mod_, 'pow': pow_, 'neg': neg_,
    'lt': less_, 'le': less_equal_, 'gt': greater_, 'ge': greater_equal_, 'eq': equal_,
    'ne': not_equal_,
}})

def _array_method(of, name):
    def method(*args, **kwargs):
        if name == 'copy':
            return _calc('np.array', (of,))
        if name == 'tolist':
            return _calc('np.array', (of,))._v
        made = _calc('np.method.' + name, (of, *args), kwargs)
        if name in ('sort', 'fill'):
            of._v[:] = made._v
            return None
        return made
    return method

def _sort(items, key, reverse):
    items[:] = sorted(items, key=key, reverse=reverse)

_NUMBERS = (float, int, bool)
_BUILTIN = (list, dict, set, frozenset)
_NATIVE = {{
    'sort': lambda of, key=None, reverse=False: _sort(of, key, reverse),
    'copy': lambda of: of.copy(),
    'reverse': lambda of: of.reverse(),
    'union': lambda of, *others: of.union(*others),
    'intersection': lambda of, *others: of.intersection(*others),
    'difference': lambda of, *others: of.difference(*others),
    'symmetric_difference': lambda of, other: of.symmetric_difference(other),
}}
_ARRAY = {" ".join(sorted(ARRAY_METHODS))!r}.split()
_PROPERTIES = {" ".join(sorted(GEOMETRY_PROPERTIES))!r}.split()
_METHODS = {" ".join(sorted(GEOMETRY_METHODS))!r}.split()

def attr_(of, name):
    kind = type(of)
    if kind is ndarray:
        if name == 'T':
            return _calc('np.T', (of,))
        if name in _ARRAY:
            return _array_method(of, name)
    elif kind in _NUMBERS:
        if name in _ARRAY:
            return lambda *args, **kwargs: _calc('np.method.' + name, (of, *args), kwargs)
    elif kind in _BUILTIN:
        if name == 'xy' and kind is list:
            return tuple([_calc('np.array', (list(each),)) for each in zip(*of)])
        if name in _NATIVE:
            return lambda *args, **kwargs: _NATIVE[name](of, *args, **kwargs)
    elif kind in _KINDS:
        if name in _PROPERTIES:
            return _calc('geo.prop.' + name, (of,))
        if name in _METHODS:
            return lambda *args, **kwargs: _calc('geo.method.' + name, (of, *args), kwargs)
    elif kind is _Module:
        if name in of.values:
            return of.values[name]
        if name in of.names:
            return _function(of.path + '.' + name)
        raise AttributeError(f'there is no {{of.path}}.{{name}} here')
    return getattr(of, name)
"""
