"""A trained policy in one file: weights, statistics, the ONNX graph, and where it comes from.

The file is safetensors, so that torch, numpy and others read it. `graph` holds the ONNX graph
without its weights, which are the tensors beside it: the policy runs without torch. Whatever is
truncated, altered or meant for another robot is refused before anything moves.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.beso.config import Layout, NetworkConfig, NoiseConfig
from skills.beso.encoding import Encoding
from skills.saved import CheckpointError, read, write

FORMAT = "courtside-beso-1"
STATISTICS = tuple(f.name for f in fields(Encoding) if f.name != "layout")


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

    @property
    def hash(self) -> str:
        """SHA-256 of the weights."""
        parts = (np.ascontiguousarray(self.weights[name]) for name in sorted(self.weights))
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        tensors: dict[str, NDArray[Any]] = dict(self.weights)
        tensors |= {f"encoding.{name}": getattr(self.encoding, name) for name in STATISTICS}
        tensors["graph"] = np.frombuffer(self.graph, np.uint8)
        facts: dict[str, Any] = {
            "network": asdict(self.network),
            "noise": asdict(self.noise),
            "layout": asdict(self.encoding.layout),
            "fps": self.fps,
            "about": dict(self.about),
        }
        write(path, FORMAT, tensors, facts)

    @classmethod
    def load(cls, path: Path, robot: str | None = None) -> "Checkpoint":
        """Read and verify it; `robot` is the name of the RobotSpec that it shall move."""
        tensors, facts = read(path, FORMAT)
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


def _config(kind: Any, values: Mapping[str, Any]) -> Any:
    """A config from JSON, in which tuples have become lists."""
    return kind(**{name: _tuples(value) for name, value in values.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
