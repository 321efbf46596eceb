"""Ticks to record, and what it means that they come back exactly."""

import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace

import numpy as np

from robot import messages
from robot.recording import Recording
from robot.types import (
    Command,
    Fix,
    Goal,
    Image,
    JointMode,
    Observation,
    Outcome,
    Reference,
    RobotSpec,
    State,
    Status,
    Tick,
    Utterance,
    Verdict,
    vector,
)

JOINTS = ("shoulder", "elbow", "grip")
N = len(JOINTS)
DT = 0.01
ZERO = np.zeros(N)
SPEC = RobotSpec("arm", JOINTS, DT, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO)


def make(number: int, pixels: np.ndarray | None = None) -> Tick:
    rng = np.random.default_rng(number)
    now = number * DT
    q, qd, target, motion = (vector(rng.normal(size=N)) for _ in range(4))
    at, size, turn = (vector(rng.normal(size=k)) for k in (3, 3, 4))
    fixes = {"red block": Fix(now - 1e-3, at, turn, size)} if number % 5 == 0 else {}
    images = {} if pixels is None else {"front": Image(now, pixels)}
    obs = Observation(now, now + 100, number, q, qd, fixes, images)
    command = Command(now, number, 1, target, (JointMode.POSITION,) * N, 0.1, motion)
    return Tick(
        obs,
        State(now + 1 / 3, 1 / 7, number, q, qd, Reference(q, qd, qd), fixes),
        (Utterance(now, f"stop {number}"),) if number % 30 == 9 else (),
        Goal(number // 50, "reach", {"to": (0.1, number // 100), "name": "red block"}),
        replace(command, target=vector(target + 1), feedforward=None) if number % 7 else None,
        Outcome(number // 50, Status.RUNNING, "on its way"),
        Verdict(command, ("velocity of elbow",) if number % 11 == 0 else (), number % 13 == 0),
        busy=1e-4,
    )


def exact(value: object) -> object:
    """`value` in a form that is equal only where every bit is."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack("<d", value)
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, [exact(item) for item in value.ravel().tolist()]
    if is_dataclass(value):
        return [exact(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Mapping):
        return [(key, exact(item)) for key, item in value.items()]
    return [exact(item) for item in value] if isinstance(value, list | tuple) else value


def assert_same(recording: Recording, ticks: Iterable[Tick]) -> None:
    ticks = list(ticks)
    assert [tick.number for tick in recording.ticks] == list(range(len(ticks)))
    for got, want in zip(recording.ticks, ticks, strict=True):
        goal = replace(want.goal, args=messages.plain(want.goal.args))
        obs = replace(want.obs, images={})
        state, rest = (want.state.time, want.state.age), (want.outcome, want.proposed, want.verdict)
        wanted = (state, obs, want.heard, goal, rest, want.busy)
        rest = (got.outcome, got.proposed, got.verdict)
        assert exact(((got.now, got.age), got.obs, got.heard, got.goal, rest, got.busy)) == exact(
            wanted
        )


def picture(number: int, height: int = 48, width: int = 64) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.dstack([x * 2 + number, y * 2, 255 - x]).astype(np.uint8)
