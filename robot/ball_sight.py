"""The ball in the pictures of two cameras: where it is, from pixels and calibration alone.

In each picture the ball is a spot of its colour, looked for around the place where the last fixes
let expect it; only if it is not there, in the whole picture, coarsely first. A fix is where the
rays to a spot in each picture meet, if they do, and if the spots are as large as the ball would be
from there.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import product
from math import inf, pi
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from robot.camera import Pinhole, triangulate
from robot.tennis import BALL_RADIUS, ball_fix
from robot.types import Fix, Vector

PERIOD = 0.008  # [s] between two pictures of a camera: 125 Hz
# Beside the table on either side, so high that neither net nor robot hides the ball from them, and
# so far that they see where balls fly: from .5 m behind the opponent's edge to .7 m behind the
# robot's, from .4 m below the table's top to 1.1 m above it.
_VIEW = {"target": (0.0, -0.15, 0.12), "fov": 31.0, "width": 1280, "height": 576}
EYES = {
    "left eye": Pinhole.looking((-3.5, -0.15, 2.2), **_VIEW),
    "right eye": Pinhole.looking((3.5, -0.15, 2.2), **_VIEW),
}

Pixels = NDArray[np.uint8]


class Window(NamedTuple):
    """A part of a picture [pixels]."""

    left: int
    top: int
    width: int
    height: int


class Picture(Protocol):
    """What a camera saw at one moment. Only what is read needs to be transferred, or drawn."""

    def read(self, window: Window, every: int = 1) -> Pixels:
        """(height / every, width / every, 3) RGB of the whole window; `every` > 1: coarser."""
        ...


class Still:
    """A picture that is all there: (H, W, 3) RGB."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels

    def read(self, window: Window, every: int = 1) -> Pixels:
        left, top, width, height = window
        part = self._pixels[top : top + height, left : left + width]
        size = (width // every, height // every)
        return (
            part
            if every == 1
            else np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        )


class Spot(NamedTuple):
    """Something of the ball's colour in a picture."""

    pixel: Vector  # (2,) its middle
    area: float  # [pixels]


@dataclass(frozen=True)
class SightConfig:
    """What is taken for the ball."""

    hue: tuple[int, int] = (12, 28)  # OpenCV's, 0 to 179
    saturation: int = 140  # 0 to 255, at least
    value: int = 50  # likewise
    window: int = 128  # [pixels] in width and height, around where it is expected
    coarse: int = 4  # every so many-th pixel is looked at in a search
    most: int = 8  # spots that are looked at closely in a search
    miss: float = 1.5  # [pixels] between a spot and the fix that is made of it, at most
    size: tuple[float, float] = (0.7, 1.4)  # a spot's area, as a share of the expected one
    memory: float = 0.06  # [s] for which the last fix tells where to look

    def __post_init__(self) -> None:
        numbers = np.hstack(astuple(self))
        if not (numbers > 0).all():
            raise ValueError("all numbers of a sight must be positive")


class Sight:
    """Finds one ball, picture by picture."""

    def __init__(self, cameras: Sequence[Pinhole], config: SightConfig | None = None) -> None:
        self._cameras, self.config = tuple(cameras), config or SightConfig()
        self._last: Fix | None = None
        self._speed = np.zeros(3)  # [m/s] then

    def look(self, time: float, pictures: Sequence[Picture]) -> Fix | None:
        """Where the ball was at `time` [s], when the cameras took `pictures`; None if unseen."""
        place = self._expected(time)
        found = (
            None
            if place is None
            else self._fix(
                [
                    spots(picture, self._around(camera.project(place), camera), self.config)
                    for camera, picture in zip(self._cameras, pictures, strict=True)
                ],
                place,
            )
        )
        if found is None:
            seen = [self._search(*pair) for pair in zip(self._cameras, pictures, strict=True)]
            found = self._fix(seen, place)
        if found is None:
            return None
        if self._last is not None and time - self._last.time < self.config.memory:
            self._speed = (found - self._last.position) / (time - self._last.time)
        else:
            self._speed = np.zeros(3)
        self._last = ball_fix(time, found)
        return self._last

    def _expected(self, time: float) -> Vector | None:
        """Where (3,) [m] the ball should be; None if there is no telling."""
        if self._last is None or not 0 < time - self._last.time < self.config.memory:
            return None
        return self._last.position + self._speed * (time - self._last.time)

    def _around(self, pixel: Vector, camera: Pinhole) -> Window:
        """A window with `pixel` in its middle, as far as the picture goes."""
        size = self.config.window
        left, top = np.clip(
            np.rint(pixel) - size // 2, 0, (camera.width - size, camera.height - size)
        )
        return Window(int(left), int(top), size, size)

    def _search(self, camera: Pinhole, picture: Picture) -> list[Spot]:
        """Spots anywhere in a picture: first coarsely, then closely where there is something."""
        every, whole = self.config.coarse, Window(0, 0, camera.width, camera.height)
        coarse = sorted(spots(picture, whole, self.config, every), key=lambda spot: spot.area)
        found: list[Spot] = []
        for spot in coarse[: self.config.most]:
            near = spots(picture, self._around(spot.pixel, camera), self.config)
            found += [new for new in near if all(_apart(new, old) for old in found)]
        return found

    def _fix(self, seen: Sequence[Sequence[Spot]], place: Vector | None) -> Vector | None:
        """The best (3,) [m] of all pairs of spots: nearest to `place`, or else of least miss."""
        best, least = None, inf
        low, high = self.config.size
        for pair in product(*seen):
            point, miss = triangulate(self._cameras, [spot.pixel for spot in pair])
            if miss > self.config.miss:
                continue
            shares = [
                spot.area / (pi * (camera.focal * BALL_RADIUS / camera.depth(point)) ** 2)
                for camera, spot in zip(self._cameras, pair, strict=True)
            ]
            if not low < min(shares) <= max(shares) < high:
                continue
            cost = miss if place is None else float(np.linalg.norm(point - place))
            if cost < least:
                best, least = point, cost
        return best


def spots(picture: Picture, window: Window, config: SightConfig, every: int = 1) -> list[Spot]:
    """What has the ball's colour in `window`, and is not cut by its edges."""
    pixels = picture.read(window, every)
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    low, high = config.hue
    mask = cv2.inRange(hsv, (low, config.saturation, config.value), (high, 255, 255))
    count, _, boxes, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    height, width = mask.shape
    found = []
    for (left, top, w, h, area), centre in zip(boxes[1:count], centres[1:count], strict=True):
        if every == 1 and (left == 0 or top == 0 or left + w == width or top + h == height):
            continue
        middle = (centre + 0.5) * every - 0.5 + (window.left, window.top)
        found.append(Spot(middle, float(area) * every**2))
    return found


def _apart(a: Spot, b: Spot) -> bool:
    return bool(np.abs(a.pixel - b.pixel).max() > 1.0)
