"""The tabletop in PyBullet. Its quaternions are xyzw; they are turned here and nowhere else."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import cos, sin, sqrt
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pybullet
from numpy.typing import NDArray

from robot.camera import Pinhole
from robot.specs import DESCRIPTIONS
from robot.table import COLORS, DRAWER_TRAVEL, TABLE_COLOR
from robot.types import RobotSpec, Vector
from sim import engine
from sim.conditions import USUAL, Conditions
from sim.scene import Scene
from sim.shapes import DRAWER_MASS, Box, parts, standing

FINGERS = ("finger_joint", "right_finger_joint")
GRAVITY = 9.81  # [m/s^2]
SHAPES = 16  # PyBullet's limit of shapes in one body
FRICTION_ERP = 0.5  # the share of a contact's sideways creep taken back in a step
CONTACT_REACH = 0.002  # [m] how far apart contacts are prepared; the default is half a block
GEAR_FORCE, GEAR_ERP = 100.0, 0.1  # [N] what keeps the fingers symmetric
NEAR, FAR = 0.05, 10.0  # [m] planes of the cameras
SHIFT = -0.5  # [pixels] to the right and up by which the software renderer misses


class Client:
    """PyBullet's functions, bound to a simulation of its own.

    (pybullet_utils has the like, which prints to standard output.)
    """

    def __init__(self) -> None:
        self._id = pybullet.connect(pybullet.DIRECT)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        bound = partial(getattr(pybullet, name), physicsClientId=self._id)
        setattr(self, name, bound)
        return bound

    def close(self) -> None:
        if self._id >= 0:
            pybullet.disconnect(self._id)
            vars(self).clear()  # the number may be another simulation's next
            self._id = -1


class PybulletEngine:
    """See `sim.engine.Engine`. One thread; any number in one process."""

    _conditions = USUAL
    _drawers: frozenset[str] = frozenset()  # whose body stands still, and its link slides

    def __init__(
        self, spec: RobotSpec, scene: Scene, dt: float, conditions: Conditions = USUAL
    ) -> None:
        self._client = Client()
        self._dt, self._conditions = dt, conditions
        self._client.setPhysicsEngineParameter(
            fixedTimeStep=dt,
            numSubSteps=0,
            frictionERP=FRICTION_ERP,
            contactBreakingThreshold=CONTACT_REACH,
            deterministicOverlappingPairs=1,
        )
        self._client.setGravity(0, 0, -GRAVITY)
        self._arm, links = self._load(spec)
        self._joints = [links[name] for name in spec.joints]
        self._motors = [*self._joints, links[FINGERS[1]]]
        for motor, position in zip(self._motors, [*spec.home, spec.home[-1]], strict=True):
            self._client.resetJointState(self._arm, motor, position, 0.0)
        self._servos(links)
        self._room()
        self._drawers = frozenset(thing.name for thing in scene if thing.kind == "drawer")
        self._bodies = self._place(scene)

    def step(self, q: Vector, qd: Vector) -> None:
        # The motors bring about the velocity qd + gain (target - q) / dt in this step. The
        # reference is due at the step's end: less its way, it is where the arm should be now.
        position, velocity = (q - qd * self._dt).tolist(), qd.tolist()
        self._client.setJointMotorControlArray(
            self._arm,
            self._motors,
            pybullet.POSITION_CONTROL,
            targetPositions=[*position, position[-1]],
            targetVelocities=[*velocity, velocity[-1]],
            forces=self._forces,
            positionGains=self._gains,
            velocityGains=self._ones,
        )
        self._client.stepSimulation()

    def joints(self) -> tuple[Vector, Vector]:
        states = self._client.getJointStates(self._arm, self._joints)
        return np.array([state[0] for state in states]), np.array([state[1] for state in states])

    def objects(self) -> Mapping[str, tuple[Vector, Vector]]:
        poses = {}
        for name, body in self._bodies.items():
            if name in self._drawers:  # the link that slides
                position, (x, y, z, w) = self._client.getLinkState(body, 0)[:2]
            else:
                position, (x, y, z, w) = self._client.getBasePositionAndOrientation(body)
            poses[name] = np.array(position), np.array([w, x, y, z])
        return poses

    def render(self, camera: Pinhole, shadows: bool = True) -> NDArray[np.uint8]:
        _, down, ahead = camera.rotation
        scale = NEAR / camera.focal  # [m] on the near plane, of a pixel
        left, bottom = -camera.width / 2, -camera.height / 2
        image = self._client.getCameraImage(
            camera.width,
            camera.height,
            pybullet.computeViewMatrix(camera.eye, camera.eye + ahead, -down),
            pybullet.computeProjectionMatrix(
                (left - SHIFT) * scale,
                (left - SHIFT + camera.width) * scale,
                (bottom - SHIFT) * scale,
                (bottom - SHIFT + camera.height) * scale,
                NEAR,
                FAR,
            ),
            shadow=0,  # drawn in software: they would take half the time
            lightDirection=[-2.2 * way for way in self._conditions.light],
            lightAmbientCoeff=0.6,
            lightDiffuseCoeff=0.82 * self._conditions.brightness,
            lightSpecularCoeff=0.05,
            renderer=pybullet.ER_TINY_RENDERER,
        )[2]
        pixels = np.asarray(image, dtype=np.uint8).reshape(camera.height, camera.width, 4)
        return np.ascontiguousarray(pixels[:, :, :3])

    def save(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "state.bullet"
            self._client.saveBullet(str(path))
            return path.read_bytes()

    def restore(self, saved: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "state.bullet"
            path.write_bytes(saved)
            self._client.restoreState(fileName=str(path))

    def close(self) -> None:
        self._client.close()

    def _load(self, spec: RobotSpec) -> tuple[int, dict[str, int]]:
        """The arm at the origin: its body, and the link behind each joint by the joint's name."""
        with tempfile.NamedTemporaryFile("w", suffix=".urdf") as file:
            file.write(_with_inertials(DESCRIPTIONS / spec.description))
            file.flush()
            arm = self._client.loadURDF(
                file.name, useFixedBase=True, flags=pybullet.URDF_USE_INERTIA_FROM_FILE
            )
        links = range(self._client.getNumJoints(arm))
        return arm, {self._client.getJointInfo(arm, link)[1].decode(): link for link in links}

    def _servos(self, links: Mapping[str, int]) -> None:
        """The arm's own controller: each motor as quick and as strong as the engine's servo.

        A motor closes in on its target at the rate stiffness / damping; PyBullet finds the
        effort that this takes, weights included, up to the limit.
        """
        for link in range(-1, len(links)):
            self._surface(self._arm, link)
        rates = [
            stiffness / damping
            for stiffness, damping in zip(engine.STIFFNESS, engine.DAMPING, strict=True)
        ]
        grip = engine.GRIP_STIFFNESS / engine.GRIP_DAMPING
        self._gains = [rate * self._dt for rate in (*rates, grip, grip)]
        self._forces = [*engine.EFFORT, engine.GRIP_FORCE, engine.GRIP_FORCE]
        self._ones = [1.0] * len(self._forces)
        left, right = (links[name] for name in FINGERS)
        gear = self._client.createConstraint(
            self._arm, left, self._arm, right, pybullet.JOINT_GEAR, (1, 0, 0), (0,) * 3, (0,) * 3
        )
        self._client.changeConstraint(gear, gearRatio=-1, maxForce=GEAR_FORCE, erp=GEAR_ERP)

    def _room(self) -> None:
        """The table and a floor."""
        upright = (1.0, 0.0, 0.0, 0.0)
        self._solid([Box((0.55, 0.6, 0.03), (0, -0.4, -0.03), upright)], TABLE_COLOR)
        self._solid([Box((3, 3, 0.05), (0, 0, -0.80), upright)], (0.62, 0.65, 0.68))

    def _place(self, scene: Scene) -> dict[str, int]:
        """The scene's objects: the body of each, by its name."""
        bodies: dict[str, int] = {}
        for thing in scene:
            position = thing.x, thing.y, standing(thing.kind)
            quaternion = cos(thing.yaw / 2), 0.0, 0.0, sin(thing.yaw / 2)
            mass = self._conditions.mass if thing.kind == "block" else 0.0
            boxes = parts(thing.kind)
            if thing.kind == "drawer":
                body = self._slide(boxes, COLORS[thing.color], position, quaternion)
                bodies[thing.name] = body
                continue
            for start in range(0, len(boxes), SHAPES):
                some = boxes[start : start + SHAPES]
                body = self._solid(some, COLORS[thing.color], position, quaternion, mass)
                bodies.setdefault(thing.name, body)
        return bodies

    def _solid(
        self,
        boxes: Sequence[Box],
        color: tuple[float, float, float],
        position: tuple[float, float, float] = (0.0, 0.0, 0.0),
        quaternion: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0),
        mass: float = 0.0,
    ) -> int:
        """A body of boxes; it stands still where it has no mass."""
        kinds = [pybullet.GEOM_BOX] * len(boxes)
        halves = [box.half for box in boxes]
        positions = [box.position for box in boxes]
        turns = [xyzw(box.quaternion) for box in boxes]
        body = self._client.createMultiBody(
            mass,
            self._client.createCollisionShapeArray(
                kinds,
                halfExtents=halves,
                collisionFramePositions=positions,
                collisionFrameOrientations=turns,
            ),
            self._client.createVisualShapeArray(
                kinds,
                halfExtents=halves,
                rgbaColors=[[*color, 1.0]] * len(boxes),
                visualFramePositions=positions,
                visualFrameOrientations=turns,
            ),
            position,
            xyzw(quaternion),
        )
        self._surface(body, -1)
        return body

    def _slide(
        self,
        boxes: Sequence[Box],
        color: tuple[float, float, float],
        position: tuple[float, float, float],
        quaternion: tuple[float, float, float, float],
    ) -> int:
        """A drawer of boxes: link 0 of a body that stands still, sliding towards its -y.

        From a description, because PyBullet has no limits for joints made otherwise.
        """
        with tempfile.NamedTemporaryFile("w", suffix=".urdf") as file:
            file.write(_drawer_urdf(boxes, color))
            file.flush()
            body = self._client.loadURDF(
                file.name,
                position,
                xyzw(quaternion),
                useFixedBase=True,
                flags=pybullet.URDF_USE_INERTIA_FROM_FILE,
            )
        self._surface(body, 0)
        self._client.setJointMotorControl2(  # its friction: what holds it at rest, up to a force
            body, 0, pybullet.VELOCITY_CONTROL, targetVelocity=0.0, force=self._conditions.drawer
        )
        return body

    def _surface(self, body: int, link: int) -> None:
        """Dry friction, and none of the drag through the air that PyBullet adds.

        An anchor at each contact takes sideways creep back: without, a block turns in the fingers
        and crawls over the table. PyBullet multiplies the frictions of two surfaces.
        """
        self._client.changeDynamics(
            body,
            link,
            lateralFriction=sqrt(self._conditions.friction),
            frictionAnchor=1,
            linearDamping=0.0,
            angularDamping=0.0,
            jointDamping=0.0,
        )


