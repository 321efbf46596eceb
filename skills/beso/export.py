"""Between torch and the file: the denoiser as an ONNX graph with its weights outside, and back."""

import io
import warnings

import numpy as np
import torch

from skills.beso.checkpoint import Checkpoint
from skills.beso.config import NetworkConfig
from skills.beso.diffusion import Denoiser

TOLERANCE = 1e-5  # between torch and ONNX Runtime


def example(config: NetworkConfig, batch: int, seed: int = 0) -> tuple[torch.Tensor, ...]:
    """Random inputs of a denoiser: x, sigma, states, goals, known."""
    random = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=random)

    return (
        normal(batch, config.horizon, config.action),
        torch.rand(batch, generator=random) + 0.01,
        normal(batch, config.history, config.state),
        normal(batch, config.goals, config.goal),
        (torch.rand(batch, generator=random) < 0.5).float(),
    )


INPUTS = ("x", "sigma", "states", "goals", "known")


def onnx_graph(denoiser: Denoiser, config: NetworkConfig) -> bytes:
    """ONNX of `denoiser`, with the weights named as in its network but not included."""
    import onnx

    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no further package
        torch.onnx.export(
            denoiser.eval().float().cpu(),
            example(config, 2),
            buffer,  # type: ignore[arg-type]
            input_names=list(INPUTS),
            output_names=["clean"],
            dynamic_axes={name: {0: "batch"} for name in (*INPUTS, "clean")},
            do_constant_folding=False,  # every weight keeps its name and shape
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        del tensor.external_data[:]
        tensor.external_data.add(key="location", value="the safetensors file around this graph")
    model.producer_version = ""
    return model.SerializeToString()


def restored(checkpoint: Checkpoint) -> Denoiser:
    """The denoiser of a checkpoint, in torch."""
    denoiser = Denoiser.of(checkpoint.network).eval()
    denoiser.load_state_dict(
        {name: torch.from_numpy(value.copy()) for name, value in checkpoint.weights.items()}
    )
    return denoiser


def weights_of(denoiser: Denoiser) -> dict[str, np.ndarray]:
    """Its weights by name, as in the graph; float32."""
    return {
        name: value.detach().float().cpu().numpy() for name, value in denoiser.state_dict().items()
    }
