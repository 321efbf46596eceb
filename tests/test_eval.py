"""`courtside eval beso`: figures with intervals, the same again for the same seeds."""

import json

import pytest

from robot.cli import worlds
from robot.intervals import wilson
from skills.beso.shipped import SHIPPED

BLOCKS = ["eval", "beso", "--task", "blockpush", "--jobs", 1]


def assert_in_intervals(found):
    """Every figure lies in its interval."""
    names = [name for name in found if f"{name}_interval" in found]
    assert names == [name for name in found if name != "n" and not name.endswith("_interval")]
    for name in names:
        low, high = found[f"{name}_interval"]
        assert low <= found[name] <= high


def test_every_setting_is_reported_with_intervals_and_drawn(command, tmp_path):
    cv2 = pytest.importorskip("cv2")
    pytest.importorskip("matplotlib")
    plot = tmp_path / "new" / "steps.png"
    args = ["--n", 3, "--seed", 7, "--steps", "1,3", "--json", "--plot", plot]
    code, printed, _ = command(*BLOCKS, *args)
    assert code == 0
    report = json.loads(printed)  # nothing else stands on standard output
    assert list(report["by_steps"]) == ["1", "3"]
    shipped = SHIPPED["blockpush"]
    settings = {name: report[name] for name in ("task", "engine", "checkpoint", "seed", "lambda")}
    assert settings == {
        "task": "blockpush",
        "engine": "mujoco",
        "checkpoint": str(shipped.path),
        "seed": 7,
        "lambda": shipped.sampling.guidance,
    }
    assert report["sampler"] == shipped.sampling.sampler
    assert (report["execute"], report["warm"]) == (shipped.chunks.execute, shipped.sampling.warm)
    for found in report["by_steps"].values():
        assert found["n"] == 3
        assert_in_intervals(found)
        for name in ("success_rate", "result", "order_share", "assignment_share"):
            assert name in found
        successes = round(3 * found["success_rate"])
        assert found["success_rate_interval"] == list(wilson(successes, 3))
        assert found["interventions"] == found["starved"] == 0 < found["expired"]
    assert report["by_steps"]["1"] != report["by_steps"]["3"]
    assert plot.read_bytes().startswith(b"\x89PNG")
    picture = cv2.imread(str(plot))
    assert picture.shape == (480, 720, 3) and picture.std() > 10


@pytest.mark.parametrize("task", ["pusht", "pusht-goal"])
def test_pusht_reports_coverage(task, command):
    pytest.importorskip("gym_pusht")
    args = ["--task", task, "--jobs", 1, "--n", 2, "--seed", 100, "--json"]
    code, printed, _ = command("eval", "beso", *args)
    report = json.loads(printed)
    assert code == 0 and report["checkpoint"] == str(SHIPPED[task].path)
    (found,) = report["by_steps"].values()
    assert found["n"] == 2 and found["interventions"] == found["starved"] == 0
    assert_in_intervals(found)
    assert found["mean_max_coverage"] >= found["mean_max_coverage_raw"] > 0.5
    assert found["final_iou"] <= found["mean_max_coverage"]


def test_lambda_says_how_much_the_goal_matters(command):
    code, printed, _ = command(*BLOCKS, "--n", 4, "--seed", 8, "--lambda", "0,1", "--json")
    report = json.loads(printed)
    assert code == 0 and "by_steps" not in report
    assert report["steps"] == SHIPPED["blockpush"].sampling.steps
    free, told = (report["by_lambda"][name] for name in ("0.0", "1.0"))
    # Told, it brings each block where the goal has it; free, both, but into either target.
    assert told["result"] > free["result"]
    assert told["success_rate"] >= 0.8


def test_the_same_seeds_give_the_same_figures_on_any_number_of_processes(command):
    def figures(seed, jobs, n=4):
        args = ["--n", n, "--steps", 1, "--seed", seed, "--jobs", jobs, "--json"]
        code, printed, _ = command(*BLOCKS[:-2], *args)
        assert code == 0
        return json.loads(printed)["by_steps"]

    alone = figures(20, 1)
    assert alone == figures(20, 2)
    assert alone["1"]["expired"] != figures(40, 1, n=2)["1"]["expired"]


def test_for_people_it_is_a_table(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    args = ["--engine", "pybullet", "--n", 2, "--steps", 1]
    code, printed, _ = command(*BLOCKS, *args)
    assert code == 0
    for word in ("steps", "success rate", "assignment share", "interventions"):
        assert word in printed


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--n", 1], "--n must be at least 2"),
        (["--jobs", 0], "--jobs at least 1"),
        (["--steps", "one"], "--steps must be numbers such as 1,3: not 'one'"),
        (["--steps", "1,,3"], "--steps must be numbers"),
        (["--steps", "2.5"], "--steps must be numbers"),
        (["--steps", "0"], "at least one denoising step"),
        (["--steps", "1,3", "--lambda", "0,1"], "several --steps or several --lambda, not both"),
        (["--lambda", "much"], "--lambda must be numbers"),
        (["--lambda", "nan"], "guidance must be finite"),
        (["--sampler", "dimm"], "unknown sampler 'dimm'; valid are ddim, euler"),
        (["--schedule", "cosine"], "unknown schedule 'cosine'; valid are exponential"),
        (["--warm", "-1"], "warm a noise level from 0 up"),
        (["--execute", "0"], "execute must be at least 1"),
        (["--execute", "99"], "execute must be at most 8"),
        (["--seed", "-1"], "--seed at least 0"),
        (["--plot", "curve.txt"], "--plot must end in .png, .pdf, .svg"),
        (["--plot", "text.safetensors/curve.png"], "--plot"),
        (["--checkpoint", "none.safetensors"], "none.safetensors: there is no such checkpoint"),
        (["--checkpoint", "cut.safetensors"], "cut.safetensors: not a whole checkpoint"),
        (["--checkpoint", "bit.safetensors"], "bit.safetensors: it was altered"),
        (["--checkpoint", "text.safetensors"], "text.safetensors: not a whole checkpoint"),
        (["--task", "pusht", "--checkpoint", "blocks.safetensors"], "it moves pusher, not pusht"),
    ],
)
def test_wrong_use_is_one_line_before_anything_moves(args, message, command, tmp_path, monkeypatch):
    def moved(*args):
        raise AssertionError("a world was made")

    monkeypatch.setattr(worlds, "of_episode", moved)
    monkeypatch.chdir(tmp_path)
    whole = SHIPPED["blockpush"].path.read_bytes()
    altered = bytearray(whole)
    altered[len(whole) // 2] ^= 1
    for name, content in (
        ("blocks", whole),
        ("cut", whole[: len(whole) // 3]),
        ("bit", altered),
        ("text", b"no policy"),
    ):
        (tmp_path / f"{name}.safetensors").write_bytes(content)
    code, printed, said = command(*BLOCKS, "--n", 2, *args)
    assert code == 2 and not printed
    assert message in said and len(said.splitlines()) == 1 and said.startswith("courtside: ")


def test_an_unknown_task_names_the_valid_ones(command):
    code, _, said = command("eval", "beso", "--task", "kitchen")
    assert code == 2
    assert all(task in said for task in ("pusht", "pusht-goal", "blockpush"))
