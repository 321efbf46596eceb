"""Speech over ROS 2: sound on a topic, heard by the coach node, which says what was meant."""

import wave
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("pocketsphinx", reason="needs the extra [speech]")

import ros_rig as rig
from std_msgs.msg import Int16MultiArray, String

from hardware import topics
from hardware.ros import SOUND, TEXTS, Ros
from robot.hearing import FRAME, RATE

pytestmark = [pytest.mark.dds, pytest.mark.timeout(300)]

SOUNDS = Path(__file__).with_name("sounds")
PAUSE = 1.5  # [s] of silence behind a sentence, until the next


def samples(name: str) -> np.ndarray:
    with wave.open(str(SOUNDS / f"{name}.wav")) as file:
        assert file.getframerate() == RATE and file.getnchannels() == 1
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def test_what_is_spoken_on_a_topic_is_said_if_it_is_meant(monkeypatch):
    """A remark first, then two commands, over and over until both have been heard."""
    with rig.domain() as domain:
        monkeypatch.setenv("ROS_DOMAIN_ID", domain)
        monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        coach = rig.start("node", "coach", "--speech", "topic")
        ros, heard = Ros("microphone"), []
        try:
            sound = ros.publisher(Int16MultiArray, topics.AUDIO, SOUND)
            ros.subscribe(String, topics.CORRECTION, TEXTS, lambda text: heard.append(text.data))
            rig.until(sound.get_subscription_count, "the coach does not listen", ros.spin)
            spoken = [samples(n) for n in ("what-a-nice-day-it-is", "open-the-gripper", "stop")]
            room = np.zeros(round(PAUSE * RATE), np.int16)
            due, end = monotonic(), monotonic() + rig.PATIENCE
            while not {"open the gripper", "stop"} <= set(heard):
                assert monotonic() < end, heard
                for part in (part for sentence in spoken for part in (sentence, room)):
                    for start in range(0, len(part) - FRAME + 1, FRAME):
                        sound.publish(Int16MultiArray(data=part[start : start + FRAME].tolist()))
                        due += FRAME / RATE
                        ros.spin(0.0)
                        sleep(max(0.0, due - monotonic()))
        finally:
            ros.close()
            coach.terminate()
            coach.communicate(timeout=20)
    assert coach.returncode == 0
    assert set(heard) == {"open the gripper", "stop"}  # and the remark is left alone
