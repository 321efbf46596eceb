"""The policies that come with the package: their files, and `courtside run` with them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from robot.pushing import BLOCKS, TARGETS, TOLERANCE
from robot.pusht import GOALS, coverage, pose_of
from robot.recording import Recording
from robot.specs import SPECS
from skills.beso.checkpoint import Checkpoint
from skills.beso.policy import Policy
from skills.beso.shipped import SHIPPED
from skills.beso.tasks import TASKS

COURTSIDE = [sys.executable, "-c", "from robot.cli.main import main; main()"]
LARGEST = 10_000_000  # bytes of a checkpoint


# --- the files ------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request):
    return SHIPPED[request.param]


def test_a_file_is_small_and_says_where_it_comes_from(shipped):
    assert shipped.path.stat().st_size <= LARGEST
    about = Checkpoint.load(shipped.path).about
    command = about["command"].split()
    assert command[:3] == ["courtside", "train", "beso"]
    robot = shipped.task.layout.robot
    (task,) = (name for name, task in TASKS.items() if task.layout.robot == robot)
    assert command[command.index("--task") + 1] == task
    assert Path(command[command.index("--out") + 1]).name == shipped.file
    assert re.fullmatch("[0-9a-f]{40}", about["commit"])
    assert re.fullmatch("[0-9a-f]{64}", about["data_sha256"])
    assert {"torch", "numpy", "courtside"} <= json.loads(about["versions"]).keys()
    training, (last,) = json.loads(about["training"]), json.loads(about["curve"])
    assert last["step"] == training["steps"]
    curve = json.loads(shipped.path.with_suffix(".json").read_text())
    assert curve[-1] == last and curve[-1]["loss"] < curve[0]["loss"]


def test_inspect_says_what_a_policy_is(shipped, command, tmp_path):
    code, printed, _ = command("data", "inspect", shipped.path, "--json")
    found = json.loads(printed)
    assert code == 0 and found["layout"]["robot"] == shipped.task.layout.robot
    assert found["command"].startswith("courtside train beso") and found["parameters"] > 1e5
    assert command("data", "inspect", shipped.path)[1].count("\n") >= len(found)
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(shipped.path.read_bytes()[:1000])
    code, printed, said = command("data", "inspect", cut)
    assert (code, printed, said.count("\n")) == (2, "", 1) and "not a whole checkpoint" in said


def test_a_file_is_of_its_task_and_robot(shipped):
    spec = SPECS[shipped.task.layout.robot]
    made = Checkpoint.load(shipped.path, spec.name)
    assert made.fps == pytest.approx(1 / spec.dt)
    assert made.network.action == len(spec.joints)
    assert made.encoding.layout.angles == shipped.task.layout.angles
    for name, value in shipped.task.sizes.items():
        assert getattr(made.network, name) == value
    assert shipped.chunks.execute <= made.network.horizon
    alone = shipped.file == "pusht.safetensors"  # its goal is known from training
    assert Policy(made, shipped.sampling).wants_goal != alone
    assert all(np.isfinite(weight).all() for weight in made.weights.values())


def test_onnx_says_what_torch_says(shipped):
    torch = pytest.importorskip("torch")
    from skills.beso.export import INPUTS, TOLERANCE, example, restored

    made = Checkpoint.load(shipped.path)
    policy, denoiser = Policy(made), restored(made)
    for batch in (1, 3):
        inputs = example(made.network, batch, seed=batch)
        with torch.no_grad():
            wanted = denoiser(*inputs).numpy()
        feed = {n: v.numpy() for n, v in zip(INPUTS, inputs, strict=True) if n in policy.inputs}
        (found,) = policy.session.run(None, feed)
        assert wanted.std() > 0.01  # it says something
        assert np.abs(found - wanted).max() < TOLERANCE == 1e-5


# --- at work --------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path, command):
    """Runs `courtside run` and replays what it recorded: the result, and the recording."""

    def run(*args):
        given = [*args, "--speed", "inf", "--record", tmp_path / "runs", "--json"]
        done = subprocess.run(
            [*COURTSIDE, "run", *map(str, given)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        result = json.loads(done.stdout)  # nothing else stands on standard output
        assert done.returncode == (0 if result["success"] else 1)
        assert result["stops"] == 0 and result["corrections"] == []
        recording = Recording.load(Path(result["recording"]))
        assert not recording.truncated and not recording.missing
        assert len(recording.ticks) == result["ticks"]
        reasons = [tick.verdict.reasons for tick in recording.ticks if tick.verdict.reasons]
        assert reasons == []  # the policy keeps the limits by itself
        assert sum(arrival.worker == "policy" for arrival in recording.arrivals) > 5
        code, printed, _ = command("replay", recording.path, "--json")
        assert json.loads(printed) == {"ticks": result["ticks"], "differences": []}
        assert code == 0
        return result, recording

    return run


@pytest.mark.parametrize(
    ("args", "assignment"),
    [
        ([], 0),
        (["push_blocks assignment=1", "--engine", "pybullet", "--seed", 3], 1),
    ],
)
def test_blocks_are_pushed_where_they_are_wanted(args, assignment, run):
    result, recording = run("--world", "blockpush", *args)
    assert result["success"] and result["error"] is None
    assert {tick.goal.skill for tick in recording.ticks} <= {"push_blocks", "hold"}
    for block, target in ((0, assignment), (1, 1 - assignment)):
        here, there = (np.array(result["objects"][n]) for n in (BLOCKS[block], TARGETS[target]))
        assert np.hypot(*(here - there)[:2]) < TOLERANCE


@pytest.mark.parametrize(
    ("args", "goal"), [([], "center"), (["push_t pose=corner", "--seed", 1], "corner")]
)
def test_the_t_is_pushed_to_where_it_is_wanted(args, goal, run):
    pytest.importorskip("gym_pusht")
    result, recording = run("--world", "pusht", *args, "--duration", 30)
    assert {tick.goal.skill for tick in recording.ticks} <= {"push_t", "hold"}
    covered = [coverage(pose_of(tick.obs.fixes["T"]), GOALS[goal]) for tick in recording.ticks]
    assert covered[0] < 0.5 and max(covered) > 0.8
    assert result["success"] == (max(covered) > 0.95)
