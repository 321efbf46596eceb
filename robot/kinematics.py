"""Where the tool is, and which joints put it there, from the robot's description."""

# pyright: reportAttributeAccessIssue=false
# (MuJoCo comes without types.)

from functools import lru_cache

import mujoco
import numpy as np

from robot.geometry import rotation_vector
from robot.specs import DESCRIPTIONS
from robot.types import RobotSpec, Vector

TOOL = "tool_link"
STEP = 0.4  # [rad] the most a joint moves in one iteration
DAMPING = 1e-4  # of the least squares, relative to a unit Jacobian


@lru_cache(maxsize=4)
def _model(description: str) -> mujoco.MjModel:
    return mujoco.MjSpec.from_file(str(DESCRIPTIONS / description)).compile()


class Kinematics:
    """Forward and inverse kinematics of the joints in `spec.groups["arm"]`, for one thread."""

    def __init__(self, spec: RobotSpec) -> None:
        self.arm = spec.groups["arm"]
        self._model = _model(spec.description)
        self._data = mujoco.MjData(self._model)
        joints = [self._model.joint(name) for name in spec.joints[self.arm]]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._dof = np.array([joint.dofadr[0] for joint in joints])
        self._tool = self._model.body(TOOL).id
        self._lower, self._upper = spec.lower[self.arm], spec.upper[self.arm]
        self._jacobian = np.zeros((6, self._model.nv))

    def forward(self, q: Vector) -> tuple[Vector, Vector]:
        """p_world_tool (3,) [m] and R_world_tool (3, 3) at arm joints `q` (m,) [rad]."""
        self._data.qpos[self._qpos] = q
        mujoco.mj_kinematics(self._model, self._data)
        return (
            self._data.xpos[self._tool].copy(),
            self._data.xmat[self._tool].reshape(3, 3).copy(),
        )

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
