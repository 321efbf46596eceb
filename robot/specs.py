"""The robots the stack knows, with the source of every limit."""

from math import pi
from pathlib import Path

from robot.pushing import PUSHER
from robot.pusht import PUSHT
from robot.tennis import TENNIS
from robot.types import RobotSpec, vector

DESCRIPTIONS = Path(__file__).parent / "descriptions"

# Position and velocity: UR5e data sheet (elbow: ±pi to keep the arm out of itself). Universal
# Robots publishes no acceleration or jerk limits; these are ours, far inside the torques.
UR5E = RobotSpec(
    name="ur5e",
    joints=(
        "shoulder_pan_joint",
        "shoulder_lift_joint",
        "elbow_joint",
        "wrist_1_joint",
        "wrist_2_joint",
        "wrist_3_joint",
        "finger_joint",  # [m] one finger's way from the middle: half the opening
    ),
    dt=0.008,
    lower=vector([-2 * pi, -2 * pi, -pi, -2 * pi, -2 * pi, -2 * pi, 0.0]),
    upper=vector([2 * pi, 2 * pi, pi, 2 * pi, 2 * pi, 2 * pi, 0.0425]),
    velocity=vector([pi] * 6 + [0.15]),
    acceleration=vector([8.0] * 6 + [1.5]),
    jerk=vector([100.0] * 6 + [40.0]),
    home=vector([1.3009, -1.5681, 1.8072, -1.8099, -1.5708, -0.2699, 0.0425]),
    groups={"arm": slice(0, 6), "gripper": slice(6, 7)},
    description="ur5e_gripper.urdf",
)

SPECS = {spec.name: spec for spec in (UR5E, PUSHT, PUSHER, TENNIS)}
