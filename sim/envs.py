"""The tabletop as a Gymnasium environment.

Raw, for those who bring their own policy: the action is the joint target itself. It passes the
same Supervisor as everything else.
"""

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from robot.estimate import Estimator
from robot.safety import SafetyConfig, Supervisor
from robot.specs import UR5E
from robot.table import BOWL_RADIUS
from robot.types import Command, JointMode, Observation
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


# `gymnasium.make("sim.envs:courtside/Tabletop-v0")` imports this module first.
gymnasium.register(
    "courtside/Tabletop-v0", entry_point="sim.envs:TabletopEnv", max_episode_steps=2500
)
