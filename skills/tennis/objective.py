"""What blackbox gradient sensing improves a controller by: balls returned, in many worlds at once.

A trial plays every candidate against its own rollouts, all of them in one batch. A rollout is a
function of its seed and of how often each category of balls was returned so far: the curriculum
draws the ball by it, the world its latencies. So both candidates of an antithetic pair meet the
same balls, equally late.

A candidate plays as it will in the loop: from when the ball is known to when it is seen to fly
back. Rewards are the paper's (`skills.tennis.rewards`), and that for landing near the target.
Observations are normalised as they were when the controller was first taught.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from robot.ball import Mask, Track
from robot.tennis import TENNIS
from robot.types import Vector, vector
from skills.tennis.arena import Arena, Worlds
from skills.tennis.controller import Controller, Playing
from skills.tennis.curriculum import Curriculum, Tally
from skills.tennis.network import CONTROLLER
from skills.tennis.normalise import Normaliser
from skills.tennis.observer import Observer
from skills.tennis.rewards import Episodes, RewardConfig, base, targeting, total
from skills.tennis.workers import Knowledge, Result, Trial

LONGEST = 120  # ticks of an episode
DECIDED = 60  # ticks more in which every ball comes down, the robot at rest
TARGETING = 1.0  # weight of the targeting reward, in [0, 1]; the paper's weights are of the others
# Of the posture: every episode begins at home, so that this reward is the same for all; the style
# is what the controller was taught.
REWARDS = RewardConfig(
    TENNIS.dt,
    TENNIS.lower,
    TENNIS.upper,
    TENNIS.velocity,
    TENNIS.acceleration,
    TENNIS.jerk,
    TENNIS.home,
)


class Stage(Worlds, Protocol):
    """Worlds that also tell the truth, for rewards; see `sim.tennis.quick.QuickBatch`."""

    def reseed(self, rngs: Sequence[np.random.Generator]) -> None: ...
    def ball(self) -> tuple[Vector, Vector, Vector]: ...
    def racket(self) -> tuple[Vector, Vector, Vector]: ...
    def joints(self) -> tuple[Vector, Vector]: ...
    @property
    def crashing(self) -> Mask: ...


@dataclass(frozen=True)
class Aim:
    """What is tried: the parameters of `controller`, or of its adapter alone."""

    controller: Controller
    target: tuple[float, float]  # [m] where balls shall land
    adapter: bool = False

    @property
    def start(self) -> Vector:
        """(n,) The parameters to begin with."""
        made = self.controller
        if not self.adapter:
            return vector(made.parameters)
        if made.adapter is None:
            raise ValueError(f"{made.name} has no adapter")
        return vector(made.adapter)


class Returning:
    """A `skills.tennis.workers.Objective`."""

    def __init__(
        self, stage: Callable[[int], Stage], track: Track, curriculum: Curriculum, aim: Aim
    ) -> None:
        """`stage` makes n worlds of `track`."""
        self._make, self._track, self._curriculum, self._aim = stage, track, curriculum, aim
        self._stages: dict[int, tuple[Stage, Arena]] = {}

    @property
    def categories(self) -> int:
        """Of balls, that the curriculum draws from."""
        return len(self._curriculum.names)

    def __call__(self, trial: Trial) -> Result:
        shape = trial.seeds.shape
        seeds, index = np.unique(trial.seeds, return_inverse=True)
        index, drawn = index.reshape(-1), self._draw(trial.known.tally, seeds.tolist())
        states = np.array([state for state, _ in drawn])[index]
        categories = np.array([category for _, category in drawn])[index]
        played = self._play(trial.parameters, states, seeds[index])
        rewards = total(base(played, self._aim.controller.style, REWARDS))
        rewards = rewards + TARGETING * targeting(played, np.array(self._aim.target), REWARDS)
        tally = Tally.of(self.categories, categories, played.landed)
        gained = Knowledge(Normaliser.empty(len(trial.known.normaliser.mean)), tally)
        return Result(vector(rewards.reshape(shape)), gained)

    def _draw(self, tally: Tally, seeds: Sequence[int]) -> list[tuple[Vector, int]]:
        return [self._curriculum.draw(tally, np.random.default_rng(seed)) for seed in seeds]

    def _stage(self, n: int) -> tuple[Stage, Arena]:
        if n not in self._stages:
            worlds = self._make(n)
            self._stages[n] = worlds, Arena(worlds, self._track)
        return self._stages[n]

    def _play(self, parameters: Vector, states: Vector, seeds: NDArray[np.uint64]) -> Episodes:
        """Balls `states` (B, 9), played by the candidates (P, n), B / P each."""
        count, made = len(states), self._aim.controller
        lead = (len(parameters), count // len(parameters))
        worlds, arena = self._stage(count)
        worlds.reseed([np.random.default_rng((seed, 1)) for seed in seeds.tolist()])
        senses = arena.reset(states)
        observer = Observer(self._track, senses.q)
        tried: Any = (parameters, None)
        if self._aim.adapter:
            tried = (made.parameters, parameters)
        nothing = np.zeros((*lead, CONTROLLER.inputs))
        playing = Playing(tried[0], made.normaliser, made.speed, nothing, tried[1])
        diary = Diary(count)
        begun, done = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        for _ in range(LONGEST):
            given = observer.see(senses).reshape(*lead, -1)
            known = ~np.isnan(senses.ahead.position[:, 0])
            if (new := known & ~begun).any():
                playing.restart(new.reshape(lead), given)
                begun |= new
            wish = playing.act(given).reshape(count, -1)
            senses = arena.step(np.where((begun & ~done)[:, None], wish, 0.0))
            diary.tick(worlds, ~done)
            done |= arena.over | (senses.ball.velocity[:, 1] > 0)
            if done.all():
                break
        for _ in range(DECIDED):
            if arena.over.all():
                break
            worlds.step(np.zeros((count, len(TENNIS.joints))))
            diary.watch(worlds)
        return diary.episodes(arena)


class Diary:
    """What rewards need to know of B episodes."""

    def __init__(self, count: int) -> None:
        self._crossed = np.zeros(count, dtype=bool)
        self._q: list[Vector] = []
        self._qd: list[Vector] = []
        self._height: list[Vector] = []
        self._colliding: list[Mask] = []
        self._present: list[Mask] = []

    def tick(self, worlds: Stage, present: Mask) -> None:
        q, qd = worlds.joints()
        self._q.append(q)
        self._qd.append(qd)
        self._height.append(worlds.racket()[0][:, 2])
        self._colliding.append(worlds.crashing)
        self._present.append(present)
        self.watch(worlds)

    def watch(self, worlds: Stage) -> None:
        position, velocity, _ = worlds.ball()
        self._crossed |= (position[:, 1] > 0) & (velocity[:, 1] > 0)

    def episodes(self, arena: Arena) -> Episodes:
        fates = arena.fates()
        count = len(fates.hit)
        return Episodes(
            q=np.stack(self._q, axis=1),
            qd=np.stack(self._qd, axis=1),
            present=np.stack(self._present, axis=1),
            hit=fates.hit,
            crossed=self._crossed | fates.landed,
            landed=fates.landed,
            landing=fates.place,
            net_height=fates.net,
            colliding=np.stack(self._colliding, axis=1),
            paddle_height=np.stack(self._height, axis=1),
            q_at_hit=np.full((count, len(TENNIS.joints)), np.nan),
        )
