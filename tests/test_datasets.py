"""Datasets: what is written is read to the last bit, and what is broken is said to be."""

import json
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from robot.cli.data import Convert, Inspect
from robot.cli.errors import WrongUse
from skills.beso.datasets import load
from skills.beso.episodes import DataError, Episodes, join
from skills.beso.lerobot_write import Files, write

INFO = "meta/info.json"
TASKS = "meta/tasks.parquet"
STEPS = "data/chunk-000/file-000.parquet"
TABLE = "meta/episodes/chunk-000/file-000.parquet"

slow = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def made(lengths=(3, 5, 2), observed=4, acted=2, fps=10.0, tasks=()):
    rng = np.random.default_rng(0)
    ends = np.cumsum(lengths)
    return Episodes.of(
        rng.normal(size=(ends[-1], observed)), rng.normal(size=(ends[-1], acted)), ends, fps, tasks
    )


def same(a, b):
    """Equal to the last bit, the sign of zero included."""
    pairs = (a.observations, b.observations), (a.actions, b.actions), (a.ends, b.ends)
    return (
        all(x.dtype == y.dtype and x.shape == y.shape for x, y in pairs)
        and all(x.tobytes() == y.tobytes() for x, y in pairs)
        and (a.fps, a.tasks) == (b.fps, b.tasks)
    )


def refused(path, *words):
    """The one line that says why a dataset cannot be read."""
    with pytest.raises(DataError) as caught:
        load(path)
    line = str(caught.value)
    assert "\n" not in line and all(word in line for word in words), line
    return line


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
    assert "DataError: LeRobot datasets need pyarrow: pip install 'courtside[train]'" in done.stderr


# --- The kitchen ----------------------------------------------------------------------------------


def kitchen_arrays(lengths=(4, 7, 1), steps=7):
    rng = np.random.default_rng(1)
    n = len(lengths)
    return {
        "observations_seq.npy": rng.normal(size=(steps, n, 60)),
        "actions_seq.npy": rng.normal(size=(steps, n, 9)),
        "existence_mask.npy": (np.arange(steps)[:, None] < np.array(lengths)).astype(np.float32),
    }


def save_kitchen(path, found):
    path.mkdir()
    for name, array in found.items():
        np.save(path / name, array)
    return path


@pytest.mark.parametrize("mask", [bool, np.uint8, np.float32])
def test_kitchen_demonstrations(tmp_path, mask):
    found = kitchen_arrays()
    found["existence_mask.npy"] = found["existence_mask.npy"].astype(mask)
    found["observations_seq.npy"][5, 0] = np.nan  # padding
    episodes = load(save_kitchen(tmp_path / "kitchen", found))
    assert episodes.observations.shape == (12, 30) and episodes.actions.shape == (12, 9)
    assert episodes.ends.tolist() == [4, 11, 12] and episodes.fps == 12.5
    seen, acted = found["observations_seq.npy"], found["actions_seq.npy"]
    for number, (start, end) in enumerate(zip(episodes.starts, episodes.ends, strict=True)):
        steps = slice(0, end - start)
        assert (episodes.observations[start:end] == np.float32(seen[steps, number, :30])).all()
        assert (episodes.actions[start:end] == np.float32(acted[steps, number])).all()


def spoilt(name, change):
    def spoil(found):
        found[name] = change(found[name])

    return spoil


def with_value(value, *place):
    def change(array):
        array[place] = value
        return array

    return change


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: f.pop("actions_seq.npy"), ["actions_seq.npy: there is no such", "existence"]),
        (spoilt("actions_seq.npy", lambda a: a[:-1]), ["must be (7, 3, 9)", "not (6, 3, 9)"]),
        (spoilt("observations_seq.npy", lambda a: a[..., :30]), ["must be (7, 3, 60)"]),
        (spoilt("existence_mask.npy", lambda a: a[..., None]), ["must be (T, N)"]),
        (spoilt("existence_mask.npy", with_value(0.5, 0, 0)), ["0 or 1"]),
        (spoilt("existence_mask.npy", with_value(0, 2, 1)), ["demonstration 1", "first axis"]),
        (spoilt("existence_mask.npy", with_value(0, 0, 2)), ["demonstration 2 has no steps"]),
        (spoilt("existence_mask.npy", with_value(np.nan, 0, 2)), ["0 or 1"]),
        (spoilt("actions_seq.npy", with_value(np.inf, 3, 1, 2)), ["demonstration 1, step 3"]),
        (spoilt("observations_seq.npy", with_value(np.nan, 0, 2, 0)), ["demonstration 2, step 0"]),
        (spoilt("observations_seq.npy", with_value(1e300, 0, 0, 0)), ["not finite"]),
        (spoilt("actions_seq.npy", lambda a: a.astype(str)), ["array of numbers"]),
        (spoilt("actions_seq.npy", lambda a: a.astype(object)), ["actions_seq.npy: not a whole"]),
        (lambda f: f.update({k: a[:, :0] for k, a in f.items()}), ["there must be one"]),
    ],
)
def test_wrong_kitchen_arrays(tmp_path, spoil, words):
    found = kitchen_arrays()
    spoil(found)
    refused(save_kitchen(tmp_path / "kitchen", found), str(tmp_path), *words)


@settings(slow, max_examples=60)
@given(st.sampled_from(sorted(kitchen_arrays())), st.floats(0, 1, exclude_max=True))
def test_truncated_kitchen_arrays(tmp_path, name, place):
    path = tmp_path / "kitchen"
    shutil.rmtree(path, ignore_errors=True)
    save_kitchen(path, kitchen_arrays())
    content = (path / name).read_bytes()
    (path / name).write_bytes(content[: int(place * len(content))])
    refused(path, f"{name}: not a whole .npy file")


