"""The examples in the README are run."""

import re
import sys
import threading
import tomllib
from contextlib import closing
from http.server import HTTPServer
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import rig

from hardware.robot_file import load, parse
from robot.cli import programming
from skills import SKILLS

ROOT = Path(__file__).parents[1]


def blocks(language: str) -> list[str]:
    """The README's pieces of code in `language`."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_the_skill_waves(monkeypatch):
    (code,) = [block for block in blocks("python") if "class Wave" in block]
    module = ModuleType("my_skills")
    exec(code, module.__dict__)
    monkeypatch.setitem(sys.modules, "my_skills", module)
    monkeypatch.setitem(SKILLS["ur5e"], "wave", "my_skills:Wave")
    result = rig.play("wave times=2")
    assert result.planner.succeeded and not result.reasons and not result.supervisor.stops
    hand = np.array([tick.obs.q[5] for tick in result.ticks])
    assert 0.35 < np.ptp(hand) < 0.45  # to and fro
    assert 8.0 < result.ticks[-1].state.time < 10.0  # twice


def test_the_arm_is_that_of_the_file():
    (code,) = [block for block in blocks("toml") if "scaled_joint_trajectory_controller" in block]
    told, file = parse(tomllib.loads(code)), load(ROOT / "hardware" / "robots" / "ur5e.toml")
    assert told.channels == file.channels and told.joint_states == file.joint_states
    assert told.spec.joints == file.spec.joints


@pytest.mark.parametrize("engine", ["mujoco", "pybullet"])
def test_the_task_is_judged(engine, capsys):
    (code,) = [block for block in blocks("python") if "def fault" in block]
    code, call = code.rsplit("\n\n\n", 1)
    module = ModuleType("my_task")
    exec(code, module.__dict__)
    goals = re.search(r'play\("(.*)"\)', call)
    assert module.play("home", engine) == "they are in the wrong order"
    assert goals and module.play(goals[1], engine) == ""


def test_the_model_writes_a_program():
    (code,) = [block for block in blocks("python") if "def answer" in block]
    module = ModuleType("my_model")
    exec(code, module.__dict__)
    module.Model.log_message = lambda *about: None
    with HTTPServer(("127.0.0.1", 0), module.Model) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/v1"
        with closing(programming.language_model(url, "")) as writer:
            planner = programming.program_planner(writer, print)
            with closing(planner):
                planner.instruct("put the red block in the blue bowl")
                result = rig.play("", planner=planner)
        server.shutdown()
    block, bowl = (result.objects[name].position for name in ("red block", "blue bowl"))
    assert planner.succeeded and np.abs(block - bowl)[:2].max() < 0.05
