"""Block push: the frames, the judge, and the world in both engines."""

from math import pi
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from robot.pushing import (
    BLOCKS,
    PUSHER,
    STEP,
    TARGETS,
    Judge,
    assignment,
    blocks_of,
    frame_of,
    inside,
    observation,
    target,
    targets_of,
)
from robot.safety import Supervisor
from robot.types import Command, JointMode, Reference, State, vector
from sim.blockpush import BlockPush, BlockPushConfig
from sim.blockpush_parts import LAG, random_start
from sim.envs import BlockPushEnv

ENGINES = ["mujoco", "pybullet"]
DATA = Path(__file__).parents[2] / "shared/data/blockpush/blockpush_replayed_obs16.npz"
MODES = (JointMode.POSITION,) * 2
STILL = vector([0.0, 0.0])

# A first frame, and a last one: both blocks where the other's target is.
FIRST = [
    0.41,
    -0.14,
    1.85,
    0.31,
    -0.27,
    2.88,
    0.3,
    -0.4,
    0.3,
    -0.4,
    0.52,
    0.2,
    0.08,
    0.28,
    0.2,
    0.0,
]
LAST = [0.29, 0.18, 2.1, 0.5, 0.17, 0.3, 0.5, 0.14, 0.5, 0.14, 0.52, 0.2, 0.08, 0.28, 0.2, 0.0]


def moved(frame, **blocks):
    """`frame` with blocks elsewhere: `first=(x, y)` or `second=(x, y)`."""
    frame = np.array(frame, dtype=np.float64)
    for at, name in ((0, "first"), (3, "second")):
        if name in blocks:
            frame[at : at + 2] = blocks[name]
    return frame


def send(world, wanted):
    world.write(Command(world.now(), 0, 0, vector(wanted), MODES, PUSHER.timeout))


def state_of(world, reference):
    obs = world.read()
    moving = Reference(vector(reference), STILL, STILL)
    return State(obs.time, 0.0, obs.seq, obs.q, obs.qd, moving, obs.fixes)


def push_through(world, steps=30, action=(0.0, 0.02)):
    """Frames of so many equal actions."""
    world.wait()
    wanted, frames = world.start[8:10], []
    for _ in range(steps):
        wanted = target(action, wanted)
        send(world, wanted)
        world.wait()
        frames.append(observation(state_of(world, wanted)))
    return np.array(frames)


# --- frames and judgement -------------------------------------------------------------------------


def test_a_frame_is_sixteen_finite_numbers():
    for wrong in (FIRST[:15], [*FIRST[:15], np.nan], np.zeros((2, 8))):
        with pytest.raises(ValueError, match="16 finite numbers"):
            frame_of(wrong)
    assert blocks_of(frame_of(FIRST))[1].tolist() == FIRST[3:6]
    assert targets_of(frame_of(FIRST))[0].tolist() == FIRST[10:13]


def test_a_block_is_in_a_target_within_five_centimetres():
    assert inside(FIRST) == (None, None) and assignment(FIRST) is None
    assert inside(LAST) == (1, 0) and assignment(LAST) == 1
    assert assignment(moved(LAST, first=(0.5, 0.17), second=(0.29, 0.18))) == 0
    assert inside(moved(LAST, first=(0.28, 0.1501))) == (1, 0)
    assert inside(moved(LAST, first=(0.28, 0.1499))) == (None, 0)
    both_in_one = moved(LAST, first=(0.5, 0.2), second=(0.54, 0.2))
    assert inside(both_in_one) == (0, 0) and assignment(both_in_one) is None


def test_the_judge_remembers_who_entered_first_and_where():
    judge = Judge()
    judge.see(0.0, FIRST)
    assert judge.order is None and judge.assignment is None and not judge.success
    assert judge.result(LAST) == 0.0
    judge.see(1.0, moved(FIRST, second=(0.5, 0.17)))
    assert judge.order == 1 and judge.result(LAST) == 0.5 and not judge.success
    judge.see(2.0, LAST)
    judge.see(3.0, LAST)
    assert judge.success and judge.success_time == 2.0 and judge.assignment == 1
    assert judge.order == 1 and judge.result(LAST) == 1.0
    assert judge.entered == {(1, 0): 1.0, (0, 1): 2.0}
    judge.see(4.0, FIRST)  # what has been reached stays reached
    assert judge.success and judge.result(LAST) == 1.0
    other = moved(LAST, first=(0.5, 0.17), second=(0.29, 0.18))
    assert judge.result(other) == 0.0
    with pytest.raises(ValueError, match="no block in a target"):
        judge.result(FIRST)


