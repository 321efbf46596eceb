"""The table tennis world as a Robot; and one ball an episode."""

# pyright: reportAttributeAccessIssue=false
# (MuJoCo comes without types.)

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.ball import BallState, TrackName
from robot.ball_sight import EYES
from robot.camera import Pinhole
from robot.tennis import BALL, TENNIS, ball_fix
from robot.types import Command, Fix, Image, JointMode, Observation, Vector, vector
from sim.mujoco_camera import look
from sim.pace import Pace
from sim.tennis.court import SUBSTEPS, Court, CourtConfig, Seen, Touch
from sim.tennis.engine import One
from sim.tennis.eyes import Eyes
from sim.tennis.judge import Judge
from sim.tennis.states import split

CAMERAS = {"scene": Pinhole.looking((2.6, -2.9, 1.2), (0.0, -0.5, 0.1), 45.0, 640, 480), **EYES}
PerceptionName = Literal["truth", "camera"]


@dataclass(frozen=True)
class TennisConfig:
    """How the world runs."""

    track: TrackName = "paper"
    latency: bool = True  # observations and actions are late, as published
    randomise: bool = False  # contacts differ from ball to ball, as published
    perception: PerceptionName = "truth"  # of the ball; camera: by what two cameras see
    duration: float = 4.0  # [s] simulated, then wait() is False
    speed: float = inf  # simulated seconds a second at most; 1 is real time
    cameras: tuple[str, ...] = ()  # names in CAMERAS: their images are observed
    frame_period: float = 0.04  # [s] between two frames

    def __post_init__(self) -> None:
        if not self.duration > 0 or not self.speed > 0:
            raise ValueError("duration and speed must be positive")
        if self.perception not in (known := get_args(PerceptionName)):
            raise ValueError(
                f"unknown perception {self.perception!r}; valid are {', '.join(known)}"
            )
        if unknown := set(self.cameras) - set(CAMERAS):
            raise ValueError(f"unknown cameras {unknown}; valid are {', '.join(CAMERAS)}")


