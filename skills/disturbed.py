"""Demonstrations that also show how to recover: a skill whose commands are now and then disturbed.

Someone who imitates a demonstrator that never errs does not learn what to do after an error. So
the robot is led astray, and what the demonstrator wants meanwhile is what is remembered (Laskey et
al. 2017, DART, arXiv 1703.09327).
"""

from dataclasses import dataclass, replace

import numpy as np

from robot.types import Command, Goal, Outcome, RobotSpec, Skill, State, Vector
from skills.motion import Stream


@dataclass(frozen=True)
class DisturbanceConfig:
    """How the commands of a planar robot are disturbed."""

    rate: float = 0.04  # chance of a disturbance to begin, a tick
    ticks: tuple[int, int] = (2, 6)  # how long it lasts, at least and at most
    step: float = 0.012  # [m] that it adds to each tick's way, in a direction of its own


class Disturbed:
    """A `robot.types.Skill` around another that gives positions; `wanted` is what that said."""

    def __init__(
        self,
        skill: Skill,
        spec: RobotSpec,
        rng: np.random.Generator,
        config: DisturbanceConfig | None = None,
    ) -> None:
        self._skill, self._spec, self._rng = skill, spec, rng
        self._config = config or DisturbanceConfig()
        self._stream = Stream(spec)
        self._left = 0  # ticks of the disturbance that is under way
        self._push = np.zeros(len(spec.joints))  # [m] a tick
        self.wanted: Vector = spec.home

    def reset(self, state: State, goal: Goal) -> None:
        self._left = 0
        self._skill.reset(state, goal)

    def act(self, state: State, goal: Goal) -> tuple[Command, Outcome]:
        command, outcome = self._skill.act(state, goal)
        self.wanted = command.target
        config = self._config
        if self._left == 0 and self._rng.random() < config.rate:
            self._left = int(self._rng.integers(config.ticks[0], config.ticks[1] + 1))
            direction = self._rng.standard_normal(len(self._push))
            self._push = config.step * direction / np.linalg.norm(direction)
        if self._left == 0:
            return command, outcome
        self._left -= 1
        wish = np.clip(command.target + self._push, self._spec.lower, self._spec.upper)
        return replace(command, target=self._stream.toward(wish, state)), outcome
