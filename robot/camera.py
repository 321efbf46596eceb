"""Pinhole cameras whose calibration is known, and where the rays of two or more of them meet.

Pixel (0, 0) is the middle of the first one; u goes right, v down. A camera's axes are OpenCV's:
x right, y down, z ahead. World frame, metres.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from robot.types import Vector, vector


@dataclass(frozen=True, slots=True, eq=False)
class Pinhole:
    """A camera without distortion."""

    eye: Vector  # (3,) [m]
    rotation: Vector  # (3, 3) R_camera_world
    focal: float  # [pixels]
    width: int
    height: int

    @classmethod
    def looking(
        cls, eye: ArrayLike, target: ArrayLike, fov: float, width: int, height: int
    ) -> "Pinhole":
        """From `eye` (3,) [m] at `target` (3,) [m], upright; `fov` [deg] from top to bottom.

        Where it looks straight down, x is upwards in the picture.
        """
        ahead = np.subtract(target, eye)
        ahead = ahead / np.linalg.norm(ahead)
        turn = np.arctan2(ahead[1], ahead[0])
        right = np.array([np.sin(turn), -np.cos(turn), 0.0])
        rotation = np.array([right, np.cross(ahead, right), ahead])
        return cls(vector(eye), vector(rotation), focal_length(fov, height), width, height)

    @property
    def fov(self) -> float:
        """[deg] from top to bottom."""
        return float(np.degrees(2 * np.arctan(self.height / 2 / self.focal)))

    def carried(self, position: Vector, rotation: Vector) -> "Pinhole":
        """This camera, which is placed in the frame of a tool, with the tool at `position` (3,) [m]
        and `rotation` R_world_tool (3, 3)."""
        return replace(
            self,
            eye=vector(position + rotation @ self.eye),
            rotation=vector(self.rotation @ rotation.T),
        )

    @property
    def centre(self) -> Vector:
        """(2,) [pixels] where it looks."""
        return np.array([(self.width - 1) / 2, (self.height - 1) / 2])

    @property
    def matrix(self) -> Vector:
        """(3, 4) projection of homogeneous points of the world, as of OpenCV."""
        (u, v), f = self.centre, self.focal
        inner = np.array([[f, 0, u], [0, f, v], [0, 0, 1]])
        return inner @ np.column_stack((self.rotation, -self.rotation @ self.eye))

    def project(self, point: ArrayLike) -> Vector:
        """(..., 2) [pixels] of points (..., 3) [m]; NaN for those behind it."""
        there = (np.asarray(point, dtype=np.float64) - self.eye) @ self.rotation.T
        depth = there[..., 2:]
        return self.centre + self.focal * there[..., :2] / np.where(depth > 0, depth, np.nan)

    def ray(self, pixel: ArrayLike) -> Vector:
        """(..., 3) unit directions, in the world, of what is seen at `pixel` (..., 2)."""
        aside = (np.asarray(pixel, dtype=np.float64) - self.centre) / self.focal
        ahead = np.concatenate((aside, np.ones_like(aside[..., :1])), axis=-1) @ self.rotation
        return ahead / np.sqrt((ahead**2).sum(axis=-1, keepdims=True))

    def at_height(self, pixel: ArrayLike, height: float) -> Vector:
        """(3,) [m] the point `height` [m] above the table that is seen at `pixel` (2,); of what is
        seen above the horizon, one that is far away."""
        ray = self.ray(pixel)
        return self.eye + ray * ((height - self.eye[2]) / min(float(ray[2]), -0.05))

    def depth(self, point: ArrayLike) -> Vector:
        """(...) [m] of points (..., 3) ahead of it."""
        return (np.asarray(point, dtype=np.float64) - self.eye) @ self.rotation[2]

    def inside(self, pixel: ArrayLike, margin: float = 0.0) -> bool:
        """Is `pixel` (2,) in the picture, `margin` [pixels] from its edges?"""
        u, v = np.asarray(pixel, dtype=np.float64)
        low, right, bottom = margin - 0.5, self.width - 0.5, self.height - 0.5
        return bool(low <= u <= right - margin and low <= v <= bottom - margin)


def focal_length(fov: float, height: int) -> float:
    """[pixels] of a picture of `height` pixels that spans `fov` [deg] from top to bottom."""
    return float(height / 2 / np.tan(np.radians(fov) / 2))


def triangulate(cameras: Sequence[Pinhole], pixels: ArrayLike) -> tuple[Vector, float]:
    """Where (3,) [m] the rays of `cameras` through `pixels` (n, 2) come nearest to each other, and
    how far [pixels] that is from what was seen, at worst.

    Least squares of the distances to the rays: linear, and each weighs the same.
    """
    seen = np.asarray(pixels, dtype=np.float64)
    left, right = np.zeros((3, 3)), np.zeros(3)
    for camera, pixel in zip(cameras, seen, strict=True):
        ray = camera.ray(pixel)
        across = np.eye(3) - np.outer(ray, ray)
        left += across
        right += across @ camera.eye
    point: Vector = np.asarray(np.linalg.solve(left, right), np.float64)
    back = np.array([camera.project(point) for camera in cameras])
    miss = float(np.max(np.linalg.norm(back - seen, axis=1)))
    return point, miss if np.isfinite(miss) else float("inf")
