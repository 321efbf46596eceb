"""Disturbed demonstrations: the demonstrator's wish is kept, the robot is led astray a little."""

import json

import numpy as np
import pytest

from robot.pushing import PUSHER, STEP
from robot.safety import Supervisor
from robot.types import Command, Goal, JointMode, Outcome, State, Status, vector
from skills.disturbed import DisturbanceConfig, Disturbed
from skills.motion import Stream

GOAL = Goal(1, "push")
STILL = vector([0.0, 0.0])


class Slow:
    """A skill that goes one centimetre a second along y, and remembers what it said."""

    def __init__(self):
        self.said = []

    def reset(self, state, goal):
        self.said.clear()

    def act(self, state, goal):
        target = vector(state.reference.q + np.array([0.0, 0.001]))
        modes = (JointMode.POSITION,) * 2
        command = Command(state.time, state.seq, goal.id, target, modes, PUSHER.timeout)
        self.said.append((command, Outcome(goal.id, Status.RUNNING, f"tick {state.seq}")))
        return self.said[-1]


class Wild(Slow):
    """A skill that wants to be anywhere, and moves as quickly as the limits allow."""

    def __init__(self):
        super().__init__()
        self.stream, self.rng = Stream(PUSHER), np.random.default_rng(0)

    def act(self, state, goal):
        wish = self.rng.uniform(PUSHER.lower, PUSHER.upper)
        target = self.stream.toward(wish, state)
        modes = (JointMode.POSITION,) * 2
        command = Command(state.time, state.seq, goal.id, target, modes, PUSHER.timeout)
        self.said.append((command, Outcome(goal.id, Status.RUNNING)))
        return self.said[-1]


def played(inner, seed=0, ticks=1000, **config):
    """What `inner` said, what came of it, and `wanted`, tick by tick; the Supervisor watches."""
    rng = np.random.default_rng(seed)
    skill = Disturbed(inner, PUSHER, rng, DisturbanceConfig(**config))
    supervisor = Supervisor(PUSHER)
    q = vector([0.4, -0.3])
    supervisor.reset(q)
    told, wanted = [], []
    for tick in range(ticks):
        state = State(tick * PUSHER.dt, 0.0, tick, q, STILL, supervisor.reference)
        if tick == 0:
            skill.reset(state, GOAL)
        told.append(skill.act(state, GOAL))
        wanted.append(skill.wanted)
        verdict = supervisor.filter(state, told[-1][0])
        assert verdict.reasons == ()
        q = verdict.command.target
    return inner.said, told, wanted


def pushes(said, told):
    """(ticks, 2) [m] by which the robot was led astray."""
    return np.array([c.target - s.target for (c, _), (s, _) in zip(told, said, strict=True)])


def test_rate_zero_changes_nothing():
    said, told, wanted = played(Slow(), ticks=300, rate=0.0)
    assert all(t is s or (t[0] is s[0] and t[1] is s[1]) for t, s in zip(told, said, strict=True))
    assert all(w is s[0].target for w, s in zip(wanted, said, strict=True))


def test_it_is_led_astray_now_and_then_by_so_much_and_for_so_long():
    config = DisturbanceConfig()
    said, told, wanted = played(Slow(), ticks=700)  # 0.7 m of way, and still inside the world
    away = pushes(said, told)
    far = np.hypot(*away.T)
    disturbed = far > 1e-12
    assert far[disturbed] == pytest.approx(np.full(disturbed.sum(), config.step), rel=1e-6)
    # One that begins where another ends differs in direction.
    starts = np.flatnonzero(np.abs(np.diff(away, axis=0, prepend=0)).max(1) > 1e-9)
    lengths = [end - at for at, end in zip(starts, [*starts[1:], len(away)], strict=True)]
    lengths = [n for at, n in zip(starts, lengths, strict=True) if disturbed[at]]
    low, high = config.ticks
    assert set(lengths[:-1]) == set(range(low, high + 1)) and lengths[-1] <= high
    # Each of the other ticks begins one with the chance that is given.
    n = len(said) - disturbed.sum() + len(lengths)
    assert len(lengths) == pytest.approx(config.rate * n, abs=4 * np.sqrt(config.rate * n))
    directions = away[starts][disturbed[starts]]
    assert (directions.max(0) > 0.005).all() and (directions.min(0) < -0.005).all()
    # What is wanted, and how the goal stands, is the inner skill's.
    assert all(w is s[0].target for w, s in zip(wanted, said, strict=True))
    assert all(t[1] is s[1] for t, s in zip(told, said, strict=True))


