"""A policy that is told in words at the table: what it is shown, learns, and makes of a goal."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_chores import closed, fix
from test_cli import courtside

from planners.coaching.behavior import Behavior, as_told
from planners.coaching.practice import larger_ones, small_ones
from planners.coaching.understand import Understanding
from planners.selector.planner import SelectorPlanner
from planners.selector.samples import DONE, END
from robot.chores import OPEN
from robot.cli import build, lessons, trials
from robot.cli.errors import WrongUse
from robot.cli.teach import PRACTICE, teach, together
from robot.cli.train import TrainBeso
from robot.features import Hand
from robot.mentions import NAMES, mentioned
from robot.safety import Supervisor
from robot.specs import UR5E
from robot.table import BLOCK
from robot.table_frame import ACTION, BLOCK_ROWS, BLOCKS, BOWL_ROWS, FRAME, PERIOD
from robot.table_frame import BLOCK as WIDTH
from robot.types import Goal, Outcome, Reference, State, Status, Utterance, vector
from robot.worker import after
from skills.beso.episodes import DataError
from skills.beso.lerobot_write import write
from skills.beso.shipped import TABLE
from skills.beso.table import LAYOUT, NOISE, SIZES, STATE, holding, show
from skills.beso.told import AsTold, Wanted
from skills.body import Body

STILL = vector(np.zeros(7))
HANDS = Hand(UR5E)


def state(things, q=UR5E.home, time=0.0, reference=None):
    reference = reference or Reference(vector(q), STILL, STILL)
    return State(time, 0.0, 0, vector(q), STILL, reference, things)


def frames(seed, count=4):
    """Hands over tables with blocks and bowls of all colours."""
    rng = np.random.default_rng(seed)
    found = rng.uniform(-0.3, 0.3, (count, FRAME))
    rows = found[:, BLOCK_ROWS:BOWL_ROWS].reshape(count, len(BLOCKS), WIDTH)
    rows[..., 0] = 1.0
    found[:, BLOCK_ROWS:BOWL_ROWS] = rows.reshape(count, -1)
    found[:, BOWL_ROWS:] = 0.0
    return found


# --- what it is shown -----------------------------------------------------------------------------


def test_words_point_at_things():
    def names(text):
        return [NAMES[i] for i in np.flatnonzero(mentioned(text))]

    assert names("no, put it in the blue bowl, please") == ["blue bowl"]
    assert names("push the red block into the tray") == ["red block", "gray tray"]
    assert names("pull the handle") == ["gray drawer"] and names("a bit to the left") == []


@given(st.integers(0, 99), st.permutations(range(len(BLOCKS))))
@settings(max_examples=20, deadline=None)
def test_it_is_blind_to_colors(seed, order):
    """Blocks that exchange colours, and the words with them, look the same."""
    seen = frames(seed)
    mentions = np.zeros((4, len(NAMES)), np.bool_)
    mentions[:, 2] = True
    rows = seen[:, BLOCK_ROWS:BOWL_ROWS].reshape(4, len(BLOCKS), WIDTH)
    other, others = seen.copy(), mentions.copy()
    other[:, BLOCK_ROWS:BOWL_ROWS] = rows[:, order].reshape(4, -1)
    others[:, : len(BLOCKS)] = mentions[:, order]
    began = np.zeros((4, ACTION))
    shown = show(seen, began, began, mentions)
    assert shown.shape == (4, STATE)
    np.testing.assert_array_equal(shown, show(other, began, began, others))
    first, _, numbers = LAYOUT.rows
    there, said, _ = shown[0, first : first + numbers][4:7]
    assert there == 1 and said == 1  # what is mentioned comes first
    assert not (shown == show(seen, began, began, ~mentions)).all()


def test_what_is_held_is_shown_so():
    seen = frames(0)
    seen[:, 6:9] = seen[:, BLOCK_ROWS + 1 : BLOCK_ROWS + 4]
    seen[:, 9], seen[:, 5] = 0.02, [0.01, 0.01, 0.02, 0.02]  # pressed, or only near
    assert holding(seen).argmax(1).tolist()[:2] == [0, 0]
    assert holding(seen).any(1).tolist() == [True, True, False, False]


# --- what it learns from --------------------------------------------------------------------------


def lesson(pace=1.0, mentions=(), wordings=("go left",), group=0, by=0.1, steps=21):
    """The hand goes `by` [m] along x, in so many frames."""
    from skills.beso.spoken import Lesson

    path = np.zeros((steps, ACTION), np.float32)
    path[:, 0] = np.linspace(0, by, steps)
    seen = np.zeros((steps, FRAME), np.float32)
    seen[:, :ACTION], seen[:, 6:9], seen[:, 11] = path, path[:, :3], 1.0
    said = np.array([name in mentions for name in NAMES])
    return Lesson(seen, path, np.zeros(ACTION, np.float32), pace, said, wordings, group)


def test_slow_demonstrations_are_brought_to_full_speed():
    spoken = pytest.importorskip("skills.beso.spoken")
    fast = spoken.Told([lesson(1.0, steps=11)]).chunks(np.array([0, 5, 10]), 16)
    slow = spoken.Told([lesson(0.5, steps=21)]).chunks(np.array([0, 10, 20]), 16)
    np.testing.assert_allclose(fast, slow, atol=1e-6)
    np.testing.assert_allclose(fast[0, [0, 9, 15], 0], [0.01, 0.1, 0.1], atol=1e-6)
    assert not fast[2].any()  # it stays where it has come to


def test_a_hand_aside_is_led_back():
    spoken = pytest.importorskip("skills.beso.spoken")
    told = spoken.Told([lesson()])
    at = np.repeat(np.arange(10), 40)
    before, chunks = told.frames[at], told.chunks(at, 16)
    seen, moved = before.copy(), chunks.copy()
    spoken._aside(seen, moved, np.random.default_rng(0))
    off = np.abs(seen[:, :3] - before[:, :3]).max(1)
    assert 0.3 < (off > 0).mean() < 0.7 and off.max() > 0.01
    np.testing.assert_allclose(seen[:, 6:9] - seen[:, :3], 0, atol=1e-6)
    goes, went = seen[:, None, :ACTION] + moved, before[:, None, :ACTION] + chunks
    np.testing.assert_allclose(goes[:, spoken.BACK - 1 :], went[:, spoken.BACK - 1 :], atol=1e-6)
    assert np.abs(goes - went)[:, 0].max() > 0.005


def test_it_does_what_it_is_told_and_copies_share_a_look(tmp_path):
    """Two sentences, two ways; onnx says what torch says, for several windows at once."""
    train = pytest.importorskip("skills.beso.train")
    spoken = pytest.importorskip("skills.beso.spoken")
    torch = pytest.importorskip("torch")
    from robot.mentions import colorless
    from skills.beso.export import restored
    from skills.beso.policy import Policy, SamplingConfig

    ways = (("go left", "leftwards", "to the left"), -0.1), (("go right", "rightwards"), 0.1)
    data = [lesson(wordings=words, by=by, group=g) for g in range(30) for words, by in ways]
    sizes = {**SIZES, "layers": 1, "width": 32, "heads": 2}
    config = train.TrainConfig(
        steps=150, batch=32, copies=3, every=150, warmup=10, learning_rate=4e-3, average=0.95,
    )  # fmt: skip
    made = train.train(
        spoken.Lessons(data, LAYOUT), sizes, NOISE, config, tmp_path / "p.safetensors"
    )
    policy, seen = Policy(made, SamplingConfig()), lesson().frames[:1].astype(np.float64)
    nothing = np.zeros((1, len(NAMES)), np.bool_)
    shown = show(seen, np.zeros((1, ACTION)), np.zeros((1, ACTION)), nothing)[None]
    for (words, by), other in ((ways[0], "no, go left"), (ways[1], "a bit to the right")):
        for text in (words[0], other):
            goal = colorless(text)[None, None]
            chunk = policy.sample(shown, goal, np.random.default_rng(0))[0]
            assert 0.008 < chunk[9, 0] / np.sign(by) < 0.08, text

    more = train.train(
        spoken.Lessons(data[:20], LAYOUT), sizes, NOISE, replace(config, steps=1),
        tmp_path / "q.safetensors", start=made,
    )  # fmt: skip
    np.testing.assert_array_equal(more.encoding.state_mean, made.encoding.state_mean)
    old, new = (np.concatenate([w.ravel() for w in each.weights.values()]) for each in (made, more))
    assert 0 < np.abs(new - old).max() < 0.01
    with pytest.raises(DataError, match="other sizes"):
        train.train(
            spoken.Lessons(data, LAYOUT), {**sizes, "width": 16}, NOISE, config,
            tmp_path / "r.safetensors", start=made,
        )  # fmt: skip

    network = restored(made).network.eval()
    x, noise = torch.randn(6, 16, ACTION), torch.randn(6)
    states, goals = torch.randn(2, 1, STATE), torch.randn(2, 1, LAYOUT.sentence)
    with torch.no_grad():
        many = network(x, states, goals, torch.ones(2), noise)
        one = [
            network(x[i, None], states[j, None], goals[j, None], torch.ones(1), noise[i, None])
            for i, j in zip(range(6), [0, 0, 0, 1, 1, 1], strict=True)
        ]
    np.testing.assert_allclose(many.numpy(), torch.cat(one).numpy(), atol=1e-5)


# --- practice -------------------------------------------------------------------------------------


def test_what_is_practised_can_be_done():
    things = {**closed(by=0.0), "red block": fix("block", 0.0, -0.6)}
    things["blue block"] = fix("block", 0.0, -0.6, 1.5 * BLOCK)  # on the red one
    found = larger_ones(state(things), None)
    assert {(b.name, b.thing) for b in found} == {("pick", "blue block"), ("drawer", "open")}
    found = larger_ones(state({**things, **closed(by=OPEN + 0.005)}), "blue block")
    assert Behavior("put", "gray drawer") in found and Behavior("drop") in found
    assert not [b for b in found if b.name in ("pick", "drawer", "sweep")]
    assert {b.name for b in small_ones(None)} == {"move", "back", "turn", "tilt", "gripper"}
    assert Behavior("gripper", "close") not in small_ones("red block")


def test_a_practice_becomes_lessons(tmp_path):
    """Through physics, the writer and the reader, to what is learned of it; in the second, a policy
    does most until the teacher takes over."""
    pytest.importorskip("torch")
    shown = [
        teach("practice", "mujoco", seed, learner=learner)
        for seed, learner in ((40_001, None), (40_003, TABLE))
    ]
    assert all(not each.fault and each.instruction == PRACTICE for each in shown)
    put_right = [segment for segment in shown[1].segments if segment.kind == "correction"]
    assert len(put_right) >= 2
    episodes, segments = together(shown)
    write(episodes, tmp_path / "practice", segments=segments)
    data = lessons.lessons([tmp_path / "practice"])
    assert 15 < len(data.lessons) <= len(segments)
    for each in data.lessons:
        asked = lessons.known()[each.wordings[0]]
        assert each.pace > 0.9 and len(each.wordings) >= 10
        about = {NAMES[i] for i in np.flatnonzero(each.mentions)}
        assert about <= {asked.thing, "gray tray", "gray drawer"}
        if asked.name == "pick":
            assert holding(each.frames)[-1].argmax() == NAMES.index(asked.thing)
        if asked.name == "move" and asked.thing in ("left", "right"):
            assert (each.path[-1, 0] < each.path[0, 0]) == (asked.thing == "left")
    assert {lesson.group for lesson in data.lessons} == {0, 1}
    with pytest.raises(WrongUse, match="needs --goal language"):
        TrainBeso((tmp_path / "practice",), task="table").main()


# --- what it makes of a goal ----------------------------------------------------------------------


class Onward:
    """A policy that goes `step` [m] with each action, until it is `by` (3,) [m] further on."""

    def __init__(self, *by, step=0.01):
        self.network = SimpleNamespace(history=1, horizon=16)
        self.fps, self.wants_goal, self.asked = 1 / PERIOD, True, []
        self.end, self.step = HANDS.of(UR5E.home)[:3] + by, step  # here: not two threads'

    def sample(self, history, goals, rng, last=None):
        self.asked.append((history, goals))
        chunk = np.tile(history[0, -1, :ACTION], (16, 1))
        way = self.end - chunk[0, :3]
        share = np.minimum(self.step * np.arange(1, 17) / (np.linalg.norm(way) + 1e-9), 1.0)
        chunk[:, :3] += share[:, None] * way
        return chunk[None]


def carried_out(goal, policy=None, things=None, seconds=3.0):
    """The outcome, the hand's references, and the policy."""
    policy = policy or Onward(0, 0, 0.05)
    skill = AsTold(Body.of(UR5E, after(0.02)), policy)  # type: ignore[arg-type]
    supervisor, hands, outcome = Supervisor(UR5E), [], None
    supervisor.reset(UR5E.home)
    for tick in range(round(seconds / UR5E.dt)):
        reference = supervisor.reference
        now = state(things or {}, reference.q, tick * UR5E.dt, reference)
        now = replace(now, seq=tick)
        if tick == 0:
            skill.reset(now, goal)
        command, outcome = skill.act(now, goal)
        verdict = supervisor.filter(now, command)
        assert not verdict.reasons
        hands.append(HANDS.of(supervisor.reference.q))
        if outcome.status is not Status.RUNNING:
            break
    return outcome, np.array(hands), policy


