"""The records that flow through the loop and the protocols that make and use them.

Records are frozen and their arrays read-only. Units are SI, angles radians, quaternions
wxyz, time float seconds on the robot's clock unless a field says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]


def vector(values: ArrayLike) -> Vector:
    """A read-only float64 copy of `values`."""
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


class JointMode(StrEnum):
    """What a joint's target means."""

    POSITION = "position"  # [rad or m]
    VELOCITY = "velocity"  # [rad/s or m/s]
    EFFORT = "effort"  # [N m or N]


@dataclass(frozen=True, slots=True)
class RobotSpec:
    """What a robot is: its joints in the order of every vector, and their limits."""

    name: str
    joints: tuple[str, ...]
    dt: float  # control period [s]
    lower: Vector  # (n,) [rad or m]
    upper: Vector  # (n,) [rad or m]
    velocity: Vector  # (n,) [rad/s or m/s], magnitude
    acceleration: Vector  # (n,) [rad/s^2 or m/s^2], magnitude
    jerk: Vector  # (n,) [rad/s^3 or m/s^3], magnitude
    home: Vector  # (n,) a posture to start from and return to
    modes: frozenset[JointMode] = frozenset({JointMode.POSITION})  # what its driver accepts
    groups: Mapping[str, slice] = field(default_factory=dict)  # e.g. "arm", "gripper"
    description: str = ""  # file name of its URDF in robot/descriptions/

    @property
    def timeout(self) -> float:
        """Age [s] from which an observation or a command is stale."""
        return max(0.1, 2 * self.dt)


@dataclass(frozen=True, slots=True)
class Fix:
    """One measurement, or estimate, of a named object's pose and size in the world."""

    time: float  # [s] when it was measured
    position: Vector  # (3,) [m] centre of its bounding box
    quaternion: Vector  # (4,) wxyz
    size: Vector  # (3,) [m] full extents along its own axes


@dataclass(frozen=True, slots=True)
class Flight:
    """How a ball flies, as estimated."""

    time: float  # [s] at which it was so
    position: Vector  # (3,) [m]
    velocity: Vector  # (3,) [m/s]
    spin: Vector  # (3,) [rad/s]


@dataclass(frozen=True, slots=True)
class Image:
    """One camera frame."""

    time: float  # [s] when it was taken
    pixels: NDArray[np.uint8]  # (H, W, 3) RGB


@dataclass(frozen=True, slots=True)
class Observation:
    """What the robot's sensors said."""

    time: float  # [s] at acquisition, on the robot's clock
    received: float  # [s] local monotonic
    seq: int
    q: Vector  # (n,) [rad or m]
    qd: Vector  # (n,) [rad/s or m/s]
    fixes: Mapping[str, Fix] = field(
        default_factory=dict
    )  # by object name; absent on ticks without a new one
    images: Mapping[str, Image] = field(
        default_factory=dict
    )  # by camera; absent on ticks without a new one
    gone: frozenset[str] = frozenset()  # objects whose last place is in view, and empty


@dataclass(frozen=True, slots=True)
class Reference:
    """The motion last sent to the robot: where the next command continues from."""

    q: Vector  # (n,) [rad or m]
    qd: Vector  # (n,) [rad/s or m/s]
    qdd: Vector  # (n,) [rad/s^2 or m/s^2]


@dataclass(frozen=True, slots=True)
class State:
    """The estimate that planners and skills act on."""

    time: float  # [s] now, local monotonic
    age: float  # [s] since the observation behind it was received
    seq: int  # of that observation
    q: Vector  # (n,) [rad or m]
    qd: Vector  # (n,) [rad/s or m/s]
    reference: Reference
    objects: Mapping[str, Fix] = field(
        default_factory=dict
    )  # the latest fix of every object seen so far, but for those that are gone
    ball: Flight | None = None  # where a ball flies, and how is known


@dataclass(frozen=True, slots=True)
class Goal:
    """What a skill shall bring about. A new id is a new attempt."""

    id: int
    skill: str  # a name in skills.SKILLS
    args: Mapping[str, Any] = field(
        default_factory=dict
    )  # plain values only, so that it can be recorded


@dataclass(frozen=True, slots=True)
class Command:
    """One tick's order to the robot."""

    time: float  # [s] when it was made
    seq: int
    goal_id: int
    target: Vector  # (n,) in the unit of each joint's mode
    modes: tuple[JointMode, ...]  # (n,)
    expiry: float  # [s] for how long it is valid, judged by the driver from its receipt
    feedforward: Vector | None = None  # (n,) [rad/s or m/s] velocity that goes with a position


class Status(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a goal stands, judged from measured state."""

    goal_id: int
    status: Status
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the Supervisor let through, and why it differs from what was proposed."""

    command: Command
    reasons: tuple[str, ...] = ()
    stopped: bool = False  # latched until re-armed


@dataclass(frozen=True, slots=True)
class Utterance:
    """One typed or spoken line."""

    time: float  # [s] when it was heard
    text: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Everything one turn of the loop did."""

    obs: Observation
    state: State
    heard: tuple[Utterance, ...]  # all of it, before `mode` took what is for it
    goal: Goal
    proposed: Command | None  # None where the skill failed to propose one
    outcome: Outcome
    verdict: Verdict
    busy: float = field(default=0.0, compare=False)  # [s] wall time from read to write


class Robot(Protocol):
    """A robot, simulated or real."""

    @property
    def spec(self) -> RobotSpec: ...
    def now(self) -> float:
        """[s] local monotonic clock; a simulated robot's is simulated time."""
        ...

    def wait(self) -> bool:
        """Until the next tick: advance the world, or sleep. False when there is none."""
        ...

    def read(self) -> Observation: ...
    def write(self, command: Command) -> None: ...
    def close(self) -> None:
        """Leave the robot safe. May be called twice."""
        ...


class Skill(Protocol):
    """Brings about goals of one kind. Never blocks, never retries."""

    def reset(self, state: State, goal: Goal) -> None:
        """Begin, or begin again, from the measured state; called on each new goal id."""
        ...

    def act(self, state: State, goal: Goal) -> tuple[Command, Outcome]: ...


class Planner(Protocol):
    """Decides the goal. Never blocks; the only place that retries."""

    def plan(self, state: State, heard: tuple[Utterance, ...], outcome: Outcome) -> Goal: ...
