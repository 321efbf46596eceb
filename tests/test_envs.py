"""The Gymnasium view passes Gymnasium's own checker, and is the same physics."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from sim.envs import TabletopEnv


@pytest.mark.parametrize("engine", ["mujoco", "pybullet"])
def test_gymnasiums_own_checker(engine):
    env = gymnasium.make("sim.envs:courtside/Tabletop-v0", engine=engine).unwrapped
    check_env(env, skip_render_check=True)
    env.close()
    env.close()


@pytest.mark.parametrize("engine", ["mujoco", "pybullet"])
def test_rendering(engine):
    env = gymnasium.make("sim.envs:courtside/Tabletop-v0", engine=engine, render_mode="rgb_array")
    assert env.render_mode == "rgb_array"
    env.reset(seed=0)
    image = env.render()
    assert image.shape == (480, 640, 3) and image.dtype == np.uint8
    assert image.std() > 20
    env.close()


def test_actions_pass_the_supervisor():
    env = TabletopEnv()
    obs, _ = env.reset(seed=0)
    far = np.array(env.action_space.high)
    before = obs["q"]
    for _ in range(10):
        obs, reward, terminated, _, info = env.step(far)
    assert info["reasons"] and not terminated and reward == 0
    assert np.abs(obs["q"] - before).max() < 0.05
    _, _, _, _, info = env.step(np.full(7, np.nan))
    assert info["stopped"]
    env.close()


def test_wrong_use_is_said():
    with pytest.raises(ValueError, match="at least one block"):
        TabletopEnv(blocks=0)
    with pytest.raises(RuntimeError, match="reset"):
        TabletopEnv().step(np.zeros(7))
