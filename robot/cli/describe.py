"""`courtside train descriptors`: what each table tennis controller can do, by trying it."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from robot.cli.errors import WrongUse
from robot.cli.train_tennis import TrackName, WorldName, stage

if TYPE_CHECKING:
    from robot.types import Vector

AT_ONCE = 1000  # balls that are simulated together


@dataclass(frozen=True)
class TrainDescriptors:
    """Try every table tennis controller on real balls, and keep what came of each."""

    rallies: Path
    """Ball states of rallies, a JSON file."""
    serves: Path
    """Ball states of serves."""
    track: TrackName = "paper"
    """Which world."""
    controllers: Path | None = None
    """Their folder. Default: those that come with the package, for this track."""
    out: Path | None = None
    """The file to write. Default: descriptors.safetensors in that folder."""
    n: int = 12_000
    """Balls for each; a fifth of them serves."""
    world: WorldName = "surrogate"
    """Where they are played: the compiled surrogate, or MuJoCo, which takes far longer."""
    seed: int = 0
    """Of everything random."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        import numpy as np
        from rich.console import Console
        from rich.progress import Progress

        from robot.ball import TRACKS
        from robot.cli.session import print_json
        from skills.saved import CheckpointError
        from skills.tennis.arena import Arena
        from skills.tennis.descriptors import Descriptors, Tried, key
        from skills.tennis.evaluate import Learned, play, the_one
        from skills.tennis.recipes import FOLDERS, RECIPES
        from skills.tennis.skill import DESCRIBED, controller

        folder, track = self.controllers or FOLDERS[self.track], TRACKS[self.track]
        names = [name for name in RECIPES if (folder / f"{name}.safetensors").exists()]
        if not names:
            raise WrongUse(f"there are no controllers in {folder}")
        balls, described = self._balls(), {}
        metrics: dict[str, dict[str, float]] = {}
        with Progress(console=Console(stderr=True)) as bar:
            for name in names:
                task = bar.add_task(name, total=len(balls))
                try:
                    made = controller(name, folder)
                except CheckpointError as error:
                    raise WrongUse(str(error)) from error
                tried, rng = Tried.none(), np.random.default_rng(self.seed)  # the same for all
                for first in range(0, len(balls), AT_ONCE):
                    some = balls[first : first + AT_ONCE]
                    worlds = stage(self.world, len(some), self.track)
                    worlds.reseed(rng.spawn(len(some)))
                    arena = Arena(worlds, track)
                    player = Learned([made], the_one, track)
                    fates, known = play(arena, some, player)
                    keys = key(known)
                    seen = ~np.isnan(keys[:, 0])
                    hit, landed = fates.hit[seen], fates.landed[seen]
                    new = Tried(keys[seen], hit, landed, fates.speed[seen], fates.place[seen])
                    tried = tried.joined(new)
                    bar.advance(task, len(some))
                described[name] = tried
                metrics[name] = {
                    "hit_rate": round(float(tried.hit.mean()), 4),
                    "land_rate": round(float(tried.landed.mean()), 4),
                }
        out = self.out or folder / DESCRIBED
        Descriptors(described).save(out)
        if self.json:
            print_json({"checkpoint": str(out), "metrics": metrics})
        else:
            print(f"written: {out}", file=sys.stderr)
        return 0

    def _balls(self) -> "Vector":
        """(n, 9) of those that controllers are trained on, mirrored or not."""
        import numpy as np

        from sim.tennis import states as s

        rng = np.random.default_rng(self.seed)
        parts = []
        try:
            for file, share in ((self.rallies, 0.8), (self.serves, 0.2)):
                loaded = s.load(file)
                values = loaded.values[~loaded.held_out]
                rows = rng.choice(len(values), round(share * self.n))
                flip = rng.random(len(rows)) < 0.5
                parts.append(np.where(flip[:, None], s.mirrored(values[rows]), values[rows]))
        except s.StatesError as error:
            raise WrongUse(str(error)) from error
        return np.concatenate(parts)
