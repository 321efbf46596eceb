"""A person moves the hand: by the keys of a terminal, by sticks, and into a dataset."""

import os
import pty
import signal
import struct
import termios
import threading
import time
from contextlib import ExitStack

import numpy as np
import pytest
from rig import play

from hardware.controls.gamepad import AXIS, BUTTON, FULL, GRIP, INITIAL, KEEP, LIFT, SPEED, Gamepad
from hardware.controls.keyboard import FINE, STEP, Keyboard, together
from planners.by_hand import AHEAD, ByHand
from planners.coaching.understand import Understanding
from robot.cli import build, by_hand, person
from robot.cli.session import Voice
from robot.cli.window import HEAD, pictures
from robot.steering import Steer
from robot.types import Utterance
from sim.scene import SceneObject
from skills.beso.lerobot import narration, read

SCENE = (SceneObject("red", "block", 0.1, -0.5, 0.0), SceneObject("blue", "bowl", -0.1, -0.5))
UNDERSTANDING = Understanding()


@pytest.fixture
def terminal():
    """What is typed into, and the terminal itself."""
    master, slave = pty.openpty()
    yield master, slave
    os.close(master)
    os.close(slave)


def until(true, seconds=5.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.01)


# --- keys ---


def test_keys_of_a_terminal_are_steps_and_lines(terminal):
    master, slave = terminal
    before, said = termios.tcgetattr(slave), []
    keys = Keyboard(slave, said.append)
    assert not termios.tcgetattr(slave)[3] & (termios.ICANON | termios.ECHO)
    steers = []

    def typed(text):
        os.write(master, text.encode())

        def there():
            steers.append(keys())
            return steers[-1] != Steer()

        until(there)
        return steers[-1]

    assert typed("w").by == (0, STEP, 0)
    assert typed("\x1b[D").by == (-STEP, 0, 0)  # the arrow to the left
    assert typed("R").by == (0, 0, STEP * FINE)
    assert typed("q").turn > 0 > typed("e").turn and typed(" ").grip
    os.write(master, b"\rwwk pick up the res\x7fd block\r")
    until(lambda: said)
    assert said == ["wwk pick up the red block"] and keys() == Steer()  # what is said moves nothing
    os.write(master, b"\rnever mi")
    until(lambda: keys.line == "never mi")
    os.write(master, b"nd\x1b")
    until(lambda: keys.line is None)
    keys.press("\rnever mind\x1b")  # in one piece
    assert keys.line is None
    assert typed("k").end == "keep"
    keys.close()
    assert termios.tcgetattr(slave) == before and len(said) == 1


def test_a_key_that_comes_in_pieces_is_one_key(terminal):
    keys = Keyboard(terminal[1], lambda line: None)
    for piece in ("\x1b", "[", "1;2", "A"):
        keys.press(piece)
    assert keys().by == (0, STEP, 0)
    keys.press("ü\x00zz\x1b[5~")
    assert keys() == Steer()
    keys.close()


def test_several_keys_are_done_together():
    both = together([Steer((0.01, 0, 0)), Steer((0.01, 0, 0.01), grip=True), Steer(grip=True)])
    assert both == Steer((0.02, 0.0, 0.01))
    assert together([]) == Steer()


def test_what_is_no_terminal_is_refused(tmp_path):
    with (tmp_path / "file").open("w") as file, pytest.raises(ValueError, match="no terminal"):
        Keyboard(file.fileno(), print)


# --- sticks ---


def event(kind, number, value):
    return struct.pack("<IhBB", 0, value, kind, number)


def test_sticks_say_how_fast_and_buttons_what(tmp_path):
    device = tmp_path / "js0"
    os.mkfifo(device)
    writer = os.open(device, os.O_RDWR)
    pad = Gamepad(device)
    try:
        os.write(writer, event(AXIS | INITIAL, LIFT, 0) + event(BUTTON | INITIAL, GRIP, 0))
        stream = event(AXIS, LIFT, -FULL) + event(BUTTON, GRIP, 1) + event(BUTTON, GRIP, 0)
        os.write(writer, stream[:13])  # in pieces
        os.write(writer, stream[13:])
        until(lambda: pad._pressed)
        pad()
        time.sleep(0.05)
        steer = pad()
        assert 0.04 * SPEED < steer.by[2] <= 0.1 * SPEED and steer.by[:2] == (0, 0)
        os.write(writer, event(AXIS, LIFT, 3000) + event(BUTTON, KEEP, 1))  # it nearly rests
        until(lambda: pad._pressed)
        steer = pad()
        assert steer.by == (0, 0, 0) and steer.end == "keep"
    finally:
        os.close(writer)
        pad.close()


