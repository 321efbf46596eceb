"""What the skills of one robot share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from robot.kinematics import Kinematics
from robot.types import RobotSpec
from robot.worker import Arrival, Due, when_ready
from skills.motion import Motion


@dataclass
class Body:
    """The robot, its one stream of motion, and how its skills may think beside the loop."""

    spec: RobotSpec
    motion: Motion
    kinematics: Kinematics | None = None  # of an arm
    due: Due = when_ready  # when what is computed beside the loop arrives
    arrived: Callable[[str, Arrival[Any]], None] = field(default=lambda worker, arrival: None)

    @classmethod
    def of(cls, spec: RobotSpec, due: Due = when_ready) -> "Body":
        return cls(spec, Motion(spec), Kinematics(spec) if spec.description else None, due)
