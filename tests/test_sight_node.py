"""Perception nodes' parts: pictures over the wire, paired, and what is seen in them."""

import threading
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from hardware import convert, sight
from hardware.robot_file import served
from hardware.sight import TOGETHER, Objects, Pairs
from robot.ball_sight import EYES, Sight, Still
from robot.specs import UR5E
from robot.tennis import BALL_RADIUS
from robot.types import Image

PICTURE = Image(0.0, np.zeros((2, 2, 3), np.uint8))


def test_pictures_of_one_moment_are_paired_in_the_cameras_order():
    pairs = Pairs(("left", "right"))
    a, b = (Image(0.0, np.full((2, 2, 3), i, np.uint8)) for i in (1, 2))
    assert pairs.add("right", 1000, b) is None
    assert pairs.add("left", 1000 + TOGETHER, a) == (1000 + TOGETHER, [a, b])
    assert pairs.add("left", 1000 + TOGETHER, a) is None  # the other has been used


def test_a_lost_picture_pairs_with_nothing():
    pairs = Pairs(("left", "right"))
    for number in range(10):
        assert pairs.add("left", number * 10 * TOGETHER, PICTURE) is None
    assert pairs.add("right", 9 * 10 * TOGETHER, PICTURE) is not None


def test_a_ball_is_found_in_what_came_over_the_wire():
    place = np.array([0.1, 0.4, 0.3])
    pictures = []
    for camera in EYES.values():
        pixels = np.full((camera.height, camera.width, 3), (40, 90, 60), np.uint8)
        u, v = camera.project(place)
        radius = camera.focal * BALL_RADIUS / camera.depth(place)
        centre, size = (round(u * 16), round(v * 16)), round(radius * 16)
        cv2.circle(pixels, centre, size, (255, 140, 0), -1, cv2.LINE_AA, shift=4)
        message = convert.to_image(1, "eye", Image(0.0, pixels))
        pictures.append(Still(convert.image(message, 0.0).pixels))
    fix = Sight(tuple(EYES.values())).look(0.0, pictures)
    assert fix is not None and np.linalg.norm(fix.position - place) < 0.01


class Slow:
    """Looks for as long as it is let."""

    def __init__(self):
        self.let, self.looks, self.felt = threading.Event(), [], 0
        self.things = SimpleNamespace(gone=frozenset())

    def look(self, time, q, pictures):
        self.looks.append(time)
        self.let.wait(10)
        return {}

    def feel(self, time, q):
        self.felt += 1
        return {}


class Quiet:
    """ROS 2 that nobody listens to."""

    def publisher(self, *about):
        return SimpleNamespace(publish=lambda message: None)

    def subscribe(self, *about):
        return None

    def stamp(self):
        return 0


def test_a_node_that_looks_for_long_is_alive_meanwhile_and_then_has_failed(monkeypatch):
    node = Objects(Quiet(), served(UR5E))
    node._sight = slow = Slow()
    node._eyes._diagnostics = SimpleNamespace(show=lambda status: None)
    node._poses.append((10**9, UR5E.home))
    node._eyes._ready.extend([(10**9 - 1, [PICTURE] * 2), (10**9, [PICTURE] * 2)])
    for _ in range(3):
        node.tend()  # which does not wait
    assert slow.looks == [1.0] and not slow.felt  # at the newest; nothing touches it meanwhile
    monkeypatch.setattr(sight, "LOOKING", 0.0)
    with pytest.raises(RuntimeError, match="takes longer than"):
        node.tend()
    slow.let.set()
    node._look.result(5)
    node.tend()
    assert slow.felt == 1
