"""LeRobot v3.0 datasets, read: folders of Parquet and JSON files.

A table of steps in files of whole episodes, a table of episodes that says where each lies, the
task sentences, and a description. Images and videos are left out.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.beso.episodes import DataError, Episodes
from skills.beso.segments import KINDS, Segment, check

VERSION = "v3.0"
INFO = "meta/info.json"
SENTENCES = "meta/tasks.parquet"
COMMANDS = "meta/subtasks.parquet"  # of narrated demonstrations, as LeRobot has it
NUMBERED = "chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
DATA = f"data/{NUMBERED}"
EPISODES = f"meta/episodes/{NUMBERED}"

STATES = ("observation.state", "observation.environment_state")  # side by side, in this order
ACTION = "action"
COUNTERS = ("frame_index", "episode_index", "index", "task_index")  # of each step
SUBTASK, SEGMENT, KIND = "subtask_index", "segment_index", "segment_kind"  # of narrated steps
WHOLE = (Path(SENTENCES).name, Path(COMMANDS).name)  # what their columns are called varies
PLACE = ("data/chunk_index", "data/file_index")  # of an episode's steps
SPAN = ("episode_index", "length", "dataset_from_index", "dataset_to_index")
DIGEST = b"courtside.sha256"  # in a data file's metadata: Parquet does not notice all damage


def is_lerobot(path: Path) -> bool:
    """Whether this is a folder with a LeRobot dataset, of any version."""
    return (path / INFO).exists()


@dataclass(frozen=True)
class _Part:
    """What one file of steps holds."""

    file: Path
    episodes: range  # their numbers
    observations: NDArray[Any]  # (N, observation)
    actions: NDArray[Any]  # (N, action)
    tasks: tuple[str, ...]
    digest: bytes  # empty where the file has none


def read(path: Path) -> Episodes:
    """The episodes of a LeRobot v3.0 dataset.

    `observation.environment_state`, where there is one, stands behind `observation.state`.
    """
    info = _info(path)
    widths = _widths(path, info["features"])
    table = _episode_table(path, info)
    sentences = _sentences(path)
    places = zip(*(table[key].tolist() for key in PLACE), strict=True)
    parts: list[_Part] = []
    for (chunk, file), group in groupby(enumerate(places), key=lambda numbered: numbered[1]):
        numbers = [number for number, _ in group]
        episodes = range(numbers[0], numbers[-1] + 1)
        name = path / DATA.format(chunk_index=chunk, file_index=file)
        parts.append(_part(name, episodes, widths, table, sentences))
    tasks = tuple(task for part in parts for task in part.tasks)
    try:
        found = Episodes.of(
            np.concatenate([part.observations for part in parts]),
            np.concatenate([part.actions for part in parts]),
            table["dataset_to_index"],
            info["fps"],
            tasks if any(tasks) else (),
        )
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    for part in parts:
        if part.digest and part.digest != digest(found, part.episodes):
            raise DataError(
                f"{part.file}: damaged, or changed since it was written: its checksum differs"
            )
    return found


def narration(path: Path, episodes: Episodes) -> list[Segment]:
    """The segments of a dataset whose `episodes` have been read; none if it is not narrated."""
    if not (path / COMMANDS).exists():
        return []
    commands = _sentences(path, COMMANDS, SUBTASK)
    parts: dict[str, list[NDArray[np.int64]]] = {SUBTASK: [], SEGMENT: [], KIND: []}
    for file in sorted((path / "data").glob("*/*.parquet")):
        columns, _ = _columns(file, [*parts])
        for name, found in parts.items():
            found.append(_whole(file, name, columns[name]))
    subtask, number, kind = (np.concatenate(found) for found in parts.values())
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    segments = []
    for start, end in pairwise([*starts.tolist(), len(number)]):
        if int(subtask[start]) not in commands or not 0 <= kind[start] < len(KINDS):
            raise DataError(f"{path}: step {start} is of a command or kind that there is not")
        command, sort = commands[int(subtask[start])], KINDS[int(kind[start])]
        segments.append(Segment(start, end, command, sort))
    check(segments, episodes)
    return segments


def _part(
    file: Path,
    episodes: range,
    widths: Mapping[str, int],
    table: Mapping[str, NDArray[np.int64]],
    sentences: Mapping[int, str],
) -> _Part:
    """What a file of steps holds, which must be just these episodes."""
    columns, metadata = _columns(file, [*widths, *COUNTERS])
    numbers = {key: _numbers(file, key, columns[key], width) for key, width in widths.items()}
    counted = {key: _whole(file, key, columns[key]) for key in COUNTERS}
    rows = slice(episodes.start, episodes.stop)
    start, end = table["dataset_from_index"][rows], table["dataset_to_index"][rows]
    index = np.arange(start[0], end[-1])
    if len(counted["index"]) != len(index):
        raise DataError(
            f"{file}: {len(counted['index'])} steps, but the table of episodes says {len(index)} "
            f"(episodes {episodes[0]} to {episodes[-1]})"
        )
    expected = {
        "index": index,
        "episode_index": np.repeat(episodes, end - start),
        "frame_index": index - np.repeat(start, end - start),
    }
    for key, wanted in expected.items():
        bad = np.flatnonzero(counted[key] != wanted)
        if bad.size:
            raise DataError(
                f"{file}: {key} is {counted[key][bad[0]]} in row {bad[0]}, "
                f"but {wanted[bad[0]]} by the table of episodes"
            )
    return _Part(
        file,
        episodes,
        np.hstack([numbers[key] for key in STATES if key in numbers]),
        numbers[ACTION],
        tuple(_tasks(file, counted["task_index"], start - start[0], sentences)),
        metadata.get(DIGEST, b""),
    )


def _info(path: Path) -> dict[str, Any]:
    """The description, as far as it is used: fps, features and totals, checked."""
    file = path / INFO
    try:
        info = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: not a LeRobot dataset, which has a file {INFO}") from error
    except Exception as error:  # whatever a broken file brings up
        raise DataError(f"{file}: not readable JSON ({_line(error)})") from error
    if not isinstance(info, dict):
        raise DataError(f"{file}: must hold an object")
    version = str(info.get("codebase_version"))
    if version.startswith(("v1.", "v2.")):
        raise DataError(
            f"{path}: LeRobot {version}, but {VERSION} is read; convert it with LeRobot 0.4: "
            "python -m lerobot.datasets.v30.convert_dataset_v21_to_v30 "
            f"--repo-id=local/{path.resolve().name} --root={path} --push-to-hub=false"
        )
    if version != VERSION:
        raise DataError(f"{file}: codebase_version is {version}, but {VERSION} is read")
    fps = info.get("fps")
    if isinstance(fps, bool) or not isinstance(fps, int | float) or not 0 < fps < 1e9:
        raise DataError(f"{file}: fps must be a positive number, not {fps!r}")
    info["fps"] = float(fps)
    if not isinstance(info.get("features"), dict):
        raise DataError(f"{file}: features must be an object")
    if info.get("data_path", DATA) != DATA:
        raise DataError(f"{file}: data_path must be {DATA}, not {info['data_path']!r}")
    for total in ("total_episodes", "total_frames"):
        if not isinstance(info.get(total), int) or isinstance(info[total], bool):
            raise DataError(f"{file}: {total} must be a whole number, not {info.get(total)!r}")
    return info


def _widths(path: Path, features: Mapping[str, Any]) -> dict[str, int]:
    """How many numbers the states and the action have, by name."""
    states = [key for key in STATES if key in features]
    for key, there in ((STATES[0], states), (ACTION, ACTION in features)):
        if not there:
            valid = ", ".join(map(repr, features)) or "none"
            raise DataError(f"{path / INFO}: no feature {key!r}; there are {valid}")
    widths = {}
    for key in (*states, ACTION):
        feature = features[key]
        shape = feature.get("shape") if isinstance(feature, dict) else None
        if not isinstance(shape, list) or len(shape) != 1 or not isinstance(shape[0], int):
            raise DataError(f"{path / INFO}: {key} must have shape [n], not {shape!r}")
        widths[key] = shape[0]
    return widths


def _episode_table(path: Path, info: Mapping[str, Any]) -> dict[str, NDArray[np.int64]]:
    """Where the episodes lie, (E,) each, checked: one behind the other."""
    folder = path / "meta/episodes"
    files = sorted(folder.glob("*/*.parquet"))
    if not files:
        raise DataError(f"{folder}: there is no table of episodes, {EPISODES}")
    columns: dict[str, list[NDArray[np.int64]]] = {key: [] for key in (*SPAN, *PLACE)}
    for file in files:
        table, _ = _columns(file, [*columns])
        for key, parts in columns.items():
            parts.append(_whole(file, key, table[key]))
    found = {key: np.concatenate(parts) for key, parts in columns.items()}
    number, length, start, end = (found[key] for key in SPAN)
    if len(number) != info["total_episodes"]:
        expected = info["total_episodes"]
        raise DataError(f"{folder}: {len(number)} episodes, but {INFO} says {expected}")
    bad = np.flatnonzero(
        (number != np.arange(len(number)))
        | (length < 1)
        | (end != start + length)
        | (start != np.concatenate([[0], end[:-1]]))
        | (found[PLACE[0]] < 0)
        | (found[PLACE[1]] < 0)
    )
    if bad.size:
        raise DataError(f"{folder}: row {bad[0]} does not continue the episodes before it")
    if not len(end) or end[-1] != info["total_frames"]:
        total = end[-1] if len(end) else 0
        raise DataError(f"{folder}: {total} steps, but {INFO} says {info['total_frames']}")
    return found


def _sentences(path: Path, name: str = SENTENCES, number: str = "task_index") -> dict[int, str]:
    """The task sentences, or others, by number."""
    file = path / name
    table, _ = _columns(file, [number])
    texts = [column for key, column in table.items() if key != number]
    texts = [column for column in texts if all(isinstance(t, str) for t in column.to_pylist())]
    if len(texts) != 1:
        raise DataError(f"{file}: one column of sentences is expected, not {len(texts)}")
    numbers = _whole(file, number, table[number]).tolist()
    if len(set(numbers)) != len(numbers):
        raise DataError(f"{file}: a {number} stands twice")
    return dict(zip(numbers, texts[0].to_pylist(), strict=True))


def _tasks(
    file: Path, task: NDArray[np.int64], first: NDArray[np.int64], sentences: Mapping[int, str]
) -> Iterator[str]:
    """The sentence of each episode; `first` are the rows where they begin."""
    for start, end in pairwise([*first, len(task)]):
        numbers = np.unique(task[start:end]).tolist()
        episode = f"the episode from row {start}"
        if len(numbers) > 1:
            raise DataError(f"{file}: {episode} has {len(numbers)} tasks; cut it where they change")
        if numbers[0] not in sentences:
            raise DataError(f"{file}: {episode} has task {numbers[0]}, which {SENTENCES} lacks")
        yield sentences[numbers[0]]


def _columns(file: Path, names: Sequence[str]) -> tuple[dict[str, Any], Mapping[bytes, bytes]]:
    """A Parquet file's columns, and its metadata; `names` must be among them.

    Files of sentences are small and read whole: what their second column is called varies.
    """
    _, pq = pyarrow_modules()
    try:
        with pq.ParquetFile(file, page_checksum_verification=True) as opened:
            schema = opened.schema_arrow
            missing = [name for name in names if name not in schema.names]
            if missing:
                valid = ", ".join(
                    repr(name) for name in schema.names if not name.startswith("stats/")
                )
                raise DataError(f"{file}: no column {missing[0]!r}; there are {valid or 'none'}")
            table = opened.read(None if file.name in WHOLE else [*names])
            table.validate(full=True)
        return dict(zip(table.column_names, table.columns, strict=True)), schema.metadata or {}
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{file}: there is no such file") from error
    except Exception as error:  # OSError, ArrowException, MemoryError: as a broken file pleases
        raise DataError(f"{file}: not a whole Parquet file ({_line(error)})") from error


def _numbers(file: Path, name: str, column: Any, width: int) -> NDArray[Any]:
    """(N, width) of a column: lists of `width` numbers or, where that is 1, numbers."""
    from pyarrow import types
    from pyarrow.compute import call_function

    values = column
    if column.null_count:
        raise DataError(f"{file}: {name} is empty in {column.null_count} rows")
    kinds = types.is_list, types.is_large_list, types.is_fixed_size_list
    if any(is_kind(column.type) for is_kind in kinds):
        lengths = call_function("list_value_length", [column]).unique().to_pylist()
        if lengths and lengths != [width]:
            raise DataError(f"{file}: {name} has {lengths[:3]} numbers a row, not [{width}]")
        values = call_function("list_flatten", [column])
    elif width != 1:
        raise DataError(f"{file}: {name} must be lists of {width} numbers, not {column.type}")
    if not (types.is_floating(values.type) or types.is_integer(values.type)):
        raise DataError(f"{file}: {name} must be numbers, not {values.type}")
    if values.null_count:
        raise DataError(f"{file}: {name} lacks {values.null_count} numbers")
    return values.to_numpy().reshape(len(column), width)


def _whole(file: Path, name: str, column: Any) -> NDArray[np.int64]:
    """(N,) whole numbers of a column."""
    values = _numbers(file, name, column, 1)[:, 0]
    if values.dtype.kind not in "iu":
        raise DataError(f"{file}: {name} must be whole numbers, not {values.dtype}")
    return values.astype(np.int64)


def digest(episodes: Episodes, numbers: range) -> bytes:
    """A checksum of some of the episodes and all that belongs to them."""
    part = episodes.select(np.array(numbers))
    sentences = part.tasks or ("",) * len(part)
    said = repr((replace(part, tasks=()).hash, float(part.fps), sentences))
    return hashlib.sha256(said.encode()).hexdigest().encode()


def pyarrow_modules() -> tuple[ModuleType, ModuleType]:
    """pyarrow and its Parquet part, which come with an extra."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise DataError(
            "LeRobot datasets need pyarrow: run `make dev`, or pip install 'courtside[train]'"
        ) from error
    return pa, pq


def _line(error: Exception) -> str:
    """The first line of what an error says."""
    return (str(error).splitlines() or [type(error).__name__])[0]
