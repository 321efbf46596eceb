"""A policy as a skill: chunks and their times, through the loop and beside it."""

import threading
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pytest

from robot.loop import Selector
from robot.pushing import frame_of
from robot.pusht import PUSHT
from robot.safety import Supervisor
from robot.types import Goal, Reference, State, Status, vector
from robot.worker import after, at, when_ready
from skills.beso.config import Layout
from skills.beso.skill import Beso, ChunkConfig
from skills.beso.tasks import Task
from skills.body import Body

DT = PUSHT.dt
START = np.array([0.2, 0.2])


@dataclass
class Numbered:
    """A policy whose actions say when they are meant for: x is the tick, y the chunk."""

    horizon: int = 8
    fps: float = 10.0
    wants_goal: bool = False
    wait: threading.Event | None = None
    asked: list = field(default_factory=list)

    def __post_init__(self):
        self.network = SimpleNamespace(history=2, horizon=self.horizon)

    def sample(self, history, goals, rng, last=None):
        if self.wait is not None:
            self.wait.wait(5)
        self.asked.append((history.copy(), None if last is None else last.copy()))
        first = history[0, -1, 0]
        ticks = first + np.arange(self.horizon)
        return np.stack([ticks, np.full(self.horizon, len(self.asked))], 1)[None]


def state_of(tick: int, q=START, reference=None):
    reference = reference or Reference(vector(q), vector([0, 0]), vector([0, 0]))
    return State(tick * DT, 0.0, tick, vector(q), vector([0.0, 0.0]), reference)


def rig(policy, config=None, due=when_ready, wishes=None):
    """A skill whose actions are noted in `wishes` and become tiny motions."""

    def target(action, q):
        wishes.append(tuple(action))
        return np.clip(q + 1e-6, PUSHT.lower, PUSHT.upper)

    task = Task(
        layout=Layout("pusht"),
        sizes={},
        observe=lambda state: np.array([round(state.time / DT), 0.0]),
        target=target,
        wanted=lambda goal, state: np.zeros((1, 1, 2)),
        done=lambda state, goal: bool(goal.args.get("done")),
    )
    return Beso(Body.of(PUSHT, due), task, policy, config)


def ticks(skill, count, goal=None, first=0):
    goal = goal or Goal(1, "policy")
    skill.reset(state_of(first), goal)
    return [skill.act(state_of(first + i), goal)[1] for i in range(count)]


@pytest.mark.parametrize("latency", [0.0, 0.02, 0.1, 0.25, 0.3])
def test_every_action_is_executed_at_its_own_time(latency):
    wishes = []
    skill = rig(Numbered(), ChunkConfig(execute=3), after(latency), wishes)
    ticks(skill, 30)
    late = -(-round(latency * 1000) // 100)  # ticks until an answer is there
    assert [tick for tick, _ in wishes] == list(range(max(late, 1), 30)) if latency else True
    steps = np.diff([tick for tick, _ in wishes])
    assert (steps == 1).all() and wishes[-1][0] == 29
    # Each chunk arrives `late` ticks after it was asked for; those actions are skipped.
    counts = skill.counts
    assert counts.expired == max(late, 1) * counts.chunks and counts.starved == 0
    runs = np.unique([chunk for _, chunk in wishes[:-8]], return_counts=True)[1]
    assert set(runs[:-1].tolist()) == {max(3, late)}


def test_a_slow_answer_leaves_the_last_action_in_force_and_is_counted():
    wishes = []
    skill = rig(Numbered(horizon=4), ChunkConfig(execute=4), after(0.6), wishes)
    ticks(skill, 20)
    assert skill.counts.starved > 0
    assert len({tick for tick, _ in wishes}) < len(wishes)  # some again
    assert skill.counts.chunks == 3


def test_nothing_waits_for_the_policy():
    wishes = []
    policy = Numbered(wait=threading.Event())
    skill = rig(policy, due=when_ready, wishes=wishes)
    outcomes = ticks(skill, 5)
    assert not wishes and {o.status for o in outcomes} == {Status.RUNNING}
    policy.wait.set()


def test_recorded_arrivals_are_repeated():
    wishes, again = [], []
    seen = []
    body_times = [0.1, 0.5, 0.9, 1.3]
    skill = rig(Numbered(), ChunkConfig(execute=4), at(body_times), wishes)
    skill._body.arrived = lambda worker, arrival: seen.append((worker, arrival.time))
    ticks(skill, 16)
    assert [worker for worker, _ in seen] == ["policy"] * 4
    assert [time for _, time in seen] == pytest.approx(body_times)
    ticks(rig(Numbered(), ChunkConfig(execute=4), at(body_times), again), 16)
    assert wishes == again


def test_the_chunk_under_way_is_handed_on_shifted_to_begin_now():
    policy = Numbered()
    skill = rig(policy, ChunkConfig(execute=3), after(0.1), [])
    ticks(skill, 12)
    (history, last), *_ = policy.asked[1:]
    assert last is not None and last[0, 0, 0] == history[0, -1, 0]
    assert (np.diff(last[0, :4, 0]) == 1).all() and (last[0, -1] == last[0, -2]).all()
    assert policy.asked[0][1] is None


def test_a_first_look_is_repeated_for_the_history():
    policy = Numbered()
    ticks(rig(policy, wishes=[], due=after(0.1)), 3, first=5)
    assert policy.asked[0][0][0, :, 0].tolist() == [5, 5]


def test_a_new_beginning_forgets_the_chunk():
    wishes = []
    skill = rig(Numbered(), due=after(0.1), wishes=wishes)
    ticks(skill, 5)
    wishes.clear()
    ticks(skill, 5, Goal(2, "policy"), first=100)
    assert min(tick for tick, _ in wishes) == 101


def test_done_and_late_goals_end():
    skill = rig(Numbered(), wishes=[], due=after(0.1))
    assert ticks(skill, 2, Goal(1, "policy", {"done": True}))[0].status is Status.DONE
    skill = rig(Numbered(), ChunkConfig(patience=0.5), wishes=[], due=after(0.1))
    last = ticks(skill, 8)[-1]
    assert last.status is Status.FAILED and "0 s" in last.reason


def test_a_policy_that_fails_fails_its_goal_and_says_why():
    class Broken(Numbered):
        def sample(self, *args):
            raise RuntimeError("no such weights")

    select = Selector({"policy": rig(Broken(), due=after(0.0), wishes=[])})
    goal = Goal(1, "policy")
    select.act(goal, state_of(0))
    command, outcome = select.act(goal, state_of(1))
    assert command is None and outcome.status is Status.FAILED
    assert "no such weights" in outcome.reason


def test_a_goal_that_makes_no_sense_fails_and_says_why():
    skill = rig(Numbered(wants_goal=True), wishes=[], due=after(0.1))
    skill.task = replace(skill.task, wanted=lambda goal, state: frame_of([1.0]))
    outcome = ticks(skill, 3)[-1]
    assert outcome.status is Status.FAILED and "16 finite numbers" in outcome.reason
    assert skill.counts.chunks == 0


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="at most 8"):
        rig(Numbered(), ChunkConfig(execute=9))
    with pytest.raises(ValueError, match="acts 25 times"):
        rig(Numbered(fps=25.0))
    with pytest.raises(ValueError, match="at least 1"):
        ChunkConfig(execute=0)


