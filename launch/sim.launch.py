"""A simulated robot behind a real driver, and all the nodes."""

from hardware.launching import PERCEPTION, SPEECH, STACK, description
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    return description(
        {
            "world": ("tabletop", "tabletop, pusht or blockpush"),
            "engine": ("mujoco", "mujoco or pybullet"),
            "seed": ("0", "of the scene"),
            "task": ("", "pack, stack, sort or sweep: a chore that the table is set for"),
            "frames": ("10", "[Hz] of the camera; 0: none"),
            "perception": PERCEPTION,
            "speech": SPEECH,
            "stack": STACK,
        }
    )