class Table:
    """The arm on its gantries, a table and a ball, simulated; what every robot at it has.

    What is observed and commanded is late (`sim.tennis.latency`); the ball is a fix named
    `robot.tennis.BALL` with its own time: a position of that time, and nothing else. It is exact,
    or, with perception by camera, the newest that was seen by then (`sim.tennis.eyes`). A velocity
    is kept up for as long as the command is valid, a position reached within one control
    period. `wait` is False once `over`.
    """

    spec = TENNIS

    def __init__(self, start: BallState, rng: np.random.Generator, config: TennisConfig) -> None:
        """`start` (3,) each: the first ball. `rng` draws the latencies, and the contacts if those
        are randomised."""
        self.config = config
        self._engine: One | None = One(config.track == "paper")
        settings = CourtConfig(config.track, config.latency, config.randomise)
        self._court = Court(self._engine, settings, [rng])
        self._court.reset(BallState(*(field[None] for field in start)))
        self.eyes = Eyes(self._engine) if config.perception == "camera" else None
        self._ticks, self._next_frame = 0, 0.0  # [s] of the simulation
        self._sensed: Observation | None = None
        self._pace = Pace(self.spec.dt, config.speed)
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}

    @property
    def over(self) -> bool:
        """Is there nothing more to be played?"""
        raise NotImplementedError

    def _see(self, touches: Sequence[Touch], ball: BallState) -> None:
        """What the ball (3,) touched in the period that has passed, and how it is now."""
        raise NotImplementedError

    def _visible(self) -> bool:
        """Is there a ball to be seen?"""
        return True

    def now(self) -> float:
        return self._ticks * self.spec.dt

    def wait(self) -> bool:
        if self._engine is None or self.over or self.now() >= self.config.duration - 1e-9:
            return False
        if self._sensed is None:
            self._expose()
        else:
            for _ in range(SUBSTEPS):
                self._court.advance()
                self._expose()
            self._ticks += 1
            touches, self._court.touches[0] = self._court.touches[0], []
            self._see(touches, self.ball())
        self._sensed = self._sense()
        self._pace.keep(self.now())
        return True

    def read(self) -> Observation:
        if self._sensed is None:
            raise RuntimeError("wait comes before read")
        return self._sensed

    def _sense(self) -> Observation:
        seen, now = self._court.observe(), self.now()
        fix = self._fix(seen)
        fixes = {} if fix is None else {BALL: fix}
        q, qd = vector(seen.q[0]), vector(seen.qd[0])
        return Observation(float(seen.time[0]), now, self._ticks, q, qd, fixes, self._frames(now))

    def _fix(self, seen: Seen) -> Fix | None:
        """What is known of the ball at this tick."""
        time = float(seen.ball_time[0])
        if self.eyes is not None:
            return self.eyes.seen(time)
        known = self._visible() and not np.isnan(seen.ball[0, 0])
        return ball_fix(time, seen.ball[0]) if known else None

    def _expose(self) -> None:
        """Let the eyes see the world as it is."""
        if self.eyes is not None:
            self.eyes.expose(self._court.step, self._visible())

    def _frames(self, now: float) -> dict[str, Image]:
        """Images by camera, where new ones are due."""
        if now < self._next_frame - 1e-9 or not self.config.cameras:
            return {}
        self._next_frame += self.config.frame_period
        return {name: Image(now, self.render(CAMERAS[name])) for name in self.config.cameras}

    def write(self, command: Command) -> None:
        speeds = np.array([mode == JointMode.VELOCITY for mode in command.modes])
        self._court.command(command.target[None], speeds, command.expiry)

    def ball(self) -> BallState:
        """The truth, for judges and tests: each (3,)."""
        engine = self._court.engine
        return BallState(
            engine.ball_position[0].copy(), engine.ball_velocity[0].copy(), engine.spin[0].copy()
        )

    def render(self, camera: Pinhole) -> NDArray[np.uint8]:
        """(H, W, 3) RGB."""
        if self._engine is None:
            raise RuntimeError("this world is closed")
        size = camera.height, camera.width
        if size not in self._renderers:
            self._renderers[size] = mujoco.Renderer(self._engine.model, *size)
        renderer, colour = self._renderers[size], self._engine.model.geom("ball").rgba
        mujoco.mj_kinematics(self._engine.model, self._engine.data)
        shown = colour[3]
        colour[3] = shown if self._visible() else 0.0
        renderer.update_scene(self._engine.data)
        colour[3] = shown
        look(renderer, camera)
        return renderer.render()

    def close(self) -> None:
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()
        if self.eyes is not None:
            self.eyes.close()
        self._engine = None


class TableTennis(Table):
    """One ball: the robot returns it, or does not; a `robot.types.Robot`.

    `start` (9,): the ball's position [m], velocity [m/s] and spin [rad/s], in the frame of
    `robot.tennis`, flying towards -y. The first tick is the start itself. The episode ends when
    the ball is decided.
    """

    def __init__(
        self,
        start: ArrayLike,
        rng: np.random.Generator,
        config: TennisConfig | None = None,
    ) -> None:
        """`rng` draws the latencies, and the contacts if those are randomised."""
        self.start = state_of(start)
        self.judge = Judge(self.start)
        super().__init__(split(self.start), rng, config or TennisConfig())

    @property
    def over(self) -> bool:
        return self.judge.over

    def _see(self, touches: Sequence[Touch], ball: BallState) -> None:
        self.judge.see(touches, ball.position)


def state_of(values: ArrayLike) -> Vector:
    """`values` as a ball's state (9,); refused if they are none."""
    state = vector(values)
    if state.shape != (9,) or not np.isfinite(state).all():
        raise ValueError(
            "a ball's state must be 9 finite numbers: position [m], velocity [m/s], spin [rad/s]; "
            f"not {values}"
        )
    if state[4] >= 0:
        raise ValueError("the ball must fly towards the robot: its velocity along y negative")
    return state
