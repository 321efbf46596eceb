"""How well balls are seen: fixes against the truth, and predictions against what came."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from robot.ball import BallState, Track, cross
from robot.intervals import wilson
from robot.tennis import EDGE
from robot.types import Fix, Flight, Vector
from sim.tennis.world import TableTennis

HORIZONS = tuple(range(50, 651, 50))  # [ms] before the ball crosses the robot's edge
NEAR = 0.01  # [s] by which a prediction may be nearer to, or farther from, its horizon


@dataclass
class Seeing:
    """What was known of one ball until it was struck, or was past the edge."""

    track: Track
    looks: list[tuple[Fix | None, Vector]] = field(default_factory=list)  # and the truth (3,) [m]
    known: list[tuple[float, Flight | None]] = field(default_factory=list)  # by tick [s]
    truth: list[tuple[float, BallState]] = field(default_factory=list)  # by tick, each (3,)

    def watch(self, world: TableTennis) -> None:
        """Be told of what the eyes of `world` see, if it has any."""
        if world.eyes is not None:
            world.eyes.witness = lambda fix, truth: self._look(world, fix, truth)

    def _look(self, world: TableTennis, fix: Fix | None, truth: Vector) -> None:
        if not world.judge.hit and truth[1] > EDGE:
            self.looks.append((fix, truth))

    def tick(self, world: TableTennis, known: Flight | None) -> None:
        """What the robot knows at a tick of its loop."""
        ball = world.ball()
        if not world.judge.hit and ball.position[1] > EDGE:
            self.known.append((world.now(), known))
            self.truth.append((world.now(), ball))

    def crossing(self) -> tuple[float, Vector] | None:
        """When [s] and where (2,) x, z [m] the ball crosses the edge; None if it does not.

        The last tenth of a second or less in closed form, since the robot may strike it before.
        """
        if not self.truth:
            return None
        time, ball = self.truth[-1]
        left, there = cross(self.track, BallState(*(part[None] for part in ball)), 1, EDGE, 0.3)
        return None if np.isnan(left[0]) else (time + float(left[0]), there.position[0, ::2])

    def predictions(self) -> Vector:
        """(k, 3): how long before the crossing [s], and how wrong the prediction was made then,
        of place [m] and time [s]; NaN where none could be made."""
        crossing = self.crossing()
        if crossing is None:
            return np.empty((0, 3))
        when, where = crossing
        rows = []
        for now, flight in self.known:
            place, late = np.nan, np.nan
            if flight is not None:
                state = BallState(*(getattr(flight, f)[None] for f in BallState._fields))
                left, there = cross(self.track, state, 1, EDGE)
                place = float(np.linalg.norm(there.position[0, ::2] - where))
                late = abs(flight.time + float(left[0]) - when)
            rows.append((when - now, place, late))
        return np.array(rows)


def report(balls: Sequence[Seeing]) -> dict[str, Any]:
    """Errors of fixes, if there were eyes, and of predictions by horizon."""
    looks = [look for ball in balls for look in ball.looks]
    return {**(_fixes(looks) if looks else {}), "predictions": _predictions(balls)}


def _fixes(looks: Sequence[tuple[Fix | None, Vector]]) -> dict[str, Any]:
    errors = np.array([fix.position - truth for fix, truth in looks if fix is not None])
    rate = {
        "pictures": len(looks),
        "detection_rate": round(len(errors) / len(looks), 4),
        "detection_rate_interval": wilson(len(errors), len(looks)),
    }
    if not len(errors):
        return rate
    size = np.linalg.norm(errors, axis=1) * 1e3
    return {
        **rate,
        "position_error_mm": round(float(np.median(size)), 3),
        "position_error_p95_mm": round(float(np.percentile(size, 95)), 3),
        "position_error_max_mm": round(float(size.max()), 3),
        "bias_mm": np.round(errors.mean(axis=0) * 1e3, 3).tolist(),
        "deviation_mm": np.round(errors.std(axis=0) * 1e3, 3).tolist(),
    }


def _predictions(balls: Sequence[Seeing]) -> list[dict[str, Any]]:
    """By horizon: of how many balls, of how many of them known, and how wrong."""
    made = [ball.predictions() for ball in balls]
    rows = []
    for horizon in HORIZONS:
        at = [_at(ball, horizon / 1e3) for ball in made if len(ball)]
        errors = np.array([row for row in at if row is not None])
        if not len(errors):
            continue
        known = errors[~np.isnan(errors[:, 0])]
        row: dict[str, Any] = {"horizon_ms": horizon, "n": len(errors), "known": len(known)}
        if len(known):
            (place, late), (place95, late95) = np.percentile(known, [50, 95], axis=0) * 1e3
            row |= {
                "place_error_mm": round(float(place), 2),
                "place_error_p95_mm": round(float(place95), 2),
                "time_error_ms": round(float(late), 2),
                "time_error_p95_ms": round(float(late95), 2),
            }
        rows.append(row)
    return rows


def _at(rows: Vector, horizon: float) -> Vector | None:
    """Place and time error of the prediction made at `horizon` [s]; None if there was no tick."""
    nearest = rows[np.abs(rows[:, 0] - horizon).argmin()]
    return nearest[1:] if abs(nearest[0] - horizon) <= NEAR else None
