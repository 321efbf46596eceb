"""The tabletop in MuJoCo."""

# pyright: reportAttributeAccessIssue=false
# (MuJoCo comes without types.)

from collections.abc import Mapping

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot.camera import Pinhole
from robot.specs import DESCRIPTIONS
from robot.table import COLORS, DRAWER_TRAVEL, TABLE_COLOR
from robot.types import RobotSpec, Vector
from sim import engine
from sim.conditions import USUAL, Conditions
from sim.mujoco_camera import look
from sim.scene import Scene
from sim.shapes import DRAWER_MASS, parts, standing

ARM, WORLD = 1, 2  # collision groups: the arm meets the world, not itself
FINGERS = ("finger_joint", "right_finger_joint")
# Contacts of a 10 g block under a 15 N grip: stiff, or it sinks into the pads.
PAD_SOLREF, PAD_SOLIMP = (0.004, 1.0), (0.99, 0.999, 0.0005, 0.5, 2.0)


class MujocoEngine:
    """See `sim.engine.Engine`. One thread."""

    def __init__(
        self, spec: RobotSpec, scene: Scene, dt: float, conditions: Conditions = USUAL
    ) -> None:
        self._model = _world(spec, scene, dt, conditions).compile()
        self._data = mujoco.MjData(self._model)
        model, data = self._model, self._data
        self._qpos = np.array([model.joint(name).qposadr[0] for name in spec.joints])
        self._dof = np.array([model.joint(name).dofadr[0] for name in spec.joints])
        self._bodies = {thing.name: model.body(thing.name).id for thing in scene}
        data.qpos[self._qpos] = spec.home
        data.qpos[model.joint(FINGERS[1]).qposadr[0]] = spec.home[-1]
        self._ctrl = data.ctrl.reshape(-1, 2)  # (joints, (position, velocity))
        self._fingers = len(spec.joints) - 1
        mujoco.mj_forward(model, data)
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}

    def step(self, q: Vector, qd: Vector) -> None:
        finger = self._fingers
        ctrl = self._ctrl
        ctrl[: finger + 1, 0], ctrl[: finger + 1, 1] = q, qd
        ctrl[finger + 1] = ctrl[finger]
        mujoco.mj_step(self._model, self._data)

    def joints(self) -> tuple[Vector, Vector]:
        return self._data.qpos[self._qpos], self._data.qvel[self._dof]

    def objects(self) -> Mapping[str, tuple[Vector, Vector]]:
        data = self._data
        mujoco.mj_kinematics(self._model, data)  # a step leaves the poses of its beginning
        return {
            name: (data.xpos[body].copy(), data.xquat[body].copy())
            for name, body in self._bodies.items()
        }

    def render(self, camera: Pinhole, shadows: bool = True) -> NDArray[np.uint8]:
        size = camera.height, camera.width
        if size not in self._renderers:
            self._renderers[size] = mujoco.Renderer(self._model, *size)
        renderer = self._renderers[size]
        mujoco.mj_kinematics(self._model, self._data)  # a step leaves the poses of its beginning
        renderer.update_scene(self._data)
        renderer.scene.flags[int(mujoco.mjtRndFlag.mjRND_SHADOW)] = shadows
        look(renderer, camera)
        return renderer.render()

    def save(self) -> bytes:
        what = int(mujoco.mjtState.mjSTATE_INTEGRATION)
        state = np.empty(mujoco.mj_stateSize(self._model, what))
        mujoco.mj_getState(self._model, self._data, state, what)
        return state.tobytes()

    def restore(self, saved: bytes) -> None:
        what = int(mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_setState(self._model, self._data, np.frombuffer(saved), what)
        mujoco.mj_forward(self._model, self._data)

    def close(self) -> None:
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()


def _world(spec: RobotSpec, scene: Scene, dt: float, conditions: Conditions) -> mujoco.MjSpec:
    """The arm of `spec.description` at the origin of a table with the scene on it."""
    world = mujoco.MjSpec.from_file(str(DESCRIPTIONS / spec.description))
    world.option.timestep = dt
    world.option.integrator = int(mujoco.mjtIntegrator.mjINT_IMPLICITFAST)
    world.option.cone = int(mujoco.mjtCone.mjCONE_ELLIPTIC)
    world.option.impratio = 10
    _arm(world, spec, conditions.friction)
    _room(world, conditions)
    for thing in scene:
        body = world.worldbody.add_body(
            name=thing.name,
            pos=[thing.x, thing.y, standing(thing.kind)],
            quat=[np.cos(thing.yaw / 2), 0, 0, np.sin(thing.yaw / 2)],
        )
        mass = 0.0
        if thing.kind == "block":
            body.add_freejoint()
            mass = conditions.mass
        elif thing.kind == "drawer":
            body.add_joint(
                name=thing.name,
                type=int(mujoco.mjtJoint.mjJNT_SLIDE),
                axis=[0, -1, 0],
                limited=int(mujoco.mjtLimited.mjLIMITED_TRUE),
                range=[0, DRAWER_TRAVEL],
                frictionloss=conditions.drawer,
                damping=2.0,
            )
            mass = DRAWER_MASS / len(parts(thing.kind))
        for box in parts(thing.kind):
            body.add_geom(
                type=int(mujoco.mjtGeom.mjGEOM_BOX),
                size=box.half,
                pos=box.position,
                quat=box.quaternion,
                rgba=[*COLORS[thing.color], 1],
                mass=mass,
                contype=WORLD,
                conaffinity=WORLD | ARM,
                condim=4,
                friction=[conditions.friction, 0.005, 0.0001],
                solref=PAD_SOLREF,
                solimp=PAD_SOLIMP,
            )
    return world


def _arm(world: mujoco.MjSpec, spec: RobotSpec, friction: float) -> None:
    for body in world.bodies:
        body.gravcomp = 1
        for geom in body.geoms:
            if geom.group == 1:  # a visual
                continue
            geom.group = 3
            geom.contype, geom.conaffinity = ARM, WORLD
            if "finger" in body.name:
                geom.condim, geom.friction = 4, [friction, 0.02, 0.001]
                geom.solref, geom.solimp = PAD_SOLREF, PAD_SOLIMP
    arm = zip(
        spec.joints, engine.STIFFNESS, engine.DAMPING, engine.EFFORT, strict=False
    )  # the gripper follows
    for name, stiffness, damping, effort in arm:
        _servo(world, name, stiffness, damping, effort, engine.ARMATURE)
    for name in FINGERS:
        grip = engine.GRIP_STIFFNESS, engine.GRIP_DAMPING, engine.GRIP_FORCE
        _servo(world, name, *grip, armature=0.05)
    world.add_equality(
        type=int(mujoco.mjtEq.mjEQ_JOINT),
        objtype=int(mujoco.mjtObj.mjOBJ_JOINT),
        name1=FINGERS[1],
        name2=FINGERS[0],
        data=[0, 1, *[0] * 10],
        solref=[0.004, 1],
        solimp=[0.99, 0.999, 0.001, 0.5, 2],
    )


def _servo(
    world: mujoco.MjSpec, name: str, kp: float, kv: float, effort: float, armature: float
) -> None:
    joint = world.joint(name)
    joint.armature = armature
    joint.actfrcrange = [-effort, effort]
    joint.actfrclimited = int(mujoco.mjtLimited.mjLIMITED_TRUE)
    for kind in ("position", "velocity"):
        actuator = world.add_actuator(
            name=f"{name}_{kind}", target=name, trntype=int(mujoco.mjtTrn.mjTRN_JOINT)
        )
        if kind == "position":
            actuator.set_to_position(kp=kp)
        else:
            actuator.set_to_velocity(kv=kv)


def _room(world: mujoco.MjSpec, conditions: Conditions) -> None:
    """The table, a floor and the light."""
    world.visual.global_.offwidth, world.visual.global_.offheight = 1280, 960
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
        pos=[0.6, -1.4, 2.2],
        dir=conditions.light,
        diffuse=[conditions.brightness] * 3,
        castshadow=True,
    )
    top = {"contype": WORLD, "conaffinity": WORLD | ARM, "condim": 4}
    world.worldbody.add_geom(
        name="table",
        type=int(mujoco.mjtGeom.mjGEOM_BOX),
        size=[0.55, 0.6, 0.03],
        pos=[0, -0.4, -0.03],
        rgba=[*TABLE_COLOR, 1],
        friction=[conditions.friction, 0.005, 0.0001],
        **top,
    )
    world.worldbody.add_geom(
        name="floor",
        type=int(mujoco.mjtGeom.mjGEOM_PLANE),
        size=[3, 3, 0.1],
        pos=[0, 0, -0.75],
        rgba=[0.62, 0.65, 0.68, 1],
        **top,
    )
