"""`courtside train evolve`, `courtside train adapter`: controllers improved by trying."""

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional

from robot.cli import build
from robot.cli.errors import WrongUse
from robot.cli.train_tennis import TrackName, WorldName, balls, curriculum, stage

if TYPE_CHECKING:
    from skills.tennis.controller import Controller
    from skills.tennis.evolution import EvolutionConfig, Progress
    from skills.tennis.objective import Aim, Returning, Stage
    from skills.tennis.workers import Workers


@dataclass(frozen=True)
class Task:
    """What is improved, and where: makes the objective, in whichever process it runs."""

    name: str
    begin: Path
    rallies: Path
    serves: Path | None
    world: WorldName
    adapter: bool  # is it the adapter, to the track `physical`?

    @property
    def track(self) -> TrackName:
        return "physical" if self.adapter else "paper"

    def __call__(self) -> "Returning":
        from robot.ball import TRACKS
        from skills.tennis.objective import Returning
        from skills.tennis.recipes import RECIPES

        drawn = curriculum(balls(RECIPES[self.name], self.rallies, self.serves), self.track)
        return Returning(self.stage, TRACKS[self.track], drawn, self.aim())

    def aim(self) -> "Aim":
        import numpy as np

        from skills.tennis.controller import Controller
        from skills.tennis.network import ADAPTER, initial
        from skills.tennis.objective import Aim
        from skills.tennis.recipes import RECIPES

        controller = Controller.load(self.begin)
        if self.adapter and controller.adapter is None:  # one that changes nothing as yet
            new = initial(ADAPTER, np.random.default_rng(0), last=0.0).astype(np.float32)
            controller = replace(controller, adapter=new)
        return Aim(controller, RECIPES[self.name].target, self.adapter)

    def stage(self, n: int) -> "Stage":
        return stage(self.world, n, self.track)

    def checked(self, controller: "Controller", n: int, seed: int) -> dict[str, float]:
        """How it returns `n` balls that it was not trained on, or as many as there are."""
        import numpy as np

        from robot.ball import TRACKS
        from skills.tennis.arena import Arena
        from skills.tennis.evaluate import Learned, play, the_one
        from skills.tennis.recipes import RECIPES

        recipe = RECIPES[self.name]
        states = balls(recipe, self.rallies, self.serves, held_out=True).values
        some = states[np.random.default_rng(seed).permutation(len(states))[:n]]
        worlds = self.stage(len(some))
        worlds.reseed(np.random.default_rng([seed, 1]).spawn(len(some)))
        player = Learned([controller], the_one, TRACKS[self.track])
        fates, _ = play(Arena(worlds, TRACKS[self.track]), some, player)
        aside = np.linalg.norm(fates.place - recipe.target, axis=1)
        return {
            "hit_rate": float(fates.hit.mean()),
            "land_rate": float(fates.landed.mean()),
            "target_error_m": float(np.nanmedian(aside)) if fates.landed.any() else float("nan"),
        }

    def about(self) -> dict[str, str]:
        """What the result depends on beside the settings of the evolution."""
        files = [file for file in (self.begin, self.rallies, self.serves) if file]
        hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        return {
            "name": self.name,
            "world": self.world,
            "track": self.track,
            "files": " ".join(hashes),
        }


