"""Lines reach the loop, typed or sent; nothing else does."""

import os
import socket
import threading
import time

import pytest

from planners.hear import LONGEST, Ear, clean, say


def hear_all(ear, count):
    heard = []
    for _ in range(2000):
        heard += ear()
        if len(heard) >= count:
            return heard
        time.sleep(0.001)
    raise AssertionError(f"heard only {heard}")


def test_typed_lines_arrive_in_order_with_the_time_they_were_heard():
    read, write = os.pipe()
    with os.fdopen(read) as typed, os.fdopen(write, "wb", buffering=0) as keyboard:
        ear = Ear(lambda: 3.5, typed)
        assert ear() == ()
        keyboard.write(b"stop\n\n  a bit \t left\n")
        heard = hear_all(ear, 2)
        assert [(u.text, u.time) for u in heard] == [("stop", 3.5), ("a bit left", 3.5)]
        keyboard.write(b"no newline")
        keyboard.close()
        assert [u.text for u in hear_all(ear, 1)] == ["no newline"]
        for _ in range(1000):
            if not ear.typed_open:
                break
            time.sleep(0.001)
        assert not ear.typed_open
        ear.close()
        ear.close()


def test_say_is_heard_and_answered():
    ear = Ear(lambda: 1.0)
    over = threading.Event()
    heard = []

    def loop():
        while not over.is_set():
            heard.extend(ear())
            time.sleep(0.008)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        latency = say("no, the blue bowl")
    finally:
        over.set()
        thread.join()
        ear.close()
    assert [u.text for u in heard] == ["no, the blue bowl"]
    assert 0 < latency < 1


def test_say_without_a_stack_fails_at_once_and_clears_up(runtime_folder):
    began = time.monotonic()
    with pytest.raises(ConnectionError, match="courtside run"):
        say("hello")
    ear = Ear(lambda: 0.0)
    path = ear._path
    ear._socket.shutdown(socket.SHUT_RDWR)  # as when its owner was killed
    ear._socket.close()
    assert path.exists()
    with pytest.raises(ConnectionError, match="courtside run"):
        say("hello")
    assert not path.exists()
    assert time.monotonic() - began < 1


def test_say_to_a_loop_that_hangs_gives_up():
    ear = Ear(lambda: 0.0)
    try:
        with pytest.raises(ConnectionError, match="did not answer"):
            say("hello", timeout=0.2)
    finally:
        ear.close()


def test_the_folder_must_be_private(runtime_folder):
    folder = runtime_folder / f"courtside-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(PermissionError, match="belong to you"):
        say("hello")


def test_clean_bounds_and_strips():
    assert clean("a\x00b\x1b[31m\tc") == "a b [31m c"
    assert len(clean("x" * 10_000)) == LONGEST


def test_sockets_find_a_place_where_paths_are_long(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("long" * 30)))
    ear = Ear(lambda: 1.0)
    assert ear._path.is_socket() and tmp_path not in ear._path.parents
    ear.close()
