"""Table tennis as Gymnasium environments: return one ball, or play a match."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from robot.ball import TrackName
from robot.estimate import Estimator
from robot.safety import SafetyConfig, Supervisor
from robot.tennis import BALL, TENNIS, TRACKING
from robot.types import Command, JointMode, State, Vector
from sim.tennis.levels import draw, known
from sim.tennis.match import MatchConfig, TennisMatch
from sim.tennis.play import PlayConfig
from sim.tennis.referee import MatchRules, Side
from sim.tennis.states import invent
from sim.tennis.world import CAMERAS, Table, TableTennis, TennisConfig

Obs = Mapping[str, NDArray[Any]]


World = TypeVar("World", bound=Table)


class TableEnv(gymnasium.Env[Obs, Vector], Generic[World]):
    """What both have in common.

    Action (8,): joint speeds [m/s, m/s, rad/s ...] at 50 Hz; the Supervisor limits what goes too
    far or too fast, and `info["reasons"]` says so. Observation, all of it late as published: `q`
    (8,) and `qd` (8,) of the joints, `ball` (3,) [m], and `ball_age` (1,) [s]: how long ago it was
    there, -1 (and `ball` 0) before it was first seen.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 50}  # noqa: RUF012, Gymnasium's way

    def __init__(self, render_mode: str | None) -> None:
        self.render_mode = render_mode
        n = len(TENNIS.joints)
        self.action_space = spaces.Box(-TENNIS.velocity, TENNIS.velocity, dtype=np.float64)
        self.observation_space: spaces.Space[Any] = spaces.Dict(
            {
                "q": spaces.Box(-np.inf, np.inf, (n,), np.float64),
                "qd": spaces.Box(-np.inf, np.inf, (n,), np.float64),
                "ball": spaces.Box(-np.inf, np.inf, (3,), np.float64),
                "ball_age": spaces.Box(-1.0, np.inf, (1,), np.float64),
            }
        )
        self._world: World | None = None
        self._state: State | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Obs, dict[str, Any]]:
        super().reset(seed=seed)
        self.close()
        world = self._world = self._make(options or {})
        # A policy that explores is limited all the time; that alone shall not end the episode.
        self._supervisor = Supervisor(TENNIS, SafetyConfig(limited_for=1e6, tracking=TRACKING))
        self._estimator = Estimator(TENNIS)
        world.wait()
        self._supervisor.reset(world.read().q)
        return self._observe(world), self._info(world)

    def _make(self, options: dict[str, Any]) -> World:
        """The world of a new episode."""
        raise NotImplementedError

    def _info(self, world: World) -> dict[str, Any]:
        raise NotImplementedError

    def _reward(self, world: World) -> float:
        """Of the tick that has passed."""
        raise NotImplementedError

    def _observe(self, world: World) -> Obs:
        obs = world.read()
        self._state = state = self._estimator.update(obs, world.now(), self._supervisor.reference)
        fix = state.objects.get(BALL)
        return {
            "q": state.q.copy(),
            "qd": state.qd.copy(),
            "ball": np.zeros(3) if fix is None else fix.position.copy(),
            "ball_age": np.array([-1.0 if fix is None else state.time - fix.time]),
        }

    def step(self, action: Vector) -> tuple[Obs, float, bool, bool, dict[str, Any]]:
        world, state = self._world, self._state
        if world is None or state is None:
            raise RuntimeError("call reset before step")
        target = np.asarray(action, dtype=np.float64)
        modes = (JointMode.VELOCITY,) * len(TENNIS.joints)
        proposed = Command(state.time, state.seq, 0, target, modes, TENNIS.timeout)
        verdict = self._supervisor.filter(state, proposed)
        world.write(verdict.command)
        world.wait()
        obs = self._observe(world)
        info = {"reasons": verdict.reasons, "stopped": verdict.stopped, **self._info(world)}
        return obs, self._reward(world), world.over, False, info

    def render(self) -> NDArray[np.uint8] | None:
        if self._world is None or self.render_mode != "rgb_array":
            return None
        return self._world.render(CAMERAS["scene"])

    def close(self) -> None:
        if self._world is not None:
            self._world.close()
            self._world = None


class TableTennisEnv(TableEnv[TableTennis]):
    """Return the ball so that it lands on the other side.

    The reward is 1 once the ball has landed, 0 before; the episode ends when the ball is decided.
    `info` also tells `hit`, `landed` and `place` (2,) [m]. `reset` takes the option `start`, a
    ball's state (9,) to start from instead of a random one.
    """

    def __init__(
        self,
        track: TrackName = "paper",
        latency: bool = True,
        randomise: bool = False,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(render_mode)
        self._config = TennisConfig(track, latency, randomise, duration=float("inf"))

    def _make(self, options: dict[str, Any]) -> TableTennis:
        start = options.get("start")
        if start is None:
            start = invent(self.np_random).values[0]
        return TableTennis(start, self.np_random, self._config)

    def _info(self, world: TableTennis) -> dict[str, Any]:
        judge = world.judge
        return {"hit": judge.hit, "landed": judge.landed, "place": judge.place}

    def _reward(self, world: TableTennis) -> float:
        return float(world.judge.landed)


class TableTennisMatchEnv(TableEnv[TennisMatch]):
    """Play a match against somebody of a level, drawn afresh.

    The reward is 1 for a point won, -1 for one lost, 0 otherwise; the episode ends with the match.
    Between rallies no ball is seen, and `ball_age` grows. `info` also tells `playing`, the
    `points` of this game and the `games` won, each by the robot and by its opponent.
    """

    def __init__(
        self,
        level: str = "intermediate",
        games: int = 3,
        track: TrackName = "paper",
        latency: bool = True,
        randomise: bool = False,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(render_mode)
        self._level = known(level)
        play = PlayConfig(MatchRules(games=games))
        self._config = MatchConfig(play, None, track, latency, randomise, duration=float("inf"))

    def _make(self, options: dict[str, Any]) -> TennisMatch:
        self._paid = 0
        own, chance = self.np_random.spawn(2)
        return TennisMatch(draw(self._level, chance), own, chance, self._config)

    def _info(self, world: TennisMatch) -> dict[str, Any]:
        score = world.score
        return {
            "playing": world.play.playing,
            "points": (score.points[Side.NEAR], score.points[Side.FAR]),
            "games": (score.won(Side.NEAR), score.won(Side.FAR)),
        }

    def _reward(self, world: TennisMatch) -> float:
        shots = world.results()[self._paid :]
        self._paid += len(shots)
        return float(sum({"robot": 1, "opponent": -1, None: 0}[shot.point] for shot in shots))
