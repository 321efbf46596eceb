"""`courtside eval coach`: chores under the learned selector, coached or not, on paired seeds."""

import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from robot.cli.build import EngineName, Perception
from robot.cli.errors import Failure, WrongUse
from robot.cli.selecting import LowLevel
from robot.cli.worlds import Task

Condition = Literal["base", "live", "tuned", "oracle"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)


@dataclass(frozen=True)
class EvalCoach:
    """Do chores, the same ones in every condition, and count how many are done, strictly judged.

    The coach is a program: it sees the truth, speaks in varied words, .5 to 1.5 s late, is wrong
    one time in twenty, and says at most five things an episode. Or it is you."""

    task: Task = "sort"
    """Which chore."""
    condition: str = "base"
    """One or several, with commas between them. base: the selector alone. live: the same, and the
    coach corrects it. tuned: --tuned alone. oracle: the truth selects, over the same skills."""
    checkpoint: Path | None = None
    """The selector of base and live: a file; demonstrated, which comes with the package and has
    never been corrected; or corrected, the same after a coach talked to it. Default: corrected."""
    tuned: Path | None = None
    """The selector of tuned, as `courtside train selector --corrections` made it; or corrected."""
    coach: Literal["program", "human"] = "program"
    """Who corrects. human: you, live, by the clock; type or speak, and Ctrl-C ends it."""
    speech: str = ""
    """human: also listen: mic, mic:NAME, or a sound file."""
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
        human = self.coach == "human"
        if (human and "live" not in conditions) or (self.speech and not human):
            raise WrongUse("--coach human needs --condition live, and --speech needs --coach human")
        from rich.console import Console
        from rich.progress import track

        from robot.cli import coached, selecting
        from robot.cli.person import Person
        from robot.cli.session import typed_lines

        console = Console(stderr=True)
        keep = selecting.keeping(self.keep, console.print)
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
            with ExitStack() as parts:
                person = None
                if human and condition == "live":
                    person = Person(parts, typed_lines(), self.speech)
                played = coached.play_all(setup, seeds, choose, keep, person)
                if person is None:
                    label = f"{self.task} {condition}"
                    played = track(played, label, self.n, console=console, transient=True)
                results = list(played)
            if not results:
                raise Failure("no episode came to its end")
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
            "coach": self.coach,
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
