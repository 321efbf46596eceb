"""Trained things in files of their own: whole, unaltered and of the right kind, or refused.

The files are safetensors, so that torch, numpy and others read them. Their metadata holds plain
facts as JSON, and a hash over facts and tensors together.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEY = "courtside"  # of the metadata

Tensors = Mapping[str, NDArray[Any]]


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, and why."""


def write(path: Path, kind: str, tensors: Tensors, facts: Mapping[str, Any]) -> None:
    """Write tensors and facts (plain JSON values), whole or not at all.

    `kind` names the format and its version, as in "courtside-beso-1".
    """
    from safetensors.numpy import save

    ordered = {name: np.ascontiguousarray(value) for name, value in sorted(tensors.items())}
    said: dict[str, Any] = {"format": kind, **facts}
    said["sha256"] = _hash(ordered, said)
    metadata = {KEY: json.dumps(said)}  # one entry: several are written in any order
    part = path.with_name(path.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(save(ordered, metadata))
    part.replace(path)


def read(path: Path, kind: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The tensors and facts of a file that `write` made; CheckpointError for any other."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            facts: dict[str, Any] = json.loads((file.metadata() or {}).get(KEY, "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: there is no such checkpoint") from error
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path}: not a whole checkpoint ({error})") from error
    if facts.get("format") != kind:
        found = facts.get("format", "of another kind")
        raise CheckpointError(f"{path}: the file is {found}; expected is {kind}")
    if facts.pop("sha256", None) != _hash(tensors, facts):
        raise CheckpointError(f"{path}: it was altered since it was written (wrong hash)")
    return tensors, facts


def _hash(tensors: Tensors, facts: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"{name} {value.dtype} {value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()
