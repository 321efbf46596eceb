"""The table tennis world as a MuJoCo model: official parameters, our own geometry.

Parameters: arXiv 2408.03906. Robots are attached one by one, each with a prefix to its names, so
that a second one can stand across the table.
"""

# pyright: reportAttributeAccessIssue=false
# (MuJoCo comes without types.)

from dataclasses import dataclass

import mujoco
import numpy as np

from robot.ball import PAPER
from robot.ball_sight import EYES
from robot.specs import DESCRIPTIONS
from robot.tennis import (
    BALL_RADIUS,
    BLADE_RADIUS,
    NET_HALF,
    TABLE_HEIGHT,
    TABLE_LENGTH,
    TABLE_WIDTH,
    TENNIS,
)

DT = 0.001  # [s] of physics; longer ones make the ball gain energy at the table
TABLE_HALF = 0.015  # [m] half the top's thickness
BALL, ARM, ROOM = 1, 2, 4  # collision groups
# What the ball can touch, as sensed; "crash": the robot touches the table.
TOUCHES = ("table", "net", "racket", "arm", "floor", "crash")


@dataclass(frozen=True, slots=True)
class Servo:
    """One row of the published actuator table: an integrated velocity servo."""

    force: float  # [N or N m] at most
    kp: float  # [N/m or N m/rad] from the integrated speed to the position
    kv: float  # [N s/m or N m s/rad] on the speed
    damping: float  # [N s/m or N m s/rad] of the joint
    armature: float  # [kg or kg m^2]
    frictionloss: float  # [N or N m]


SERVOS = {
    "slide_y": Servo(4102, 1279178, 164636, 30.924, 0.002, 0),
    "slide_x": Servo(1499, 248791, 13157, 255.683, 27.097, 0),
    "A1": Servo(100, 85874, 1599, 25, 0.01, 0.1),
    "A2": Servo(100, 10669, 265, 25, 0.01, 0.1),
    "A3": Servo(60, 180694, 2735, 25, 0.01, 0.1),
    "A4": Servo(20, 21905, 331, 5, 0.01, 0.1),
    "A5": Servo(25, 9000, 211, 3, 0.01, 0.1),
    "A6": Servo(100, 5101, 66, 3, 0.01, 0.1),
}


@dataclass(frozen=True, slots=True)
class Contact:
    """How MuJoCo resolves one pair of surfaces; see its documentation of `pair`."""

    solref: tuple[float, float]  # (-stiffness [1/s^2], -damping [1/s]), both a unit of mass
    solimp: tuple[float, float, float, float, float]
    friction: tuple[float, float, float, float, float]  # two sliding, one turning, two rolling
    solreffriction: tuple[float, float]


ON_TABLE = Contact(
    (-1e6, -17.0), (0.98, 0.99, 0.001, 0.5, 2.0), (0.1, 0.1, 0.005, 0.0001, 0.0001), (-0.0, -200.0)
)
ON_RACKET = Contact(
    (-268072.0, 0.0),
    (1.0, 0.95, 0.001, 1.0, 6.0),
    (1.5, 1.5, 0.005, 0.0001, 0.0001),
    (-0.0, -488.0),
)
UNDERSPIN_DAMPING = -103.0  # the racket's solref[1] for a ball that comes with underspin
RUBBER_STIFFNESS, RUBBER_DAMPING = 2e3, 1.0  # [N/m, N s/m] along the blade
RUBBER_ARMATURE, RUBBER_MASS = 1e-3, 1e-6  # [kg]
NET_SOLREF = (-1e5, -500.0)  # ours: the net takes most of the ball's speed
FLUID = (0.235, 0.25, 0.0, 1.0, 1.0)  # blunt and slender drag, angular drag, Kutta lift, Magnus


