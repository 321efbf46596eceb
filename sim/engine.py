"""What a physics engine does for a tabletop world, whichever it is."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from robot.camera import Pinhole
from robot.types import Vector

# How an arm's own controller follows its reference, per joint of the arm: spring and damper
# [N m/rad, N m s/rad] around the reference's position and velocity, weights compensated.
STIFFNESS = (4000.0, 4000.0, 4000.0, 1200.0, 1200.0, 1200.0)
DAMPING = (200.0, 200.0, 200.0, 40.0, 40.0, 40.0)
ARMATURE = 0.1  # [kg m^2] rotor inertia through the gears
EFFORT = (150.0, 150.0, 150.0, 28.0, 28.0, 28.0)  # [N m] UR5e data sheet
GRIP_STIFFNESS, GRIP_DAMPING = 2000.0, 40.0  # [N/m, N s/m] a finger
GRIP_FORCE = 15.0  # [N] a finger; an adaptive gripper's lower range (2F-85: 20 to 235 N)


# Cameras that stand still, for people to look through.
CAMERAS = {"scene": Pinhole.looking((0.95, -1.25, 0.85), (0.0, -0.42, 0.12), 42.0, 640, 480)}


class Engine(Protocol):
    """One arm, its gripper and the objects of a scene, in a physics engine."""

    def step(self, q: Vector, qd: Vector) -> None:
        """One physics step with the arm's controller at reference `q`, `qd` (n,)."""
        ...

    def joints(self) -> tuple[Vector, Vector]:
        """Measured q, qd (n,)."""
        ...

    def objects(self) -> Mapping[str, tuple[Vector, Vector]]:
        """True position (3,) [m] and quaternion (4,) wxyz of every object."""
        ...

    def render(self, camera: Pinhole, shadows: bool = True) -> NDArray[np.uint8]:
        """(H, W, 3) RGB. `shadows`: drawn by engines that can; most of what a picture costs."""
        ...

    def close(self) -> None: ...