def test_a_gamepad_that_is_pulled_out_ends_the_demonstration(tmp_path):
    device = tmp_path / "js0"
    os.mkfifo(device)
    writer = os.open(device, os.O_RDWR)
    pad = Gamepad(device)
    os.write(writer, event(AXIS, LIFT, -FULL))
    until(lambda: pad._axes)
    os.close(writer)
    until(lambda: pad.error)
    assert pad().end == "drop" and pad().by == (0, 0, 0)
    pad.close()


# --- the hand ---


class Person:
    """Takes the red block and lifts it, as somebody would who looks first, and waits between."""

    PACE = 0.002  # [m] a tick

    def __init__(self):
        self.hand, self.things, self.todo = None, {}, None

    def read(self):
        if "red block" not in self.things:
            return Steer()
        if self.todo is None:
            self.todo = self.way(self.things["red block"].position - self.hand.at)
        return next(self.todo)

    def way(self, away):
        yield from self.go(away[0], away[1], 0.0)
        yield from self.go(0.0, 0.0, away[2])
        yield Steer(grip=True)
        yield from self.go(0.0, 0.0, 0.0)
        yield from self.go(0.0, 0.0, 0.15)
        yield Steer(end="keep")

    def go(self, *by):
        count = int(np.abs(by).max() / self.PACE) + 1
        for _ in range(count):
            yield Steer(tuple(float(each) / count for each in by))
        for _ in range(150):
            yield Steer()


def test_a_person_takes_a_block_and_the_supervisor_has_nothing_to_say():
    person = Person()
    planner = ByHand(build.robot_spec(), person.read, UNDERSTANDING)
    person.hand = planner
    plan = planner.plan

    def looking(state, heard, outcome):
        person.things = state.objects
        return plan(state, heard, outcome)

    planner.plan = looking
    lines = (0.5, "pick up the red block"), (2.0, "no, a bit higher"), (2.5, "once again")
    result = play("", *lines, planner=planner, scene=SCENE, duration=20.0)
    assert planner.finished and planner.holds == "red block"
    assert result.objects["red block"].position[2] > 0.1
    assert not result.reasons and not result.supervisor.stops
    _, acceleration, jerk = result.motion()
    assert abs(acceleration).max() < 1.001 and abs(jerk).max() < 1.01
    assert {tick.goal.skill for tick in result.ticks} == {"jog"}
    assert [(s.command, s.kind) for s in planner.said] == [
        ("pick up the red block", "instruction"),
        ("no, a bit higher", "correction"),
        ("once again", "recovery"),
    ]


def test_the_hand_is_sent_neither_far_ahead_nor_off_the_table():
    planner = ByHand(build.robot_spec(), lambda: Steer((0.05, 0, -0.05)), UNDERSTANDING)
    result = play("", planner=planner, scene=SCENE, duration=4.0)
    hands = np.array([tick.goal.args["hand"] for tick in result.ticks])
    assert hands[:, 2].min() >= 0.0139 and hands[:, 0].max() <= 0.36
    for tick in result.ticks[::50]:
        sent = planner._hand.of(tick.state.reference.q)
        ahead = np.abs(np.array(tick.goal.args["hand"][:3]) - sent[:3])
        assert ahead.max() <= AHEAD + 0.01
    assert not result.supervisor.stops


def test_stop_is_obeyed_by_hand_too():
    planner = ByHand(build.robot_spec(), lambda: Steer((0.0, 0.001, 0)), UNDERSTANDING)
    result = play("", (0.5, "stop"), planner=planner, scene=SCENE, duration=1.0)
    assert {tick.goal.skill for tick in result.ticks[result.at(0.6) :]} == {"hold"}
    assert not planner.said  # which is no narration


# --- a dataset ---


