"""Programs in the style of the published ones run unchanged: numpy, shapely, helpers, LMPs.

All of them are our own; each checks itself by `assert`.
"""

import pytest
from program_rig import run_program

from planners.program.check import Failed
from planners.program.sandbox import Finished, Sandbox

HEAD = """import numpy as np
from shapely.geometry import *
from shapely.affinity import *
from env_utils import put_first_on_second, get_obj_pos, get_obj_names, say
from plan_utils import parse_obj_name, parse_position, parse_question, transform_shape_pts
"""
P = "pts = np.array([[0.0, 0.0], [0.3, 0.1], [0.1, 0.4]])\n"
RUNS = {
    # arrays
    "make": "a = np.array([1, 2, 3])\nassert len(a) == 3 and a.shape == (3,) and a[0] == 1",
    "mean axis": P + "assert np.allclose(pts.mean(axis=0), [0.4 / 3, 0.5 / 3])",
    "mean of list": "assert np.array([[1, 2], [3, 4]]).mean(axis=0).tolist() == [2.0, 3.0]",
    "column": P + "assert pts[:, 0].tolist() == [0.0, 0.3, 0.1]",
    "row column": P + "assert pts[1, 1] == 0.1 and pts[-1][0] == 0.1",
    "slices": P + "assert pts[1:, 0].tolist() == [0.3, 0.1] and pts[::-1][0][0] == 0.1",
    "step slices": "a = np.arange(6)\nassert a[::2].tolist() == [0, 2, 4] and a[-2:].tolist() == [4, 5]",
    "mask": P + "left = pts[pts[:, 0] < 0.2]\nassert left.shape == (2, 2)",
    "two masks": "a = np.arange(10)\nassert a[(a > 2) & (a < 6)].tolist() == [3, 4, 5]",
    "not mask": "a = np.arange(4)\nassert a[~(a > 1)].tolist() == [0, 1]",
    "or mask": "a = np.arange(4)\nassert a[(a == 0) | (a == 3)].tolist() == [0, 3]",
    "fancy": "a = np.array([5, 6, 7])\nassert a[[2, 0]].tolist() == [7, 5]",
    "fancy by argsort": P + "assert pts[np.argsort(pts[:, 1])[::-1]][0].tolist() == [0.1, 0.4]",
    "argmin": "assert np.argmin([3, 1, 2]) == 1 and np.argmax(np.array([3, 1, 2])) == 0",
    "argsort index a list": "n = ['a', 'b', 'c']\no = np.argsort([3, 1, 2])\nassert [n[i] for i in o] == ['b', 'c', 'a']",
    "list by numpy index": "n = ['a', 'b']\nassert n[np.argmax(np.array([0.1, 0.9]))] == 'b'",
    "names array": "n = np.array(['a', 'b', 'c'])\nassert list(n[np.array([True, False, True])]) == ['a', 'c']",
    "norm": "assert np.linalg.norm([3, 4]) == 5 and np.isclose(np.linalg.norm(np.array([1, 1])), 2 ** 0.5)",
    "norm axis": P
    + "d = np.linalg.norm(pts - pts[0], axis=1)\nassert d[0] == 0 and d.shape == (3,)",
    "linspace": "a = np.linspace(0, 1, 5)\nassert a[1] == 0.25 and len(np.linspace([0, 0], [1, 1], 3)) == 3",
    "arange": "assert np.arange(1, 2, 0.5).tolist() == [1.0, 1.5] and sum(np.arange(4)) == 6",
    "arithmetic": "a = np.array([1.0, 2.0])\nassert (2 * a + 1 - a / 2 ** 1).tolist() == [2.5, 4.0]",
    "array and list": "a = np.array([1, 2]) + [3, 4]\nb = [3, 4] + np.array([1, 2])\nassert a.tolist() == b.tolist() == [4, 6]",
    "array minus list": "assert (np.array([0.5, 0.5]) - [0.1, 0.0])[0] == 0.4",
    "minus": "a = -np.array([1, -2])\nassert a.tolist() == [-1, 2] and abs(a).tolist() == [1, 2]",
    "power and modulo": "a = np.array([5, 7])\nassert (a ** 2).tolist() == [25, 49] and (a % 3).tolist() == [2, 1] and (a // 2).tolist() == [2, 3]",
    "division by zero": "with_inf = np.array([1.0]) / 0\nassert np.isinf(with_inf[0])",
    "broadcast": "a = np.array([[1], [2]]) * np.array([1, 10])\nassert a.tolist() == [[1, 10], [2, 20]]",
    "matmul": "R = np.array([[0, -1], [1, 0]])\nassert (R @ np.array([1, 0])).tolist() == [0, 1] and R.T[0, 1] == 1",
    "dot": "assert np.dot([1, 2], [3, 4]) == 11 and np.array([1, 2]).dot([3, 4]) == 11",
    "reductions": "a = np.array([[1, 2], [3, 4]])\nassert a.sum() == 10 and a.max() == 4 and a.min(axis=0).tolist() == [1, 2] and np.prod(a) == 24",
    "std": "assert np.std([1, 1]) == 0 and np.median([3, 1, 2]) == 2 and np.ptp([1, 4]) == 3",
    "any all": "a = np.array([1, 2])\nassert (a > 0).all() and np.any(a > 1) and not np.all(a > 1)",
    "where": "a = np.array([1, 5, 2])\nassert np.where(a > 1)[0].tolist() == [1, 2] and np.where(a > 1, a, 0).sum() == 7",
    "concatenate": "a = np.concatenate([[1, 2], [3]])\nb = np.vstack([a, a])\nassert b.shape == (2, 3) and np.hstack([a, a]).size == 6",
    "stack": "assert np.stack([np.zeros(2), np.ones(2)]).T.tolist() == [[0.0, 1.0], [0.0, 1.0]]",
    "reshape": "a = np.arange(6).reshape(2, 3)\nassert a.shape == (2, 3) and a.flatten().shape == (6,) and a.ndim == 2",
    "set item": "a = np.zeros((2, 2))\na[0, 1] = 5\na[1] = [7, 8]\na[:, 0] += 1\nassert a.tolist() == [[1.0, 5.0], [8.0, 8.0]]",
    "set by mask": "a = np.array([1, -2, 3])\na[a < 0] = 0\nassert a.tolist() == [1, 0, 3]",
    "in place": "a = np.array([1.0, 2.0])\nb = a\na += 1\nassert b.tolist() == [2.0, 3.0]",
    "row is a view": "a = np.zeros((2, 2))\nrow = a[0]\nrow += 1\nassert a[0, 0] == 1",
    "copy": "a = np.zeros(2)\nb = a.copy()\nb[0] = 1\nassert a[0] == 0",
    "iterate": P + "assert [round(x + y, 2) for x, y in pts] == [0.0, 0.4, 0.5]",
    "enumerate and zip": P
    + "for i, (p, q) in enumerate(zip(pts[:-1], pts[1:])):\n    assert np.linalg.norm(p - q) > 0.3, i",
    "min by key": P
    + "assert min(pts, key=lambda p: np.linalg.norm(p - np.array([0.3, 0.1])))[0] == 0.3",
    "sorted by norm": P + "assert sorted(pts, key=np.linalg.norm)[0].tolist() == [0.0, 0.0]",
    "sort method": "n = [3, 1, 2]\nn.sort(key=lambda i: -np.array([0, 1, 2, 3])[i])\nassert n == [3, 2, 1]",
    "sum of arrays": P + "assert np.allclose(sum(pts) / len(pts), np.mean(pts, axis=0))",
    "floats": "assert float(np.array([2.5])) == 2.5 and int(np.round(2.6)) == 3 and np.float32(1.5) == 1.5",
    "dtypes": "a = np.array([1, 2], dtype=np.float32)\nassert a.dtype == 'float64' or a.astype(int)[0] == 1",
    "int32": "assert np.int32(2.7) == 2 and np.array([1.9]).astype(int).tolist() == [1]",
    "isinstance": "a = np.zeros(2)\nassert isinstance(a, np.ndarray) and not isinstance([1], np.ndarray) and isinstance([], (list, np.ndarray))",
    "trigonometry": "assert abs(np.cos(np.pi)) == 1 and np.allclose(np.rad2deg(np.arctan2(1, 1)), 45) and np.degrees(np.pi) == 180",
    "deg2rad": "t = np.deg2rad(90)\nR = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])\nassert np.allclose(R @ [1, 0], [0, 1])",
    "random": "np.random.seed(0)\nx = np.random.uniform(-0.1, 0.1, size=2)\nassert x.shape == (2,) and (abs(x) <= 0.1).all()",
    "random choice": "assert np.random.choice(['a', 'b']) in ['a', 'b'] and len(np.random.permutation(3)) == 3",
    "shuffle": "n = [1, 2, 3, 4]\nnp.random.shuffle(n)\nassert sorted(n) == [1, 2, 3, 4]",
    "randint": "assert 0 <= np.random.randint(0, 5) < 5 and np.random.rand(2, 2).shape == (2, 2)",
    "clip": "assert np.clip([-1, 0.5, 2], 0, 1).tolist() == [0.0, 0.5, 1.0] and np.clip(5, 0, 1) == 1",
    "unique": "assert np.unique([3, 1, 3]).tolist() == [1, 3] and len(np.unique(['a', 'a'])) == 1",
    "cross": "assert np.cross([1, 0, 0], [0, 1, 0]).tolist() == [0, 0, 1]",
    "cumsum diff": "assert np.cumsum([1, 2]).tolist() == [1, 3] and np.diff([1, 4, 9]).tolist() == [3, 5]",
    "interp": "assert np.interp(0.5, [0, 1], [10, 20]) == 15",
    "meshgrid": "x, y = np.meshgrid([0, 1], [0, 1, 2])\nassert x.shape == (3, 2) and y[2, 0] == 2",
    "inverse": "A = np.array([[2.0, 0.0], [0.0, 4.0]])\nassert np.linalg.inv(A)[1, 1] == 0.25 and np.linalg.solve(A, [2, 4]).tolist() == [1.0, 1.0]",
    "eye": "assert (np.eye(2) * 3)[1, 1] == 3 and np.identity(2).sum() == 2 and np.diag([1, 2])[1, 1] == 2",
    "nan": "assert np.isnan(np.nan) and np.nanmax([1, np.nan]) == 1 and np.inf > 1",
    "tile": "assert np.tile([1, 2], 2).tolist() == [1, 2, 1, 2] and np.repeat([1, 2], 2).tolist() == [1, 1, 2, 2]",
    "array equal": "assert np.array_equal([1, 2], np.array([1, 2])) and (np.array([1, 2]) == [1, 2]).all()",
    "not equal": "assert (np.array([1, 2]) != np.array([1, 3])).tolist() == [False, True]",
    "contains": "assert 2 in np.array([1, 2]) and 5 not in np.array([1, 2])",
    "full": "assert np.full((2,), 7).tolist() == [7, 7] and np.zeros_like([1, 2]).tolist() == [0, 0]",
    "polyfit": "slope, at = np.polyfit([0, 1, 2], [1, 3, 5], 1)\nassert np.allclose([slope, at], [2, 1])",
    "vectorize": "f = np.vectorize(lambda x: x * 2)\nassert f([1, 2]).tolist() == [2, 4]",
    "apply along axis": P + "assert np.apply_along_axis(lambda r: r.sum(), 1, pts).shape == (3,)",
    "newaxis": "a = np.array([1, 2])\nassert a[:, None].shape == (2, 1) and a[np.newaxis].shape == (1, 2)",
    "ellipsis": "assert np.zeros((2, 3))[..., 0].shape == (2,)",
    "distance matrix": P
    + "d = np.linalg.norm(pts[:, None] - pts[None], axis=-1)\ni, j = np.unravel_index(np.argmax(d), d.shape)\nassert {i, j} == {1, 2} or d[i, j] > 0.4",
    "chained compare": "x = np.array([0.5])\nassert 0 <= x[0] <= 1",
    "printed": "a = np.array([1, 2])\nassert f'{a}' == '[1 2]' and str(np.array([0.5, 1.0])) == '[0.5 1. ]'",
    "format": "p = np.array([0.123, 4.5])\nassert f'{p[0]:.1f} {p[1]:>5}' == '0.1   4.5'",
    "as module": "import numpy\nfrom numpy import array, pi as PI\nimport numpy.linalg as la\nassert la.norm(array([3, 4])) == 5 and PI > 3 and numpy.zeros(1)[0] == 0",
    "from linalg": "from numpy.linalg import norm\nassert norm([3, 4]) == 5",
    "default rng": "rng = np.random.default_rng(3)\nassert 0 <= rng.random() < 1 and rng.integers(0, 3) in (0, 1, 2)",
    # shapely
    "point": "p = Point(0.1, 0.2)\nassert p.x == 0.1 and p.y == 0.2 and p.coords[0] == (0.1, 0.2)",
    "point of array": "p = Point(np.array([0.1, 0.2]))\nassert np.array(p.coords[0]).tolist() == [0.1, 0.2] and Point([1, 2]).y == 2",
    "point distance": "assert Point(0, 0).distance(Point(3, 4)) == 5",
    "buffer": "c = Point(0, 0).buffer(1)\nassert 3.1 < c.area < 3.15 and c.contains(Point(0.5, 0.5)) and len(c.exterior.coords) == 65",
    "line": "l = LineString([(0, 0), (2, 0)])\nassert l.length == 2 and l.interpolate(0.25, normalized=True).x == 0.5",
    "line of arrays": "l = LineString([np.array([0, 0]), np.array([1, 1])])\nassert l.coords[-1] == (1.0, 1.0)",
    "points on a line": "l = LineString([[0, 0], [1, 0]])\npts = [np.array(l.interpolate(d).coords[0]) for d in np.linspace(0, l.length, 3)]\nassert pts[1].tolist() == [0.5, 0.0]",
    "project": "assert LineString([(0, 0), (1, 0)]).project(Point(0.3, 5)) == 0.3",
    "polygon": "p = Polygon([(0, 0), (1, 0), (1, 1), (0, 1)])\nassert p.area == 1 and p.centroid.coords[0] == (0.5, 0.5) and p.bounds == (0, 0, 1, 1)",
    "polygon points": "p = Polygon([(0, 0), (1, 0), (0, 1)])\nx, y = p.exterior.xy\nassert len(x) == 4 and np.array(p.exterior.coords)[:-1].shape == (3, 2)",
    "box": "b = box(0, 0, 2, 1)\nminx, miny, maxx, maxy = b.bounds\nassert maxx == 2 and b.contains(Point(1, 0.5)) and not b.contains(Point(3, 0))",
    "multipoint": "m = MultiPoint([(0, 0), (1, 0), (0, 1)])\nassert m.centroid.x > 0.3 and m.convex_hull.area == 0.5 and len(m.geoms) == 3",
    "multipoint of arrays": "m = MultiPoint(np.array([[0, 0], [1, 1]]))\nassert [g.x for g in m.geoms] == [0.0, 1.0]",
    "rotate": "l = rotate(LineString([(0, 0), (1, 0)]), 90)\nassert np.allclose(l.coords, [(0.5, -0.5), (0.5, 0.5)])",
    "rotate origin": "p = rotate(Point(1, 0), 90, origin=(0, 0))\nassert np.allclose([p.x, p.y], [0, 1]) and np.allclose(rotate(Point(1, 0), np.pi, origin=Point(0, 0), use_radians=True).x, -1)",
    "scale": "s = scale(box(0, 0, 1, 1), xfact=2, yfact=2, origin='centroid')\nassert s.area == 4 and s.centroid.x == 0.5",
    "translate": "assert translate(Point(0, 0), 0.1, yoff=0.2).coords[0] == (0.1, 0.2)",
    "intersection": "a = box(0, 0, 2, 2).intersection(box(1, 1, 3, 3))\nassert a.area == 1 and box(0, 0, 1, 1).intersects(box(1, 1, 2, 2))",
    "union": "a = box(0, 0, 1, 1).union(box(2, 0, 3, 1))\nassert a.geom_type == 'MultiPolygon' and len(a.geoms) == 2",
    "difference": "assert abs(box(0, 0, 2, 2).difference(box(0, 0, 1, 1)).area - 3) < 1e-9",
    "nearest points": "from shapely.ops import nearest_points\na, b = nearest_points(Point(0, 0), box(1, 0, 2, 1))\nassert b.x == 1",
    "affinity module": "from shapely import affinity\nimport shapely.geometry as sg\nassert affinity.translate(sg.Point(0, 0), 1, 0).x == 1",
    "shapely module": "import shapely\nassert shapely.geometry.Point(1, 2).y == 2 and shapely.affinity.rotate(Point(1, 1), 0).x == 1",
    "is empty": "assert Point(0, 0).buffer(0).is_empty and not Point(0, 0).is_empty",
    "within": "assert Point(0.5, 0.5).within(box(0, 0, 1, 1)) and isinstance(Point(0, 0), Point)",
    "geometry to array": "pts = np.array([p.coords[0] for p in [Point(0, 1), Point(2, 3)]])\nassert pts.mean(axis=0).tolist() == [1.0, 2.0]",
    "exterior interpolate": "c = Point(0, 0).buffer(0.1).exterior\npts = [c.interpolate(i / 4, normalized=True) for i in range(4)]\nassert all(abs(np.hypot(p.x, p.y) - 0.1) < 1e-3 for p in pts)",
    "polygon from points": "pts = np.array([[0, 0], [1, 0], [1, 1]])\nassert Polygon(pts).area == 0.5 and LineString(pts).length == 2",
    # the table
    "positions": "a = get_obj_pos('blue block')\nassert a.shape == (2,) and a[0] == 0.05 and (a + [0.1, 0])[0] > 0.14",
    "position as name": "put_first_on_second('blue block', get_obj_pos('yellow bowl') + np.array([0, 0.15]))",
    "bbox": "b = get_bbox('yellow bowl')\nassert len(b) == 4 and b[0] < 0 < b[2] and np.array(b).shape == (4,)",
    "denormalize": "assert np.allclose(denormalize_xy([0.5, 0.5]), [0, -0.5]) and denormalize_xy(np.array([1, 1]))[0] == 0.25",
    "corners": "corners = [denormalize_xy(c) for c in [[0, 0], [0, 1], [1, 0], [1, 1]]]\nd = [np.linalg.norm(c - get_obj_pos('blue block')) for c in corners]\nassert get_corner_name(corners[np.argmin(d)]) == 'top right corner'",
    "corner name": "assert get_corner_name(get_obj_pos('cyan block')) == 'bottom left corner' and get_side_name([0.25, -0.5]) == 'right side'",
    "visible": "if is_obj_visible('blue block') and not is_obj_visible('red block'):\n    say('ok')",
    "objects line": "objects = ['blue block', 'cyan bowl']\nfor o in objects:\n    if o in get_obj_names():\n        say(o)",
    "helper closest": "names = ['blue block', 'cyan block', 'purple block']\ni = get_closest_idx(points=get_obj_positions_np(names), point=get_obj_pos('cyan bowl'))\nret_val = names[i]\nassert ret_val == 'blue block'",
    "helper stack": "stack_objects_in_order(object_names=['blue block', 'cyan block', 'purple block'])\nassert np.allclose(get_obj_pos('purple block'), get_obj_pos('blue block'))",
    "helper line": "middle = denormalize_xy([0.5, 0.5])\nline = make_line(start=middle + [-0.15, 0], end=middle + [0.15, 0])\npts = interpolate_pts_on_line(line=line, n=3)\nassert np.allclose(pts[1], middle)",
    "helper interpolate": "line = make_line_by_length(length=2)\nassert interpolate_line(line, t=0.5).tolist() == [1.0, 0.0] and make_vertical_line_by_length(1).length == 1",
    "helper triangle": "t = make_triangle(size=0.1, center=denormalize_xy([0.5, 0.5]))\npts = get_points_from_polygon(t)\nassert len(pts) == 3 and abs(np.linalg.norm(pts[0] - pts[1]) - 0.1) < 1e-6",
    "helper bbox": "put_first_on_second('blue block', 'yellow bowl')\nassert bbox_contains_pt(container_name='yellow bowl', obj_name='blue block')",
    "helper shapes": "pts = np.array([[0, 0], [0.1, 0]])\na = translate_pts_2d(pts, delta=[0.1, 0])\nb = scale_pts_around_centroid_np(pts, scale_x=2, scale_y=2)\nc = rotate_pts_around_centroid_np(pts, angle=np.deg2rad(90))\nassert a[0][0] == 0.1 and np.allclose(b[0], [-0.05, 0]) and np.allclose(c[0], [0.05, -0.05])",
    "helper points beside": "p = get_pt_to_the_left(get_obj_pos('yellow bowl'), 0.1)\nq = get_pt_to_the_top([0, 0], 0.1)\nassert p[0] == -0.1 and q[1] == 0.1",
    "parse name": "name = parse_obj_name('the blue block', f'objects = {get_obj_names()}')\nassert name == 'blue block'\nput_first_on_second(name, 'yellow bowl')",
    "parse names": "names = parse_obj_name('the blocks', f'objects = {get_obj_names()}')\nassert len(names) == 4\nfor n in names:\n    put_first_on_second(n, parse_obj_name('the bowl closest to the cyan block', f'objects = {get_obj_names()}'))",
    "parse relation": "assert parse_obj_name('the block closest to the yellow bowl', '') == 'blue block'\nassert parse_obj_name('the left most block', '') == 'cyan block'\nassert parse_obj_name('second block from the left', '') == 'green block'\nassert parse_obj_name('the rightmost bowl', '') == 'blue bowl'",
    "parse corner": "c = parse_obj_name('the corner closest to the purple block', f'objects = {get_obj_names()}')\nassert c == 'top right corner'\nput_first_on_second('green block', c)",
    "parse position": "p = parse_position('the top left corner')\nq = parse_position('10cm to the right of the yellow bowl')\nassert np.allclose(p, [-0.25, -0.25]) and np.allclose(q, [0.1, -0.5])",
    "parse line": "pts = parse_position('a 20cm horizontal line in the middle with 3 points')\nassert len(pts) == 3 and np.allclose(pts[1], [0, -0.5])\nfor n, p in zip(['blue block', 'cyan block', 'green block'], pts):\n    put_first_on_second(n, p)",
    "parse shape": "pts = [get_obj_pos(n) for n in ['blue block', 'cyan block']]\nnew = transform_shape_pts('move it 10cm to the left', shape_pts=pts)\nassert np.allclose(new[0], pts[0] - [0.1, 0])\nbig = transform_shape_pts('scale by 2x', shape_pts=np.array(pts))\nassert len(big) == 2",
    "parse question": "assert parse_question('how many blue things are there?', f'objects = {get_obj_names()}') == 2\nif parse_question('is the blue block to the right of the cyan bowl?', ''):\n    say('yes')",
    "undo": "before = get_obj_pos('blue block')\nput_first_on_second('blue block', 'yellow bowl')\nput_first_on_second('blue block', before)\nassert np.allclose(get_obj_pos('blue block'), before)",
    "matching colors": "blocks = [n for n in get_obj_names() if 'block' in n]\nbowls = [n for n in get_obj_names() if 'bowl' in n]\nfor b in blocks:\n    for w in bowls:\n        if get_color(b) == get_color(w):\n            put_first_on_second(b, w)",
    "dict of pairs": "pairs = {'blue block': 'cyan bowl', 'cyan block': 'blue bowl'}\nfor first, second in pairs.items():\n    put_first_on_second(first, second)",
    "mismatched": "import random\nbowls = ['blue bowl', 'cyan bowl']\nfor b in ['blue block', 'cyan block']:\n    other = [w for w in bowls if w.split()[0] != b.split()[0]]\n    put_first_on_second(b, random.choice(other))",
    "circle": "names = [n for n in get_obj_names() if n.endswith('block')]\ncenter = denormalize_xy([0.5, 0.5])\nfor i, n in enumerate(names):\n    t = 2 * np.pi * i / len(names)\n    put_first_on_second(n, center + 0.15 * np.array([np.cos(t), np.sin(t)]))",
    "draw": "c = Point(get_obj_pos('blue block')).buffer(0.05)\nfollow_path(list(c.exterior.coords), height=0.1)",
    "feedback": "tries = 0\nwhile not is_grasped('blue block') and tries < 5:\n    grasp('blue block')\n    tries += 1\nassert is_grasped()\nmove_by([0, 0, 0.05])\nrelease()\nassert not is_grasped()",
    "servo": "goal = np.array([0.1, -0.4])\npos = get_gripper_pos()[:2]\nset_speed(0.5)\nwhile np.linalg.norm(goal - pos) > 0.01:\n    move_to(pos + 0.5 * (goal - pos))\n    pos = get_gripper_pos()[:2]\nassert np.allclose(pos, goal, atol=0.02)",
    # Python
    "functions": "def toward(a: np.ndarray, b, t: float = 0.5) -> np.ndarray:\n    return a + (b - a) * t\nassert toward(np.zeros(2), np.ones(2))[0] == 0.5 and toward(np.zeros(2), np.ones(2), t=1)[1] == 1",
    "typing": "from typing import List, Tuple, Optional\ndef f(xs: List[float], k: Optional[int] = None) -> Tuple[float, float]:\n    return min(xs), max(xs)\nassert f([2, 1]) == (1, 2)",
    "recursion": "def fact(n):\n    return 1 if n < 2 else n * fact(n - 1)\nassert fact(5) == 120",
    "closure": "def add(n):\n    def inner(x):\n        return x + n\n    return inner\nassert add(2)(np.array([1]))[0] == 3",
    "generator": "def squares(n):\n    for i in range(n):\n        yield i * i\nassert list(squares(3)) == [0, 1, 4] and sum(squares(4)) == 14",
    "comprehensions": "d = {n: get_obj_pos(n)[0] for n in get_obj_names()}\nassert max(d, key=d.get) in ('purple block', 'blue bowl') and len({n.split()[1] for n in d}) == 2",
    "lambda sort": "names = sorted(get_obj_names(), key=lambda n: (get_obj_pos(n)[0], get_obj_pos(n)[1]))\nassert names[0] == 'cyan block'",
    "class": "class PID:\n    def __init__(self, kp):\n        self.kp = kp\n        self.total = 0.0\n    def step(self, error):\n        self.total += error\n        return self.kp * error\nc = PID(2.0)\nassert c.step(np.array([1.0]))[0] == 2 and c.total[0] == 1",
    "del": "d = {'a': 1, 'b': 2}\nx = np.zeros(1)\ndel d['a']\ndel x\nassert list(d) == ['b']",
    "star": "first, *rest = get_obj_names()\nassert len(rest) == 6 and [*rest, first][-1] == first",
    "while": "i = 0\nwhile True:\n    i += 1\n    if i > 3:\n        break\nassert i == 4",
    "try": "try:\n    get_obj_pos('no such thing')\nexcept Exception as e:\n    say('not there')",
    "ternary": "side = 'left' if get_obj_pos('blue block')[0] < 0 else 'right'\nassert side == 'right'",
    "reduce": "from functools import reduce\nassert reduce(lambda a, b: a + b, [np.ones(2), np.ones(2)])[0] == 2",
    "math": "import math\nassert math.sqrt(4) == 2 and math.isclose(math.hypot(*get_obj_pos('cyan bowl')), 0.36, abs_tol=0.01)",
    "docstring": 'def f():\n    """Says what."""\n    return np.array([1])\nassert f()[0] == 1',
    "nested lists": "grid = [[np.array([i, j]) for j in range(2)] for i in range(2)]\nassert grid[1][0].tolist() == [1, 0]",
    "swap": "a, b = get_obj_pos('blue block'), get_obj_pos('cyan block')\na, b = b, a\nassert a[0] == -0.2",
    "global": "count = 0\ndef f():\n    global count\n    count += 1\nf()\nassert count == 1",
    "string methods": "n = 'Blue Block'.lower().replace(' ', '_')\nassert n == 'blue_block' and n.split('_')[0].capitalize() == 'Blue'",
    "accumulate": "total = np.zeros(2)\nfor n in get_obj_names():\n    total += get_obj_pos(n)\nassert total.shape == (2,) and (total / 7)[1] < 0",
    "bounds check": "x, y = get_obj_pos('blue block')\nassert -0.3 <= x <= 0.3 and -0.8 <= y <= -0.2",
}
FAILS = {  # what their text implies
    "no such object": ("put_first_on_second('red block', 'yellow bowl')", "no 'red block'"),
    "shapes": ("np.array([1, 2]) + np.array([1, 2, 3])", "shape"),
    "index": ("np.array([1, 2])[7]", "out of bounds"),
    "unknown function of numpy": ("np.frobnicate(3)", "frobnicate"),
    "unknown function": ("do_the_dance('red')", "do_the_dance"),
    "an assertion": ("assert np.zeros(1)[0] == 1", "Assertion"),
    "a singular matrix": ("np.linalg.inv(np.zeros((2, 2)))", "Singular"),
    "ragged": ("np.array([[1, 2], [3]])", "inhomogeneous"),
    "an error of its own": ("raise ValueError('enough')", "enough"),
    "a key": ("{'a': 1}['b']", "b"),
    "a module": ("import torch", "no module `torch`"),
    "a wrong import": ("from numpy import frobnicate", "frobnicate"),
}


@pytest.fixture(scope="module")
def sandbox():
    sandbox = Sandbox()
    sandbox.warm()
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize("name", RUNS)
def test_runs(sandbox, name):
    head = HEAD if len(name) % 2 else ""  # what is imported is there anyway
    run = run_program(sandbox, head + RUNS[name])
    assert isinstance(run.end, Finished), run.end


@pytest.mark.parametrize("name", FAILS)
def test_fails_as_it_should(sandbox, name):
    program, why = FAILS[name]
    end = run_program(sandbox, f"say('begin')\n\n{program}\n").end
    assert isinstance(end, Failed) and why in end.error
    assert end.line == 3