def build(contacts: bool = True, robots: tuple[str, ...] = ("near ",)) -> mujoco.MjSpec:
    """The world: table, net, floor, ball and robots, the prefixes of whose names are given.

    `contacts`: whether MuJoCo resolves the ball's flight and its bounces off table and racket
    (the track `paper`); if not, somebody else must. The first robot stands at -y, the second,
    turned by half a turn, at +y; more have no room.
    """
    if len(robots) > 2 or len(set(robots)) < len(robots):
        raise ValueError(f"at most two robots, with different prefixes, not {robots}")
    world = mujoco.MjSpec()
    option = world.option
    option.timestep = DT
    option.integrator = int(mujoco.mjtIntegrator.mjINT_IMPLICITFAST)
    option.cone = int(mujoco.mjtCone.mjCONE_ELLIPTIC)
    if contacts:
        option.density, option.viscosity = 1.225, 1.8e-5
    _room(world)
    _eyes(world)
    _ball(world)
    _frame(world, "spin", "ANGVEL", "ball")
    if contacts:
        _pair(world, "ball", "table", ON_TABLE)
    for prefix, quaternion in zip(robots, ([1, 0, 0, 0], [0, 0, 0, 1]), strict=False):
        world.attach(_robot(), prefix=prefix, frame=world.worldbody.add_frame(quat=quaternion))
        if contacts:
            _pair(world, "ball", f"{prefix}blade", ON_RACKET)
        for what in ("POS", "ZAXIS", "LINVEL", "ANGVEL"):
            _frame(world, f"{prefix}{what}", what, f"{prefix}tool_link")
        _touch(world, f"{prefix}racket", "BODY", f"{prefix}rubber")
        _touch(world, f"{prefix}arm", "XBODY", f"{prefix}beam_link")
        _touch(world, f"{prefix}crash", "XBODY", f"{prefix}beam_link", ("GEOM", "table"))
    return world


def _room(world: mujoco.MjSpec) -> None:
    """Table, net, floor and light."""
    world.visual.global_.offwidth, world.visual.global_.offheight = 1280, 960
    world.visual.headlight.ambient = [0.4, 0.4, 0.4]
    world.visual.headlight.diffuse = [0.4, 0.4, 0.4]
    world.visual.quality.shadowsize = 2048
    world.visual.quality.offsamples = 4
    world.worldbody.add_light(pos=[1, -2, 4], dir=[-0.2, 0.4, -1], diffuse=[0.5] * 3)
    box = {"type": int(mujoco.mjtGeom.mjGEOM_BOX)}
    world.worldbody.add_geom(
        name="table",
        size=[TABLE_WIDTH / 2, TABLE_LENGTH / 2, TABLE_HALF],
        pos=[0, 0, -TABLE_HALF],
        rgba=[0.08, 0.25, 0.45, 1],
        contype=ROOM,
        conaffinity=0,
        **box,
    )
    line = {"rgba": [0.95, 0.95, 0.95, 1], "contype": 0, "conaffinity": 0, "group": 1, **box}
    half_x, half_y, thin = TABLE_WIDTH / 2, TABLE_LENGTH / 2, 0.0004
    for x, width in ((-half_x + 0.01, 0.01), (0, 0.0015), (half_x - 0.01, 0.01)):
        world.worldbody.add_geom(size=[width, half_y, thin], pos=[x, 0, 0], **line)
    for y in (-half_y + 0.01, half_y - 0.01):
        world.worldbody.add_geom(size=[half_x, 0.01, thin], pos=[0, y, 0], **line)
    world.worldbody.add_geom(
        name="net",
        size=NET_HALF,
        pos=[0, 0, NET_HALF[2]],
        rgba=[0.9, 0.9, 0.9, 0.6],
        contype=0,
        conaffinity=BALL,
        priority=1,
        condim=3,
        solref=NET_SOLREF,
        **box,
    )
    world.worldbody.add_geom(
        name="floor",
        type=int(mujoco.mjtGeom.mjGEOM_PLANE),
        size=[6, 6, 0.1],
        pos=[0, 0, -TABLE_HEIGHT],
        rgba=[0.45, 0.30, 0.25, 1],
        contype=0,
        conaffinity=BALL,
    )
    for name in ("table", "net", "floor"):
        _touch(world, name, "GEOM", name)


def _eyes(world: mujoco.MjSpec) -> None:
    """The cameras that watch the ball."""
    for name, eye in EYES.items():
        quaternion = np.empty(4)
        # OpenGL's axes: y up, z backwards.
        mujoco.mju_mat2Quat(quaternion, (eye.rotation.T * [1, -1, -1]).ravel())
        fov = np.degrees(2 * np.arctan(eye.height / 2 / eye.focal))
        world.worldbody.add_camera(name=name, pos=eye.eye, quat=quaternion, fovy=fov)


def _ball(world: mujoco.MjSpec) -> None:
    body = world.worldbody.add_body(name="ball", pos=[0, 0, 0.3])
    body.add_freejoint(name="ball")
    body.mass, body.inertia = 0.0027, [7.2e-7] * 3
    body.ipos, body.explicitinertial = [0, 0, 0], True
    geom = body.add_geom(
        name="ball",
        size=[BALL_RADIUS, 0, 0],
        rgba=[1, 0.55, 0.05, 1],
        contype=BALL,
        conaffinity=0,
        fluid_ellipsoid=1,
    )
    geom.fluid_coefs = FLUID


