"""PushT as a Robot: the world of gym-pusht, whose seeds, physics and pictures it keeps."""

import os
import warnings
from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from robot.pusht import GOALS, PIXEL, PUSHT, SIDE, fix_of
from robot.types import Command, Image, Observation, vector
from sim.pace import Pace

if TYPE_CHECKING:
    from gym_pusht.envs.pusht import PushTEnv

CAMERA = "scene"  # straight from above, x to the right and y down


@dataclass(frozen=True)
class PushTConfig:
    """How the world runs."""

    goal: tuple[float, float, float] = GOALS["center"]  # the pose wanted of the T [m, m, rad]
    cameras: tuple[str, ...] = ()  # `CAMERA` is the only one; a frame every tick
    frame_size: int = 512  # [px] edge of a frame; 96 is usual for policies
    duration: float = 30.0  # [s] simulated, then wait() is False: the usual 300 steps
    speed: float = float("inf")  # simulated seconds a second at most; 1 is real time

    def __post_init__(self) -> None:
        goal = np.asarray(self.goal, dtype=np.float64)
        inside = goal.shape == (3,) and np.isfinite(goal).all()
        if not (inside and (goal[:2] >= 0).all() and (goal[:2] <= SIDE).all()):
            raise ValueError(
                f"the goal must be x [m], y [m] within 0 to {SIDE} and an angle [rad], such as "
                f"{' or '.join(map(str, GOALS.values()))}; not {self.goal}"
            )
        if unknown := set(self.cameras) - {CAMERA}:
            raise ValueError(f"unknown camera {sorted(unknown)[0]!r}; valid is {CAMERA}")
        if not self.duration > 0 or not self.speed > 0 or self.frame_size < 1:
            raise ValueError("duration, speed and frame_size must be positive")


def _make_env(frame_size: int | None) -> "PushTEnv":
    """gym-pusht's environment itself, drawn at every step where a `frame_size` [px] is given."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # its greeting on standard output
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "pkg_resources is deprecated")
        try:
            from gym_pusht.envs.pusht import PushTEnv
        except ModuleNotFoundError as error:
            raise RuntimeError(
                f"the PushT world needs {error.name}: run `make dev`, or "
                "pip install 'courtside[pusht]'"
            ) from error
    if frame_size is None:
        return PushTEnv(obs_type="state")
    return PushTEnv(obs_type="pixels", observation_width=frame_size, observation_height=frame_size)


def _begin(env: "PushTEnv", start: int | ArrayLike) -> None:
    """Reset to a seed, exactly as `env.reset(seed=...)` does, or to a state (5,)."""
    if isinstance(start, int | np.integer) and start >= 0:
        env.reset(seed=int(start))
        return
    state = np.array(start, dtype=np.float64)
    if state.shape != (5,) or not np.isfinite(state).all():
        raise ValueError(
            "a start must be a seed of 0 or more, or a state of five finite numbers: agent x, y, "
            f"T's x, y [px], T's angle [rad]; not {start}"
        )
    if (state[:4] < 0).any() or (state[:4] > SIDE * PIXEL).any():
        raise ValueError(f"positions must be within 0 to {SIDE * PIXEL:.0f} px, not {start}")
    # Only a fresh reset replays demonstrations exactly: contacts of an earlier step would linger.
    # It sets the T's angle after its position, which turns the T about its centre of gravity and
    # so moves it; the position is given such that it is then where it shall be.
    env.reset(seed=0)
    center = env.block.center_of_gravity
    shift = center.rotated(float(state[4])) - center
    state[2:4] += shift
    env.reset(options={"reset_to_state": state})


class PushT:
    """The agent, the T and its goal, simulated; a `robot.types.Robot`.

    `start` is a seed, or a state (5,) in the layout of `robot.pusht.observation`. The first tick
    is the start itself: nothing moves before the first command. Each later tick is one step of
    gym-pusht, whose own controller moves the agent to the last command's target; a command that
    has expired holds the agent where it then is. The poses of the T and of its goal are measured
    exactly, at every tick. The end of an episode is for others to judge.
    """

    spec = PUSHT

    def __init__(self, start: int | ArrayLike = 0, config: PushTConfig | None = None) -> None:
        self.config = config or PushTConfig()
        env = _make_env(self.config.frame_size if self.config.cameras else None)
        _begin(env, start)
        x, y, angle = self.config.goal
        env.goal_pose = np.array([x * PIXEL, y * PIXEL, angle])
        self._env: PushTEnv | None = env
        self._wanted = np.array(env.agent.position)  # (2,) [px] where the agent is sent
        self._command: Command | None = None  # as long as it is valid
        self._received = self._ticks = 0
        self._sensed: Observation | None = None
        self._pace = Pace(self.spec.dt, self.config.speed)

    @property
    def env(self) -> "PushTEnv":
        if self._env is None:
            raise RuntimeError("this world is closed")
        return self._env

    def now(self) -> float:
        return self._ticks * self.spec.dt

    def wait(self) -> bool:
        if self._env is None or self.now() >= self.config.duration:
            return False
        if self._sensed is None:
            seen = self._env.get_obs()
        else:
            seen = self._advance()
            self._ticks += 1
        self._sensed = self._sense(seen)
        self._pace.keep(self.now())
        return True

    def _advance(self) -> object:
        """One step toward the target; returns what gym-pusht observed."""
        env, command = self.env, self._command
        if command is not None:
            age = (self._ticks - self._received) * self.spec.dt
            if age < command.expiry:
                self._wanted = command.target * PIXEL
            else:  # once: it comes to rest here
                self._command, self._wanted = None, np.array(env.agent.position)
        return env.step(self._wanted)[0]

    def read(self) -> Observation:
        if self._sensed is None:
            raise RuntimeError("wait comes before read")
        return self._sensed

    def _sense(self, seen: object) -> Observation:
        """The observation now; `seen` by gym-pusht are the pixels, with a camera."""
        env, now = self.env, self.now()
        q, qd = np.array(env.agent.position) / PIXEL, np.array(env.agent.velocity) / PIXEL
        x, y = env.block.position
        pose = x / PIXEL, y / PIXEL, env.block.angle % (2 * pi)
        fixes = {"T": fix_of(now, pose), "goal": fix_of(now, self.config.goal)}
        images = {name: Image(now, np.asarray(seen)) for name in self.config.cameras}
        return Observation(now, now, self._ticks, vector(q), vector(qd), fixes, images)

    def write(self, command: Command) -> None:
        self._command, self._received = command, self._ticks

    def close(self) -> None:
        if self._env is not None:
            self._env.close()
            self._env = None