def test_a_state_without_the_objects_has_no_frame():
    state = State(0.0, 0.0, 0, STILL, STILL, Reference(STILL, STILL, STILL))
    with pytest.raises(LookupError, match="no red block"):
        observation(state)


# --- the world ------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_tick_is_the_start(engine):
    world = BlockPush(FIRST, BlockPushConfig(engine))
    with pytest.raises(RuntimeError, match="wait"):
        world.read()
    assert world.wait() and world.now() == 0.0
    frame = observation(state_of(world, FIRST[8:10]))
    assert np.abs(frame - FIRST).max() < 1e-6
    assert set(world.read().fixes) == {*BLOCKS, *TARGETS}
    assert not world.read().q.flags.writeable
    world.close()
    world.close()
    assert not world.wait()
    with pytest.raises(RuntimeError, match="closed"):
        _ = world.engine


@pytest.mark.parametrize("engine", ENGINES)
def test_the_effector_trails_its_target_by_the_lag(engine):
    frames = push_through(BlockPush(FIRST, BlockPushConfig(engine)), 5)
    trail = frames[:, 8:10] - frames[:, 6:8]
    assert trail[1:] == pytest.approx(np.tile([0.0, 0.02 * LAG / 0.1], (4, 1)), abs=2e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_sent_too_long_ago_is_not_followed(engine):
    world = BlockPush(FIRST, BlockPushConfig(engine, duration=1.0))
    world.wait()
    send(world, [0.33, -0.4])
    places = []
    while world.wait():
        places.append(world.read().q)
    assert len(places) == 10
    assert places[-1] == pytest.approx([0.33, -0.4], abs=1e-5)  # reached, and held


@pytest.mark.parametrize("engine", ENGINES)
def test_a_push_through_the_middle_moves_a_block_without_tipping_it(engine):
    start = moved(FIRST, first=(0.45, -0.1), second=(0.3, -0.35))
    start[5] = pi / 2  # square to the push
    world = BlockPush(start, BlockPushConfig(engine))
    frames = push_through(world, 5)
    assert blocks_of(frames[-1])[1, 1] > -0.29
    gap = blocks_of(frames[-1])[1, :2] - frames[-1, 6:8]
    assert np.hypot(*gap) == pytest.approx(0.026, abs=0.001)  # in touch, as in the demonstrations
    block = world.read().fixes[BLOCKS[1]]
    assert block.position[2] == pytest.approx(0.02, abs=5e-4)
    assert np.abs(blocks_of(frames[-1])[0] - start[:3]).max() < 1e-4  # the other one stays
    world.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_seed_gives_the_same_world_again(engine):
    runs = [push_through(BlockPush(5, BlockPushConfig(engine))) for _ in range(2)]
    assert np.array_equal(*runs)
    other = push_through(BlockPush(6, BlockPushConfig(engine)), 1)
    assert not np.allclose(other[0], runs[0][0])


def test_random_starts_are_those_of_the_demonstrations():
    starts = np.array([random_start(np.random.default_rng(seed)) for seed in range(300)])
    low, high = starts.min(axis=0), starts.max(axis=0)
    assert (low[[0, 3]] >= 0.3).all() and (high[[0, 3]] <= 0.5).all()
    assert (low[[1, 4]] >= -0.35).all() and (high[[1, 4]] <= -0.05).all()
    assert (low[[2, 5, 12, 15]] >= 0).all() and (high[[2, 5, 12, 15]] < pi).all()
    assert np.abs(starts[:, 0] - starts[:, 3]).min() > 0.1
    assert np.abs(starts[:, 10] - starts[:, 13]).min() >= 0.23
    assert 0.3 < (starts[:, 10] < starts[:, 13]).mean() < 0.7
    if not DATA.is_file():
        return
    with np.load(DATA) as data:
        ends = data["episode_ends"]
        seen = data["obs"][np.concatenate([[0], ends[:-1]])]
    free = [0, 1, 2, 3, 4, 5, 10, 11, 13, 14]  # the effector is at home
    assert np.abs(seen.min(axis=0) - low)[free].max() < 0.02
    assert np.abs(seen.max(axis=0) - high)[free].max() < 0.02


@pytest.mark.parametrize("engine", ENGINES)
def test_the_camera_sees_the_blocks(engine):
    world = BlockPush(FIRST, BlockPushConfig(engine, cameras=("scene",)))
    world.wait()
    pixels = world.read().images["scene"].pixels
    world.close()
    assert pixels.shape == (480, 640, 3) and pixels.dtype == np.uint8
    red, green, blue = np.moveaxis(pixels.astype(int), 2, 0)
    assert ((red > 1.8 * green) & (red > 1.8 * blue)).sum() > 200
    assert (blue > 1.3 * red).sum() > 200


def test_wrong_use_is_said():
    with pytest.raises(ValueError, match="valid are mujoco, pybullet"):
        BlockPush(0, BlockPushConfig("gazebo"))
    with pytest.raises(ValueError, match="16 finite numbers"):
        BlockPush(FIRST[:10])
    with pytest.raises(ValueError, match="16 finite numbers"):
        BlockPush([np.nan] * 16)
    with pytest.raises(ValueError, match="0 or more"):
        BlockPush(-1)
    with pytest.raises(ValueError, match="effector must start within"):
        BlockPush([*FIRST[:6], 0.0, 0.0, 0.0, 0.0, *FIRST[10:]])
    with pytest.raises(ValueError, match="valid are scene"):
        BlockPushConfig(cameras=("wrist",))
    with pytest.raises(ValueError, match="positive"):
        BlockPushConfig(substeps=0)


# --- the demonstrations ---------------------------------------------------------------------------


@pytest.mark.skipif(not DATA.is_file(), reason="the demonstrations are not here")
def test_demonstrations_are_in_this_layout_and_within_the_limits():
    with np.load(DATA) as data:
        seen, moves, ends = (data[key] for key in ("obs", "action", "episode_ends"))
    seen, moves = seen.astype(np.float64), moves.astype(np.float64)
    starts = np.concatenate([[0], ends[:-1]])
    assert all(assignment(frame) is not None for frame in seen[ends - 1])
    assert all(assignment(frame) is None for frame in seen[ends - 2])
    for start, end in list(zip(starts, ends, strict=True))[::40]:
        supervisor = Supervisor(PUSHER)
        supervisor.reset(vector(seen[start, 8:10]))
        wanted = seen[start, 8:10]
        for k in range(start, end - 1):
            q = vector(seen[k, 6:8])
            state = State(0.1 * k, 0.0, k, q, STILL, supervisor.reference)
            wanted = target(moves[k], wanted)
            proposed = Command(state.time, k, 0, wanted, MODES, PUSHER.timeout)
            assert supervisor.filter(state, proposed).reasons == ()
            assert wanted == pytest.approx(seen[k + 1, 8:10], abs=1e-6)


def test_any_steps_of_three_centimetres_are_within_the_limits():
    rng = np.random.default_rng(0)
    supervisor = Supervisor(PUSHER)
    q = vector([0.42, 0.0])
    supervisor.reset(q)
    for k in range(400):
        action = rng.choice([-STEP, 0.0, STEP], 2)
        action[np.abs(q + action - [0.42, 0.0]) > 0.2] = 0.0
        state = State(0.1 * k, 0.0, k, q, STILL, supervisor.reference)
        proposed = Command(state.time, k, 0, target(action, q), MODES, PUSHER.timeout)
        verdict = supervisor.filter(state, proposed)
        assert verdict.reasons == ()
        q = verdict.command.target


# --- Gymnasium ------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_gymnasiums_own_checker(engine):
    env = gymnasium.make("sim.envs:courtside/BlockPush-v0", engine=engine).unwrapped
    check_env(env, skip_render_check=True)
    env.close()
    env.close()


def test_the_environment_rewards_both_blocks_in_place():
    env = BlockPushEnv(render_mode="rgb_array")
    start = moved(LAST, second=(0.52, 0.145))
    start[6:10] = [0.52, 0.117, 0.52, 0.117]
    start[5] = 0.0
    frame, info = env.reset(seed=0, options={"start": start})
    assert frame == pytest.approx(start, abs=1e-6) and not info["is_success"]
    frame, reward, terminated, _, info = env.step(np.array([0.0, 0.02]))
    assert reward == 1 and terminated and info["is_success"] and info["assignment"] == 1
    assert info["reasons"] == () and env.render().shape == (480, 640, 3)
    env.reset(seed=1)
    _, _, _, _, info = env.step(np.array([0.2, 0.0]))
    assert info["reasons"]
    env.close()
    with pytest.raises(RuntimeError, match="reset"):
        BlockPushEnv().step(np.zeros(2))