def _robot() -> mujoco.MjSpec:
    """The arm on its gantries, its servos and its rubber."""
    robot = mujoco.MjSpec.from_file(str(DESCRIPTIONS / TENNIS.description))
    for body in robot.bodies:
        body.gravcomp = 1  # weights are balanced, as by the arm's own controller
        for geom in body.geoms:
            if geom.group == 1:  # a visual
                geom.contype = geom.conaffinity = 0
            else:
                geom.group, geom.contype, geom.conaffinity = 3, 0, BALL | ROOM
    for geom in robot.body("beam_link").geoms:
        geom.conaffinity &= ~ROOM
    limits = zip(
        TENNIS.lower.tolist(), TENNIS.upper.tolist(), TENNIS.velocity.tolist(), strict=True
    )
    for name, (lower, upper, speed) in zip(TENNIS.joints, limits, strict=True):
        servo, joint = SERVOS[name], robot.joint(name)
        joint.damping, joint.armature = [servo.damping, 0, 0], servo.armature
        joint.frictionloss = servo.frictionloss
        actuator = robot.add_actuator(
            name=name, target=name, trntype=int(mujoco.mjtTrn.mjTRN_JOINT)
        )
        actuator.set_to_intvelocity(kp=servo.kp, kv=servo.kv)
        actuator.ctrlrange, actuator.ctrllimited = [-speed, speed], 1
        actuator.actrange, actuator.actlimited = [lower, upper], 1
        actuator.forcerange, actuator.forcelimited = [-servo.force, servo.force], 1
    _racket(robot.body("tool_link"))
    return robot


def _racket(tool: mujoco.MjsBody) -> None:
    """A thin blade for the table, and a thick one on the rubber's springs for the ball."""
    disc = {"type": int(mujoco.mjtGeom.mjGEOM_CYLINDER)}
    tool.add_geom(
        name="wood", size=[BLADE_RADIUS, 0.006, 0], contype=0, conaffinity=ROOM, group=3, **disc
    )
    rubber = tool.add_body(name="rubber")
    rubber.mass, rubber.inertia = RUBBER_MASS, [RUBBER_MASS * BLADE_RADIUS**2] * 3
    rubber.ipos, rubber.explicitinertial = [0, 0, 0], True
    for name, axis in (("rubber_x", [1, 0, 0]), ("rubber_y", [0, 1, 0])):
        rubber.add_joint(
            name=name,
            type=int(mujoco.mjtJoint.mjJNT_SLIDE),
            axis=axis,
            stiffness=[RUBBER_STIFFNESS, 0, 0],
            damping=[RUBBER_DAMPING, 0, 0],
            armature=RUBBER_ARMATURE,
        )
    rubber.add_geom(
        name="blade",
        size=[BLADE_RADIUS, PAPER.face, 0],
        contype=0,
        conaffinity=0,
        group=4,
        **disc,
    )


def _pair(world: mujoco.MjSpec, first: str, second: str, contact: Contact) -> None:
    world.add_pair(
        name=f"{first} {second}",
        geomname1=first,
        geomname2=second,
        solref=contact.solref,
        solimp=contact.solimp,
        friction=contact.friction,
        solreffriction=contact.solreffriction,
    )


def _touch(
    world: mujoco.MjSpec,
    name: str,
    kind: str,
    thing: str,
    other: tuple[str, str] = ("BODY", "ball"),
) -> None:
    """A sensor that counts the contacts of the ball, or of another kind and name, with `thing`."""
    world.add_sensor(
        name=f"touch {name}",
        type=int(mujoco.mjtSensor.mjSENS_CONTACT),
        objtype=int(getattr(mujoco.mjtObj, f"mjOBJ_{other[0]}")),
        objname=other[1],
        reftype=int(getattr(mujoco.mjtObj, f"mjOBJ_{kind}")),
        refname=thing,
        intprm=[1 << int(mujoco.mjtConDataField.mjCONDATA_FOUND), 0, 1],
    )


def _frame(world: mujoco.MjSpec, name: str, what: str, body: str) -> None:
    """A sensor of a body's frame, in the world's axes."""
    world.add_sensor(
        name=name,
        type=int(getattr(mujoco.mjtSensor, f"mjSENS_FRAME{what}")),
        objtype=int(mujoco.mjtObj.mjOBJ_XBODY),
        objname=body,
    )
