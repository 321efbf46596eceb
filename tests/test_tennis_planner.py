"""What the high-level controller sees of a ball, when it decides, and what it then asks for."""

from itertools import product
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planner_rig import HOME, TEAM, Table, chooser_of, planner_of, shot, simple, tick, tried

from planners.tennis.chooser import Chooser
from planners.tennis.decide import WAIT, Decider
from planners.tennis.experience import Experience
from planners.tennis.sight import VOTES, Insight, Sight, timestep, turns, window
from robot.ball import PAPER, BallState, path
from robot.ball_filter import Tracked
from robot.types import Fix, Flight, Outcome, Status, Utterance, vector
from sim.tennis import states
from skills.tennis.descriptors import Descriptors

HIGH, LOW = 0.7, 0.3  # [m] of a ball for which the simple classifier votes yes, or no


def ball_at(z=LOW, x=0.3, y=1.0, vy=-5.0, time=0.0):
    return Flight(time, vector([x, y, z]), vector([0.0, vy, 1.0]), vector([20.0, 0.0, 0.0]))


def state_of(flight):
    return BallState(flight.position, flight.velocity, flight.spin)


# --- votes ---


@pytest.mark.parametrize("said", list(product((0, 1), repeat=VOTES)))
def test_underspin_is_what_four_of_five_votes_say_and_settled_once_no_vote_matters(said):
    for count in range(VOTES + 1):
        insight = Insight("forehand", 0.5, sum(said[:count]), count)
        ends = {
            sum(said[:count]) + sum(rest) >= 4 for rest in product((0, 1), repeat=VOTES - count)
        }
        assert insight.settled == (len(ends) == 1)
        if insight.settled:
            assert insight.underspin == ends.pop()


def test_a_ball_is_seen_tick_by_tick_and_the_next_one_anew():
    sight = Sight(simple(), PAPER)
    with pytest.raises(RuntimeError, match="see comes before insight"):
        sight.insight()
    for z in (HIGH, LOW, HIGH, HIGH, LOW, HIGH, HIGH):  # no more than five of them vote
        sight.see(state_of(ball_at(z)), state_of(ball_at(z)), HOME)
    assert sight.insight() == Insight("forehand", pytest.approx(1.0, abs=3e-3), 3, 5)
    assert str(sight.insight()).startswith("forehand 1.00, underspin 3/5")
    sight.forget()
    sight.see(state_of(ball_at()), state_of(ball_at(x=-0.3)), HOME)
    assert sight.insight().style == "backhand" and sight.insight().votes == 1


@given(st.integers(1, 12))
def test_the_window_holds_the_last_eight_timesteps(count):
    steps = [np.full((2, 16), float(i)) for i in range(count)]
    seen = window(steps).reshape(2, 8, 16)
    assert seen[:, :, 0].tolist() == [[float(max(count - 8 + i, 0)) for i in range(8)]] * 2


def test_what_the_networks_see_is_what_the_robot_estimates():
    ball = BallState(
        *(np.array(row) for row in ([0.1, 1.0, 0.4], [1.0, -5.0, 2.0], [9.0, 8.0, 7.0]))
    )
    step = timestep(ball, np.arange(8.0))
    assert step.tolist() == [0.1, 1.0, 0.4, 1.0, -5.0, 2.0, *range(8), 9.0, 7.0]
    seen = turns(PAPER, ball).reshape(3, 2, 3)
    flown = path(PAPER, ball, 0.04, 0.01).state
    assert seen[:, 0] == pytest.approx(flown.position[::2], abs=1e-9)
    assert seen[:, 1] == pytest.approx(flown.velocity[::2], abs=1e-9)
    under = turns(PAPER, ball._replace(spin=np.array([-60.0, 0.0, 0.0]))).reshape(3, 2, 3)
    assert (under[0] == seen[0]).all() and under[2, 1, 2] > seen[2, 1, 2] + 0.05  # it floats


# --- when it is made ---


def decisions(heights, promises=TEAM, y=1.0, mode="best"):
    """Tick by tick, who was chosen for a ball that is as high as `heights`."""
    team = [p._replace(land_rate=0.95) if "underspin" in p.name else p for p in promises]
    decider = Decider(Experience(chooser_of(mode, team)), simple(), PAPER)
    made = [
        decider.watch(ball_at(z, y=y - 0.1 * i, time=0.02 * i), 0.02 * i + 0.04, HOME)
        for i, z in enumerate(heights)
    ]
    return [choice and choice.name for choice in made]


def test_it_is_made_once_one_step_after_the_ball_is_known():
    assert WAIT == 1
    assert decisions([LOW] * 8) == [None, "forehand", *[None] * 6]
    assert decisions([HIGH, LOW, HIGH, LOW, HIGH, HIGH]) == [None, "forehand", *[None] * 4]


def test_a_specialist_takes_over_with_the_fourth_vote():
    first, second = "forehand", "forehand_underspin"
    assert decisions([HIGH] * 6) == [None, first, None, second, None, None]
    assert decisions([LOW, *[HIGH] * 6]) == [None, first, None, None, second, None, None]
    assert decisions([HIGH, HIGH, LOW, LOW, HIGH, HIGH]) == [None, first, *[None] * 4]


