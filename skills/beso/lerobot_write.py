"""LeRobot v3.0 datasets, written: what `skills.beso.lerobot` reads, and LeRobot itself."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.beso.episodes import DataError, Episodes
from skills.beso.lerobot import (
    ACTION,
    COMMANDS,
    DATA,
    DIGEST,
    EPISODES,
    INFO,
    KIND,
    PLACE,
    SEGMENT,
    SENTENCES,
    STATES,
    SUBTASK,
    VERSION,
    digest,
    pyarrow_modules,
)
from skills.beso.segments import KINDS, Segment, check

STATISTICS = "meta/stats.json"
QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}

Arrays = Mapping[str, NDArray[Any]]  # (N, n) of every step, by feature


@dataclass(frozen=True)
class Files:
    """How a dataset is cut into files."""

    megabytes: float = 100  # of steps in a file, uncompressed, unless one episode has more
    chunk: int = 1000  # files in a folder

    def __post_init__(self) -> None:
        if self.megabytes <= 0 or self.chunk < 1:
            raise ValueError("a file must hold something, and a folder at least one file")


def check_new(path: Path) -> None:
    """Refuse what a dataset must not be written over."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DataError(f"{path}: exists already; name a new folder, or an empty one")


def write(
    episodes: Episodes, path: Path, files: Files = Files(), segments: Sequence[Segment] = ()
) -> None:
    """Write a dataset into a new folder. Its description, without which it is none, comes last.

    `segments`: what was said during it, all of it or nothing.
    """
    check_new(path)
    sentences = [*dict.fromkeys(episodes.tasks or ("",))]
    arrays = _arrays(episodes, sentences)
    if segments:
        check(segments, episodes)
        commands = [*dict.fromkeys(segment.command for segment in segments)]
        arrays |= _narration(segments, commands)
        _save(_sentence_table(commands, "subtask_index"), path, COMMANDS)
    table = _step_table(arrays)
    places: list[tuple[int, int]] = []  # of each episode: chunk, file
    for count, numbers in enumerate(_parted(episodes, table.nbytes / table.num_rows, files)):
        places += [divmod(count, files.chunk)] * len(numbers)
        start, end = episodes.starts[numbers[0]], episodes.ends[numbers[-1]]
        part = table.slice(start, end - start)
        part = part.replace_schema_metadata({DIGEST: digest(episodes, numbers)})
        _save(part, path, DATA, *places[-1])
    _save(_sentence_table(sentences), path, SENTENCES)
    _save(_episode_table(episodes, arrays, places), path, EPISODES)
    statistics = {name: _statistics(array) for name, array in arrays.items()}
    _save_json(statistics, path / STATISTICS)
    _save_json(_info(episodes, arrays, len(sentences), files), path / INFO)


def _arrays(episodes: Episodes, sentences: Sequence[str]) -> dict[str, NDArray[Any]]:
    """What is stored of every step."""
    index = np.arange(len(episodes.observations))
    frame = index - episodes.first
    numbers = {sentence: number for number, sentence in enumerate(sentences)}
    task = np.array([numbers[task] for task in episodes.tasks or ("",) * len(episodes)])
    columns = {
        STATES[0]: episodes.observations,
        ACTION: episodes.actions,
        "timestamp": (frame / episodes.fps).astype(np.float32),
        "frame_index": frame,
        "episode_index": episodes.index,
        "index": index,
        "task_index": task[episodes.index],
    }
    return {name: array.reshape(len(index), -1) for name, array in columns.items()}


def _narration(segments: Sequence[Segment], commands: Sequence[str]) -> dict[str, NDArray[Any]]:
    """What is stored of every step about its segment."""
    numbers = {command: number for number, command in enumerate(commands)}
    lengths = [segment.end - segment.start for segment in segments]
    columns = {
        SUBTASK: [numbers[segment.command] for segment in segments],
        SEGMENT: range(len(segments)),
        KIND: [KINDS.index(segment.kind) for segment in segments],
    }
    return {name: np.repeat(each, lengths)[:, None] for name, each in columns.items()}


