"""How a driver obeys: in the one loop, over a simulated arm, without ROS 2."""

from dataclasses import replace

import numpy as np
import pytest

from hardware.follow import NEAR, Follow
from hardware.gate import Order
from robot.estimate import Estimator
from robot.loop import Stack, run
from robot.mode import Mode
from robot.safety import Supervisor
from robot.specs import UR5E
from robot.types import Observation, vector

DT, N = UR5E.dt, len(UR5E.joints)
LIMIT = round(UR5E.timeout / DT)  # ticks


class Perfect:
    """An arm that is where it was sent, and remembers where that was."""

    spec = UR5E

    def __init__(self, ticks: int) -> None:
        self.ticks, self.sent = ticks, [UR5E.home]

    def now(self) -> float:
        return len(self.sent) * DT

    def wait(self) -> bool:
        return len(self.sent) <= self.ticks

    def read(self) -> Observation:
        q = self.sent[-1]
        return Observation(self.now(), self.now(), len(self.sent), q, vector(np.zeros(N)))

    def write(self, command) -> None:
        self.sent.append(command.target)

    def close(self) -> None: ...


def sweep(tick: int) -> Order:
    """The first joint, accelerating gently, then as fast as it got."""
    t, ramp = tick * DT, 0.5
    way = 0.5 * t**2 if t < ramp else 0.5 * ramp**2 + ramp * (t - ramp)
    q, qd = UR5E.home.copy(), np.zeros(N)
    q[0] += way
    qd[0] = min(t, ramp)
    return Order("stack", 1 + tick, UR5E.joints, tuple(q.tolist()), tuple(qd.tolist()))


def drive(orders: dict[int, Order], ticks: int, at=lambda tick, follow: None):
    """What an arm does that gets `orders` before the ticks that they stand for."""
    supervisor = Supervisor(UR5E)
    follow, robot, reasons = Follow(UR5E, supervisor), Perfect(ticks), []
    mode = Mode(supervisor)
    mode.engage()

    def hear():
        tick = len(robot.sent) - 1
        if tick in orders:
            follow.take(orders[tick], robot.now())
        at(tick, follow)
        return follow.tend(robot.now())

    run(
        Stack(
            robot=robot,
            planner=follow,
            skills={"follow": follow, "hold": follow},
            supervisor=supervisor,
            mode=mode,
            estimator=Estimator(UR5E),
            hear=hear,
            record=lambda tick: reasons.append(supervisor.reason),
        )
    )
    q = np.array(robot.sent)
    assert np.abs(np.diff(q, axis=0)).max() <= UR5E.velocity.max() * DT * 1.000001
    assert (np.abs(np.diff(q, 2, axis=0)) <= UR5E.acceleration * DT**2 * 1.000001).all()
    assert (np.abs(np.diff(q, 3, axis=0)) <= UR5E.jerk * DT**3 * 1.000001).all()
    return follow, q, reasons


def test_it_follows_what_comes_each_tick():
    follow, q, reasons = drive({t: sweep(t) for t in range(200)}, 200)
    assert not any(reasons)
    assert q[-1][0] == pytest.approx(sweep(199).q[0], abs=1e-9)
    assert follow.counts["ticks without a command"] == 0


def test_it_goes_on_over_a_gap_and_is_where_it_would_have_been():
    orders = {t: sweep(t) for t in range(200) if t % 7 not in (3, 4)}
    follow, q, reasons = drive(orders, 200)
    assert not any(reasons)
    assert q[-1][0] == pytest.approx(sweep(199).q[0], abs=2e-4)
    assert follow.counts["ticks without a command"] > 50


def test_without_commands_it_stops_and_says_so():
    orders = {t: sweep(t) for t in range(100)}
    _, q, reasons = drive(orders, 200)
    stopped = next(i for i, reason in enumerate(reasons) if reason)
    assert "no command for 0.1" in reasons[stopped]
    assert 0 < stopped - 99 - LIMIT <= 2
    assert not np.diff(q[-50:], axis=0).any()


def test_it_moves_for_nobody_before_the_first_command():
    _, q, reasons = drive({}, 20)
    assert reasons[-1] == "no command yet" and (q == UR5E.home).all()


def test_a_stop_counts_at_once_and_the_next_command_must_join():
    stop = replace(sweep(100), points=0)
    far = Order("stack", 500, UR5E.joints, tuple((UR5E.home + 3 * NEAR).tolist()), (0.0,) * N)
    orders = {t: sweep(t) for t in range(100)} | {100: stop, 180: far}
    follow, q, reasons = drive(orders, 240)
    assert reasons[100] == "stopped by order"
    assert follow.counts["far from the pose"] > 0
    assert not np.diff(q[-50:], axis=0).any()


def test_after_a_stop_it_goes_on_from_where_it_is():
    rest = drive({t: sweep(t) for t in range(100)}, 180)[1][-1]
    there = Order("stack", 500, UR5E.joints, tuple(rest.tolist()), (0.0,) * N)
    further = [replace(there, stamp=501 + i) for i in range(20)]
    orders = {t: sweep(t) for t in range(100)} | {180 + i: o for i, o in enumerate(further)}
    _, q, reasons = drive(orders, 200)
    assert reasons[-1] == "" and np.abs(q[-1] - rest).max() < 1e-9


def test_mis_shaped_and_old_orders_are_counted_and_not_followed():
    bad = replace(sweep(11), q=(0.0,))
    orders = {t: sweep(t) for t in range(20)} | {10: sweep(5), 11: bad}
    follow, _, reasons = drive(orders, 20)
    assert (follow.counts["mis-shaped"], follow.counts["out of order"]) == (1, 1)
    assert not any(reasons)


def test_a_driver_that_ends_stops_first():
    def leave(tick, follow):
        follow.unwanted = "the driver ends" if tick > 100 else ""

    _, q, reasons = drive({t: sweep(t) for t in range(200)}, 200, leave)
    assert reasons[-1] == "the driver ends" and not np.diff(q[-30:], axis=0).any()
