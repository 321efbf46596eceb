"""Sentences are cut, and two recognisers asked, without any of them: all by numbers."""

import os
import wave

import numpy as np
import pytest

from hardware.hearing.audio import NoSound, Pipe, Recording, framed
from hardware.hearing.endpoint import STEP, EndpointConfig, Endpointer, Moment
from hardware.hearing.listener import AT_ONCE, IN_FULL, Listener
from hardware.hearing.whisper import once
from robot.hearing import FRAME, RATE, Heard, Recognized

SPEECH, SILENCE = 0.9, 0.05


def frame(value=0.0):
    return np.full(FRAME, value, np.float32)


def frames(seconds):
    return round(seconds / STEP)


def moments(endpointer, *spans):
    """What is told of spans (probability of a voice, seconds)."""
    told = []
    for p, seconds in spans:
        for _ in range(frames(seconds)):
            told.append(endpointer(frame(p), p))
            if told[-1] is Moment.END:
                endpointer.begin()
    return told


def test_a_sentence_begins_pauses_and_ends_once():
    told = moments(Endpointer(), (SILENCE, 0.5), (SPEECH, 1.0), (SILENCE, 1.0))
    assert [told.count(m) for m in (Moment.BEGIN, Moment.PAUSE, Moment.END)] == [1, 1, 1]
    begin, pause, end = (told.index(m) for m in (Moment.BEGIN, Moment.PAUSE, Moment.END))
    config = EndpointConfig()
    last = begin + frames(1.0) - 1  # of the voice
    assert config.pause <= (pause - last) * STEP < config.pause + 2 * STEP
    assert config.end <= (end - last) * STEP < config.end + 2 * STEP


def test_a_sentence_has_what_came_just_before_it_and_knows_when_it_ended():
    endpointer = Endpointer()
    moments(endpointer, (0.1, 1.0), (SPEECH, 0.64), (0.2, 0.32))
    before = np.flatnonzero(endpointer.sound < SPEECH)[0]
    assert before == 0  # quiet comes first
    voiced = np.flatnonzero(endpointer.sound > 0.5)
    assert voiced[0] == frames(EndpointConfig().before) * FRAME
    assert endpointer.ended == pytest.approx((frames(1.0) + frames(0.64)) * STEP)
    assert endpointer.voiced == pytest.approx(frames(0.64) * STEP)


def test_going_on_after_a_pause_is_the_same_sentence():
    told = moments(Endpointer(), (SPEECH, 0.5), (SILENCE, 0.4), (SPEECH, 0.5), (SILENCE, 1.0))
    assert [told.count(m) for m in (Moment.BEGIN, Moment.PAUSE, Moment.END)] == [1, 2, 1]


def test_a_click_is_no_sentence():
    told = moments(Endpointer(), (SILENCE, 0.3), (SPEECH, 2 * STEP), (SILENCE, 1.0))
    assert Moment.END not in told and Moment.PAUSE not in told
    assert told[-1] is Moment.QUIET


def test_talk_without_end_is_cut():
    longest = EndpointConfig().longest
    told = moments(Endpointer(), (SPEECH, longest + 1.0))
    assert told.index(Moment.END) <= frames(longest)


class Jobs:
    """The recogniser's thread, in which jobs end when the test says so."""

    def __init__(self):
        self.made = []

    def __call__(self, work):
        self.made.append(Job(work))
        return self.made[-1]

    def finish(self):
        for job in self.made:
            job.ready = True


class Job:
    def __init__(self, work):
        self.found, self.ready, self.cancelled = work(), False, False

    def done(self):
        return self.ready

    def cancel(self):
        self.cancelled = True
        return True

    def result(self):
        return self.found


class Knows:
    """Takes what is said to be a command if it begins with "do"."""

    def __init__(self):
        self.settled = []

    def near(self, guesses):
        return ()

    def __call__(self, recognized, now):
        text = recognized.guesses[0]
        if text.startswith("do"):
            return Heard("command", (text,), text)
        return Heard("speech", (), text)

    def settle(self, heard, now):
        self.settled.append(heard)


