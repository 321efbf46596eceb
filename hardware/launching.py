"""The nodes as a description for `ros2 launch`: the same that `courtside nodes` starts."""

from collections.abc import Callable, Mapping
from typing import Any

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
# `launch` comes with a whole ROS 2, not with the wheels.
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from hardware.nodes import declared
from launch import LaunchContext, LaunchDescription

PERCEPTION = ("truth", "or camera: by pictures, in a node of its own")
STACK = ("true", "the control loop too; false: `courtside run --robot ros` is it")
KINDS: Mapping[str, Callable[[str], Any]] = {
    "seed": int,
    "frames": float,
    "stack": lambda text: text == "true",
}  # of arguments that are no texts


def description(arguments: Mapping[str, tuple[str, str]], **fixed: str) -> LaunchDescription:
    """Nodes as `declared` by launch arguments (name: default, what it is) and by what is `fixed`;
    what dies is started again."""

    def start(context: LaunchContext) -> list[Node]:
        given: dict[str, Any] = dict(fixed)
        for name in arguments:
            given[name] = KINDS.get(name, str)(LaunchConfiguration(name).perform(context))
        return [
            Node(
                package="courtside",
                executable="courtside",
                name=node.name,
                arguments=node.arguments,
                output="both",
                respawn=True,
                respawn_delay=0.5,
            )
            for node in declared(**given)
        ]

    stated = [
        DeclareLaunchArgument(name, default_value=value, description=text)
        for name, (value, text) in arguments.items()
    ]
    return LaunchDescription([*stated, OpaqueFunction(function=start)])
