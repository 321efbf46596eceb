"""The two cameras at the table, as they are calibrated, and the arm that gets in their way."""

from collections.abc import Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from robot.camera import Pinhole, focal_length
from robot.kinematics import Kinematics
from robot.types import RobotSpec, Vector, vector

# Beyond the table's far side and above it: it faces the robot, so that what the arm hides is
# behind the arm, and never in front of it.
OVERHEAD = Pinhole.looking((0.0, -1.15, 1.15), (0.0, -0.475, 0.0), 34.0, 400, 352)
# On the hand, on the side of the base, in the frame of the tool and along its axis: it sees what
# the hand hides from the other.
WRIST = Pinhole(vector((0.0, 0.07, -0.12)), vector(np.eye(3)), focal_length(76.0, 150), 200, 150)
CAMERAS: Mapping[str, Pinhole] = MappingProxyType({"overhead": OVERHEAD, "wrist": WRIST})
ON_TOOL = frozenset({"wrist"})

NEAR = 0.02  # [m] ahead of a camera, at least, for what it sees
DILATION = 5  # [pixels] width of the brush that makes the arm's outline larger
ROUND = np.array([[np.cos(a), np.sin(a)] for a in np.linspace(0, 2 * np.pi, 12, endpoint=False)])

Mask = NDArray[np.uint8]


class Rig:
    """The cameras where the arm carries them, and what of their pictures the arm covers."""

    def __init__(self, spec: RobotSpec, cameras: Mapping[str, Pinhole] = CAMERAS) -> None:
        self._cameras = cameras
        self._kinematics = Kinematics(spec)
        self._arm = spec.groups["arm"]
        self._brush = np.ones((DILATION, DILATION), np.uint8)

    def tool(self, q: Vector) -> tuple[Vector, Vector]:
        """p_world_tool (3,) [m] and R_world_tool (3, 3) at joints `q` (n,)."""
        return self._kinematics.forward(q[self._arm])

    def camera(self, name: str, q: Vector) -> Pinhole:
        """The camera called `name` in the world, with the arm at `q` (n,)."""
        camera = self._cameras[name]
        return camera.carried(*self.tool(q)) if name in ON_TOOL else camera

    def covered(self, camera: Pinhole, q: Vector) -> Mask:
        """(H, W) 1 where the arm at `q` (n,) may be in the picture of `camera`."""
        mask = np.zeros((camera.height, camera.width), np.uint8)
        finger = float(q[-1])
        for points, radius in self._kinematics.solids(q[self._arm], finger):
            depth = camera.depth(points)
            if not (ahead := depth > NEAR).any():
                continue
            pixels = camera.project(points[ahead])
            if radius:  # of a ball around each point
                size = camera.focal * radius / depth[ahead]
                pixels = (pixels[:, None] + size[:, None, None] * ROUND).reshape(-1, 2)
            outline = np.clip(pixels, -4000, 4000).astype(np.float32)
            cv2.fillConvexPoly(mask, np.rint(cv2.convexHull(outline)).astype(np.int32), 1)
        return np.asarray(cv2.dilate(mask, self._brush), np.uint8)
