"""Goals in words: embeddings that tell what matters apart, and policies that follow them."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from beso_rig import LAYOUT, NOISE, SIZES, checkpoint, episodes
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.cli.errors import WrongUse
from robot.cli.train import TrainBeso
from robot.loop import Selector
from robot.pushing import BLOCKS, HEARD, TARGETS, UNHEARD, sentence
from robot.pusht import PUSHT
from robot.sentences import SIZE, embed
from robot.types import Goal, Reference, State, Status, vector
from robot.worker import after
from skills.beso.config import Layout
from skills.beso.episodes import Episodes
from skills.beso.policy import Policy, SamplingConfig
from skills.beso.shipped import make
from skills.beso.tasks import BLOCKPUSH, TASKS, sentence_goal, told
from skills.body import Body


@settings(deadline=None)  # the first reads the model
@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_text_is_a_direction_or_nothing(texts):
    found = embed(texts)
    assert found.shape == (len(texts), SIZE) and found.dtype == np.float32
    lengths = np.linalg.norm(found, axis=1)
    assert np.isfinite(found).all()
    assert all(abs(length - 1) < 1e-5 or length == 0 for length in lengths)
    assert (lengths[[not text.strip() for text in texts]] == 0).all()


def test_case_and_punctuation_do_not_matter_but_order_does():
    same = embed(["Red to green; blue to orange!", "red to green blue to orange"])
    assert np.allclose(*same)
    one, other = embed(["red to green, blue to orange", "red to orange, blue to green"])
    assert one @ other < 0.9
    left, right = embed(["move it to the left", "move it to the right"])
    assert left @ right < 0.9


def test_paraphrases_are_nearest_to_what_they_mean():
    known = ["push the block", "open the drawer", "turn on the light", "wipe the table"]
    said = ["shove the cube", "pull the drawer open", "switch the lamp on", "clean the table top"]
    assert np.argmax(embed(said) @ embed(known).T, axis=1).tolist() == [0, 1, 2, 3]


def test_embeddings_are_the_same_in_every_process():
    code = "from robot.sentences import embed; print(embed(['push it left']).tobytes().hex())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == embed(["push it left"]).tobytes().hex()


def test_sentences_of_block_push_say_which_block_goes_where():
    rng = np.random.default_rng(0)
    for ways in (HEARD, UNHEARD):
        for assignment in (0, 1):
            for _ in range(20):
                text = sentence(assignment, ways, rng)
                order = sorted((*BLOCKS, *TARGETS), key=text.index)
                first, goal, second, other = order
                if first == BLOCKS[1]:
                    first, goal, second, other = second, other, first, goal
                assert (first, second) == BLOCKS
                assert (goal, other) == (TARGETS[assignment], TARGETS[1 - assignment])
    assert not set(HEARD) & set(UNHEARD)


@pytest.mark.parametrize("args", [{}, {"text": ""}, {"text": "?!"}, {"text": 3}])
def test_a_goal_without_words_is_refused(args):
    with pytest.raises(ValueError, match="say in words"):
        sentence_goal(Goal(1, "push_as_told", args))


def test_a_policy_does_what_it_is_told(tmp_path):
    """The same state, two sentences, two actions; and nothing told: either."""
    train = pytest.importorskip("skills.beso.train")
    windows = pytest.importorskip("skills.beso.windows")
    rng = np.random.default_rng(0)
    sides = rng.choice([-1.0, 1.0], 200)
    seen = rng.normal(0, 0.1, (200 * 6, 5))
    actions = np.stack([np.repeat(sides, 6), np.zeros(1200)], 1)
    sentences = tuple("go left" if side < 0 else "go right" for side in sides)
    sentences = (*sentences[:-20], *[""] * 20)  # some say nothing
    data = Episodes.of(seen, actions, 6 * np.arange(1, 201), 10.0, sentences)
    layout = Layout("pusht", sentence=SIZE)
    config = train.TrainConfig(steps=300, batch=128, every=300, learning_rate=3e-3)
    sizes = {**SIZES, "history": 1, "horizon": 2, "patch": 1, "width": 32}
    said = windows.Demonstrations(data, layout, "language", embed=embed)
    made = train.train(said, sizes, NOISE, config, tmp_path / "p.safetensors")
    start = np.zeros((200, 1, 5))

    def first_actions(text: str, guidance: float = 1.0):
        policy = Policy(made, SamplingConfig(guidance=guidance, steps=5))
        goal = sentence_goal(Goal(1, "told", {"text": text}))
        return policy.sample(start, goal, np.random.default_rng(1))[:, 0, 0]

    assert (first_actions("go left") < 0).mean() > 0.97
    assert (first_actions("please go to the right") > 0).mean() > 0.97
    assert 0.25 < (first_actions("go left", guidance=0.0) > 0).mean() < 0.75


def test_copies_of_demonstrations_say_what_is_seen_in_them():
    frame = np.arange(16.0)[None]
    say = "put red block on {0}, blue block on {1}".format
    data = Episodes.of(frame, np.zeros((1, 2)), [1], 10.0, (say(*TARGETS),))
    copies = told(BLOCKPUSH).augmented(data)
    assert copies.observations[:, [0, 10]].tolist() == [[0, 10], [3, 10], [0, 13], [3, 13]]
    blue_first = "put blue block on {0}, red block on {1}".format
    turned = TARGETS[::-1]
    assert copies.tasks == (say(*TARGETS), blue_first(*TARGETS), say(*turned), blue_first(*turned))
    mirrored = told(TASKS["pusht"]).augmented(replace(episodes(), tasks=("push it left",) * 6))
    assert mirrored.tasks == ("push it left",) * 6 + ("",) * 6


def test_training_with_language_goals_needs_sentences(tmp_path):
    pytest.importorskip("accelerate")
    data, path = episodes(), tmp_path / "demos.npz"
    np.savez(path, state=data.observations, action=data.actions, episode_ends=data.ends)
    with pytest.raises(WrongUse, match="no episode has one"):
        TrainBeso((path,), tmp_path / "p.safetensors", task="pusht", goal="language").main()


def test_a_policy_that_was_trained_with_sentences_is_told_by_them(tmp_path):
    pytest.importorskip("torch")
    path = tmp_path / "p.safetensors"
    layout = replace(LAYOUT, goal=(), sentence=SIZE)
    checkpoint(layout)[1].save(path)
    skill = make(Body.of(PUSHT, after(0.0)), "pusht-goal", path)
    home = PUSHT.home
    at_rest = Reference(home, vector([0, 0]), vector([0, 0]))
    state = State(0.0, 0.0, 0, home, vector([0, 0]), at_rest)
    _, outcome = Selector({"push": skill}).act(Goal(1, "push", {"pose": "center"}), state)
    assert outcome.status is Status.FAILED and "say in words" in outcome.reason
