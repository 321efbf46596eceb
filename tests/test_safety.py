"""The Supervisor: what it lets through, limits and stops for, and that nothing makes it fail."""

from math import inf, nan, pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from ruckig import InputParameter, Result, Ruckig, Trajectory

from robot.joint import Joint, zero
from robot.safety import SafetyConfig, Supervisor
from robot.types import Command, JointMode, RobotSpec, State, vector

N, DT = 7, 0.008
HOME = vector([0.0, -1.5, 1.5, -1.5, -1.5, 0.0, 0.04])
ARM = {  # much like a UR5e with a gripper
    "name": "arm",
    "joints": ("base", "shoulder", "elbow", "wrist_1", "wrist_2", "wrist_3", "finger"),
    "dt": DT,
    "lower": vector([-2 * pi, -2 * pi, -pi, *[-2 * pi] * 3, 0.0]),
    "upper": vector([2 * pi, 2 * pi, pi, *[2 * pi] * 3, 0.085]),
    "velocity": vector([3.14] * 6 + [0.15]),
    "acceleration": vector([8.0] * 3 + [10.0] * 3 + [1.0]),
    "jerk": vector([80.0] * 3 + [100.0] * 3 + [20.0]),
    "home": HOME,
    "modes": frozenset({JointMode.POSITION, JointMode.VELOCITY}),
    "groups": {"arm": slice(0, 6), "gripper": slice(6, 7)},
}
SPEC = RobotSpec(**ARM)
PATIENT = SafetyConfig(limited_for=1e9, tracking=1e9)
PLACES, SPEEDS = (JointMode.POSITION,) * N, (JointMode.VELOCITY,) * N
AXES = np.eye(N)


def moderate(qd):
    """Are these velocities, and their differences, within the limits?"""
    rates = qd, np.diff(qd, axis=0) / DT, np.diff(qd, 2, axis=0) / DT**2
    limits = SPEC.velocity, SPEC.acceleration, SPEC.jerk
    return all((np.abs(x) <= y * (1 + 1e-6)).all() for x, y in zip(rates, limits, strict=True))


class Rig:
    """A Supervisor, the ticks it has been through, and what it has sent to a perfect robot."""

    def __init__(self, config=PATIENT, q=HOME, armed=True, **changes):
        self.supervisor = Supervisor(RobotSpec(**ARM | changes), config)
        self.k, self.sent = 0, [q]
        if armed:
            self.supervisor.reset(vector(q))

    def offer(self, seen, **changes):
        """A sound state and command but for what is in `seen` and `changes`."""
        now, ref = self.k * DT, self.supervisor.reference
        state = State(now, 0.0, self.k, ref.q, ref.qd, ref)
        command = Command(now, self.k, 1, HOME, PLACES, 0.1)
        for record, values in ((state, seen), (command, changes)):
            for name, value in values.items():
                object.__setattr__(record, name, value)
        return state, command

    def tick(self, target, seen=(), **changes):
        self.k += 1
        return self.send(*self.offer(dict(seen), target=vector(target), **changes))

    def send(self, state, proposed):
        verdict = self.supervisor.filter(state, proposed)
        self.sent.append(verdict.command.target)
        return verdict

    def still(self):
        return not np.any([self.supervisor.reference.qd, self.supervisor.reference.qdd])

    def check(self):
        """All that was sent is within the limits, by its own backward differences."""
        q, margin = np.array([self.sent[0]] * 3 + self.sent), 1e-6 * (SPEC.upper - SPEC.lower)
        assert (q >= np.minimum(SPEC.lower - margin, q[0])).all()
        assert (q <= np.maximum(SPEC.upper + margin, q[0])).all()
        assert moderate(np.diff(q, axis=0) / DT)


def planned(start, end, share=1.0):
    """The quickest way from rest to rest, sampled at the ticks."""
    ask, path = InputParameter(N), Trajectory(N)
    ask.current_position, ask.target_position = start, end
    for name in ("velocity", "acceleration", "jerk"):
        setattr(ask, f"max_{name}", list(ARM[name] * share))
    assert Ruckig(N).calculate(ask, path) == Result.Working
    ticks = range(1, int(path.duration / DT) + 3)
    return [np.array(path.at_time(min(k * DT, path.duration))[0]) for k in ticks]