def test_what_is_typed_is_heard_in_the_world_that_runs(monkeypatch):
    """One world after the other; nothing that is said in the second is lost to the first."""
    monkeypatch.setattr(person, "displayed", lambda: False)
    read, write = os.pipe()
    with (
        os.fdopen(read) as typed,
        os.fdopen(write, "w", buffering=1) as lines,
        ExitStack() as parts,
    ):
        one = person.Person(parts, typed)
        for number in (1, 2, 3):
            one.attend(lambda number=number: float(number), f"world {number}")
            print(f"line {number}", file=lines)
            heard, end = (), time.monotonic() + 5
            while not heard and time.monotonic() < end:
                heard = one.hear()
            assert heard == (Utterance(float(number), f"line {number}"),)
        os.kill(os.getpid(), signal.SIGINT)  # between two worlds, too, nothing breaks
        one.attend(lambda: 4.0, "world 4")
        assert [utterance.text for utterance in one.hear()] == ["stop"]
        assert not one.hear() and one.leaves == 1


def record(command, monkeypatch, tmp_path, keys, *args):
    """`courtside data record --by keyboard` with these keys typed, a moment between them."""
    master, slave = pty.openpty()

    def write():
        for text in keys:
            time.sleep(0.4)
            if not text:
                return os.close(master)
            os.write(master, text.encode())

    with os.fdopen(slave) as typed:
        monkeypatch.setattr(by_hand, "typed_lines", lambda: typed)
        monkeypatch.setattr(person, "displayed", lambda: False)
        monkeypatch.chdir(tmp_path)
        typist = threading.Thread(target=write)
        began = threading.Event()
        monkeypatch.setattr(
            Voice, "note", lambda self, text: began.set() if "table " in text else None
        )
        threading.Thread(target=lambda: (began.wait(60), typist.start())).start()
        result = command("data", "record", tmp_path / "made", "--by", "keyboard", *args)
        typist.join()
    if "" not in keys:
        os.close(master)
    return result


def test_what_is_shown_and_told_becomes_a_dataset(command, monkeypatch, tmp_path):
    keys = ("\rpick up the red block\r", "wwww", "\rno, a bit to the left\r", "aaaa", "k")
    args = "--task", "sort", "--seed", "7", "--n", "1", "--json"
    code, out, err = record(command, monkeypatch, tmp_path, keys, *args)
    assert code == 0, err
    assert '"segments": {"instruction": 1, "correction": 1}' in out
    episodes = read(tmp_path / "made")
    first, second = narration(tmp_path / "made", episodes)
    assert (first.command, second.command) == ("pick up the red block", "no, a bit to the left")
    went = episodes.actions[-1] - episodes.actions[0]
    assert went[1] > 0.01 > -0.005 > went[0]  # away, and to the left
    assert len(episodes) == 1 and episodes.tasks[0].startswith("put the ")
    assert [*(tmp_path / "runs").glob("*.mcap")]


def test_what_is_dropped_is_not_kept(command, monkeypatch, tmp_path):
    code, _, err = record(command, monkeypatch, tmp_path, "x", "--task", "sort", "--n", "1")
    assert code == 1 and "nothing was kept" in err


def test_a_terminal_that_is_gone_ends_it(command, monkeypatch, tmp_path):
    args = "--task", "sort", "--n", "3"
    code, _, err = record(command, monkeypatch, tmp_path, ("w", ""), *args)
    assert code == 1 and "nothing was kept" in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--by", "keyboard"], "need --task pack, stack, sort or sweep"),
        (["--by", "gamepad", "--task", "sort", "--device", "/nowhere"], "no gamepad at /nowhere"),
        (["--by", "keyboard", "--task", "sort"], "no terminal"),
        (["--speech", "mic"], "need --by keyboard or --by gamepad"),
    ],
)
def test_wrong_use_is_said_in_a_line(command, monkeypatch, tmp_path, args, message):
    monkeypatch.setattr(by_hand, "typed_lines", lambda: None)
    code, _, err = command("data", "record", tmp_path / "new", *args)
    assert code == 2 and message in err


def test_a_picture_goes_to_the_window_whole(tmp_path):
    path = tmp_path / "sent"
    path.write_bytes(HEAD.pack(2, 1) + b"abcdef" + b"x")
    with path.open("rb") as sent:
        assert pictures(sent) == [b"P6 2 1 255\nabcdef"]
        assert pictures(sent) == []
