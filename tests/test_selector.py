"""The selector: what it is shown, what it learns, and how words override it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from rig import play

from planners.coaching.behavior import Behavior
from planners.coaching.understand import Understanding
from planners.correct import Vocabulary
from planners.selector.choose import Moment, Verifier
from planners.selector.corrections import CorrectionError, Kept, Told, read
from planners.selector.features import NAMES, Past, held_in, lagged, mentioned, see
from planners.selector.listen import Listener, Unclear
from planners.selector.network import Known, Network, shapes
from planners.selector.planner import SelectorPlanner
from planners.selector.samples import (
    DONE,
    END,
    Narrated,
    Said,
    Sample,
    about,
    keys,
    of_demonstration,
)
from robot.cli import build
from robot.sentences import embed
from robot.table import BLOCK
from robot.table_frame import BLOCK_ROWS, BOWL_ROWS, FRAME
from sim.scene import SceneObject

SCENE = (
    SceneObject("red", "block", 0.15, -0.55, 0.2),
    SceneObject("green", "block", -0.15, -0.6, 0.4),
    SceneObject("blue", "bowl", 0.0, -0.4),
)
SORT = "put the red block in the blue bowl and the green block in the blue bowl"


@pytest.fixture(scope="module")
def understanding():
    return Understanding()


def frame(blocks, bowls=(), hand=(0.0, -0.4, 0.2), pressed=False):
    """A frame with things at places, by colour."""
    made = np.zeros(FRAME)
    made[:3] = made[6:9] = hand
    made[5] = 0.01
    made[9] = 0.02 if pressed else 0.01
    colors = [name.split()[0] for name in NAMES]
    for color, place in blocks:
        at = BLOCK_ROWS + 6 * colors.index(color)
        made[at : at + 4] = 1.0, *place
    for color, place in bowls:
        at = BOWL_ROWS + 3 * (colors.index(color, 6) - 6)
        made[at : at + 3] = 1.0, *place
    return made


def network(seed=0):
    rng = np.random.default_rng(seed)
    made = {n: (rng.normal(size=s) * 0.2).astype(np.float32) for n, s in shapes().items()}
    made["names"][:] = 1.0
    return Network.of(made)


# --- what it is shown ---


def test_mentions_and_what_they_are_mentioned_with():
    found, after, before = mentioned(SORT)
    red, green, bowl = (NAMES.index(n) for n in ("red block", "green block", "blue bowl"))
    assert found[red].argmax() == 0 and found[green].argmax() == 2
    assert found[bowl].nonzero()[0].tolist() == [1, 3]
    assert after[red] == bowl and before[bowl] == red and after[bowl] == green
    assert about("no, the green block next") == "green block"
    assert about("pull the handle") == "gray drawer" and about("let go") == ""


def test_what_is_held_and_what_rests_on_what():
    base = [("red", (0.1, -0.5, 0.02)), ("green", (0.1, -0.5, 0.06))]
    held = frame([("red", (0.0, -0.4, 0.2))], pressed=True)
    assert held_in(held) == "red block"
    assert held_in(frame([("red", (0.0, -0.4, 0.2))])) is None
    seen = see(lagged([frame(base)], 0), SORT, [], True)
    flat = see(lagged([frame([base[0], ("green", (0.2, -0.5, 0.02))])], 0), SORT, [], True)
    assert not np.array_equal(seen.things[NAMES.index("red block")], flat.things[0])
    assert seen.present.sum() == 2


def test_it_is_blind_to_colors_but_says_them():
    """Red and blue exchanged, in things and words: the same numbers, and other names."""
    places = [(0.1, -0.5, 0.02), (0.2, -0.6, 0.02)]
    one = frame([("red", places[0]), ("blue", places[1])])
    other = frame([("blue", places[0]), ("red", places[1])])
    a = see(lagged([one], 0), "stack the red block on the blue block", [], True)
    b = see(lagged([other], 0), "stack the blue block on the red block", [], True)
    red, blue = NAMES.index("red block"), NAMES.index("blue block")
    assert np.array_equal(a.things[red], b.things[blue])
    assert np.array_equal(a.asked, b.asked)
    net = network()
    net.tensors["what"][:] = 0.0  # only what is pointed at
    both = embed(["red block", "blue block"])
    first, second = both @ net(a), both @ net(b)
    assert first == pytest.approx(second[::-1], abs=1e-5)
    assert abs(first[0] - first[1]) > 1e-4


# --- what it learns ---


def lessons(n, rng):
    """Blocks taken in the order in which they are mentioned; each goes out of sight, far away."""
    for group in range(n):
        colors = rng.permutation(["red", "green", "blue", "yellow"])[:2].tolist()
        text = "pack the {} block and the {} block into the drawer".format(*colors)
        order = rng.permutation(2)
        places = [(float(x), -0.5, 0.02) for x in (-0.1, 0.1)]
        things = [(colors[i], places[i]) for i in order]
        bowl = [("blue", (0.0, -0.6))]
        begun = frame(things, bowl)
        up = [(c, p if c != colors[0] else (0.0, -0.4, 0.2)) for c, p in things]
        lifted = frame(up, bowl, pressed=True)
        frames = [begun] * 8 + [lifted] * 8
        said = [
            Said(0, 8, f"pick up the {colors[0]} block"),
            Said(8, 16, "put it in the blue bowl"),
        ]
        yield from of_demonstration(Narrated(frames, text, said, group), rng)


def trained(state=None, **config):
    from planners.selector.train import TrainConfig, train

    rng = np.random.default_rng(0)
    samples = [*lessons(24, rng)]
    taught = keys()
    known = {s.command: taught[s.command] for s in samples}
    shown = []
    made = train(
        samples,
        Known([*known]),
        known,
        TrainConfig(check=20, batch=32, **config),
        lambda *line: shown.append(line),
        state=state,
    )
    return made, known, samples


@pytest.mark.parametrize("seed", [0, 1])
def test_numpy_computes_what_torch_does(seed):
    torch = pytest.importorskip("torch")
    from planners.selector.train import Table, forward

    samples = [*lessons(3, np.random.default_rng(seed))]
    net, taught = network(seed), keys()
    known = {s.command: taught[s.command] for s in samples}
    table = Table(samples, Known([*known]), known)
    weights = {name: torch.tensor(value) for name, value in net.tensors.items()}
    rows = np.arange(len(samples))
    with torch.no_grad():
        out, verdict = forward(weights, table, rows, None, torch.Generator())
    assert np.array([net(s.seen) for s in samples]) == pytest.approx(out.numpy(), abs=2e-5)
    likely = torch.sigmoid(verdict).numpy()
    assert [net.succeeded(s.seen) for s in samples] == pytest.approx(likely, abs=2e-5)


def test_it_learns_which_is_mentioned_first_and_a_killed_run_goes_on(tmp_path):
    pytest.importorskip("torch")
    made, _known, samples = trained(steps=80)
    assert made.best["right"] > 0.9  # of episodes it has not learned from
    assert len({s.command for s in samples}) == 6
    state = tmp_path / "state"
    trained(state, steps=20, seed=3)
    assert state.exists()
    # The state says how many steps were meant; only the same run goes on.
    straight, *_ = trained(steps=20, seed=3)
    again, *_ = trained(state, steps=20, seed=3)
    assert again.curve == straight.curve
    for name, value in straight.network.tensors.items():
        assert np.array_equal(value, again.network.tensors[name])


def test_corrections_are_learned_beside_what_was_known():
    pytest.importorskip("torch")
    from planners.selector.train import TrainConfig, train

    made, known, samples = trained(steps=60)
    text = "no, put it down"
    told = [replace(s, command=text, group=1) for s in samples if s.command.startswith("put")][:9]
    known = {**known, text: keys()[text]}
    config = TrainConfig(steps=40, check=20, batch=32, rate=1e-3, newest=0.25)
    after = train(
        samples, Known([*known]), known, config, lambda *line: None, start=made.network, newest=told
    )
    commands = Known([*known])
    may, at = np.ones(len(known), np.bool_), commands.commands.index(text)

    def likely(net):
        return np.mean([commands.likely(net(s.seen), net.temperature, may)[at] for s in told])

    assert likely(after.network) > likely(made.network) + 0.02
    assert after.best["right"] > 0.8  # and what was held out is still foretold


def test_what_led_to_a_correction_is_not_learned():
    frames = [frame([("red", (0.1, -0.5, 0.02))])] * 30
    said = [
        Said(0, 10, "pick up the green block"),
        Said(10, 30, "no, pick up the red block", correction=True),
    ]
    rng = np.random.default_rng(0)
    commands = [s.command for s in of_demonstration(Narrated(frames, SORT, said, 0), rng)]
    assert "pick up the green block" not in commands
    assert commands.count("no, pick up the red block") >= 2 and commands[-1] == DONE


# --- what people say ---


def test_what_is_not_understood_is_asked_back(understanding):
    listener = Listener(understanding, Vocabulary(("red", "green", "blue"), ("block", "bowl")))
    seen = {"red block", "blue bowl"}
    assert listener("no, take the red block", seen).behavior == Behavior("pick", "red block")
    for text in ("the weather is lovely today", "banana", "pick up the pink block", ""):
        with pytest.raises(Unclear):
            listener(text, seen)
    with pytest.raises(Unclear, match="I see no green block"):
        listener("pick up the green block", seen)
    with pytest.raises(Unclear, match="I see nothing white"):
        listener("pick up the white block", seen)
    assert listener("put it in the bowl", seen).behavior == Behavior("put", "blue bowl")
    with pytest.raises(Unclear, match="Which bowl"):
        listener("put it in the bowl", {"red block", "blue bowl", "red bowl"})
    assert listener.is_instruction(SORT) and listener.is_instruction(
        "push everything into the tray"
    )
    assert not listener.is_instruction("no, not the red block, the green block")
    assert listener.is_denial("no, that is wrong") and not listener.is_denial("no, go left")


class Script:
    """Commands as they were written down, one after the other."""

    def __init__(self, *commands):
        self.commands, self.asked = [*commands], []

    def __call__(self, moment, may_end):
        if not moment.ended:
            return DONE, END, 0.0
        self.asked.append([each.command for each in moment.past])
        command = self.commands.pop(0) if self.commands else DONE
        return command, keys()[command], 1.0


def planner_of(understanding, *commands, keep=lambda kept: None, verify=None):
    said = []
    made = SelectorPlanner(
        Script(*commands), understanding, build.robot_spec(), build.vocabulary(), said.append,
        keep=keep, verify=verify,
    )  # fmt: skip
    made.instruct(SORT)
    return made, said


def test_commands_are_carried_out_until_nothing_is_left(understanding):
    planner, _ = planner_of(understanding, "pick up the red block", "put it in the blue bowl")
    result = play(planner=planner, scene=SCENE)
    assert planner.succeeded and [b.name for b in planner.begun] == ["pick", "put"]
    bowl, block = (result.objects[n].position for n in ("blue bowl", "red block"))
    assert np.hypot(*(bowl - block)[:2]) < 0.04
    assert planner._choose.asked[-1][:2] == ["put it in the blue bowl", "pick up the red block"]


class Judge:
    """Verdicts as they were written down, then always yes."""

    def __init__(self, *verdicts):
        self.verdicts = [*verdicts]

    def __call__(self, moment, all_of_it=False):
        return self.verdicts.pop(0) if self.verdicts and not all_of_it else True


def test_what_does_not_look_done_is_tried_again(understanding):
    planner, _ = planner_of(
        understanding, "pick up the red block", "put it in the blue bowl", verify=Judge(True, False)
    )
    result = play(planner=planner, scene=SCENE)
    done = [b.name for b in planner.begun]
    assert done == ["pick", "put", "back", "pick", "put"] and planner.succeeded
    assert result.objects["red block"].position[2] < 0.06


def test_a_verdict_that_is_always_no_ends_after_ten_tries(understanding):
    planner, _ = planner_of(understanding, "pick up the red block", verify=Judge(*[False] * 99))
    play(planner=planner, scene=SCENE, duration=60.0)
    assert planner.finished and [b.name for b in planner.begun].count("pick") == 11


def test_what_does_not_help_is_not_asked_for_for_ever(understanding):
    planner, _ = planner_of(understanding, *["pick up the red block"] * 20)
    play(planner=planner, scene=SCENE)
    assert planner.finished and not planner.succeeded and len(planner.begun) == 11
    assert "again and again" in planner.error


def test_a_verifier_is_as_wrong_as_it_is_told_to_be():
    net = network()
    frames = lagged([frame([("red", (0.1, -0.5, 0.02))])], 0)
    moment = Moment(frames, SORT, [Past("pick up the red block", "red block", 1.0)], True, None)
    right = Verifier(net)(moment)
    rng = np.random.default_rng(0)
    wrong = Verifier(net, 0.15, rng)
    turned = np.mean([wrong(moment) != right for _ in range(400)])
    assert 0.1 < turned < 0.2


def test_a_persons_sentence_acts_on_the_next_tick_and_is_kept(understanding):
    kept = []
    planner, _said = planner_of(
        understanding,
        "pick up the green block",
        "put it in the blue bowl",
        keep=kept.append,
    )
    result = play("", (1.0, "no, the red block next"), planner=planner, scene=SCENE)
    planner.close()
    at = result.at(1.0)
    assert result.ticks[at - 1].goal.args["object"] == "green block"
    assert result.ticks[at].goal.args["object"] == "red block"  # the tick that hears it
    _velocity, acceleration, jerk = result.motion()
    assert abs(acceleration).max() < 1.001 and abs(jerk).max() < 1.01
    assert [b.thing for b in planner.begun] == ["green block", "red block", "blue bowl"]
    (one,) = kept
    assert one.sentence == "no, the red block next" and one.key == ("pick", "red block")
    assert one.outcome == "done" and one.past[0].command == "pick up the green block"
    assert one.now >= 10 and len(one.frames) - one.now > 45  # frames, .08 s apart
    learned = [*one.samples(0)]
    assert {s.command for s in learned} == {"no, the red block next"}
    assert len(learned) >= 3


def test_stop_and_continue_win(understanding):
    planner, _ = planner_of(understanding, "pick up the red block", "put it in the blue bowl")
    result = play("", (1.0, "stop"), (2.0, "continue"), planner=planner, scene=SCENE)
    halted = [tick.goal.skill for tick in result.ticks[result.at(1.0) : result.at(2.0)]]
    assert set(halted) == {"hold"} and planner.succeeded


def test_what_was_taken_wrongly_is_put_down_first(understanding):
    planner, _ = planner_of(understanding, "pick up the green block")
    result = play("", (6.0, "no, take the red block"), planner=planner, scene=SCENE)
    assert [b.name for b in planner.begun] == ["pick", "drop", "pick"]
    assert result.objects["red block"].position[2] > 0.08
    assert result.objects["green block"].position[2] < BLOCK


def test_going_on_ends_what_a_person_asked_for(understanding):
    planner, said = planner_of(understanding, "pick up the red block", "pick up the red block")
    play(
        "",
        (0.5, "a lot to the left"),
        (0.7, "go on"),
        (0.8, "banana"),
        planner=planner,
        scene=SCENE,
    )
    assert [b.name for b in planner.begun] == ["pick", "move", "pick"]
    assert "Going on." in said and "I did not understand 'banana'. What shall I do?" in said


# --- what is kept ---


def test_corrections_are_read_as_they_were_written(tmp_path):
    frames = tuple(frame([("red", (0.1, -0.5, 0.02))]) for _ in range(40))
    kept = Kept(
        3.0, "no, left", ("move", "left"), 0.5, SORT, (Told("pick up the red block", -1.0),),
        False, frames, 25, "done", {"hand": 0.04},
    )  # fmt: skip
    first, second = kept.write(tmp_path), kept.write(tmp_path)
    assert first != second
    for again in read(tmp_path):
        assert again.past == kept.past and again.key == kept.key and again.now == 25
        assert np.array(again.frames) == pytest.approx(np.array(frames), abs=1e-6)
    first.write_bytes(b"junk")
    with pytest.raises(CorrectionError, match="not a kept correction"):
        read(tmp_path)
    with pytest.raises(CorrectionError, match="no corrections"):
        read(tmp_path / "nowhere")


def test_known_commands_are_json():
    assert json.loads(json.dumps([[c, *k] for c, k in keys().items()]))
    assert Sample and Past
