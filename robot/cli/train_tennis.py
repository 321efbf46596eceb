"""`courtside train tennis`: controllers for table tennis, taught by the model-based stroke."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional

from robot.cli import build
from robot.cli.errors import Failure, WrongUse

if TYPE_CHECKING:
    from robot.types import Vector
    from sim.tennis.states import States
    from skills.tennis.controller import Controller
    from skills.tennis.curriculum import Curriculum
    from skills.tennis.distil import Learned
    from skills.tennis.objective import Stage
    from skills.tennis.recipes import Recipe
    from skills.tennis.stroke import StrokeConfig

WorldName = Literal["surrogate", "mujoco"]
TrackName = Literal["paper", "physical"]
SPARSE = 30  # balls that a category of the curriculum needs


@dataclass(frozen=True)
class TrainTennis:
    """Teach a table tennis controller: the model-based stroke says what it would do (DAgger)."""

    controller: Positional[str]
    """Which: forehand, backhand_left ...; see skills/tennis/recipes.py."""
    rallies: Path
    """Ball states of rallies, a JSON file."""
    serves: Path | None = None
    """Ball states of serves, for controllers that return those."""
    out: Path | None = None
    """The file to write. Default: runs/NAME.safetensors."""
    track: TrackName = "paper"
    """paper; or physical: teach an adapter, by which a controller of the track `paper` plays
    there. Nothing but the adapter changes."""
    begin: Path | None = None
    """A controller to start from. Default: the recipe's, from the package, if it has one; or for
    an adapter, the package's own."""
    world: WorldName = "surrogate"
    """Where it plays: the compiled surrogate, or MuJoCo, which takes some thirty times as long."""
    rounds: int = 20
    """Of play and teaching."""
    episodes: int = 1024
    """A round."""
    steps: int = 500
    """Of gradient descent a round."""
    last_steps: int = 10_000
    """In the last round."""
    threads: int = 1
    """Of the CPU, for gradient descent."""
    seed: int = 0
    """Of everything random."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        try:
            import torch
        except ImportError as error:
            raise Failure(
                "training needs torch: run `make dev`, or pip install 'courtside[train]'"
            ) from error

        import numpy as np

        from robot.ball import TRACKS
        from robot.cli.session import print_json
        from robot.tennis import SPEED
        from sim.tennis.states import StatesError
        from skills.saved import CheckpointError
        from skills.tennis.controller import Controller
        from skills.tennis.distil import DistilConfig, distil
        from skills.tennis.recipes import FOLDER, RECIPES

        if self.controller not in RECIPES:
            raise WrongUse(f"unknown controller {self.controller!r}; valid: {', '.join(RECIPES)}")
        torch.set_num_threads(self.threads)
        recipe = RECIPES[self.controller]
        begin, frozen = None, None
        first = self.controller if self.track == "physical" else recipe.begin
        path = self.begin or (FOLDER / f"{first}.safetensors" if first else None)
        try:
            if path:
                start = Controller.load(path)
                begin, frozen = self._begin(start)
            pool = Pool(recipe, self.rallies, self.serves, self.track)
        except (CheckpointError, StatesError) as error:
            raise WrongUse(str(error)) from error
        worlds = stage(self.world, self.episodes, self.track)
        worlds.reseed(np.random.default_rng(self.seed).spawn(self.episodes))
        config = DistilConfig(self.rounds, self.steps, self.last_steps, seed=self.seed)
        with _bar(self.controller, self.rounds) as show:

            def told(round_: int, loss: float, fates: Any) -> None:
                pool.told(fates.landed)
                aside = np.linalg.norm(fates.place - recipe.target, axis=1)
                aside = float(np.nanmedian(aside)) if fates.landed.any() else float("nan")
                metrics.update(
                    loss=loss,
                    hit_rate=float(fates.hit.mean()),
                    land_rate=float(fates.landed.mean()),
                    target_error_m=aside,
                )
                show(round_, dict(metrics))

            metrics: dict[str, float] = {}
            made = distil(worlds, pool.draw, TRACKS[self.track], config, told, begin, frozen)
        out = self.out or Path("runs") / f"{self.controller}.safetensors"
        learned = made[0].astype(np.float32)
        Controller(
            self.controller,
            recipe.style,
            self.track,
            SPEED,
            made[1],
            learned if frozen is None else frozen.astype(np.float32),
            None if frozen is None else learned,
            command=build.typed(),
            commit=build.origin()["commit"],
            metrics=metrics,
        ).save(out)
        if self.json:
            print_json({"checkpoint": str(out), "metrics": metrics})
        else:
            print(f"written: {out}", file=sys.stderr)
        return 0

    def _begin(self, start: "Controller") -> "tuple[Learned, Vector | None]":
        """What is learned, to begin with; and for an adapter, the controller that stays."""
        import numpy as np

        from skills.tennis.network import ADAPTER, initial

        parameters = start.parameters.astype(np.float64)
        if self.track == "paper":
            return (parameters, start.normaliser), None
        adapter = start.adapter  # without one, one that changes nothing
        if adapter is None:
            adapter = initial(ADAPTER, np.random.default_rng(self.seed), last=0.0)
        return (adapter.astype(np.float64), start.normaliser), parameters


def stage(world: WorldName, n: int, track: TrackName = "paper") -> "Stage":
    """n worlds; they are to be given generators of their own before they are played in."""
    import numpy as np

    from sim.tennis.batch import TennisBatch
    from sim.tennis.court import CourtConfig
    from sim.tennis.quick import QuickBatch

    kind = QuickBatch if world == "surrogate" else TennisBatch
    return kind(n, np.random.default_rng(0), CourtConfig(track))


def balls(recipe: "Recipe", rallies: Path, serves: Path | None, held_out: bool = False) -> "States":
    """The ball states that are a recipe's, mirrored ones too: to train on, or those held out."""
    import numpy as np

    from sim.tennis import states as s

    file = rallies
    if recipe.balls == "serve":
        if serves is None:
            raise WrongUse("this controller returns serves: --serves must name their states")
        file = serves
    loaded = s.load(file)
    kept = loaded.pick(loaded.held_out == held_out)
    # A mirror doubles them.
    both = s.States(
        np.concatenate((kept.ids, kept.ids)),
        np.concatenate((kept.values, s.mirrored(kept.values))),
    )
    if recipe.category:  # a specialist takes its kind of ball wherever it comes
        return both.pick(s.categories(both)[recipe.category])
    # Forehand balls cross the edge on the right, or in the middle.
    side = s.sides(both.ball()) * (1 if recipe.style == "forehand" else -1)
    return both.pick(side > -s.CENTRE)


