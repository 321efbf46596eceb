"""A robot of your own, in a file (TOML): its joints, its limits, and its topics.

    like = "ur5e"                # what is not said here is as of this robot
    dt = 0.008                   # [s] control period
    joint_states = "/joint_states"

    [[command]]
    type = "trajectory"          # or positions, velocities: Float64MultiArray
    topic = "/scaled_joint_trajectory_controller/joint_trajectory"
    joints = ["shoulder_pan_joint", "shoulder_lift_joint"]  # without: all, in order

Without `like`, all limits must be given: lists of one number for each of `joints`.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any, Literal, get_args

from hardware import topics
from robot.specs import SPECS
from robot.types import JointMode, RobotSpec, vector

Kind = Literal["courtside", "trajectory", "positions", "velocities"]
LIMITS = ("lower", "upper", "velocity", "acceleration", "jerk")
KEYS = ("like", "name", "joints", "dt", *LIMITS, "home", "modes", "groups", "description")
OWN = ("joint_states", "command")


class RobotFileError(ValueError):
    """A robot that cannot be, and why."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One of the robot's command topics."""

    kind: Kind  # courtside: our driver
    topic: str
    joints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RobotFile:
    """A robot and where it listens."""

    spec: RobotSpec
    joint_states: str
    channels: tuple[Channel, ...]


def served(spec: RobotSpec) -> RobotFile:
    """A robot behind our own driver."""
    channel = Channel("courtside", topics.GATED, spec.joints)
    return RobotFile(spec, topics.JOINT_STATES, (channel,))


def load(path: Path) -> RobotFile:
    """The robot in a file; raises RobotFileError with the file's name."""
    try:
        data = tomllib.loads(path.read_text())
    except OSError as error:
        raise RobotFileError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise RobotFileError(f"{path}: not a TOML file ({error})") from error
    try:
        return parse(data)
    except RobotFileError as error:
        raise RobotFileError(f"{path}: {error}") from error


def parse(data: Any) -> RobotFile:
    _known(data, "a robot", (*KEYS, *OWN))
    spec = parse_spec({key: value for key, value in data.items() if key in KEYS})
    channels = tuple(_channel(entry, spec) for entry in data.get("command", ()))
    joint_states = data.get("joint_states", topics.JOINT_STATES)
    if not channels:
        return replace(served(spec), joint_states=joint_states)
    told = [joint for channel in channels for joint in channel.joints]
    if sorted(told) != sorted(spec.joints):
        wrong = set(told) ^ set(spec.joints) or {j for j in told if told.count(j) > 1}
        raise RobotFileError(f"each joint needs one command topic; see to {', '.join(wrong)}")
    return RobotFile(spec, joint_states, channels)


def parse_spec(data: Mapping[str, Any]) -> RobotSpec:
    """The robot that plain values describe."""
    values = dict(data)
    like = values.pop("like", None)
    if like is not None and like not in SPECS:
        raise RobotFileError(f"like: unknown robot {like!r}; valid are {', '.join(SPECS)}")
    base = SPECS[like] if like is not None else None
    if base is None and (lacking := {"name", "joints", "dt", *LIMITS, "home"} - values.keys()):
        raise RobotFileError(f"without `like` it also needs {', '.join(sorted(lacking))}")
    joints = tuple(values.get("joints", base.joints if base else ()))
    if not joints or len(set(joints)) != len(joints) or not all(_is_name(j) for j in joints):
        raise RobotFileError("joints must be different names")
    made: dict[str, Any] = {"joints": joints}
    for key in (*LIMITS, "home"):
        if key in values:
            made[key] = vector(_numbers(values[key], key, len(joints)))
        elif base is not None and len(base.joints) != len(joints):
            raise RobotFileError(f"{key} of {like} is of {len(base.joints)} joints: give your own")
    if "dt" in values:
        made["dt"] = values["dt"]
        if not isinstance(made["dt"], float) or not 0.001 <= made["dt"] <= 0.5:
            raise RobotFileError("dt must be between 0.001 and 0.5 s")
    if "modes" in values:
        made["modes"] = _modes(values["modes"])
    if "groups" in values:
        made["groups"] = {name: slice(*ends) for name, ends in values["groups"].items()}
    for key in ("name", "description"):
        if key in values:
            made[key] = str(values[key])
    spec = replace(base, **made) if base else RobotSpec(**made)
    _check(spec)
    return spec


