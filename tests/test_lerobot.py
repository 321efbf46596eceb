"""LeRobot datasets: what is written is read to the last bit, and what is broken is said to be."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from demonstrations import made, refused, same, slow
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skills.beso.datasets import load
from skills.beso.episodes import DataError, Episodes
from skills.beso.lerobot_write import Files, write

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

INFO = "meta/info.json"
TASKS = "meta/tasks.parquet"
STEPS = "data/chunk-000/file-000.parquet"
TABLE = "meta/episodes/chunk-000/file-000.parquet"

# --- LeRobot: there and back ----------------------------------------------------------------------


@st.composite
def any_episodes(draw):
    lengths = draw(st.lists(st.integers(1, 7), min_size=1, max_size=6))
    steps = sum(lengths)
    finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
    observations, actions = (
        draw(arrays(np.float32, (steps, draw(st.integers(1, 4))), elements=finite))
        for _ in range(2)
    )
    said = st.text(max_size=9)
    tasks = draw(st.just([]) | st.lists(said, min_size=len(lengths), max_size=len(lengths)))
    fps = draw(st.integers(1, 2000) | st.floats(0.1, 2000))
    return Episodes.of(
        observations, actions, np.cumsum(lengths), float(fps), tuple(tasks) if any(tasks) else ()
    )


@slow
@given(any_episodes(), st.sampled_from([1e-6, 4e-4, 8e-4, 100]), st.integers(1, 3))
def test_what_is_written_is_read(tmp_path, episodes, megabytes, chunk):
    path = tmp_path / "set"
    shutil.rmtree(path, ignore_errors=True)
    write(episodes, path, Files(megabytes, chunk))
    assert same(load(path), episodes)


def test_files_hold_whole_episodes_in_folders_of_so_many(tmp_path):
    episodes = made([4] * 7)
    write(episodes, tmp_path / "a", Files(megabytes=1e-6, chunk=3))
    found = sorted(str(p.relative_to(tmp_path / "a/data")) for p in tmp_path.glob("a/data/*/*"))
    assert found == [
        f"chunk-{c:03d}/file-{f:03d}.parquet"
        for c, f in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0))
    ]
    assert same(load(tmp_path / "a"), episodes)
    step = pq.read_table(tmp_path / "a" / STEPS).nbytes / 4
    write(episodes, tmp_path / "b", Files(megabytes=step * 8.5 / 2**20))
    rows = [pq.read_metadata(p).num_rows for p in sorted(tmp_path.glob("b/data/*/*"))]
    assert rows == [8, 8, 8, 4]


def test_the_layout_is_lerobots(tmp_path):
    write(made([3, 5], tasks=("push it", "pull it")), tmp_path / "set")
    info = json.loads((tmp_path / "set" / INFO).read_text())
    assert info["codebase_version"] == "v3.0" and info["fps"] == 10
    assert isinstance(info["fps"], int)
    assert info["data_path"] == "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
    totals = {key: info[f"total_{key}"] for key in ("episodes", "frames", "tasks")}
    assert totals == {"episodes": 2, "frames": 8, "tasks": 2}
    assert info["splits"] == {"train": "0:2"}
    assert info["features"]["observation.state"] == {
        "dtype": "float32",
        "shape": [4],
        "names": None,
    }
    steps = pq.read_table(tmp_path / "set" / STEPS)
    assert {field.name: str(field.type) for field in steps.schema} == {
        "observation.state": "fixed_size_list<element: float>[4]",
        "action": "fixed_size_list<element: float>[2]",
        "timestamp": "float",
        **dict.fromkeys(("frame_index", "episode_index", "index", "task_index"), "int64"),
    }
    assert list(info["features"]) == steps.column_names
    assert steps["timestamp"].to_pylist() == pytest.approx([0, 0.1, 0.2, 0, 0.1, 0.2, 0.3, 0.4])
    row = pq.read_table(tmp_path / "set" / TABLE).to_pylist()[1]
    assert {key: value for key, value in row.items() if not key.startswith("stats/")} == {
        "episode_index": 1,
        "tasks": ["pull it"],
        "length": 5,
        "data/chunk_index": 0,
        "data/file_index": 0,
        "dataset_from_index": 3,
        "dataset_to_index": 8,
        "meta/episodes/chunk_index": 0,
        "meta/episodes/file_index": 0,
    }
    tasks = pq.read_table(tmp_path / "set" / TASKS)
    assert tasks.to_pydict() == {"task_index": [0, 1], "__index_level_0__": ["push it", "pull it"]}
    assert json.loads(tasks.schema.metadata[b"pandas"])["index_columns"] == ["__index_level_0__"]


def test_statistics_are_those_of_the_data(tmp_path):
    episodes = made([300, 200])
    write(episodes, tmp_path / "set")
    found = json.loads((tmp_path / "set/meta/stats.json").read_text())["action"]
    first = pq.read_table(tmp_path / "set" / TABLE).to_pylist()[0]
    for array, value in (
        (episodes.actions, found),
        (episodes.actions[:300], {k: first[f"stats/action/{k}"] for k in found}),
    ):
        assert value["count"] == [len(array)]
        for name in ("min", "max", "mean", "std"):
            assert value[name] == pytest.approx(getattr(np.float64(array), name)(0))
        for percent in (1, 10, 50, 90, 99):
            wanted = np.percentile(np.float64(array), percent, axis=0)
            assert value[f"q{percent:02d}"] == pytest.approx(wanted)


@pytest.mark.parametrize("list_type", [pa.list_, pa.large_list, lambda t: pa.list_(t, 2)])
@pytest.mark.parametrize("number", [pa.float32(), pa.float64()])
def test_datasets_of_others(tmp_path, list_type, number):
    """As LeRobot's own recordings and conversions: more columns, many files, an environment."""
    path = tmp_path / "theirs"
    write(made([2, 3], observed=2), path, Files(megabytes=1e-6, chunk=1))
    for file in sorted(path.glob("data/*/*.parquet")):
        table = pq.read_table(file)
        rows = np.arange(table.num_rows)
        pairs = pa.array([[1.5, -2.5]] * len(rows), list_type(number))
        table = table.set_column(0, "observation.state", pairs)
        table = table.append_column("observation.environment_state", pa.array(rows, number))
        table = table.append_column("next.done", pa.array([False] * len(rows)))
        pq.write_table(table.replace_schema_metadata(None), file)
    tasks = pa.table({"task": ["Push the T."], "task_index": [0]})
    pq.write_table(tasks, path / TASKS)
    change_json(path / INFO, lambda info: info["features"].update(ENVIRONMENT))
    found = load(path)
    assert found.observations.tolist() == [[1.5, -2.5, i] for i in (0, 1, 0, 1, 2)]
    assert found.tasks == ("Push the T.",) * 2 and found.observations.dtype == np.float32


