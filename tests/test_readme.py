"""The examples in the README are run."""

import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import numpy as np
import rig

from hardware.robot_file import load, parse
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