def test_wild_policies_stay_within_the_limits_without_the_supervisor():
    """Wanted places that jump all over the world: the Supervisor finds nothing to do."""

    class Wild(Numbered):
        def sample(self, history, goals, rng, last=None):
            return rng.uniform(-200, 700, (1, 8, 2))

    task = Task(
        layout=Layout("pusht"),
        sizes={},
        observe=lambda state: np.zeros(2),
        target=lambda action, q: np.asarray(action) / 1000,
        wanted=lambda goal, state: np.zeros((1, 1, 2)),
        done=lambda state, goal: False,
    )
    skill = Beso(Body.of(PUSHT, after(0.02)), task, Wild(), ChunkConfig(execute=2))
    supervisor = Supervisor(PUSHT)
    supervisor.reset(PUSHT.home)
    goal = Goal(1, "policy")
    q = PUSHT.home
    moved = []
    for tick in range(300):
        state = state_of(tick, q, supervisor.reference)
        if tick == 0:
            skill.reset(state, goal)
        command, _ = skill.act(state, goal)
        verdict = supervisor.filter(state, command)
        assert verdict.reasons == ()
        q = verdict.command.target
        moved.append(q)
    moved = np.array(moved)
    assert moved.std() > 0.05 and moved.min() > -1e-9 and moved.max() < 0.512 + 1e-9


@pytest.mark.parametrize("latency", [0.0, 0.02, 0.1])
def test_actions_that_last_several_ticks_are_gone_through_in_between(latency):
    """Each action says when its time is over [s]; so what is wished for is the time itself."""

    class Timed(Numbered):
        def sample(self, history, goals, rng, last=None):
            self.asked.append((history[0, :, 0].copy(), None))
            ends = history[0, -1, 0] + np.arange(1, self.horizon + 1) / self.fps
            return np.stack([ends, np.zeros(self.horizon)], 1)[None]

    wishes, policy = [], Timed(fps=2.5, horizon=6)
    skill = rig(policy, ChunkConfig(execute=2), after(latency), wishes)
    skill.task = replace(skill.task, observe=lambda state: np.array([state.time, 0.0]))
    ticks(skill, 40)
    late = 40 - len(wishes)
    due = DT * (np.arange(late, 40) + 1)
    np.testing.assert_allclose([x for x, _ in wishes][4:], due[4:], atol=1e-9)
    gaps = {round(float(np.ptp(seen)), 6) for seen, _ in policy.asked[1:]}
    assert gaps == {0.4}  # what it sees is as far apart as in its data


def test_actions_must_last_a_whole_number_of_ticks():
    with pytest.raises(ValueError, match="whole number of ticks"):
        rig(Numbered(fps=4.0), wishes=[])