ENVIRONMENT = {"observation.environment_state": {"dtype": "float32", "shape": [1], "names": None}}


# --- LeRobot: what is wrong with it ---------------------------------------------------------------


@pytest.fixture
def dataset(tmp_path):
    write(made(tasks=("push", "pull", "push")), tmp_path / "set")
    return tmp_path / "set"


def change_json(file, change):
    value = json.loads(file.read_text())
    change(value)
    file.write_text(json.dumps(value))


def change_table(file, name, value):
    """Replace a column, or with None remove it; without the checksum."""
    table = pq.read_table(file).replace_schema_metadata(None)
    place = table.column_names.index(name)
    table = table.remove_column(place)
    if value is not None:
        table = table.add_column(place, name, value)
    pq.write_table(table, file)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("codebase_version", "v2.1", ["LeRobot v2.1", "convert_dataset_v21_to_v30", "--root="]),
        ("codebase_version", "v4.0", ["v4.0", "v3.0 is read"]),
        ("codebase_version", None, ["None", "v3.0 is read"]),
        ("fps", 0, ["fps must be a positive number"]),
        ("fps", float("nan"), ["fps must be a positive number"]),
        ("fps", 10**400, ["fps must be a positive number"]),
        ("fps", "10", ["fps must be a positive number, not '10'"]),
        ("features", [], ["features must be an object"]),
        ("features", {}, ["observation.state", "there are none"]),
        ("features", {"observation.state": {"shape": [4]}}, ["no feature 'action'", "there are"]),
        ("total_frames", 9, ["10 steps", "says 9"]),
        ("total_episodes", 4, ["3 episodes", "says 4"]),
        ("total_episodes", "3", ["whole number"]),
        ("data_path", "data/{episode_index}.parquet", ["data_path must be"]),
    ],
)
def test_wrong_description(dataset, key, value, words):
    change_json(dataset / INFO, lambda info: info.update({key: value}))
    refused(dataset, *words)


@pytest.mark.parametrize("shape", [[5], [2, 2], [], None, ["4"]])
def test_wrong_shape_in_the_description(dataset, shape):
    change_json(dataset / INFO, lambda i: i["features"]["observation.state"].update(shape=shape))
    refused(dataset, "observation.state", str(shape))


def ints(*values):
    return pa.array(values, pa.int64())


