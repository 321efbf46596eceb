"""Where a tray, or a cabinet with its drawer, stands, and how far the drawer is open.

They are seen as what they are made of: solids of known sizes and colours. A guess is drawn as the
cameras would see it and compared with what they see, pixel by pixel, wherever neither the arm nor
anything else is in front; the guess that agrees best is sought by trying.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import pi

import cv2
import numpy as np

from robot.chores import INSIDE_HIGH, INSIDE_LOW, within
from robot.geometry import wrap, yaw_quaternion
from robot.table import (
    BLOCK,
    CABINET,
    DRAWER_FLOOR,
    DRAWER_TRAVEL,
    FURNITURE_COLORS,
    SIZES,
    TRAY_INSIDE,
)
from robot.types import Fix, Vector, vector
from robot.vision.colors import COVERED, View
from robot.vision.furniture_guess import (
    CABINET_CODE,
    GRAY_CODE,
    OTHER,
    Codes,
    Sort,
    Window,
    agreement,
    codes_of,
    cut,
    draw,
    drawer_at,
    matching,
    trace_of,
    window_of,
    windows_of,
)

SORTS: tuple[Sort, ...] = ("cabinet", "tray")
FEWEST = {"tray": 120, "cabinet": 250}  # [pixels] of its colour, from which a thing is sought
GOOD = 0.72  # of the pixels that either is in, at least, agree when a thing has been found
POOR = 0.5  # fewer than that, though it is in plain view, and it is not there
VISIBLE = 0.35  # of its pixels, at least, are seen of what is found
CLEAR = 0.9  # of its pixels seen: its place is known as well as it will be
TOLD = 14  # [pixels] by which an opening must agree better than others, to be told
ELSEWHERE = 0.012  # [m] from it, of those others
PAUSE = 0.8  # [s] between two searches for what has not been found
PATIENCE = 6  # looks in plain view in which it is not there, then it is sought anew
STEPS = (0.008, 0.002, 0.0005)  # [m] in which an opening is sought
COARSE, FINE = np.array([0.016, 0.016, 0.12, 0.03]), 4e-4  # steps of a search: first, last [m]


@dataclass
class Piece:
    """A tray; or a cabinet and its drawer, with how far that is open."""

    sort: Sort
    values: Vector  # x, y [m], yaw [rad], and of a cabinet the drawer's opening [m]
    share: float  # of its pixels that were seen when it was placed
    time: float  # [s] when it was last seen
    traces: set[object] = field(default_factory=set)  # of the pictures it was last sought in
    missed: int = 0  # looks in a row

    def fixes(self, opened: float) -> dict[str, Fix]:
        """By name; `opened` [s]: when the drawer was last seen."""
        x, y, yaw = self.values[:3]
        at = np.array([x, y, SIZES[self.sort][2] / 2])
        turn = vector(yaw_quaternion(yaw))
        size = vector(SIZES[self.sort])
        found = {name(self.sort): Fix(self.time, vector(at), turn, size)}
        if self.sort == "cabinet":
            place = drawer_at(self.values)
            found[name("drawer")] = Fix(opened, vector(place), turn, vector(SIZES["drawer"]))
        return found


def name(kind: str) -> str:
    """What a piece of furniture is called."""
    return f"{FURNITURE_COLORS[kind]} {kind}"


class Furniture:
    """All that stands on the table and is no block or bowl."""

    def __init__(self) -> None:
        self.known: dict[Sort, Piece] = {}
        self.moved: Vector = np.zeros(3)  # [m] by which the drawer was seen to have moved just now
        self._opened = -np.inf  # [s] when the drawer's opening was last told
        self._next = -np.inf  # [s] of the next search

    def fixes(self, since: float = -np.inf) -> dict[str, Fix]:
        """All that is known, or what has been seen `since` [s]."""
        found = [fix for piece in self.known.values() for fix in piece.fixes(self._opened).items()]
        return {name: fix for name, fix in found if fix.time >= since}

    def look(self, time: float, views: Sequence[View]) -> None:
        """Take in what is seen at `time` [s]."""
        self.moved = np.zeros(3)
        codes = [codes_of(view) for view in views]
        for piece in [*self.known.values()]:
            self._follow(piece, time, views, codes)
        if time < self._next or not any(len(view.blobs) for view in views):
            return
        for sort in SORTS:
            if sort in self.known:
                continue
            for view, code in zip(views, codes, strict=True):
                self._without_known(view, code)
            piece = _search(sort, time, views, codes)
            if piece is not None:
                self.known[sort] = piece
                self._opened = time if sort == "cabinet" else self._opened
            else:
                self._next = time + PAUSE

    def claimed(self, view: View) -> set[int]:
        """The blobs of `view` that are seen of furniture."""
        found: set[int] = set()
        for piece in self.known.values():
            window = window_of(view, codes_of(view), piece.values, piece.sort)
            if window is None:
                continue
            drawn = cv2.dilate(draw(window, piece.values, piece.sort), np.ones((5, 5), np.uint8))
            ids = cut(view.ids, window.corner, window.seen.shape, COVERED)
            inside = np.bincount(ids[(drawn > 0) & (ids > 0)].ravel(), minlength=1)
            for number in np.flatnonzero(inside).tolist():
                blob = view.blobs[number]
                if blob.color in FURNITURE_COLORS.values() and inside[number] > blob.area / 2:
                    found.add(number)
        return found

    def unchanged(self, view: View) -> bool:
        """Whether what is known looks as it did."""
        trace = trace_of(view)
        return all(trace in piece.traces for piece in self.known.values())

    # --- what blocks may rest on --------------------------------------------------------------

    def height(self, position: Vector) -> float | None:
        """[m] at which a block's middle is at `position` (3,), if that is in a drawer or on a
        cabinet."""
        fixes = self.fixes()
        drawer, cabinet = fixes.get(name("drawer")), fixes.get(name("cabinet"))
        if drawer is None or cabinet is None:
            return None
        x, y, _ = np.abs(within(cabinet, position))
        if x < CABINET[0] / 2 and y < CABINET[1] / 2 and position[2] > CABINET[2] - BLOCK / 2:
            return CABINET[2] + BLOCK / 2
        local = within(drawer, position)[:2]
        inside = (local > INSIDE_LOW).all() and (local < INSIDE_HIGH).all()
        return DRAWER_FLOOR + BLOCK / 2 if inside else None

    def blocked(self, position: Vector) -> bool:
        """Whether a wall of a tray is where a block would be, its middle at `position` (3,) [m]."""
        tray = self.fixes().get(name("tray"))
        if tray is None or position[2] > BLOCK:
            return False
        x, y, _ = within(tray, position)
        wide, deep = SIZES["tray"][0] / 2, SIZES["tray"][1] / 2
        near = abs(x) < wide + BLOCK / 4 and -deep < y < deep + BLOCK / 4
        half = TRAY_INSIDE[0] / 2 - BLOCK / 2.5
        return bool(near and (abs(x) > half or y > deep - BLOCK / 2.5))

    # --- one piece ----------------------------------------------------------------------------

    def _follow(
        self, piece: Piece, time: float, views: Sequence[View], codes: Sequence[Codes]
    ) -> None:
        """See whether it is where it was, how far it is open, or where it is after all."""
        traces: set[object] = {trace_of(view) for view in views}
        if traces <= piece.traces:  # nothing has changed
            piece.time = time
            self._opened = time if piece.sort == "cabinet" else self._opened
            return
        before = piece.values
        windows = windows_of(views, codes, piece.values, piece.sort)
        told = piece.sort == "cabinet" and self._open(piece, windows, time)
        agreed, share = agreement(windows, piece.values, piece.sort)
        if share > min(CLEAR, piece.share + 0.1) and piece.share < CLEAR:
            piece.values, piece.share = _refined(windows, piece.values, piece.sort), share
            agreed, share = agreement(windows, piece.values, piece.sort)
        if piece.sort == "cabinet":
            self.moved = drawer_at(piece.values) - drawer_at(before)
        if share > VISIBLE and agreed > POOR:
            piece.time, piece.missed = time, 0
            piece.traces = traces if told or piece.sort == "tray" else set()
        elif share > VISIBLE:
            piece.missed += 1
            if piece.missed >= PATIENCE:
                del self.known[piece.sort]

    def _open(self, piece: Piece, windows: Sequence[Window], time: float) -> bool:
        """Tell how far the drawer is open; False where that cannot be seen."""
        values = piece.values.copy()

        @cache
        def agreed(opening: float) -> float:
            values[3] = opening
            return matching(windows, values, piece.sort)

        best = _along(agreed, [float(piece.values[3])])
        values[3] = best
        if agreement(windows, values, piece.sort)[0] < GOOD:
            best = _along(agreed, [best, *np.linspace(0.0, DRAWER_TRAVEL, 9).tolist()])
        at = agreed(best)
        others = [best + by for by in (-ELSEWHERE, ELSEWHERE) if -0.004 < best + by < 0.13]
        if any(at - agreed(other) < TOLD for other in others):
            return False
        values[3] = best
        piece.values = values
        self._opened = time
        return True

    def _without_known(self, view: View, code: Codes) -> None:
        """Take what belongs to known furniture out of what is seen."""
        for number in self.claimed(view):
            code[view.ids == number] = OTHER


# --- searching ------------------------------------------------------------------------------------


def _search(sort: Sort, time: float, views: Sequence[View], codes: Sequence[Codes]) -> Piece | None:
    """Something that nothing is known of yet."""
    code = CABINET_CODE if sort == "cabinet" else GRAY_CODE
    counts = [int((each == code).sum()) for each in codes]
    most = int(np.argmax(counts))
    if counts[most] < FEWEST[sort]:
        return None
    v, u = (pixels.mean() for pixels in np.nonzero(codes[most] == code))
    middle = views[most].camera.at_height(np.array([u, v]), SIZES[sort][2])
    guesses: list[tuple[float, Vector]] = []
    for yaw in np.arange(-pi, pi, pi / 8):
        # The walls of a tray are not around its middle.
        back = 0.025 if sort == "tray" else 0.0
        x, y = middle[0] + back * np.sin(yaw), middle[1] - back * np.cos(yaw)
        for opening in (0.0, 0.06, 0.12) if sort == "cabinet" else (None,):
            values = np.array([x, y, yaw] if opening is None else [x, y, yaw, opening])
            windows = windows_of(views, codes, values, sort)
            guesses.append((matching(windows, values, sort), values))
    guesses.sort(key=lambda guess: -guess[0])
    best: tuple[float, Vector] | None = None
    for _, values in guesses[:3]:
        windows = windows_of(views, codes, values, sort)
        better = _refined(windows, _refined(windows, values, sort), sort)
        agreed, share = agreement(windows_of(views, codes, better, sort), better, sort)
        if share > VISIBLE and agreed > GOOD and (best is None or agreed > best[0]):
            best = agreed, better
    if best is None:
        return None
    _, share = agreement(windows_of(views, codes, best[1], sort), best[1], sort)
    return Piece(sort, best[1], share, time)


def _refined(windows: Sequence[Window], values: Vector, sort: Sort) -> Vector:
    """The guess nearby that agrees best: one value after the other, in ever smaller steps."""
    step = COARSE[: len(values)].copy()
    now = values.copy()
    agreed = matching(windows, now, sort)
    while step[0] > FINE:
        better = False
        for index in range(len(now)):
            for way in (1.0, -1.0):
                other = now.copy()
                other[index] += way * step[index]
                if index == 3:
                    other[3] = np.clip(other[3], 0.0, DRAWER_TRAVEL)
                there = matching(windows, other, sort)
                if there > agreed:
                    now, agreed, better = other, there, True
                    break
        if not better:
            step /= 2
    now[2] = wrap(float(now[2]))
    return now


def _along(agreed: Callable[[float], float], grid: Sequence[float]) -> float:
    """Where in the drawer's way pictures agree best, from a grid on."""
    best = max(grid, key=agreed)
    for step in STEPS:
        while True:
            near = (best, max(best - step, 0.0), min(best + step, DRAWER_TRAVEL))
            better = max(near, key=agreed)
            if better == best:
                break
            best = better
    return best
