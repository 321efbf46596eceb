"""Messages to records and back, without a node."""

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from sensor_msgs.msg import CompressedImage, JointState
from std_msgs.msg import Int16MultiArray

from hardware import convert
from hardware.outputs import Output
from hardware.robot_file import Channel
from robot.specs import UR5E
from robot.tennis import TENNIS
from robot.types import Command, Fix, Image, JointMode, vector

EPOCH = 1_800_000_000_123_456_789  # [ns]
N = len(UR5E.joints)


def command(mode=JointMode.POSITION, **other) -> Command:
    values = {"modes": (mode,) * N, "feedforward": vector(np.arange(N) / 10)} | other
    return Command(1.0, 1, 1, UR5E.home, values["modes"], 0.1, values["feedforward"])


def test_stamps_are_exact():
    assert convert.nanoseconds(convert.to_stamp(EPOCH)) == EPOCH


def test_a_command_survives_the_wire():
    message = convert.to_trajectory(EPOCH, "me", UR5E.joints, command(), UR5E.dt)
    order = convert.order(message)
    assert (order.commander, order.stamp, order.joints) == ("me", EPOCH, UR5E.joints)
    assert order.q == tuple(UR5E.home.tolist()) and order.qd[3] == 0.3
    assert message.points[0].time_from_start.nanosec == round(UR5E.dt * 1e9)


def test_sound_is_what_a_microphone_would_give():
    message = Int16MultiArray(data=[0, 1, -32768, 32767])
    assert np.frombuffer(convert.to_samples(message), "<i2").tolist() == [0, 1, -32768, 32767]


def test_speeds_are_sent_without_positions():
    message = convert.to_trajectory(1, "me", UR5E.joints, command(JointMode.VELOCITY), UR5E.dt)
    assert convert.order(message).q == ()
    assert convert.order(message).qd == tuple(UR5E.home.tolist())


def test_what_cannot_be_sent_is_refused():
    mixed = (JointMode.VELOCITY,) + (JointMode.POSITION,) * (N - 1)
    for unsuited in (command(modes=mixed), command(JointMode.EFFORT), command(feedforward=None)):
        with pytest.raises(ValueError, match="over ROS 2"):
            convert.to_trajectory(1, "me", UR5E.joints, unsuited, UR5E.dt)


def test_a_stop_has_no_point():
    order = convert.order(convert.to_stop(3, "me"))
    assert (order.points, order.stamp, order.commander) == (0, 3, "me")


def test_joints_come_in_any_order_and_in_parts():
    joints = convert.Joints(UR5E.joints)
    names = list(UR5E.joints)
    first = JointState(name=names[:0:-1], position=[1.0] * 6, velocity=[0.1] * 6)
    assert joints.take(first, 5.0) == "" and joints.missing == [names[0]]
    q0 = JointState(name=[names[0], "someone else's"], position=[2.0, 9.0], velocity=[0.2, 9.0])
    assert joints.take(q0, 6.0) == "" and not joints.missing
    assert joints.q.tolist() == [2.0] + [1.0] * 6 and joints.qd[0] == 0.2
    assert joints.received == 5.0  # the oldest part
    assert "2 names, 1 positions" in joints.take(JointState(name=names[:2], position=[0.0]), 7.0)


def test_objects_and_quaternions_survive_the_wire():
    turn = vector([0.5, -0.5, 0.1, 0.7])  # wxyz
    fix = Fix(1.0, vector([1, 2, 3]), turn, vector([0.04, 0.05, 0.06]))
    message = convert.to_markers({"red block": EPOCH}, {"red block": fix})
    pose = message.markers[0].pose.orientation
    assert [pose.x, pose.y, pose.z, pose.w] == [-0.5, 0.1, 0.7, 0.5]
    [(stamp, name, back)] = convert.fixes(message)
    assert (stamp, name) == (EPOCH, "red block")
    for part in ("position", "quaternion", "size"):
        assert (getattr(back, part) == getattr(fix, part)).all()


def test_what_is_no_box_is_no_object():
    message = convert.to_markers({}, {})
    message.markers.append(convert.Marker(type=convert.Marker.SPHERE, ns="ball"))
    message.markers.append(convert.Marker(type=convert.Marker.CUBE, ns=""))
    assert convert.fixes(message) == []


def test_a_ball_survives_the_wire():
    fix = convert.ball(convert.to_point(EPOCH, vector([0.1, -0.2, 0.3])), 2.0)
    assert fix.time == 2.0 and fix.position.tolist() == [0.1, -0.2, 0.3]


