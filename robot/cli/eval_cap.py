"""`courtside eval cap`: instructions that a language model turns into programs."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from robot.cli import build
from robot.cli.errors import WrongUse

if TYPE_CHECKING:
    from planners.tasks.draw import Split

SplitName = Literal["all", "seen", "attributes", "paraphrases", "templates", "refusals"]


@dataclass(frozen=True)
class EvalCap:
    """Give instructions at the table, one an episode; judge by where things are in the end.

    Templates and what fills them come in two sets, seen and unseen, as in Code as Policies:
    models may have been trained on the seen ones.
    """

    llm: str = "embedded"
    """As for `run`; of replay:FILE, answer i is for episode i. oracle: each template's own correct
    program, which measures all but the model."""
    model: str = ""
    """The model's name on the server; empty: its first."""
    episodes: int = 140
    """How many; they go round all templates of all splits."""
    split: SplitName = "all"
    """seen: templates, attributes and phrases that models may know. attributes, paraphrases,
    templates: those are not seen. refusals: what cannot be done, or not be told. all: in turn."""
    engine: build.EngineName = "mujoco"
    """Which physics."""
    perception: build.Perception | None = None
    """How objects are seen, as for `run`. Success is judged by truth in any case."""
    seed: int = 0
    """Of everything random."""
    keep: Path = Path("runs/cap")
    """Folder for what is kept of failures: program, film, recording."""
    programs: Path | None = None
    """Only write the correct programs of these episodes to this file, for --llm replay:FILE."""
    jobs: int = 1
    """Processes; each opens the model for itself."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False
    """Also show the episodes that succeed."""

    def main(self) -> int:
        if self.episodes < 1 or self.jobs < 1 or self.seed < 0:
            raise WrongUse("--episodes and --jobs must be at least 1, --seed at least 0")

        from rich.console import Console
        from rich.progress import Progress

        from planners.tasks.draw import SPLITS
        from robot.cli.cap_episodes import CapSetup, play_all, task_of
        from robot.cli.session import print_json

        splits: tuple[Split, ...] = SPLITS if self.split == "all" else (self.split,)
        setup = CapSetup(
            self.llm,
            self.model,
            self._answers(),
            splits,
            self.engine,
            self.perception,
            self.seed,
            self.keep,
        )
        if self.programs:
            correct = [task_of(setup, index)[0].program for index in range(self.episodes)]
            self.programs.write_text(json.dumps(correct))
            return 0
        done: list[dict[str, Any]] = []
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(self.llm, total=self.episodes)
            for episode in play_all(setup, self.episodes, self.jobs):
                done.append(episode)
                bar.advance(task)
                if self.verbose or not episode["success"]:
                    fate = episode.get("reason", "done")
                    bar.console.print(f"{episode['index']} {episode['instruction']}: {fate}")
        result = {
            "llm": self.llm,
            "engine": self.engine,
            "perception": self.perception or "camera",
            "seed": self.seed,
            **_rate(done),
            "by_split": _by(done, "split"),
            "by_template": _by(done, "template"),
            "failures": [episode for episode in done if not episode["success"]],
        }
        if self.json:
            print_json(result)
        else:
            _show(result)
        return 0

    def _answers(self) -> tuple[str, ...] | None:
        """Those of --llm replay:FILE."""
        kind, _, path = self.llm.partition(":")
        if kind != "replay":
            return None
        try:
            answers = json.loads(Path(path).read_text())
        except (OSError, ValueError) as error:
            raise WrongUse(f"cannot replay {path}: {error}") from error
        if not isinstance(answers, list) or not all(isinstance(a, str) for a in answers):
            raise WrongUse(f"cannot replay {path}: it must hold a JSON list of strings")
        if len(answers) < self.episodes:
            raise WrongUse(f"{path} has {len(answers)} answers, for {self.episodes} episodes")
        return tuple(answers)


def _rate(done: Sequence[dict[str, Any]]) -> dict[str, Any]:
    from robot.intervals import wilson

    good = sum(episode["success"] for episode in done)
    return {
        "n": len(done),
        "success_rate": round(good / len(done), 4),
        "success_rate_interval": wilson(good, len(done)),
    }


def _by(done: Sequence[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for episode in done:
        groups[episode[key]].append(episode)
    return {name: _rate(group) for name, group in groups.items()}


def _show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("what", "n", "success rate", "95 % interval")
    rows = {"all": result, **result["by_split"], **result["by_template"]}
    for name, values in rows.items():
        low, high = values["success_rate_interval"]
        table.add_row(
            name, str(values["n"]), f"{values['success_rate']:.3f}", f"{low:.3f} to {high:.3f}"
        )
    Console().print(table)