def test_it_goes_where_the_policy_says_and_is_done_when_it_rests():
    outcome, hands, policy = carried_out(Goal(1, "as_told", {"text": "move a bit up"}))
    assert outcome.status is Status.DONE and len(hands) * UR5E.dt < 2.0
    by = hands[-1] - HANDS.of(UR5E.home)
    assert by[2] == pytest.approx(0.05, abs=0.005)
    np.testing.assert_allclose(np.delete(by, 2), 0, atol=0.005)
    history, goals = policy.asked[0]
    assert history.shape == (1, 1, STATE) and goals.shape == (1, 1, LAYOUT.sentence)
    slow = carried_out(Goal(1, "as_told", {"text": "move a bit up", "speed": 0.5}))[1]
    up = HANDS.of(UR5E.home)[2] + 0.045
    fast_at, slow_at = (int(np.argmax(h[:, 2] > up)) for h in (hands, slow))
    assert slow_at > 1.5 * fast_at


def test_the_hand_keeps_to_its_way_when_joints_cannot_keep_up():
    goal, by = Goal(1, "as_told", {"text": "over there"}), np.array([-0.25, -0.2, 0])
    outcome, hands, _ = carried_out(goal, Onward(*by, step=0.05))  # 0.6 m/s, from rest
    assert outcome.status is Status.DONE
    way = hands[:, :3] - hands[0, :3]
    assert way[-1] == pytest.approx(by, abs=0.005)
    assert np.abs(way[:, 2]).max() < 0.05 and way[:, 0].min() > -0.255


