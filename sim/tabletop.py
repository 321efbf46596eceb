"""The tabletop world as a Robot."""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from robot.table import SIZES
from robot.types import Command, Fix, Image, Observation, RobotSpec, Vector, vector
from robot.vision.cameras import ON_TOOL, Rig
from robot.vision.sight import TableSight
from robot.vision.things import Seeing
from sim.conditions import USUAL, Conditions
from sim.engine import CAMERAS, Engine
from sim.pace import Pace
from sim.scene import Scene

EngineName = Literal["mujoco", "pybullet"]
PerceptionName = Literal["truth", "camera"]
Kept = dict[str, Any]  # a world's state in plain values


@dataclass(frozen=True)
class TabletopConfig:
    """How the world runs."""

    engine: EngineName = "mujoco"
    substeps: int = 4  # physics steps a control period
    perception: PerceptionName = "truth"  # of the objects; camera: as two cameras see them
    fix_period: float = 0.04  # [s] between measurements of the objects, or of the one in the hand
    look_period: float = 0.16  # [s] between two pictures of a camera that objects are seen by
    # Whose images are observed: names in sim.engine.CAMERAS or robot.vision.cameras.CAMERAS.
    cameras: tuple[str, ...] = ()
    frame_period: float = 0.04  # [s] between camera frames
    duration: float = float("inf")  # [s] simulated, then wait() is False
    speed: float = float("inf")  # simulated seconds a second at most; 1 is real time
    conditions: Conditions = USUAL  # of the day
    keep: bool = False  # when closed, leave in `kept` what `restore` needs


def make_engine(
    name: EngineName,
    spec: RobotSpec,
    scene: Scene,
    dt: float,
    conditions: Conditions = USUAL,
) -> Engine:
    """The engine called `name`, with physics period `dt` [s]."""
    if name == "mujoco":
        from sim.mujoco_engine import MujocoEngine

        return MujocoEngine(spec, scene, dt, conditions)
    if name == "pybullet":
        from sim.pybullet_engine import PybulletEngine

        return PybulletEngine(spec, scene, dt, conditions)
    raise ValueError(f"unknown engine {name!r}; valid are mujoco, pybullet")


class Pictures(Mapping[str, NDArray[np.uint8]]):
    """Pictures of the present, drawn when they are asked for; without shadows, which would be most
    of the time that they take."""

    def __init__(self, engine: Engine, sight: Seeing, q: Vector, conditions: Conditions) -> None:
        self._engine, self._sight, self._q = engine, sight, q
        self._conditions = conditions

    def __getitem__(self, name: str) -> NDArray[np.uint8]:
        camera = self._sight.camera(name, self._q)  # where it is calibrated to be
        if name not in ON_TOOL:
            camera = self._conditions.moved(camera)
        return self._engine.render(camera, shadows=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sight.cameras)

    def __len__(self) -> int:
        return len(self._sight.cameras)


