"""A real arm, whose driver runs already: the nodes that go with it."""

from hardware.launching import PERCEPTION, STACK, description
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    return description(
        {
            "robot": ("", "a robot file: joints, limits, topics; see hardware/robots"),
            "perception": PERCEPTION,
            "stack": STACK,
        }
    )