def _step_table(arrays: Arrays) -> Any:
    """The table of steps, of all files together."""
    pa, _ = pyarrow_modules()
    columns = {}
    for name, array in arrays.items():
        flat, width = pa.array(array.ravel()), array.shape[1]
        columns[name] = flat if width == 1 else pa.FixedSizeListArray.from_arrays(flat, width)
    return pa.table(columns)


def _parted(episodes: Episodes, step_bytes: float, files: Files) -> Iterator[range]:
    """The numbers of the episodes of each file."""
    first = 0
    for number, end in enumerate(episodes.ends):
        size = (end - episodes.starts[first]) * step_bytes
        if number > first and size > files.megabytes * 2**20:
            yield range(first, number)
            first = number
    yield range(first, len(episodes))


def _sentence_table(sentences: Sequence[str], key: str = "task_index") -> Any:
    """Sentences and their numbers. LeRobot needs them as the index of a pandas table, hence the
    metadata."""
    pa, _ = pyarrow_modules()
    index = "__index_level_0__"
    label = {"name": None, "pandas_type": "unicode", "numpy_type": "object", "metadata": None}
    number = {"name": key, "pandas_type": "int64", "numpy_type": "int64", "metadata": None}
    pandas = {
        "index_columns": [index],
        "column_indexes": [label | {"field_name": None, "metadata": {"encoding": "UTF-8"}}],
        "columns": [number | {"field_name": key}, label | {"field_name": index}],
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "2.0.0",
    }
    table = pa.table({key: np.arange(len(sentences)), index: pa.array(sentences, "string")})
    return table.replace_schema_metadata({"pandas": json.dumps(pandas)})


def _episode_table(episodes: Episodes, arrays: Arrays, places: Sequence[tuple[int, int]]) -> Any:
    """The table of episodes: where each lies, its sentence and statistics."""
    pa, _ = pyarrow_modules()
    rows = []
    for number, (start, end) in enumerate(zip(episodes.starts, episodes.ends, strict=True)):
        row: dict[str, Any] = {
            "episode_index": number,
            "tasks": [episodes.tasks[number] if episodes.tasks else ""],
            "length": int(end - start),
            **dict(zip(PLACE, places[number], strict=True)),
            "dataset_from_index": int(start),
            "dataset_to_index": int(end),
        }
        for name, array in arrays.items():
            found = _statistics(array[start:end])
            row |= {f"stats/{name}/{key}": values for key, values in found.items()}
        rows.append(row | {"meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0})
    return pa.Table.from_pylist(rows)


def _statistics(array: NDArray[Any]) -> dict[str, list[float]]:
    """What LeRobot keeps of an array (N, n): n numbers each, and N."""
    wide = array.astype(np.float64)
    quantiles = np.quantile(wide, [*QUANTILES.values()], axis=0)
    found = {
        "min": array.min(0),
        "max": array.max(0),
        "mean": wide.mean(0),
        "std": wide.std(0),
        "count": np.array([len(array)]),
        **dict(zip(QUANTILES, quantiles, strict=True)),
    }
    return {name: values.tolist() for name, values in found.items()}


def _info(episodes: Episodes, arrays: Arrays, sentences: int, files: Files) -> dict[str, Any]:
    """The description."""
    fps = float(episodes.fps)
    return {
        "codebase_version": VERSION,
        "robot_type": None,
        "total_episodes": len(episodes),
        "total_frames": len(episodes.observations),
        "total_tasks": sentences,
        "chunks_size": files.chunk,
        "data_files_size_in_mb": files.megabytes,
        "video_files_size_in_mb": 200,
        "fps": int(fps) if fps.is_integer() else fps,
        "splits": {"train": f"0:{len(episodes)}"},
        "data_path": DATA,
        "video_path": None,
        "features": {
            name: {"dtype": str(array.dtype), "shape": [array.shape[1]], "names": None}
            for name, array in arrays.items()
        },
    }


def _save(table: Any, path: Path, name: str, chunk: int = 0, file: int = 0) -> None:
    _, pq = pyarrow_modules()
    target = path / name.format(chunk_index=chunk, file_index=file)
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, target, write_page_checksum=True)


def _save_json(value: object, file: Path) -> None:
    file.write_text(json.dumps(value, indent=4), encoding="utf-8")
