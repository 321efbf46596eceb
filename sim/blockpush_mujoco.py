"""The block push world in MuJoCo."""

# pyright: reportAttributeAccessIssue=false
# (MuJoCo comes without types.)

import mujoco
import numpy as np

from robot.pushing import BLOCK, BLOCKS, TOLERANCE
from robot.specs import DESCRIPTIONS
from robot.types import RobotSpec, Vector
from sim import blockpush_parts as parts
from sim.blockpush_parts import Start
from sim.mujoco_engine import MujocoEngine

# Contacts that begin soft and are hard half a millimetre on. With MuJoCo's own, which are hard
# from the first touch, a pushed block hops ahead of the effector, half a millimetre or more.
SOLREF = (0.01, 1.0)
TABLE_SOLIMP = (0.0, 0.99, 0.0005, 0.5, 2.0)
EFFECTOR_SOLIMP = (0.0, 0.99, 0.0003, 0.5, 2.0)


class MujocoBlockPush(MujocoEngine):
    """See `sim.engine.Engine`: the tabletop's, around another world."""

    def __init__(self, spec: RobotSpec, start: Start, dt: float) -> None:
        self._model = _world(spec, start, dt).compile()
        self._data = mujoco.MjData(self._model)
        model, data = self._model, self._data
        self._qpos = np.array([model.joint(name).qposadr[0] for name in spec.joints])
        self._dof = np.array([model.joint(name).dofadr[0] for name in spec.joints])
        self._bodies = {name: model.body(name).id for name in start.poses}
        data.qpos[self._qpos] = start.frame[6:8]
        data.qpos[model.joint(parts.TIP).qposadr[0]] = parts.tip(start.frame[6:8], np.zeros(2))[0]
        self._ctrl = data.ctrl.reshape(-1, 2)  # (joints and the tip, (position, velocity))
        self._dt = dt
        mujoco.mj_forward(model, data)
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}

    def step(self, q: Vector, qd: Vector) -> None:
        # The reference is due at the step's end: less its way, it is where the axis should be now.
        q = q - qd * self._dt
        self._ctrl[:2, 0], self._ctrl[:2, 1] = q, qd
        self._ctrl[2] = parts.tip(q, qd)
        mujoco.mj_step(self._model, self._data)


def _world(spec: RobotSpec, start: Start, dt: float) -> mujoco.MjSpec:
    """The gantry of `spec.description` over a table with everything where it starts."""
    world = mujoco.MjSpec.from_file(str(DESCRIPTIONS / spec.description))
    world.option.timestep = dt
    world.option.integrator = int(mujoco.mjtIntegrator.mjINT_IMPLICITFAST)
    world.option.cone = int(mujoco.mjtCone.mjCONE_ELLIPTIC)
    _gantry(world, spec)
    _room(world)
    for name, (position, quaternion) in start.poses.items():
        body = world.worldbody.add_body(name=name, pos=position, quat=quaternion)
        if name in BLOCKS:
            body.add_freejoint()
            body.add_geom(
                type=int(mujoco.mjtGeom.mjGEOM_BOX),
                size=[BLOCK / 2] * 3,
                mass=parts.MASS,
                rgba=[*parts.color_of(name), 1],
                friction=[parts.TABLE_FRICTION, 0, 0],
                condim=3,
                solref=SOLREF,
                solimp=TABLE_SOLIMP,
            )
        else:
            body.add_geom(
                type=int(mujoco.mjtGeom.mjGEOM_CYLINDER),
                size=[TOLERANCE, parts.DISC / 2, 0],
                rgba=[*parts.color_of(name), 1],
                contype=0,
                conaffinity=0,
            )
    return world


def _gantry(world: mujoco.MjSpec, spec: RobotSpec) -> None:
    """Its surface and its axes: critically damped, their weight carried."""
    for body in world.bodies:
        body.gravcomp = 1
        for geom in body.geoms:
            if geom.group == 1:  # a visual
                continue
            geom.group = 3
            geom.priority = 1  # its surface decides about its contacts
            geom.condim, geom.friction = 3, [parts.EFFECTOR_FRICTION, 0, 0]
            geom.solref, geom.solimp = SOLREF, EFFECTOR_SOLIMP
    axes = [(name, parts.MOVING_MASS, parts.EFFORT) for name in spec.joints]
    for name, inertia, effort in (*axes, (parts.TIP, parts.TIP_INERTIA, parts.TIP_EFFORT)):
        joint = world.joint(name)
        joint.actfrcrange = [-effort, effort]
        joint.actfrclimited = int(mujoco.mjtLimited.mjLIMITED_TRUE)
        for kind in ("position", "velocity"):
            actuator = world.add_actuator(
                name=f"{name}_{kind}", target=name, trntype=int(mujoco.mjtTrn.mjTRN_JOINT)
            )
            if kind == "position":
                actuator.set_to_position(kp=inertia / parts.SERVO**2)
            else:
                actuator.set_to_velocity(kv=2 * inertia / parts.SERVO)


def _room(world: mujoco.MjSpec) -> None:
    """The table and the light."""
    world.visual.headlight.ambient = [0.35, 0.35, 0.35]
    world.visual.headlight.diffuse = [0.35, 0.35, 0.35]
    world.visual.quality.shadowsize = 1024  # these two are most of what a frame costs
    world.visual.quality.offsamples = 0
    world.add_texture(
        name="sky",
        type=int(mujoco.mjtTexture.mjTEXTURE_SKYBOX),
        builtin=int(mujoco.mjtBuiltin.mjBUILTIN_GRADIENT),
        rgb1=[0.93, 0.94, 0.96],
        rgb2=[0.72, 0.76, 0.82],
        width=64,
        height=384,
    )
    world.worldbody.add_light(
        pos=[0.8, -0.9, 2.0], dir=[-0.2, 0.5, -1], diffuse=[0.55, 0.55, 0.55], castshadow=True
    )
    world.worldbody.add_geom(
        name="table",
        type=int(mujoco.mjtGeom.mjGEOM_BOX),
        size=parts.TABLE_HALF,
        pos=parts.TABLE_CENTER,
        rgba=[*parts.TABLE_COLOR, 1],
        friction=[parts.TABLE_FRICTION, 0, 0],
        condim=3,
        solref=SOLREF,
        solimp=TABLE_SOLIMP,
    )
