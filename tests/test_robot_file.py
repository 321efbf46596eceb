"""Robots in files."""

import json
from pathlib import Path

import pytest

import hardware
from hardware.nodes import declared
from hardware.robot_file import RobotFileError, from_json, load, parse, served, to_json
from robot.specs import SPECS, UR5E

ARM = list(UR5E.joints[:6])
FULL = {
    "name": "two",
    "joints": ["a", "b"],
    "dt": 0.01,
    "lower": [-1, -1.0],
    "upper": [1, 1.0],
    "velocity": [1, 1],
    "acceleration": [5, 5],
    "jerk": [50, 50],
    "home": [0, 0],
}


@pytest.mark.parametrize("name", SPECS)
def test_a_robot_survives_the_wire(name):
    robot = served(SPECS[name])
    back = from_json(to_json(robot))
    assert to_json(back) == to_json(robot)
    assert back.spec.modes == robot.spec.modes and back.spec.groups == robot.spec.groups


def test_what_is_not_said_is_as_of_the_robot_that_it_is_like():
    robot = parse({"like": "ur5e", "dt": 0.01, "velocity": [1.0] * 7})
    assert robot.spec.dt == 0.01 and robot.spec.velocity.tolist() == [1.0] * 7
    assert robot.spec.upper is UR5E.upper and robot.spec.name == "ur5e"


def test_a_robot_of_its_own():
    robot = parse(FULL | {"command": [{"type": "positions", "topic": "/c/commands"}]})
    assert robot.spec.joints == ("a", "b")
    assert robot.channels[0].joints == ("a", "b")


WRONG = {
    "unknown key 'velocty'; did you mean velocity?": FULL | {"velocty": [1, 1]},
    "valid are ur5e": {"like": "ur6"},
    "also needs acceleration, dt, home": {"name": "x", "joints": ["a"]},
    "different names": FULL | {"joints": ["a", "a"]},
    "velocity must be 2 finite numbers": FULL | {"velocity": [1]},
    "jerk must be 2 finite": FULL | {"jerk": [1, float("nan")]},
    "b: lower 1.0 must be below upper 1.0": FULL | {"lower": [-1, 1.0]},
    "a: home 3.0 is not within": FULL | {"home": [3, 0]},
    "a: acceleration must be above 0": FULL | {"acceleration": [0, 5]},
    "dt must be between": FULL | {"dt": 5},
    "modes must be some of": FULL | {"modes": ["fast"]},
    "give your own": {"like": "ur5e", "joints": ["a", "b"]},
    "type 'effort'": FULL | {"command": [{"type": "effort", "topic": "/x"}]},
    "must be a name that begins with /": FULL | {"command": [{"type": "positions", "topic": "x"}]},
    "c is not a joint": FULL | {"command": [{"type": "positions", "topic": "/x", "joints": ["c"]}]},
    "each joint needs one command topic; see to b": FULL
    | {"command": [{"type": "positions", "topic": "/x", "joints": ["a"]}]},
    "velocities need modes": FULL | {"command": [{"type": "velocities", "topic": "/x"}]},
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_named(message):
    with pytest.raises(RobotFileError, match=message):
        parse(WRONG[message])


EXAMPLES = sorted((Path(hardware.__file__).parent / "robots").glob("*.toml"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_examples_are_robots(file):
    robot = load(file)
    kinds = {channel.kind for channel in robot.channels}
    assert (
        kinds
        == {
            "ur5e": {"trajectory", "positions"},
            "franka": {"positions"},
            "gantry": {"velocities"},
        }[file.stem]
    )


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(RobotFileError, match="No such file"):
        load(tmp_path / "no.toml")
    (tmp_path / "bad.toml").write_text("dt = ")
    with pytest.raises(RobotFileError, match="not a TOML file"):
        load(tmp_path / "bad.toml")
    with pytest.raises(RobotFileError, match="not a robot"):
        from_json("{")


def test_one_declaration_of_the_nodes():
    names = [node.name for node in declared(stack=True)]
    assert names == ["driver", "watchdog", "coach", "stack"]
    own = declared(robot="robots/mine.toml")
    assert [node.name for node in own] == ["watchdog", "coach"]  # its driver is its own
    assert own[0].arguments == ("node", "watchdog", "--robot", "robots/mine.toml")
    assert json.dumps([node.arguments for node in own])
