"""The coach node: what people say, as text on `/courtside/correction`.

It listens where `courtside say` speaks, and to speech, from a microphone or from the sound on
`/courtside/audio`; any other source of text publishes on the same topic. What is said is cut to
length, and logged.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from time import monotonic

from std_msgs.msg import Int16MultiArray, String

from hardware import convert, topics
from hardware.ros import SOUND, TEXTS, Diagnostics, Ros
from hardware.signals import signals

log = logging.getLogger(__name__)

PERIOD = 0.005  # [s] between two looks at what was said
MOST = 20  # lines that may wait to be heard


Line = tuple[str, Callable[[], None]]  # what was said, and what tells that it was heard


def coach(take: Callable[[], Sequence[Line]], sound: Callable[[bytes], None] | None = None) -> None:
    """Pass on the lines that `take` returns, until a signal comes.

    `sound` is given what comes on `/courtside/audio`: 16-bit samples.
    """
    ros = Ros("coach", urgent=True)
    try:
        with signals() as asked:
            waiting: list[Line] = []
            counts = Counter[str]()
            diagnostics = Diagnostics(ros)

            def heard(message: String) -> None:
                for line in waiting:
                    if line[0][: topics.LONGEST] == message.data:
                        line[1]()
                        waiting.remove(line)
                        counts["heard"] += 1
                        return

            corrections = ros.publisher(String, topics.CORRECTION, TEXTS)
            ros.subscribe(String, topics.HEARD, TEXTS, heard)
            if sound is not None:
                ros.subscribe(
                    Int16MultiArray,
                    topics.AUDIO,
                    SOUND,
                    lambda message: sound(convert.to_samples(message)),
                )
            ros.show_alive()
            while not asked.end:
                for line in take():
                    log.warning("said: %s", line[0])
                    corrections.publish(String(data=line[0][: topics.LONGEST]))
                    waiting = [*waiting[-MOST:], line]
                    counts["said"] += 1
                ros.spin(PERIOD)
                diagnostics.show(convert.to_status(topics.COACH, "", counts))
    finally:
        ros.close()


def tell(text: str, timeout: float = 5.0) -> float:
    """Say `text` to a stack over ROS 2; returns the time [s] until its loop heard it.

    Raises ConnectionError when there is none, or it does not answer within `timeout` [s].
    """
    ros = Ros("say")
    try:
        heard: list[float] = []

        def hears(message: String) -> None:
            if message.data == text:
                heard.append(monotonic())

        corrections = ros.publisher(String, topics.CORRECTION, TEXTS)
        ros.subscribe(String, topics.HEARD, TEXTS, hears)
        stacks = ros.node.count_publishers
        if not ros.spin_until(
            lambda: stacks(topics.HEARD) and corrections.get_subscription_count(), timeout
        ):
            raise ConnectionError("no running stack listens; start one with `courtside run`")
        sent = monotonic()
        corrections.publish(String(data=text))
        if not ros.spin_until(lambda: heard, timeout):
            raise ConnectionError("a stack is there, but its loop did not answer")
        return heard[0] - sent
    finally:
        ros.close()