def xyzw(quaternion: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    w, x, y, z = quaternion
    return x, y, z, w


def _with_inertials(description: Path) -> str:
    """The URDF with an inertial of nothing in links that have none: PyBullet would make it 1 kg."""
    tree = ElementTree.parse(description)
    for link in tree.iter("link"):
        if link.find("inertial") is None:
            inertial = ElementTree.SubElement(link, "inertial")
            ElementTree.SubElement(inertial, "mass", value="0")
            ElementTree.SubElement(
                inertial, "inertia", ixx="0", iyy="0", izz="0", ixy="0", ixz="0", iyz="0"
            )
    return ElementTree.tostring(tree.getroot(), encoding="unicode")


def _drawer_urdf(boxes: Sequence[Box], color: tuple[float, float, float]) -> str:
    """A description of a drawer in a link that stands still; its boxes are not turned."""
    solids = "".join(
        f"<{what}><origin xyz='{_words(box.position)}'/><geometry>"
        f"<box size='{_words([2 * half for half in box.half])}'/></geometry>{surface}</{what}>"
        for box in boxes
        for what, surface in (("collision", ""), ("visual", "<material name='drawer'/>"))
    )
    inertia = " ".join(f"{axis}='{DRAWER_MASS * 0.003}'" for axis in ("ixx", "iyy", "izz"))
    return (
        f"<robot name='drawer'><material name='drawer'><color rgba='{_words(color)} 1'/></material>"
        "<link name='base'><inertial><mass value='0'/>"
        "<inertia ixx='0' iyy='0' izz='0' ixy='0' ixz='0' iyz='0'/></inertial></link>"
        "<link name='drawer'>"
        f"<inertial><mass value='{DRAWER_MASS}'/><inertia {inertia} ixy='0' ixz='0' iyz='0'/>"
        f"</inertial>{solids}</link><joint name='slide' type='prismatic'>"
        "<parent link='base'/><child link='drawer'/><axis xyz='0 -1 0'/>"
        f"<limit lower='0' upper='{DRAWER_TRAVEL}' effort='100' velocity='10'/></joint></robot>"
    )


def _words(numbers: Sequence[float]) -> str:
    return " ".join(map(str, numbers))