def test_what_is_gone_is_deleted_and_nothing_else():
    fix = Fix(1.0, vector([0.1, 0.2, 0.3]), vector([1, 0, 0, 0]), vector([0.04] * 3))
    message = convert.to_markers({"red block": 5}, {"red block": fix}, {"blue bowl"})
    assert convert.gone(message) == ["blue bowl"]
    assert [name for _, name, _ in convert.fixes(message)] == ["red block"]


def test_pictures():
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, :32] = (200, 30, 10)
    back = convert.image(convert.to_image(1, "scene", Image(0.0, pixels)), 3.0)
    assert back.time == 3.0 and back.pixels.shape == (48, 64, 3)
    assert np.abs(back.pixels[20, 10].astype(int) - (200, 30, 10)).max() < 12
    for junk in (b"", b"junk"):
        with pytest.raises(ValueError, match="not a picture"):
            convert.image(CompressedImage(data=junk), 0.0)


def test_diagnostics():
    status = convert.to_status("courtside: x", "no power", {"stale": 3}, armed=False)
    assert status.message == "no power" and convert.values(status) == {
        "armed": "False",
        "stale": "3",
    }
    assert convert.to_status("x", "", {}).level == convert.DiagnosticStatus.OK


def test_clocks_that_agree_are_believed():
    clock = convert.Clock()
    late = 80_000_000  # [ns] the first message was under way
    assert clock.time(EPOCH, 10.0, EPOCH + late) == pytest.approx(9.92, abs=1e-6)
    assert clock.time(EPOCH + 10**9, 11.0, EPOCH + 10**9 + 10**6) == pytest.approx(10.92, abs=1e-6)


def test_clocks_that_do_not_are_told_apart_by_the_quickest_message():
    clock = convert.Clock()
    far = EPOCH + 100 * 10**9
    assert clock.time(EPOCH, 10.0, far) == pytest.approx(10.0, abs=1e-6)
    assert clock.time(EPOCH + 10**9, 10.9, far) == pytest.approx(10.9, abs=1e-6)  # quicker
    assert clock.time(EPOCH + 2 * 10**9, 12.0, far) == pytest.approx(11.9, abs=1e-6)


@pytest.mark.parametrize("jump", [3600, -3600])
def test_a_clock_that_jumps_is_followed(jump):
    clock = convert.Clock()
    clock.time(EPOCH, 10.0, EPOCH)
    moved = EPOCH + (jump + 1) * 10**9
    assert clock.time(moved, 11.0, EPOCH + 10**9) == pytest.approx(11.0, abs=1e-6)


def order_of(spec, q=True):
    places = tuple(map(float, range(len(spec.joints))))
    return convert.Order("me", 7, spec.joints, places if q else (), (1.0,) * len(places))


def test_each_controller_gets_its_joints_in_its_way():
    arm, grip = UR5E.joints[5::-1], UR5E.joints[6:]
    order = order_of(UR5E)
    sent = Output(Channel("trajectory", "/arm", arm), UR5E).message(order)
    assert sent.joint_names == list(arm)
    # where it will be a period later, in two periods, from now on
    assert sent.points[0].positions[0] == pytest.approx(5.0 + 1.0 * UR5E.dt)
    assert sent.points[0].time_from_start.nanosec == round(2 * UR5E.dt * 1e9)
    assert sent.header.stamp.sec == 0
    assert list(Output(Channel("positions", "/g", grip), UR5E).message(order).data) == [6.0]
    own = Output(Channel("courtside", "/c", UR5E.joints), UR5E).message(order)
    assert convert.order(own) == order
    speeds = Output(Channel("velocities", "/v", TENNIS.joints), TENNIS)
    assert list(speeds.message(order_of(TENNIS, q=False)).data) == [1.0] * 8
    with pytest.raises(ValueError, match="takes positions"):
        Output(Channel("positions", "/v", TENNIS.joints), TENNIS).message(order_of(TENNIS, False))


def test_each_controller_is_stopped_in_its_way():
    stop = convert.order(convert.to_stop(1, "me"))
    for kind in ("courtside", "trajectory"):
        out = Output(Channel(kind, "/c", UR5E.joints), UR5E)
        assert not out.message(stop).points and not out.stop().points
    assert list(Output(Channel("velocities", "/v", TENNIS.joints), TENNIS).stop().data) == [0] * 8
    assert Output(Channel("positions", "/p", UR5E.joints), UR5E).stop() is None
