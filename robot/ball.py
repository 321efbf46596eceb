"""The ball in closed form: flight, bounce, and contact with a racket.

Two sets of parameters, never to be mixed. `PAPER` is what MuJoCo makes of the effective parameters
of arXiv 2408.03906, with which the published ball states go. `PHYSICAL` holds coefficients that
were measured on real balls. World frame of `robot.tennis`; arrays are (..., 3), vectorised over
the leading axes; velocities [m/s], spins [rad/s], right-handed.
"""

from dataclasses import dataclass
from math import inf, pi
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robot.tennis import BALL_RADIUS, TABLE_LENGTH, TABLE_WIDTH
from robot.types import Vector

TrackName = Literal["paper", "physical"]
Mask = NDArray[np.bool_]
GRAVITY = 9.81  # [m/s^2]
STEP = 0.01  # [s] of integration; the error of a flight of 1 s is below .1 mm

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


@dataclass(frozen=True, slots=True)
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
    area = pi * track.radius**2
    speed = np.sqrt(np.einsum("...i,...i->...", velocity, velocity))[..., None]
    drag = track.viscous + track.air * area * track.drag / 2 * speed
    lift = track.air * area * track.radius / 2 * track.lift
    if track.lift_half != inf:
        turn = np.sqrt(np.einsum("...i,...i->...", spin, spin))[..., None]
        lift = lift / (1 + track.radius * turn / np.maximum(speed, 1e-9) / track.lift_half)
    result = (lift * cross_product(spin, velocity) - drag * velocity) / track.mass
    result[..., 2] -= GRAVITY
    return result


def cross_product(a: Vector, b: Vector) -> Vector:
    """a x b, (..., 3); several times as fast as numpy's for few vectors."""
    result = np.empty(np.broadcast_shapes(a.shape, b.shape))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        result[..., i] = a[..., j] * b[..., k] - a[..., k] * b[..., j]
    return result


def fly(track: Track, state: BallState, time: float | Vector) -> BallState:
    """The state after `time` [s], a number or (...), of free flight: no table, no net."""
    time = np.asarray(time, dtype=np.float64)
    steps = max(1, int(np.ceil(np.abs(time).max(initial=0.0) / STEP - 1e-9)))
    for _ in range(steps):
        state = _step(track, state, time / steps)
    return state


def _step(track: Track, state: BallState, dt: float | Vector) -> BallState:
    """One step of the classical Runge-Kutta method; `dt` [s] a number or (...)."""
    p, v, w = state
    h = np.asarray(dt, dtype=np.float64)[..., None]
    fading = np.exp(-track.spin_decay / 2 * h)
    w = w * fading  # as it is in mid-step
    a1 = acceleration(track, v, w)
    v2 = v + h / 2 * a1
    a2 = acceleration(track, v2, w)
    v3 = v + h / 2 * a2
    a3 = acceleration(track, v3, w)
    v4 = v + h * a3
    a4 = acceleration(track, v4, w)
    return BallState(
        p + h / 6 * (v + 2 * v2 + 2 * v3 + v4),
        v + h / 6 * (a1 + 2 * a2 + 2 * a3 + a4),
        w * fading,
    )


def bounce(track: Track, velocity: Vector, spin: Vector) -> tuple[Vector, Vector]:
    """Velocity and spin (..., 3) after a bounce off the table's top."""
    down = -velocity[..., 2]
    first, second = track.table_restitution
    up = (first - second * np.abs(down)) * down
    slip = velocity[..., :2] + track.radius * np.stack([-spin[..., 1], spin[..., 0]], axis=-1)
    size = np.sqrt(np.einsum("...i,...i->...", slip, slip))
    coulomb = np.maximum(track.table_friction * (up + down), 1e-12)
    # The impulse that would take its share of the slip, or what friction allows of it.
    wanted = 0.4 * track.table_grip * size / coulomb
    if track.table_blend == inf:
        taken = np.minimum(wanted, 1.0)
    else:
        taken = wanted * (1 + wanted**track.table_blend) ** (-1 / track.table_blend)
    change = -(coulomb * taken / np.maximum(size, 1e-12))[..., None] * slip  # of the velocity
    after, turned = velocity.copy(), spin.copy()
    after[..., :2] += change
    after[..., 2] = up
    # J acts at -r z: I delta omega = -r z x J, with I = 2/3 m r^2.
    turned[..., 0] += 1.5 / track.radius * change[..., 1]
    turned[..., 1] -= 1.5 / track.radius * change[..., 0]
    return after, turned


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
    relative = velocity - racket
    along = np.einsum("...i,...i->...", relative, normal)
    n = normal * -np.sign(along)[..., None]  # against the ball's way
    speed = np.abs(along)
    u = relative + speed[..., None] * n  # of the centre, along the face
    s = track.radius * cross_product(n, spin)  # of the surface that touches, due to spin
    size = np.linalg.norm(u + s, axis=-1)
    e, m = _law(track.topspin, speed, size)
    if track.underspin is not track.topspin:
        e2, m2 = _law(track.underspin, speed, size)
        e = np.where(underspin, e2, e)
        m = np.where(np.asarray(underspin)[..., None, None], m2, m)
    u2 = m[..., 0, 0, None] * u + m[..., 0, 1, None] * s
    s2 = m[..., 1, 0, None] * u + m[..., 1, 1, None] * s
    about = np.einsum("...i,...i->...", spin, n)[..., None] * n  # is kept
    return racket + u2 + (e * speed)[..., None] * n, about + cross_product(s2, n) / track.radius