@given(*[st.floats(0.1, 10), st.floats(0.3, 30), st.floats(3, 5000)], *[st.floats(-1, 1)] * 2,
       st.sampled_from([0.001, 0.002, 0.008, 0.02]))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_braking_is_exact(speed, acceleration, jerk, v, a, dt):
    limits = {"velocity": speed, "acceleration": acceleration, "jerk": jerk, "home": 0.0}
    spec = RobotSpec(**ARM | {name: vector([x]) for name, x in limits.items()} | {"dt": dt})
    joint = Joint(spec, 0, True)
    joint.v, joint.a = v * joint.v_max, a * joint.a_max
    distance = joint.stop(joint.v, joint.a)
    assert joint.stop(joint.v + joint.jerk / 3, joint.a) >= distance  # as `zero` needs it
    if abs(joint.release(joint.v, joint.a)) <= joint.v_max:
        assert abs(distance) <= joint.upper - joint.inner[1]
    while abs(joint.v) > 1e-15 or abs(joint.a) > 1e-15:
        before, left = joint.a, joint.stop(joint.v, joint.a)
        joint.brake()
        assert abs(joint.a) <= joint.a_max * (1 + 1e-12)
        assert abs(joint.a - before) <= joint.jerk * (1 + 1e-12)
        assert left == pytest.approx(joint.v + joint.stop(joint.v, joint.a), abs=1e-9)
    assert joint.q == pytest.approx(distance, abs=1e-9)


def test_plans_within_the_limits_pass_bit_by_bit():
    rng = np.random.default_rng(1)
    for trial in range(25):
        start, end = rng.uniform(SPEC.lower, SPEC.upper, (2, N))
        rig = Rig(SafetyConfig(), SPEC.lower if trial % 3 == 0 else start)
        for k, q in enumerate(planned(rig.sent[0], SPEC.upper if trial % 3 == 1 else end), 1):
            verdict = rig.tick(q, goal_id=3)
            command = verdict.command
            assert command.target.tobytes() == q.tobytes() and command.modes == PLACES
            assert (command.time, command.seq, command.goal_id) == (k * DT, k, 3)
            assert not verdict.reasons and command.expiry == SPEC.timeout
        assert not command.target.flags.writeable
        rig.check()


def test_zero_of_what_is_too_steep_is_found_from_below():
    assert 0.29 < zero(lambda x: -1.0 if x < 0.3 else 1.0, 0.0, 1.0, 1e-12) < 0.3


@pytest.mark.parametrize("size", [1e-4, 1e-3, 1e-2, 0.1, 1.0, 3.0])
def test_a_step_is_approached_in_the_least_time_without_overshoot(size):
    rig, aim = Rig(), HOME + size * np.array([1, -1, 0.5, 1, -1, 1, 0])
    for _ in range(len(planned(HOME, aim)) + 3):
        rig.tick(aim)
    assert (rig.sent[-1] == aim).all()
    assert ((np.array(rig.sent) - aim) * np.sign(aim - HOME)).max() < 1e-6
    rig.check()


def test_reasons_name_joint_and_limit():
    for limit, size in (("velocity", 1.0), ("acceleration", 0.01), ("jerk", 3e-4)):
        assert Rig().tick(HOME + size * AXES[2]).reasons == (f"{limit} of elbow limited",)
    rig = Rig(q=HOME + (pi - 1.5) * AXES[2])
    assert rig.tick(rig.sent[0] + 3e-5 * AXES[2]).reasons == ("position of elbow limited",)
    rig = Rig()  # at an acceleration that leads to too high a velocity
    while (now := rig.supervisor.reference).qd[0] < 2.95:
        rig.tick(HOME + 6 * AXES[0])
    assert rig.tick(now.q + (now.qd + now.qdd * DT) * DT).reasons == ("velocity of base limited",)


KINDS = "hold bang far jump near edge ride repeat halt".split()


