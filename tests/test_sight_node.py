"""The ball node's parts: pictures over the wire, paired, and the ball in them."""

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from hardware import convert
from hardware.sight import TOGETHER, Pairs
from robot.ball_sight import EYES, Sight, Still
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
