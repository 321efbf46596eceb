"""`courtside data`: look into datasets of demonstrations, and convert them."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, subcommand

from robot.cli.build import EngineName
from robot.cli.errors import Failure, WrongUse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skills.beso.episodes import Episodes


@dataclass(frozen=True)
class Inspect:
    """Check a dataset, and say what it holds; or a policy, and say what it is."""

    path: Positional[Path]
    """A LeRobot v3.0 folder, a kitchen folder (.npy), or an .npz of PushT or block push; or the
    checkpoint of a policy (.safetensors)."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        if self.path.suffix == ".safetensors":
            return self._policy()
        kind, episodes = _load(self.path)
        found = summary(kind, episodes)
        if self.json:
            print(json.dumps(found))
            return 0
        for name in ("format", "episodes", "steps", "fps", "sha256"):
            print(f"{name:20}{found[name]}")
        lengths = "{min} to {max}, median {median:g}".format(**found["steps_per_episode"])
        print(f"{'steps an episode':20}{lengths}")
        for name in ("observation", "action"):
            print(f"{name:20}{found[name]['size']} numbers: minimum, mean, maximum, deviation")
            columns = (found[name][key] for key in ("min", "mean", "max", "std"))
            for index, values in enumerate(zip(*columns, strict=True)):
                print(f"{index:>8}" + "".join(f"{value:14.6g}" for value in values))
        for task, count in found["tasks"].items():
            print(f"{'task':20}{task!r} in {count} episodes")
        return 0

    def _policy(self) -> int:
        from skills.beso.checkpoint import Checkpoint, CheckpointError

        try:
            policy = Checkpoint.load(self.path)
        except CheckpointError as error:
            raise WrongUse(str(error)) from error
        found: dict[str, Any] = {
            "parameters": sum(weight.size for weight in policy.weights.values()),
            "fps": policy.fps,
            "layout": asdict(policy.encoding.layout),
            "network": asdict(policy.network),
            "noise": asdict(policy.noise),
            **policy.about,
        }
        if self.json:
            print(json.dumps(found))
            return 0
        for name, value in found.items():
            print(f"{name:20}{value}")
        return 0


