"""Which colour a pixel has, whatever the light, and the blobs of one colour in a picture."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from robot.camera import Pinhole
from robot.table import BLOCK, COLORS, TABLE_COLOR
from robot.types import Vector
from robot.vision.cameras import Mask

Pixels = NDArray[np.uint8]  # (H, W, 3) RGB
BITS = 6  # of each channel that tell colours apart
ANGLE = np.radians(7.0)  # between a pixel's colour and its name's, at most
DARK = 0.14  # less than this share of full brightness has no colour
GLARE = np.linspace(1.0, 1.3, 4)  # light in which a channel is at its limit, and others are not
NOTHING, COVERED = 0, -1  # in `View.ids`: the table or what has no name; the arm or no table
SMALLEST = 24  # [pixels] of a blob
BESIDE = 2.0  # [pixels] outside a contour, where its neighbour is looked up
LARGE = 1.7  # as long as this many blocks: a bowl, or part of one
# What is looked at: the table, seen through the height of what stands on it.
REGION = np.array([[-0.5, -0.95, 0], [0.5, -0.95, 0], [0.5, 0.1, 0], [-0.5, 0.1, 0]])


@dataclass(frozen=True, eq=False)
class Blob:
    """Pixels of one colour that hang together."""

    color: str
    id: int  # in `View.ids`
    area: int  # [pixels]
    centre: Vector  # (2,) [pixels]
    contour: Vector  # (k, 2) [pixels] its outermost pixels
    hard: NDArray[np.bool_]  # (k,) whether the thing ends there, rather than goes on behind another


@dataclass(frozen=True, eq=False)
class View:
    """One picture, taken apart."""

    name: str
    camera: Pinhole
    ids: NDArray[np.int32]  # (H, W) the blob of each pixel; NOTHING, COVERED
    blobs: Mapping[int, Blob]  # by id

    def at(self, pixel: Vector) -> int:
        """The id at `pixel` (2,); COVERED outside of the picture."""
        u, v = np.rint(pixel)
        if not (0 <= u < self.camera.width and 0 <= v < self.camera.height):
            return COVERED
        return int(self.ids[int(v), int(u)])


class Palette:
    """Names of colours, as a table of every pixel's value."""

    def __init__(self, colors: Mapping[str, tuple[float, float, float]] = COLORS) -> None:
        """`colors`: of surfaces in white light of full brightness, RGB 0 to 1."""
        self.names = tuple(colors)
        steps = 1 << BITS
        values = (np.indices((steps,) * 3, np.float32).reshape(3, -1).T + 0.5) / steps
        way = values / np.linalg.norm(values, axis=1, keepdims=True)
        cosines = np.array([_likeness(way, color) for color in (TABLE_COLOR, *colors.values())])
        known = (cosines.max(axis=0) > np.cos(ANGLE)) & (values.max(axis=1) > DARK)
        self._table = np.where(known, cosines.argmax(axis=0), 0).astype(np.uint8)

    def classes(self, pixels: Pixels) -> NDArray[np.uint8]:
        """(H, W) one more than the index of each pixel's colour in `names`; 0: none of them."""
        red, green, blue = (channel.astype(np.int32) for channel in cv2.split(pixels >> 8 - BITS))
        return self._table[(red << 2 * BITS) | (green << BITS) | blue]


def _likeness(values: Vector, color: tuple[float, float, float]) -> Vector:
    """(n,) the cosine of each of `values` (n, 3) with `color` in the light that suits it best."""
    lit = np.minimum(1.0, GLARE[:, None] * color / max(color))
    lit /= np.linalg.norm(lit, axis=1, keepdims=True)
    return (values @ lit.T.astype(np.float32)).max(axis=1)


def view(name: str, pixels: Pixels, camera: Pinhole, covered: Mask, palette: Palette) -> View:
    """Take a picture apart; `covered` (H, W) is 1 where the arm may be."""
    classes = palette.classes(pixels)
    inside = np.zeros(classes.shape, np.uint8)
    cv2.fillConvexPoly(inside, _corners(camera), 1)
    hidden = (covered > 0) | (inside == 0)
    classes[hidden] = 0
    ids = np.where(hidden, COVERED, NOTHING).astype(np.int32)
    raw: list[tuple[str, int, int, Vector, Vector]] = []
    for index in np.flatnonzero(np.bincount(classes.ravel(), minlength=2)[1:]) + 1:
        mask = np.asarray(cv2.inRange(classes, int(index), int(index)), np.uint8)
        x, y, across, down = cv2.boundingRect(mask)
        mask = np.ascontiguousarray(mask[y : y + down, x : x + across])
        _, parts, boxes, centres = cv2.connectedComponentsWithStats(mask, connectivity=4)
        for part, (left, top, width, height, area) in enumerate(boxes[1:].tolist(), 1):
            if area < SMALLEST:
                continue
            window = parts[top : top + height, left : left + width] == part
            number, at = len(raw) + 1, np.array([x + left, y + top])
            ids[at[1] : at[1] + height, at[0] : at[0] + width][window] = number
            middle = centres[part] + (x, y)
            raw.append((palette.names[index - 1], number, area, middle, _contour(window) + at))
    large = np.zeros(len(raw) + 1, np.bool_)
    for _, number, _, _, contour in raw:
        size = (
            camera.focal
            * BLOCK
            / np.linalg.norm(camera.eye - camera.at_height(contour.mean(axis=0), 0.0))
        )
        large[number] = np.ptp(contour, axis=0).max() > LARGE * 1.5 * size
    blobs = {
        number: Blob(
            color, number, area, centre, contour, _hard(ids, number, contour, camera, large)
        )
        for color, number, area, centre, contour in raw
    }
    return View(name, camera, ids, blobs)


def _corners(camera: Pinhole) -> NDArray[np.int32]:
    """(4, 2) [pixels] of the region."""
    pixels = np.nan_to_num(camera.project(REGION), nan=0.0)
    return np.rint(np.clip(pixels, -20_000, 20_000)).astype(np.int32)


def _contour(window: NDArray[np.bool_]) -> Vector:
    """(k, 2) [pixels] of the longest outer contour."""
    found, _ = cv2.findContours(window.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return max(found, key=len)[:, 0].astype(np.float64)


def _hard(
    ids: NDArray[np.int32],
    number: int,
    contour: Vector,
    camera: Pinhole,
    large: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """(k,) where a blob's contour is that of the thing: beside the table, or before a bowl's wall.

    Beside the arm, another block, or the near side of a bowl, it may go on behind them.
    """
    reach = min(3, len(contour) // 4) or 1
    along = np.roll(contour, -reach, axis=0) - np.roll(contour, reach, axis=0)
    normal = np.column_stack((along[:, 1], -along[:, 0]))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    if ((contour - contour.mean(axis=0)) * normal).sum() < 0:
        normal = -normal
    beside = contour + BESIDE * normal
    u, v = np.rint(beside).astype(np.int64).T
    inside = (u >= 0) & (u < camera.width) & (v >= 0) & (v < camera.height)
    other = np.full(len(contour), COVERED)
    other[inside] = ids[v[inside], u[inside]]
    other[other == number] = NOTHING  # a thin part of its own
    nadir = _nadir(camera)
    away = ((contour - nadir) * normal).sum(axis=1) > 0
    behind = (other > 0) & large[np.maximum(other, 0)] & away
    return (other == NOTHING) | behind


def _nadir(camera: Pinhole) -> Vector:
    """(2,) [pixels] of the point straight below the camera."""
    return (
        camera.project(camera.eye - [0, 0, 1.0]) if camera.rotation[2, 2] < -0.05 else camera.centre
    )