@pytest.mark.parametrize(
    ("file", "column", "value", "words"),
    [
        (STEPS, "action", None, ["no column 'action'", "observation.state"]),
        (STEPS, "action", ints(*range(10)), ["action must be lists of 2 numbers, not int64"]),
        (STEPS, "action", pa.array([[1.0]] * 10), ["action has [1] numbers a row, not [2]"]),
        (STEPS, "action", pa.array([["a", "b"]] * 10), ["action must be numbers, not string"]),
        (STEPS, "action", pa.array([[1.0, 2.0]] * 9 + [None]), ["empty in 1 rows"]),
        (STEPS, "action", pa.array([[1.0, None]] * 10), ["lacks 10 numbers"]),
        (STEPS, "action", pa.array([[0.0, 0.0]] * 7 + [[0.0, np.nan]] * 3), ["first at 7"]),
        (STEPS, "action", pa.array([[1e300, 0.0]] * 10), ["actions are not finite", "first at 0"]),
        (STEPS, "index", ints(*range(1, 11)), ["index is 1 in row 0, but 0"]),
        (STEPS, "frame_index", ints(*range(10)), ["frame_index is 3 in row 3, but 0"]),
        (STEPS, "episode_index", ints(*[0] * 10), ["episode_index is 0 in row 3, but 1"]),
        (STEPS, "task_index", ints(*[7] * 10), ["task 7", TASKS]),
        (STEPS, "task_index", ints(0, 1, *[0] * 8), ["from row 0 has 2 tasks"]),
        (STEPS, "index", pa.array(np.arange(10.0)), ["index must be whole numbers"]),
        (TABLE, "length", None, ["no column 'length'"]),
        (TABLE, "length", ints(3, 4, 2), ["row 1 does not continue"]),
        (TABLE, "dataset_to_index", ints(3, 8, 9), ["row 2 does not continue"]),
        (TABLE, "episode_index", ints(0, 2, 1), ["row 1 does not continue"]),
        (TABLE, "data/file_index", ints(0, 0, 1), ["10 steps", "says 8 (episodes 0 to 1)"]),
        (TABLE, "data/file_index", ints(1, 1, 1), ["file-001.parquet: there is no such file"]),
        (TABLE, "data/chunk_index", ints(-1, 0, 0), ["row 0 does not continue"]),
        (TASKS, "__index_level_0__", None, ["one column of sentences is expected, not 0"]),
        (TASKS, "task_index", ints(0, 0), ["stands twice"]),
        (TASKS, "task_index", ints(0, 5), ["task 1", TASKS]),
    ],
)
def test_wrong_tables(dataset, file, column, value, words):
    change_table(dataset / file, column, value)
    refused(dataset, *words)


@pytest.mark.parametrize("file", [STEPS, TABLE, TASKS])
def test_missing_files(dataset, file):
    (dataset / file).unlink()
    refused(dataset, "there is no")


def test_rows_missing_from_the_data(dataset):
    table = pq.read_table(dataset / STEPS)
    pq.write_table(table.slice(0, 9), dataset / STEPS)
    refused(dataset, "9 steps, but the table of episodes says 10 (episodes 0 to 2)")


def test_numbers_changed_behind_its_back(dataset):
    table = pq.read_table(dataset / STEPS)
    zeros = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(20, np.float32)), 2)
    pq.write_table(table.set_column(1, "action", zeros), dataset / STEPS)
    refused(dataset, "checksum differs")


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00", "[" * 100_000])
def test_broken_json(dataset, text):
    (dataset / INFO).write_text(text)
    refused(dataset, INFO)


FILES = (INFO, "meta/stats.json", TASKS, TABLE, STEPS, "data/chunk-001/file-000.parquet")
TOLD = made([3, 5, 2], tasks=("push", "pull", "push"))


@settings(slow, max_examples=120)
@given(
    st.sampled_from(FILES),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 255) | st.none(),
)
def test_damage_never_passes_for_data(tmp_path, file, place, value):
    """A byte changed, or all from there on missing: refused, or it does not matter."""
    whole, path = tmp_path / "whole", tmp_path / "damaged"
    if not whole.exists():
        write(TOLD, whole, Files(megabytes=4.6e-4, chunk=1))
        assert sorted(str(p.relative_to(whole)) for p in whole.rglob("*.*")) == sorted(FILES)
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(whole, path)
    content = bytearray((path / file).read_bytes())
    place = int(place * len(content))
    if value is None:
        del content[place:]
    else:
        content[place] = value
    (path / file).write_bytes(content)
    try:
        found = load(path)
    except DataError as error:
        assert "\n" not in str(error) and str(path) in str(error)
    else:
        assert same(found, TOLD)


def test_nothing_is_written_over(tmp_path):
    write(made(), tmp_path / "set")
    with pytest.raises(DataError, match="exists already"):
        write(made(), tmp_path / "set")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="exists already"):
        write(made(), tmp_path / "file")
    (tmp_path / "empty").mkdir()
    write(made(), tmp_path / "empty")


def test_without_pyarrow_the_extra_is_named(dataset):
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from pathlib import Path\n"
        "from skills.beso.datasets import load\n"
        f"load(Path({str(dataset)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "DataError: LeRobot datasets need pyarrow: run `make dev`" in done.stderr
