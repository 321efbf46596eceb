"""Chores under the selector, from the command line: run, judged, coached, learned from."""

import json
import signal
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from test_cli import COURTSIDE, courtside

from planners.selector.network import Network, shapes
from planners.selector.samples import DONE, END, keys
from robot.cli import coached, selecting
from robot.cli.coached import Result, Setup, figures, paired, play


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["run", "--task", "pack", "--scene", "x.json"], "leave --scene out"),
        (["run", "--task", "pack", "--world", "pusht"], "--task needs --world tabletop"),
        (["run", "--task", "fold"], "sweep"),
        (["run", "--planner", "selector"], "an instruction or --task"),
        (["run", "hi", "--corrections", "x"], "--planner selector"),
        (["eval", "coach", "--condition", "tuned"], "--tuned CHECKPOINT"),
        (["eval", "coach", "--n", "0"], "at least 1"),
        (["eval", "coach", "--condition", "base,lively"], "base, live, tuned, oracle"),
        (["eval", "coach", "--condition", "live", "--keep", __file__], "is no folder"),
        (
            ["run", "--planner", "selector", "--task", "sort", "--corrections", __file__],
            "no folder",
        ),
        (["eval", "coach", "--coach", "human"], "needs --condition live"),
        (["eval", "coach", "--speech", "mic"], "--speech needs --coach human"),
        (["eval", "coach", "--checkpoint", "none.safetensors"], "no such checkpoint"),
    ],
)
def test_wrong_use_is_said_in_a_line(args, message):
    done = courtside(*args)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_chore_that_is_not_done_is_judged_so(tmp_path):
    done = courtside(
        "run", "home", "--task", "sort", "--seed", "3", "--planner", "fixed", "--speed", "inf",
        "--perception", "truth", "--frames", "0", "--record", tmp_path, "--json",
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert done.returncode == 1 and not found["success"]
    assert " is not in the " in found["error"]
    assert found["stages"] and not any(found["stages"].values())
    assert found["instruction"] == "home"
    assert "judged: " in done.stderr


@pytest.mark.parametrize("engine", ["mujoco", "pybullet"])
def test_the_oracle_sorts_and_is_judged_to_have(engine):
    result = play(Setup("sort", "oracle", engine), 100_000, None)
    assert not result.fault and result.stages == 1.0 and result.error is None
    assert result.tries >= 1.0 and not result.said


def test_the_selector_that_comes_along_sorts(tmp_path):
    done = courtside(
        "run", "--task", "sort", "--seed", "100001", "--planner", "selector", "--speed", "inf",
        "--perception", "truth", "--frames", "0", "--record", tmp_path, "--verify", "--json",
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["success"] and found["error"] is None, done.stderr
    assert all(found["stages"].values()) and len(found["stages"]) == 3
    assert found["instruction"].startswith("put the ")


class Stubborn:
    """Wants the same thing again and again; then it thinks that it is done."""

    def __init__(self, command, times):
        self.command, self.left = command, times

    def __call__(self, moment, may_end):
        if not moment.ended or not self.left:
            return DONE, END, 0.0
        self.left -= 1
        return self.command, keys()[self.command], 1.0


def test_a_person_coaches_by_the_clock_and_may_leave(tmp_path):
    """Two tables; Ctrl-C at the second, which does not count then."""
    command = "eval coach --coach human --condition live --task stack --n 2 --seed 100001 --json"
    with subprocess.Popen(
        [*COURTSIDE, *command.split(), "--keep", str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stderr is not None
        shown = ""
        for line in process.stderr:
            shown += line
            if "table 100001" in line:
                print("a bit to the left", file=process.stdin, flush=True)
            elif "table 100002" in line:
                process.send_signal(signal.SIGINT)
        out = process.stdout.read() if process.stdout else ""
    assert process.returncode == 0 and "judged: stack is done" in shown, shown
    found = json.loads(out)
    assert found["coach"] == "human"
    live = found["conditions"]["live"]
    assert (live["n"], live["success_rate"], live["corrections"]) == (1, 1.0, 1.0)
    assert len([*tmp_path.iterdir()]) == 1


def test_a_coach_helps_one_that_gives_up_and_its_words_are_kept():
    kept = []
    choose = Stubborn("tilt it", 1)
    result = play(Setup("sort", "live"), 100_000, choose, kept.append)
    alone = play(Setup("sort", "base"), 100_000, Stubborn("tilt it", 1))
    assert alone.stages == 0 and alone.fault and not alone.said
    assert 1 <= len(result.said) <= 5 and result.stages > 0
    assert [each.sentence for each in kept] == [*result.said]
    assert all(each.idle for each in kept)


def test_figures_have_intervals_and_pairs():
    base = Result(0, "the red block is not in the blue bowl", 0.5, 1.5, (), ("pick",), 9.0, None)
    done = replace(base, fault="", stages=1.0, tries=1.0)
    found = figures([base, done, done, done])
    assert found["success_rate"] == 0.75 and found["stages"] == 0.875
    low, high = found["success_rate_interval"]
    assert low < 0.75 < high
    gain = paired([base, base, done, done], [done, done, done, done])
    assert gain["gain"] == 0.5 and gain["gain_interval"][0] < 0.5


def test_a_checkpoint_is_read_as_it_was_written(tmp_path):
    rng = np.random.default_rng(0)
    net = Network.of({n: rng.normal(size=s).astype(np.float32) for n, s in shapes().items()})
    known = {DONE: END, "pick up the red block": ("pick", "red block")}
    path = tmp_path / "x.safetensors"
    selecting.save(path, net, known, {"right": 0.5})
    again, commands, read, facts = selecting.load(path)
    assert read == known and commands.commands == tuple(known) and facts["metrics"]
    assert all(np.array_equal(again.tensors[n], net.tensors[n]) for n in shapes())
    wrong = {**net.tensors, "thing": np.zeros((3, 3), np.float32)}
    with pytest.raises(ValueError, match="do not fit"):
        Network.of(wrong)
    assert coached.COMPARED != 100_000  # what is tuned on is not what is measured on
