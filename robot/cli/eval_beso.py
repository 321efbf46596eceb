"""`courtside eval beso`: how good a diffusion policy is, over many episodes."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from robot.cli import build
from robot.cli.errors import WrongUse

if TYPE_CHECKING:
    from robot.cli.episodes import Setup


PLOTS = (".png", ".pdf", ".svg")
DRAWN = {  # and how a plot calls it
    "success_rate": "success",
    "mean_max_coverage": "mean best coverage",
    "final_iou": "final intersection over union",
    "result": "blocks in the targets that were wanted",
    "order_share": "second block first",
}


@dataclass(frozen=True)
class EvalBeso:
    """Run a diffusion policy's episodes of a task and report what came of them.

    Every setting sees the same seeds, so that figures can be compared pair by pair."""

    task: Literal["pusht", "pusht-goal", "blockpush", "table"] = "pusht"
    """pusht: one goal, known from training. pusht-goal: either of two goals. blockpush: a goal says
    which block goes where, as a frame and in words that no demonstration of ours came with. table:
    whatever can be asked for at the table, each by itself, beside what skills by rule do."""
    checkpoint: Path | None = None
    """Of another policy than the one that comes with the package."""
    steps: str = "3"
    """Denoising steps, such as 1,3,5,10."""
    guidance: Annotated[str, tyro.conf.arg(name="lambda")] = ""
    """How strongly the goal is followed, such as 0,1,2; 0: not at all. Default: the policy's."""
    sampler: str = ""
    """ddim, euler, euler-ancestral, heun or dpmpp-2m. Default: the policy's own."""
    schedule: str = ""
    """Of the noise: exponential, linear or karras. Default: the policy's own."""
    warm: float | None = None
    """Noise level that the chunk before is taken back to, as a start; 0: start from noise."""
    execute: int | None = None
    """Actions of a chunk that are executed. Default: the policy's own."""
    engine: build.EngineName = "mujoco"
    """blockpush, table: which physics."""
    perception: build.Perception = "truth"
    """table: how things are seen; success is judged by the truth in any case."""
    low_level: str = "rules,beso"
    """table: what is asked, in the same scenes: rules, beso, or both."""
    asked: str = ""
    """table: for what, such as pick,sweep. Default: everything."""
    unheard: bool = False
    """table: in words that nobody used in training."""
    n: int = 100
    """Episodes."""
    seed: int = 100_000
    """Of the first episode; the others follow."""
    jobs: int = os.cpu_count() or 1
    """Processes."""
    plot: Path | None = None
    """Draw the figures against steps or lambda, whichever there are several of (PNG)."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        steps = _numbers(self.steps, "steps", int)
        lambdas = _numbers(self.guidance, "lambda", float) if self.guidance else [None]
        if self.n < 2 or self.jobs < 1 or self.seed < 0:
            raise WrongUse("--n must be at least 2, --jobs at least 1, and --seed at least 0")
        if len(steps) > 1 and len(lambdas) > 1:
            raise WrongUse("give several --steps or several --lambda, not both")
        if self.task == "table":
            return self._table()
        if self.plot:
            open_plot(self.plot)

        from robot.cli.session import print_json

        setups = {}
        for count in steps:
            for guidance in lambdas:
                key = count if len(lambdas) == 1 else guidance
                setups[str(key)] = self._setup(count, guidance)
        results = self._play(setups)
        of = "steps" if len(lambdas) == 1 else "lambda"
        first = next(iter(setups.values()))
        report: dict[str, Any] = {
            "task": self.task,
            "engine": self.engine,
            "checkpoint": str(first.checkpoint),
            "sampler": first.sampling.sampler,
            "schedule": first.sampling.schedule,
            "execute": first.chunks.execute,
            "warm": first.sampling.warm,
            "steps" if of == "lambda" else "lambda": (
                first.sampling.steps if of == "lambda" else first.sampling.guidance
            ),
            "seed": self.seed,
            f"by_{of}": results,
        }
        if self.plot:
            _draw(self.plot, self.task, of, results)
        if self.json:
            print_json(report)
        else:
            table(of, results)
        return 0

    def _table(self) -> int:
        """Trials of all that can be asked for."""
        from rich.console import Console
        from rich.progress import track

        from robot.cli import trials
        from robot.cli.session import print_json

        names = self.asked.split(",") if self.asked else [*trials.TRIED]
        levels = self.low_level.split(",")
        for given, valid in ((names, [*trials.TRIED]), (levels, ["rules", "beso"])):
            if unknown := set(given) - {*valid}:
                raise WrongUse(f"unknown {min(unknown)!r}; valid are {', '.join(valid)}")
        seeds = range(self.seed, self.seed + self.n)
        report: dict[str, Any] = {
            "task": self.task,
            "engine": self.engine,
            "perception": self.perception,
            "unheard": self.unheard,
            "checkpoint": str(self.checkpoint) if self.checkpoint else None,
            "seed": self.seed,
        }
        console = Console(stderr=True)
        results = {}
        for level in levels:
            setup = trials.Trials(
                level,  # type: ignore[arg-type]  # one of the valid ones
                self.engine,
                self.perception,
                self.unheard,
                self.checkpoint,
            )
            played = trials.play_all(setup, names, seeds, self.jobs)
            total = len(names) * self.n
            tried = [*track(played, level, total, console=console, transient=True)]
            results[level] = trials.figures(tried)
        report["by_low_level"] = results
        if self.json:
            print_json(report)
        else:
            trials.table(results)
        return 0

    def _setup(self, steps: int, guidance: float | None) -> "Setup":
        """The shipped policy's settings, but for those given."""
        from robot.cli.episodes import Setup
        from skills.beso.checkpoint import Checkpoint, CheckpointError
        from skills.beso.shipped import SHIPPED

        shipped = SHIPPED[self.task]
        given = {
            "steps": steps,
            "guidance": guidance,
            "sampler": self.sampler or None,
            "schedule": self.schedule or None,
            "warm": self.warm,
        }
        chosen: dict[str, Any] = {name: v for name, v in given.items() if v is not None}
        chunks = {} if self.execute is None else {"execute": self.execute}
        path = self.checkpoint or shipped.path
        try:
            sampling = replace(shipped.sampling, **chosen)
            executed = replace(shipped.chunks, **chunks)
            loaded = Checkpoint.load(path, shipped.task.layout.robot)
            executed.check(loaded.network.horizon)
            return Setup(self.task, path, sampling, executed, self.engine)
        except (CheckpointError, ValueError) as error:
            raise WrongUse(str(error)) from error

    def _play(self, setups: "dict[str, Setup]") -> dict[str, Any]:
        from rich.console import Console
        from rich.progress import Progress

        from robot.cli.episodes import play_all
        from skills.beso.evaluate import summary

        seeds = range(self.seed, self.seed + self.n)
        results = {}
        with Progress(console=Console(stderr=True), transient=True) as bar:
            for name, setup in setups.items():
                task = bar.add_task(f"{self.task} {name}", total=self.n)
                episodes = []
                for episode in play_all(setup, seeds, self.jobs):
                    episodes.append(episode)
                    bar.advance(task)
                results[name] = summary(episodes)
        return results


