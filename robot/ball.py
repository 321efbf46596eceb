"""The ball in closed form: flight, bounce, and contact with a racket.

Two sets of parameters, never to be mixed. `PAPER` is what MuJoCo makes of the effective parameters
of arXiv 2408.03906, with which the published ball states go. `PHYSICAL` holds coefficients that
were measured on real balls. World frame of `robot.tennis`; arrays are (..., 3), vectorised over
the leading axes; velocities [m/s], spins [rad/s], right-handed.
"""

from dataclasses import dataclass
from functools import cached_property
from math import inf, pi
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot import flight
from robot.compiled import compiled
from robot.flight import STEP
from robot.tennis import BALL_RADIUS, TABLE_LENGTH, TABLE_WIDTH
from robot.types import Vector

TrackName = Literal["paper", "physical"]
Mask = NDArray[np.bool_]

Matrix = tuple[tuple[float, float], tuple[float, float]]
ZERO: Matrix = ((0.0, 0.0), (0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Rubber:
    """What a racket does to a ball that comes with normal speed v_n and slip v_s.

    Normal: v_n' = -(restitution[0] - restitution[1] v_n) v_n, relative to the racket. Tangential:
    the pair (velocity of the centre, velocity of the surface due to spin) is multiplied by
    `tangent + v_n * by_speed + v_s * by_slip`; their sum is the slip.
    """

    restitution: tuple[float, float]  # [1], [s/m]
    tangent: Matrix  # [1]
    by_speed: Matrix = ZERO  # [s/m]
    by_slip: Matrix = ZERO  # [s/m]


@dataclass(frozen=True)
class Track:
    """The parameters of one world. Magnus force: rho A r L (omega x v) / 2, L = lift / (1 + S /
    lift_half), with the spin ratio S = r |omega| / |v|."""

    name: TrackName
    drag: float  # [1] Cd
    viscous: float  # [kg/s] drag a unit of speed
    lift: float  # [1]
    lift_half: float  # [1] spin ratio at which the lift has fallen to half of proportional
    spin_decay: float  # [1/s]
    table_restitution: tuple[float, float]  # [1], [s/m]: e = first - second * |v_z|
    table_friction: float  # [1] Coulomb's
    table_grip: float  # [1] share of the slip that is taken where Coulomb's friction allows it
    table_blend: float  # [1] sharpness of the passage between the two
    table_dwell: float  # [s] how long a bounce lasts
    topspin: Rubber
    underspin: Rubber  # for balls that come with underspin
    racket_dwell: float  # [s] how long a stroke's contact lasts
    face: float  # [m] from the racket's middle to each of its faces
    mass: float = 0.0027  # [kg]
    radius: float = BALL_RADIUS  # [m]
    air: float = 1.225  # [kg/m^3]

    @cached_property
    def record(self) -> Any:
        """The numbers, for `robot.flight`."""
        record = np.zeros((), flight.RECORD)
        for name in (*flight.NUMBERS, "table_restitution"):
            record[name] = getattr(self, name)
        for i, rubber in enumerate((self.topspin, self.underspin)):
            for name in ("restitution", "tangent", "by_speed", "by_slip"):
                record[name][i] = np.ravel(getattr(rubber, name))
        return record[()]


class BallState(NamedTuple):
    """Where a ball is and how it moves; each (..., 3)."""

    position: Vector  # [m]
    velocity: Vector  # [m/s]
    spin: Vector  # [rad/s]


def _grip(restitution: float) -> Matrix:
    """`tangent` of a contact that sends the slip back by `restitution`, for a thin shell.

    An impulse J changes the centre's velocity by J / m and the surface's by J r^2 / I; with I =
    2/3 m r^2 they share a change of slip as .4 to .6.
    """
    a, b = 0.4 * (1 + restitution), 0.6 * (1 + restitution)
    return ((1 - a, -a), (-b, 1 - b))


# Flight: MuJoCo's ellipsoid model for a sphere, in closed form. Drag: coefficient .235 on rho A
# v^2, without the usual 1/2, and Stokes' 3 pi mu D; turning resists by pi mu D^3. Lift: Magnus
# with coefficient 1 gives rho V (omega x v), of which the added mass, rho V / 2, takes half.
# Contacts: fitted to 1 ms steps of the model with the published parameters, by
# tests/benchmark/tennis_contacts.py. Each contact is soft enough for the ball to sink in: the
# deeper, the shorter the lever of friction, hence `by_speed`.
PAPER = Track(
    name="paper",
    drag=0.47,
    viscous=3 * pi * 1.8e-5 * 2 * BALL_RADIUS,
    lift=4 / 3,
    lift_half=inf,
    spin_decay=pi * 1.8e-5 * (2 * BALL_RADIUS) ** 3 / 7.2e-7,
    table_restitution=(0.971, 0.0),
    table_friction=0.1,
    table_grip=0.5,
    table_blend=6.0,
    table_dwell=0.003,
    topspin=Rubber(
        (1.001, 0.0), ((0.637, -0.472), (-0.710, 0.297)), by_speed=((-0.0485, 0.0), (0.0, 0.0265))
    ),
    underspin=Rubber(
        (0.759, 0.0), ((0.614, -0.494), (-0.734, 0.290)), by_speed=((-0.040, 0.0), (0.0, 0.0216))
    ),
    racket_dwell=0.0062,
    face=0.022,  # so thick that no ball sinks through it
)

# Drag .48; lift coefficient .315 S / (.356 + S); table e = .98 - .02 |v|, friction .25; racket
# e_n = .878 - .020 |v_n|, e_t = .819 - .010 |v_t|: measured, see the README.
_MEASURED = Rubber((0.878, 0.020), _grip(0.819), by_slip=((0.004, 0.004), (0.006, 0.006)))
PHYSICAL = Track(
    name="physical",
    drag=0.48,
    viscous=0.0,
    lift=0.315 / 0.356,
    lift_half=0.356,
    spin_decay=0.0,
    table_restitution=(0.98, 0.02),
    table_friction=0.25,
    table_grip=1.0,
    table_blend=inf,
    table_dwell=0.0,
    topspin=_MEASURED,
    underspin=_MEASURED,
    racket_dwell=0.0,
    face=0.008,
)

TRACKS: dict[str, Track] = {track.name: track for track in (PAPER, PHYSICAL)}


def acceleration(track: Track, velocity: Vector, spin: Vector) -> Vector:
    """[m/s^2] (..., 3) of a ball in free flight."""
    shape = np.broadcast_shapes(velocity.shape, spin.shape)
    rows = _accelerations(track.record, _rows(velocity, shape), _rows(spin, shape))
    return rows.reshape(shape)


def cross_product(a: Vector, b: Vector) -> Vector:
    """a x b, (..., 3); several times as fast as numpy's for few vectors."""
    result = np.empty(np.broadcast_shapes(a.shape, b.shape))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        result[..., i] = a[..., j] * b[..., k] - a[..., k] * b[..., j]
    return result


def fly(track: Track, state: BallState, time: float | Vector) -> BallState:
    """The state after `time` [s], a number or (...), of free flight: no table, no net."""
    shape = np.broadcast_shapes(state.position.shape[:-1], np.shape(time))
    times = np.ascontiguousarray(np.broadcast_to(np.float64(time), shape)).reshape(-1)
    return unpacked(_flights(track.record, packed(state, shape), times), shape)


def bounce(track: Track, velocity: Vector, spin: Vector) -> tuple[Vector, Vector]:
    """Velocity and spin (..., 3) after a bounce off the table's top."""
    shape = velocity.shape[:-1]
    rows = _bounces(track.record, packed(BallState(velocity, velocity, spin), shape))
    after = unpacked(rows, shape)
    return after.velocity, after.spin


def has_underspin(velocity: Vector, spin: Vector) -> Mask:
    """(...) bool: does the ball turn backwards, seen along its way over the ground?"""
    return velocity[..., 0] * spin[..., 1] - velocity[..., 1] * spin[..., 0] < 0


def strike(
    track: Track,
    velocity: Vector,
    spin: Vector,
    normal: Vector,
    racket: Vector,
    underspin: Mask | None = None,
) -> tuple[Vector, Vector]:
    """Velocity and spin (..., 3) after contact with a racket.

    `normal` (..., 3) is the unit vector out of the racket's face, on either side; `racket` (..., 3)
    [m/s] the velocity of the racket where it is hit. `underspin` (...) says with which of the two
    rubbers to reckon; without it, the ball's spin before contact does.
    """
    if underspin is None:
        underspin = has_underspin(velocity, spin)
    shape = np.broadcast_shapes(velocity.shape, spin.shape, normal.shape, racket.shape)[:-1]
    flags = np.ascontiguousarray(np.broadcast_to(underspin, shape)).reshape(-1)
    three = (*shape, 3)
    state = packed(BallState(velocity, velocity, spin), shape)
    rows = _strikes(track.record, state, _rows(normal, three), _rows(racket, three), flags)
    after = unpacked(rows, shape)
    return after.velocity, after.spin


def over_table(position: Vector) -> Mask:
    """(...) bool: is (..., 3) above the table's top, or below it?"""
    x, y = np.abs(position[..., 0]), np.abs(position[..., 1])
    return (x <= TABLE_WIDTH / 2) & (y <= TABLE_LENGTH / 2)


def advance(track: Track, state: BallState, dt: float) -> tuple[BallState, Mask]:
    """`dt` [s] of flight with the table in the way; and who bounced, (...) bool."""
    shape = state.position.shape[:-1]
    rows, bounced = _advances(track.record, packed(state, shape), dt)
    return unpacked(rows, shape), bounced.reshape(shape)


class Path(NamedTuple):
    """A predicted flight: T moments."""

    time: Vector  # (T,) [s] from its beginning
    state: BallState  # each (T, ..., 3)
    bounces: Vector  # (T, ...) so far, on the table


def path(track: Track, state: BallState, horizon: float, dt: float = STEP) -> Path:
    """The flight from `state` (...) over `horizon` [s] in steps of `dt` [s], bounces included."""
    shape, count = state.position.shape[:-1], round(horizon / dt)
    rows, bounces = _paths(track.record, packed(state, shape), count, dt)
    time = np.arange(count + 1, dtype=np.float64) * dt
    moments = (count + 1, *shape)
    return Path(time, unpacked(rows, moments), bounces.reshape(moments))


def cross(
    track: Track, state: BallState, axis: int, value: float, horizon: float = 2.0
) -> tuple[Vector, BallState]:
    """When (...) [s] and in which state the ball first crosses a plane; NaN if not by `horizon`.

    `axis` 0, 1, 2 for x, y, z = `value` [m], from either side.
    """
    shape = state.position.shape[:-1]
    time, rows = _crossings(track.record, packed(state, shape), axis, value, horizon)
    return time.reshape(shape), unpacked(rows, shape)


def landing(track: Track, state: BallState, horizon: float = 2.0) -> tuple[Vector, Vector]:
    """When (...) [s] and where (..., 2) [m] the ball comes down to the table's height.

    As if the table had no edges; NaN if it does not within `horizon` [s].
    """
    shape = state.position.shape[:-1]
    time, rows = _landings(track.record, packed(state, shape), horizon)
    return time.reshape(shape), rows[:, :2].reshape(*shape, 2)


def packed(state: BallState, shape: tuple[int, ...]) -> Vector:
    """Rows (n, 9) for `robot.flight`, of states of `shape` (n in all)."""
    rows = np.empty((*shape, 9))
    for i, field in enumerate(state):
        rows[..., 3 * i : 3 * i + 3] = field
    return rows.reshape(-1, 9)


def unpacked(rows: Vector, shape: tuple[int, ...]) -> BallState:
    """States of `shape` from rows (n, 9), the inverse of `packed`."""
    whole = rows.reshape(*shape, 9)
    return BallState(whole[..., :3], whole[..., 3:6], whole[..., 6:])


def _rows(values: ArrayLike, shape: tuple[int, ...]) -> Vector:
    return np.ascontiguousarray(np.broadcast_to(values, shape), np.float64).reshape(-1, 3)


@compiled
def _nine(r: Vector) -> flight.State:
    return (r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8])


@compiled
def _three(r: Vector) -> flight.Three:
    return (r[0], r[1], r[2])


@compiled
def _accelerations(k: Any, v: Vector, w: Vector) -> Vector:
    out = np.empty_like(v)
    for i in range(len(v)):
        out[i] = flight.accelerate(k, _three(v[i]), _three(w[i]))
    return out


@compiled
def _flights(k: Any, rows: Vector, times: Vector) -> Vector:
    out = np.empty_like(rows)
    for i in range(len(rows)):
        out[i] = flight.fly(k, _nine(rows[i]), times[i])
    return out


@compiled
def _bounces(k: Any, rows: Vector) -> Vector:
    out = np.empty_like(rows)
    for i in range(len(rows)):
        out[i] = flight.bounce(k, _nine(rows[i]))
    return out


@compiled
def _strikes(k: Any, rows: Vector, normals: Vector, rackets: Vector, flags: Mask) -> Vector:
    out = np.empty_like(rows)
    for i in range(len(rows)):
        normal, racket = _three(normals[i]), _three(rackets[i])
        out[i] = flight.strike(k, _nine(rows[i]), normal, racket, flags[i])
    return out


@compiled
def _advances(k: Any, rows: Vector, dt: float) -> tuple[Vector, Mask]:
    out, bounced = np.empty_like(rows), np.empty(len(rows), np.bool_)
    for i in range(len(rows)):
        out[i], bounced[i] = flight.advance(k, _nine(rows[i]), dt)
    return out, bounced


@compiled
def _paths(k: Any, rows: Vector, count: int, dt: float) -> tuple[Vector, Vector]:
    out, bounces = np.empty((count + 1, len(rows), 9)), np.zeros((count + 1, len(rows)))
    for i in range(len(rows)):
        s = _nine(rows[i])
        out[0, i] = s
        for t in range(1, count + 1):
            s, bounced = flight.advance(k, s, dt)
            out[t, i], bounces[t, i] = s, bounces[t - 1, i] + bounced
    return out, bounces


@compiled
def _crossings(
    k: Any, rows: Vector, axis: int, value: float, horizon: float
) -> tuple[Vector, Vector]:
    times, out = np.empty(len(rows)), np.full(rows.shape, np.nan)
    for i in range(len(rows)):
        times[i], there = flight.cross(k, _nine(rows[i]), axis, value, horizon)
        if not np.isnan(times[i]):
            out[i] = there
    return times, out


@compiled
def _landings(k: Any, rows: Vector, horizon: float) -> tuple[Vector, Vector]:
    times, out = np.empty(len(rows)), np.full(rows.shape, np.nan)
    for i in range(len(rows)):
        times[i], there = flight.landing(k, _nine(rows[i]), horizon)
        if not np.isnan(times[i]):
            out[i] = there
    return times, out
