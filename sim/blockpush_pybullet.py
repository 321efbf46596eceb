"""The block push world in PyBullet."""

from collections.abc import Mapping

import numpy as np
import pybullet

from robot.pushing import BLOCK, BLOCKS, TOLERANCE
from robot.types import RobotSpec, Vector
from sim import blockpush_parts as parts
from sim.blockpush_parts import Start
from sim.pybullet_engine import GRAVITY, Client, PybulletEngine, xyzw
from sim.shapes import Box

CONTACT_REACH = 0.002  # [m] how far apart contacts are prepared; the default is half a block
UPRIGHT = (1.0, 0.0, 0.0, 0.0)  # wxyz


class PybulletBlockPush(PybulletEngine):
    """See `sim.engine.Engine`: the tabletop's, around another world."""

    def __init__(self, spec: RobotSpec, start: Start, dt: float) -> None:
        self._client = Client()
        self._dt = dt
        self._client.setPhysicsEngineParameter(
            fixedTimeStep=dt,
            numSubSteps=0,
            contactBreakingThreshold=CONTACT_REACH,
            deterministicOverlappingPairs=1,
        )
        self._client.setGravity(0, 0, -GRAVITY)
        self._arm, links = self._load(spec)
        self._joints = [links[name] for name in spec.joints]
        self._motors = [*self._joints, links[parts.TIP]]
        turn, _ = parts.tip(start.frame[6:8], np.zeros(2))
        for motor, place in zip(self._motors, [*start.frame[6:8].tolist(), turn], strict=True):
            self._client.resetJointState(self._arm, motor, place, 0.0)
        for link in range(-1, len(links)):
            self._rub(self._arm, link, parts.EFFECTOR_FRICTION)
        table = Box(parts.TABLE_HALF, parts.TABLE_CENTER, UPRIGHT)
        self._rub(self._solid([table], parts.TABLE_COLOR), -1, parts.TABLE_FRICTION)
        self._bodies = self._lay(start.poses)
        count = len(self._motors)
        self._gains, self._ones = [min(1.0, dt / parts.SERVO)] * count, [1.0] * count
        self._forces = [*[parts.EFFORT] * len(spec.joints), parts.TIP_EFFORT]

    def step(self, q: Vector, qd: Vector) -> None:
        # The reference is due at the step's end: less its way, it is where the axis should be now.
        q = q - qd * self._dt
        turn, rate = parts.tip(q, qd)
        self._client.setJointMotorControlArray(
            self._arm,
            self._motors,
            pybullet.POSITION_CONTROL,
            targetPositions=[*q.tolist(), turn],
            targetVelocities=[*qd.tolist(), rate],
            forces=self._forces,
            positionGains=self._gains,
            velocityGains=self._ones,
        )
        self._client.stepSimulation()

    def _lay(self, poses: Mapping[str, tuple[Vector, Vector]]) -> dict[str, int]:
        """Blocks, and targets that are only seen: the body of each, by its name."""
        bodies: dict[str, int] = {}
        half = BLOCK / 2
        for name, (position, turn) in poses.items():
            x, y, z = position.tolist()
            w, i, j, k = turn.tolist()
            color = parts.color_of(name)
            if name in BLOCKS:
                cube = [Box((half, half, half), (0, 0, 0), UPRIGHT)]
                bodies[name] = self._solid(cube, color, (x, y, z), (w, i, j, k), parts.MASS)
                self._rub(bodies[name], -1, 1.0)  # PyBullet multiplies the two surfaces'
                continue
            disc = self._client.createVisualShape(
                pybullet.GEOM_CYLINDER,
                radius=TOLERANCE,
                length=parts.DISC,
                rgbaColor=[*color, 1.0],
            )
            bodies[name] = self._client.createMultiBody(
                0.0, -1, disc, (x, y, z), xyzw((w, i, j, k))
            )
        return bodies

    def _rub(self, body: int, link: int, friction: float) -> None:
        """Dry friction, without anchors, which would bind the effector to a block it slides on."""
        self._client.changeDynamics(
            body,
            link,
            lateralFriction=friction,
            frictionAnchor=0,
            linearDamping=0.0,
            angularDamping=0.0,
            jointDamping=0.0,
        )
