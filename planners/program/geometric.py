"""The part of shapely that programs have. Runs in the calculator's process."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely import affinity, ops
from shapely.geometry import GeometryCollection, Polygon, box
from shapely.geometry.base import BaseGeometry

from planners.program.allowed import AFFINE, GEOMETRIES, GEOMETRY_METHODS, GEOMETRY_PROPERTIES, OPS

MOST = 2_000  # coordinates of one geometry
WORK = 250_000  # pairs of coordinates of two
MAKERS = {name: getattr(shapely, name) for name in GEOMETRIES}
KEYWORDS = frozenset(
    """angle origin use_radians xfact yfact zfact xoff yoff zoff xs ys matrix distance normalized
    quad_segs resolution cap_style join_style mitre_limit single_sided tolerance preserve_topology
    side shell holes minx miny maxx maxy ccw other geom start_dist end_dist max_segment_length
    coordinates points lines polygons geoms""".split()
)


def calculate(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What `name` of shapely makes: a geometry's kind, a function, `prop.NAME` or `method.NAME`."""
    if unknown := kwargs.keys() - KEYWORDS:
        raise TypeError(f"{name} takes no argument {min(unknown)!r} here")
    kind, _, what = name.rpartition(".")
    _check(what, args, kwargs)
    if kind == "prop" and what in GEOMETRY_PROPERTIES:
        return _property(what, _geometry(args[0]))
    if kind == "method" and what in GEOMETRY_METHODS:
        return _call(getattr(_geometry(args[0]), what), what, args[1:], kwargs)
    if what in MAKERS:
        return MAKERS[what](*args, **kwargs)
    if what == "box":
        return box(*args, **kwargs)
    if what in AFFINE:
        return _call(getattr(affinity, what), what, args, kwargs)
    if what in OPS:
        made = getattr(ops, what)(*args, **kwargs)
        return list(made) if what == "polygonize" else made
    raise TypeError(f"there is no {what} in shapely here")


def _geometry(value: Any) -> BaseGeometry:
    if not isinstance(value, BaseGeometry):
        raise TypeError("that is no geometry")
    return value


def _call(function: Any, what: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    kwargs = dict(kwargs)
    if "resolution" in kwargs:
        kwargs["quad_segs"] = kwargs.pop("resolution")
    return function(*args, **kwargs)


def _check(what: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Refuse what would take long."""
    counts = [shapely.get_num_coordinates(a) for a in args if isinstance(a, BaseGeometry)]
    pairs = 1
    for count in counts:
        pairs *= max(1, int(count))
    if what in ("buffer", "parallel_offset", "offset_curve"):
        numbers = [v for v in (*args[1:], *kwargs.values()) if isinstance(v, int | float)]
        fine = next((v for v in (kwargs.get("quad_segs"), kwargs.get("resolution")) if v), 16)
        fine = max([fine, *(v for v in numbers[1:] if not isinstance(v, bool))])
        pairs *= max(1, int(fine)) * 4
    if pairs > WORK:
        raise ValueError(f"{what} of geometries with so many points takes too long")


def _property(name: str, geometry: BaseGeometry) -> Any:
    if name == "type":
        return geometry.geom_type
    value = getattr(geometry, name)
    if name == "coords":
        return [tuple(point) for point in value]
    if name == "xy":
        return tuple(np.array(each) for each in value)
    if name in ("geoms", "interiors"):
        return list(value)
    return value


def _rings(coordinates: Any) -> tuple[Any, list[Any]]:
    """A polygon's shell and its holes."""
    shell, *holes = coordinates or [[]]
    return shell, holes


def geometry_of(kind: str, coordinates: Any) -> BaseGeometry:
    """The geometry of a tagged value."""
    if kind not in MAKERS:
        raise ValueError("no such geometry")
    if kind == "Polygon":
        return Polygon(*_rings(coordinates))
    if kind == "MultiPolygon":
        return shapely.MultiPolygon([Polygon(*_rings(each)) for each in coordinates])
    if kind == "GeometryCollection":
        return GeometryCollection([geometry_of(each[0], each[1]) for each in coordinates])
    if not coordinates:
        return MAKERS[kind]()
    return MAKERS[kind](coordinates)


def points_of(value: Any) -> Any:
    """Points and lines as the lists of their coordinates, as numpy once took them."""
    if isinstance(value, list):
        return [points_of(each) for each in value]
    if isinstance(value, BaseGeometry) and value.geom_type in ("Point", "LineString", "LinearRing"):
        points = [list(point) for point in value.coords]
        return points[0] if value.geom_type == "Point" and points else points
    return value


def plain(geometry: BaseGeometry) -> dict[str, Any]:
    """A geometry as a tagged value."""
    if shapely.get_num_coordinates(geometry) > MOST:
        raise ValueError(f"a geometry has more than {MOST} points")
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise ValueError("a geometry must have finite coordinates")
    return {"geo": geometry.geom_type, "c": _coordinates(geometry)}


def _coordinates(geometry: Any) -> Any:
    kind = geometry.geom_type
    if kind == "Point":
        return [] if geometry.is_empty else list(geometry.coords[0])
    if kind in ("LineString", "LinearRing"):
        return [list(point) for point in geometry.coords]
    if kind == "Polygon":
        rings = [geometry.exterior, *geometry.interiors]
        return [] if geometry.is_empty else [_coordinates(ring) for ring in rings]
    if kind == "GeometryCollection":
        return [[each.geom_type, _coordinates(each)] for each in geometry.geoms]
    return [_coordinates(each) for each in geometry.geoms]
