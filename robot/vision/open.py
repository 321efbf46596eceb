"""Detectors of whatever can be named, and what becomes of their boxes.

A detector finds boxes in one picture of the camera that stands still. It may take seconds, so it
is asked beside the loop; what it has found counts for the time of its picture. From a box, and
from what stands on a table standing on it, follow a place and a size.
"""

import base64
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import dist
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from robot.camera import Pinhole
from robot.table import COLORS, KINDS, ORDINALS, SIZES
from robot.types import Fix, RobotSpec, Vector, vector
from robot.vision.cameras import CAMERAS, Rig
from robot.vision.colors import Pixels
from robot.vision.fit import outline
from robot.vision.things import STANDING, Thing, Things
from robot.worker import Arrival, Due, Mailbox, when_ready

log = logging.getLogger(__name__)
NAMES = tuple(f"{color} {kind}" for color in COLORS for kind in KINDS)
WAIT = 60.0  # [s] for a server's answer
ENOUGH = 0.2  # score of a detection, at least
SAME = 0.1  # [m] between two places of one thing, at most
VALID = "colors, the URL of an OpenAI-compatible server, a folder with a transformers model"
ASKED = """Find these things in the picture: {names}. Answer with a JSON list only, one entry for
each thing that you see: {{"name": "...", "box": [left, top, right, bottom]}}, in pixels of the
picture, which is {width} wide and {height} high. Leave out what is not there."""


class DetectorError(Exception):
    """A detector that is missing or fails. One line, with what to do."""


@dataclass(frozen=True, slots=True)
class Detection:
    """Something found in a picture."""

    name: str
    box: tuple[float, float, float, float]  # [pixels] left, top, right, bottom
    score: float = 1.0


class Detector(Protocol):
    """Finds things by their names. May take long, so it is asked from a worker."""

    def detect(self, pixels: Pixels, names: Sequence[str]) -> list[Detection]:
        """What of `names` is in a picture (H, W, 3) RGB; raises DetectorError."""
        ...


class ServedDetector:
    """A vision-language model on an OpenAI-compatible server."""

    def __init__(self, url: str, model: str = "", key: str = "none") -> None:
        self._url, self._model, self._key = url, model, key

    def detect(self, pixels: Pixels, names: Sequence[str]) -> list[Detection]:
        from openai import OpenAI, OpenAIError

        height, width, _ = pixels.shape
        _, png = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        picture = f"data:image/png;base64,{base64.b64encode(png.tobytes()).decode()}"
        asked = ASKED.format(names=", ".join(names), width=width, height=height)
        content: Any = [
            {"type": "text", "text": asked},
            {"type": "image_url", "image_url": {"url": picture}},
        ]
        try:
            with OpenAI(base_url=self._url, api_key=self._key, timeout=WAIT, max_retries=0) as ask:
                model = self._model or ask.models.list().data[0].id
                answer = ask.chat.completions.create(
                    model=model, messages=[{"role": "user", "content": content}], temperature=0
                )
            return parse(answer.choices[0].message.content or "", names)
        except (OpenAIError, ValueError, TypeError, AttributeError, LookupError) as error:
            brief = " ".join(f"{error}".split())[:200]
            raise DetectorError(f"no detections from {self._url}: {brief}") from error


class ZeroShotDetector:
    """A zero-shot detector of transformers, such as OWLv2, in a folder on this machine."""

    def __init__(self, folder: Path) -> None:
        try:
            from transformers import pipeline  # type: ignore[import-not-found]
        except ImportError as error:
            raise DetectorError(
                "zero-shot detectors need transformers and torch: pip install transformers torch"
            ) from error
        try:
            self._pipeline = pipeline("zero-shot-object-detection", str(folder))
        except (OSError, ValueError) as error:
            raise DetectorError(f"{folder}: no zero-shot detector ({error})") from error

    def detect(self, pixels: Pixels, names: Sequence[str]) -> list[Detection]:
        from PIL import Image

        found = self._pipeline(Image.fromarray(pixels), candidate_labels=list(names))
        return [
            Detection(each["label"], (box["xmin"], box["ymin"], box["xmax"], box["ymax"]), score)
            for each in found
            if (score := each["score"]) > ENOUGH and (box := each["box"])
        ]


def open_detector(name: str, model: str = "") -> Detector:
    """The detector that `name` stands for: a server's URL, or a folder."""
    if name.startswith(("http://", "https://")):
        return ServedDetector(name, model)
    if Path(name).is_dir():
        return ZeroShotDetector(Path(name))
    raise DetectorError(f"unknown detector {name!r}; valid are {VALID}")


def parse(answer: str, names: Sequence[str]) -> list[Detection]:
    """The detections in a model's answer; what is malformed or not asked for is left out."""
    found = re.search(r"\[.*\]", answer, re.DOTALL)
    entries = json.loads(found[0]) if found else None
    if not isinstance(entries, list):
        raise ValueError(f"no JSON list in {answer[:80]!r}")
    detections = []
    for entry in entries:
        match entry:
            case {"name": str(name), "box": [left, top, right, bottom]} if name in names:
                try:
                    box = float(left), float(top), float(right), float(bottom)
                except (TypeError, ValueError):
                    continue
                if np.isfinite(box).all() and box[0] < box[2] and box[1] < box[3]:
                    detections.append(Detection(name, box))
    return detections