def to_json(robot: RobotFile) -> str:
    """The robot and where its joint states are, for `from_json`: how to command it stays here."""
    spec = robot.spec
    data: dict[str, Any] = {
        "joint_states": robot.joint_states,
        "name": spec.name,
        "joints": list(spec.joints),
        "dt": spec.dt,
        **{key: getattr(spec, key).tolist() for key in (*LIMITS, "home")},
        "modes": sorted(spec.modes),
        "groups": {name: [part.start, part.stop] for name, part in spec.groups.items()},
        "description": spec.description,
    }
    return json.dumps(data)


def from_json(text: str) -> RobotFile:
    """Raises RobotFileError."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise RobotFileError(f"not a robot: {error}") from error
    return parse(data)


def _channel(entry: Any, spec: RobotSpec) -> Channel:
    _known(entry, "a command", ("type", "topic", "joints"))
    kind, topic = entry.get("type"), entry.get("topic")
    if kind not in get_args(Kind):
        raise RobotFileError(f"type {kind!r} of a command: valid are {', '.join(get_args(Kind))}")
    if not isinstance(topic, str) or not topic.startswith("/"):
        raise RobotFileError(f"topic {topic!r} of a command must be a name that begins with /")
    joints = tuple(entry.get("joints", spec.joints))
    if unknown := [joint for joint in joints if joint not in spec.joints]:
        raise RobotFileError(f"{topic}: {unknown[0]} is not a joint of {spec.name}")
    if kind == "velocities" and JointMode.VELOCITY not in spec.modes:
        raise RobotFileError(f'{topic}: velocities need modes = ["velocity"]')
    return Channel(kind, topic, joints)


def _known(data: Any, what: str, valid: tuple[str, ...]) -> None:
    if not isinstance(data, Mapping):
        raise RobotFileError(f"{what} must be a table of {', '.join(valid)}")
    for key in data.keys() - set(valid):
        near = get_close_matches(key, valid, 1)
        hint = f"did you mean {near[0]}?" if near else f"valid are {', '.join(valid)}"
        raise RobotFileError(f"{what} has the unknown key {key!r}; {hint}")


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _numbers(value: Any, key: str, n: int) -> list[float]:
    numbers = value if isinstance(value, list) else []
    good = all(isinstance(v, int | float) and not isinstance(v, bool) for v in numbers)
    if len(numbers) != n or not good or not all(map(isfinite, numbers)):
        raise RobotFileError(f"{key} must be {n} finite numbers, one for each joint")
    return numbers


def _modes(value: Any) -> frozenset[JointMode]:
    try:
        modes = frozenset(map(JointMode, value))
    except (TypeError, ValueError):
        modes = frozenset()
    if not modes:
        raise RobotFileError(f"modes must be some of {', '.join(JointMode)}")
    return modes


def _check(spec: RobotSpec) -> None:
    """The limits, joint by joint."""
    for i, joint in enumerate(spec.joints):
        lower, upper, home = (float(part[i]) for part in (spec.lower, spec.upper, spec.home))
        if not lower < upper:
            raise RobotFileError(f"{joint}: lower {lower} must be below upper {upper}")
        if not lower <= home <= upper:
            raise RobotFileError(f"{joint}: home {home} is not within [{lower}, {upper}]")
        for key in ("velocity", "acceleration", "jerk"):
            if not getattr(spec, key)[i] > 0:
                raise RobotFileError(f"{joint}: {key} must be above 0")
