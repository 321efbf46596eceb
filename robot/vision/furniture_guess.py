"""Guesses of where furniture stands, drawn as cameras would see it, compared with what they see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from robot.chores import CLOSED
from robot.furniture import IN_FRONT, PARTS
from robot.table import (
    DRAWER_LIFT,
    DRAWER_TRAVEL,
    FURNITURE_COLORS,
    SIZES,
)
from robot.types import Vector
from robot.vision.cameras import NEAR
from robot.vision.colors import COVERED, View

Sort = Literal["tray", "cabinet"]  # what is sought; a cabinet comes with its drawer
CABINET_CODE, GRAY_CODE, OTHER = 1, 2, -1  # of pixels; 0: nothing that has a name
CORNERS = np.indices((2, 2, 2)).reshape(3, -1).T  # of a part: low or high, along each axis
MARGIN = 25  # [pixels] around a guess that are compared, too
FRACTION = 4  # bits of a pixel to which corners are drawn

Codes = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Window:
    """The part of a picture that a guess is compared with."""

    view: View
    corner: NDArray[np.int64]  # (2,) [pixels] its first one, which may be outside of the picture
    seen: Codes  # (h, w)


def drawer_at(values: Vector) -> Vector:
    """(3,) [m] the middle of a drawer."""
    x, y, yaw, opening = values
    ahead = np.array([-np.sin(yaw), np.cos(yaw), 0.0]) * (CLOSED - opening)
    return np.array([x, y, DRAWER_LIFT + SIZES["drawer"][2] / 2]) + ahead


def codes_of(view: View) -> Codes:
    """(H, W) what is seen in each pixel."""
    lookup = np.zeros(len(view.blobs) + 2, np.int8)
    for number, blob in view.blobs.items():
        lookup[number] = {
            FURNITURE_COLORS["cabinet"]: CABINET_CODE,
            FURNITURE_COLORS["drawer"]: GRAY_CODE,
        }.get(blob.color, OTHER)
    lookup[COVERED] = OTHER  # the last
    return lookup[view.ids]


def trace_of(view: View) -> object:
    """What is alike as long as nothing changes."""
    colors = set(FURNITURE_COLORS.values())
    return view.name, tuple(
        (blob.area, *np.round(blob.centre, 2).tolist())
        for blob in view.blobs.values()
        if blob.color in colors
    )


def cut(image: NDArray, corner: NDArray[np.int64], shape: Sequence[int], outside: int) -> NDArray:
    """The part of an image whose first pixel is at `corner` (2,), which may be outside of it."""
    (u, v), (height, width) = corner, shape
    found = np.full((height, width), outside, image.dtype)
    top, left = max(v, 0), max(u, 0)
    part = image[top : max(v + height, 0), left : max(u + width, 0)]
    found[top - v : top - v + part.shape[0], left - u : left - u + part.shape[1]] = part
    return found


def window_of(view: View, code: Codes, values: Vector, sort: Sort) -> Window | None:
    """What a guess is compared with in one view; None if it is out of view."""
    wide = np.vstack([values, values])
    if sort == "cabinet":
        wide[:, 3] = 0.0, DRAWER_TRAVEL
    corners = np.concatenate([_corners(each, sort).reshape(-1, 3) for each in wide])
    if view.camera.depth(corners).min() < NEAR:
        return None
    pixels = view.camera.project(corners)
    low = np.floor(pixels.min(axis=0)).astype(np.int64) - MARGIN
    high = np.ceil(pixels.max(axis=0)).astype(np.int64) + MARGIN
    size = np.array([view.camera.width, view.camera.height])
    if (high <= 0).any() or (low >= size).any() or (high - low).max() > 600:
        return None
    return Window(view, low, cut(code, low, (high - low)[::-1].tolist(), OTHER))


def windows_of(
    views: Sequence[View], codes: Sequence[Codes], values: Vector, sort: Sort
) -> list[Window]:
    made = [window_of(view, code, values, sort) for view, code in zip(views, codes, strict=True)]
    return [window for window in made if window is not None]


def _corners(values: Vector, sort: Sort) -> Vector:
    """(parts, 8, 3) [m] of all its parts, in the world; the drawer's come first."""
    c, s = np.cos(values[2]), np.sin(values[2])
    turn = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    at = np.array([values[0], values[1], SIZES[sort][2] / 2])
    own = _LOCAL[sort] @ turn + at
    if sort == "tray":
        return own
    return np.concatenate([_LOCAL["drawer"] @ turn + drawer_at(values), own])


_LOCAL: Mapping[str, Vector] = {
    kind: np.array([[np.choose(CORNERS, part).tolist()] for part in parts]).reshape(-1, 8, 3)
    for kind, parts in PARTS.items()
}


def draw(window: Window, values: Vector, sort: Sort) -> NDArray[np.uint8]:
    """(h, w) the codes that a guess would show."""
    drawn = np.zeros(window.seen.shape, np.uint8)
    camera = window.view.camera
    pixels = (camera.project(_corners(values, sort)) - window.corner) * (1 << FRACTION)
    hulls = [cv2.convexHull(each) for each in np.rint(pixels).astype(np.int32)]
    if sort == "tray":
        order = [(index, GRAY_CODE) for index in range(len(hulls))]
    else:
        drawer = [(index, GRAY_CODE) for index in range(len(PARTS["drawer"]))]
        front, box = drawer[:IN_FRONT][::-1], drawer[IN_FRONT:]
        body = [(index, CABINET_CODE) for index in range(len(drawer), len(hulls))]
        way = np.array([np.sin(values[2]), -np.cos(values[2])])
        faces = float((camera.eye - drawer_at(values))[:2] @ way) > 0
        order = [*box, *body, *front] if faces else [*front, *box, *body]
    for index, code in order:
        cv2.fillConvexPoly(drawn, hulls[index], code, shift=FRACTION)
    return drawn


def matching(windows: Sequence[Window], values: Vector, sort: Sort) -> float:
    """[pixels] that agree with a guess, less those that do not."""
    total = 0
    for window in windows:
        drawn = draw(window, values, sort)
        known = window.seen >= 0
        total += int((known & (drawn == window.seen) & (drawn > 0)).sum())
        total -= int((known & (drawn != window.seen)).sum())
    return float(total)


def agreement(windows: Sequence[Window], values: Vector, sort: Sort) -> tuple[float, float]:
    """Which share of the pixels agree that are in a guess or seen of it; and which share of the
    guess is seen, in the view that shows most of it."""
    both = either = 0
    share = 0.0
    for window in windows:
        drawn = draw(window, values, sort)
        known = window.seen >= 0
        own = drawn > 0
        both += int((known & own & (drawn == window.seen)).sum())
        either += int((known & (own | (window.seen > 0))).sum())
        share = max(share, float((known & own).sum()) / max(1, int(own.sum())))
    return both / max(1, either), share
