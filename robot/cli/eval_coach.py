"""`courtside eval coach`: chores under the learned selector, coached or not, on paired seeds."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from robot.cli.build import EngineName, Perception
from robot.cli.errors import WrongUse
from robot.cli.selecting import LowLevel
from robot.cli.worlds import Task

Condition = Literal["base", "live", "tuned", "oracle"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)


@dataclass(frozen=True)
class EvalCoach:
    """Do chores, the same ones in every condition, and count how many are done, strictly judged.

    The coach is a program: it sees the truth, speaks in varied words, .5 to 1.5 s late, is wrong
    one time in twenty, and says at most five things an episode."""

    task: Task = "sort"
    """Which chore."""
    condition: str = "base"
    """One or several, with commas between them. base: the selector alone. live: the same, and the
    coach corrects it. tuned: --tuned alone. oracle: the truth selects, over the same skills."""
    checkpoint: Path | None = None
    """The selector of base and live. Default: the one that comes with the package."""
    tuned: Path | None = None
    """The selector of tuned, as `courtside train selector --corrections` made it."""
    verify: bool = False
    """After each command, the selector judges by what is seen whether it has been done, and tries
    again if not, ten times at most. Not for the oracle."""
    verdicts_wrong: float = 0.0
    """Share of those verdicts that is turned round, to see what an imperfect judge does."""
    keep: Path | None = None
    """live: keep every correction in this folder, for `courtside train selector`."""
    log: Path | None = None
    """Write every episode, what was done and said, to this file (JSON lines)."""
    low_level: LowLevel = "rules"
    """What carries commands out. rules: skills by rule. beso: one learned policy, which is told in
    the very words."""
    engine: EngineName = "mujoco"
    """Which physics."""
    perception: Perception = "truth"
    """How things are seen; success is judged by the truth in any case."""
    unseen: bool = False
    """On days as no demonstration had: friction, weight, light and cameras beyond what varied
    there, and more blocks."""
    n: int = 100
    """Episodes of each condition."""
    seed: int = 100_000
    """Of the first episode; the others follow."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        if self.n < 1 or self.seed < 0:
            raise WrongUse("--n must be at least 1, and --seed at least 0")
        conditions = tuple(self.condition.split(","))
        if unknown := set(conditions) - {*CONDITIONS}:
            valid = ", ".join(CONDITIONS)
            raise WrongUse(f"unknown condition {min(unknown)!r}; valid are {valid}")
        if "tuned" in conditions and self.tuned is None:
            raise WrongUse("--condition tuned needs --tuned CHECKPOINT")
        if not 0 <= self.verdicts_wrong <= 1 or (self.verdicts_wrong and not self.verify):
            raise WrongUse("--verdicts-wrong is from 0 to 1, and needs --verify")
        if self.keep and "live" not in conditions:
            raise WrongUse("--keep needs --condition live")
        from rich.console import Console
        from rich.progress import track

        from robot.cli import coached, selecting

        seeds = range(self.seed, self.seed + self.n)
        found: dict[str, Any] = {}
        first: list[coached.Result] | None = None
        for condition in CONDITIONS:
            if condition not in conditions:
                continue
            path = self.tuned if condition == "tuned" else self.checkpoint
            choose = None if condition == "oracle" else selecting.learned(path)
            setup = coached.Setup(
                self.task,
                condition,
                self.engine,
                self.perception,
                self.verify,
                self.verdicts_wrong,
                self.low_level,
                "unseen" if self.unseen else "varied",
            )
            folder = self.keep

            def keep(kept: Any, to: Path | None = folder) -> None:
                if to is not None:
                    kept.write(to)

            played = coached.play_all(setup, seeds, choose, keep)
            label = f"{self.task} {condition}"
            shown = track(played, label, self.n, console=Console(stderr=True), transient=True)
            results = list(shown)
            found[condition] = coached.figures(results)
            if first is None:
                first = results
            else:
                found[condition] |= coached.paired(first, results)
            if self.log:
                with self.log.open("a") as file:
                    for each in results:
                        line = {"task": self.task, "condition": condition, **asdict(each)}
                        file.write(json.dumps(line) + "\n")
        about = {"task": self.task, "engine": self.engine, "perception": self.perception}
        about |= {
            "low_level": self.low_level,
            "unseen": self.unseen,
            "verify": self.verify,
            "verdicts_wrong": self.verdicts_wrong,
        }
        report = {**about, "seed": self.seed, "conditions": found}
        if self.json:
            print(json.dumps(report))
            return 0
        for condition, figures in found.items():
            print(condition)
            for name, value in figures.items():
                print(f"  {name:22} {value}")
        return 0
