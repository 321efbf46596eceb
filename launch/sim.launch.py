"""A simulated robot behind a real driver, and all the nodes."""

from hardware.launching import PERCEPTION, STACK, description
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    return description(
        {
            "world": ("tabletop", "tabletop, pusht or blockpush"),
            "engine": ("mujoco", "mujoco or pybullet"),
            "seed": ("0", "of the scene"),
            "frames": ("10", "[Hz] of the camera; 0: none"),
            "perception": PERCEPTION,
            "stack": STACK,
        }
    )
