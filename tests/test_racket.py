"""The racket's kinematics, against MuJoCo's of the same description."""

import mujoco
import numpy as np

from robot.racket import rackets
from robot.tennis import TENNIS
from sim.tennis.model import build


def test_place_and_jacobian_are_those_of_mujoco():
    model = build().compile()
    data = mujoco.MjData(model)
    joint, body = model.joint("near slide_y"), model.body("near tool_link").id
    where, dof = joint.qposadr[0], joint.dofadr[0]
    q = np.random.default_rng(0).uniform(TENNIS.lower, TENNIS.upper, (50, 8))
    poses, jacobians = rackets(q)
    for i in range(50):
        data.qpos[where : where + 8] = q[i]
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        linear, angular = np.empty((3, model.nv)), np.empty((3, model.nv))
        mujoco.mj_jac(model, data, linear, angular, data.xpos[body], body)
        np.testing.assert_allclose(poses[i, 0], data.xpos[body], atol=1e-12)
        np.testing.assert_allclose(poses[i, 1:].T, data.xmat[body].reshape(3, 3), atol=1e-12)
        wanted = np.vstack((linear, angular))[:, dof : dof + 8]
        np.testing.assert_allclose(jacobians[i], wanted, atol=1e-12)
