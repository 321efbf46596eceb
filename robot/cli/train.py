"""`courtside train`: skills from demonstrations, or from a teacher."""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import subcommand

from robot.cli import build
from robot.cli.describe import TrainDescriptors
from robot.cli.errors import Failure, WrongUse
from robot.cli.train_choice import TrainSpin, TrainStyle
from robot.cli.train_evolve import TrainAdapter, TrainEvolve
from robot.cli.train_llm import TrainLlm
from robot.cli.train_selector import TrainSelector
from robot.cli.train_tennis import TrainTennis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skills.beso.checkpoint import Checkpoint
    from skills.beso.config import Layout, NoiseConfig
    from skills.beso.train import Progress as Progress_
    from skills.beso.windows import Data


@dataclass(frozen=True)
class Train:
    """Train a skill."""

    what: (
        Annotated["TrainBeso", subcommand("beso")]
        | Annotated[TrainTennis, subcommand("tennis")]
        | Annotated[TrainEvolve, subcommand("evolve")]
        | Annotated[TrainAdapter, subcommand("adapter")]
        | Annotated[TrainLlm, subcommand("llm")]
        | Annotated[TrainSelector, subcommand("selector")]
        | Annotated[TrainDescriptors, subcommand("descriptors")]
        | Annotated[TrainSpin, subcommand("spin")]
        | Annotated[TrainStyle, subcommand("style")]
    )

    @property
    def verbose(self) -> bool:
        return self.what.verbose

    def main(self) -> int:
        return self.what.main()