def _numbers(text: str, name: str, kind: type) -> list[Any]:
    """`text` such as 1,3,5 as numbers."""
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError as error:
        raise WrongUse(f"--{name} must be numbers such as 1,3: not {text!r}") from error


def table(of: str, results: dict[str, Any]) -> None:
    """Measures down, settings across; below each figure its interval."""
    from rich.console import Console
    from rich.table import Table

    table = Table(of, *results)
    for name in next(iter(results.values())):
        if name.endswith("_interval"):
            continue
        cells = []
        for values in results.values():
            interval = values.get(f"{name}_interval")
            between = f"\n{interval[0]:.3f} to {interval[1]:.3f}" if interval else ""
            cells.append(f"{values[name]}{between}")
        table.add_row(name.replace("_", " "), *cells)
    Console().print(table)


def open_plot(plot: Path) -> None:
    """Refuse, before anything long is done, a plot that could not be drawn in the end."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise WrongUse(
            "--plot needs matplotlib: run `make dev`, or pip install 'courtside[train]'"
        ) from error
    if plot.suffix not in PLOTS:
        raise WrongUse(f"--plot must end in {', '.join(PLOTS)}: not {plot}")
    try:
        plot.parent.mkdir(parents=True, exist_ok=True)
        plot.touch()
    except OSError as error:
        raise WrongUse(f"--plot: {plot}: {error.strerror}") from error


def _draw(path: Path, task: str, of: str, results: dict[str, Any]) -> None:
    """A figure of every measure that has an interval."""
    from matplotlib.figure import Figure

    figure = Figure((6, 4), layout="constrained")
    axes = figure.add_subplot()
    at = [float(key) for key in results]
    for name, label in DRAWN.items():
        values = [result.get(name) for result in results.values()]
        if any(value is None for value in values):
            continue
        low, high = zip(*(r[f"{name}_interval"] for r in results.values()), strict=True)
        axes.fill_between(at, low, high, alpha=0.2)
        axes.plot(at, values, marker="o", label=label)
    axes.set(xlabel={"steps": "denoising steps", "lambda": "guidance λ"}[of], title=task)
    axes.set_ylim(0, 1.02)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)
