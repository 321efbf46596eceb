"""Ball states: where the balls of an episode come from.

A file of states is a JSON list of objects with `id`, `pos_x` .. `pos_z` [m], `vel_x` .. `vel_z`
[m/s] and `w_vel_x` .. `w_vel_z` [rad/s], in the frame of `robot.tennis`: the format in which real
ones are published with arXiv 2408.03906 (github.com/google-deepmind/
competitive_robot_table_tennis). A ball that flies towards +y is turned by half a turn, towards the
robot.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot.ball import PAPER, BallState, Mask, Track, cross, path
from robot.tennis import BALL_RADIUS, EDGE, NET_HEIGHT
from robot.types import Vector

HELD_OUT = 10  # every so many-th state, by its id, is kept from training
FIELDS = tuple(f"{kind}_{axis}" for kind in ("pos", "vel", "w_vel") for axis in "xyz")
FAST, SLOW = 7.0, 3.5  # [m/s]
TOPSPIN, UNDERSPIN = 50.0, -25.0  # [rad/s] about x
LOB = (5.1, 2.5)  # [m/s] slower than the first along y, faster than the second upwards
CENTRE = 0.2  # [m] either side of the middle of the edge: forehand and backhand both
CATEGORIES = ("fast", "normal", "slow", "topspin", "underspin", "lob", "serve")
HALF_TURN = np.array([-1.0, -1.0, 1.0] * 3)
# Rallies invented where there is no file: about the middle 80 % of the published ones.
INVENTED_LOW = np.array([-0.5, 1.0, 0.28, -1.3, -6.6, 0.5, -20.0, -25.0, -25.0])
INVENTED_HIGH = np.array([0.5, 1.6, 0.58, 1.3, -3.9, 2.3, 70.0, 25.0, 25.0])


class StatesError(ValueError):
    """Says what is wrong with a file of states."""


@dataclass(frozen=True, slots=True)
class States:
    """N ball states."""

    ids: NDArray[np.int64]  # (N,)
    values: Vector  # (N, 9) position [m], velocity [m/s], spin [rad/s]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def held_out(self) -> Mask:
        """(N,) bool: which are not trained on."""
        return self.ids % HELD_OUT == 0

    def ball(self, rows: object = slice(None)) -> BallState:
        """The balls `rows`, any numpy index."""
        chosen = self.values[rows]  # pyright: ignore[reportArgumentType, reportCallIssue]
        return split(chosen)

    def pick(self, rows: NDArray[np.int64] | Mask) -> "States":
        return States(self.ids[rows], self.values[rows])


def split(values: Vector) -> BallState:
    """(..., 9) as a state."""
    return BallState(values[..., :3], values[..., 3:6], values[..., 6:])


def load(file: Path) -> States:
    """The states of `file`, all flying towards the robot; `StatesError` says what is wrong."""
    try:
        rows = json.loads(file.read_text())
    except OSError as error:
        raise StatesError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise StatesError(f"{file} is no JSON: {error}") from error
    if not isinstance(rows, list) or not rows:
        raise StatesError(f"{file} must hold a list of ball states, at least one")
    ids, values = np.empty(len(rows), dtype=np.int64), np.empty((len(rows), len(FIELDS)))
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise StatesError(f"{file}: state {i} must be an object, not {row!r:.40}")
        if missing := [name for name in FIELDS if name not in row]:
            raise StatesError(
                f"{file}: state {i} has no {missing[0]!r}; needed are {', '.join(FIELDS)}"
            )
        numbers = [row[name] for name in FIELDS]
        if not all(isinstance(x, int | float) and np.isfinite(x) for x in numbers):
            raise StatesError(f"{file}: state {i} must hold finite numbers, not {numbers}")
        number = row.get("id", i)
        if not isinstance(number, int):
            raise StatesError(f"{file}: id of state {i} must be a whole number, not {number!r}")
        ids[i], values[i] = number, numbers
    return States(ids, towards_robot(values))


def towards_robot(values: Vector) -> Vector:
    """(N, 9) states, those that fly towards +y turned by half a turn about z."""
    away = values[:, 4] > 0
    return np.where(away[:, None], turned(values), values)


def turned(values: Vector) -> Vector:
    """(..., 9) states as they are seen from the other side: turned by half a turn about z."""
    return values * HALF_TURN


def mirrored(values: Vector) -> Vector:
    """(N, 9) states as a mirror across the table would show them: left is right."""
    return values * np.array([-1.0, 1, 1, -1, 1, 1, 1, -1, -1])  # spin is an axial vector


def categories(states: States) -> dict[str, Mask]:
    """Which states (N,) are in each of CATEGORIES; one can be in several."""
    velocity, spin = states.values[:, 3:6], states.values[:, 6]
    speed = np.linalg.norm(velocity, axis=1)
    return {
        "fast": speed > FAST,
        "normal": (speed >= SLOW) & (speed <= FAST),
        "slow": speed < SLOW,
        "topspin": spin > TOPSPIN,
        "underspin": spin < UNDERSPIN,
        "lob": (-velocity[:, 1] < LOB[0]) & (velocity[:, 2] > LOB[1]),
        "serve": serves(states.ball()),
    }


def serves(ball: BallState, track: Track = PAPER) -> Mask:
    """(N,) bool: does the ball bounce on the sender's side first?"""
    flown = path(track, ball, 1.0)
    first = (flown.bounces >= 1).argmax(axis=0)  # 0 if it never does
    y = np.take_along_axis(flown.state.position[..., 1], first[None], axis=0)[0]
    return (first > 0) & (y > 0)


def sides(ball: BallState, track: Track = PAPER) -> Vector:
    """(N,) x [m] at which balls cross the robot's edge of the table; NaN if they do not."""
    return cross(track, ball, 1, EDGE)[1].position[:, 0]


def valid(ball: BallState, track: Track = PAPER) -> Mask:
    """(N,) bool: is the ball the robot's to return, in closed form?

    It bounces on the robot's side once (a serve on the sender's side before), clears the net, and
    leaves the table over the robot's edge.
    """
    flown = path(track, ball, 2.0)
    y = flown.state.position[..., 1]
    beyond = y < EDGE
    out = beyond.argmax(axis=0)
    near = (np.diff(flown.bounces, axis=0) > 0) & (y[1:] < 0)
    far = (np.diff(flown.bounces, axis=0) > 0) & (y[1:] >= 0)
    before = np.arange(len(y) - 1)[:, None] < out
    clear = cross(track, ball, 1, 0.0)[1].position[:, 2] > NET_HEIGHT + BALL_RADIUS
    once = (near & before).sum(axis=0) == 1
    return beyond.any(axis=0) & once & ((far & before).sum(axis=0) <= 1) & clear


def invent(rng: np.random.Generator, n: int = 1) -> States:
    """`n` rally states that are valid, drawn from boxes about the published ones."""
    kept: list[Vector] = []
    while len(kept) < n:
        values = rng.uniform(INVENTED_LOW, INVENTED_HIGH, (4 * n, 9))
        kept += list(values[valid(split(values))])
    return States(np.arange(n), np.array(kept[:n]))
