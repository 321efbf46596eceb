"""The block push world as a Robot."""

from dataclasses import dataclass
from math import exp
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from robot.pushing import PUSHER, frame_of
from robot.types import Command, Fix, Image, Observation, Vector, vector
from sim.blockpush_parts import CAMERAS, LAG, SIZES, Start, random_start
from sim.engine import Engine
from sim.pace import Pace

EngineName = Literal["mujoco", "pybullet"]


@dataclass(frozen=True)
class BlockPushConfig:
    """How the world runs."""

    engine: EngineName = "mujoco"
    substeps: int = 40  # physics steps a control period
    cameras: tuple[str, ...] = ()  # names in sim.blockpush_parts.CAMERAS; a frame every tick
    duration: float = float("inf")  # [s] simulated, then wait() is False
    speed: float = float("inf")  # simulated seconds a second at most; 1 is real time

    def __post_init__(self) -> None:
        if unknown := set(self.cameras) - set(CAMERAS):
            raise ValueError(
                f"unknown camera {min(unknown)!r}; valid are {', '.join(sorted(CAMERAS))}"
            )
        if self.substeps < 1 or not self.duration > 0 or not self.speed > 0:
            raise ValueError("substeps, duration and speed must be positive")


def make_engine(name: EngineName, start: Start, dt: float) -> Engine:
    """The engine called `name`, with physics period `dt` [s]."""
    if name == "mujoco":
        from sim.blockpush_mujoco import MujocoBlockPush

        return MujocoBlockPush(PUSHER, start, dt)
    if name == "pybullet":
        from sim.blockpush_pybullet import PybulletBlockPush

        return PybulletBlockPush(PUSHER, start, dt)
    raise ValueError(f"unknown engine {name!r}; valid are mujoco, pybullet")


def first_frame(start: int | ArrayLike) -> Vector:
    """The frame (16,) that a seed stands for, or `start` itself if it is a frame."""
    if isinstance(start, int | np.integer):
        if start < 0:
            raise ValueError(f"a start's seed must be 0 or more, not {start}")
        return random_start(np.random.default_rng(int(start)))
    frame = frame_of(start)
    if (frame[6:10] < [*PUSHER.lower] * 2).any() or (frame[6:10] > [*PUSHER.upper] * 2).any():
        raise ValueError(
            f"the effector must start within {PUSHER.lower.tolist()} to {PUSHER.upper.tolist()} "
            f"[m], not at {frame[6:8].tolist()} on its way to {frame[8:10].tolist()}"
        )
    return frame


class BlockPush:
    """The gantry, its effector, two blocks and two targets, simulated; a `robot.types.Robot`.

    `start` is a seed, or a frame (16,) of `robot.pushing`, from which all is at rest. The first
    tick is the start itself: nothing moves before the first command. The effector goes straight
    to the last command's target, there at the end of the period but for its lag; it holds when
    the command has expired. Objects are measured exactly, at every tick.
    """

    spec = PUSHER

    def __init__(self, start: int | ArrayLike = 0, config: BlockPushConfig | None = None) -> None:
        self.config = config or BlockPushConfig()
        self.start = vector(first_frame(start))
        self._step = self.spec.dt / self.config.substeps  # [s]
        self._engine: Engine | None = make_engine(self.config.engine, Start(self.start), self._step)
        self._drive, self._reference = self.start[6:8], self.start[8:10]  # (2,) [m]
        self._decay = exp(-self._step / LAG)
        self._ticks = self._received = 0
        self._command: Command | None = None
        self._sensed: Observation | None = None
        self._pace = Pace(self.spec.dt, self.config.speed)

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("this world is closed")
        return self._engine

    def now(self) -> float:
        return self._ticks * self.spec.dt

    def wait(self) -> bool:
        if self._engine is None or self.now() >= self.config.duration - 1e-9:
            return False
        if self._sensed is not None:
            self._advance()
            self._ticks += 1
        self._sensed = self._sense()
        self._pace.keep(self.now())
        return True

    def _advance(self) -> None:
        """One control period: the reference runs to the target, the effector's drive behind it."""
        command, age = self._command, (self._ticks - self._received) * self.spec.dt
        valid = command is not None and age < command.expiry
        end = command.target if command is not None and valid else self._reference
        way = (end - self._reference) / self.config.substeps
        trail = way * (LAG / self._step)  # how far a steady drive is behind
        for _ in range(self.config.substeps):
            behind = (self._drive - self._reference + trail) * self._decay - trail
            self._reference = self._reference + way
            drive = self._reference + behind
            self.engine.step(drive, (drive - self._drive) / self._step)
            self._drive = drive
        self._reference = end

    def read(self) -> Observation:
        if self._sensed is None:
            raise RuntimeError("wait comes before read")
        return self._sensed

    def _sense(self) -> Observation:
        now = self.now()
        q, qd = self.engine.joints()
        fixes = {
            name: Fix(now, vector(position), vector(quaternion), SIZES[name])
            for name, (position, quaternion) in self.engine.objects().items()
        }
        images = {
            name: Image(now, self.engine.render(CAMERAS[name])) for name in self.config.cameras
        }
        return Observation(now, now, self._ticks, vector(q), vector(qd), fixes, images)

    def write(self, command: Command) -> None:
        self._command, self._received = command, self._ticks

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None
