"""`courtside eval tennis`: balls that a robot returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from robot.cli import build
from robot.cli.errors import WrongUse

if TYPE_CHECKING:
    from numpy.random import Generator

    from robot.ball import Track
    from robot.cli.returns import Decide
    from robot.types import Vector
    from skills.tennis.arena import Fates
    from skills.tennis.controller import Controller
    from skills.tennis.evaluate import Choose, Player
    from skills.tennis.stroke import StrokeConfig

FIXES = ("pictures", "detection_rate", "position_error_mm", "position_error_p95_mm", "bias_mm")
AT_ONCE = 250  # balls that are simulated together


@dataclass(frozen=True)
class EvalTennis:
    """Send balls to the robot, one each, and report how many it hits and returns."""

    states: Path
    """Ball states (JSON)."""
    controller: str = "learned"
    """learned: for each ball, the one of which most is expected. stroke: the model-based one. Or a
    learned controller's name."""
    controllers: Path | None = None
    """The folder of the learned ones. Default: those that come with the package, for this track."""
    track: Literal["paper", "physical"] = "paper"
    """Which world: the published parameters, or coefficients measured on real balls. There, only
    states count whose balls come as the rules want: their spins are those of the other world."""
    target: tuple[float, float] = (0.0, 0.8)
    """[m] stroke: where balls shall land."""
    flight: float = 0.58
    """[s] stroke: until then."""
    perception: build.Perception = "truth"
    """Of the ball. truth: exact fixes. camera: fixes from the rendered pictures of two cameras;
    balls go through the loop one by one, and again with exact fixes, to compare."""
    plot: Path | None = None
    """camera: also draw the errors of predictions to this file (.png, .svg or .pdf)."""
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
        from robot.cli.eval_beso import open_plot
        from robot.cli.returns import draw
        from robot.cli.session import print_json
        from sim.tennis import states as s
        from skills.tennis.evaluate import report

        rng = np.random.default_rng(self.seed)
        try:
            loaded = s.load(self.states)
        except s.StatesError as error:
            raise WrongUse(str(error)) from error
        pool = loaded.pick(loaded.held_out) if self.held_out else loaded
        if self.track == "physical":
            pool = pool.pick(s.valid(pool.ball(), TRACKS[self.track]))
        if not 1 <= self.n <= len(pool):
            raise WrongUse(f"--n must be between 1 and {len(pool)}, the states there are")
        if self.plot:
            if self.perception != "camera":
                raise WrongUse("--plot needs --perception camera")
            open_plot(self.plot)
        chosen = pool.pick(rng.choice(len(pool), self.n, replace=False))
        play = self._watched if self.perception == "camera" else self._at_once
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(f"{self.controller} {self.track}", total=self.n)
            fates, targets, more = play(
                chosen.values, rng, TRACKS[self.track], lambda k: bar.advance(task, k)
            )
        result: dict[str, Any] = {
            "controller": self.controller,
            "track": self.track,
            "seed": self.seed,
            "perception": self.perception,
            **report(fates, targets, s.categories(chosen)),
            **more,
        }
        if self.plot:
            draw(self.plot, result["seen"])
        if self.json:
            print_json(result)
        else:
            _show(result)
        return 0

    def _at_once(
        self, values: "Vector", rng: "Generator", track: "Track", done: Callable[[float], None]
    ) -> "tuple[Fates, Vector, dict[str, Any]]":
        """What became of balls (n, 9), and where they were wanted (n, 2): many balls together."""
        import numpy as np

        from sim.tennis.batch import TennisBatch
        from sim.tennis.court import CourtConfig
        from skills.tennis.arena import Arena, Fates
        from skills.tennis.evaluate import play

        parts, aims = [], []
        for first in range(0, len(values), AT_ONCE):
            some = values[first : first + AT_ONCE]
            player, targets = self._player(track, len(some))
            worlds = TennisBatch(len(some), rng, CourtConfig(self.track), self.threads)
            fates, _ = play(Arena(worlds, track), some, player)
            parts.append(fates)
            aims.append(targets())
            done(len(some))
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return Fates(*(np.concatenate(column) for column in columns)), np.concatenate(aims), {}

    def _watched(
        self, values: "Vector", rng: "Generator", track: "Track", done: Callable[[float], None]
    ) -> "tuple[Fates, Vector, dict[str, Any]]":
        """The same through the loop, by camera; and how well each perception saw the balls."""
        import numpy as np

        from robot.cli.returns import returned
        from sim.tennis.seeing import report as seen
        from skills.tennis.arena import Fates
        from skills.tennis.evaluate import report

        decide, both = self._decide(), {}
        children = np.random.SeedSequence(self.seed).spawn(len(values))  # as `rng` would
        fates, aims = None, None
        for perception in ("truth", "camera"):
            rngs = [np.random.default_rng(child) for child in children]
            balls = returned(values, rngs, track, perception, decide, lambda: done(0.5))
            fates = Fates.of([ball.judge for ball in balls])
            aims = np.array([self._aim(ball.args) for ball in balls])
            rates = report(fates, aims, {})
            del rates["by_category"]
            both[perception] = {**rates, **seen([ball.seeing for ball in balls])}
        assert fates is not None and aims is not None
        return fates, aims, {"seen": both}

    def _decide(self) -> "Decide":
        """How a ball shall be returned: arguments of `skills.tennis.skill.Rally`."""
        if self.controller == "stroke":
            style = self._style()
            return lambda ball: {
                "controller": "stroke",
                "target": list(style.target),
                "flight": style.flight,
            }
        controllers, choose = self._team()
        return lambda ball: {"controller": controllers[int(choose(ball)[0])].name}

    def _aim(self, args: "Mapping[str, Any] | None") -> tuple[float, float]:
        """Where [m] a ball that is returned so shall land."""
        from skills.tennis.recipes import RECIPES

        if args is None or self.controller == "stroke":
            return self.target
        return RECIPES[args["controller"]].target

    def _style(self) -> "StrokeConfig":
        from skills.tennis.stroke import StrokeConfig

        try:
            return StrokeConfig(self.target, self.flight)
        except ValueError as error:
            raise WrongUse(str(error)) from error

    def _team(self) -> "tuple[list[Controller], Choose]":
        from skills.saved import CheckpointError
        from skills.tennis.recipes import FOLDERS
        from skills.tennis.skill import team

        try:
            return team(self.controller, self.controllers or FOLDERS[self.track])
        except (CheckpointError, ValueError) as error:
            raise WrongUse(str(error)) from error

    def _player(self, track: "Track", n: int) -> "tuple[Player, Callable[[], Vector]]":
        """Who plays, and what tells afterwards where each ball was wanted (n, 2)."""
        import numpy as np

        if self.controller == "stroke":
            from skills.tennis.stroke import Model

            return Model(track, [self._style()] * n), lambda: np.tile(self.target, (n, 1))
        from skills.tennis.evaluate import Learned
        from skills.tennis.recipes import RECIPES

        controllers, choose = self._team()
        player = Learned(controllers, choose, track)
        aims = np.array([RECIPES[made.name].target for made in controllers])
        return player, lambda: aims[player.chosen]


def _show(result: dict[str, Any]) -> None:
    """Measures across, all balls and each category down; then how well the balls were seen."""
    from rich.console import Console
    from rich.table import Table

    names = ("n", "hit_rate", "land_rate", "target_error_m", "hit_speed_m_s")
    table = Table("balls", *(name.replace("_", " ") for name in names))
    seen = {f"all, {name}": values for name, values in result.get("seen", {}).items()}
    for row, values in ({"all": result, **result["by_category"]} | seen).items():
        cells = []
        for name in names:
            between = values.get(f"{name}_interval")
            more = f"\n{between[0]:.3f} to {between[1]:.3f}" if between else ""
            cells.append(f"{values[name]}{more}")
        table.add_row(row, *cells)
    console = Console()
    console.print(table)
    for perception, values in result.get("seen", {}).items():
        fixes = {name: value for name, value in values.items() if name in FIXES}
        console.print(perception, fixes)
        table = Table(*(name.replace("_", " ") for name in values["predictions"][0]))
        for row in values["predictions"]:
            table.add_row(*map(str, row.values()))
        console.print(table)
