"""Speech reaches the loop as typing does; with the recognisers themselves where they are there."""

import json
import os
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest
import rig
import voices

from hardware.hearing import audio
from hardware.hearing.listener import Said
from robot.cli import hearing
from robot.cli.hearing import Hearing, Hears
from robot.cli.session import Session, Voice
from robot.hearing import FRAME, Heard

WITH_WEIGHTS = pytest.mark.skipif(
    bool(hearing.missing()), reason="needs the extra [speech]: make speech"
)
SOUNDS = Path(__file__).parent / "sounds"


def test_without_the_extra_one_line_says_what_to_install(command, monkeypatch):
    monkeypatch.setattr(hearing, "MODULES", ("no_such_module",))
    for words in (["listen"], ["run", "--speech", "mic", "pick object='red block'"]):
        code, out, err = command(*words)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "no_such_module is missing: make speech" in err


@WITH_WEIGHTS
@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["listen", "--file", "nowhere.wav"], "nowhere.wav"),
        (["run", "--speech", "nowhere.wav", "x"], "nowhere.wav"),
        (["run", "--push", "x"], "--speech"),
    ],
)
def test_wrong_use_is_told_in_a_line(command, words, names):
    code, out, err = command(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert names in err


class Scripted(Hearing):
    """Hears what the test says, as the loop goes on; in no process of its own."""

    def __init__(self, *said):
        self.said, self.asked = list(said), 0
        self.open, self.error = True, ""

    def press(self): ...

    def take(self):
        self.asked += 1
        if self.said and self.asked > self.said[0][0]:
            yield Said(self.said.pop(0)[1], "recognizer", 1.0, 0.4)
        self.open = bool(self.said)


def test_what_is_spoken_goes_the_way_of_what_is_typed():
    from robot.cli import build, worlds
    from sim.tabletop import TabletopConfig

    spec, voice = build.robot_spec(), Voice(quiet=True)
    heard = Scripted(
        (20, Heard("speech", (), "nice weather today")),
        (30, Heard("question", ("open the drawer",), "open the door", "Did you mean: …?")),
        (40, Heard("command", ("stop",), "stop")),
        (60, Heard("command", ("continue",), "continue")),
        (80, Heard("command", ("no, the green bowl",), "no the grain bowl")),
    )
    ticks = []
    world = worlds.tabletop(spec, rig.scene_of(), TabletopConfig(duration=40.0), False, "truth")
    planner = build.fixed_planner(rig.PUT, voice.say)
    session = Session(world, build.skills(spec), planner, voice, hearing=heard)
    session.voice.follow = ticks.append
    session.run()
    lines = [utterance.text for tick in ticks for utterance in tick.heard]
    assert lines == ["stop", "continue", "no, the green bowl"]
    assert session.stops == 1
    assert "Did you mean: …?" in voice.said
    red, green = (session.objects[name] for name in ("red block", "green bowl"))
    assert np.hypot(red[0] - green[0], red[1] - green[1]) < 0.06


def spoken(*names):
    """Sentences, with a second between them."""
    sounds = [voices.read(SOUNDS / f"{name}.wav") for name in names]
    rooms = [voices.in_room(each, 0.6, 0.6, 25.0, seed) for seed, each in enumerate(sounds)]
    return np.concatenate(rooms)


@WITH_WEIGHTS
def test_a_sound_file_is_heard(command, tmp_path):
    said = spoken("stop", "what-a-nice-day-it-is", "open-the-gripper")
    voices.write(tmp_path / "said.wav", said)
    code, out, err = command("listen", "--file", tmp_path / "said.wav", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert told["delivered"] is False  # no stack listens
    obeyed = [line for said in told["heard"] for line in said["lines"]]
    assert obeyed == ["stop", "open the gripper"]
    assert "nice day" in err and "no command" in err


@WITH_WEIGHTS
def test_sound_that_is_sent_is_heard():
    sound = (spoken("open-the-gripper") * 32767).astype("<i2")
    data = sound.tobytes() + bytes(2 * voices.RATE)
    heard = Hearing(Hears("topic"))
    try:
        assert heard.ready.wait(60) and heard.open, heard.error
        for start in range(0, len(data), 3200):
            heard.send(data[start : start + 3200])
            sleep(0.05)
        said, since = [], monotonic()
        while not said and monotonic() - since < 60:
            said += heard.take()
            sleep(0.01)
        assert said[0].heard.lines == ("open the gripper",)
    finally:
        heard.close()
        heard.close()


@WITH_WEIGHTS
def test_a_process_that_dies_is_noticed():
    heard = Hearing(Hears("topic"))
    try:
        assert heard.ready.wait(60) and heard.open
        os.kill(heard._child.pid, 9)
        since = monotonic()
        while heard.open and monotonic() - since < 30:
            sleep(0.01)
        assert "-9" in heard.error and not heard.open
    finally:
        heard.close()


@WITH_WEIGHTS
def test_without_such_a_microphone_one_line_says_so(command):
    code, out, err = command("listen", "--mic", "no microphone is called that")
    assert (code, out) == (1, "") and "there is no microphone" in err.splitlines()[-1]


@WITH_WEIGHTS
@pytest.mark.parametrize(
    ("known", "said"),
    [({}, "no microphone; give a WAV file"), ({"Studio": None}, "'Radio'; there are: Studio")],
)
def test_the_microphones_that_there_are_are_named(monkeypatch, known, said):
    monkeypatch.setattr(audio, "microphones", lambda: known)
    with pytest.raises(audio.NoSound, match=said):
        audio.Microphone("Radio")


@WITH_WEIGHTS
def test_a_short_word_is_heard_however_long_there_was_noise():
    """A detector that is left to itself gets used to it: then it hears hardly one of these."""
    from hardware.hearing.voice import Voice as Detector

    stop = voices.read(SOUNDS / "stop.wav")
    quick = np.interp(np.arange(0, len(stop), 1.6), np.arange(len(stop)), stop)
    detector = Detector()
    for seed in range(30):
        room = voices.in_room(quick.astype(np.float32), 0.6, 2.0, 20.0, seed)
        frames = room[: len(room) // FRAME * FRAME].reshape(-1, FRAME)
        likely = [detector(frame) for frame in frames]
        assert max(likely) > 0.5, seed
        assert max(likely[:10]) < 0.35  # the noise is none