def test_what_was_wanted_is_judged_by_what_is_measured():
    lies = {"red block": fix("block", 0.1, -0.5), "blue bowl": fix("bowl", 0.1, -0.5)}
    goal = Goal(1, "as_told", {"text": "put it there", "rest": ["red block", "blue bowl"]})
    assert carried_out(goal, things=lies)[0].status is Status.DONE
    beside = {**lies, "blue bowl": fix("bowl", -0.1, -0.5)}
    outcome = carried_out(goal, things=beside, seconds=5.0)[0]
    assert outcome.status is Status.FAILED and "is not in the blue bowl" in outcome.reason
    goal = Goal(1, "as_told", {"text": "take it", "hold": "red block"})
    outcome = carried_out(goal, things=lies, seconds=5.0)[0]
    assert outcome.status is Status.FAILED and "not in the gripper" in outcome.reason
    goal = Goal(1, "as_told", {"text": "open it", "open": True})
    assert "not seen" in carried_out(goal, things=lies)[0].reason
    drawn = closed(by=OPEN + 0.005)
    assert carried_out(goal, things=drawn)[0].status is Status.DONE


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, "say in words"),
        ({"text": "?!"}, "say in words"),
        ({"text": "go", "rest": ["red block"]}, "a block and a place"),
        ({"text": "go", "rest": 3}, ""),
    ],
)
def test_a_goal_that_says_too_little_fails(args, said):
    outcome = carried_out(Goal(1, "as_told", args))[0]
    assert outcome.status is Status.FAILED and said in outcome.reason


