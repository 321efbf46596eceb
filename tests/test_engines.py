"""The arm's kinematics, and what both physics engines make of the tabletop."""

import ctypes
from collections.abc import Iterator
from itertools import product
from math import ceil, hypot, pi

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruckig import InputParameter, Ruckig, Trajectory

from robot.camera import Pinhole
from robot.geometry import matrix_of, rotation_vector, tool_down, yaw_quaternion
from robot.kinematics import Kinematics
from robot.specs import UR5E
from robot.table import BLOCK, BOWL_HEIGHT, BOWL_RADIUS, X_BOUNDS, Y_BOUNDS, Z_BOUNDS
from sim.engine import CAMERAS, Engine
from sim.mujoco_engine import MujocoEngine
from sim.pybullet_engine import PybulletEngine
from sim.scene import SceneObject
from sim.shapes import FRICTION
from sim.tabletop import make_engine

DT, GRAVITY = 0.002, 9.81
OPEN, SHUT = float(UR5E.upper[6]), 0.0
STILL = np.zeros(7)
ANGLES = st.lists(st.floats(-pi, pi), min_size=6, max_size=6).map(np.array)
REACH = 0.25  # [m] height up to which the tool can point down over all of the table
TRACKING = {"mujoco": 0.010, "pybullet": 0.001}  # [rad] at the arm's full speed
SLIP = {"mujoco": 5e-3, "pybullet": 2e-4}  # [m] of a block in the fingers, shaken
KINEMATICS = Kinematics(UR5E)