@dataclass(frozen=True)
class TrainEvolve:
    """Improve a table tennis controller by blackbox gradient sensing, on the track `paper`.

    A run that was stopped goes on when it is started again; so does one that is made longer."""

    controller: Positional[str]
    """Which: forehand, backhand_left ...; see skills/tennis/recipes.py."""
    rallies: Path
    """Ball states of rallies, a JSON file."""
    serves: Path | None = None
    """Ball states of serves, for controllers that return those."""
    begin: Path | None = None
    """The controller to improve. Default: the package's own."""
    out: Path | None = None
    """The file to write. Default: runs/NAME.safetensors."""
    world: WorldName = "surrogate"
    """Where it plays: the compiled surrogate, or MuJoCo, which takes some thirty times as long."""
    steps: int = 100
    """Of the evolution strategy."""
    step_size: float = 0.001
    """Of a step, in units of the parameters."""
    sigma: float = 0.004
    """Standard deviation of a tried parameter; smaller than published: it begins with a
    controller that plays."""
    perturbations: int = 100
    """Pairs of candidates in a step."""
    rollouts: int = 15
    """Balls for each candidate."""
    keep: float = 0.3
    """Share of the pairs that decide."""
    check: int = 500
    """Held-out balls that are played before and after."""
    workers: str = "1"
    """N processes on this machine; or ray: all processors of its cluster; or ray:N of them."""
    seed: int = 0
    """Of everything random."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    adapter = False  # no option: which of the two commands it is

    def main(self) -> int:
        from robot.cli.session import print_json
        from sim.tennis.states import StatesError
        from skills.saved import CheckpointError
        from skills.tennis.recipes import FOLDER, RECIPES

        if self.controller not in RECIPES:
            raise WrongUse(f"unknown controller {self.controller!r}; valid: {', '.join(RECIPES)}")
        hands = _hands(self.workers)
        begin = self.begin or FOLDER / f"{self.controller}.safetensors"
        out = self.out or Path("runs") / f"{self.controller}.safetensors"
        task = Task(self.controller, begin, self.rallies, self.serves, self.world, self.adapter)
        try:
            made = self._improve(task, hands, out.with_suffix(".run"))
        except (CheckpointError, StatesError) as error:
            raise WrongUse(str(error)) from error
        made.save(out)
        if self.json:
            print_json({"checkpoint": str(out), "metrics": dict(made.metrics)})
        else:
            for name, x in made.metrics.items():
                print(f"{name.replace('_', ' ')}: {x:.3f}", file=sys.stderr)
            print(f"written: {out}", file=sys.stderr)
        return 0

    def _improve(self, task: Task, hands: tuple[bool, int], file: Path) -> "Controller":
        import numpy as np

        from skills.tennis.curriculum import Tally
        from skills.tennis.evolution import Run, evolve
        from skills.tennis.workers import Knowledge

        aim, objective = task.aim(), task()
        made = aim.controller
        before = task.checked(made, self.check, self.seed)
        known = Knowledge(made.normaliser, Tally.empty(objective.categories))
        try:
            config, workers = self._config(), _workers(hands, task)
            with workers as some, _bar(self.controller) as show:
                start = Run.begin(aim.start, known)
                run = evolve(start, some, config, file, about=task.about(), show=show)
        except ValueError as error:
            raise WrongUse(str(error)) from error
        learned = run.centre.astype(np.float32)
        changed: Any = {"adapter": learned} if self.adapter else {"parameters": learned}
        made = replace(made, track=task.track, **changed)
        after = task.checked(made, self.check, self.seed)
        metrics = {**{f"{name}_before": x for name, x in before.items()}, **after}
        about = {"command": build.typed(), "commit": build.origin()["commit"]}
        return replace(made, metrics=metrics, **about)

    def _config(self) -> "EvolutionConfig":
        from skills.tennis.evolution import EvolutionConfig

        return EvolutionConfig(
            self.steps,
            self.step_size,
            self.sigma,
            self.perturbations,
            self.rollouts,
            self.keep,
            seed=self.seed,
        )


@dataclass(frozen=True)
class TrainAdapter(TrainEvolve):
    """Teach a table tennis controller the track `physical`: an adapter modulates its actions.

    By blackbox gradient sensing; nothing but the adapter changes."""

    adapter = True


def _hands(wanted: str) -> tuple[bool, int]:
    """Of `--workers`: on Ray or not, and how many; 0 for as many as there are."""
    ray, count = wanted.startswith("ray"), wanted.removeprefix("ray").removeprefix(":")
    if not (count.isdecimal() and int(count)) and wanted != "ray":
        raise WrongUse(f"--workers must be a number, ray or ray:N, not {wanted!r}")
    return ray, int(count or 0)


@contextmanager
def _workers(hands: tuple[bool, int], task: Task) -> "Iterator[Workers]":
    from skills.tennis.workers import Cluster, Processes

    ray, count = hands
    workers = Cluster(task, count) if ray else Processes(task, count)
    try:
        yield workers
    finally:
        workers.close()


@contextmanager
def _bar(name: str) -> "Iterator[Callable[[Progress], None]]":
    """A progress bar on standard error, and what shows a step on it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True, soft_wrap=True)
    with Progress(*columns, TextColumn("{task.fields[now]}"), console=console) as bar:
        task = bar.add_task(name, now="")

        def show(progress: "Progress") -> None:
            run = progress.run
            tally = run.known.tally
            landed = tally.returned.sum() / max(tally.tried.sum(), 1)
            now = (
                f"reward {run.history[-1, 0]:.3f}  land rate {landed:.3f}  "
                f"{progress.rollouts_per_s:.0f} balls/s"
            )
            if not console.is_terminal:
                console.print(f"step {run.step} of {progress.steps}: {now}", highlight=False)
            bar.update(task, completed=run.step, total=progress.steps, now=now)

        yield show
