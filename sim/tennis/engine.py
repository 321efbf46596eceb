"""MuJoCo behind the court: one world, or many on threads, as arrays with a leading axis n."""

# pyright: reportAttributeAccessIssue=false
# (MuJoCo comes without types.)

from typing import NamedTuple

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from robot.tennis import TENNIS
from robot.types import Vector
from sim.tennis.model import ON_RACKET, ON_TABLE, TOUCHES, build

PREFIXES = ("near ", "far ")  # of the names of the robots at -y and at +y
OF_ROBOT = ("racket", "arm", "crash")  # what of TOUCHES every robot has


class Limbs(NamedTuple):
    """One robot in each of n worlds."""

    q: Vector  # (n, 8) [m or rad]
    qd: Vector  # (n, 8) [m/s or rad/s]
    act: Vector  # (n, 8) where its servos want to be, in its joints' units
    ctrl: Vector  # (n, 8) how fast they shall go there
    # (n, 3) each: the racket's middle [m], its normal, its velocity [m/s], its turning [rad/s].
    racket: tuple[Vector, ...]


class Engine:
    """n worlds of one model. All arrays are live: to write one is to change the worlds.

    What is sensed (`spin`, `found`, `racket`) describes the state before the last step. The
    arrays of the first robot, at -y, are also to be had without `limbs`.
    """

    def __init__(self, n: int, paper: bool, threads: int, robots: int = 1) -> None:
        """`robots`: how many stand at each table, 1 or 2."""
        self.n, self._paper = n, paper
        prefixes = PREFIXES[:robots]
        self.model = build(contacts=paper, robots=prefixes).compile()
        joint = self.model.joint("ball")
        p, v = joint.qposadr[0], joint.dofadr[0]
        qpos, qvel, act, ctrl, applied, self._sensed = self._open(threads)
        self.limbs = tuple(self._limbs(prefix, qpos, qvel, act, ctrl) for prefix in prefixes)
        self.q, self.qd, self.act, self.ctrl, self.racket = self.limbs[0]
        self.ball_position, self.ball_quaternion = qpos[:, p : p + 3], qpos[:, p + 3 : p + 7]
        self.ball_velocity = qvel[:, v : v + 3]  # (n, 3) [m/s] world
        self.ball_turn = qvel[:, v + 3 : v + 6]  # (n, 3) [rad/s] in the ball's own axes
        self.ball_force = applied[:, v : v + 3]  # (n, 3) [N] world
        self.spin = self._sensor("spin")  # (n, 3) [rad/s] world
        near, *others = prefixes
        where = [f"{near}{what}" if what in OF_ROBOT else what for what in TOUCHES]
        beyond = [f"{prefix}{what}" for prefix in others for what in OF_ROBOT]
        self.touches = (*TOUCHES, *beyond)  # names of the columns of `found`
        self._touch = np.array(
            [self.model.sensor(f"touch {name}").adr[0] for name in (*where, *beyond)]
        )
        # Columns of the rackets and of the arms that they are parts of, a robot each.
        self.rackets, self._arms = (
            [self.touches.index(name) for name in (what, *(f"{prefix}{what}" for prefix in others))]
            for what in OF_ROBOT[:2]
        )
        if paper:
            names = ("ball table", *(f"ball {prefix}blade" for prefix in prefixes))
            self._pairs = [self.model.pair(name).id for name in names]
            # (n,) each
            self.racket_damping = [self._solref[:, pair, 1] for pair in self._pairs[1:]]

    def _open(self, threads: int) -> tuple[Vector, ...]:
        """qpos, qvel, act, ctrl, qfrc_applied and sensordata, each (n, ...)."""
        raise NotImplementedError

    def _limbs(self, prefix: str, qpos: Vector, qvel: Vector, act: Vector, ctrl: Vector) -> Limbs:
        joint, joints = self.model.joint(f"{prefix}{TENNIS.joints[0]}"), len(TENNIS.joints)
        q, qd = joint.qposadr[0], joint.dofadr[0]
        servo = self.model.actuator(f"{prefix}{TENNIS.joints[0]}").id
        return Limbs(
            qpos[:, q : q + joints],
            qvel[:, qd : qd + joints],
            act[:, servo : servo + joints],
            ctrl[:, servo : servo + joints],
            tuple(self._sensor(f"{prefix}{of}") for of in ("POS", "ZAXIS", "LINVEL", "ANGVEL")),
        )

    def _sensor(self, name: str) -> Vector:
        sensor = self.model.sensor(name)
        return self._sensed[:, sensor.adr[0] : sensor.adr[0] + sensor.dim[0]]

    @property
    def found(self) -> Vector:
        """(n, len(touches)) contacts of each kind; a copy."""
        found = self._sensed[:, self._touch]
        for racket, arm in zip(self.rackets, self._arms, strict=True):
            found[:, arm] -= found[:, racket]  # the rubber is a part of the arm
        return found

    def set_contacts(self, rows: NDArray[np.int64], table: Vector, racket: Vector) -> None:
        """What randomisation adds to (damping, friction) of each contact, (len(rows), 2)."""
        kinds = [(ON_TABLE, table), *[(ON_RACKET, racket)] * len(self.limbs)]
        for pair, (published, added) in zip(self._pairs, kinds, strict=True):
            self._solref[rows, pair, 1] = published.solref[1] + added[:, 0]
            self._friction[rows, pair, :2] = published.friction[0] + added[:, 1, None]

    def reset(self, rows: NDArray[np.int64]) -> None: ...
    def forward(self, rows: NDArray[np.int64]) -> None: ...
    def step(self, rows: NDArray[np.int64]) -> None:
        """One physics step of the worlds `rows`; the others stand still."""


class One(Engine):
    """One world, for whoever runs a robot, or two, in it."""

    def __init__(self, paper: bool, robots: int = 1) -> None:
        super().__init__(1, paper, 1, robots)

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


RACKET = TOUCHES.index("racket")
