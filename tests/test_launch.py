"""Launch files, as far as they go without ROS 2's `launch`: that it is there is made up here."""

import runpy
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from robot.cli.main import own

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "launch").glob("*.launch.py"))


@pytest.fixture
def launch(monkeypatch):
    """Modules with the few classes that the files use."""

    def kept(**kwargs):
        return SimpleNamespace(**kwargs)

    class Configuration(SimpleNamespace):
        def __init__(self, name):
            self.name = name

        def perform(self, context):
            return context[self.name]

    modules = {
        "launch": {"LaunchContext": dict, "LaunchDescription": list},
        "launch.actions": {
            "DeclareLaunchArgument": lambda name, **k: kept(name=name, **k),
            "OpaqueFunction": kept,
        },
        "launch.substitutions": {"LaunchConfiguration": Configuration},
        "launch_ros": {},
        "launch_ros.actions": {"Node": kept},
    }
    for name, contents in modules.items():
        module = ModuleType(name)
        module.__dict__.update(contents)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "hardware.launching", raising=False)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_starts_the_declared_nodes(launch, file):
    *arguments, start = runpy.run_path(str(file))["generate_launch_description"]()
    context = {argument.name: argument.default_value for argument in arguments}
    context |= {"robot": "mine.toml"} if "robot" in context else {}
    nodes = start.function(context)
    names = [node.name for node in nodes]
    driver = [] if "robot" in context else ["driver"]
    assert names == [*driver, "watchdog", "coach", "stack"]
    for node in nodes:
        assert node.executable == "courtside" and node.arguments[:2] == ("node", node.name)
        assert node.respawn and all(isinstance(word, str) for word in node.arguments)
    without = start.function(context | {"stack": "false"})
    assert [node.name for node in without] == names[:-1]


def test_by_camera_there_is_a_node_that_sees(launch):
    for name, sees in (("sim", "objects"), ("tennis", "ball")):
        path = ROOT / "launch" / f"{name}.launch.py"
        *arguments, start = runpy.run_path(str(path))["generate_launch_description"]()
        context = {argument.name: argument.default_value for argument in arguments}
        nodes = {node.name: node for node in start.function(context | {"perception": "camera"})}
        assert list(nodes) == ["driver", "watchdog", "coach", sees, "stack"]
        assert nodes["driver"].arguments[-2:] == ("--perception", "camera")


def test_what_launch_appends_is_for_ros():
    """`ros2 launch` gives a node's name after its own arguments."""
    given = ["node", "coach", "--ros-args", "-r", "__node:=coach"]
    assert own(given) == ["node", "coach"]
    assert own([*given, "--", "--verbose"]) == ["node", "coach", "--verbose"]
    assert own(["say", "hello"]) == ["say", "hello"]


def test_the_folder_is_no_package():
    assert FILES and not (ROOT / "launch" / "__init__.py").exists()


def test_without_ros_one_line_says_what_to_install(command, monkeypatch):
    from robot.cli import build

    monkeypatch.setattr(build, "find_spec", lambda name: None)
    for words in (("run", "--robot", "ros", "go"), ("nodes",), ("node", "coach")):
        code, _, said = command(*words)
        assert code == 1 and "pip install 'courtside[ros]'" in said.splitlines()[-1]
        assert len(said.strip().splitlines()) == 1
