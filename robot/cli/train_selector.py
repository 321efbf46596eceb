"""`courtside train selector`: the high-level policy, from demonstrations and corrections."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from robot.cli.errors import Failure, WrongUse
from robot.cli.worlds import Task


@dataclass(frozen=True)
class TrainSelector:
    """Train what selects among commands, on narrated demonstrations of chores; or improve it by
    corrections that were kept of it, and compare before and after on the same scenes.

    A run that was killed goes on when it is started again."""

    data: tuple[Path, ...]
    """Folders of `courtside data record --task`; all are used."""
    corrections: tuple[Path, ...] = ()
    """Folders of kept corrections, the newest last. With them, the checkpoint of --start is
    improved, and only replaced by what is not worse."""
    start: Path | None = None
    """What corrections improve: a file, demonstrated or corrected, as `courtside eval coach` has
    them. Default: corrected."""
    out: Path = Path("runs/selector.safetensors")
    """The checkpoint to write; beside it the curve (.json)."""
    steps: int = 4000
    """Of gradient descent, at most: it stops when held-out episodes are foretold no better. With
    corrections: a third of it."""
    newest: float = 0.1
    """Share of each batch from the newest corrections."""
    compare: tuple[Task, ...] = ("sort", "stack", "pack", "sweep")
    """With corrections: the chores on which before and after are compared."""
    episodes: int = 10
    """With corrections: episodes of each of those, before and after; 0: it is not compared."""
    threads: int = 1
    """Of the CPU."""
    seed: int = 0
    """Of everything random."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        if self.steps < 1 or self.episodes < 0 or not 0 < self.newest < 1:
            raise WrongUse("--steps must be at least 1, --newest between 0 and 1")
        from robot.cli import selecting
        from robot.cli.train_choice import begin

        begin(self.threads)
        from rich.console import Console
        from rich.progress import Progress

        from planners.selector.network import Known
        from planners.selector.samples import DONE, END, keys
        from planners.selector.train import TrainConfig, train

        taught, samples, hashes = keys(), [], {}
        for folder in self.data:
            made, digest = selecting.samples(folder, self.seed, len(samples))
            samples += made
            hashes[folder.name] = digest
        known = {s.command: taught[s.command] for s in samples if s.command in taught}
        known = {DONE: END, **known}
        strange = {s.command for s in samples if s.command} - known.keys()
        if strange:
            raise WrongUse(f"nobody knows what {min(strange)!r} asks for; only teachers' words are")
        start, corrected, older = None, [], []
        if self.corrections:
            start, _, before, _ = selecting.load(self.start)
            known = {**before, **known}
            for number, folder in enumerate(self.corrections):
                kept = selecting.newest(folder, self.seed)
                known |= {k.sentence: known.get(k.sentence, k.key) for k in kept}
                group = 1 + 8 * (len(samples) + number)  # none of them is held out
                found = [sample for k in kept for sample in k.samples(group)]
                corrected += found if folder == self.corrections[-1] else []
                older += found if folder != self.corrections[-1] else []
            if not corrected:
                raise Failure("these corrections teach nothing: each was corrected itself")
        steps = self.steps if start is None else max(1, self.steps // 3)
        rate = 1e-3 if start is None else 3e-4
        patience = TrainConfig.patience if start is None else steps
        config = TrainConfig(
            steps=steps, rate=rate, newest=self.newest, seed=self.seed, patience=patience
        )
        self.out.parent.mkdir(parents=True, exist_ok=True)
        state = self.out.with_suffix(".training")
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("selector", total=steps)

            def show(step: int, loss: float, there: float, right: float) -> None:
                text = f"selector: held out {there:.3f}, right {right:.2f}"
                bar.update(task, completed=step, description=text)

            try:
                trained = train(
                    [*samples, *older],
                    Known([*known]),
                    known,
                    config,
                    show,
                    start=start,
                    newest=corrected,
                    state=state,
                )
            except ValueError as error:
                raise WrongUse(str(error)) from error
        metrics: dict[str, Any] = {
            "held_out_loss": trained.best["loss"],
            "held_out_right": trained.best["right"],
            "step": trained.best["step"],
            "samples": len(samples),
            "commands": len(known),
        }
        if self.corrections:
            metrics["corrections"] = len(corrected)
        if start is not None and self.episodes:
            metrics |= self._compared(trained.network, known)
        worse = metrics.get("after", 1.0) < metrics.get("before", 0.0)
        if not worse:
            selecting.save(self.out, trained.network, known, metrics, data=hashes, seed=self.seed)
            self.out.with_suffix(".json").write_text(json.dumps(trained.curve, indent=1))
        state.unlink(missing_ok=True)
        if self.json:
            print(json.dumps({"checkpoint": None if worse else str(self.out), "metrics": metrics}))
        else:
            for name, value in metrics.items():
                print(f"{name:24} {value}")
        if worse:
            raise Failure("after the corrections it does worse than before: nothing is written")
        print(f"written: {self.out}", file=sys.stderr)
        return 0

    def _compared(self, network: Any, known: Any) -> dict[str, Any]:
        """Success before and after, on the same scenes."""
        from planners.selector.choose import Learned
        from planners.selector.network import Known
        from robot.cli import coached, selecting

        before = selecting.learned(self.start)
        after = Learned(network, Known([*known]), known)
        found: dict[str, list[bool]] = {"before": [], "after": []}
        for task in self.compare:
            for seed in range(coached.COMPARED, coached.COMPARED + self.episodes):
                for name, choose in (("before", before), ("after", after)):
                    setup = coached.Setup(task, "base")
                    found[name].append(not coached.play(setup, seed, choose).fault)
        n = len(found["before"])
        rates = {name: sum(values) / n for name, values in found.items()}
        return {**rates, "compared": n}
