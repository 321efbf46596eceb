"""`courtside eval tennis`: balls that a robot returns."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from robot.cli.errors import WrongUse

if TYPE_CHECKING:
    from robot.ball import Track
    from skills.tennis.evaluate import Player

AT_ONCE = 250  # balls that are simulated together


@dataclass(frozen=True)
class EvalTennis:
    """Send balls to the robot, one each, and report how many it hits and returns."""

    states: Path
    """Ball states (JSON)."""
    controller: str = "learned"
    """learned: for each ball, the one of which most is expected. stroke: the model-based one. Or a
    learned controller's name."""
    track: Literal["paper", "physical"] = "paper"
    """Which world: the published parameters, or coefficients measured on real balls."""
    target: tuple[float, float] = (0.0, 0.8)
    """[m] stroke: where balls shall land."""
    flight: float = 0.58
    """[s] stroke: until then."""
    held_out: bool = False
    """Only balls that the controllers were not trained on."""
    n: int = 300
    """Balls, drawn from the file without repetition."""
    seed: int = 0
    """Of everything random."""
    threads: int = 2
    """Of the CPU."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        import numpy as np
        from rich.console import Console
        from rich.progress import Progress

        from robot.ball import TRACKS
        from robot.cli.session import print_json
        from sim.tennis import states as s
        from sim.tennis.batch import TennisBatch
        from sim.tennis.court import CourtConfig
        from skills.tennis.arena import Arena, Fates
        from skills.tennis.evaluate import play, report

        rng = np.random.default_rng(self.seed)
        try:
            loaded = s.load(self.states)
        except s.StatesError as error:
            raise WrongUse(str(error)) from error
        pool = loaded.pick(loaded.held_out) if self.held_out else loaded
        if not 1 <= self.n <= len(pool):
            raise WrongUse(f"--n must be between 1 and {len(pool)}, the states there are")
        chosen = pool.pick(rng.choice(len(pool), self.n, replace=False))
        track, parts, aims = TRACKS[self.track], [], []
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(f"{self.controller} {self.track}", total=self.n)
            for first in range(0, self.n, AT_ONCE):
                some = chosen.values[first : first + AT_ONCE]
                player, targets = self._player(track, len(some))
                worlds = TennisBatch(len(some), rng, CourtConfig(self.track), self.threads)
                fates, _ = play(Arena(worlds, track), some, player)
                parts.append(fates)
                aims.append(targets())
                bar.advance(task, len(some))
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        whole = Fates(*(np.concatenate(column) for column in columns))
        result: dict[str, Any] = {
            "controller": self.controller,
            "track": self.track,
            "seed": self.seed,
            **report(whole, np.concatenate(aims), s.categories(chosen)),
        }
        if self.json:
            print_json(result)
        else:
            _show(result)
        return 0

    def _player(self, track: "Track", n: int) -> "tuple[Player, Any]":
        """Who plays, and what tells afterwards where each ball was wanted (n, 2)."""
        import numpy as np

        from skills.saved import CheckpointError
        from skills.tennis.recipes import RECIPES

        if self.controller == "stroke":
            from skills.tennis.stroke import Model, StrokeConfig

            try:
                style = StrokeConfig(self.target, self.flight)
            except ValueError as error:
                raise WrongUse(str(error)) from error
            return Model(track, [style] * n), lambda: np.tile(self.target, (n, 1))

        from skills.tennis.evaluate import Learned
        from skills.tennis.skill import team

        try:
            controllers, choose = team(self.controller)
        except (CheckpointError, ValueError) as error:
            raise WrongUse(str(error)) from error
        player = Learned(controllers, choose)
        aims = np.array([RECIPES[made.name].target for made in controllers])
        return player, lambda: aims[player.chosen]


def _show(result: dict[str, Any]) -> None:
    """Measures across, all balls and each category down."""
    from rich.console import Console
    from rich.table import Table

    names = ("n", "hit_rate", "land_rate", "target_error_m", "hit_speed_m_s")
    table = Table("balls", *(name.replace("_", " ") for name in names))
    for row, values in {"all": result, **result["by_category"]}.items():
        cells = []
        for name in names:
            between = values.get(f"{name}_interval")
            more = f"\n{between[0]:.3f} to {between[1]:.3f}" if between else ""
            cells.append(f"{values[name]}{more}")
        table.add_row(row, *cells)
    Console().print(table)
