"""`courtside train spin` and `courtside train style`: what a table tennis choice is made with."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from robot.cli import build
from robot.cli.errors import Failure, WrongUse
from robot.cli.train_tennis import WorldName

if TYPE_CHECKING:
    from planners.tennis.network import Network
    from planners.tennis.train import TrainConfig


@dataclass(frozen=True)
class TrainSpin:
    """Teach the classifier that votes whether a ball has underspin, on balls as robots see them."""

    rallies: Path
    """Ball states of rallies, a JSON file."""
    serves: Path | None = None
    """Ball states of serves."""
    out: Path | None = None
    """The file to write. Default: runs/spin.safetensors."""
    steps: int = 2000
    """Of gradient descent."""
    threads: int = 1
    """Of the CPU."""
    seed: int = 0
    """Of everything random."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        begin(self.threads)

        import numpy as np

        from planners.tennis.sight import NEEDED, votes
        from planners.tennis.train import TrainConfig, train_spin
        from robot.cli import choices

        files = [file for file in (self.rallies, self.serves) if file]
        states, held_out = choices.load(files)
        with bar("balls", len(states)) as show:
            seen, under, ball = choices.watched(states, self.seed, self.threads, show)
        known = ~held_out[ball]
        inputs = np.concatenate((seen[known], seen[known] * choices.MIRROR))
        # Both of a ball and its mirror image are learned, or neither.
        far = 10 * len(states)
        balls = np.concatenate((ball[known], ball[known] + far))
        config = TrainConfig(steps=self.steps, seed=self.seed)
        network = trained(
            "spin",
            config,
            lambda show: train_spin(inputs, np.tile(under[known], 2), balls, config, show),
        )
        rows = held_out[ball]
        yes = np.bincount(ball[rows], votes(network, seen[rows]), len(states)) >= NEEDED
        truth = np.zeros(len(states), dtype=bool)
        truth[ball[rows]] = under[rows]  # of a ball's rows, the last
        tried = np.unique(ball[rows])
        metrics = choices.accuracy(yes[tried], truth[tried])
        return done(self.out, "spin", network, metrics, files, self.json)


@dataclass(frozen=True)
class TrainStyle:
    """Teach the policy that says whether forehand or backhand returns a ball, by trying both."""

    rallies: Path
    """Ball states of rallies, a JSON file."""
    serves: Path | None = None
    """Ball states of serves."""
    controllers: Path | None = None
    """The folder of the generalists, forehand and backhand. Default: the package's."""
    out: Path | None = None
    """The file to write. Default: runs/style.safetensors."""
    world: WorldName = "surrogate"
    """Where balls to learn from are played: the compiled surrogate, or MuJoCo. Those that are held
    out are played in MuJoCo."""
    n: int = 24_000
    """Balls to learn from, each played once with both."""
    steps: int = 4000
    """Of gradient descent."""
    threads: int = 1
    """Of the CPU, for gradient descent."""
    seed: int = 0
    """Of everything random."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        begin(self.threads)

        import numpy as np

        from planners.tennis.network import STYLES
        from planners.tennis.train import TrainConfig, train_style
        from robot.cli import choices
        from sim.tennis.states import mirrored
        from skills.saved import CheckpointError
        from skills.tennis.recipes import FOLDER
        from skills.tennis.skill import controller

        files = [file for file in (self.rallies, self.serves) if file]
        states, held_out = choices.load(files)
        rng = np.random.default_rng(self.seed)
        pool = np.flatnonzero(~held_out)
        rows = rng.choice(pool, self.n, replace=self.n > len(pool))
        flip = rng.random(self.n)[:, None] < 0.5
        values = np.where(flip, mirrored(states[rows]), states[rows])
        try:
            made = [controller(style, self.controllers or FOLDER) for style in STYLES]
        except CheckpointError as error:
            raise WrongUse(str(error)) from error
        rest = states[held_out]
        with bar("balls", 2 * (self.n + len(rest))) as show:
            windows, landed, _ = choices.tried(self.world, values, made, self.seed, show)
            new, fates, right = choices.tried("mujoco", rest, made, self.seed, show)
        seen = ~np.isnan(windows).any(axis=1)
        windows, landed, rows = windows[seen], landed[seen], rows[seen]
        config = TrainConfig(steps=self.steps, seed=self.seed)
        network = trained(
            "style", config, lambda show: train_style(windows, landed, rows, config, show)
        )
        metrics = choices.landing(network, new, fates, right)
        return done(self.out, "style", network, metrics, files, self.json)


def begin(threads: int) -> None:
    """Torch, with so many threads; Failure where it is not installed."""
    try:
        import torch
    except ImportError as error:
        raise Failure(
            "training needs torch: run `make dev`, or pip install 'courtside[train]'"
        ) from error
    torch.set_num_threads(threads)


def trained(
    name: str,
    config: "TrainConfig",
    train: "Callable[[Callable[[int, float, float], None]], Network]",
) -> "Network":
    """What `train` makes, with progress."""
    with bar(name, config.steps) as advance:
        return train(lambda step, loss, figure: advance(config.check))


def done(
    out: Path | None,
    name: str,
    network: "Network",
    metrics: dict[str, Any],
    files: list[Path],
    as_json: bool,
) -> int:
    """Write the network, and say so."""
    from planners.tennis.network import FORMAT
    from robot.cli.session import print_json
    from skills.saved import write

    out = out or Path("runs") / f"{name}.safetensors"
    facts = {
        "name": name,
        "command": build.typed(),
        "commit": build.origin()["commit"],
        "metrics": metrics,
        "data": {file.name: sha256(file.read_bytes()).hexdigest() for file in files},
    }
    write(out, FORMAT, network.tensors(), facts)
    if as_json:
        print_json({"checkpoint": str(out), "metrics": metrics})
    else:
        for key, value in metrics.items():
            print(f"{key:24} {value}")
        print(f"written: {out}", file=sys.stderr)
    return 0


@contextmanager
def bar(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, and what advances it."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name, total=total)
        yield lambda count: progress.advance(task, count)
