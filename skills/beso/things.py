"""The score network for states that are lists of things.

What is known (the goal, the hand, each thing a token) is looked at once; noisy actions then look at
it and at each other. In training, several noisy copies of the same actions share that look.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skills.beso.config import NetworkConfig
from skills.beso.network import begin


class Block(nn.Module):
    """Pre-norm attention and MLP."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        d = config.width
        self.heads = config.heads
        self.before_attention, self.before_mlp = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp = nn.Sequential(
            nn.Linear(d, 4 * d), nn.GELU(approximate="tanh"), nn.Linear(4 * d, d)
        )

    def forward(self, known: Tensor, actions: Tensor, copies: int) -> tuple[Tensor, Tensor]:
        """(B, T, d) and (copies * B, P, d), each window's copies one after the other."""
        q, k, v = self._split(known)
        q_a, k_a, v_a = self._split(actions)
        seen = F.scaled_dot_product_attention(q, k, v)
        if copies > 1:
            k, v = k.repeat_interleave(copies, 0), v.repeat_interleave(copies, 0)
        seen_a = F.scaled_dot_product_attention(q_a, torch.cat([k, k_a], 2), torch.cat([v, v_a], 2))
        return self._onward(known, seen), self._onward(actions, seen_a)

    def _split(self, x: Tensor) -> Tensor:
        """(3, B, heads, T, d / heads)"""
        parts = self.qkv(self.before_attention(x)).unflatten(2, (3, self.heads, -1))
        return parts.float().permute(2, 0, 3, 1, 4)

    def _onward(self, x: Tensor, seen: Tensor) -> Tensor:
        x = x + self.out(seen.transpose(1, 2).flatten(2))
        return x + self.mlp(self.before_mlp(x))


class ThingsNetwork(nn.Module):
    """F(x, states, goals, c_noise) as `skills.beso.network.ScoreNetwork`, but for states of which
    the last one's `config.rows` are tokens of their own, and for several x to a state."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = c = config
        assert c.rows is not None
        d = c.width
        self.own, _, numbers = c.rows
        self.embed_noise = nn.Linear(1, d)
        self.embed_own, self.embed_thing = nn.Linear(self.own, d), nn.Linear(numbers, d)
        self.embed_action = nn.Linear(c.patch * c.action, d)
        self.embed_goal = nn.Linear(c.goal, d)
        self.null_goal = nn.Parameter(torch.zeros(c.goals, d))  # stands for "any goal"
        self.positions = nn.Parameter(torch.zeros(c.context - 1, d))
        self.action_positions = nn.Parameter(torch.zeros(c.horizon // c.patch, d))
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, c.patch * c.action)
        begin(self, self.positions, self.action_positions)

    def forward(
        self, x: Tensor, states: Tensor, goals: Tensor, known: Tensor, c_noise: Tensor
    ) -> Tensor:
        """(copies * B, horizon, action) from x of that shape and c_noise (copies * B,); the others
        (B, ...) as for `ScoreNetwork`.
        """
        c = self.config
        assert c.rows is not None
        given = known[:, None, None]
        told = given * self.embed_goal(goals) + (1 - given) * self.null_goal
        own = self.embed_own(states[..., : self.own])
        things = self.embed_thing(states[:, -1, self.own :].unflatten(1, c.rows[1:]))
        seen = torch.cat([told, own, things], 1) + self.positions
        actions = self.embed_action(x.reshape(x.shape[0], -1, c.patch * c.action))
        actions = actions + self.action_positions + self.embed_noise(c_noise[:, None])[:, None]
        copies = int(x.shape[0]) // int(states.shape[0])
        for block in self.blocks:
            seen, actions = block(seen, actions, copies)
        return self.head(self.norm(actions)).reshape(x.shape)