@dataclass(frozen=True)
class Convert:
    """Write a dataset as a LeRobot v3.0 folder, which LeRobot and others open."""

    source: Positional[Path]
    """Any dataset that `courtside data inspect` takes."""
    target: Positional[Path]
    """A new folder."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        from skills.beso.episodes import DataError
        from skills.beso.lerobot_write import write

        kind, episodes = _load(self.source)
        try:
            write(episodes, self.target)
        except DataError as error:
            raise WrongUse(str(error)) from error
        except OSError as error:
            raise Failure(f"{self.target}: cannot be written: {error}") from error
        found = {"target": str(self.target), **summary(kind, episodes)}
        if self.json:
            print(json.dumps(found))
        else:
            print(f"{self.target}: {found['episodes']} episodes, {found['steps']} steps")
        return 0


@dataclass(frozen=True)
class Record:
    """Record demonstrations, through the whole stack, as a LeRobot v3.0 folder. Those by rule err
    now and then, and show how to recover; those of chores are narrated as they go, in words. By
    keyboard or gamepad you move the hand yourself, and type or say what it is doing."""

    target: Positional[Path]
    """A new folder."""
    task: Literal["blockpush", "pack", "stack", "sort", "sweep", "practice"] = "blockpush"
    """blockpush; or a chore at the table: pack blocks into a drawer, stack them, sort them into
    bowls, sweep them into a tray. Chores are shown by a teacher that knows where everything is.
    practice: whatever can be asked for, small motions too, in any order."""
    by: Literal["rule", "keyboard", "gamepad"] = "rule"
    """Who shows chores: a teacher by rule; or you, with the keys of this terminal or a gamepad."""
    device: Path = Path("/dev/input/js0")
    """gamepad: its device."""
    speech: str = ""
    """keyboard, gamepad: narrate by speech, too: mic, mic:NAME, or a sound file."""
    video: Path | None = None
    """keyboard, gamepad: also write a film (mp4); of several tables, the last one's."""
    n: int = 400
    """Episodes; by keyboard or gamepad, at most."""
    engine: EngineName = "mujoco"
    """Which physics."""
    learner: Path | None = None
    """practice: a policy of `courtside train beso --task table`, which does most of it until the
    teacher takes over, from where that has led."""
    rate: float = 0.04
    """blockpush: chance of a disturbance to begin, a tick; 0: none."""
    seed: int = 0
    """Of the first episode; the others follow."""
    jobs: int = os.cpu_count() or 1
    """Processes."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        if self.n < 1 or self.jobs < 1 or not 0 <= self.rate < 1:
            raise WrongUse("--n and --jobs must be at least 1, and --rate from 0 to below 1")
        if self.seed < 0:
            raise WrongUse("--seed must be at least 0")
        by_rule = self.by == "rule"
        if not by_rule and self.task in ("blockpush", "practice"):
            raise WrongUse("--by keyboard and --by gamepad need --task pack, stack, sort or sweep")
        if by_rule and (self.speech or self.video):
            raise WrongUse("--speech and --video need --by keyboard or --by gamepad")
        if self.learner is not None and self.task != "practice":
            raise WrongUse("--learner needs --task practice")
        from rich.console import Console
        from rich.progress import track

        from robot.cli import teach
        from robot.cli.demonstrate import NoDemonstration, many, pushed
        from skills.beso.episodes import DataError
        from skills.beso.lerobot_write import check_new, write

        try:
            check_new(self.target)
        except DataError as error:
            raise WrongUse(str(error)) from error
        seeds = range(self.seed, self.seed + self.n)
        chore = None if self.task == "blockpush" else self.task
        if chore is not None and chore != "practice" and self.by != "rule":
            from robot.cli import by_hand

            how = (self.engine, self.device, self.speech)
            setup = by_hand.Setup(self.by, chore, *how, video=self.video)
            made: Iterator[Any] = iter(by_hand.recorded(setup, seeds))
        elif chore is None:
            made = many(self.engine, seeds, self.rate, self.jobs)
        else:
            made = teach.many(chore, self.engine, seeds, self.jobs, self.learner)
        shown = track(made, "demonstrations", self.n, console=Console(stderr=True), transient=True)
        try:
            if chore is None:
                kept = [episode for episode in shown if episode is not None]
                episodes, segments = pushed(kept), []
            else:
                kept = [lesson for lesson in shown if not (by_rule and lesson.fault)]
                episodes, segments = teach.together(kept)
            write(episodes, self.target, segments=segments)
        except NoDemonstration as error:
            raise Failure("no demonstration came to its end") from error
        except DataError as error:
            raise WrongUse(str(error)) from error
        except OSError as error:
            raise Failure(f"{self.target}: cannot be written: {error}") from error
        found = {"target": str(self.target), **summary("LeRobot v3.0", episodes)}
        if segments:
            found["segments"] = teach.kinds(segments)
        if not by_rule:
            found["done"] = sum(not lesson.fault for lesson in kept)
        if self.json:
            print(json.dumps(found))
        else:
            steps = len(episodes.observations)
            of = f" of {self.n}" if by_rule else ""
            print(f"{self.target}: {len(kept)}{of} episodes, {steps} steps")
        return 0


@dataclass(frozen=True)
class Data:
    """Look into datasets of demonstrations, convert them, and record some."""

    command: (
        Annotated[Inspect, subcommand("inspect")]
        | Annotated[Convert, subcommand("convert")]
        | Annotated[Record, subcommand("record")]
    )

    @property
    def verbose(self) -> bool:
        return self.command.verbose

    def main(self) -> int:
        return self.command.main()


def summary(kind: str, episodes: "Episodes") -> dict[str, Any]:
    """What a dataset holds, fit for JSON; observations and actions in the data's own units."""
    import numpy as np

    lengths = np.diff(episodes.ends, prepend=0)
    found: dict[str, Any] = {
        "format": kind,
        "episodes": len(episodes),
        "steps": len(episodes.observations),
        "fps": episodes.fps,
        "steps_per_episode": {
            "min": int(lengths.min()),
            "median": float(np.median(lengths)),
            "max": int(lengths.max()),
        },
        "sha256": episodes.hash,
        "tasks": {task: episodes.tasks.count(task) for task in dict.fromkeys(episodes.tasks)},
    }
    for name, array in (("observation", episodes.observations), ("action", episodes.actions)):
        wide = array.astype(np.float64)
        found[name] = {
            "size": array.shape[1],
            "min": wide.min(0).tolist(),
            "mean": wide.mean(0).tolist(),
            "max": wide.max(0).tolist(),
            "std": wide.std(0).tolist(),
        }
    return found


def _load(path: Path) -> tuple[str, "Episodes"]:
    from skills.beso.datasets import named
    from skills.beso.episodes import DataError

    try:
        return named(path)
    except DataError as error:
        raise WrongUse(str(error)) from error
