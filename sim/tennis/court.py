"""n courts stepped together: physics, latencies, and what the ball touches.

One court or many, it is the same code around the same MuJoCo model; `sim.tennis.engine` makes the
steps. Arrays have a leading axis n.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robot import ball
from robot.ball import TRACKS, BallState, Mask, TrackName
from robot.flight import GRAVITY
from robot.tennis import BALL_RADIUS, BLADE_RADIUS, TENNIS
from robot.types import Vector
from sim.tennis import latency
from sim.tennis.engine import PREFIXES, Engine
from sim.tennis.model import DT, TOUCHES, UNDERSPIN_DAMPING

SUBSTEPS = round(TENNIS.dt / DT)
DEEP = 0.005  # [m] a ball this far below the table's top came from the side
TABLE = TOUCHES.index("table")
RELEASED = "released"  # what is told of a racket that the ball has left
# From the table's frame to that of each robot, which stands at -y of its own: half a turn.
FRAMES = np.array([[1.0, 1.0, 1.0], [-1.0, -1.0, 1.0]])
# What randomisation adds to the published parameters (arXiv 2408.03906), anew for each ball.
TABLE_DAMPING, RACKET_DAMPING = (-1.0, 5.0), (-5.0, -1.0)  # of solref
TABLE_FRICTION, RACKET_FRICTION = 0.05, 0.29  # either way


@dataclass(frozen=True)
class CourtConfig:
    """How the physics runs."""

    track: TrackName = "paper"
    latency: bool = True  # observations and actions are late, as published
    randomise: bool = False  # contacts differ from ball to ball, as published

    def __post_init__(self) -> None:
        if self.track not in TRACKS:
            raise ValueError(f"unknown track {self.track!r}; valid are {', '.join(TRACKS)}")
        if self.randomise and self.track != "paper":
            raise ValueError("randomise is known for the track paper only")


class Touch(NamedTuple):
    """The ball begins to touch something, or has just left the racket."""

    time: float  # [s] since the reset
    what: str  # one of TOUCHES, or RELEASED; those of the robot at +y begin with "far "
    position: Vector  # (3,) [m] of the ball
    velocity: Vector  # (3,) [m/s] of the ball: before the contact, or once it is released


class Seen(NamedTuple):
    """What n robots know at a tick: late, and each with its own time [s] since the reset.

    In the robot's own frame: that of `robot.tennis`, turned by half a turn for the one at +y.
    """

    q: Vector  # (n, 8) [m or rad]
    qd: Vector  # (n, 8) [m/s or rad/s]
    time: Vector  # (n,) of the arm's joints; the slides are measured some 4 ms earlier
    ball: Vector  # (n, 3) [m], NaN before the first
    ball_time: Vector  # (n,)


class Court:
    """n worlds of one ball and one robot each, or two: 0 at -y, 1 at +y."""

    def __init__(
        self, engine: Engine, config: CourtConfig, rngs: Sequence[np.random.Generator]
    ) -> None:
        """`rngs`: one generator for each world; then, if there are two robots, another for each.

        They draw the latencies of their robot, the first also the contacts.
        """
        self.engine, self.config, self.n = engine, config, engine.n
        self.reseed(rngs)
        self._track, self._paper = TRACKS[config.track], config.track == "paper"
        n, joints = self.n, len(TENNIS.joints)
        self.step = 0  # of physics, so far
        self.live = np.arange(n)  # rows that move; the others stand still until their reset
        self.touches: list[list[Touch]] = [[] for _ in range(n)]  # since the last reset
        self._start = np.zeros(n, dtype=np.int64)  # step of the last reset
        self._born = np.zeros(n, dtype=np.int64)  # step at which the ball came
        self._lines = [latency.Line(n, joints) for _ in engine.limbs]
        self._ball = latency.Past(n, 3)
        self.touching = np.zeros((n, len(engine.touches)))  # contacts of each kind, now
        self._added = np.zeros((n, 2, 2))  # to (table, racket)'s (damping, friction)

    def reseed(self, rngs: Sequence[np.random.Generator]) -> None:
        """Other generators from here on."""
        robots = len(self.engine.limbs)
        if len(rngs) != self.n * robots:
            raise ValueError(
                f"{self.n} worlds of {robots} need as many generators, not {len(rngs)}"
            )
        self._rngs = list(rngs)

    def reset(
        self, states: BallState, rows: NDArray[np.int64] | None = None, q: Vector | None = None
    ) -> None:
        """Robots at rest at `q` (n, 8), or home, and balls in `states` (n, 3); of some `rows`."""
        rows = np.arange(self.n) if rows is None else rows
        engine = self.engine
        engine.reset(rows)
        pose = np.broadcast_to(TENNIS.home if q is None else q, (len(rows), len(TENNIS.joints)))
        for limbs, line in zip(engine.limbs, self._lines, strict=True):
            limbs.q[rows], limbs.act[rows] = pose, pose
            line.reset(rows, pose)
        self._start[rows] = self.step
        self.throw(states, rows)
        engine.forward(rows)
        for row in rows.tolist():
            self.touches[row] = []
        self._remember()

    def throw(self, states: BallState, rows: NDArray[np.int64] | None = None) -> None:
        """New balls, (n, 3), and new contacts if those are randomised; the robots go on."""
        rows = np.arange(self.n) if rows is None else rows
        engine = self.engine
        self._place(rows, states)
        self._born[rows] = self.step
        self.touching[rows] = 0.0
        if self.config.randomise:
            for row in rows.tolist():
                rng = self._rngs[row]
                self._added[row] = (
                    (rng.uniform(*TABLE_DAMPING), rng.uniform(-1, 1) * TABLE_FRICTION),
                    (rng.uniform(*RACKET_DAMPING), rng.uniform(-1, 1) * RACKET_FRICTION),
                )
        if self._paper:
            engine.set_contacts(rows, self._added[rows, 0], self._added[rows, 1])
            self._damp(states, rows)

    def strike(self, states: BallState, rows: NDArray[np.int64]) -> None:
        """The balls of `rows` leave rackets that are not simulated, each (rows, 3): with the
        velocity and the spin of `states`, from where they are."""
        here = self.engine.ball_position[rows].copy()
        self._place(rows, BallState(here, states.velocity, states.spin))
        if self._paper:
            self._damp(states, rows)

    def _damp(self, states: BallState, rows: NDArray[np.int64]) -> None:
        damping = self._damping(states.velocity, states.spin, rows)
        for racket in self.engine.racket_damping:
            racket[rows] = damping

    def _place(self, rows: NDArray[np.int64] | Mask, states: BallState) -> None:
        """Balls of `rows` in `states`, each (rows, 3), their own axes along the world's."""
        engine = self.engine
        engine.ball_position[rows], engine.ball_velocity[rows] = states.position, states.velocity
        engine.ball_quaternion[rows], engine.ball_turn[rows] = (1.0, 0.0, 0.0, 0.0), states.spin

    def _damping(
        self, velocity: Vector, spin: Vector, rows: NDArray[np.int64] | slice = slice(None)
    ) -> Vector:
        """(rows,) the racket's damping for balls that come so."""
        under = ball.has_underspin(velocity, spin)
        return np.where(under, UNDERSPIN_DAMPING, 0.0) + self._added[rows, 1, 0]

    def observe(self, robot: int = 0) -> Seen:
        """What `robot` knows at this tick; draws the tick's latencies."""
        line = self._lines[robot]
        if self.config.latency:
            rngs = self._rngs[robot * self.n : (robot + 1) * self.n]
            line.late = np.rint(latency.draw(rngs)).astype(np.int64)
        when = self.step - line.late
        joints = when[:, latency.SEEN]
        seen = when[:, latency.BALL]
        # Before the beginning, all was as it began.
        now = DT * np.maximum(when - self._start[:, None], 0).astype(np.float64)
        known = (seen >= self._born)[:, None]
        ball = self._ball.at(np.repeat(seen[:, None], 3, axis=1)) * FRAMES[robot]
        return Seen(
            line.q.at(joints),
            line.qd.at(joints),
            now[:, latency.ARM],
            np.where(known, ball, np.nan),
            now[:, latency.BALL],
        )

    def command(self, target: Vector, speeds: Mask, expiry: float, robot: int = 0) -> None:
        """Send `target` (n, 8) to the servos of `robot`: speeds, or positions where `speeds` (8,)
        is not set.

        Each is obeyed for `expiry` [s] from its arrival. Comes after `observe`.
        """
        line = self._lines[robot]
        due = self.step + line.late[:, latency.MOVED]
        line.orders.send(due, np.array(target), speeds, round(expiry / DT))

    def tick(self) -> None:
        """One control period."""
        for _ in range(SUBSTEPS):
            self.advance()

    def advance(self) -> None:
        """One step of physics, 1 ms."""
        engine = self.engine
        for limbs, line in zip(engine.limbs, self._lines, strict=True):
            line.orders.arrive(self.step, limbs.ctrl, limbs.act)
        position, velocity = engine.ball_position.copy(), engine.ball_velocity.copy()
        if not self._paper:
            lifted = ball.acceleration(self._track, velocity, engine.spin)
            lifted[:, 2] += GRAVITY
            engine.ball_force[:] = lifted * self._track.mass
        engine.step(self.live)
        found = engine.found
        if self._paper:
            damping = self._damping(velocity, engine.spin)
            for column, racket in zip(engine.rackets, engine.racket_damping, strict=True):
                free = found[:, column] == 0
                racket[free] = damping[free]
        else:
            self._collide(BallState(position, velocity, engine.spin), found)
        if not np.array_equal(found, self.touching):
            self._note(found, position, velocity)
            self.touching = found
        self.step += 1
        self._remember()

    def _remember(self) -> None:
        step = self.step
        for limbs, line in zip(self.engine.limbs, self._lines, strict=True):
            line.q.keep(step, limbs.q)
            line.qd.keep(step, limbs.qd)
        self._ball.keep(step, self.engine.ball_position)

    def _note(self, found: Vector, position: Vector, velocity: Vector) -> None:
        """List what began, and the rackets that were left, at the step's beginning."""
        begun, ended = (found > 0) & (self.touching == 0), (found == 0) & (self.touching > 0)
        names, rackets = self.engine.touches, self.engine.rackets
        ended[:, [k for k in range(len(names)) if k not in rackets]] = False
        for row, k in zip(*np.nonzero(begun | ended), strict=True):
            what = names[k] if begun[row, k] else RELEASED
            if not begun[row, k] and k != rackets[0]:
                what = f"{PREFIXES[1]}{RELEASED}"
            time = float(self.step - self._start[row]) * DT
            touch = Touch(time, what, position[row].copy(), velocity[row].copy())
            self.touches[row].append(touch)

    def _collide(self, before: BallState, found: Vector) -> None:
        """Track `physical`: the measured laws of bounce and stroke, at the moment of contact.

        `before` is the state at the step's beginning. A contact within the step is put where it
        is due, so that neither the step's length nor a thin racket matters. `found` is marked.
        """
        p, v, _ = before
        live = np.zeros(self.n, dtype=bool)
        live[self.live] = True
        gap, closing = p[:, 2] - BALL_RADIUS, -v[:, 2]
        hit = live & (closing > 0) & (gap > -DEEP) & (gap < closing * DT) & ball.over_table(p)
        if hit.any():
            after = ball.bounce(self._track, v[hit], before.spin[hit])
            self._leave(hit, before, gap[hit] / closing[hit], *after)
            found[hit, TABLE] = 1
        for limbs, column in zip(self.engine.limbs, self.engine.rackets, strict=True):
            self._meet(before, live, limbs.racket, found[:, column])

    def _meet(
        self, before: BallState, live: Mask, racket: tuple[Vector, ...], found: Vector
    ) -> None:
        """Track `physical`: balls and a racket each; marks in `found` (n,) those that touch."""
        p, v, _ = before
        middle, axis, linear, angular = racket
        height = np.einsum("ij,ij->i", p - middle, axis)
        normal = axis * np.where(height < 0, -1.0, 1.0)[:, None]
        gap = np.abs(height) - self._track.face - BALL_RADIUS
        if not (live & (gap < 0.1)).any():
            return
        face = linear + ball.cross_product(angular, p - BALL_RADIUS * normal - middle)
        closing = -np.einsum("ij,ij->i", v - face, normal)
        touch = np.maximum(gap, 0.0) / np.where(closing > 0, closing, np.inf)
        there = p + (v - linear) * touch[:, None] - middle
        beside = np.linalg.norm(there - height[:, None] * axis, axis=1)
        hit = live & (closing > 0) & (gap < closing * DT) & (beside < BLADE_RADIUS)
        if hit.any():
            after = ball.strike(self._track, v[hit], before.spin[hit], normal[hit], face[hit])
            self._leave(hit, before, touch[hit], *after)
            found[hit] = 1

    def _leave(
        self, hit: Mask, before: BallState, touch: Vector, velocity: Vector, spin: Vector
    ) -> None:
        """The step's end for the balls `hit` at `touch` [s] after its beginning."""
        first = np.clip(touch, 0.0, DT)[:, None]
        position = before.position[hit] + before.velocity[hit] * first + velocity * (DT - first)
        self._place(hit, BallState(position, velocity, spin))
