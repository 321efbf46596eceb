"""How observations and actions look to the network: angles unrolled, all of unit scale."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from skills.beso.config import Layout
from skills.beso.episodes import Episodes, Floats

SCALE = 0.5  # standard deviation that actions are scaled to: sigma_data of diffusion
FLOOR = 1e-4  # least deviation: what never varies in the data is not blown up

Numbers = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Encoding:
    """A layout and the data's statistics. All arrays float32, as in the network."""

    layout: Layout
    state_mean: Floats  # (S,)
    state_scale: Floats  # (S,)
    goal_mean: Floats  # (G,)
    goal_scale: Floats  # (G,)
    action_mean: Floats  # (horizon, A)
    action_scale: Floats  # (horizon, A)

    @classmethod
    def fit(cls, episodes: Episodes, layout: Layout, horizon: int) -> "Encoding":
        """From the data: states to mean 0 and deviation 1, actions to deviation SCALE.

        Each place in a chunk has its own scale: what is near is told finely.
        """
        states = _features(episodes.observations, layout)
        if layout.sentence:  # of unit length: unit scale for each of its numbers
            goal_mean = np.zeros(layout.sentence)
            goal_scale = np.full(layout.sentence, 1 / sqrt(layout.sentence))
        else:
            goals = _goal_columns(episodes.observations, layout)
            goal_mean, goal_scale = goals.mean(0), np.maximum(goals.std(0), FLOOR)
        ahead = np.arange(len(states))[:, None] + np.arange(horizon)
        inside = ahead <= episodes.last[:, None]
        means, scales = [], []
        for k in range(horizon):
            at = np.flatnonzero(inside[:, k] if inside[:, k].any() else inside[:, 0])
            actions = episodes.actions[np.minimum(at + k, episodes.last[at])]
            if layout.anchor:
                actions = actions - episodes.observations[at][:, list(layout.anchor)]
            means.append(actions.mean(0))
            scales.append(np.maximum(actions.std(0), FLOOR) / SCALE)
        statistics = states.mean(0), np.maximum(states.std(0), FLOOR), goal_mean, goal_scale
        arrays = (np.asarray(array, np.float32) for array in (*statistics, means, scales))
        return cls(layout, *arrays)

    def states(self, observations: Numbers) -> Floats:
        """(..., observation) -> (..., S)"""
        states = _features(observations, self.layout)
        return ((states - self.state_mean) / self.state_scale).astype(np.float32)

    def goals(self, goals: Numbers) -> Floats:
        """(..., observation), or (..., sentence) where goals are sentences -> (..., G)"""
        values = goals if self.layout.sentence else _goal_columns(goals, self.layout)
        return ((values - self.goal_mean) / self.goal_scale).astype(np.float32)

    def anchors(self, observations: Numbers) -> Numbers:
        """(..., observation) -> (..., 1, A): what actions are relative to."""
        if not self.layout.anchor:
            return np.zeros((*observations.shape[:-1], 1, self.action_mean.shape[1]))
        return observations[..., None, list(self.layout.anchor)]

    def encoded(self, actions: Numbers, anchors: Numbers) -> Floats:
        """For the network: (..., horizon, A) from the data's units."""
        return ((actions - anchors - self.action_mean) / self.action_scale).astype(np.float32)

    def actions(self, encoded: Floats, anchors: Numbers) -> Numbers:
        """Back from the network: (..., horizon, A) in the data's units."""
        return encoded * self.action_scale + self.action_mean + anchors


def _features(observations: Numbers, layout: Layout) -> Numbers:
    """(..., observation) -> (..., S), not scaled."""
    states = _unrolled(observations, layout.angles, layout.folds)
    if not layout.near:
        return states
    one, other = (observations[..., list(columns)] for columns in zip(*layout.near, strict=True))
    return np.concatenate([states, np.tanh((one - other) / layout.reach)], -1)


def _unrolled(values: Numbers, angles: tuple[int, ...], folds: int) -> Numbers:
    """`values` (..., n) with each of `angles` replaced by its sine, and its cosine appended.

    Of as many times the angle as there are `folds`: the same for what looks the same.
    """
    if not angles:
        return values
    turns = folds * values[..., list(angles)]
    out = np.concatenate([values, np.cos(turns)], -1)
    out[..., list(angles)] = np.sin(turns)
    return out


def _goal_columns(observations: Numbers, layout: Layout) -> Numbers:
    """(..., observation) -> (..., G), not scaled."""
    angles = tuple(i for i, column in enumerate(layout.goal) if column in layout.angles)
    return _unrolled(observations[..., list(layout.goal)], angles, layout.folds)