@given(st.integers(0, 2**32), st.lists(st.sampled_from(KINDS), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_limits_hold_whatever_is_proposed(seed, kinds):
    rng, rig, aim, jerk = np.random.default_rng(seed), Rig(), HOME, np.zeros(N)
    for kind in kinds:
        for tick in range(int(rng.integers(1, 60))):
            now = rig.supervisor.reference
            if kind == "jump" or (kind == "edge" and tick == 0):
                aim = rng.uniform(SPEC.lower, SPEC.upper)
            elif kind == "bang" and tick % 20 == 0:
                aim = np.where(rng.random(N) < 0.5, SPEC.lower, SPEC.upper)
            elif kind == "far":
                aim = rng.choice([-1, 1], N) * rng.choice([1, 1e3, 1e300])
            elif kind == "near":
                aim = now.q + rng.normal(size=N) * rng.choice([1e-6, 1e-4, 1e-3])
            elif kind == "edge":
                aim = np.where(rng.random() < 0.9, SPEC.upper, aim) + rng.normal(size=N) * 1e-5
            elif kind == "ride":  # at full jerk, for as long as it is let through
                jerk = rng.choice([-1, 0, 1], N) * SPEC.jerk if tick % 9 == 0 else jerk
                qdd = np.clip(now.qdd + jerk * DT, -SPEC.acceleration, SPEC.acceleration)
                aim = now.q + (now.qd + qdd * DT) * DT
            verdict = rig.tick(aim, seq=0 if kind == "repeat" and tick else rig.k + 1)
            if kind == "halt" and tick == 0:
                rig.supervisor.halt("told to")
            elif verdict.stopped:
                assert rig.supervisor.rearm() == rig.still()
    rig.check()


def test_speeds_are_limited_alike():
    rng, rig, wish = np.random.default_rng(2), Rig(), np.zeros(N)
    sent = [wish] * 3
    for k in range(1500):
        if k % 97 == 0:
            wish = rng.uniform(-1.2, 1.2, N) * SPEC.velocity * rng.choice([1e-3, 0.1, 1, 1e307])
        if k in (700, 710):
            rig.supervisor.halt("told to")
        verdict = rig.tick(wish, modes=SPEEDS)
        sent.append(verdict.command.target)
        assert verdict.reasons or sent[-1].tobytes() == wish.tobytes()
        assert not rig.supervisor.stopped or rig.supervisor.rearm() == rig.still()
    q, qd = rig.supervisor.reference.q, np.array(sent)
    assert ((q > SPEC.lower - 1e-6) & (q < SPEC.upper + 1e-6)).all() and moderate(qd)


@pytest.mark.parametrize("size", [1e-3, 0.1, 1.0, 3.0])
def test_a_speed_is_approached_in_the_least_time_where_the_arm_is(size):
    rig, wish, where = Rig(), size * AXES[0], HOME + AXES[0]
    least = 2 * (size / 80) ** 0.5 if size < 0.8 else size / 8 + 0.1
    for _ in range(int(least / DT) + 2):
        speed = rig.tick(wish, {"q": where}, modes=SPEEDS).command.target
        assert (speed <= wish + 1e-12).all()
        assert rig.supervisor.reference.q == pytest.approx(where + speed * DT)
        where = rig.supervisor.reference.q
    assert (speed == wish).all()
    near = rig.tick(wish, {"q": SPEC.upper - 1e-6 * AXES[0]}, modes=SPEEDS)
    assert near.reasons == ("position of base limited",) and near.command.target[0] < size


def test_a_lost_command_does_not_lose_the_motion():
    rig, end = Rig(), np.array([2.0, 0.0, 0.0, 1.0, -1.0, 3.0, 0.01])
    for k, q in enumerate(planned(HOME, end, 0.9), 1):
        limited = bool(rig.tick(q, seq=0 if k in (60, 90) else k).reasons)
        assert limited <= (0 <= k - 60 < 9 or 0 <= k - 90 < 9)
    assert rig.sent[-1] == pytest.approx(end, abs=1e-12)
    rig.check()


def test_limits_that_are_broken_for_long_stop():
    rig, far = Rig(SafetyConfig()), HOME + 2.0
    verdicts = [rig.tick(far) for _ in range(80)]
    assert [v.stopped for v in verdicts].index(True) == 62  # the first tick after 0.5 s
    assert verdicts[62].reasons[-1] == rig.supervisor.reason
    assert rig.supervisor.reason.startswith("limited repeatedly: ")
    rig.check()
    for step, noise, seldom, stops in ((0, 1e-3, 4, 0), (1e-3, 1e-5, 50, 0), (1e-3, 2e-3, 50, 1)):
        rig = Rig(SafetyConfig())  # but not if they are broken now and then, or by hardly anything
        aims = [step * k + noise * (-1) ** k * (k % 50 < seldom) for k in range(200)]
        reasons = [rig.tick(HOME + aim * AXES[0]).reasons for aim in aims]
        assert any(reasons[150:]) and rig.supervisor.stopped == stops


def test_a_start_outside_the_limits_only_leads_back_inside():
    q = np.array([*HOME[:2], pi + 0.2, *HOME[3:6], -0.002])
    rig = Rig(q=q)
    assert not rig.tick(q).reasons and rig.tick(q + 1e-5 * np.sign(q)).reasons
    for k in range(300):
        rig.tick(q if k in range(10, 60) else HOME)
    assert (rig.sent[-1] == HOME).all()
    assert (np.diff(np.array(rig.sent)[:60, 2]) < 1e-9).all()  # once on its way, no way back
    rig.check()


def test_a_stop_from_full_speed_takes_the_time_and_the_way_it_must():
    rig, took = Rig(), 3.14 / 8 + 8 / 80
    while rig.supervisor.reference.qd[0] < 3.14 - 1e-9:
        rig.tick(HOME + 6 * AXES[0])
    rig.supervisor.halt("told to")
    began, k = rig.sent[-1][0], rig.k
    while not rig.still():
        assert rig.tick(HOME).reasons == ("told to",)
    assert (rig.k - k) * DT == pytest.approx(took, abs=3 * DT)
    assert rig.sent[-1][0] - began == pytest.approx(3.14 * took / 2, abs=3.14 * DT)
    rig.check()


@pytest.mark.parametrize("name, value", [
    *[("target", x) for x in (vector([nan, *HOME[1:]]), vector([*HOME[:6], -inf]), HOME[:6])],
    *[("target", x) for x in (HOME[None], HOME.tolist(), HOME.astype(np.float32), None)],
    *[("modes", x) for x in (PLACES[:6], (JointMode.EFFORT,) * N, list(PLACES), None)],
    *[("time", x) for x in (-0.101, 0.101, nan, "0")],
    ("feedforward", vector([nan] * N)), ("seq", 0.5), ("goal_id", None),
])  # fmt: skip
def test_a_command_that_cannot_be_trusted_stops(name, value):
    rig = Rig(SafetyConfig())
    supervisor, (state, command) = rig.supervisor, rig.offer({}, **{name: value})
    verdict = rig.send(state, command)
    assert verdict.stopped and verdict.reasons == (supervisor.reason,) and supervisor.reason
    assert verdict.command.target.tolist() == HOME.tolist() and rig.tick(HOME).stopped
    assert (supervisor.stops, supervisor.rejected) == (1, 1)
    assert supervisor.rearm() and not rig.tick(HOME).stopped
    for nothing in (None, "go", object()):
        assert rig.send(rig.offer({})[0], nothing).reasons[0] == "the skill proposed no Command"


def test_a_repeated_command_is_dropped_and_stops_if_that_goes_on():
    rig = Rig(SafetyConfig())
    assert not (rig.tick(HOME, seq=-1, goal_id=-1).reasons or rig.tick(HOME, seq=5).reasons)
    verdicts = [rig.tick(HOME, seq=5 - k % 2) for k in range(13)]
    assert {v.reasons for v in verdicts} == {("command repeated or out of order",)}
    assert [v.stopped for v in verdicts].index(True) == 12  # the first tick after 0.1 s
    assert rig.supervisor.rejected == 13 and rig.supervisor.rearm()
    assert not rig.tick(HOME, seq=5).reasons and rig.tick(HOME, seq=4).reasons
    assert not rig.tick(HOME, seq=0, goal_id=2).reasons  # another skill counts for itself


@pytest.mark.parametrize("name, value", [
    *[("age", x) for x in (0.101, nan, -3600.0, "0")], *[("time", x) for x in (inf, "now", None)],
    *[("q", x) for x in (vector([nan] * N), HOME[:3], None)], ("seq", None),
])  # fmt: skip
def test_an_observation_that_cannot_be_trusted_stops_after_two_periods(name, value):
    rig, far = Rig(), HOME + 1
    for seen in ({name: value}, {}, {}, {name: value}, {}):
        verdict = rig.tick(far, seen)
        assert not verdict.stopped and verdict.reasons[0].endswith("limited") != bool(seen)
    assert [rig.tick(far, {name: value}).stopped for _ in range(2)] == [False, True]
    assert not rig.supervisor.rearm()
    while not rig.still():
        rig.tick(far)
    assert not rig.supervisor.rearm(rig.offer({name: value})[0])
    assert rig.supervisor.rearm(rig.offer({})[0])
    rig.check()


def test_a_stuck_observation_of_a_moving_arm_stops():
    path, finger = (planned(HOME, HOME + x, 0.2) for x in (0.2 * AXES[0], 0.04 * AXES[6]))
    for plan, new, stuck in ((path, 1, 1), (path, 0, 0), (path, 40, 0), (finger, 1, 0)):
        rig, stopped = Rig(SafetyConfig()), []
        for k, q in enumerate(plan):
            seen = {"q": HOME + 1e-9 * (new == 40 and k % 40 == 0), "seq": k if new else 7}
            stopped.append(rig.tick(q, seen).stopped)
        assert 0.4 < stopped.index(True) * DT < 0.5 if stuck else not any(stopped)


def test_an_arm_that_does_not_follow_stops_and_a_gripper_that_holds_does_not():
    for joint, off, stops in ((1, 0.36, True), (1, 0.34, False), (6, 0.5, False)):
        rig, seen = Rig(SafetyConfig()), {"q": vector(HOME + off * AXES[joint])}
        stopped = [rig.tick(HOME, seen if k != 9 else {}).stopped for k in range(50)]
        assert stopped == [stops and k > 33 for k in range(50)]
        assert rig.supervisor.reason == ("shoulder does not follow" if stops else "")
        assert rig.supervisor.rearm()
        pose = rig.supervisor.reference.q  # the arm gives in; the gripper goes on pressing
        assert pose.tolist() == (seen["q"] if stops else HOME).tolist()


Hostile = type("Hostile", (), {"__getattr__": lambda self, name: 1 / 0})
numbers = st.floats() | st.sampled_from([0.0, 0.008, 0.1])
anything = st.one_of(
    st.none(), numbers, st.integers(), st.just(10**400), st.text(max_size=3), st.builds(Hostile),
    hnp.arrays(np.float64, hnp.array_shapes(max_side=8)), hnp.arrays(np.float64, N),
    hnp.arrays(np.float64, N, elements=numbers), st.lists(numbers, max_size=7),
    st.sampled_from([np.array([None] * N), np.ma.masked_all(N), HOME, PLACES, SPEEDS, ([],) * N]),
)  # fmt: skip


@given(st.data(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_nothing_makes_it_fail_or_send_what_is_not_finite(data, armed):
    rig = Rig(armed=armed)

    def odd(*names):
        return data.draw(st.dictionaries(st.sampled_from(names), anything, max_size=2))

    for rig.k in range(data.draw(st.integers(1, 12))):
        offer = rig.offer(odd("time", "age", "seq", "q"), **odd(*Command.__slots__))
        state, command = (data.draw(st.just(x) | anything) for x in offer)
        sent = rig.send(state, command).command
        assert np.isfinite([*sent.target, sent.time, sent.expiry]).all() and sent.seq == rig.k + 1
        assert (np.abs(rig.supervisor.reference.qd) <= SPEC.velocity * (1 + 1e-6)).all()
        if rig.supervisor.stopped and data.draw(st.booleans()):
            rig.supervisor.rearm(state)


def test_it_begins_stopped_and_first_sends_the_measured_pose():
    rig, pose = Rig(armed=False), HOME + 0.1
    assert rig.tick(HOME, {"q": None}).command.expiry == 0  # nobody knows where it is
    assert rig.tick(HOME, {"time": None}).command.time == pytest.approx(2 * DT)  # one tick on
    first = rig.tick(HOME + 1, {"q": pose}).command
    assert first.target.tolist() == pose.tolist() and first.expiry and rig.supervisor.stopped
    rig.supervisor.reset(HOME)
    assert rig.supervisor.reference.q.tolist() == HOME.tolist()
    assert (rig.supervisor.stopped, rig.supervisor.stops) == (False, 0)
    with pytest.raises(ValueError, match="7 finite"):
        rig.supervisor.reset(vector([nan] * N))


@pytest.mark.parametrize("change, says", [
    ({"jerk": vector([0.0] * N)}, "base must be positive"), ({"velocity": HOME[:3]}, "7 values"),
    ({"lower": SPEC.upper + 1}, "in order"), ({"home": HOME * nan}, "home"),
    ({"modes": frozenset({JointMode.EFFORT})}, "position or velocity"),
])  # fmt: skip
def test_what_a_robot_must_say_of_itself(change, says):
    with pytest.raises(ValueError, match=says):
        Rig(**change)
    with pytest.raises(ValueError, match="finite"):
        SafetyConfig(tracking=inf)
    verdict = Rig(modes=frozenset({JointMode.VELOCITY})).tick(HOME)
    assert (verdict.command.modes, verdict.command.target.tolist()) == (SPEEDS, [0.0] * N)
    assert verdict.reasons == ("mode of base must be velocity",)