def test_the_generator_decides():
    def targets(seed):
        return np.array([command.target for command, _ in played(Slow(), seed, 200)[1]])

    assert (targets(3) == targets(3)).all()
    assert (targets(3) != targets(4)).any()


def test_a_new_goal_begins_undisturbed():
    inner = Slow()
    always = DisturbanceConfig(rate=1.0, ticks=(6, 6))
    skill = Disturbed(inner, PUSHER, np.random.default_rng(0), always)
    reference = Supervisor(PUSHER)
    reference.reset(PUSHER.home)
    state = State(0.0, 0.0, 0, PUSHER.home, STILL, reference.reference)
    skill.reset(state, GOAL)
    first = skill.act(state, GOAL)[0].target - PUSHER.home
    same = skill.act(state, GOAL)[0].target - PUSHER.home
    skill.reset(state, GOAL)
    assert len(inner.said) == 0  # it is told of the new goal as well
    other = skill.act(state, GOAL)[0].target - PUSHER.home
    assert same == pytest.approx(first, abs=1e-12)
    assert np.abs(other - first).max() > 1e-3


@pytest.mark.parametrize("step", [0.012, 0.5])
def test_no_disturbance_breaks_a_limit(step):
    """`played` asserts that the Supervisor has nothing to do, even about the wildest of skills."""
    said, told, _ = played(Wild(), rate=0.3, step=step, ticks=500)
    assert np.abs(pushes(said, told)).max() > 0.004
    q = np.array([command.target for command, _ in told])
    assert (np.abs(np.diff(q, axis=0)) <= PUSHER.velocity * PUSHER.dt).all()


# --- courtside data record ------------------------------------------------------------------------


def astray(path):
    """[m] for each step of a dataset how far its action and the way that was gone are apart."""
    from skills.beso.datasets import load

    found = load(path)
    parts = zip([0, *found.ends[:-1]], found.ends, strict=True)
    far = []
    for first, end in parts:
        seen, actions = found.observations[first:end], found.actions[first:end]
        way = np.diff(seen[:, 8:10], axis=0)  # of the effector's target
        far.append(np.hypot(*(way - actions[:-1]).T))
    return np.concatenate(far)


@pytest.mark.parametrize("engine", ["mujoco", "pybullet"])
def test_demonstrations_are_recorded_with_what_was_wanted(engine, tmp_path, command):
    pytest.importorskip("pyarrow")
    out = tmp_path / "demos"
    args = ["--n", 2, "--jobs", 1, "--engine", engine, "--seed", 4, "--json"]
    code, printed, _ = command("data", "record", out, *args)
    made = json.loads(printed)  # nothing else stands on standard output
    assert code == 0 and made["target"] == str(out)
    assert made["episodes"] == 2 == sum(made["tasks"].values()) and made["fps"] == 10
    assert made["steps_per_episode"]["min"] > 40 and made["steps_per_episode"]["max"] < 400
    assert (made["observation"]["size"], made["action"]["size"]) == (16, 2)
    assert np.abs([made["action"]["min"], made["action"]["max"]]).max() <= STEP
    code, printed, _ = command("data", "inspect", out, "--json")
    assert code == 0
    assert json.loads(printed) == {k: v for k, v in made.items() if k != "target"}
    far = astray(out)
    step = DisturbanceConfig().step
    disturbed = far > 1e-6
    assert 0.02 < disturbed.mean() < 0.5
    assert far.max() < step + 1e-6 and np.median(far[disturbed]) == pytest.approx(step, abs=1e-6)
    code, _, said = command("data", "record", out, "--n", 1, "--jobs", 1)
    assert code == 2 and "exists already" in said


def test_without_disturbances_the_robot_goes_where_it_is_wanted(tmp_path, command):
    pytest.importorskip("pyarrow")
    out = tmp_path / "demos"
    args = ["--n", 1, "--jobs", 1, "--seed", 4, "--rate", 0]
    code, printed, _ = command("data", "record", out, *args)
    assert code == 0 and f"{out}: 1 of 1 episodes" in printed
    assert astray(out).max() < 1e-6  # observations are kept in float32


@pytest.mark.parametrize(
    "wrong", [["--n", 0], ["--jobs", 0], ["--rate", 1], ["--rate", -0.1], ["--rate", "nan"]]
)
def test_impossible_recordings_are_refused(wrong, tmp_path, command):
    code, printed, said = command("data", "record", tmp_path / "demos", *wrong)
    assert code == 2 and not printed and len(said.splitlines()) == 1
    assert "at least 1, and --rate from 0 to below 1" in said
    assert not (tmp_path / "demos").exists()