def test_going_back_is_told_from_where():
    start = UR5E.home + np.array([0.2, 0, 0, 0, 0, 0, 0])
    one = carried_out(Goal(1, "as_told", {"text": "go back"}))[2].asked[0][0]
    other = carried_out(Goal(1, "as_told", {"text": "go back", "start": start.tolist()}))[2]
    assert not np.allclose(one, other.asked[0][0])


def test_the_sentence_itself_is_the_goal():
    things = {"red block": fix("block", 0.0, -0.5), "gray tray": fix("tray", 0.2, -0.5)}
    now = state(things)
    (leg,) = as_told(
        Behavior("pick", "red block"), None, now, UR5E.home, "oh, get me that red block"
    )
    assert leg.args["text"] == "oh, get me that red block" and leg.args["hold"] == "red block"
    (leg,) = as_told(Behavior("sweep", "red block"), None, now, UR5E.home, "brush it in")
    assert leg.args["rest"] == ["red block", "gray tray"]
    assert Wanted.of(Goal(1, "as_told", leg.args)).rest == ("red block", "gray tray")
    (leg,) = as_told(Behavior("move", "left", "a bit"), None, now, UR5E.home, "a tad left")
    assert not Wanted.of(Goal(1, "as_told", leg.args)).anything
    with pytest.raises(LookupError):
        as_told(Behavior("drop"), None, now, UR5E.home, "put it down")
    json.dumps(dict(leg.args))


