"""A recording played to the stack, and how what comes out differs.

robot = ReplayRobot(recording, spec)  # the loop runs on it; it hears by robot.hear
print(differences(recording, ticks))  # the ticks of that loop
"""

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from math import isnan
from typing import Any, Final

from robot import messages
from robot.recording import RecordedTick, Recording, RecordingError
from robot.types import Command, Observation, RobotSpec, Tick, Utterance

TOLERANCE: Final = 1e-9  # between a recorded and a replayed number


class ReplayRobot:
    """A `Robot` that plays a recording: it senses what was sensed, and keeps its commands."""

    def __init__(self, recording: Recording, spec: RobotSpec) -> None:
        if recording.ticks and recording.joints != spec.joints:
            recorded, given = ", ".join(recording.joints), ", ".join(spec.joints)
            raise RecordingError(f"{recording.path}: is of joints {recorded}; not of {given}")
        self.recording = recording
        self.commands: list[Command] = []
        self._spec = spec
        self._index = -1  # of the current tick; there is none before the first `wait`

    @property
    def spec(self) -> RobotSpec:
        return self._spec

    @property
    def tick(self) -> RecordedTick:
        """The current recorded tick."""
        return self.recording.ticks[max(0, self._index)]

    def now(self) -> float:
        return self.tick.now if self.recording.ticks else 0.0

    def wait(self) -> bool:
        if self._index + 1 >= len(self.recording.ticks):
            return False
        self._index += 1
        return True

    def read(self) -> Observation:
        return self.tick.obs

    def hear(self) -> tuple[Utterance, ...]:
        """What was heard in the current tick."""
        return self.tick.heard

    def write(self, command: Command) -> None:
        self.commands.append(command)

    def close(self) -> None:
        """There is nothing to leave safe."""


def differences(recording: Recording, ticks: Sequence[Tick], limit: int = 10) -> list[str]:
    """How replayed `ticks` differ from the recorded ones: nothing, or the first `limit` lines."""
    found = []
    if recording.missing:
        found.append(f"{recording.missing} ticks were not recorded: the replay cannot be exact")
    if len(ticks) != len(recording.ticks):
        found.append(f"recorded {len(recording.ticks)} ticks, replayed {len(ticks)}")
    for old, new in zip(recording.ticks, ticks, strict=False):
        compared = {
            "goal": (old.goal.skill, new.goal.skill),
            "arguments": (old.goal.args, messages.plain(new.goal.args)),
            "outcome": (old.outcome.status, new.outcome.status),
            "target": tuple(
                dict(zip_longest(recording.joints, verdict.command.target.ravel().tolist()))
                for verdict in (old.verdict, new.verdict)
            ),
            "reasons": (old.verdict.reasons, new.verdict.reasons),
            "stopped": (old.verdict.stopped, new.verdict.stopped),
        }
        found += [
            f"tick {old.number} at {old.obs.time:.3f} s, {what}: "
            + "recorded {}, replayed {}".format(*map(_text, _unlike(*pair)))
            for what, pair in compared.items()
            if not _same(*pair)
        ]
        if len(found) >= limit:
            break
    return found[:limit]


def _same(old: Any, new: Any) -> bool:
    """Equal, numbers within TOLERANCE."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        return len(old) == len(new) and all(map(_same, old, new))
    if isinstance(old, float) and isinstance(new, float | int):
        return old == new or abs(old - new) <= TOLERANCE or (isnan(old) and isnan(new))
    return old == new


def _unlike(old: Any, new: Any) -> tuple[Any, Any]:
    """Of two mappings, the items that differ; anything else whole."""
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return old, new
    same = {key for key in old.keys() & new.keys() if _same(old[key], new[key])}
    return (
        {key: value for key, value in old.items() if key not in same},
        {key: value for key, value in new.items() if key not in same},
    )


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else json.dumps(messages.plain(value))