class Room:
    """A listener, and what it is told."""

    def __init__(self):
        self.text, self.phrase, self.knows = "do it", "", Knows()
        self.jobs, self.spots = Jobs(), Jobs()
        self.lengths = []
        self.listener = Listener(
            lambda frame: float(frame[0]),
            lambda sound: self.phrase,
            self.recognize,
            self.knows,
            (self.spots, self.jobs),
        )

    def recognize(self, sound, near):
        self.lengths.append(len(sound) / RATE)
        return Recognized((self.text,), -0.1)

    def hear(self, *spans):
        said = []
        for probability, seconds in spans:
            for _ in range(frames(seconds)):
                said += self.listener(frame(probability))
        return said


def test_a_command_need_not_wait_for_the_end_of_the_sentence():
    room = Room()
    assert room.hear((SILENCE, 0.5), (SPEECH, 0.6), (SILENCE, 0.25)) == []
    assert len(room.jobs.made) == 1
    room.jobs.finish()
    [said] = room.hear((SILENCE, STEP))
    assert (said.heard.lines, said.by) == (("do it",), IN_FULL)
    assert said.ended == pytest.approx(1.1, abs=2 * STEP)
    assert EndpointConfig().pause < said.latency < EndpointConfig().end
    assert room.hear((SILENCE, 2.0)) == []  # and is heard once


def test_what_is_no_command_may_go_on():
    room = Room()
    room.text = "would you"
    room.hear((SPEECH, 0.5), (SILENCE, 0.3))
    room.jobs.finish()
    assert room.hear((SILENCE, 0.1)) == []
    room.text = "do that"
    room.hear((SPEECH, 0.5), (SILENCE, 0.3))
    room.jobs.finish()
    [said] = room.hear((SILENCE, 0.1))
    assert said.heard.raw == "do that"
    assert room.lengths[1] > room.lengths[0] + 0.7  # the second time, all of it
    assert room.knows.settled == [said.heard]


def test_going_on_drops_the_answer_to_the_part():
    room = Room()
    room.hear((SPEECH, 0.5), (SILENCE, 0.25))
    said = room.hear((SPEECH, 0.3))
    room.jobs.finish()
    said += room.hear((SPEECH, 0.3))
    assert said == [] and room.jobs.made[0].cancelled
    room.jobs.finish()
    room.hear((SILENCE, 0.3))
    room.jobs.finish()
    [said] = room.hear((SILENCE, 0.1))
    assert said.heard.lines == ("do it",)


def test_a_slow_recogniser_answers_in_order_and_nothing_is_lost():
    room = Room()
    room.hear((SPEECH, 0.5), (SILENCE, 1.0))
    room.text = "do more"
    room.hear((SPEECH, 0.5), (SILENCE, 1.0))
    assert len(room.jobs.made) == 2
    room.jobs.made[1].ready = True
    assert room.hear((SILENCE, 0.5)) == []
    room.jobs.finish()
    said = room.hear((SILENCE, STEP))
    assert [one.heard.raw for one in said] == ["do it", "do more"]
    assert said[0].latency > 2.0


def test_at_the_end_of_the_sound_answers_are_waited_for():
    room = Room()
    room.hear((SPEECH, 0.5), (SILENCE, 1.0))
    [said] = room.listener.finish(lambda: 9.0)
    assert said.heard.lines == ("do it",) and said.latency > 8.0
    assert list(room.listener.finish(lambda: 9.0)) == []


def test_a_spotted_phrase_is_passed_on_at_once_and_once():
    room = Room()
    room.phrase, room.text = "stop", "do stop"
    room.hear((SPEECH, 0.4), (SILENCE, 0.25))
    room.spots.finish()
    [said] = room.hear((SILENCE, STEP))
    assert (said.heard.lines, said.by) == (("stop",), AT_ONCE)
    room.jobs.finish()
    [said] = room.hear((SILENCE, 1.0))
    assert (said.heard.kind, said.heard.lines, said.heard.raw) == ("speech", (), "do stop")
    assert len(room.spots.made) == 1


def test_a_phrase_that_the_recogniser_had_first_is_not_said_again():
    room = Room()
    room.phrase, room.text = "stop", "do stop"
    room.hear((SPEECH, 0.4), (SILENCE, 0.25))
    room.jobs.finish()
    [said] = room.hear((SILENCE, 0.1))
    assert said.by == IN_FULL
    room.spots.finish()
    assert room.hear((SILENCE, 1.0)) == []


