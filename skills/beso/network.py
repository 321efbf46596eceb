"""The score network: a causal transformer over noise level, goal, states and noisy actions."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skills.beso.config import NetworkConfig


class Block(nn.Module):
    """Pre-norm attention and MLP."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        d = config.width
        self.heads, self.dropout = config.heads, config.dropout
        self.before_attention, self.before_mlp = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp = nn.Sequential(
            nn.Linear(d, 4 * d), nn.GELU(approximate="tanh"), nn.Linear(4 * d, d)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, d) -> (B, T, d)"""
        batch, length, d = x.shape
        qkv = self.qkv(self.before_attention(x)).view(batch, length, 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B, heads, T, d / heads)
        drop = self.dropout if self.training else 0.0
        # In single precision: on CPUs the bfloat16 kernel takes ten times longer.
        with torch.autocast(x.device.type, enabled=False):
            q, k, v = q.float(), k.float(), v.float()
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=drop)
        x = x + F.dropout(self.out(mixed.transpose(1, 2).reshape(batch, length, d)), drop)
        return x + F.dropout(self.mlp(self.before_mlp(x)), drop)


class ScoreNetwork(nn.Module):
    """F(x, states, goals, c_noise): what preconditioning turns into the denoised actions."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = c = config
        d = c.width
        self.embed_noise = nn.Linear(1, d)
        self.embed_state = nn.Linear(c.state, d)
        self.embed_action = nn.Linear(c.patch * c.action, d)
        self.positions = nn.Parameter(torch.zeros(c.context + c.horizon // c.patch, d))
        if c.goal:
            self.embed_goal = nn.Linear(c.goal, d)
            self.null_goal = nn.Parameter(torch.zeros(c.goals, d))  # stands for "any goal"
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, c.patch * c.action)
        begin(self, self.positions)

    def forward(
        self, x: Tensor, states: Tensor, goals: Tensor, known: Tensor, c_noise: Tensor
    ) -> Tensor:
        """(B, horizon, action) from

        x (B, horizon, action) scaled noisy actions; states (B, history, state); goals (B, goals,
        goal); known (B,) 1 where the goal is given, 0 where it is not; c_noise (B,).
        """
        c = self.config
        tokens = [self.embed_noise(c_noise[:, None])[:, None]]
        if c.goal:
            given = known[:, None, None]
            tokens.append(given * self.embed_goal(goals) + (1 - given) * self.null_goal)
        tokens.append(self.embed_state(states))
        tokens.append(self.embed_action(x.reshape(x.shape[0], -1, c.patch * c.action)))
        h = torch.cat(tokens, 1) + self.positions
        for block in self.blocks:
            h = block(h)
        return self.head(self.norm(h[:, c.context :])).reshape(x.shape)


def begin(module: nn.Module, *positions: nn.Parameter) -> None:
    """The weights that training begins with."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=0.02)
            nn.init.zeros_(part.bias)
    for each in positions:
        nn.init.normal_(each, std=0.02)
