"""Scenes: random ones keep their distances, files are checked, errors name what is valid."""

import json
from itertools import combinations
from math import hypot

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.table import SIZES, SPACING, X_BOUNDS, Y_BOUNDS
from sim.scene import SceneError, load_scene, parse_scene, random_scene
from sim.shapes import parts


@given(st.integers(0, 2**32 - 1), st.integers(0, 4), st.integers(0, 4))
def test_random_scenes_keep_their_distances(seed, blocks, bowls):
    scene = random_scene(np.random.default_rng(seed), blocks, bowls)
    assert [thing.kind for thing in scene] == ["block"] * blocks + ["bowl"] * bowls
    assert len({thing.name for thing in scene}) == len(scene)
    for thing in scene:
        assert X_BOUNDS[0] < thing.x < X_BOUNDS[1] and Y_BOUNDS[0] < thing.y < Y_BOUNDS[1]
    for a, b in combinations(scene, 2):
        assert hypot(a.x - b.x, a.y - b.y) > SPACING


def test_a_seed_is_a_scene():
    first, again, other = (random_scene(np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first == again != other


def test_named_scene():
    names = ("red block", "blue bowl")
    assert tuple(t.name for t in random_scene(np.random.default_rng(0), names=names)) == names
    with pytest.raises(SceneError, match="do not fit"):
        random_scene(np.random.default_rng(0), 10, 10)


def test_scene_file(tmp_path):
    path = tmp_path / "scene.json"
    objects = [{"name": "red block", "xy": [0.1, -0.5]}, {"name": "blue bowl", "xy": [-0.1, -0.4]}]
    path.write_text(json.dumps({"objects": objects, "seed": 7}))
    scene, seed = load_scene(path)
    assert seed == 7
    assert [(t.name, t.x, t.y) for t in scene] == [
        ("red block", 0.1, -0.5),
        ("blue bowl", -0.1, -0.4),
    ]


RED = {"name": "red block", "xy": [0.1, -0.5]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "must be an object"),
        ({}, "lacks objects"),
        ({"objects": {}}, "must be a list"),
        ({"objects": [], "sed": 1}, "unknown key 'sed'; valid are objects, seed"),
        ({"objects": [], "seed": -1}, "seed"),
        ({"objects": [], "seed": "1"}, "seed"),
        ({"objects": [{"name": "red block"}]}, "lacks xy"),
        ({"objects": [{**RED, "name": "mauve block"}]}, "a name is a colour .*blue.*block, bowl"),
        ({"objects": [{**RED, "name": 3}]}, "unknown object 3"),
        ({"objects": [{**RED, "xy": [0.1]}]}, "two numbers"),
        ({"objects": [{**RED, "xy": [0.1, float("nan")]}]}, "two numbers"),
        ({"objects": [{**RED, "xy": [0.1, 0.5]}]}, "off the table"),
        ({"objects": [{**RED, "yaw": "north"}]}, "yaw"),
        ({"objects": [RED, RED]}, "names must differ"),
        ({"objects": [RED, {"name": "blue block", "xy": [0.12, -0.5]}]}, "overlap"),
    ],
)
def test_wrong_scenes(data, message):
    with pytest.raises(SceneError, match=message):
        parse_scene(data)


@pytest.mark.parametrize("content", [None, b"{", b"\xff\xfe", b"[" * 100_000])
def test_unreadable_scene_files(tmp_path, content):
    path = tmp_path / "scene.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SceneError, match=r"scene\.json"):
        load_scene(path)


def test_parts_fill_the_size_of_their_kind():
    for kind, size in SIZES.items():
        low, high = np.full(3, np.inf), np.full(3, -np.inf)
        for box in parts(kind):
            w, x, y, z = box.quaternion
            rotation = np.array(
                [
                    [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                    [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                    [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
                ]
            )
            reach = np.abs(rotation) @ box.half
            low = np.minimum(low, np.array(box.position) - reach)
            high = np.maximum(high, np.array(box.position) + reach)
        assert high - low == pytest.approx(size, abs=0.006)
