"""A Llama (SmolLM2) in torch, with its weights from a GGUF file, and low-rank adapters (LoRA,
arXiv 2106.09685) on all its matrices.

As in llama.cpp, and unlike the original, rotary positions turn neighbouring pairs: GGUF files hold
the matrices of queries and keys in that order, and adapters are to be written in it.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

MATRICES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")


@dataclass(frozen=True)
class Shape:
    """Sizes, as a GGUF file states them."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    base: float  # of the rotary frequencies
    epsilon: float  # of the norms


class Adapted(nn.Module):
    """A matrix that stays as it is, and a low-rank one, which is trained, added to it."""

    weight: Tensor

    def __init__(self, weight: Tensor, rank: int, scale: float) -> None:
        super().__init__()
        out, into = weight.shape
        self.register_buffer("weight", weight)  # (out, into)
        self.a = nn.Parameter(torch.randn(rank, into) / math.sqrt(into))
        self.b = nn.Parameter(torch.zeros(out, rank))
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        low = F.linear(F.linear(x, self.a.to(x.dtype)), self.b.to(x.dtype))
        return F.linear(x, self.weight) + self.scale * low


class Layer(nn.Module):
    attn_norm: Tensor
    ffn_norm: Tensor
    attn_q: Adapted
    attn_k: Adapted
    attn_v: Adapted
    attn_output: Adapted
    ffn_gate: Adapted
    ffn_up: Adapted
    ffn_down: Adapted

    def __init__(self, tensors: dict[str, Tensor], shape: Shape, rank: int, scale: float) -> None:
        super().__init__()
        self.shape = shape
        for name in MATRICES:
            self.add_module(name, Adapted(tensors[f"{name}.weight"], rank, scale))
        self.register_buffer("attn_norm", tensors["attn_norm.weight"])
        self.register_buffer("ffn_norm", tensors["ffn_norm.weight"])

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        n, length, width = x.shape
        y = F.rms_norm(x, (width,), self.attn_norm, self.shape.epsilon)

        def heads(z: Tensor, count: int) -> Tensor:  # (n, count, length, width of a head)
            return z.view(n, length, count, -1).transpose(1, 2)

        q = _turned(heads(self.attn_q(y), self.shape.heads), *turns)
        k = _turned(heads(self.attn_k(y), self.shape.kv_heads), *turns)
        v = heads(self.attn_v(y), self.shape.kv_heads)
        groups = self.shape.heads // self.shape.kv_heads
        k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn_output(seen.transpose(1, 2).reshape(n, length, width))
        y = F.rms_norm(x, (width,), self.ffn_norm, self.shape.epsilon)
        return x + self.ffn_down(F.silu(self.ffn_gate(y)) * self.ffn_up(y))


class Llama(nn.Module):
    """The whole model. Padding comes after the text, where causal attention never sees it."""

    embedding: Tensor
    norm: Tensor

    def __init__(self, tensors: dict[str, Tensor], shape: Shape, rank: int, alpha: float) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("embedding", tensors["token_embd.weight"])  # (vocabulary, width)
        self.register_buffer("norm", tensors["output_norm.weight"])
        parts = [_under(tensors, f"blk.{index}.") for index in range(shape.layers)]
        self.layers = nn.ModuleList(Layer(part, shape, rank, alpha / rank) for part in parts)

    def hidden(self, tokens: Tensor) -> Tensor:
        """(n, length) int64 tokens -> (n, length, width), for `scores`."""
        x = F.embedding(tokens, self.embedding)
        turns = _turns(tokens.shape[1], self.shape, x)
        for layer in self.layers:
            x = layer(x, turns)
        return F.rms_norm(x, x.shape[-1:], self.norm, self.shape.epsilon)

    def scores(self, hidden: Tensor) -> Tensor:
        """(…, width) -> (…, vocabulary): the next token's. Output and input share a matrix."""
        return F.linear(hidden, self.embedding)

    @torch.no_grad()
    def write(self, tokens: list[int], end: int, most: int = 160) -> list[int]:
        """What the model writes after `tokens`, always the likeliest, without `end`."""
        written: list[int] = []
        while len(written) < most:
            text = torch.tensor([tokens + written], device=self.norm.device)
            token = int(self.scores(self.hidden(text)[0, -1]).argmax())
            if token == end:
                break
            written.append(token)
        return written


def load(path: Path, rank: int, alpha: float, dtype: torch.dtype = torch.float32) -> Llama:
    """The model of a GGUF file, with fresh adapters, which change nothing yet."""
    from gguf import GGUFReader, dequantize

    reader = GGUFReader(path)

    def field(name: str) -> float:
        return float(reader.fields[f"llama.{name}"].contents())

    shape = Shape(
        layers=int(field("block_count")),
        width=int(field("embedding_length")),
        heads=int(field("attention.head_count")),
        kv_heads=int(field("attention.head_count_kv")),
        base=field("rope.freq_base"),
        epsilon=field("attention.layer_norm_rms_epsilon"),
    )
    tensors = {}
    for tensor in reader.tensors:
        values = np.array(dequantize(tensor.data, tensor.tensor_type))  # its own memory
        tensors[tensor.name] = torch.from_numpy(values).to(dtype)
    return Llama(tensors, shape, rank, alpha)


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those whose names begin so, without it."""
    size = len(prefix)
    return {name[size:]: value for name, value in tensors.items() if name.startswith(prefix)}


def _turns(length: int, shape: Shape, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines (length, width of a head / 2) of the rotary positions."""
    size = shape.width // shape.heads
    rates = shape.base ** (-torch.arange(0, size, 2, device=like.device) / size)
    angles = torch.arange(length, device=like.device)[:, None] * rates
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)
