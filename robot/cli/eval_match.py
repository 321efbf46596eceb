"""`courtside eval match`: table tennis against opponents."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from robot.cli.errors import WrongUse

if TYPE_CHECKING:
    from sim.tennis.evaluate import Policy


@dataclass(frozen=True)
class EvalMatch:
    """Play matches of table tennis against opponents; the same seeds whatever is chosen."""

    opponent: Literal["beginner", "intermediate", "advanced", "advanced+"] = "intermediate"
    """Of which level. Those that are committed take turns."""
    fresh: bool = False
    """Opponents drawn anew instead, one a match."""
    policy: Literal["learned", "stroke"] = "learned"
    """Learned controllers, chosen by the high level; or the model-based stroke in some styles."""
    choice: str = "adaptive"
    """How the robot chooses: adaptive, best (the most expected landings), random, or always the
    same, by name. The stroke: random, or a style's name."""
    games: int = 3
    """All are played."""
    states: Path | None = None
    """A folder of real ball states, rallies.json and serves.json, that opponents draw from.
    Default: draws from what was fitted to the published ones."""
    shots: Path | None = None
    """Write every match, with its table of shots, to this file (JSON)."""
    video: Path | None = None
    """Film the best rally (MP4)."""
    plot: Path | None = None
    """Draw how preferences went over the matches, learned controllers, to this file (.png ...)."""
    n: int = 100
    """Matches."""
    seed: int = 100_000
    """Of the first match; the others follow."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        if self.n < 1 or self.games < 1 or self.seed < 0:
            raise WrongUse("--n and --games must be at least 1, and --seed at least 0")

        import numpy as np
        from rich.console import Console
        from rich.progress import Progress

        from robot.ball import PAPER
        from robot.cli import matches
        from robot.cli.eval_beso import open_plot
        from robot.cli.session import print_json
        from sim.tennis.evaluate import summary
        from sim.tennis.states import StatesError

        for path in (self.shots, self.video, self.plot):
            if path and not path.parent.is_dir():
                raise WrongUse(f"there is no folder {path.parent}")
        if self.plot:
            if self.policy != "learned":
                raise WrongUse("--plot needs --policy learned")
            open_plot(self.plot)
        made = {"learned": matches.controllers, "stroke": matches.strokes}[self.policy]
        factory, policies = made(self.choice, PAPER), list[Any]()

        def kept(n: int, rng: np.random.Generator) -> "Policy":
            policies.append(factory(n, rng))
            return policies[-1]

        setup = matches.Setup(self.opponent, self.fresh, self.games, self.states, self.n, self.seed)
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(f"{self.opponent} {self.choice}", total=self.n)
            try:
                played = matches.play_all(setup, kept, lambda k: bar.advance(task, k))
            except (StatesError, ValueError) as error:
                raise WrongUse(str(error)) from error
        report: dict[str, Any] = {
            "opponent": self.opponent,
            "fresh": self.fresh,
            "choice": self.choice,
            "games_each": self.games,
            "seed": self.seed,
            **summary(played),
        }
        if self.shots:
            matches.write_records(self.shots, played, self.seed)
        if self.video:
            report["film"] = matches.film(self.video, played, setup)
        if self.plot:
            matches.draw(self.plot, [one for policy in policies for one in policy.experiences])
        if self.json:
            print_json(report)
        else:
            _show(report)
        return 0


def _show(report: dict[str, Any]) -> None:
    """The figures, then a row for every choice, and how rallies ended."""
    from rich.console import Console
    from rich.table import Table

    choices, ends = report.pop("by_choice"), report.pop("ends")
    columns = ("n", "land_rate", "winner_rate", "speed_m_s")
    chosen = Table("choice", *(name.replace("_", " ") for name in columns))
    for name, values in choices.items():
        chosen.add_row(name, *(str(values[column]) for column in columns))
    ended = Table("how rallies ended", "n")
    for name, count in ends.items():
        ended.add_row(name, str(count))
    for name, value in report.items():
        print(f"{name:24} {value}")
    console = Console()
    console.print(chosen)
    console.print(ended)
