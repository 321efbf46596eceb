"""`courtside program` in every world, its functions, and a run that is suspended and resumed."""

import json
import signal

import pytest
from test_cli import Running, courtside

pytestmark = pytest.mark.timeout(600)  # it starts the command several times
PUT = "put_first_on_second('red block', 'blue bowl')\n"


def program(tmp_path, text, *args):
    file = tmp_path / "program.py"
    file.write_text(text)
    done = courtside("program", file, *args, "--json", timeout=300)
    return json.loads(done.stdout), done


def test_a_learned_policy_runs_as_a_skill(tmp_path):
    text = "say(run_skill('push_blocks', {'assignment': 1}))\nsay(run_skill('pick', {}))"
    result, _ = program(tmp_path, text, "--world", "blockpush")
    assert result["said"][0] == "done"
    assert "unknown skill 'pick'; valid are hold, push_blocks" in result["error"]


def test_a_rally_runs_as_a_skill(tmp_path):
    text = """
for ball in range(2):
    result = run_skill('rally', {'controller': 'forehand'})
    say('returned' if result == 'done' else result)
    run_skill('ready')
"""
    result, _ = program(tmp_path, text, "--world", "tennis", "--duration", "20")
    assert result["ok"] and len(result["said"]) == 2, result
    assert set(result["said"]) <= {"returned", "the ball got past"}


def test_published_programs_run_in_the_world(tmp_path):
    text = """
import numpy as np
from shapely.geometry import *
from env_utils import put_first_on_second
names = parse_obj_name('the blocks', f'objects = {get_obj_names()}')
pts = parse_position('a 30cm horizontal line in the middle with 3 points')
for name, pt in zip(names, pts):
    put_first_on_second(name, pt)
assert np.abs(get_obj_positions_np(names) - pts).max() < 0.02
"""
    things = [("red block", 0.2, -0.3), ("blue block", -0.2, -0.3), ("green block", 0.2, -0.7)]
    scene = tmp_path / "scene.json"
    objects = [{"name": name, "xy": [x, y]} for name, x, y in things]
    scene.write_text(json.dumps({"objects": objects}))
    result, _ = program(tmp_path, text, "--scene", scene)
    assert result["ok"], result["error"]


def test_functions_are_listed_and_deleted(tmp_path):
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps(["greet('you')", "def greet(whom):\n    say(f'hello {whom}')"]))
    folder = tmp_path / "functions"
    done = courtside(
        *("run", "say hello to me", "--llm", f"replay:{answers}", "--library", folder),
        *("--record", tmp_path, "--speed", "inf", "--json"),
        timeout=300,
    )
    result = json.loads(done.stdout)
    assert result["success"] and result["said"] == ["hello you"], done.stderr
    replayed = courtside("replay", result["recording"], "--json")
    assert json.loads(replayed.stdout)["differences"] == []
    listed = json.loads(courtside("functions", folder, "--json").stdout)["functions"]
    assert listed[0]["name"] == "greet" and listed[0]["command"] == "say hello to me"
    assert {"get_closest_idx", "make_line"} <= {each["name"] for each in listed}
    assert courtside("functions", folder, "--delete", "greet").returncode == 0
    again = courtside("functions", folder, "--delete", "greet")
    assert again.returncode == 2 and "no learned 'greet'" in again.stderr


@pytest.mark.parametrize("engine", ["mujoco", "pybullet"])
def test_a_run_goes_on_in_another_process(tmp_path, engine):
    kept, answers = tmp_path / "kept.json", tmp_path / "answers.json"
    answers.write_text(json.dumps([PUT]))
    first = Running(
        tmp_path,
        *("put the red block in the blue bowl", "--llm", f"replay:{answers}"),
        *("--engine", engine, "--suspend", kept),
    )
    first.wait_for("place")
    first.process.send_signal(signal.SIGINT)
    assert not first.result()["success"] and kept.exists()
    done = courtside(
        *("run", "--resume", kept, "--engine", engine, "--llm", f"replay:{answers}"),
        *("--record", tmp_path, "--speed", "inf", "--json"),
        timeout=300,
    )
    result = json.loads(done.stdout)
    assert result["success"], done.stderr
    block, bowl = result["objects"]["red block"], result["objects"]["blue bowl"]
    assert abs(block[0] - bowl[0]) < 0.05 and abs(block[1] - bowl[1]) < 0.05
    bad = courtside("run", "--resume", answers, "--llm", f"replay:{answers}")
    assert bad.returncode == 2 and "not a suspended program" in bad.stderr