# --- Archives -------------------------------------------------------------------------------------


def pusht():
    episodes = made(observed=5)
    return {"state": episodes.observations, "action": episodes.actions} | {
        "episode_ends": episodes.ends,
        "keypoint": np.zeros((10, 9, 2)),
    }


@pytest.mark.parametrize(("name", "observed"), [("state", 5), ("obs", 16)])
def test_archives_are_told_apart(tmp_path, name, observed):
    episodes = made(observed=observed)
    found = {name: episodes.observations, "action": episodes.actions, "episode_ends": episodes.ends}
    np.savez(tmp_path / "set.npz", **found)
    assert same(load(tmp_path / "set.npz"), episodes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"state": None},
            ["has 'action', 'episode_ends', 'keypoint'", "valid are", "state or obs"],
        ),
        ({"action": None}, ["action is not a file in the archive"]),
        ({"state": np.zeros((10, 5, 1))}, ["observations must be (steps, numbers)"]),
        ({"state": np.zeros(10)}, ["observations must be (steps, numbers)"]),
        ({"action": np.zeros((9, 2))}, ["10 observations but 9 actions"]),
        ({"action": np.full((10, 2), np.inf)}, ["actions are not finite at 10 steps, first at 0"]),
        ({"action": np.full((10, 2), "a")}, ["not arrays of numbers"]),
        ({"action": np.full((10, 2), None)}, ["allow_pickle=False"]),
        ({"episode_ends": np.array([3, 3, 10])}, ["must rise"]),
        ({"episode_ends": np.array([3, 8])}, ["ends at 8, but there are 10"]),
        ({"episode_ends": np.array([2.5, 10])}, ["whole numbers"]),
        ({"obs": np.zeros((10, 16))}, ["has 'state', 'action'", "valid are"]),
    ],
)
def test_wrong_archives(tmp_path, change, words):
    found = {key: value for key, value in (pusht() | change).items() if value is not None}
    np.savez(tmp_path / "set.npz", **found)
    refused(tmp_path / "set.npz", str(tmp_path), *words)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@settings(slow, max_examples=150)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255) | st.none())
def test_damaged_archives(tmp_path, save, place, value):
    file = tmp_path / "set.npz"
    found = pusht()
    save(file, **found)
    content = bytearray(file.read_bytes())
    place = int(place * len(content))
    if value is None:
        del content[place:]
    else:
        content[place] = value
    file.write_bytes(content)
    try:
        episodes = load(file)
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert value is not None
        assert episodes.hash == made(observed=5).hash


class Trap:
    def __reduce__(self):
        return print, ("unpickled",)


@pytest.mark.parametrize("name", ["trap.npz", "kitchen/actions_seq.npy"])
def test_nothing_is_unpickled(tmp_path, capsys, name):
    (tmp_path / "kitchen").mkdir()
    file = tmp_path / name
    file.write_bytes(pickle.dumps(Trap()))
    refused(file if file.suffix == ".npz" else file.parent)
    np.savez(tmp_path / "object.npz", state=np.array([Trap()]), action=0, episode_ends=0)
    refused(tmp_path / "object.npz")
    assert capsys.readouterr().out == ""


# --- Which is which -------------------------------------------------------------------------------


def test_what_is_no_dataset(tmp_path):
    valid = ("LeRobot v3.0 folder", "kitchen folder", ".npz")
    refused(tmp_path / "nothing", "there is no such file or folder", *valid)
    refused(tmp_path, "not a folder of demonstrations", *valid)
    (tmp_path / "text").write_text("hello")
    refused(tmp_path / "text", *valid)
    np.save(tmp_path / "one.npy", np.zeros(3))
    refused(tmp_path / "one.npy", *valid)


def test_sentences_stay_with_their_episodes():
    told, silent = made(tasks=("a", "b", "c")), made()
    assert told.select(np.array([2, 0])).tasks == ("c", "a")
    assert join(told, silent).tasks == ("a", "b", "c", "", "", "")
    assert join(silent, silent).tasks == ()
    assert told.hash != silent.hash != made(tasks=("a", "b", "d")).hash != told.hash
    with pytest.raises(DataError, match="3 episodes but 2 task sentences"):
        made(tasks=("a", "b"))


# --- The command ----------------------------------------------------------------------------------


def test_inspect_and_convert(tmp_path, capsys):
    source, target = save_kitchen(tmp_path / "kitchen", kitchen_arrays()), tmp_path / "new/set"
    assert Convert(source, target, json=True).main() == 0
    converted = json.loads(capsys.readouterr().out)
    assert same(load(source), load(target))
    assert Inspect(target, json=True).main() == 0
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == "LeRobot v3.0" and converted["format"] == "kitchen"
    assert found["sha256"] == converted["sha256"] == load(source).hash
    assert (found["episodes"], found["steps"], found["fps"]) == (3, 12, 12.5)
    assert found["steps_per_episode"] == {"min": 1, "median": 4.0, "max": 7}
    assert found["action"]["size"] == len(found["action"]["mean"]) == 9
    assert Inspect(target).main() == 0
    assert "1 to 7, median 4" in capsys.readouterr().out


def test_the_command_names_what_is_wrong(tmp_path, dataset):
    with pytest.raises(WrongUse, match="there is no such file or folder"):
        Inspect(tmp_path / "nothing").main()
    with pytest.raises(WrongUse, match="exists already"):
        Convert(dataset, dataset).main()
    assert Inspect(dataset).main() == 0


def test_inspect_lists_the_tasks(dataset, capsys):
    Inspect(dataset).main()
    assert "'push' in 2 episodes" in capsys.readouterr().out
