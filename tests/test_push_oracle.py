"""Block push by rule does the task, in every way, and says when it cannot."""

import pytest

from robot.estimate import Estimator
from robot.loop import Stack, run
from robot.mode import Mode
from robot.pushing import PUSHER, Judge, observation
from robot.safety import Supervisor
from robot.types import Goal, Reference, State, Status, vector
from sim.blockpush import BlockPush, BlockPushConfig
from skills.body import Body
from skills.push_oracle import Oracle


class Wants:
    """A planner that wants one thing."""

    def __init__(self, args):
        self.goal = Goal(1, "push_by_rule", args)

    def plan(self, state, heard, outcome):
        return self.goal


def play(engine, seed, args):
    """The rule at work through the whole loop: judge, last tick and all that was limited."""
    supervisor, judge = Supervisor(PUSHER), Judge()
    mode = Mode(supervisor)
    mode.engage()
    ticks, reasons = [], set()

    def record(tick):
        judge.see(tick.state.time, observation(tick.state))
        reasons.update(tick.verdict.reasons)
        ticks[:] = [tick]

    run(
        Stack(
            robot=BlockPush(seed, BlockPushConfig(engine, duration=70.0)),
            planner=Wants(args),
            skills={"push_by_rule": Oracle(Body.of(PUSHER))},
            supervisor=supervisor,
            mode=mode,
            estimator=Estimator(PUSHER),
            record=record,
            until=lambda tick: tick.outcome.status is not Status.RUNNING,
        )
    )
    return judge, ticks[0], reasons


@pytest.mark.parametrize("engine", ["mujoco", "pybullet"])
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("crossed", [0, 1])
def test_the_rule_does_the_task_in_every_way(engine, order, crossed):
    for seed in (10, 11):
        judge, last, reasons = play(engine, seed, {"order": order, "assignment": crossed})
        assert last.outcome.status is Status.DONE and not reasons
        assert judge.success and (judge.order, judge.assignment) == (order, crossed)


def test_the_rule_draws_what_it_is_not_told():
    state = first_state()
    ways = set()
    for seed in range(30):
        oracle = Oracle(Body.of(PUSHER))
        oracle.reset(state, Goal(1, "push_by_rule", {"seed": seed}))
        first = oracle.order, oracle.assignment
        oracle.reset(state, Goal(1, "push_by_rule", {"seed": seed}))
        assert (oracle.order, oracle.assignment) == first
        ways.add(first)
        oracle.reset(state, Goal(1, "push_by_rule", {"seed": seed, "order": 1}))
        assert (oracle.order, oracle.assignment) == (1, first[1])
    assert len(ways) == 4


def first_state():
    world = BlockPush(0)
    world.wait()
    obs = world.read()
    world.close()
    still = vector([0.0, 0.0])
    return State(0.0, 0.0, obs.seq, obs.q, obs.qd, Reference(obs.q, still, still), obs.fixes)


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ({"order": 2}, "order must be 0 or 1"),
        ({"assignment": "both"}, "assignment must be 0 or 1"),
        ({"seed": -1}, "seed must be a whole number"),
    ],
)
def test_the_rule_refuses_what_it_does_not_understand(args, reason):
    oracle, state, goal = Oracle(Body.of(PUSHER)), first_state(), Goal(1, "push_by_rule", args)
    oracle.reset(state, goal)
    command, outcome = oracle.act(state, goal)
    assert outcome.status is Status.FAILED and reason in outcome.reason
    assert command.target == pytest.approx(state.reference.q)


def test_the_rule_gives_up_after_a_while():
    oracle, state, goal = Oracle(Body.of(PUSHER)), first_state(), Goal(1, "push_by_rule", {})
    oracle.reset(state, goal)
    late = State(61.0, 0.0, 9, state.q, state.qd, state.reference, state.objects)
    _, outcome = oracle.act(late, goal)
    assert outcome.status is Status.FAILED and "after 60 s" in outcome.reason