def curriculum(states: "States", track: TrackName = "paper") -> "Curriculum":
    """By categories of balls that can be played; those with too few are left to the others."""
    import numpy as np

    from robot.ball import TRACKS
    from sim.tennis import states as s
    from skills.tennis.curriculum import Curriculum

    states = states.pick(s.valid(states.ball(), TRACKS[track]))
    members = {
        name: np.flatnonzero(mask)
        for name, mask in s.categories(states).items()
        if mask.sum() >= SPARSE and name != "serve"
    } or {"all": np.arange(len(states))}

    def valid(value: Any) -> bool:
        return bool(s.valid(s.split(value[None]), TRACKS[track])[0])

    return Curriculum(states.values, members, valid)


class Pool:
    """The balls that a controller is taught with: by an automatic curriculum."""

    def __init__(
        self, recipe: "Recipe", rallies: Path, serves: Path | None, track: TrackName = "paper"
    ) -> None:
        import numpy as np

        from skills.tennis.curriculum import Tally

        self._curriculum = curriculum(balls(recipe, rallies, serves), track)
        self._count = len(self._curriculum.names)
        self._tally = Tally.empty(self._count)
        self._drawn: Any = np.empty(0, np.int64)
        self._stroke = recipe.stroke

    def draw(self, rng: Any, n: int) -> "tuple[Any, list[StrokeConfig]]":
        """Ball states (n, 9), and the teacher's stroke for each."""
        import numpy as np

        drawn = [self._curriculum.draw(self._tally, rng) for _ in range(n)]
        self._drawn = np.array([category for _, category in drawn])
        return np.array([state for state, _ in drawn]), [self._stroke] * n

    def told(self, landed: Any) -> None:
        """Which of those that were drawn last were returned."""
        from skills.tennis.curriculum import Tally

        new = Tally.of(self._count, self._drawn, landed)
        self._tally = self._tally.faded(0.5).merged(new)


@contextmanager
def _bar(name: str, rounds: int) -> Iterator[Callable[[int, dict[str, float]], None]]:
    """A progress bar on standard error, and what shows a round on it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True, soft_wrap=True)
    with Progress(*columns, TextColumn("{task.fields[now]}"), console=console) as bar:
        task = bar.add_task(name, total=rounds, now="")

        def show(round_: int, metrics: dict[str, float]) -> None:
            now = "  ".join(f"{key.replace('_', ' ')} {x:.3f}" for key, x in metrics.items())
            if not console.is_terminal:
                console.print(f"round {round_ + 1} of {rounds}: {now}", highlight=False)
            bar.update(task, completed=round_ + 1, now=now)

        yield show
