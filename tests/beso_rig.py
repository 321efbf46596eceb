"""A small policy, untrained, and data for it: for tests of what is around it."""

import numpy as np

from skills.beso.config import Layout, NetworkConfig, NoiseConfig
from skills.beso.episodes import Episodes

LAYOUT = Layout("pusht", angles=(4,), goal=(2, 3, 4), anchor=(0, 1))
SIZES = {"history": 2, "horizon": 8, "patch": 2, "layers": 1, "width": 16, "heads": 2}
NOISE = NoiseConfig()


def episodes(count: int = 6, seed: int = 0) -> Episodes:
    """Smooth wanderings in PushT's numbers."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(20, 60, count)
    parts = [256 + np.cumsum(rng.normal(0, 3, (n, 5)), axis=0) for n in lengths]
    seen = np.concatenate(parts)
    seen[:, 4] %= 2 * np.pi
    return Episodes.of(seen, seen[:, :2] + rng.normal(0, 5, (len(seen), 2)), lengths.cumsum(), 10.0)


def checkpoint(layout: Layout = LAYOUT, seed: int = 0, horizon: int = 8):
    """A policy whose weights are random, and large enough to matter."""
    import torch

    from skills.beso.checkpoint import Checkpoint
    from skills.beso.diffusion import Denoiser
    from skills.beso.encoding import Encoding
    from skills.beso.export import onnx_graph, weights_of
    from skills.beso.network import ScoreNetwork

    data = episodes()
    encoding = Encoding.fit(data, layout, horizon)
    sizes = {**SIZES, "horizon": horizon}
    shape = NetworkConfig(len(encoding.state_mean), 2, len(encoding.goal_mean), **sizes)
    torch.manual_seed(seed)
    denoiser = Denoiser(ScoreNetwork(shape)).eval()
    for weight in denoiser.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    graph = onnx_graph(denoiser, shape)
    about = {"command": "by hand"}
    return denoiser, Checkpoint(
        shape, NOISE, encoding, 10.0, weights_of(denoiser), graph, about
    )  # fmt: skip
