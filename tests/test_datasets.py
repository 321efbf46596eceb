"""Datasets: the kitchen's, archives, and the command that inspects and converts them."""

import json
import pickle
import shutil

import numpy as np
import pytest
from demonstrations import made, refused, same, slow
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.cli.data import Convert, Inspect
from robot.cli.errors import WrongUse
from skills.beso.datasets import load
from skills.beso.episodes import DataError, join
from skills.beso.lerobot_write import write

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


@pytest.fixture
def dataset(tmp_path):
    pytest.importorskip("pyarrow")
    write(made(tasks=("push", "pull", "push")), tmp_path / "set")
    return tmp_path / "set"


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
