"""Names for what stands on the table, and where it is, from picture to picture.

A thing that was seen keeps its name. In each picture its outline is fitted to the blob of its
colour at the place where it is expected; what is left over is something new, or something that has
moved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import pi

import cv2
import numpy as np

from robot.camera import Pinhole
from robot.geometry import wrap
from robot.types import Fix, RobotSpec, Vector
from robot.vision.cameras import CAMERAS, ON_TOOL, Rig
from robot.vision.colors import COVERED, NOTHING, Blob, Palette, Pixels, View, view
from robot.vision.fit import Evidence, Fit, fit, outline
from robot.vision.furniture import Furniture
from robot.vision.things import STANDING, Sight, Thing, Things, Trace


@dataclass(frozen=True)
class SightConfig:
    """What is believed."""

    error: float = 0.0035  # [m] of an outline, at most, for a thing to be seen where it is known
    share: float = 0.3  # of the outline, at least, likewise
    jump: float = 0.006  # [m] further than this, nothing goes between two pictures
    jump_share: float = 0.6  # of the outline, at least, to believe that it did
    new_error: float = 0.003  # [m] the same, of what was not known
    new_share: float = 0.5
    filled: float = 0.85  # of a hidden outline that has its colour, at least, where colours merge
    empty: float = 0.6  # of an outline that shows the table, at least, for a thing to be missed
    patience: int = 4  # pictures in a row for which it is missed, then it is gone
    doubt: int = 2  # pictures in a row of something known that seems to be elsewhere


@dataclass
class TableSight:
    """Sees blocks, bowls and furniture of known colours through `CAMERAS`."""

    spec: RobotSpec
    config: SightConfig = field(default_factory=SightConfig)
    cameras: Mapping[str, Pinhole] = field(default_factory=lambda: CAMERAS)

    def __post_init__(self) -> None:
        self._rig = Rig(self.spec, self.cameras)
        self._palette = Palette()
        self.furniture = Furniture()
        self.things = Things(self.spec, self._rig, self.furniture)

    def camera(self, name: str, q: Vector) -> Pinhole:
        """Where the camera called `name` is, with the arm at `q` (n,)."""
        return self._rig.camera(name, q)

    def feel(self, time: float, q: Vector) -> dict[str, Fix]:
        """What the joints `q` (n,) tell at `time` [s]: where the thing in the hand is."""
        return self.things.feel(time, q)

    def look(self, time: float, q: Vector, pictures: Mapping[str, Pixels]) -> dict[str, Fix]:
        """What is seen at `time` [s] in `pictures`, by camera, (H, W, 3) RGB, taken with the arm
        at `q` (n,): fixes of all that is seen or held. A picture of a camera on the hand is only
        asked for if those that stand still do not show everything as it was."""
        self.things.feel(time, q)
        views: list[View] = []
        for name in sorted(pictures, key=lambda name: name in ON_TOOL):
            if name in ON_TOOL and self._unchanged(views):
                continue
            camera = self.camera(name, q)
            covered = self._rig.covered(camera, q)
            views.append(view(name, pictures[name], camera, covered, self._palette))
        self.furniture.look(time, views)
        self.things.carry(self.furniture.moved, time)
        taken = {each.name: self.furniture.claimed(each) for each in views}
        held = self.things.held
        # What others rest on comes first.
        order = sorted(self.things.known.values(), key=lambda t: (t.kind != "bowl", t.position[2]))
        for thing in order:
            evidence = self._evidence(thing, views)
            for each in evidence:
                taken[each.view.name].add(each.blob.id)
            if thing is held:
                continue
            if self._recognised(thing, evidence, views):
                thing.time, thing.sight = time, Sight.SEEN
                thing.missed = thing.strayed = 0
            else:
                thing.sight = Sight.HIDDEN
                thing.missed = thing.missed + 1 if self._bare(thing, views) else 0
        self._rest(time, views, taken)
        fixes = {}
        for thing in sorted(self.things.known.values(), key=lambda t: (t.kind, t.name)):
            if thing.missed >= self.config.patience:
                thing.sight = Sight.GONE
            if thing.time == time:
                fixes[thing.name] = thing.fix()
        return fixes | self.furniture.fixes(since=time)

    def _unchanged(self, views: Sequence[View]) -> bool:
        """Whether all that is known looks as it did, and nothing else is there."""
        blobs = {
            (each.name, number)
            for each in views
            for number in each.blobs.keys() - self.furniture.claimed(each)
        }
        if not all(self.furniture.unchanged(each) for each in views):
            return False
        for thing in self.things.known.values():
            if thing.sight is Sight.GONE:
                continue
            seen = self._evidence(thing, views)
            blobs -= {(each.view.name, each.blob.id) for each in seen}
            if thing is not self.things.held and (
                not thing.traces or {_trace(each) for each in seen} != thing.traces
            ):
                return False
        return bool(self.things.known) and not blobs

    # --- what is known ------------------------------------------------------------------------

    def _evidence(self, thing: Thing, views: Sequence[View]) -> list[Evidence]:
        """The blob of its colour, in each view, where the thing is expected."""
        found = []
        for each in views:
            hull = outline(thing.kind, thing.position, thing.yaw, each.camera)
            if hull is None:
                continue
            middle, reach = hull.mean(axis=0), float(np.ptp(hull, axis=0).max())
            best, least = None, reach * 0.6
            for blob in each.blobs.values():
                if blob.color == thing.color:
                    away = float(np.linalg.norm(blob.centre - middle))
                    away = 0.0 if each.at(middle) == blob.id else away
                    if away < least:
                        best, least = blob, away
            if best is not None:
                found.append(Evidence(each, best, self._beside(thing, each, best)))
        return found

    def _beside(self, thing: Thing, each: View, blob: Blob) -> tuple[Vector, ...]:
        """Outlines of other things of its colour that are part of the same blob."""
        hulls = []
        for other in self.things.known.values():
            if other is thing or other.color != thing.color or other.sight is Sight.GONE:
                continue
            hull = outline(other.kind, other.position, other.yaw, each.camera)
            if hull is not None and each.at(hull.mean(axis=0)) == blob.id:
                hulls.append(hull)
        return tuple(hulls)

    def _recognised(self, thing: Thing, seen: Sequence[Evidence], views: Sequence[View]) -> bool:
        """Find a known thing near where it was; False if it cannot be told."""
        if not seen:
            return False
        config = self.config
        traces = {_trace(each) for each in seen if each.view.name not in ON_TOOL}
        if traces and traces == thing.traces:
            return True  # nothing has changed in pictures of cameras that stand still
        thing.traces = set()
        alone = [each for each in seen if not each.others] or list(seen)
        for some in (alone, *([each] for each in alone if len(alone) > 1)):
            found = self._placed(thing, thing.position, thing.yaw, some)
            if found is None or found.error > config.error or found.share < config.share:
                continue
            moved = float(np.linalg.norm(found.position - thing.position))
            if moved < config.jump or found.share > config.jump_share:
                thing.position = found.position
                thing.yaw = wrap(found.yaw, pi / 2) if thing.kind == "block" else 0.0
                thing.traces = traces
                return True
        # Within a larger thing of the same colour it has no outline: is all of it there?
        return any(each.others and self._filled(thing, each) for each in seen)

    def _placed(
        self, thing: Thing, position: Vector, yaw: float, seen: Sequence[Evidence]
    ) -> Fit | None:
        """The best fit over all heights at which the thing can rest where it then is."""
        best: Fit | None = None
        least = np.inf
        for z in sorted(self.things.heights(thing), key=lambda z: abs(z - position[2])):
            start = _at_height(seen[0].view.camera, position, z)
            made = fit(thing.kind, start, yaw, seen)
            if made is None:
                continue
            cost = made.error + (0.0 if self.things.rests(thing, made.position) else 0.004)
            if cost < least:
                best, least = made, cost
            if thing.name and abs(z - position[2]) < 0.001 and cost < self.config.error:
                break  # it is where it was
        return best

    def _filled(self, thing: Thing, seen: Evidence) -> bool:
        """Whether the thing's outline, where it is thought to be, is full of its colour."""
        inside = self._inside(thing, seen.view)
        return bool(len(inside)) and float((inside == seen.blob.id).mean()) > self.config.filled

    def _bare(self, thing: Thing, views: Sequence[View]) -> bool:
        """Whether a picture shows the table where the thing should be."""
        shares = []
        for each in views:
            inside = self._inside(thing, each)
            if len(inside) and not (inside == COVERED).any():
                shares.append(float((inside == NOTHING).mean()))
        return max(shares, default=0.0) > self.config.empty

    @staticmethod
    def _inside(thing: Thing, each: View) -> np.ndarray:
        """(k,) the ids of the pixels where the thing should be."""
        hull = outline(thing.kind, thing.position, thing.yaw, each.camera)
        if hull is None:
            return np.empty(0)
        mask = np.zeros(each.ids.shape, np.uint8)
        cv2.fillConvexPoly(mask, np.rint(hull).astype(np.int32), 1)
        return each.ids[mask > 0]

    # --- what is new --------------------------------------------------------------------------

    def _rest(self, time: float, views: Sequence[View], taken: Mapping[str, set[int]]) -> None:
        """Blobs that belong to nothing known: something that has moved, or that is new."""
        for each in views:
            for blob in sorted(each.blobs.values(), key=lambda blob: -blob.area):
                if blob.id in taken[each.name] or self._part_of_known(blob, each):
                    continue
                made = self._new(blob, each, time)
                if made is None:
                    continue
                thing = self.things.named(made, self.config.doubt)
                if thing is None:
                    continue
                self.things.known[thing.name] = thing
                for evidence in self._evidence(thing, views):
                    taken[evidence.view.name].add(evidence.blob.id)

    def _part_of_known(self, blob: Blob, each: View) -> bool:
        """Whether most of the blob is within a known thing of its colour."""
        for thing in self.things.known.values():
            if thing.color == blob.color and thing.sight is not Sight.GONE:
                hull = outline(thing.kind, thing.position, thing.yaw, each.camera)
                if hull is None:
                    continue
                middle = hull.mean(axis=0)
                larger = (middle + (hull - middle) * 1.25).astype(np.float32)
                if cv2.pointPolygonTest(larger, blob.centre.tolist(), measureDist=False) >= 0:
                    return True
        return False

    def _new(self, blob: Blob, each: View, time: float) -> Thing | None:
        """What a blob is seen of, if its outline tells."""
        best: tuple[float, Thing] | None = None
        for kind in STANDING:
            guess = Thing("", blob.color, kind, np.zeros(3), 0.0, time)
            for yaw in (0.0, pi / 6, pi / 3) if kind == "block" else (0.0,):
                place = each.camera.at_height(blob.centre, STANDING[kind])
                guess = replace(guess, position=place)
                found = self._placed(guess, place, yaw, [Evidence(each, blob)])
                if (
                    found is None
                    or found.error > self.config.new_error
                    or found.share < self.config.new_share
                    or not self.things.rests(guess, found.position)
                ):
                    continue
                if best is None or found.error < best[0]:
                    turn = wrap(found.yaw, pi / 2) if kind == "block" else 0.0
                    best = found.error, replace(guess, position=found.position, yaw=turn)
        return best[1] if best else None


def _trace(seen: Evidence) -> Trace:
    """What is alike as long as a thing and all around it stand still."""
    u, v = np.round(seen.blob.centre, 2).tolist()
    return seen.view.name, seen.blob.area, u, v, int(seen.blob.hard.sum())


def _at_height(camera: Pinhole, position: Vector, height: float) -> Vector:
    """(3,) [m] the point at `height` [m] in front of or behind `position` (3,) for `camera`."""
    ray = position - camera.eye
    if ray[2] > -0.05:
        return np.array([position[0], position[1], height])
    return camera.eye + ray * ((height - camera.eye[2]) / ray[2])