class Tabletop:
    """An arm at a table, simulated; a `robot.types.Robot`.

    Time is simulated time. The arm follows the last command for as long as it is valid, then
    holds. The world stands still while its cameras look.
    """

    def __init__(
        self,
        spec: RobotSpec,
        scene: Scene,
        config: TabletopConfig | None = None,
        sight: Seeing | None = None,
    ) -> None:
        """`sight`: what makes objects of pictures, if perception is by camera; else by colours."""
        self.spec = spec
        self.config = config or TabletopConfig()
        self.scene = scene
        self._engine: Engine | None = make_engine(
            self.config.engine,
            spec,
            scene,
            spec.dt / self.config.substeps,
            self.config.conditions,
        )
        self._sizes = {thing.name: vector(SIZES[thing.kind]) for thing in scene}
        self._ticks = 0
        self._reference: Vector = spec.home
        self._still = np.zeros(len(spec.joints))
        self._command: Command | None = None
        self._received = 0.0
        self._next_fix = self._next_frame = self._next_look = 0.0
        self._rig: Rig | None = None  # of the cameras that perception looks through
        self.sight: Seeing | None = None
        if self.config.perception == "camera":
            self.sight = sight or TableSight(spec)
        self._last: dict[str, Fix] = {}
        self._sensed: Observation | None = None
        self.kept: Kept | None = None
        self._pace = Pace(self.spec.dt, self.config.speed)

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("this world is closed")
        return self._engine

    def now(self) -> float:
        return self._ticks * self.spec.dt

    def wait(self) -> bool:
        if self._engine is None or self.now() >= self.config.duration:
            return False
        self.advance()
        self._ticks += 1
        self._sensed = self._sense()
        self._pace.keep(self.now())
        return True

    def advance(self) -> None:
        """One control period of physics, the reference running straight to the target."""
        engine, steps = self.engine, self.config.substeps
        command = self._command
        if command is None or self.now() - self._received >= command.expiry:
            for _ in range(steps):
                engine.step(self._reference, self._still)
            return
        start, way = self._reference, command.target - self._reference
        speed = way / self.spec.dt
        for step in range(1, steps + 1):
            engine.step(start + way * (step / steps), speed)
        self._reference = command.target

    def read(self) -> Observation:
        if self._sensed is None:
            raise RuntimeError("wait comes before read")
        return self._sensed

    def _sense(self) -> Observation:
        now = self.now()
        q, qd = self.engine.joints()
        fixes, images, gone = {}, {}, frozenset[str]()
        if self.sight is not None and now >= self._next_look - 1e-9:
            self._next_look += self.config.look_period
            fixes = self.sight.look(now, q, self.pictures(q))
            gone = self.sight.things.gone
        elif now >= self._next_fix - 1e-9:
            self._next_fix += self.config.fix_period
            fixes = self.truth() if self.sight is None else self.sight.feel(now, q)
        if self.config.cameras and now >= self._next_frame - 1e-9:
            self._next_frame += self.config.frame_period
            images = {name: Image(now, self.picture(name, q)) for name in self.config.cameras}
        return Observation(now, now, self._ticks, vector(q), vector(qd), fixes, images, gone)

    def picture(self, name: str, q: Vector) -> NDArray[np.uint8]:
        """(H, W, 3) RGB of one of the configured cameras, with the arm at `q` (n,)."""
        if name in CAMERAS:
            return self.engine.render(CAMERAS[name])
        self._rig = self._rig or Rig(self.spec)
        return self.engine.render(self._rig.camera(name, q), shadows=False)

    def truth(self) -> dict[str, Fix]:
        """Where every object is, exactly; also once the world is closed."""
        if self._engine is not None:
            now = self.now()
            self._last = {
                name: Fix(now, vector(position), vector(quaternion), self._sizes[name])
                for name, (position, quaternion) in self._engine.objects().items()
            }
        return self._last

    def pictures(self, q: Vector) -> Mapping[str, NDArray[np.uint8]]:
        """What the cameras of `sight` show now, with the arm at `q` (n,)."""
        assert self.sight is not None
        return Pictures(self.engine, self.sight, q, self.config.conditions)

    def write(self, command: Command) -> None:
        self._command, self._received = command, self.now()

    def restore(self, kept: Kept) -> None:
        """Go on as a world of this scene and engine was when it was closed; time begins anew. What
        that one knew by its cameras, this one knows, if it has some."""
        if kept["engine"] != self.config.engine:
            raise ValueError(f"it was kept by {kept['engine']}, not by {self.config.engine}")
        self.engine.restore(b64decode(kept["state"]))
        self._reference = vector(kept["reference"])
        if self.sight is not None and kept["things"] is not None:
            self.sight.things.restore(kept["things"])

    def close(self) -> None:
        if self._engine is not None:
            self.truth()
            if self.config.keep:
                self.kept = {
                    "engine": self.config.engine,
                    "scene": [asdict(thing) for thing in self.scene],
                    "state": b64encode(self._engine.save()).decode(),
                    "reference": self._reference.tolist(),
                    "things": self.sight.things.save() if self.sight is not None else None,
                }
            self._engine.close()
            self._engine = None
