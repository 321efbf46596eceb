"""The table tennis robot, simulated, and all the nodes."""

from hardware.launching import PERCEPTION, STACK, description
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    return description(
        {
            "seed": ("0", "of the opponent, and everything random"),
            "frames": ("0", "[Hz] of the camera; 0: none"),
            "perception": PERCEPTION,
            "stack": STACK,
        },
        world="tennis",
    )
