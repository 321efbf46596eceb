"""PushT's world, against gym-pusht itself, and through the loop."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from robot.pusht import GOALS, PIXEL, PUSHT, coverage, fix_of, observation, pose_of, target
from robot.types import Command, JointMode, Reference, State

pytest.importorskip("gym_pusht.envs.pusht", reason="the PushT world is an extra")

from benchmark.pusht_replay import DATASETS, errors, load, replay
from gym_pusht.envs.pusht import PushTEnv

from sim.pusht import CAMERA, PushT, PushTConfig

GOAL = GOALS["center"]
DATA = Path(os.environ.get("COURTSIDE_DATA", "shared/data")) / "pusht"
START = np.array([200.0, 100.0, 300.0, 250.0, 2.0])


def order(pixels, expiry=PUSHT.timeout):
    return Command(0.0, 0, 1, target(pixels), (JointMode.POSITION,) * 2, expiry)


def seen(world):
    """The world's observation (5,) [px, rad]."""
    obs = world.read()
    reference = Reference(obs.q, obs.qd, obs.qd)
    return observation(State(obs.time, 0.0, obs.seq, obs.q, obs.qd, reference, obs.fixes))


def wishes(seed, n):
    """A jumpy policy's actions (n, 2) [px]."""
    return np.random.default_rng(seed).uniform(0, 512, (n, 2))


@pytest.mark.parametrize("seed", [0, 1, 100000])
def test_every_step_is_gym_pushts(seed):
    env = PushTEnv(obs_type="state")
    expected, _ = env.reset(seed=seed)
    world = PushT(seed)
    assert world.wait()
    np.testing.assert_allclose(seen(world), expected, rtol=0, atol=1e-9)
    for wish in wishes(seed, 100):
        world.write(order(wish))
        assert world.wait()
        expected, _, _, _, info = env.step(target(wish) * PIXEL)
        np.testing.assert_allclose(seen(world), expected, rtol=0, atol=1e-9)
        assert (world.read().q == info["pos_agent"] / PIXEL).all()  # to the last bit
        assert (world.read().qd == info["vel_agent"] / PIXEL).all()
        ours = coverage(pose_of(world.read().fixes["T"]), GOAL)
        assert ours == pytest.approx(info["coverage"], abs=1e-9)
    env.close()
    world.close()


def test_a_world_keeps_the_robots_contract():
    world = PushT(config=PushTConfig(duration=0.5))
    assert world.spec is PUSHT
    with pytest.raises(RuntimeError, match="wait comes before read"):
        world.read()
    numbers = []
    while world.wait():
        obs = world.read()
        assert obs is world.read()
        assert obs.time == obs.received == world.now() == obs.fixes["T"].time
        assert not obs.q.flags.writeable and not obs.qd.flags.writeable and not obs.images
        assert set(obs.fixes) == {"T", "goal"}
        np.testing.assert_allclose(pose_of(obs.fixes["goal"]), GOAL, atol=1e-12)
        numbers.append(obs.seq)
    assert numbers == list(range(6))  # the start, and 0.5 s of steps
    world.close()
    world.close()
    assert not world.wait()
    with pytest.raises(RuntimeError, match="closed"):
        _ = world.env


def test_an_episode_is_300_steps_unless_it_is_said_otherwise():
    world = PushT()
    count = 0
    while world.wait():
        count += 1
    assert count == 301 and world.now() == pytest.approx(30)
    world.close()


def test_nothing_moves_before_the_first_command():
    world = PushT(START)
    for _ in range(4):
        world.wait()
        np.testing.assert_allclose(seen(world), START, rtol=0, atol=1e-9)
    world.close()


def test_the_same_start_and_commands_give_the_same_bits():
    def run(start):
        world = PushT(start)
        world.wait()
        rows = [seen(world)]
        for wish in wishes(7, 60):
            world.write(order(wish))
            world.wait()
            rows.append(seen(world))
        world.close()
        return np.array(rows)

    for start in (3, START):
        assert (run(start) == run(start)).all()
    assert not (run(3) == run(4)).all()


def test_a_start_is_left_as_it_was():
    start = START.copy()
    PushT(start).close()
    assert (start == START).all()


def test_an_expired_command_holds_the_agent_where_it_is():
    world = PushT(START)
    world.wait()
    world.write(order([450.0, 100.0]))
    way = []
    for _ in range(15):
        world.wait()
        way.append(float(seen(world)[0]))
    assert START[0] + 100 < way[1]  # for the 0.2 s of its validity it went on
    assert max(way) < 450 - 50  # and then no longer
    assert way[-1] == pytest.approx(way[1], abs=0.5)  # but came back to where that was
    world.write(order([450.0, 100.0]))  # a new one is followed again
    for _ in range(2):
        world.wait()
    assert seen(world)[0] > way[-1] + 50
    world.close()