def test_a_persons_sentence_is_carried_out_word_for_word():
    planner = SelectorPlanner(
        lambda moment, may_end: (DONE, END, 1.0), Understanding(), UR5E, build.vocabulary(),
        lambda text: None, carry_out=as_told,
    )  # fmt: skip
    planner.instruct("put the red block in the blue bowl")
    things = {"red block": fix("block", 0.0, -0.5), "blue bowl": fix("bowl", 0.2, -0.5)}
    planner.plan(state(things), (), Outcome(0, Status.RUNNING))
    said = "no, go a bit to the left"
    goal = planner.plan(
        state(things, time=0.1), (Utterance(0.1, said),), Outcome(0, Status.RUNNING)
    )
    assert (goal.skill, goal.args["text"]) == ("as_told", said)
    goal = planner.plan(
        state(things, time=0.2), (Utterance(0.2, "slower"),), Outcome(goal.id, Status.DONE)
    )
    later = (Utterance(0.3, "take the red block"),)
    goal = planner.plan(state(things, time=0.3), later, Outcome(goal.id, Status.DONE))
    assert goal.args["hold"] == "red block" and goal.args["speed"] < 1


# --- trials ---------------------------------------------------------------------------------------


def test_trials_by_rule_are_judged_by_the_truth():
    rules = trials.Trials("rules")
    done = [trials.play(rules, name, 100_000) for name in ("pick", "move", "turn", "gripper")]
    assert all(each is not None and not each.fault for each in done), done
    found = trials.figures([*done, replace(done[0], fault="it fell"), None])
    assert found["pick"]["n"] == 2 and found["pick"]["success_rate"] == 0.5
    low, high = found["pick"]["success_rate_interval"]
    assert low < 0.5 < high and found["pick"]["faults"] == {"it fell": 1}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["eval", "beso", "--task", "table", "--asked", "fly"], "unknown 'fly'; valid are pick"),
        (["eval", "beso", "--task", "table", "--low-level", "luck"], "valid are rules, beso"),
        (["run", "hi", "--low-level", "beso"], "--planner selector"),
        (["train", "beso", "--task", "table", "--goal", "language", "--data", "none"], "none"),
    ],
)
def test_wrong_use_is_said_in_a_line(args, said):
    done = courtside(*args)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
