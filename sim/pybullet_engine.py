"""The tabletop in PyBullet. Its quaternions are xyzw: they are turned here, and only here."""

import tempfile
from collections.abc import Mapping, Sequence
from math import cos, sin
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pybullet
from numpy.typing import NDArray

from robot.specs import DESCRIPTIONS
from robot.table import COLORS
from robot.types import RobotSpec, Vector
from sim import engine
from sim.engine import Camera
from sim.scene import Scene
from sim.shapes import BLOCK_MASS, FRICTION, SIZES, Box, parts

FINGERS = ("finger_joint", "right_finger_joint")
GRAIN = 16  # the most shapes PyBullet takes in one body
GRAVITY = -9.81

P = dict(pos_gain=0.3, fpos_gain=0.1, iters=50, erp=0.2, cerp=0.2, ferp=0.2, cone=1, anchor=0,
         spin=0.001, roll=0.0, stiff=None, damp=None, cbt=0.002, ff=False, gearF=100., gearerp=.1, cfm=None,
         maximal=False, thr=1e-7, margin=None, slop=None, minigear=False,ccd=0,sat=0,warm=None)


class PybulletEngine:
    """See `sim.engine.Engine`. One thread."""

    def __init__(self, spec: RobotSpec, scene: Scene, dt: float) -> None:
        self._dt = dt
        c = self._client = pybullet.connect(pybullet.DIRECT)
        p = pybullet
        kw = {}
        if P['cfm'] is not None: kw['globalCFM'] = P['cfm']
        if P['slop'] is not None: kw['contactSlop'] = P['slop']
        p.setPhysicsEngineParameter(fixedTimeStep=dt, numSubSteps=0, numSolverIterations=P['iters'], erp=P['erp'], contactERP=P['cerp'], frictionERP=P['ferp'],
            enableConeFriction=P['cone'], contactBreakingThreshold=P['cbt'], deterministicOverlappingPairs=1, solverResidualThreshold=P['thr'], enableSAT=P['sat'],physicsClientId=c, **kw)
        if P['warm'] is not None: p.setPhysicsEngineParameter(warmStartingFactor=P['warm'],physicsClientId=c)
        p.setGravity(0, 0, GRAVITY, physicsClientId=c)
        with tempfile.NamedTemporaryFile('w', suffix='.urdf') as f:
            tree = ElementTree.parse(DESCRIPTIONS / spec.description)
            for link in tree.iter('link'):
                if link.find('inertial') is None:
                    i = ElementTree.SubElement(link, 'inertial')
                    ElementTree.SubElement(i, 'mass', value='0')
                    ElementTree.SubElement(i, 'inertia', dict.fromkeys(('ixx','iyy','izz','ixy','ixz','iyz'), '0'))
            f.write(ElementTree.tostring(tree.getroot(), 'unicode')); f.flush()
            arm = self._arm = p.loadURDF(f.name, useFixedBase=True, flags=p.URDF_USE_INERTIA_FROM_FILE, physicsClientId=c)
        idx = {p.getJointInfo(arm, i, physicsClientId=c)[1].decode(): i for i in range(p.getNumJoints(arm, physicsClientId=c))}
        self.idx = idx
        self._joints = [idx[n] for n in spec.joints]
        self._driven = [*self._joints, idx[FINGERS[1]]]
        for i, q in zip(self._driven, [*spec.home, spec.home[-1]]):
            p.resetJointState(arm, i, q, 0, physicsClientId=c)
        for i in range(-1, len(idx)):
            p.changeDynamics(arm, i, linearDamping=0, angularDamping=0, jointDamping=0, lateralFriction=FRICTION,
              spinningFriction=P['spin'], rollingFriction=P['roll'], frictionAnchor=P['anchor'], physicsClientId=c)
            if P['stiff']: p.changeDynamics(arm, i, contactStiffness=P['stiff'], contactDamping=P['damp'], physicsClientId=c)
        if P['gearF']:
            g = p.createConstraint(arm, idx[FINGERS[0]], arm, idx[FINGERS[1]], p.JOINT_GEAR, [1,0,0],[0,0,0],[0,0,0], physicsClientId=c)
            p.changeConstraint(g, gearRatio=-1, maxForce=P['gearF'], erp=P['gearerp'], physicsClientId=c)
        self._forces = [*engine.EFFORT, engine.GRIP_FORCE, engine.GRIP_FORCE]
        self._kp = [P['pos_gain']]*6 + [P['fpos_gain']]*2
        self._kd = [1.0]*8
        self._box((.55,.6,.03),(0,-.4,-.03),(.8,.72,.6))
        self._box((3,3,.05),(0,0,-.8),(.62,.65,.68))
        self._ids = {}
        for t in scene:
            pos = [t.x,t.y,SIZES[t.kind][2]/2]; quat=[0,0,sin(t.yaw/2),cos(t.yaw/2)]
            boxes = parts(t.kind)
            if t.kind=='block':
                s = p.createCollisionShape(p.GEOM_BOX, halfExtents=boxes[0].half, physicsClientId=c)
                v = p.createVisualShape(p.GEOM_BOX, halfExtents=boxes[0].half, rgbaColor=[*COLORS[t.color],1], physicsClientId=c)
                b = p.createMultiBody(BLOCK_MASS, s, v, pos, quat, useMaximalCoordinates=P['maximal'], physicsClientId=c)
                self._props(b)
                self._ids[t.name]=b
            else:
                for k in range(0,len(boxes),16):
                    bb = boxes[k:k+16]
                    n=len(bb)
                    quats=[[x,y,z,w] for w,x,y,z in (q.quaternion for q in bb)]
                    s = p.createCollisionShapeArray([p.GEOM_BOX]*n, halfExtents=[q.half for q in bb], collisionFramePositions=[q.position for q in bb],
                        collisionFrameOrientations=quats, physicsClientId=c)
                    v = p.createVisualShapeArray([p.GEOM_BOX]*n, halfExtents=[q.half for q in bb], rgbaColors=[[*COLORS[t.color],1]]*n,visualFramePositions=[q.position for q in bb],
                        visualFrameOrientations=quats, physicsClientId=c)
                    b = p.createMultiBody(0, s, v, pos, quat, physicsClientId=c)
                    self._props(b)
                    self._ids.setdefault(t.name,b)

    def _props(self, b):
        p=pybullet; c=self._client
        p.changeDynamics(b,-1,linearDamping=0,angularDamping=0,lateralFriction=FRICTION,spinningFriction=P['spin'],rollingFriction=P['roll'],frictionAnchor=P['anchor'],physicsClientId=c)
        if P['stiff']: p.changeDynamics(b,-1,contactStiffness=P['stiff'],contactDamping=P['damp'],physicsClientId=c)

    def _box(self, half, pos, color):
        p=pybullet; c=self._client
        s = p.createCollisionShape(p.GEOM_BOX, halfExtents=half, physicsClientId=c)
        v = p.createVisualShape(p.GEOM_BOX, halfExtents=half, rgbaColor=[*color,1], physicsClientId=c)
        b = p.createMultiBody(0, s, v, pos, physicsClientId=c)
        self._props(b)

    def step(self, q: Vector, qd: Vector) -> None:
        p=pybullet
        lag = q - qd*self._dt
        ql = lag.tolist(); ql.append(ql[-1])
        qdl = qd.tolist(); qdl.append(qdl[-1])
        if P['ff']:
            s = p.getJointStates(self._arm, self._driven, physicsClientId=self._client)
            qq=[x[0] for x in s]
            tau = p.calculateInverseDynamics(self._arm, qq, [0.]*8, [0.]*8, physicsClientId=self._client)
            p.setJointMotorControlArray(self._arm, self._driven, p.TORQUE_CONTROL, forces=tau, physicsClientId=self._client)
        p.setJointMotorControlArray(self._arm, self._driven, p.POSITION_CONTROL, ql, qdl, self._forces, self._kp, self._kd, physicsClientId=self._client)
        p.stepSimulation(physicsClientId=self._client)

    def joints(self) -> tuple[Vector, Vector]:
        s = pybullet.getJointStates(self._arm, self._joints, physicsClientId=self._client)
        return np.array([x[0] for x in s]), np.array([x[1] for x in s])

    def objects(self):
        out={}
        for n,b in self._ids.items():
            pos,(x,y,z,w)=pybullet.getBasePositionAndOrientation(b,physicsClientId=self._client)
            out[n]=(np.array(pos),np.array([w,x,y,z]))
        return out

    def render(self, camera: Camera) -> NDArray[np.uint8]:
        p = pybullet
        view = p.computeViewMatrix(camera.eye, camera.target, (0,0,1))
        proj = p.computeProjectionMatrixFOV(camera.fov, camera.width/camera.height, .05, 10)
        im = p.getCameraImage(camera.width, camera.height, view, proj, shadow=1, lightDirection=(.6,-1.4,2.2), renderer=p.ER_TINY_RENDERER, physicsClientId=self._client)
        return np.reshape(np.asarray(im[2],dtype=np.uint8), (camera.height,camera.width,4))[:,:,:3]

    def close(self):
        if self._client>=0: pybullet.disconnect(self._client); self._client=-1
