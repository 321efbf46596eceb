"""A trained policy in one file: weights, statistics, the ONNX graph, and where it comes from.

The file is safetensors, so that torch, numpy and others read it. `graph` holds the ONNX graph
without its weights, which are the tensors beside it: the policy runs without torch. Whatever is
truncated, altered or meant for another robot is refused before anything moves.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.beso.config import Layout, NetworkConfig, NoiseConfig
from skills.beso.encoding import Encoding

FORMAT = "courtside-beso-1"
KEY = "courtside"  # of the metadata
STATISTICS = tuple(f.name for f in fields(Encoding) if f.name != "layout")


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, and why."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A policy."""

    network: NetworkConfig
    noise: NoiseConfig
    encoding: Encoding
    fps: float  # [Hz] actions a second
    weights: Mapping[str, NDArray[np.float32]]  # the averaged ones; "network…"
    graph: bytes  # ONNX, its weights left out
    about: Mapping[str, str] = field(default_factory=dict)  # command, commit, data, metrics

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        from safetensors.numpy import save

        tensors: dict[str, NDArray[Any]] = dict(self.weights)
        tensors |= {f"encoding.{name}": getattr(self.encoding, name) for name in STATISTICS}
        tensors["graph"] = np.frombuffer(self.graph, np.uint8)
        tensors = {name: np.ascontiguousarray(value) for name, value in sorted(tensors.items())}
        facts: dict[str, Any] = {
            "format": FORMAT,
            "network": asdict(self.network),
            "noise": asdict(self.noise),
            "layout": asdict(self.encoding.layout),
            "fps": self.fps,
            "about": dict(self.about),
        }
        facts["sha256"] = _hash(tensors, facts)
        metadata = {KEY: json.dumps(facts)}  # one entry: several are written in any order
        part = path.with_name(path.name + ".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(save(tensors, metadata))
        part.replace(path)

    @classmethod
    def load(cls, path: Path, robot: str | None = None) -> "Checkpoint":
        """Read and verify it; `robot` is the name of the RobotSpec that it shall move."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "numpy") as file:
                facts: dict[str, Any] = json.loads((file.metadata() or {}).get(KEY, "{}"))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except FileNotFoundError as error:
            raise CheckpointError(f"{path}: there is no such checkpoint") from error
        except (SafetensorError, OSError, ValueError) as error:
            raise CheckpointError(f"{path}: not a whole checkpoint ({error})") from error
        if facts.get("format") != FORMAT:
            found = facts.get("format", "of another kind")
            raise CheckpointError(f"{path}: the file is {found}; expected is {FORMAT}")
        if facts.pop("sha256", None) != _hash(tensors, facts):
            raise CheckpointError(f"{path}: it was altered since it was written (wrong hash)")
        layout = _config(Layout, facts["layout"])
        if robot is not None and layout.robot != robot:
            raise CheckpointError(f"{path}: it moves {layout.robot}, not {robot}")
        return cls(
            _config(NetworkConfig, facts["network"]),
            _config(NoiseConfig, facts["noise"]),
            Encoding(layout, *(tensors[f"encoding.{name}"] for name in STATISTICS)),
            facts["fps"],
            {name: tensors[name] for name in tensors if name.startswith("network.")},
            tensors["graph"].tobytes(),
            facts["about"],
        )


def _hash(tensors: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"{name} {value.dtype} {value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def _config(kind: Any, values: Mapping[str, Any]) -> Any:
    """A config from JSON, in which tuples have become lists."""
    return kind(**{name: _tuples(value) for name, value in values.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
