"""MuJoCo behind the court: one world, or many on threads, as arrays with a leading axis n."""

# pyright: reportAttributeAccessIssue=false
# (MuJoCo comes without types.)

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from robot.tennis import TENNIS
from robot.types import Vector
from sim.tennis.model import ON_RACKET, ON_TABLE, TOUCHES, build

US = "near "  # prefix of the robot at -y


class Engine:
    """n worlds of one model. All arrays are live: to write one is to change the worlds.

    What is sensed (`spin`, `found`, `racket`) describes the state before the last step.
    """

    def __init__(self, n: int, paper: bool, threads: int) -> None:
        self.n, self._paper = n, paper
        self.model = build(contacts=paper, robots=(US,)).compile()
        joint, arm = self.model.joint("ball"), self.model.joint(f"{US}{TENNIS.joints[0]}")
        p, v, joints = joint.qposadr[0], joint.dofadr[0], len(TENNIS.joints)
        q, qd = arm.qposadr[0], arm.dofadr[0]
        qpos, qvel, self.act, self.ctrl, applied, self._sensed = self._open(threads)
        self.q, self.qd = qpos[:, q : q + joints], qvel[:, qd : qd + joints]  # (n, 8)
        self.ball_position, self.ball_quaternion = qpos[:, p : p + 3], qpos[:, p + 3 : p + 7]
        self.ball_velocity = qvel[:, v : v + 3]  # (n, 3) [m/s] world
        self.ball_turn = qvel[:, v + 3 : v + 6]  # (n, 3) [rad/s] in the ball's own axes
        self.ball_force = applied[:, v : v + 3]  # (n, 3) [N] world
        self.spin = self._sensor("spin")  # (n, 3) [rad/s] world
        self.racket = tuple(
            self._sensor(f"{US}{of}") for of in ("POS", "ZAXIS", "LINVEL", "ANGVEL")
        )
        where = [what if what in ("table", "net", "floor") else f"{US}{what}" for what in TOUCHES]
        self._touch = np.array([self.model.sensor(f"touch {name}").adr[0] for name in where])
        if paper:
            self._pairs = [self.model.pair(name).id for name in ("ball table", f"ball {US}blade")]
            self.racket_damping = self._solref[:, self._pairs[1], 1]  # (n,)

    def _open(self, threads: int) -> tuple[Vector, ...]:
        """qpos, qvel, act, ctrl, qfrc_applied and sensordata, each (n, ...)."""
        raise NotImplementedError

    def _sensor(self, name: str) -> Vector:
        sensor = self.model.sensor(name)
        return self._sensed[:, sensor.adr[0] : sensor.adr[0] + sensor.dim[0]]

    @property
    def found(self) -> Vector:
        """(n, len(TOUCHES)) contacts of each kind; a copy."""
        found = self._sensed[:, self._touch]
        found[:, ARM] -= found[:, RACKET]  # the rubber is a part of the arm
        return found

    def set_contacts(self, rows: NDArray[np.int64], table: Vector, racket: Vector) -> None:
        """What randomisation adds to (damping, friction) of each contact, (len(rows), 2)."""
        for pair, published, added in zip(
            self._pairs, (ON_TABLE, ON_RACKET), (table, racket), strict=True
        ):
            self._solref[rows, pair, 1] = published.solref[1] + added[:, 0]
            self._friction[rows, pair, :2] = published.friction[0] + added[:, 1, None]

    def reset(self, rows: NDArray[np.int64]) -> None: ...
    def forward(self, rows: NDArray[np.int64]) -> None: ...
    def step(self, rows: NDArray[np.int64]) -> None:
        """One physics step of the worlds `rows`; the others stand still."""


class One(Engine):
    """One world, for whoever runs a robot in it."""

    def __init__(self, paper: bool) -> None:
        super().__init__(1, paper, 1)

    def _open(self, threads: int) -> tuple[Vector, ...]:
        self.data = data = mujoco.MjData(self.model)
        self._solref, self._friction = self.model.pair_solref[None], self.model.pair_friction[None]
        names = ("qpos", "qvel", "act", "ctrl", "qfrc_applied", "sensordata")
        return tuple(getattr(data, name)[None] for name in names)

    def reset(self, rows: NDArray[np.int64]) -> None:
        mujoco.mj_resetData(self.model, self.data)

    def forward(self, rows: NDArray[np.int64]) -> None:
        mujoco.mj_forward(self.model, self.data)

    def step(self, rows: NDArray[np.int64]) -> None:
        mujoco.mj_step(self.model, self.data)


class Many(Engine):
    """n worlds on `threads` threads, 0 for all processors."""

    def _open(self, threads: int) -> tuple[Vector, ...]:
        self.batch = batch = Batch(self.model, self.n, threads)
        if self._paper:
            self._solref = batch.expand("pair_solref")
            self._friction = batch.expand("pair_friction")
        names = ("qpos", "qvel", "act", "ctrl", "qfrc_applied", "sensordata")
        return tuple(batch.bind(name) for name in names)

    def reset(self, rows: NDArray[np.int64]) -> None:
        self.batch.reset(rows, stage=int(mujoco.mjtStage.mjSTAGE_NONE))

    def forward(self, rows: NDArray[np.int64]) -> None:
        self.batch.forward(rows)

    def step(self, rows: NDArray[np.int64]) -> None:
        self.batch.step(None if len(rows) == self.n else rows)


ARM, RACKET = TOUCHES.index("arm"), TOUCHES.index("racket")