@dataclass(frozen=True)
class TrainBeso:
    """Train a goal-conditioned diffusion policy on demonstrations.

    A run that was killed goes on when it is started again."""

    data: tuple[Path, ...]
    """Demonstrations: .npz files, LeRobot v3 folders, kitchen folders; all are used."""
    out: Path = Path("runs/policy.safetensors")
    """The checkpoint to write."""
    start: Path | None = None
    """A policy of the same sizes to go on from, instead of from nothing."""
    task: Literal["pusht", "blockpush", "table", "own"] = "own"
    """What the data's numbers mean, and what to evaluate on; table: chores, told in words (--goal
    language); own: as the options below say."""
    goal: Literal["future", "final", "language", "none"] = "none"
    """What the policy is told: a later state of the episode, its last, its sentence, nothing."""
    robot: str = ""
    """own: the name of the robot that the policy moves."""
    angles: tuple[int, ...] = ()
    """own: which numbers of an observation are angles [rad]."""
    goal_columns: tuple[int, ...] = ()
    """own: which numbers of an observation a goal gives; none given: all."""
    anchor: tuple[int, ...] = ()
    """own: which numbers of an observation actions are relative to."""
    layers: int = 4
    """Of the transformer."""
    width: int = 128
    """Of its tokens."""
    heads: int = 4
    """Of its attention."""
    history: int | None = None
    """Observations seen. Default: the task's, or 2."""
    horizon: int | None = None
    """Actions in a chunk. Default: the task's, or 16."""
    patch: int | None = None
    """Consecutive actions in a token. Default: the task's, or 2."""
    steps: int = 24_000
    """Of training."""
    batch: int = 512
    """Windows a step."""
    copies: int = 1
    """table: of each window, with noise of their own; they cost less than windows."""
    learning_rate: float = 1e-3
    """At its height."""
    held_out: float = 0.04
    """Share of the episodes for validation."""
    evaluate: int = 20
    """Episodes after every 1000 steps; 0: none."""
    bf16: bool = True
    """Matrix products in bfloat16."""
    threads: int = 1
    """Of the CPU."""
    seed: int = 0
    """Of everything random."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        try:
            import accelerate  # noqa: F401
            import torch  # noqa: F401
        except ImportError as error:
            raise Failure(
                f"training needs {error.name}: run `make dev`, or pip install 'courtside[train]'"
            ) from error

        from robot.cli.session import print_json
        from skills.beso.checkpoint import Checkpoint
        from skills.beso.episodes import DataError
        from skills.beso.train import TrainConfig, train

        if self.task == "table" and self.goal != "language":
            raise WrongUse("--task table needs --goal language: its policy is told in words")
        try:
            start = Checkpoint.load(self.start) if self.start else None
            data, sizes, noise = self._data()
            names = {field.name for field in fields(TrainConfig)} & {f.name for f in fields(self)}
            for name in ("layers", "width", "heads", "history", "horizon", "patch"):
                if (size := getattr(self, name)) is not None:
                    sizes[name] = size
            with _bar(self.out.name) as show:
                checkpoint = train(
                    data,
                    sizes,
                    noise,
                    TrainConfig(**{name: getattr(self, name) for name in names}),
                    self.out,
                    start=start,
                    about={"command": build.typed(), **build.origin()},
                    evaluate=self._evaluation(),
                    show=show,
                )
        except (DataError, ValueError) as error:
            raise WrongUse(str(error)) from error
        metrics = json.loads(checkpoint.about["curve"])[-1]
        if self.json:
            print_json({"checkpoint": str(self.out), "metrics": metrics})
        else:
            print(f"written: {self.out}", file=sys.stderr)
        return 0

    def _data(self) -> "tuple[Data, dict[str, Any], NoiseConfig]":
        """What is learned from, and the sizes of the network and the noise that go with it."""
        if self.task == "table":
            from robot.cli.lessons import lessons
            from skills.beso.table import NOISE, SIZES

            return lessons(self.data), dict(SIZES), NOISE
        from robot.sentences import embed
        from skills.beso.config import NoiseConfig
        from skills.beso.datasets import commanded, load
        from skills.beso.episodes import DataError, join
        from skills.beso.tasks import TASKS, told
        from skills.beso.windows import Demonstrations

        task = TASKS.get(self.task)
        if task and self.goal == "language":
            task = told(task)
        episodes = join(*map(commanded if self.goal == "language" else load, self.data))
        layout = task.layout if task else self._layout(episodes.observations.shape[1])
        if self.goal == "none":
            layout = replace(layout, goal=())
        if self.goal == "language" and not any(episodes.tasks):
            raise DataError("language goals need sentences, and no episode has one")
        augmented = task.augmented if task else lambda same: same
        told_by = embed if self.goal == "language" else None
        data = Demonstrations(episodes, layout, self.goal, augmented, told_by)
        return data, dict(task.sizes) if task else {}, NoiseConfig()

    def _layout(self, numbers: int) -> "Layout":
        """From the options; refuses what the observations do not have."""
        from robot.sentences import SIZE
        from skills.beso.config import Layout

        if not self.robot:
            raise WrongUse("--robot must say what the policy moves, or --task what the data is")
        for name in ("angles", "goal_columns", "anchor"):
            if any(not 0 <= column < numbers for column in getattr(self, name)):
                option = name.replace("_", "-")
                raise WrongUse(f"--{option}: observations have the numbers 0 to {numbers - 1}")
        if self.goal == "language":
            return Layout(self.robot, self.angles, sentence=SIZE, anchor=self.anchor)
        goal = self.goal_columns or tuple(range(numbers))
        return Layout(self.robot, self.angles, goal=goal, anchor=self.anchor)

    def _evaluation(self) -> "Callable[[Checkpoint], Mapping[str, float]] | None":
        """Episodes with the policy as it is so far, where there is a world for it."""
        if self.task in ("own", "table") or not self.evaluate:
            return None
        from robot.cli.episodes import Setup, play_all
        from skills.beso.evaluate import summary
        from skills.beso.shipped import SHIPPED

        name = "pusht-goal" if self.task == "pusht" and self.goal != "none" else self.task
        shipped = SHIPPED[name]
        path = self.out.with_suffix(".sofar")

        def evaluate(checkpoint: "Checkpoint") -> "Mapping[str, float]":
            checkpoint.save(path)
            setup = Setup(name, path, shipped.sampling, shipped.chunks)
            found = summary(list(play_all(setup, range(self.evaluate), jobs=1)))
            path.unlink()
            return {k: v for k, v in found.items() if isinstance(v, float)}

        return evaluate


@contextmanager
def _bar(name: str) -> "Iterator[Callable[[Progress_], None]]":
    """A progress bar on standard error, and what shows training on it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True, soft_wrap=True)
    with Progress(*columns, TextColumn("{task.fields[now]}"), console=console) as bar:
        task = bar.add_task(name, total=None, now="")

        def show(progress: "Progress_") -> None:
            now = f"loss {progress.loss:.4f}  {progress.samples_per_s:.0f} samples/s"
            if not isnan(progress.validation):
                now += f"  validation {progress.validation:.4f}"
            for key in ("success_rate", "mean_max_coverage", "final_iou", "result"):
                if key in progress.metrics:
                    now += f"  {key.replace('_', ' ')} {progress.metrics[key]:.2f}"
            if not console.is_terminal and progress.step % 1000 == 0:
                console.print(f"{progress.step} of {progress.steps}: {now}", highlight=False)
            bar.update(task, completed=progress.step, total=progress.steps, now=now)

        yield show
