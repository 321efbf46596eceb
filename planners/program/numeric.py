"""The part of numpy that programs have, each function guarded against growing too large.

Runs in the calculator's process (`planners.program.calculator`), on arrays that it made itself.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from planners.program.allowed import ARRAY_METHODS, BINARY, DTYPES, LINEAR, NUMPY, PRODUCTS, RANDOM

MOST = 20_000  # elements of a result
WORK = 2_000_000  # elements that one call may come to on the way
DIMENSIONS = 4
KEYWORDS = frozenset(
    """axis axes keepdims dtype num endpoint decimals ord k size low high loc scale replace p a b x
    y v copy initial side deg ddof a_min a_max min max return_index return_inverse return_counts
    start stop step shape fill_value N M n bins range indexing ndmin weights q rtol atol equal_nan
    shift repeats reps pad_width mode constant_values newshape right left xp fp values obj indices
    kind source destination axis1 axis2 offset m nan posinf neginf minlength assume_unique invert
    condition object arr array where order retstep method dx d rcond
full_matrices compute_uv""".split()
)
NAMES = NUMPY | {f"linalg.{name}" for name in LINEAR.split()}
ALIASES = {  # gone from numpy, and still in programs
    "row_stack": "vstack",
    "in1d": "isin",
    "product": "prod",
    "cumproduct": "cumprod",
    "alltrue": "all",
    "sometrue": "any",
    "round_": "round",
    "trapz": "trapezoid",
}


class TooLarge(ValueError):
    """A result that would not fit."""


def calculate(
    name: str, args: Sequence[Any], kwargs: Mapping[str, Any], chance: np.random.Generator
) -> Any:
    """The function `name` of numpy, or an array's method or operator."""
    if unknown := kwargs.keys() - KEYWORDS:
        raise TypeError(f"{name} takes no argument {min(unknown)!r} here")
    with np.errstate(all="ignore"):
        if name.startswith("random."):
            return _random(name.removeprefix("random."), args, kwargs, chance)
        if name.startswith("method."):
            return _method(name.removeprefix("method."), args, kwargs)
        if name == "getitem":
            return args[0][args[1]]
        if name == "setitem":
            array = np.array(args[0])
            array[args[1]] = args[2]
            return array
        if name == "T":
            return args[0].T
        if name in ("str", "repr"):
            return (str if name == "str" else repr)(args[0])
        if name not in NAMES:
            raise TypeError(f"there is no np.{name} here")
        _check(name, args, kwargs)
        if name.startswith("linalg."):
            return getattr(np.linalg, name.removeprefix("linalg."))(*args, **kwargs)
        return getattr(np, ALIASES.get(name, name))(*args, **kwargs)