def test_a_command_that_is_born_expired_moves_nothing():
    world = PushT(START)
    world.wait()
    world.write(order([450.0, 100.0], expiry=0.0))
    world.wait()
    np.testing.assert_allclose(seen(world), START, rtol=0, atol=1e-9)
    world.close()


@pytest.mark.parametrize("goal", GOALS.values(), ids=GOALS.keys())
def test_the_camera_sees_the_right_goal(goal):
    config = PushTConfig(goal, cameras=(CAMERA,), frame_size=512)
    world = PushT(START, config)
    for _ in range(2):
        world.wait()
        pixels = world.read().images[CAMERA].pixels
        assert pixels.shape == (512, 512, 3) and pixels.dtype == np.uint8
        row, column = np.argwhere((pixels == (144, 238, 144)).all(2)).mean(0)  # light green
        shown = fix_of(0.0, goal).position[:2] * PIXEL
        assert math.hypot(*(np.array([column, row]) - shown)) < 30
        x, y = START[:2].astype(int)
        assert pixels[y, x, 2] > 200 > pixels[y, x, 0]  # the agent, blue
    world.close()


def test_the_size_of_frames_is_as_asked():
    world = PushT(0, PushTConfig(cameras=(CAMERA,), frame_size=96))
    world.wait()
    assert world.read().images[CAMERA].pixels.shape == (96, 96, 3)
    world.close()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"goal": (256.0, 256.0, 0.8)}, r"goal must be .* within 0 to 0.512 .* such as \(0.256"),
        ({"goal": (0.2, 0.2, math.nan)}, "goal must be"),
        ({"goal": (0.2, 0.2)}, "goal must be"),
        ({"cameras": ("side",)}, "unknown camera 'side'; valid is scene"),
        ({"duration": 0.0}, "must be positive"),
        ({"speed": math.nan}, "must be positive"),
    ],
)
def test_a_bad_config_is_said(config, message):
    with pytest.raises(ValueError, match=message):
        PushTConfig(**config)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (-1, "a seed of 0 or more"),
        ([1.0, 2.0, 3.0], "five finite numbers"),
        ([1.0, 2.0, 3.0, 4.0, math.nan], "five finite numbers"),
        ([0.2, 0.1, 300.0, 700.0, 2.0], "within 0 to 512 px"),
    ],
)
def test_a_bad_start_is_said(start, message):
    with pytest.raises(ValueError, match=message):
        PushT(start)


def test_it_keeps_quiet():
    code = "from sim.pusht import PushT; w = PushT(0); w.wait(); w.close()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


# Through the loop and the Supervisor.


def test_a_smooth_motion_passes_untouched():
    time = np.arange(100) * PUSHT.dt
    around = np.column_stack([np.cos(time), np.sin(time)])
    actions = 256 + 180 * around
    start = np.array([*actions[0], 256.0, 256.0, 1.0])
    ticks = replay(start, actions)
    assert len(ticks) == 101
    assert {reason for tick in ticks for reason in tick.verdict.reasons} == set()
    sent = np.array([tick.verdict.command.target for tick in ticks[:-1]])
    np.testing.assert_array_equal(sent * PIXEL, target(actions) * PIXEL)
    np.testing.assert_allclose(observation(ticks[0].state), start, rtol=0, atol=1e-9)
    agent = np.array([observation(tick.state)[:2] for tick in ticks])
    behind = np.linalg.norm(agent[1:] - actions, axis=1)
    assert 0 < behind[1:].max() < 30  # it follows


def test_what_no_hand_did_is_limited():
    corners = np.array([[0.0, 0.0], [512.0, 512.0]])
    ticks = replay(START, np.tile(corners, (5, 1)))
    assert any("limited" in reason for tick in ticks for reason in tick.verdict.reasons)
    q = np.array([tick.verdict.command.target for tick in ticks])
    assert (np.abs(np.diff(q, axis=0)) <= PUSHT.velocity * PUSHT.dt + 1e-9).all()
    assert (q >= PUSHT.lower - 1e-9).all() and (q <= PUSHT.upper + 1e-9).all()


@pytest.mark.skipif(not DATA.is_dir(), reason="COURTSIDE_DATA/pusht has the demonstrations")
@pytest.mark.parametrize(("name", "goal"), DATASETS.items())
def test_demonstrations_replay_untouched(name, goal):
    for states, actions in load(DATA / f"{name}.npz")[:4]:
        ticks = replay(states[0], actions, goal)
        assert {reason for tick in ticks for reason in tick.verdict.reasons} == set()
        assert errors(ticks, states).max() < 0.01
