"""Training windows: what was seen, the actions that followed, and a goal they led to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Literal, Protocol

import torch
from torch import Tensor

from skills.beso.config import Layout, NetworkConfig
from skills.beso.encoding import Encoding
from skills.beso.episodes import Episodes, Floats, Indices

Device = torch.device
GoalKind = Literal["future", "final", "language", "none"]


@dataclass(frozen=True, eq=False)
class Batch:
    """B windows, encoded for the network."""

    actions: Tensor  # (B, horizon, A)
    inside: Tensor  # (B, horizon, 1) 1 where the episode still goes on
    states: Tensor  # (B, history, S)
    goals: Tensor  # (B, goals, G)
    known: Tensor  # (B,) 1 where the goal is shown, 0 where it is withheld

    def share(self, rank: int, world: int) -> "Batch":
        """The part of process `rank` of `world`."""
        return Batch(*(getattr(self, f.name)[rank::world] for f in fields(self)))


class Draws(Protocol):
    """Where windows come from."""

    def draw(self, count: int, random: torch.Generator, drop_goal: float = 0.0) -> Batch:
        """`count` windows, drawn with a generator on the CPU."""
        ...


class Data(Protocol):
    """What a policy is trained on."""

    @property
    def layout(self) -> Layout: ...
    @property
    def goal(self) -> GoalKind: ...
    @property
    def fps(self) -> float: ...  # [Hz] actions a second
    @property
    def numbers(self) -> int: ...  # in an action
    @property
    def hash(self) -> str: ...
    def fit(self, horizon: int) -> Encoding: ...
    def windows(
        self,
        encoding: Encoding,
        shape: NetworkConfig,
        held_out: float,
        seed: int,
        device: torch.device,
    ) -> tuple[Draws, Draws]:
        """To train on, and a share held out."""
        ...


@dataclass(frozen=True, eq=False)
class Demonstrations:
    """`Data` of episodes.

    `augmented` gives the episodes to train on, and more. `embed` turns n sentences into vectors
    (n, G), for language goals.
    """

    episodes: Episodes
    layout: Layout
    goal: GoalKind = "none"  # a window's: a later state, the last, its sentence
    augmented: Callable[[Episodes], Episodes] = lambda episodes: episodes
    embed: Callable[[Sequence[str]], Floats] | None = None

    @property
    def fps(self) -> float:
        return self.episodes.fps

    @property
    def numbers(self) -> int:
        return self.episodes.actions.shape[1]

    @property
    def hash(self) -> str:
        return self.episodes.hash

    def fit(self, horizon: int) -> Encoding:
        return Encoding.fit(self.augmented(self.episodes), self.layout, horizon)

    def windows(
        self,
        encoding: Encoding,
        shape: NetworkConfig,
        held_out: float,
        seed: int,
        device: torch.device,
    ) -> tuple[Draws, Draws]:
        to_train_on, to_hold_out = self.episodes.split(held_out, seed)

        def made(part: Indices, change: Callable[[Episodes], Episodes]) -> Windows:
            kept = change(self.episodes.select(part))
            told = self.embed(kept.tasks) if self.embed else None
            return Windows(kept, encoding, shape.history, shape.goals, self.goal, device, told)

        return made(to_train_on, self.augmented), made(to_hold_out, lambda same: same)


class Windows:
    """Every step of every episode begins a window. Kept on `device`, drawn at random.

    `sentences` (E, G): for language goals, the embedding of each episode's task; zeros: none.
    """

    def __init__(
        self,
        episodes: Episodes,
        encoding: Encoding,
        history: int,
        goals: int,
        kind: GoalKind,
        device: torch.device,
        sentences: Floats | None = None,
    ) -> None:
        def tensor(array: object) -> Tensor:
            return torch.as_tensor(array, device=device)

        self._kind, self._device = kind, device
        self._behind = torch.arange(1 - history, 1, device=device)
        self._ahead = torch.arange(len(encoding.action_mean), device=device)
        self._frames = torch.arange(1 - goals, 1, device=device)
        self._states = tensor(encoding.states(episodes.observations))
        if kind == "language":
            if sentences is None:
                raise ValueError("language goals need sentences")
            self._goals = tensor(encoding.goals(sentences))
        else:
            self._goals = tensor(encoding.goals(episodes.observations))
        self._actions, self._anchors = tensor(episodes.actions), encoding.layout.anchor
        self._origins = tensor(episodes.observations)[:, list(self._anchors)]
        self._mean, self._scale = tensor(encoding.action_mean), tensor(encoding.action_scale)
        self._first, self._last = tensor(episodes.first), tensor(episodes.last)
        self._episode = tensor(episodes.index)

    def draw(self, count: int, random: torch.Generator, drop_goal: float = 0.0) -> Batch:
        """`count` windows, drawn with a generator on the CPU."""
        at = torch.randint(len(self._states), (count,), generator=random).to(self._device)
        ways = torch.rand((2, count), generator=random).to(self._device)
        first, last = self._first[at, None], self._last[at, None]
        ahead = at[:, None] + self._ahead
        actions = self._actions[torch.minimum(ahead, last)]
        if self._anchors:
            actions = actions - self._origins[at, None]
        goals, known = self._goal(at, ways[0])
        return Batch(
            (actions - self._mean) / self._scale,
            (ahead <= last)[..., None].float(),
            self._states[torch.maximum(at[:, None] + self._behind, first)],
            goals,
            (known & (ways[1] >= drop_goal)).float(),
        )

    def _goal(self, at: Tensor, chance: Tensor) -> tuple[Tensor, Tensor]:
        """The goal of each window, and whether it has one: (B, goals, G), (B,)."""
        if self._kind == "language":
            goals = self._goals[self._episode[at], None]
            return goals, (goals != 0).any(-1).any(-1)
        if self._kind == "none":
            return self._goals[at, None], torch.zeros_like(at, dtype=torch.bool)
        goal, left = self._last[at], self._last[at] - at
        if self._kind == "future":  # any state that is still to come; the last has none
            goal = torch.minimum(at + 1 + (chance * left).long(), goal)
        frames = torch.maximum(goal[:, None] + self._frames, self._first[at, None])
        return self._goals[frames], left > 0
