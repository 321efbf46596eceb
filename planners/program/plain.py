"""Values on their way out of the sandbox: measured before anything is done with them, and plain.

Arrays and geometries are objects of the prelude's classes there, and tagged dictionaries here:

    {"nd": nested lists, "dtype": "float64"}     an array
    {"geo": "Polygon", "c": coordinates}         a geometry
    {"t": [...]}                                 a tuple
    {"slice": [start, stop, step]}               of an index; "..." of one is {"dots": True}
"""

from typing import Any

MOST = 20_000  # values in one call
DEEPEST = 8  # lists in lists
LARGEST = 2**63  # magnitude of a whole number
LONGEST = 2_000  # characters of a text
KINDS = """Point LineString LinearRing Polygon MultiPoint MultiLineString MultiPolygon
GeometryCollection""".split()


class Unfit(ValueError):
    """A value that may not leave the sandbox, and why."""


def tagged(value: Any) -> Any:
    """`value`, which a program has made, as plain values with tags; raises Unfit."""
    return _Measure().tagged(value, 0)


FIELDS = {"ndarray": "_v", **dict.fromkeys(KINDS, "_c")}  # where the prelude's classes hold lists


def flat(value: Any, depth: int = 3, left: list[int] | None = None) -> Any:
    """A word's argument with lists in the place of arrays and points, as far as it is small."""
    left = [MOST] if left is None else left
    left[0] -= 1
    held = getattr(value, "attributes", None)
    if isinstance(held, dict):
        return held.get(FIELDS.get(value.name, ""), value)
    if depth and isinstance(value, dict | list | tuple) and len(value) < left[0]:
        if isinstance(value, dict):
            return {key: flat(item, depth - 1, left) for key, item in value.items()}
        return type(value)(flat(item, depth - 1, left) for item in value)
    return value


def passed(value: Any, arrays: bool = False) -> Any:
    """What goes into a program: arrays and geometries tagged; with `arrays`, lists of numbers too.

    `value` may come from a program: raises Unfit where it could not leave it.
    """
    value = untagged(tagged(value))
    if not arrays or not isinstance(value, list) or not value:
        return value
    rows = value if all(isinstance(row, list | tuple) for row in value) else [value]
    if {len(row) for row in rows} != {len(rows[0])}:
        return value
    if not all(isinstance(n, int | float) and not isinstance(n, bool) for r in rows for n in r):
        return value
    shape = [len(value)] if rows[0] is value else [len(rows), len(rows[0])]
    numbers = [[float(n) for n in row] for row in rows]
    return {"nd": numbers[0] if rows[0] is value else numbers, "shape": shape, "dtype": "float64"}


class _Measure:
    """Counts as it goes: lists that share lists may look endless."""

    def __init__(self) -> None:
        self.left = MOST

    def tagged(self, value: Any, depth: int) -> Any:
        self.left -= 1
        if self.left < 0:
            raise Unfit(f"more than {MOST} values in one call")
        if depth > DEEPEST:
            raise Unfit(f"lists nested more than {DEEPEST} deep")
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, int):
            if abs(value) >= LARGEST:
                raise Unfit("a whole number beyond 64 bits")
            return value
        if isinstance(value, str):
            if len(value) > LONGEST:
                raise Unfit(f"a text longer than {LONGEST} characters")
            return value.encode(errors="replace").decode()
        if value is ...:
            return {"dots": True}
        if isinstance(value, list):
            return [self.tagged(item, depth + 1) for item in value]
        if isinstance(value, tuple):
            return {"t": [self.tagged(item, depth + 1) for item in value]}
        if isinstance(value, range | set | frozenset):
            if len(value) > self.left:
                raise Unfit(f"more than {MOST} values in one call")
            return [self.tagged(item, depth + 1) for item in value]
        if isinstance(value, type) and value in (float, int, bool, str):
            return {"dtype": value.__name__}
        return self._object(value, depth)

    def _object(self, value: Any, depth: int) -> Any:
        name, held = getattr(value, "name", ""), getattr(value, "attributes", None)
        if isinstance(held, dict):
            if name == "ndarray" and held.keys() >= {"_v", "dtype", "shape"}:
                # The lists are measured; that they are regular, numpy finds out.
                return {
                    "nd": self.tagged(held["_v"], depth),
                    "shape": self.tagged(held["shape"], depth),
                    "dtype": self.tagged(held["dtype"], depth),
                }
            if name in KINDS and "_c" in held:
                return {"geo": name, "c": self.tagged(held["_c"], depth)}
            if name == "_Slice" and "parts" in held:
                return {"slice": self.tagged(held["parts"], depth)}
            if name == "_DType" and "name" in held:
                return {"dtype": self.tagged(held["name"], depth)}
        raise Unfit("only numbers, texts, lists, arrays and geometries can be calculated with")


def untagged(value: Any) -> Any:
    """A calculator's answer as the sandbox gets it: tuples as such, the other tags kept."""
    if isinstance(value, dict):
        if "t" in value:
            return tuple(untagged(item) for item in value["t"])
        return {key: untagged(item) for key, item in value.items()}
    if isinstance(value, list):
        return [untagged(item) for item in value]
    return value