@pytest.fixture(params=["mujoco", "pybullet"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


class Arm:
    """An engine, and a hand that leads its arm."""

    def __init__(self, name: str, *scene: SceneObject) -> None:
        self.engine: Engine = make_engine(name, UR5E, scene, DT)
        self.q = np.array(UR5E.home)

    def hold(self, duration: float) -> Iterator[None]:
        for _ in range(round(duration / DT)):
            self.engine.step(self.q, STILL)
            yield

    def move(self, target: np.ndarray, speed: float = 1.0) -> Iterator[None]:
        """Jerk-limited, at a share of the arm's limits."""
        order = InputParameter(7)
        order.current_position, order.target_position = list(self.q), list(target)
        order.max_velocity = list(UR5E.velocity * speed)
        order.max_acceleration = list(UR5E.acceleration * speed)
        order.max_jerk = list(UR5E.jerk * speed)
        trajectory = Trajectory(7)
        Ruckig(7).calculate(order, trajectory)
        for step in range(1, ceil(trajectory.duration / DT) + 1):
            q, qd, _ = trajectory.at_time(min(step * DT, trajectory.duration))
            self.q = np.array(q)
            self.engine.step(self.q, np.array(qd))
            yield

    def reach(self, x, y, z, yaw=0.0, speed=1.0) -> Iterator[None]:
        q = KINEMATICS.inverse(np.array([x, y, z]), tool_down(yaw), self.q[:6])
        assert q is not None
        yield from self.move(np.append(q, self.q[6]), speed)

    def grip(self, finger: float) -> Iterator[None]:
        yield from self.move(np.append(self.q[:6], finger))
        yield from self.hold(0.1)

    def pick(self, x, y, yaw=0.0, lift=0.17) -> Iterator[None]:
        yield from self.grip(OPEN)
        yield from self.reach(x, y, 0.12, yaw)
        yield from self.reach(x, y, BLOCK / 2, yaw, speed=0.3)
        yield from self.grip(SHUT)
        yield from self.reach(x, y, lift, yaw)

    def position(self, thing: str = "red block") -> np.ndarray:
        return self.engine.objects()[thing][0]

    def in_tool(self, thing: str = "red block") -> np.ndarray:
        """Where `thing` is, as the tool sees it."""
        p, r = KINEMATICS.forward(self.engine.joints()[0][:6])
        return r.T @ (self.position(thing) - p)


def run(motion: Iterator[None]) -> None:
    for _ in motion:
        pass


def red(x=0.1, y=-0.45, yaw=0.0) -> SceneObject:
    return SceneObject("red", "block", x, y, yaw)


def put(engine: Engine, thing: str, position: list[float], yaw: float = 0.0) -> None:
    """Set a block somewhere, at rest; the only place where a block moves without physics."""
    quaternion = yaw_quaternion(yaw)
    if isinstance(engine, MujocoEngine):
        model, data = engine._model, engine._data
        joint = model.body(thing).jntadr[0]
        start, dof = model.jnt_qposadr[joint], model.jnt_dofadr[joint]
        data.qpos[start : start + 7] = [*position, *quaternion]
        data.qvel[dof : dof + 6] = 0
    else:
        assert isinstance(engine, PybulletEngine)
        body = engine._bodies[thing]
        xyzw = [*quaternion[1:], quaternion[0]]
        engine._client.resetBasePositionAndOrientation(body, position, xyzw)
        engine._client.resetBaseVelocity(body, (0, 0, 0), (0, 0, 0))


def tool_of(engine: Engine) -> tuple[np.ndarray, np.ndarray]:
    """p_world_tool and R_world_tool by the engine's own reckoning."""
    if isinstance(engine, MujocoEngine):
        mujoco.mj_kinematics(engine._model, engine._data)
        tool = engine._data.body("tool_link")
        return tool.xpos.copy(), tool.xmat.reshape(3, 3).copy()
    assert isinstance(engine, PybulletEngine)
    client = engine._client
    link = [client.getJointInfo(engine._arm, i)[12] for i in range(11)].index(b"tool_link")
    state = client.getLinkState(engine._arm, link, computeForwardKinematics=True)
    x, y, z, w = state[5]
    return np.array(state[4]), matrix_of([w, x, y, z])


def dh(theta: float, d: float, a: float, alpha: float) -> np.ndarray:
    c, s, ca, sa = np.cos(theta), np.sin(theta), np.cos(alpha), np.sin(alpha)
    return np.array(
        [[c, -s * ca, s * sa, a * c], [s, c * ca, -c * sa, a * s], [0, sa, ca, d], [0, 0, 0, 1]]
    )


def by_dh(q: np.ndarray) -> np.ndarray:
    """T_world_tool of a UR5e with a tool 0.145 m beyond its flange."""
    pose = np.eye(4)
    for theta, d, a, alpha in zip(
        q,
        (0.1625, 0, 0, 0.1333, 0.0997, 0.0996 + 0.145),
        (0, -0.425, -0.3922, 0, 0, 0),
        (pi / 2, 0, 0, pi / 2, -pi / 2, 0),
        strict=True,
    ):
        pose = pose @ dh(theta, d, a, alpha)
    return pose


@settings(max_examples=50, deadline=None)
@given(ANGLES)
def test_forward_kinematics_are_those_of_the_dh_table(q):
    position, rotation = KINEMATICS.forward(q)
    pose = by_dh(q)
    np.testing.assert_allclose(position, pose[:3, 3], atol=1e-9)
    np.testing.assert_allclose(rotation, pose[:3, :3], atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(ANGLES)
def test_jacobian_is_the_derivative_of_the_pose(q):
    jacobian, step = KINEMATICS.jacobian(q), 1e-6
    for joint in range(6):
        way = step * np.eye(6)[joint]
        (p0, r0), (p1, r1) = KINEMATICS.forward(q - way), KINEMATICS.forward(q + way)
        rates = np.append(p1 - p0, rotation_vector(r1 @ r0.T)) / (2 * step)
        np.testing.assert_allclose(jacobian[:, joint], rates, atol=1e-7)


def test_inverse_kinematics_reach_the_workspace():
    rng = np.random.default_rng(0)
    bounds = np.array([X_BOUNDS, Y_BOUNDS, (Z_BOUNDS[0], REACH)])
    points = [*product(*bounds), *rng.uniform(*bounds.T, size=(100, 3))]
    for point in points:
        position, rotation = np.array(point), tool_down(rng.uniform(-pi / 2, pi / 2))
        q = KINEMATICS.inverse(position, rotation, UR5E.home[:6])
        assert q is not None, point
        assert np.all((UR5E.lower[:6] <= q) & (q <= UR5E.upper[:6]))
        p, r = KINEMATICS.forward(q)
        np.testing.assert_allclose(p, position, atol=2e-6)
        assert np.linalg.norm(rotation_vector(rotation @ r.T)) < 2e-6


def test_inverse_kinematics_say_when_out_of_reach():
    assert KINEMATICS.inverse(np.array([0, -2.0, 0.2]), tool_down(0), UR5E.home[:6]) is None


def test_starts_at_home_and_stays(name):
    arm = Arm(name)
    np.testing.assert_allclose(arm.engine.joints()[0], UR5E.home, atol=1e-9)
    run(arm.hold(1.0))
    q, qd = arm.engine.joints()
    np.testing.assert_allclose(q, UR5E.home, atol=1e-4)
    np.testing.assert_allclose(qd, 0, atol=1e-4)


def test_engine_and_kinematics_agree_where_the_tool_is(name):
    arm, rng = Arm(name), np.random.default_rng(1)
    for _ in range(4):
        p, r = KINEMATICS.forward(arm.engine.joints()[0][:6])
        position, rotation = tool_of(arm.engine)
        np.testing.assert_allclose(position, p, atol=1e-6)
        np.testing.assert_allclose(rotation, r, atol=1e-6)
        run(arm.move(UR5E.home + np.append(rng.uniform(-0.5, 0.5, 6), -0.02)))


def test_engines_share_masses():
    """Joint-space inertia and weights; MuJoCo's rotors, which PyBullet lacks, aside."""
    a, b = MujocoEngine(UR5E, (), DT), PybulletEngine(UR5E, (), DT)
    model, data = a._model, a._data
    q = UR5E.home + np.append(np.linspace(-0.4, 0.6, 6), -0.02)
    other = model.joint("right_finger_joint")
    data.qpos[[*a._qpos, other.qposadr[0]]] = positions = [*q, q[6]]
    dofs = [*a._dof, other.dofadr[0]]
    mujoco.mj_forward(model, data)
    inertia = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, inertia)
    inertia = (inertia - np.diag(model.dof_armature))[np.ix_(dofs, dofs)]
    np.testing.assert_allclose(b._client.calculateMassMatrix(b._arm, positions), inertia, atol=1e-9)
    weights = b._client.calculateInverseDynamics(b._arm, positions, [0.0] * 8, [0.0] * 8)
    np.testing.assert_allclose(weights, data.qfrc_bias[dofs], atol=1e-9)


def test_follows_a_reference(name):
    arm, rng, worst = Arm(name), np.random.default_rng(2), np.zeros(7)
    for _ in range(3):
        target = UR5E.home + np.append(rng.uniform(-0.8, 0.8, 6), -rng.uniform(0, OPEN))
        for _ in arm.move(target):
            worst = np.maximum(worst, np.abs(arm.engine.joints()[0] - arm.q))
    assert worst[:6].max() < TRACKING[name]
    assert worst[6] < 5e-4
    run(arm.hold(0.5))
    np.testing.assert_allclose(arm.engine.joints()[0], arm.q, atol=1e-4)


def test_block_falls_and_rests(name):
    arm = Arm(name, red(0.25, -0.3))
    put(arm.engine, "red block", [0.25, -0.3, 0.27])
    run(arm.hold(0.2))
    assert 0.27 - arm.position()[2] == pytest.approx(GRAVITY * 0.2**2 / 2, abs=3e-3)
    run(arm.hold(0.8))
    settled = arm.position()
    assert settled[2] == pytest.approx(BLOCK / 2, abs=1e-3)
    run(arm.hold(0.5))
    np.testing.assert_allclose(arm.position(), settled, atol=1e-5)


def test_objects_are_where_the_scene_says(name):
    bowl = SceneObject("blue", "bowl", -0.1, -0.4, 0.7)
    poses = make_engine(name, UR5E, (red(yaw=0.5), bowl), DT).objects()
    assert list(poses) == ["red block", "blue bowl"]
    for thing, place in ((red(yaw=0.5), [0.1, -0.45, 0.02]), (bowl, [-0.1, -0.4, 0.0225])):
        position, quaternion = poses[thing.name]
        np.testing.assert_allclose(position, place, atol=1e-9)
        np.testing.assert_allclose(quaternion, yaw_quaternion(thing.yaw), atol=1e-9)


def test_block_dropped_in_a_bowl_stays_there(name):
    bowl = SceneObject("blue", "bowl", -0.2, -0.3)
    arm = Arm(name, red(0.2, -0.3), bowl)
    put(arm.engine, "red block", [-0.185, -0.31, 0.1], yaw=0.4)
    run(arm.hold(1.0))
    settled = arm.position()
    assert hypot(settled[0] - bowl.x, settled[1] - bowl.y) < BOWL_RADIUS - BLOCK / 2
    assert 0.02 < settled[2] < 0.04
    run(arm.hold(0.5))
    np.testing.assert_allclose(arm.position(), settled, atol=1e-4)
    np.testing.assert_allclose(arm.position("blue bowl"), [-0.2, -0.3, 0.0225], atol=1e-9)


def test_pybullet_bowl_is_closed_all_around():
    engine = PybulletEngine(UR5E, (SceneObject("blue", "bowl", -0.1, -0.4, 0.3),), DT)
    middle = np.array([-0.1, -0.4, BOWL_HEIGHT / 2])
    angles = np.linspace(0, 2 * pi, 64, endpoint=False)
    ways = np.column_stack([np.cos(angles), np.sin(angles), 0 * angles])
    hits = engine._client.rayTestBatch([list(middle)] * 64, (middle + 0.1 * ways).tolist())
    radii = [np.linalg.norm(np.array(hit[3]) - middle) for hit in hits]
    assert min(radii) > 0.05 and max(radii) < BOWL_RADIUS


@pytest.mark.parametrize("share, slides", [(0.9, False), (1.3, True)])
def test_friction_is_coulombs(name, share, slides):
    """A block stays under a sideways pull of 0.9 of its friction, and slides under one of 1.3.

    (About as fast as it should: friction of 1 also begins to tip a cube.)
    """
    arm = Arm(name, red())
    run(arm.hold(0.2))
    start, pull = arm.position(), share * FRICTION * GRAVITY
    if isinstance(arm.engine, MujocoEngine):
        arm.engine._model.opt.gravity[:] = pull, 0, -GRAVITY
    else:
        arm.engine._client.setGravity(pull, 0, -GRAVITY)
    run(arm.hold(0.2))
    way = (arm.position() - start)[0]
    expected = 0.3 * FRICTION * GRAVITY * 0.2**2 / 2 if slides else 0.0
    assert way == pytest.approx(expected, rel=0.2, abs=1e-4)


@pytest.mark.parametrize("offset", [0.0, 0.006])
def test_friction_carries_a_block_and_lets_it_go(name, offset):
    yaw = 0.3
    arm = Arm(name, red(yaw=yaw))
    run(arm.pick(0.1 + offset * np.cos(yaw), -0.45 + offset * np.sin(yaw), yaw))
    held = arm.in_tool()
    assert arm.position()[2] == pytest.approx(0.17, abs=3e-3)
    assert abs(held[0]) < 1e-3  # the fingers stay symmetric: the block comes to their middle
    assert arm.engine.joints()[0][6] == pytest.approx(BLOCK / 2, abs=5e-4)
    slip = 0.0
    for x in (-0.25, 0.2, -0.05):  # shaken, at up to 1 m/s
        for _ in arm.reach(x, -0.5, 0.2, yaw):
            slip = max(slip, float(np.linalg.norm(arm.in_tool() - held)))
    for _ in arm.hold(2.0):
        slip = max(slip, float(np.linalg.norm(arm.in_tool() - held)))
    assert slip < SLIP[name]
    assert np.linalg.norm(arm.in_tool()) < 5e-3 + offset
    run(arm.grip(OPEN))
    run(arm.hold(0.5))
    assert arm.position()[2] == pytest.approx(BLOCK / 2, abs=1e-3)


def test_gripper_that_misses_lifts_nothing(name):
    arm = Arm(name, red())
    run(arm.pick(0.19, -0.45))
    np.testing.assert_allclose(arm.position(), [0.1, -0.45, BLOCK / 2], atol=1e-3)
    assert arm.engine.joints()[0][6] < 1e-3


def test_tower_that_the_arm_built_stands(name):
    places = {"blue": (0.0, -0.55), "green": (-0.15, -0.4), "red": (0.15, -0.4)}
    arm = Arm(name, *(SceneObject(color, "block", *xy) for color, xy in places.items()))
    x, y = places["blue"]
    for level, color in enumerate(("green", "red"), start=1):
        run(arm.pick(*places[color]))
        run(arm.reach(x, y, 0.2))
        run(arm.reach(x, y, BLOCK * (level + 0.5) + 1e-3, speed=0.3))
        run(arm.grip(OPEN))
        run(arm.reach(x, y, 0.25, speed=0.5))
    built = {color: arm.position(f"{color} block") for color in places}
    run(arm.hold(2.0))
    for color, height in (("blue", 0.02), ("green", 0.06), ("red", 0.10)):
        np.testing.assert_allclose(built[color], [x, y, height], atol=3e-3)
        np.testing.assert_allclose(arm.position(f"{color} block"), built[color], atol=1e-4)


def test_worlds_in_one_process_do_not_disturb_each_other(name):
    alone, first, second = Arm(name, red()), Arm(name, red()), Arm(name)
    run(alone.pick(0.1, -0.45))
    for _ in first.pick(0.1, -0.45):
        second.engine.step(UR5E.home, STILL)
    np.testing.assert_array_equal(alone.engine.joints(), first.engine.joints())
    np.testing.assert_array_equal(alone.position(), first.position())
    np.testing.assert_allclose(second.engine.joints()[0], UR5E.home, atol=1e-4)


def test_closing_is_final_and_may_be_repeated():
    first = PybulletEngine(UR5E, (), DT)
    first.step(UR5E.home, STILL)
    first.close()
    first.close()
    second = PybulletEngine(UR5E, (), DT)  # may get the number of the first
    with pytest.raises(Exception, match="Not connected"):
        first.step(UR5E.home, STILL)
    second.close()


def test_engines_leave_standard_output_alone(name, capfd):
    arm = Arm(name, red(), SceneObject("blue", "bowl", -0.1, -0.4))
    run(arm.hold(0.01))
    arm.engine.close()
    ctypes.CDLL(None).fflush(None)
    assert capfd.readouterr().out == ""


DOWN = Pinhole.looking((0.19, -0.31, 0.8), (0.19, -0.31, 0.0), 12.0, 80, 60)
ROLLED = Pinhole.looking((0.0, -0.05, -0.1), (0.0, 0.0, 0.2), 70.0, 200, 150).carried(
    np.array([0.15, -0.35, 0.3]), tool_down(0.7)
)


@pytest.mark.parametrize(
    "camera", [CAMERAS["scene"], DOWN, ROLLED], ids=["scene", "down", "rolled"]
)
def test_what_is_drawn_is_where_the_camera_projects_it(name, camera):
    place = np.array([0.2, -0.3, BLOCK / 2])
    engine = make_engine(name, UR5E, (red(0.2, -0.3),), DT)
    frame = engine.render(camera, shadows=False)
    engine.close()
    assert frame.shape == (camera.height, camera.width, 3)
    assert frame.dtype == np.uint8
    r, g, b = np.moveaxis(frame.astype(int), 2, 0)
    rows, columns = np.nonzero((r > 2 * g) & (r > 2 * b))
    turned = np.array([columns.mean(), rows.mean()])
    assert turned == pytest.approx(camera.project(place), abs=2)
