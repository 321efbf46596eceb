"""`courtside COMMAND`: parses, dispatches, and turns errors into one clear line.

Nothing heavy is imported before a command runs, so that help prints at once.
"""

import logging
import sys
from collections.abc import Callable
from typing import Annotated

import tyro
from tyro.conf import subcommand

from robot.cli.bench import Bench
from robot.cli.check import Check
from robot.cli.data import Data
from robot.cli.doctor import Doctor
from robot.cli.errors import Failure, WrongUse
from robot.cli.evaluate import Eval
from robot.cli.functions import Functions
from robot.cli.listen import Listen
from robot.cli.node import Node
from robot.cli.nodes import Nodes
from robot.cli.program import Program
from robot.cli.replay import Replay
from robot.cli.run import Run
from robot.cli.say import Say
from robot.cli.train import Train

Command = (
    Annotated[Run, subcommand("run")]
    | Annotated[Program, subcommand("program")]
    | Annotated[Say, subcommand("say")]
    | Annotated[Listen, subcommand("listen")]
    | Annotated[Train, subcommand("train")]
    | Annotated[Eval, subcommand("eval")]
    | Annotated[Data, subcommand("data")]
    | Annotated[Functions, subcommand("functions")]
    | Annotated[Replay, subcommand("replay")]
    | Annotated[Bench, subcommand("bench")]
    | Annotated[Nodes, subcommand("nodes")]
    | Annotated[Node, subcommand("node")]
    | Annotated[Doctor, subcommand("doctor")]
    | Annotated[Check, subcommand("check")]
)
ROS = "--ros-args"  # what follows is for `hardware.ros`, up to "--"


def main() -> None:
    """Entry point of the `courtside` script."""
    command = tyro.cli(
        Command,  # type: ignore[arg-type]
        args=own(sys.argv[1:]),
        prog="courtside",
        description="A robot you coach by talking.",
        config=(tyro.conf.OmitSubcommandPrefixes, tyro.conf.FlagCreatePairsOff),
    )
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    if command.verbose:
        for package in ("robot", "skills", "planners", "sim", "hardware"):
            logging.getLogger(package).setLevel(logging.INFO)
    sys.exit(guarded(command.main))


def own(arguments: list[str]) -> list[str]:
    """Those that are not for ROS 2: `ros2 launch` and `ros2 run` append theirs."""
    if ROS not in arguments:
        return arguments
    start = arguments.index(ROS)
    end = arguments.index("--", start) + 1 if "--" in arguments[start:] else len(arguments)
    return arguments[:start] + own(arguments[end:])


def guarded(run: Callable[[], int]) -> int:
    """The exit code of a command: 2 for wrong use, 1 for a failure, each with one line."""
    try:
        return run()
    except WrongUse as error:
        print(f"courtside: {error}", file=sys.stderr)
        return 2
    except Failure as error:
        print(f"courtside: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("courtside: interrupted", file=sys.stderr)
        return 130
