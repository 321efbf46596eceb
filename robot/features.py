"""What policies are shown of the table, and how they say where the hand shall be.

The frame of `robot.table_frame` is filled from the joints and from the state's objects: with camera
perception, from pictures. An action (ACTION,) is the hand's next reference: x, y, z [m], heading of
the fingers' axis from how it is at home, and tilt from straight down [rad], one finger's way from
the middle [m].
"""

from collections.abc import Mapping
from math import atan2, cos, sin

import numpy as np

from robot.chores import opening
from robot.geometry import tool_down, wrap, yaw_of
from robot.kinematics import Kinematics
from robot.table_frame import BLOCK, BLOCKS, BOWL, BOWLS, DRAWER, TRAY
from robot.types import Fix, RobotSpec, State, Vector


class Hand:
    """The hand as six numbers, and the joints that bring it there."""

    def __init__(self, spec: RobotSpec) -> None:
        self._kinematics = Kinematics(spec)
        self._arm, self._finger = spec.groups["arm"], spec.groups["gripper"].start
        _, rotation = self._kinematics.forward(spec.home[self._arm])
        self._home = atan2(rotation[1, 0], rotation[0, 0])  # [rad]

    def of(self, q: Vector) -> Vector:
        """(ACTION,) at joints `q` (n,)."""
        position, rotation = self._kinematics.forward(q[self._arm])
        yaw = atan2(rotation[1, 0], rotation[0, 0])
        upright = tool_down(yaw).T @ rotation  # a turn about the fingers' axis
        tilt = atan2(upright[2, 1], upright[1, 1])
        return np.array([*position, wrap(yaw - self._home), tilt, q[self._finger]])

    def joints(self, hand: Vector, seed: Vector) -> Vector | None:
        """(n,) that bring about `hand` (ACTION,), near joints `seed` (n,); None out of reach."""
        *position, yaw, tilt, finger = hand.tolist()
        about = np.array([[1, 0, 0], [0, cos(tilt), -sin(tilt)], [0, sin(tilt), cos(tilt)]])
        rotation = tool_down(yaw + self._home) @ about
        q = self._kinematics.inverse(np.array(position), rotation, seed[self._arm])
        return None if q is None else np.append(q, finger)

    def frame(self, state: State) -> Vector:
        """(FRAME,) of what is known."""
        sent, felt = self.of(state.reference.q), self.of(state.q)
        objects, heading = state.objects, sent[3] + self._home
        hand = [*sent, *felt[:3], felt[5], sin(2 * heading), cos(2 * heading)]
        return np.concatenate([hand, *_rows(objects)])


def _rows(objects: Mapping[str, Fix]) -> list[list[float]]:
    rows = []
    for color in BLOCKS:
        fix = objects.get(f"{color} block")
        turn = 4 * yaw_of(fix.quaternion) if fix else 0.0  # a square looks alike four times
        rows.append([1.0, *fix.position, sin(turn), cos(turn)] if fix else [0.0] * BLOCK)
    for color in BOWLS:
        fix = objects.get(f"{color} bowl")
        rows.append([1.0, *fix.position[:2]] if fix else [0.0] * BOWL)
    known = {name.split()[-1]: fix for name, fix in objects.items()}
    tray, drawer = known.get("tray"), known.get("drawer")
    rows.append([1.0, *tray.position[:2], *_heading(tray)] if tray else [0.0] * TRAY)
    if drawer and "cabinet" in known:
        rows.append([1.0, *drawer.position[:2], *_heading(drawer), opening(objects)])
    else:
        rows.append([0.0] * DRAWER)
    return rows


def _heading(fix: Fix) -> tuple[float, float]:
    yaw = yaw_of(fix.quaternion)
    return sin(yaw), cos(yaw)
