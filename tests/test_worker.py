"""The mailbox: the newest request wins, simulated time waits, real time does not."""

import threading
import time

import pytest

from robot.worker import Mailbox, after, at


def answer_of(box, now):
    for _ in range(2000):
        if (arrival := box.poll(now)) is not None:
            return arrival
        time.sleep(0.001)
    raise AssertionError("no answer")


def test_real_time_never_waits():
    box, gate = Mailbox(), threading.Event()
    box.request(0.0, lambda: gate.wait(5) and "done")
    began = time.monotonic()
    assert box.poll(1e9) is None
    assert time.monotonic() - began < 0.5
    assert box.busy
    gate.set()
    assert answer_of(box, 2.0).result == "done"
    assert not box.busy
    assert box.poll(3.0) is None


def test_simulated_time_waits_for_the_answer_when_it_is_due():
    box = Mailbox(after(1.0))
    box.request(0.5, lambda: time.sleep(0.05) or 42)
    assert box.poll(1.499) is None
    arrival = box.poll(1.5)
    assert arrival is not None
    assert (arrival.result, arrival.requested, arrival.time) == (42, 0.5, 1.5)


def test_recorded_time_repeats():
    box = Mailbox(at([0.7, 2.0]))
    box.request(0.5, lambda: 1)
    assert box.poll(0.6) is None
    assert box.poll(0.7) is not None
    box.request(0.8, lambda: 2)
    assert box.poll(1.9) is None
    assert box.poll(2.0) is not None
    box.request(2.1, lambda: 3)
    assert box.poll(1e9) is None


def test_a_newer_request_makes_the_older_answer_stale():
    box, gate = Mailbox(), threading.Event()
    box.request(0.0, lambda: gate.wait(5) and "old")
    box.request(0.1, lambda: "new")
    gate.set()
    assert answer_of(box, 1.0).result == "new"
    assert box.poll(1.0) is None


def test_an_error_arrives_as_one():
    box = Mailbox(after(0.0))
    box.request(0.0, lambda: 1 // 0)
    arrival = box.poll(0.0)
    assert arrival is not None
    assert arrival.result is None
    with pytest.raises(ZeroDivisionError):
        raise arrival.error
