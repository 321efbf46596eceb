"""What differs from one day to the next at the same table: surfaces, light, a knocked camera."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from robot.camera import Pinhole
from robot.geometry import rotation_of
from robot.types import Vector, vector
from sim.shapes import BLOCK_MASS, FRICTION

LIGHT = (-0.3, 0.5, -1.0)
# usual: always the same. varied: as demonstrations are. unseen: as no demonstration is.
Day = Literal["usual", "varied", "unseen"]


@dataclass(frozen=True)
class Conditions:
    """The usual ones, unless drawn."""

    friction: float = FRICTION  # Coulomb, of blocks, table and pads
    mass: float = BLOCK_MASS  # [kg] of a block
    drawer: float = 1.5  # [N] friction of a drawer's slide
    light: tuple[float, float, float] = LIGHT  # where the lamp's light goes
    brightness: float = 0.55  # of the lamp, 0 to 1
    # By which a camera that stands still is not where it is calibrated to be: [m] along the
    # world's axes, [rad] about its own.
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def moved(self, camera: Pinhole) -> Pinhole:
        """Where a camera that stands still really is."""
        if not any((*self.shift, *self.turn)):
            return camera
        rotation = rotation_of(np.array(self.turn)) @ camera.rotation
        return replace(
            camera, eye=vector(camera.eye + np.array(self.shift)), rotation=vector(rotation)
        )


USUAL = Conditions()


def draw(rng: np.random.Generator, day: Day = "varied") -> Conditions:
    """Conditions of such a day. On unseen ones everything is out of the range of varied ones."""

    def around(deviation: float) -> tuple[float, float, float]:
        x, y, z = rng.normal(0, deviation, 3).clip(-2 * deviation, 2 * deviation).tolist()
        return x, y, z

    def beyond(least: float, most: float) -> tuple[float, float, float]:
        """In a random direction, so far."""
        way = rng.normal(size=3)
        x, y, z = (way / np.linalg.norm(way) * rng.uniform(least, most)).tolist()
        return x, y, z

    if day == "usual":
        return USUAL
    if day == "unseen":
        a = rng.uniform(-np.pi, np.pi)
        aside = rng.uniform(0.45, 0.7) * np.array([np.cos(a), np.sin(a)])
        return Conditions(
            friction=float(rng.choice([rng.uniform(0.5, 0.65), rng.uniform(1.3, 1.6)])),
            mass=float(rng.choice([rng.uniform(0.004, 0.006), rng.uniform(0.022, 0.035)])),
            drawer=float(rng.choice([rng.uniform(0.3, 0.7), rng.uniform(3.3, 4.5)])),
            light=(LIGHT[0] + float(aside[0]), LIGHT[1] + float(aside[1]), LIGHT[2]),
            brightness=float(rng.choice([rng.uniform(0.28, 0.38), rng.uniform(0.72, 0.82)])),
            shift=beyond(0.007, 0.010),
            turn=beyond(0.0055, 0.008),
        )
    light: Vector = np.array(LIGHT) + rng.uniform(-0.3, 0.3, 3) * [1, 1, 0]
    return Conditions(
        friction=float(rng.uniform(0.7, 1.2)),
        mass=float(rng.uniform(0.007, 0.020)),
        drawer=float(rng.uniform(0.8, 3.0)),
        light=(float(light[0]), float(light[1]), float(light[2])),
        brightness=float(rng.uniform(0.40, 0.70)),
        shift=around(0.002),
        turn=around(0.0015),
    )
