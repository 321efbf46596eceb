"""Datasets of demonstrations, whatever their format."""

from pathlib import Path

import numpy as np

from skills.beso import kitchen, lerobot
from skills.beso.episodes import DataError, Episodes, load_arrays
from skills.beso.segments import follows

# Archives of arrays are told apart by what the array of observations is called.
ARCHIVES = {"state": "PushT", "obs": "block push"}
ARCHIVE_FPS = 10.0  # [Hz] of both
VALID = (
    "a LeRobot v3.0 folder (meta/info.json), "
    f"a kitchen folder ({kitchen.OBSERVATIONS}, {kitchen.ACTIONS}, {kitchen.MASK}), "
    f"or an .npz with {' or '.join(ARCHIVES)}, action and episode_ends"
)


def load(path: Path) -> Episodes:
    """The episodes of a file or folder in any format that is known."""
    return named(path)[1]


def commanded(path: Path) -> Episodes:
    """What is to be learned from a dataset by policies that are told in words: of narrated
    demonstrations the segments, each with its command; of others the episodes."""
    episodes = load(path)
    segments = lerobot.narration(path, episodes) if path.is_dir() else []
    return follows(episodes, segments) if segments else episodes


def named(path: Path) -> tuple[str, Episodes]:
    """The name of a dataset's format, and its episodes."""
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder; valid are {VALID}")
    if path.is_dir():
        if lerobot.is_lerobot(path):
            return "LeRobot v3.0", lerobot.read(path)
        if kitchen.is_kitchen(path):
            return "kitchen", kitchen.read(path)
        raise DataError(f"{path}: not a folder of demonstrations; valid are {VALID}")
    observations = _observations(path)
    return ARCHIVES[observations], load_arrays(path, observations, ARCHIVE_FPS)


def _observations(path: Path) -> str:
    """The name of the array of observations in an .npz."""
    try:
        with np.load(path, allow_pickle=False) as file:
            names = file.files
    except Exception as error:  # zipfile, zlib, struct, pickle: whatever a broken file brings up
        raise DataError(f"{path}: not a whole .npz file ({error}); valid are {VALID}") from error
    found = [name for name in ARCHIVES if name in names]
    if len(found) != 1:
        raise DataError(
            f"{path}: has {', '.join(map(repr, names)) or 'nothing'}; valid are {VALID}"
        )
    return found[0]
