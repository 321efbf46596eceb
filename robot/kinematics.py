"""Where the tool is, and which joints put it there, from the robot's description."""

# pyright: reportAttributeAccessIssue=false
# (MuJoCo comes without types.)

from functools import cached_property, lru_cache
from itertools import product

import mujoco
import numpy as np

from robot.geometry import rotation_vector
from robot.specs import DESCRIPTIONS
from robot.types import RobotSpec, Vector

TOOL = "tool_link"
FINGERS = ("finger_joint", "right_finger_joint")
STEP = 0.4  # [rad] the most a joint moves in one iteration
DAMPING = 1e-4  # of the least squares, relative to a unit Jacobian


@lru_cache(maxsize=4)
def _model(description: str) -> mujoco.MjModel:
    return mujoco.MjSpec.from_file(str(DESCRIPTIONS / description)).compile()


def _shape(kind: int, size: Vector) -> tuple[Vector, float]:
    """Points (k, 3) [m] and a radius [m] whose balls have the hull of a primitive shape."""
    capsule, cylinder, box = (
        int(getattr(mujoco.mjtGeom, f"mjGEOM_{name}")) for name in ("CAPSULE", "CYLINDER", "BOX")
    )
    if kind == capsule:
        return np.array([[0.0, 0.0, -size[1]], [0.0, 0.0, size[1]]]), float(size[0])
    if kind == cylinder:
        turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        rim = size[0] * np.column_stack((np.cos(turn), np.sin(turn)))
        return np.array([[*xy, z] for xy in rim for z in (-size[1], size[1])]), 0.0
    if kind == box:
        return np.array(list(product(*((-half, half) for half in size)))), 0.0
    raise ValueError(f"the description has a shape of type {kind}, which is no box or cylinder")


class Kinematics:
    """Forward and inverse kinematics of the joints in `spec.groups["arm"]`, for one thread."""

    def __init__(self, spec: RobotSpec) -> None:
        self.arm = spec.groups["arm"]
        self._model = _model(spec.description)
        self._data = mujoco.MjData(self._model)
        names = {self._model.joint(index).name for index in range(self._model.njnt)}
        joints = [self._model.joint(name) for name in spec.joints[self.arm]]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._dof = np.array([joint.dofadr[0] for joint in joints])
        self._tool = self._model.body(TOOL).id
        self._lower, self._upper = spec.lower[self.arm], spec.upper[self.arm]
        self._jacobian = np.zeros((6, self._model.nv))
        self._fingers = [self._model.joint(name).qposadr[0] for name in FINGERS if name in names]

    def forward(self, q: Vector) -> tuple[Vector, Vector]:
        """p_world_tool (3,) [m] and R_world_tool (3, 3) at arm joints `q` (m,) [rad]."""
        self._data.qpos[self._qpos] = q
        mujoco.mj_kinematics(self._model, self._data)
        return (
            self._data.xpos[self._tool].copy(),
            self._data.xmat[self._tool].reshape(3, 3).copy(),
        )

    @cached_property
    def _shapes(self) -> list[tuple[int, tuple[Vector, float]]]:
        """The description's solids, by their number."""
        model = self._model
        collide = [geom for geom in range(model.ngeom) if model.geom_group[geom] == 0]
        return [(geom, _shape(model.geom_type[geom], model.geom_size[geom])) for geom in collide]

    def solids(self, q: Vector, finger: float) -> list[tuple[Vector, float]]:
        """The arm's solids at arm joints `q` (m,) [rad] and `finger` [m]: of each, points (k, 3)
        [m] of the world and a radius [m]; it is the hull of balls of that radius around them."""
        self._data.qpos[self._fingers] = finger
        self.forward(q)
        found = []
        for geom, (points, radius) in self._shapes:
            rotation = self._data.geom_xmat[geom].reshape(3, 3)
            found.append((self._data.geom_xpos[geom] + points @ rotation.T, radius))
        return found

    def jacobian(self, q: Vector) -> Vector:
        """(6, m): tool velocity [m/s] over turning rate [rad/s], world frame, a joint rate."""
        self.forward(q)
        return self._jacobian_here()

    def _jacobian_here(self) -> Vector:
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_jacBody(
            self._model, self._data, self._jacobian[:3], self._jacobian[3:], self._tool
        )
        return self._jacobian[:, self._dof]

    def inverse(
        self,
        position: Vector,
        rotation: Vector,
        seed: Vector,
        tolerance: float = 1e-6,
        iterations: int = 60,
    ) -> Vector | None:
        """Arm joints (m,) [rad] near `seed` that put the tool at a pose, or None.

        Damped least squares (Nakamura and Hanafusa 1986; Wampler 1986), joints kept in limits.
        `position` (3,) [m], `rotation` R_world_tool (3, 3); `tolerance` [m and rad].
        """
        q = np.array(seed, dtype=np.float64)
        error = np.empty(6)
        for _ in range(iterations):
            p, r = self.forward(q)
            error[:3] = position - p
            error[3:] = rotation_vector(rotation @ r.T)
            if float(np.abs(error).max()) < tolerance:
                # The last bits depend on how arrays lie in memory; without them, runs repeat.
                return np.round(q, 9)
            jacobian = self._jacobian_here()
            square = jacobian @ jacobian.T
            square.flat[::7] += DAMPING * min(1.0, float(error @ error))
            step = jacobian.T @ np.linalg.solve(square, error)
            step *= min(1.0, STEP / float(np.abs(step).max()))
            q = np.clip(q + step, self._lower, self._upper)
        return None