def _check(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Refuse what would come to too many elements."""
    if name in SIZED:
        size = float(SIZED[name](*args, **kwargs))
    elif name in BINARY:
        size = prod(np.broadcast_shapes(*(np.shape(a) for a in args)))
    elif name in ("dot", "matmul", "inner", "linalg.matrix_power"):
        shapes = [np.shape(a) or (1,) for a in args[:2]]
        size = prod(max(a, b) for a, b in zip(*map(sorted, map(_square, shapes)), strict=False))
        size = max(size, *(prod(s[:-1]) for s in shapes)) * max(1, *(s[-1] for s in shapes))
    elif name in PRODUCTS:
        size = prod(max(1, np.size(a)) for a in args)
    elif name in ("bincount", "polyfit"):
        size = max([0, *(float(np.max(a, initial=0)) for a in (*args, *kwargs.values()))])
    else:
        return
    if not size <= WORK:
        raise TooLarge(f"np.{name} would make an array of more than {MOST} elements")


def _square(shape: tuple[int, ...]) -> tuple[int, int]:
    return (prod(shape[:-1]), shape[-1])


def _count(shape: Any) -> float:
    return prod(abs(float(n)) for n in np.ravel(np.asarray(shape, dtype=object)))


def _steps(*args: Any, **kwargs: Any) -> float:
    start, stop, step = kwargs.get("start", 0), kwargs.get("stop"), kwargs.get("step", 1)
    if len(args) == 1:
        stop = args[0] if stop is None else stop
        start = start if kwargs.get("stop") is None else args[0]
    elif args:
        start, stop, step = (*args, step)[:3]
    return abs((float(stop) - float(start)) / (float(step) or 1.0)) if stop is not None else 0.0


def _padded(array: Any, width: Any) -> float:
    most = float(np.max(np.abs(np.asarray(width, dtype=np.float64)), initial=0))
    return prod(n + 2 * most for n in np.shape(array))


def _method(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    array, *rest = args
    if name not in ARRAY_METHODS:
        raise TypeError(f"arrays have no {name} here")
    array = np.float64(array) if isinstance(array, float) else np.asarray(array)
    if name == "repeat":
        _check(name, args, kwargs)
    if name == "dot":
        return calculate("dot", args, kwargs, np.random.default_rng(0))
    if name in ("sort", "fill"):  # in place: the caller takes the result
        array = np.array(array)
        getattr(array, name)(*rest, **kwargs)
        return array
    return getattr(array, name)(*rest, **kwargs)


def _random(
    name: str, args: Sequence[Any], kwargs: Mapping[str, Any], chance: np.random.Generator
) -> Any:
    if name not in RANDOM:
        raise TypeError(f"there is no np.random.{name} here")
    if name == "seed":
        chance.bit_generator.state = np.random.default_rng(*args).bit_generator.state
        return None
    sizes = [*args, kwargs.get("size")] if name in ("rand", "randn") else [kwargs.get("size")]
    positional = {"random": 0, "sample": 0, "random_sample": 0, "standard_normal": 0, "choice": 1}
    at = positional.get(name, 2)
    sizes += [args[at]] if name not in ("rand", "randn") and len(args) > at else []
    first = args[0] if args else kwargs.get("a")
    if name in ("choice", "permutation") and isinstance(first, int):
        sizes.append(first)
    if _count([n for size in sizes if size is not None for n in np.ravel(size)]) > MOST:
        raise TooLarge(f"np.random.{name} would make more than {MOST} numbers")
    if name in ("random", "sample", "random_sample"):
        return chance.random(*args, **kwargs)
    if name in ("rand", "randn"):
        size = tuple(args) or None
        return chance.random(size) if name == "rand" else chance.standard_normal(size)
    if name in ("randint", "integers"):
        return chance.integers(*args, **kwargs)
    return getattr(chance, name)(*args, **kwargs)


def array_of(values: Any, dtype: str | None = None, shape: Sequence[int] = ()) -> Any:
    """Lists as an array of numbers, truths or texts; ValueError for others.

    `shape`: of an array without elements, which lists do not show.
    """
    array = np.array(values, dtype=None if dtype is None else DTYPES.get(dtype, dtype))
    array = array.reshape(shape) if array.size == 0 and 0 in shape else array
    if array.dtype.kind not in "biufU":
        raise ValueError("arrays hold numbers, truths or texts")
    return array


def plain(value: Any) -> Any:
    """An array as a tagged list, a number of numpy's as a number; anything else as it is."""
    if isinstance(value, np.generic):
        value = value.item()
        if isinstance(value, complex):
            raise ValueError("the result is complex")
        return value
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.kind == "c":
        raise ValueError("the result is complex")
    if value.dtype.kind not in "biufU":
        raise ValueError("arrays hold numbers, truths or texts")
    if value.ndim == 0:
        return value.item()
    if value.size > MOST or value.ndim > DIMENSIONS:
        raise TooLarge(f"an array has more than {MOST} elements, or {DIMENSIONS} dimensions")
    name = {"b": "bool", "i": "int64", "u": "int64", "f": "float64", "U": "str"}[value.dtype.kind]
    return {"nd": value.tolist(), "shape": list(value.shape), "dtype": name}


SIZED: dict[str, Callable[..., float]] = {  # how many elements they would make
    "zeros": lambda shape, *_, **__: _count(shape),
    "ones": lambda shape, *_, **__: _count(shape),
    "empty": lambda shape, *_, **__: _count(shape),
    "full": lambda shape, *_, **__: _count(shape),
    "eye": lambda N, M=None, *_, **__: _count((N, N if M is None else M)),
    "identity": lambda n, *_, **__: _count((n, n)),
    "linspace": lambda start, stop, num=50, *_, **__: _count(num) * np.size(start),
    "geomspace": lambda start, stop, num=50, *_, **__: _count(num) * np.size(start),
    "logspace": lambda start, stop, num=50, *_, **__: _count(num) * np.size(start),
    "arange": _steps,
    "tile": lambda A, reps: np.size(A) * _count(reps),
    "repeat": lambda a, repeats, axis=None: np.size(a) * float(np.max(repeats, initial=0)),
    "pad": lambda array, pad_width, *_, **__: _padded(array, pad_width),
    "diag": lambda v, k=0: (np.size(v) + abs(int(k))) ** 2 if np.ndim(v) == 1 else np.size(v),
    "broadcast_to": lambda array, shape: _count(shape),
    "histogram": lambda a, bins=10, *_, **__: _count(bins) if np.ndim(bins) == 0 else np.size(bins),
    "resize": lambda a, new_shape: _count(new_shape),
    "triu_indices": lambda n, k=0, m=None: _count((n, n if m is None else m)),
    "tril_indices": lambda n, k=0, m=None: _count((n, n if m is None else m)),
    "indices": lambda dimensions: _count(dimensions) * np.size(dimensions),
    "cov": lambda m, *_, **__: np.size(m) * np.shape(m)[0],
    "corrcoef": lambda x, *_, **__: np.size(x) * np.shape(x)[0],
}
