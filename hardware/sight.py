"""The ball perception node: from the pictures of two calibrated cameras to `/courtside/ball`.

Which cameras, and where they are, `robot.ball_sight.EYES` says. A node for other objects has the
same form: pictures in, `/courtside/objects` out, and it shows that it is alive.
"""

import logging
from collections import deque

from geometry_msgs.msg import PointStamped
from sensor_msgs.msg import CompressedImage

from hardware import convert, topics
from hardware.ros import STATES, Ros
from hardware.signals import signals
from robot.ball_sight import EYES, Sight, Still
from robot.messages import camera_topic
from robot.types import Image

log = logging.getLogger(__name__)

PERIOD = 0.01  # [s] between two signs of life, at most
TOGETHER = 2_000_000  # [ns] between two pictures that are taken for one moment's, at most
KEPT = 4  # pictures of a camera that wait for the other's


def see_ball() -> None:
    """Publish where the ball is, until a signal comes."""
    ros = Ros("ball", urgent=True)
    try:
        with signals() as asked:
            balls = ros.publisher(PointStamped, topics.BALL, STATES)
            pairs = Pairs(tuple(EYES))
            sight = Sight(tuple(EYES.values()))

            def take(camera: str, message: CompressedImage) -> None:
                try:
                    picture = convert.image(message, 0.0)
                except ValueError as error:
                    log.warning("%s: %s", camera, error)
                    return
                pair = pairs.add(camera, convert.nanoseconds(message.header.stamp), picture)
                if pair is None:
                    return
                stamp, pictures = pair
                fix = sight.look(stamp * 1e-9, [Still(one.pixels) for one in pictures])
                if fix is not None:
                    balls.publish(convert.to_point(stamp, fix.position))

            for camera in EYES:
                ros.subscribe(
                    CompressedImage,
                    camera_topic(camera),
                    STATES,
                    lambda message, camera=camera: take(camera, message),
                )
            ros.show_alive()
            while not asked.end:
                ros.spin(PERIOD)
    finally:
        ros.close()


class Pairs:
    """Finds the pictures that were taken at the same moment."""

    def __init__(self, cameras: tuple[str, ...]) -> None:
        self._waiting: dict[str, deque[tuple[int, Image]]] = {
            camera: deque(maxlen=KEPT) for camera in cameras
        }

    def add(self, camera: str, stamp: int, picture: Image) -> tuple[int, list[Image]] | None:
        """The stamp [ns] and the pictures, one of each camera in their order, once they are there;
        older ones are forgotten."""
        self._waiting[camera].append((stamp, picture))
        chosen = []
        for waiting in self._waiting.values():
            near = [one for one in waiting if abs(one[0] - stamp) <= TOGETHER]
            if not near:
                return None
            chosen.append(near[-1][1])
        for waiting in self._waiting.values():
            while waiting and waiting[0][0] <= stamp + TOGETHER:
                waiting.popleft()
        return stamp, chosen
