"""Measures the tennis world's contacts, and fits the closed forms of `robot.ball.PAPER` to them.

python tests/benchmark/tennis_contacts.py --n 1500 --seed 0
"""

# pyright: reportAttributeAccessIssue=false

from dataclasses import dataclass

import mujoco
import numpy as np
import tyro

from robot import ball
from robot.ball import PAPER, BallState
from robot.tennis import BALL_RADIUS, TENNIS
from sim.tennis import model


@dataclass(frozen=True)
class Config:
    n: int = 1500  # contacts of each kind
    seed: int = 0


class Stand:
    """A ball, without air or weight, and what it meets at rest: the table or a held racket."""

    def __init__(self) -> None:
        self.model = model.build().compile()
        self.model.opt.density = self.model.opt.viscosity = 0.0
        self.model.opt.gravity[:] = 0.0
        self.data = mujoco.MjData(self.model)
        self._q = [self.model.joint(f"near {name}").qposadr[0] for name in TENNIS.joints]
        joint = self.model.joint("ball")
        self._at, self._moves = joint.qposadr[0], joint.dofadr[0]
        self._pair = self.model.pair("ball near blade").id
        self.reset()
        tool = self.data.body("near tool_link")
        self.p_world_blade, self.R_world_blade = tool.xpos.copy(), tool.xmat.reshape(3, 3).copy()

    def reset(self) -> None:
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[self._q] = self.data.act[:] = TENNIS.home
        mujoco.mj_forward(self.model, self.data)

    def throw(self, state: BallState, underspin: bool = False) -> tuple[BallState, float] | None:
        """The ball after its contact and how long that took [s], or None if there was none."""
        data, touched = self.data, 0
        self.reset()
        self.model.pair_solref[self._pair, 1] = -103.0 if underspin else 0.0
        data.qpos[self._at : self._at + 3] = state.position
        data.qvel[self._moves : self._moves + 6] = np.r_[state.velocity, state.spin]
        for _ in range(80):
            mujoco.mj_step(self.model, data)
            touched += data.ncon > 0
            if touched and not data.ncon:
                break
        else:
            return None
        mujoco.mj_kinematics(self.model, data)
        moves = data.qvel[self._moves : self._moves + 6]
        turned = data.body("ball").xmat.reshape(3, 3) @ moves[3:]  # MuJoCo's is the ball's frame
        return BallState(data.body("ball").xpos.copy(), moves[:3].copy(), turned), touched * 0.001


def table(stand: Stand, n: int, rng: np.random.Generator) -> tuple[BallState, BallState, float]:
    """n bounces: before, after, and their mean duration [s]."""
    before, after, times = [], [], []
    for _ in range(n):
        v = np.array([rng.normal(0, 2), rng.uniform(-9, 9), -rng.uniform(1, 7)])
        position = np.array([0.3, 0.7, BALL_RADIUS + rng.uniform(0, 0.01)])
        state = BallState(position, v, rng.normal(0, 80, 3))
        if got := stand.throw(state):
            before.append(state)
            after.append(got[0])
            times.append(got[1])
    return _stack(before), _stack(after), float(np.mean(times))


def racket(
    stand: Stand, n: int, underspin: bool, rng: np.random.Generator, fastest: float = 16.0
) -> tuple[BallState, BallState, float]:
    """n contacts with the blade, in its frame: before, after, and their mean duration [s]."""
    before, after, times = [], [], []
    p, R = stand.p_world_blade, stand.R_world_blade
    while len(before) < n:
        v = np.array([*rng.normal(0, 2.5, 2), -rng.uniform(2, fastest)])
        position = np.array([0, 0, PAPER.face + BALL_RADIUS + rng.uniform(0.001, 0.02)])
        state = BallState(position, v, rng.normal(0, 80, 3))
        thrown = BallState(p + R @ position, R @ v, R @ state.spin)
        if got := stand.throw(thrown, underspin):
            left = BallState(R.T @ (got[0].position - p), R.T @ got[0].velocity, R.T @ got[0].spin)
            if np.hypot(*left.position[:2]) < 0.05:  # not over the rim
                before.append(state)
                after.append(left)
                times.append(got[1])
    return _stack(before), _stack(after), float(np.mean(times))


def _stack(states: list[BallState]) -> BallState:
    return BallState(*(np.stack(field) for field in zip(*states, strict=True)))


def split(state: BallState) -> tuple[np.ndarray, np.ndarray]:
    """Tangential velocities [m/s] of the centre and of the surface due to spin, face up: (n, 2)."""
    spin = state.spin
    return state.velocity[:, :2], BALL_RADIUS * np.stack([-spin[:, 1], spin[:, 0]], axis=-1)


def report(what: str, after: BallState, velocity: np.ndarray, spin: np.ndarray) -> None:
    off, turn = after.velocity - velocity, after.spin - spin
    across, along = np.sqrt((off[:, :2] ** 2).mean()), np.sqrt((off[:, 2] ** 2).mean())
    print(
        f"{what}: n={len(off)}; rms error of velocity: across {across:.3f}, along the normal "
        f"{along:.3f} m/s, bias {off.mean(axis=0).round(3)}; of spin "
        f"{np.sqrt((turn**2).mean()):.1f} rad/s"
    )


def main(config: Config) -> None:
    rng = np.random.default_rng(config.seed)
    stand = Stand()
    before, after, dwell = table(stand, config.n, rng)
    e = -after.velocity[:, 2] / before.velocity[:, 2]
    print(f"table: e {e.mean():.4f} (sd {e.std():.4f}), {dwell * 1000:.2f} ms")
    report("table", after, *ball.bounce(PAPER, before.velocity, before.spin))
    for underspin in (False, True):
        name = "racket, " + ("underspin" if underspin else "topspin")
        before, after, dwell = racket(stand, config.n, underspin, rng)
        speed = -before.velocity[:, 2]
        e = after.velocity[:, 2] / speed
        print(f"{name}: e {e.mean():.4f} (sd {e.std():.4f}), {dwell * 1000:.2f} ms")
        u, s = split(before)
        for what, wanted, columns in (
            ("u'", split(after)[0], (u, speed[:, None] * u, s)),
            ("s'", split(after)[1], (u, s, speed[:, None] * s)),
        ):
            inputs = np.stack([column.ravel() for column in columns], axis=1)
            print(f"  {what}", np.linalg.lstsq(inputs, wanted.ravel(), rcond=None)[0].round(4))
        normal = np.tile([0.0, 0.0, 1.0], (config.n, 1))
        still = np.zeros((config.n, 3))
        flag = np.full(config.n, underspin)
        got = ball.strike(PAPER, before.velocity, before.spin, normal, still, flag)
        report(name, after, *got)


if __name__ == "__main__":
    main(tyro.cli(Config))