class OpenSight:
    """Sees by a detector, as `robot.vision.sight.TableSight` does by colours."""

    def __init__(
        self,
        spec: RobotSpec,
        detector: Detector,
        names: Sequence[str] = NAMES,
        due: Due = when_ready,
        camera: str = "overhead",
    ) -> None:
        self.cameras: Mapping[str, Pinhole] = {camera: CAMERAS[camera]}
        self._rig = Rig(spec, self.cameras)
        self.things = Things(spec, self._rig)
        self._detector, self._names = detector, tuple(names)
        self._found: Mailbox[list[Detection]] = Mailbox(due)
        self._begun = False

    def camera(self, name: str, q: Vector) -> Pinhole:
        """Where the camera called `name` is, with the arm at `q` (n,)."""
        return self._rig.camera(name, q)

    def feel(self, time: float, q: Vector) -> dict[str, Fix]:
        """What the joints `q` (n,) tell at `time` [s]: where the thing in the hand is."""
        return self.things.feel(time, q)

    def look(self, time: float, q: Vector, pictures: Mapping[str, Pixels]) -> dict[str, Fix]:
        """Fixes of what was found in the last picture that the detector is done with. The first
        time it waits: until then there is nothing to go by."""
        fixes = self.feel(time, q)
        (name, pixels), *_ = pictures.items()
        kept = pixels.copy()
        if not self._begun:
            self._begun = True
            self._found.request(time, lambda: self._detector.detect(kept, self._names))
            return fixes | self._arrived(self._found.wait(time), name, q)
        arrival = self._found.poll(time)
        if arrival is not None:
            fixes |= self._arrived(arrival, name, q)
        if not self._found.busy:
            self._found.request(time, lambda: self._detector.detect(kept, self._names))
        return fixes

    def _arrived(self, arrival: Arrival[list[Detection]], name: str, q: Vector) -> dict[str, Fix]:
        """What a detector's answer tells; of one that failed, that it did."""
        if isinstance(arrival.error, DetectorError):
            log.warning("%s; objects stay where they were last seen", arrival.error)
        elif arrival.error is not None:
            raise arrival.error
        return self._take(arrival.requested, arrival.result or [], self.camera(name, q))

    def _take(self, time: float, found: Sequence[Detection], camera: Pinhole) -> dict[str, Fix]:
        """Things for detections; each is the nearest of its name, or one more of them."""
        fixes: dict[str, Fix] = {}
        for each in sorted(found, key=lambda each: each.box):
            position, size = placed(each, camera)
            names = [f"{ordinal}{each.name}" for ordinal in ORDINALS]
            known = [n for n in names if n in self.things.known and n not in fixes]
            near = [
                n for n in known if dist(self.things.known[n].position[:2], position[:2]) < SAME
            ]
            free = [n for n in names if n not in self.things.known]
            name, *_ = [*near, *known, *free]
            color, _, kind = each.name.rpartition(" ")
            thing = self.things.known.get(name)
            if thing is not None and thing is self.things.held:
                continue
            self.things.known[name] = Thing(name, color, kind, position, 0.0, time)
            fixes[name] = Fix(time, vector(position), vector([1, 0, 0, 0]), vector(size))
        return fixes


def placed(found: Detection, camera: Pinhole) -> tuple[Vector, Vector]:
    """Where (3,) [m] a box's thing stands, and its size (3,) [m].

    The shape of blocks and bowls is known. Anything else is taken for as deep as it is wide; its
    height is what is left of the box.
    """
    left, top, right, bottom = found.box
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    kind = found.name.split()[-1]
    if kind in STANDING:
        place = camera.at_height(middle, STANDING[kind])
        for _ in range(4):
            hull = outline(kind, place, 0.0, camera)
            if hull is None:
                break
            box = (hull.min(axis=0) + hull.max(axis=0)) / 2
            place = place + camera.at_height(middle, place[2]) - camera.at_height(box, place[2])
        return place, np.array(SIZES[kind])
    foot = camera.at_height([middle[0], bottom], 0.0)
    away = (foot[:2] - camera.eye[:2]) / np.linalg.norm(foot[:2] - camera.eye[:2])
    ray = camera.ray([middle[0], top])
    height, width, ground = 0.0, 0.0, foot[:2]
    for _ in range(4):  # what is high is nearer, and looks wider
        width = (right - left) * float(camera.depth(foot + np.array([0, 0, height]))) / camera.focal
        ground = foot[:2] + away * width / 2
        back = float(np.linalg.norm(ground - camera.eye[:2])) + width / 2
        height = float(camera.eye[2] + ray[2] * back / max(float(np.hypot(*ray[:2])), 1e-6))
        height = float(np.clip(height, 0.005, 0.3))
    return np.array([*ground, height / 2]), np.array([width, width, height])