def test_a_phrase_is_obeyed_though_somebody_goes_on_speaking():
    room = Room()
    room.phrase, room.text = "stop", "do stop the red one"
    room.hear((SPEECH, 0.4), (SILENCE, 0.25), (SPEECH, 0.1))
    room.spots.finish()
    [said] = room.hear((SPEECH, 0.5))
    assert said.heard.lines == ("stop",)
    room.hear((SILENCE, 0.3))
    room.jobs.finish()
    [said] = room.hear((SILENCE, 0.5))
    assert said.heard.lines == ()  # it was obeyed


def test_what_is_said_after_a_spotted_phrase_is_not_obeyed_if_it_was_heard_otherwise():
    room = Room()
    room.phrase, room.text = "stop", "do top it up"
    room.hear((SPEECH, 0.4), (SILENCE, 0.25))
    room.spots.finish()
    [said] = room.hear((SILENCE, STEP))
    assert said.heard.lines == ("stop",)
    room.jobs.finish()
    [said] = room.hear((SILENCE, 1.0))
    assert said.heard.kind == "speech"


def test_push_to_talk_hears_only_what_is_said_meanwhile_and_stops_always():
    room = Room()
    room.listener.talk(False)
    room.phrase = "stop"
    room.hear((SPEECH, 0.4), (SILENCE, 1.0))
    room.spots.finish()
    [said] = room.hear((SILENCE, 0.1))
    assert said.heard.lines == ("stop",)
    assert room.jobs.made == []
    room.phrase = ""
    room.listener.talk(True)
    room.hear((SPEECH, 0.4))
    room.listener.talk(False)  # ends the sentence at once
    room.hear((SPEECH, STEP))
    assert len(room.jobs.made) == 1
    room.jobs.finish()
    [said] = room.hear((SILENCE, STEP))
    assert said.heard.lines == ("do it",)


def test_a_recogniser_that_fails_says_so():
    room = Room()
    room.hear((SPEECH, 0.4), (SILENCE, 0.3))

    def fail():
        raise RuntimeError("no memory")

    room.jobs.made[0].result = fail
    room.jobs.finish()
    with pytest.raises(RuntimeError, match="no memory"):
        room.hear((SILENCE, 0.1))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (" Stop. Stop. Stop. St", "Stop."),
        ("a bit to the left. a bit to the left.", "a bit to the left."),
        ("open the gripper. open the gripper. open", "open the gripper."),
        ("a lot, a lot lower", "a lot, a lot lower"),
        ("stop", "stop"),
        ("", ""),
    ],
)
def test_repetitions_are_left_out(text, left):
    assert once(text) == left


def test_sound_files_of_any_rate_are_read_and_followed_by_silence(tmp_path):
    pytest.importorskip("miniaudio", reason="needs the extra [speech]")
    path = tmp_path / "tone.wav"
    tone = np.sin(np.arange(4000) * 2 * np.pi * 440 / 8000)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(np.repeat(tone * 16000, 2).astype("<i2").tobytes())
    recording = Recording(path)
    sound = np.concatenate(list(recording._frames))
    assert len(sound) >= 2 * RATE
    assert np.max(np.abs(sound[: RATE // 2])) == pytest.approx(16000 / 32768, abs=0.02)
    assert not np.any(sound[RATE // 2 + 100 :])
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(NoSound, match=r"text\.wav is no sound file"):
        Recording(tmp_path / "text.wav")


def test_a_recording_takes_as_long_as_it_is(tmp_path):
    pytest.importorskip("miniaudio", reason="needs the extra [speech]")
    path = tmp_path / "short.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(bytes(2 * RATE // 10))
    recording = Recording(path)
    count = sum(1 for _ in recording)
    assert recording.now >= count * STEP - 1e-3


def test_a_pipe_ends_with_its_writer():
    data = (np.arange(2 * FRAME + 10) % 100).astype("<i2").tobytes()
    read, write = os.pipe()
    pipe = iter(Pipe(read))
    os.write(write, data)
    got = np.concatenate([next(pipe) for _ in range(3)])  # the third is silent, but for the rest
    assert got[1] == pytest.approx(1 / 32768) and not np.any(got[2 * FRAME + 10 :])
    os.close(write)
    assert list(pipe) == []
    os.close(read)
    assert framed(np.ones(FRAME + 1, np.float32)).shape == (2, FRAME)
