"""The table tennis robot, simulated, and all the nodes."""

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from hardware.nodes import declared
from launch import LaunchContext, LaunchDescription

ARGUMENTS = {
    "seed": ("0", "of the opponent, and everything random"),
    "frames": ("0", "[Hz] of the camera; 0: none"),
    "perception": ("truth", "or camera: by pictures, in a node of its own"),
    "stack": ("true", "the control loop too; false: `courtside run --robot ros` is it"),
}


def start(context: LaunchContext) -> list[Node]:
    """The nodes, with the arguments as they were given."""
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
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
        for node in declared(
            world="tennis",
            seed=int(given["seed"]),
            frames=float(given["frames"]),
            stack=given["stack"] == "true",
            perception=given["perception"],
        )
    ]


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=value, description=text)
        for name, (value, text) in ARGUMENTS.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=start)])
