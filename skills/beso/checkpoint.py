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
        metadata = {
            "format": FORMAT,
            "network": json.dumps(asdict(self.network)),
            "noise": json.dumps(asdict(self.noise)),
            "layout": json.dumps(asdict(self.encoding.layout)),
            "fps": repr(self.fps),
            **self.about,
        }
        metadata["sha256"] = _hash(tensors, metadata)
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
                metadata: dict[str, str] = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except FileNotFoundError as error:
            raise CheckpointError(f"{path}: there is no such checkpoint") from error
        except (SafetensorError, OSError) as error:
            raise CheckpointError(f"{path}: not a whole checkpoint ({error})") from error
        if metadata.get("format") != FORMAT:
            found = metadata.get("format", "of another kind")
            raise CheckpointError(f"{path}: the file is {found}; expected is {FORMAT}")
        claimed = metadata.pop("sha256", None)
        if claimed != _hash(tensors, metadata):
            raise CheckpointError(f"{path}: it was altered since it was written (wrong hash)")
        layout = _config(Layout, metadata.pop("layout"))
        if robot is not None and layout.robot != robot:
            raise CheckpointError(f"{path}: it moves {layout.robot}, not {robot}")
        return cls(
            _config(NetworkConfig, metadata.pop("network")),
            _config(NoiseConfig, metadata.pop("noise")),
            Encoding(layout, *(tensors[f"encoding.{name}"] for name in STATISTICS)),
            float(metadata.pop("fps")),
            {name: tensors[name] for name in tensors if name.startswith("network.")},
            tensors["graph"].tobytes(),
            {name: value for name, value in metadata.items() if name != "format"},
        )


def _hash(tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"{name} {value.dtype} {value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def _config(kind: Any, text: str) -> Any:
    """A config from its JSON, in which tuples have become lists."""
    values = json.loads(text)
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
