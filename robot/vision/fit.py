"""Where a thing of known shape stands, from the outlines of the blobs that are seen of it.

A block or a bowl looks like the hull of some of its points. The fit moves it, at a given height,
until the hull's outline runs along the blobs' contours, in all views at once: least squares of
distances, without far outliers. Where something else is in front, the outline only has to contain
the blob.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import pi
from types import MappingProxyType

import cv2
import numpy as np

from robot.camera import Pinhole
from robot.table import BLOCK, BOWL_FOOT, BOWL_HEIGHT, BOWL_RADIUS
from robot.types import Vector, vector
from robot.vision.cameras import NEAR
from robot.vision.colors import Blob, View

STEPS = 10  # of Gauss-Newton, at most
SMALL = (1e-4, 1e-4, 2e-3)  # [m, m, rad] by which slopes are found
FARTHEST = (0.02, 0.02, 0.3)  # [m, m, rad] of one step
STILL = 5e-5  # [m] a step that ends the fit
OUTLIER = 0.002  # [m] from which residuals count less
MOST = 72  # points of a contour that are looked at
GOOD = 1.5  # [pixels] from the outline, at most, of a point that agrees with it


def _ring(radius: float, height: float, count: int = 20) -> Vector:
    turn = np.linspace(0, 2 * pi, count, endpoint=False)
    return vector(
        np.column_stack(
            (radius * np.cos(turn), radius * np.sin(turn), np.full(count, height - BOWL_HEIGHT / 2))
        )
    )


# (k, 3) [m] points around its middle, whose hull a thing looks like from anywhere above.
SHAPES: Mapping[str, Vector] = MappingProxyType(
    {
        "block": vector((np.indices((2, 2, 2)).reshape(3, -1).T - 0.5) * BLOCK),
        "bowl": vector(np.vstack((_ring(BOWL_RADIUS, BOWL_HEIGHT), _ring(BOWL_FOOT, 0.0)))),
    }
)


@dataclass(frozen=True, eq=False)
class Fit:
    """Where a thing stands, as far as its outline tells."""

    position: Vector  # (3,) [m] its middle
    yaw: float  # [rad]
    error: float  # [m] of the outline, root mean square over the points that are the thing's own
    share: float  # of the outline, in the view that sees most of it, that is confirmed by points


def outline(kind: str, position: Vector, yaw: float, camera: Pinhole) -> Vector | None:
    """(k, 2) [pixels] the convex outline of a thing at `position` (3,) [m]; None if out of view."""
    c, s = np.cos(yaw), np.sin(yaw)
    points = SHAPES[kind] @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + position
    if camera.depth(points).min() < NEAR:
        return None
    return cv2.convexHull(camera.project(points).astype(np.float32))[:, 0].astype(np.float64)


def distances(hull: Vector, points: Vector) -> Vector:
    """(k,) [pixels] how far `points` (k, 2) are outside of a convex outline (m, 2); negative
    inside."""
    edge = np.roll(hull, -1, axis=0) - hull
    normal = np.column_stack((edge[:, 1], -edge[:, 0]))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
    if ((hull.mean(axis=0) - hull) * normal).sum() > 0:
        normal = -normal
    return (points @ normal.T - (hull * normal).sum(axis=1)).max(axis=1)


@dataclass(frozen=True, eq=False)
class Evidence:
    """A blob that is seen of a thing, and the outlines of others that it is seen of, too."""

    view: View
    blob: Blob
    others: tuple[Vector, ...] = ()  # each (k, 2) [pixels]


def fit(kind: str, position: Vector, yaw: float, seen: Sequence[Evidence]) -> Fit | None:
    """The thing at the height of `position` (3,) [m], sought from there; None if out of view."""
    size = 3 if kind == "block" else 2
    points = [_thinned(evidence.blob) for evidence in seen]
    now = np.array([position[0], position[1], yaw])
    z = float(position[2])

    def residuals(at: Vector) -> Vector | None:
        parts = []
        for evidence, (contour, hard) in zip(seen, points, strict=True):
            camera, place = evidence.view.camera, np.array([at[0], at[1], z])
            hull = outline(kind, place, at[2], camera)
            if hull is None:
                return None
            away = distances(hull, contour)
            for other in evidence.others:
                away = np.minimum(away, distances(other, contour))
            away += 0.5  # a contour is of middles of pixels
            away = np.where(hard, away, np.maximum(away, 0.0))
            parts.append(away * (camera.depth(place) / camera.focal))
        return np.concatenate(parts)

    for _ in range(STEPS):
        here = residuals(now)
        if here is None:
            return None
        slopes = np.empty((len(here), size))
        for index in range(size):
            beside = now.copy()
            beside[index] += SMALL[index]
            there = residuals(beside)
            if there is None:
                return None
            slopes[:, index] = (there - here) / SMALL[index]
        weight = np.minimum(1.0, OUTLIER / np.maximum(np.abs(here), 1e-9))
        square = (slopes * weight[:, None]).T @ slopes + np.diag([0.5, 0.5, 1e-4][:size])
        step = -np.linalg.solve(square, slopes.T @ (weight * here))
        step *= min(1.0, float(np.min(FARTHEST[:size] / np.maximum(np.abs(step), 1e-12))))
        now[:size] += step
        if np.abs(step * (1, 1, 0.02)[:size]).max() < STILL:
            break
    return _judged(kind, np.array([now[0], now[1], z]), float(now[2]), seen, points, residuals(now))


def _judged(
    kind: str,
    position: Vector,
    yaw: float,
    seen: Sequence[Evidence],
    points: Sequence[tuple[Vector, Vector]],
    left: Vector | None,
) -> Fit | None:
    if left is None:
        return None
    hard = np.concatenate([own for _, own in points])
    own = left[hard > 0]
    soft = left[hard == 0]
    counted = np.concatenate((own, soft[soft > 0]))
    error = float(np.sqrt(np.mean(counted**2))) if len(counted) else np.inf
    shares = []
    for evidence, (contour, mine) in zip(seen, points, strict=True):
        hull = outline(kind, position, yaw, evidence.view.camera)
        assert hull is not None
        agree = (mine > 0) & (np.abs(distances(hull, contour) + 0.5) < GOOD)
        length = cv2.arcLength(hull.astype(np.float32), closed=True)
        each = max(1.0, len(evidence.blob.contour) / len(contour)) * 1.12  # steps go aslant, too
        shares.append(min(1.0, float(agree.sum()) * each / length))
    return Fit(position, yaw, error, max(shares))


def _thinned(blob: Blob) -> tuple[Vector, Vector]:
    """At most MOST points (k, 2) of a contour, and which of them are hard (k,)."""
    every = -(-len(blob.contour) // MOST)
    return blob.contour[::every], blob.hard[::every].astype(np.float64)
