"""The worlds as Gymnasium environments.

Raw, for those who bring their own policy: the action is the joint target itself, or a step of it.
It passes the same Supervisor as everything else.
"""

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from robot import pushing
from robot.estimate import Estimator
from robot.safety import SafetyConfig, Supervisor
from robot.specs import UR5E
from robot.table import BOWL_RADIUS
from robot.types import Command, JointMode, Observation, State, Vector
from sim import blockpush_parts
from sim.blockpush import BlockPush, BlockPushConfig
from sim.engine import CAMERAS
from sim.scene import random_scene
from sim.tabletop import EngineName, Tabletop, TabletopConfig

Obs = Mapping[str, NDArray[Any]]


class TabletopEnv(gymnasium.Env[Obs, NDArray[np.float64]]):
    """Put the first block into the first bowl.

    Action (7,): target positions of six joints [rad] and of a finger [m]; the Supervisor limits
    what goes too far or too fast, and `info["reasons"]` says so. Observation: `q` (7,) and `qd`
    (7,) of the joints; `objects` (blocks + bowls, 7): position [m] and quaternion wxyz. The reward
    is 1 once the block rests in the bowl, which ends the episode, and 0 before.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 25}  # noqa: RUF012, Gymnasium's way

    def __init__(
        self,
        engine: EngineName = "mujoco",
        blocks: int = 3,
        bowls: int = 3,
        render_mode: str | None = None,
    ) -> None:
        if blocks < 1 or bowls < 1:
            raise ValueError("the task needs at least one block and one bowl")
        self.render_mode = render_mode
        self._engine: EngineName = engine
        self._counts = blocks, bowls
        spec = UR5E
        n = len(spec.joints)
        self.action_space = spaces.Box(spec.lower, spec.upper, dtype=np.float64)
        self.observation_space: spaces.Space[Any] = spaces.Dict(
            {
                "q": spaces.Box(-np.inf, np.inf, (n,), np.float64),
                "qd": spaces.Box(-np.inf, np.inf, (n,), np.float64),
                "objects": spaces.Box(-np.inf, np.inf, (blocks + bowls, 7), np.float64),
            }
        )
        self._world: Tabletop | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Obs, dict[str, Any]]:
        """A new random scene. `options`: none."""
        super().reset(seed=seed)
        self.close()
        scene = random_scene(self.np_random, *self._counts)
        config = TabletopConfig(self._engine, fix_period=UR5E.dt)
        self._world = Tabletop(UR5E, scene, config)
        # A policy that explores is limited all the time; that alone shall not end the episode.
        safety = SafetyConfig(limited_for=1e6)
        self._supervisor, self._estimator = Supervisor(UR5E, safety), Estimator(UR5E)
        self._target = scene[0].name, scene[self._counts[0]].name
        self._world.wait()
        obs = self._world.read()
        self._supervisor.reset(obs.q)
        self._observe(obs)
        return self._view(obs), {"scene": scene}

    def _observe(self, obs: Observation) -> None:
        assert self._world is not None
        self._state = self._estimator.update(obs, self._world.now(), self._supervisor.reference)

    def step(self, action: NDArray[np.float64]) -> tuple[Obs, float, bool, bool, dict[str, Any]]:
        world = self._world
        if world is None:
            raise RuntimeError("call reset before step")
        state = self._state
        modes = (JointMode.POSITION,) * len(UR5E.joints)
        target = np.asarray(action, dtype=np.float64)
        proposed = Command(state.time, state.seq, 0, target, modes, UR5E.timeout)
        verdict = self._supervisor.filter(state, proposed)
        world.write(verdict.command)
        world.wait()
        obs = world.read()
        self._observe(obs)
        done = self._success(obs)
        info = {"reasons": verdict.reasons, "stopped": verdict.stopped, "is_success": done}
        return self._view(obs), float(done), done, False, info

    def _view(self, obs: Observation) -> Obs:
        objects = [np.concatenate([f.position, f.quaternion]) for f in obs.fixes.values()]
        return {"q": obs.q.copy(), "qd": obs.qd.copy(), "objects": np.array(objects)}

    def _success(self, obs: Observation) -> bool:
        block, bowl = (obs.fixes[name].position for name in self._target)
        finger = float(obs.q[-1])
        level = float(np.hypot(*(block - bowl)[:2]))
        return level < BOWL_RADIUS and block[2] < bowl[2] + 0.02 and finger > 0.022

    def render(self) -> NDArray[np.uint8] | None:
        if self._world is None or self.render_mode != "rgb_array":
            return None
        return self._world.engine.render(CAMERAS["scene"])

    def close(self) -> None:
        if self._world is not None:
            self._world.close()
            self._world = None


class BlockPushEnv(gymnasium.Env[Vector, Vector]):
    """Push both blocks into different targets, in either order and assignment.

    Action (2,): how far the effector's target moves [m], along x and y, within ±.03. Observation:
    the frame (16,) of `robot.pushing`, as in the published demonstrations. The reward is 1 once
    both blocks are in different targets, which ends the episode, and 0 before; `info` says which
    block came first (`order`) and whose target is whose (`assignment`), as far as it is known.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012, Gymnasium's way

    def __init__(self, engine: EngineName = "mujoco", render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self._config = BlockPushConfig(engine)
        self.action_space = spaces.Box(-pushing.STEP, pushing.STEP, (2,), np.float64)
        self.observation_space = spaces.Box(-np.inf, np.inf, (pushing.FRAME,), np.float64)
        self._world: BlockPush | None = None
        self._state: State | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Vector, dict[str, Any]]:
        """A new random start. `options`: `start`, a frame (16,) to start from instead."""
        super().reset(seed=seed)
        self.close()
        start = (options or {}).get("start")
        if start is None:
            start = blockpush_parts.random_start(self.np_random)
        world = self._world = BlockPush(start, self._config)
        # A policy that explores is limited all the time; that alone shall not end the episode.
        self._supervisor = Supervisor(world.spec, SafetyConfig(limited_for=1e6))
        self._estimator, self._judge = Estimator(world.spec), pushing.Judge()
        world.wait()
        self._supervisor.reset(world.read().q)
        return self._observe(world), self._info()

    def _observe(self, world: BlockPush) -> Vector:
        reference = self._supervisor.reference
        self._state = state = self._estimator.update(world.read(), world.now(), reference)
        frame = pushing.observation(state)
        self._judge.see(state.time, frame)
        return frame

    def _info(self) -> dict[str, Any]:
        judge = self._judge
        return {
            "is_success": judge.success,
            "order": judge.order,
            "assignment": judge.assignment,
        }

    def step(self, action: Vector) -> tuple[Vector, float, bool, bool, dict[str, Any]]:
        world, state = self._world, self._state
        if world is None or state is None:
            raise RuntimeError("call reset before step")
        target = pushing.target(action, state.reference.q)
        modes = (JointMode.POSITION,) * len(world.spec.joints)
        proposed = Command(state.time, state.seq, 0, target, modes, world.spec.timeout)
        verdict = self._supervisor.filter(state, proposed)
        world.write(verdict.command)
        world.wait()
        frame, done = self._observe(world), self._judge.success
        info = {"reasons": verdict.reasons, "stopped": verdict.stopped, **self._info()}
        return frame, float(done), done, False, info

    def render(self) -> NDArray[np.uint8] | None:
        if self._world is None or self.render_mode != "rgb_array":
            return None
        return self._world.engine.render(blockpush_parts.CAMERAS["scene"])

    def close(self) -> None:
        if self._world is not None:
            self._world.close()
            self._world = None


# `gymnasium.make("sim.envs:courtside/Tabletop-v0")` imports this module first.
gymnasium.register(
    "courtside/Tabletop-v0", entry_point="sim.envs:TabletopEnv", max_episode_steps=2500
)
gymnasium.register(
    "courtside/BlockPush-v0", entry_point="sim.envs:BlockPushEnv", max_episode_steps=350
)
gymnasium.register(
    "courtside/TableTennis-v0", entry_point="sim.tennis.env:TableTennisEnv", max_episode_steps=200
)
gymnasium.register(
    "courtside/TableTennisMatch-v0", entry_point="sim.tennis.env:TableTennisMatchEnv"
)