def test_a_ball_that_is_known_too_late_is_let_by():
    assert decisions([LOW] * 4, y=-1.05) == [None] * 4


def test_the_next_ball_is_another_decision_and_one_that_was_left_is_none():
    decider = Decider(Experience(chooser_of("best")), simple(), PAPER)

    def watch(count):
        made = [decider.watch(ball_at(HIGH), 0.04, HOME) for _ in range(count)]
        return [choice.name for choice in made if choice]

    assert watch(2) == ["forehand"]
    decider.leave()
    assert watch(6) == []
    decider.forget()
    assert watch(2) == ["forehand"]


def test_descriptors_are_looked_up_for_the_ball_as_first_known_with_the_spin_known_since():
    asked = []

    class Asked(Table):
        def look(self, ball, names=None):
            asked.append(ball)
            return self.promises

    chooser = Chooser(Asked(), "best", np.random.default_rng(0))
    decider = Decider(Experience(chooser), simple(), PAPER)
    one = ball_at()
    later = Flight(0.02, one.position + 0.02 * one.velocity, one.velocity, vector([-9.0, 0, 0]))
    decider.watch(one, 0.0, HOME)
    decider.watch(later, 0.02, HOME)
    assert asked[0].tolist() == [*one.position, *one.velocity, -9.0]


# --- in the loop ---


def flown(value, begin=0.0, late=0.04, ticks=14):
    """The time of each tick, and the ball as an estimator would know it then."""
    tracked, sizes = Tracked(PAPER), (vector([1, 0, 0, 0]), vector([0.04] * 3))
    there = path(PAPER, states.split(value), 0.02 * ticks, 0.02).state
    for i in range(ticks):
        time = begin + i * 0.02
        yield time + late, tracked.update(Fix(time, vector(there.position[i]), *sizes))


def test_a_rally_is_asked_for_one_step_after_the_ball_is_known_and_explained():
    value = states.invent(np.random.default_rng(3)).values[0]
    planner, _, noted = planner_of()
    goals, known = [], []
    for time, ball in flown(value):
        goals.append(tick(planner, ball, time))
        known.append(ball is not None)
    first = known.index(True)
    assert [goal.skill for goal in goals] == ["ready"] * (first + 1) + ["rally"] * (13 - first)
    assert len({goal.id for goal in goals}) == 2
    assert goals[-1].args == {"controller": planner.choices[0].name, "track": "paper"}
    assert noted == [f"{planner.choices[0].name}: {planner.choices[0].why}"]


def test_after_a_stroke_it_gets_ready_and_tells_how_points_ended():
    value = states.invent(np.random.default_rng(4)).values[0]
    shots = []
    planner, _, noted = planner_of("best", lambda: shots)
    for time, ball in flown(value):
        goal = tick(planner, ball, time)
    away = Flight(time, vector([0, 0, 0.3]), vector([0, 5.0, 1]), vector(np.zeros(3)))
    shots += [shot("opponent"), shot(ended="missed", reached=False)]
    assert tick(planner, away, 1.0, Outcome(goal.id, Status.DONE)).skill == "ready"
    assert tick(planner, away, 1.02).skill == "ready"
    assert noted[1:] == ["let: missed"] and planner.chooser.opponent.returned["right"] == [1, 3]
    for time, ball in flown(value, begin=2.0):
        again = tick(planner, ball, time)
    assert again.skill == "rally" and len(planner.choices) == 2


def test_a_ball_that_flies_away_or_is_not_known_is_no_reason_to_play():
    planner, _, _ = planner_of()
    away = Flight(0.0, vector([0, 0, 0.3]), vector([0, 5.0, 1]), vector(np.zeros(3)))
    for ball in (None, away, away, None, None):
        assert tick(planner, ball, 0.1).skill == "ready"
    assert planner.choices == []


def test_the_coach_is_heard_at_once_and_answered():
    planner, said, _ = planner_of()
    for text in ("play to the backhand", "use your forehand", "sing", "normal game"):
        tick(planner, None, 0.0, heard=(Utterance(0.0, text),))
    assert said[0] == "Tactics: play to the right."
    assert said[1] == "Tactics: play to the right, use your forehand."
    assert "'sing' in 'sing' is no tactic; valid: left, right" in said[2]
    assert said[3] == "Normal game."
    assert planner.corrections == ["play to the backhand", "use your forehand", "normal game"]


def test_a_decision_takes_a_small_part_of_a_tick():
    rng = np.random.default_rng(0)
    described = Descriptors({p.name: tried(rng, 2500) for p in TEAM * 2})
    chooser = Chooser(described, "adaptive", rng)
    decider = Decider(Experience(chooser), simple(), PAPER)
    took = []
    for value in states.invent(rng, 40).values:
        decider.forget()
        for time, ball in flown(value):
            if ball is not None:
                began = perf_counter()
                decider.watch(ball, time, HOME)
                took.append(perf_counter() - began)
    assert np.median(took) < 0.002 and np.percentile(took, 90) < 0.02