def _law(rubber: Rubber, speed: Vector, slip: Vector) -> tuple[Vector, Vector]:
    """Restitution (...) and tangential matrix (..., 2, 2)."""
    first, second = rubber.restitution
    by_speed, by_slip = np.asarray(rubber.by_speed), np.asarray(rubber.by_slip)
    matrix = np.asarray(rubber.tangent) + speed[..., None, None] * by_speed
    return first - second * speed, matrix + slip[..., None, None] * by_slip


def over_table(position: Vector) -> Mask:
    """(...) bool: is (..., 3) above the table's top, or below it?"""
    x, y = np.abs(position[..., 0]), np.abs(position[..., 1])
    return (x <= TABLE_WIDTH / 2) & (y <= TABLE_LENGTH / 2)


def advance(track: Track, state: BallState, dt: float) -> tuple[BallState, Mask]:
    """`dt` [s] of flight with the table in the way; and who bounced, (...) bool."""
    after = _step(track, state, dt)
    z, vz = state.position[..., 2] - track.radius, state.velocity[..., 2]
    below = (after.position[..., 2] < track.radius) & (after.velocity[..., 2] < 0) & (z >= 0)
    if not below.any():
        return after, below
    # When it touched: the parabola through the beginning with the mean acceleration.
    a = np.minimum((after.velocity[..., 2] - vz) / dt, -1e-6)
    touch = (-vz - np.sqrt(np.maximum(vz * vz - 2 * a * z, 0.0))) / a
    touch = np.where(below, np.clip(touch, 0.0, dt), 0.0)
    at = _step(track, state, touch)
    below = below & over_table(at.position)
    velocity, spin = bounce(track, at.velocity, at.spin)
    glide = (at.velocity + velocity) / 2 * track.table_dwell
    glide[..., 2] = 0.0
    rest = _step(
        track, BallState(at.position + glide, velocity, spin), dt - touch - track.table_dwell
    )
    take = below[..., None]
    return BallState(*(np.where(take, b, a) for a, b in zip(after, rest, strict=True))), below


class Path(NamedTuple):
    """A predicted flight: T moments."""

    time: Vector  # (T,) [s] from its beginning
    state: BallState  # each (T, ..., 3)
    bounces: Vector  # (T, ...) so far, on the table


def path(track: Track, state: BallState, horizon: float, dt: float = STEP) -> Path:
    """The flight from `state` (...) over `horizon` [s] in steps of `dt` [s], bounces included."""
    count = round(horizon / dt)
    bounces = np.zeros((count + 1, *state.position.shape[:-1]))
    states = [state]
    for i in range(count):
        state, bounced = advance(track, state, dt)
        states.append(state)
        bounces[i + 1] = bounces[i] + bounced
    stacked = BallState(*(np.stack(field) for field in zip(*states, strict=True)))
    return Path(np.arange(count + 1, dtype=np.float64) * dt, stacked, bounces)


def cross(
    track: Track, state: BallState, axis: int, value: float, horizon: float = 2.0
) -> tuple[Vector, BallState]:
    """When (...) [s] and in which state the ball first crosses a plane; NaN if not by `horizon`.

    `axis` 0, 1, 2 for x, y, z = `value` [m], from either side.
    """
    time = np.full(state.position.shape[:-1], np.nan)
    found = BallState(*(np.full(field.shape, np.nan) for field in state))
    for i in range(round(horizon / STEP)):
        after, bounced = advance(track, state, STEP)
        x, x2 = state.position[..., axis] - value, after.position[..., axis] - value
        now = np.isnan(time) & (np.sign(x) != np.sign(x2)) & (x != 0)
        if now.any():
            part = np.where(now, x / np.where(now, x - x2, 1.0), 0.0) * STEP
            for _ in range(2):  # Newton, from the chord
                there = _step(track, state, part)
                speed = there.velocity[..., axis]
                speed = np.where(np.abs(speed) < 1e-6, np.inf, speed)
                miss = there.position[..., axis] - value
                part = np.clip(part - miss / speed, 0.0, STEP)
            there = _step(track, state, part)
            share = (part / STEP)[..., None]
            chord = (s + share * (a - s) for s, a in zip(state, after, strict=True))
            # Where it bounced in the same step, the chord is good to a millimetre or two.
            there = [np.where(bounced[..., None], c, t) for c, t in zip(chord, there, strict=True)]
            time = np.where(now, i * STEP + part, time)
            found = BallState(
                *(np.where(now[..., None], t, f) for t, f in zip(there, found, strict=True))
            )
        state = after
        if not np.isnan(time).any():
            break
    return time, found


def landing(track: Track, state: BallState, horizon: float = 2.0) -> tuple[Vector, Vector]:
    """When (...) [s] and where (..., 2) [m] the ball comes down to the table's height.

    As if the table had no edges; NaN if it does not within `horizon` [s].
    """
    time = np.full(state.position.shape[:-1], np.nan)
    place = np.full((*time.shape, 2), np.nan)
    for i in range(round(horizon / STEP)):
        after = _step(track, state, STEP)
        z, z2 = state.position[..., 2] - track.radius, after.position[..., 2] - track.radius
        now = np.isnan(time) & (z >= 0) & (z2 < 0)
        if now.any():
            part = np.where(now, z / np.where(now, z - z2, 1.0), 0.0) * STEP
            there = _step(track, state, part)
            down = np.where(now, there.velocity[..., 2], -1.0)
            part = np.where(now, part - (there.position[..., 2] - track.radius) / down, 0.0)
            there = _step(track, state, part)
            time = np.where(now, i * STEP + part, time)
            place = np.where(now[..., None], there.position[..., :2], place)
        state = after
        if not np.isnan(time).any():
            break
    return time, place
