"""Adapters as GGUF files, which llama.cpp loads beside the model that they were trained on."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from planners.finetune.llama import MATRICES, Adapted, Llama


def write(path: Path, model: Llama, alpha: float, facts: Mapping[str, str]) -> None:
    """Write a model's adapters (in float16), whole or not at all; `facts` say how they came to be.

    llama.cpp adds alpha / rank times B A to a matrix; the numbers are ours, divided likewise.
    """
    from gguf import GGUFWriter

    part = path.with_name(path.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    writer = GGUFWriter(part, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    writer.add_string("general.license", "apache-2.0")
    for name, fact in facts.items():
        writer.add_string(f"courtside.{name}", fact)
    for index, layer in enumerate(model.layers):
        for name in MATRICES:
            adapted = getattr(layer, name)
            assert isinstance(adapted, Adapted)
            for half in ("a", "b"):
                values = getattr(adapted, half).detach().to("cpu", torch.float32).numpy()
                writer.add_tensor(
                    f"blk.{index}.{name}.weight.lora_{half}", values.astype(np.float16)
                )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(path)


def read(path: Path, model: Llama) -> None:
    """Take a file's adapters into a model of the same sizes."""
    from gguf import GGUFReader

    tensors = {tensor.name: tensor for tensor in GGUFReader(path).tensors}
    for index, layer in enumerate(model.layers):
        for name in MATRICES:
            adapted = getattr(layer, name)
            for half in ("a", "b"):
                values = np.array(tensors[f"blk.{index}.{name}.weight.lora_{half}"].data)
                parameter = getattr(adapted, half)
                parameter.data.copy_(torch.from_numpy(values).reshape(parameter.shape))
