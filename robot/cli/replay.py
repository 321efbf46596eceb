"""`courtside replay`: a recording, played through the stack."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional

from robot.cli import build, programming
from robot.cli.errors import WrongUse

if TYPE_CHECKING:
    from planners.llm import Prompt
    from planners.program.hierarchy import Request
    from robot.recording import Recording
    from robot.types import Planner


@dataclass(frozen=True)
class Replay:
    """Feed a recording's observations, words and answers to the stack; report what differs."""

    file: Positional[Path]
    """The recording (MCAP)."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        from robot.recording import Recording, RecordingError

        try:
            recording = Recording.load(self.file)
            ticks, found = replay(recording)
        except RecordingError as error:
            raise WrongUse(str(error)) from error
        if self.json:
            print(json.dumps({"ticks": ticks, "differences": found}))
        else:
            print(f"{ticks} ticks, " + ("no difference" if not found else "differences:"))
            print(*found, sep="\n", end="\n" if found else "")
        return 1 if found else 0


def replay(recording: "Recording") -> tuple[int, list[str]]:
    """The number of ticks replayed, and how they differ from the recorded ones."""
    from robot.loop import run
    from robot.replay import ReplayRobot, differences
    from robot.types import Tick
    from robot.worker import at

    spec = build.robot_spec(recording.metadata.get("robot", ""))
    robot = ReplayRobot(recording, spec)
    ticks: list[Tick] = []
    run(
        build.stack(
            robot,
            _planner(recording, spec.name),
            skills=build.skills(spec, at(_times(recording, "policy"))),
            hear=robot.hear,
            record=ticks.append,
        )
    )
    return len(ticks), differences(recording, ticks)


def _planner(recording: "Recording", robot: str) -> "Planner":
    """The planner of the recorded command, its workers answering as they did."""
    from robot.recording import RecordingError

    try:
        config = json.loads(recording.metadata["config"])
    except (KeyError, ValueError) as error:
        raise RecordingError(f"{recording.path}: does not say which command made it") from error
    if config.get("planner") == "fixed":
        return build.fixed_planner(config["instruction"], lambda text: None, robot)
    if "by" in config:
        raise RecordingError(f"{recording.path}: a person moved the hand; that cannot be replayed")
    if config.get("planner") == "selector":
        return _selector(recording, config, robot)
    if config.get("resume"):
        raise RecordingError(f"{recording.path}: goes on from another run, and cannot be replayed")
    from planners.program.planner import Timing
    from robot.worker import at

    answers = [json.loads(a.result) for a in recording.arrivals if a.worker == "model"]
    timing = Timing(*(at(_times(recording, worker)) for worker in ("model", "sandbox")))
    writer = None if config.get("llm") == "" else Remembered(answers)
    library = Path(config["library"]) if config.get("library") else None
    planner = programming.program_planner(
        writer, lambda text: None, timing=timing, spec=build.robot_spec(robot), library=library
    )
    if "file" in config:
        planner.execute(recording.metadata["program"])
    elif config["instruction"]:
        planner.instruct(config["instruction"])
    return planner


def _selector(recording: "Recording", config: "dict[str, Any]", robot: str) -> "Planner":
    """The selector, its slow mind answering as it did."""
    from planners.coaching.understand import Understanding
    from planners.selector.choose import Verifier
    from planners.selector.mind import SlowMind
    from robot.cli import selecting
    from robot.worker import at

    choose = selecting.learned(Path(config["selector"]) if config.get("selector") else None)
    verify = Verifier(choose.network) if config.get("verify") else None
    answers = [json.loads(a.result) for a in recording.arrivals if a.worker == "mind"]
    mind = SlowMind(Remembered(answers), at(_times(recording, "mind"))) if config["llm"] else None
    planner = selecting.planner(
        choose,
        Understanding(),
        build.robot_spec(robot),
        lambda text: None,
        verify=verify,
        mind=mind,
        low_level=config.get("low_level", "rules"),
    )
    planner.instruct(config["instruction"])
    return planner


def _times(recording: "Recording", worker: str) -> list[float]:
    """When [s] a worker's answers arrived."""
    return [arrival.time for arrival in recording.arrivals if arrival.worker == worker]


class Remembered:
    """A writer, or a language model, that repeats recorded answers."""

    def __init__(self, answers: list[dict[str, str | None]]) -> None:
        self._answers = iter(answers)

    def write(self, request: "Request") -> str:
        return self._next()

    def complete(self, prompt: "Prompt") -> str:
        return self._next()

    def _next(self) -> str:
        answer = next(self._answers)
        if answer["result"] is None:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def close(self) -> None:
        """There is nothing to end."""
