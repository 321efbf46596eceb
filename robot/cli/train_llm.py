"""`courtside train llm`: the adapter that makes the embedded language model good at the table."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from robot.cli import build
from robot.cli.errors import Failure, WrongUse

if TYPE_CHECKING:
    from planners.finetune.pairs import Pair
    from planners.finetune.train import Progress


@dataclass(frozen=True)
class TrainLlm:
    """Train the embedded language model's adapter on generated instructions and programs.

    On a GPU where there is one. A run that was killed goes on when it is started again."""

    out: Path = Path("runs/adapter.gguf")
    """The adapter to write; try it with --llm embedded:FILE."""
    steps: int = 400
    """Of training."""
    batch: int = 16
    """Pairs of an instruction and a program a step; none comes twice."""
    rank: int = 16
    """Of the matrices that are added."""
    learning_rate: float = 1e-3
    """At its height."""
    validation: int = 64
    """Pairs that are kept for validation; they decide which adapter is kept."""
    every: int = 100
    """Steps between validations, and saves."""
    evaluate: int = 48
    """Tasks of each kind to try in the end, without physics; 0: none, and none in between."""
    threads: int = 2
    """Of the CPU."""
    seed: int = 0
    """Of everything random."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False
    """Also show what the model gets wrong."""

    def main(self) -> int:
        try:
            import gguf  # noqa: F401
            import torch  # noqa: F401
        except ImportError as error:
            raise Failure(
                f"training needs {error.name}: run `make dev`, or pip install 'courtside[train]'"
            ) from error

        from planners.finetune.train import DataError, TrainConfig, train
        from planners.llm import ModelError, embedded_path
        from robot.cli.session import print_json

        names = {field.name for field in fields(TrainConfig)} & {f.name for f in fields(self)}
        try:
            config = TrainConfig(**{name: getattr(self, name) for name in names})
            about = {"command": build.typed(), **build.origin()}
            with _bar(self.out.name, self.steps) as show:
                metrics: dict[str, Any] = train(
                    embedded_path(),
                    config,
                    self.out,
                    about=about,
                    evaluate=self._right if self.evaluate else None,
                    show=show,
                )
            if self.evaluate:
                metrics |= self._splits()
        except ModelError as error:
            raise Failure(str(error)) from error
        except (DataError, ValueError) as error:
            raise WrongUse(str(error)) from error
        if self.json:
            print_json({"checkpoint": str(self.out), "metrics": metrics})
        else:
            for key, value in metrics.items():
                print(f"{key:24} {value}")
            print(f"written: {self.out}", file=sys.stderr)
        return 0

    def _right(self, adapter: Path, pairs: "Sequence[Pair]") -> dict[str, float]:
        """The share of pairs where the adapter's program does the same as ours."""
        from planners.finetune.score import of_pairs
        from planners.llm import Embedded, embedded_path

        with closing(Embedded(embedded_path(), True, adapter)) as model:
            return {"right": of_pairs(model, pairs, self._tell)}

    def _splits(self) -> dict[str, Any]:
        """How many of the harness's tasks are done, by kind, where nothing but words can fail."""
        from planners.finetune.score import of_tasks, tasks
        from planners.llm import Embedded, embedded_path
        from planners.tasks.draw import SPLITS
        from robot.intervals import wilson

        found: dict[str, Any] = {}
        with closing(Embedded(embedded_path(), True, self.out)) as model:
            for split in SPLITS:
                done = of_tasks(model, tasks(split, self.evaluate, self.seed + 1000), self._tell)
                good = sum(done)
                found[split] = {
                    "n": len(done),
                    "success_rate": round(good / len(done), 4),
                    "success_rate_interval": wilson(good, len(done)),
                }
        return found

    def _tell(self, instruction: str, program: str, fault: str) -> None:
        if self.verbose:
            print(f"{instruction}: {fault}\n{program}", file=sys.stderr)


@contextmanager
def _bar(name: str, steps: int) -> "Iterator[Callable[[Progress], None]]":
    """A progress bar on standard error, and what shows training on it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True, soft_wrap=True)
    with Progress(*columns, TextColumn("{task.fields[now]}"), console=console) as bar:
        task = bar.add_task(name, total=steps, now="")

        def show(progress: "Progress") -> None:
            now = f"loss {progress.loss:.4f}  {progress.samples_per_s:.1f} samples/s"
            for key in ("validation", "right"):
                if key in progress.validation:
                    now += f"  {key} {progress.validation[key]:.3f}"
            if not console.is_terminal and progress.step % 10 == 0:
                console.print(f"{progress.step} of {progress.steps}: {now}", highlight=False)
            bar.update(task, completed=progress.step, now=now)

        yield show
