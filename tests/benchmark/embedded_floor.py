"""The floor of the embedded model: random weights under the same grammar, asked the same.

    python tests/benchmark/embedded_floor.py --n 140 --answers runs/floor.json
    courtside eval cap --llm replay:runs/floor.json --episodes 140

Prints one JSON object: how many tasks of each kind are done where nothing but words can fail, by
the model with random weights, or with `--llm` by another. `--answers` keeps what the model with
random weights writes for the episodes of `courtside eval cap`, which physics then judges.
"""

import json
import shutil
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import gguf
import numpy as np
import tyro

from planners.finetune.score import of_tasks, tasks
from planners.llm import Embedded, LanguageModel, Prompt, embedded_path, open_model
from planners.program.hierarchy import Request
from planners.program.prompt import ModelWriter
from planners.tasks.draw import SPLITS
from robot.cli.cap_episodes import CapSetup, task_of
from robot.intervals import wilson

SPREAD = 0.05  # standard deviation of the weights; the trained ones' is alike


@dataclass(frozen=True)
class Floor:
    """What to ask whom."""

    llm: str = ""
    """Another model than random weights, as for `courtside run`."""
    n: int = 48
    """Tasks of each kind."""
    seed: int = 1000
    """Of the tasks, and of the weights."""
    answers: Path | None = None
    """Where to leave the answers to the episodes of `courtside eval cap`."""
    episodes: int = 140
    """How many of those."""
    verbose: bool = False
    """Also show what goes wrong."""


class Shortly:
    """A model that is asked as the trained one is."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.close = model.close

    def complete(self, prompt: Prompt) -> str:
        assert prompt.tuned
        return self._model.complete(
            replace(prompt, text=prompt.tuned.text, grammar=prompt.tuned.grammar)
        )


def randomised(path: Path, seed: int) -> Path:
    """The embedded model's file with other weights: same sizes, same tokens."""
    shutil.copy(embedded_path(), path)
    path.chmod(0o644)
    rng = np.random.default_rng(seed)
    for tensor in gguf.GGUFReader(path, "r+").tensors:
        if tensor.tensor_type == gguf.GGMLQuantizationType.F32:
            continue  # the norms' scales
        weights = rng.normal(0, SPREAD, tuple(reversed(tensor.shape))).astype(np.float32)
        tensor.data[:] = gguf.quantize(weights, tensor.tensor_type)
    return path


def main(config: Floor) -> None:
    def tell(instruction: str, program: str, fault: str) -> None:
        if config.verbose:
            print(f"{instruction}: {fault}\n{program}", file=sys.stderr)

    with tempfile.TemporaryDirectory() as folder:
        if config.llm:
            model: LanguageModel = open_model(config.llm)
        else:
            path = randomised(Path(folder) / "random.gguf", config.seed)
            model = Shortly(Embedded(path, constrained=True))
        with closing(model):
            result: dict[str, object] = {"llm": config.llm or "random", "seed": config.seed}
            for split in SPLITS:
                done = of_tasks(model, tasks(split, config.n, config.seed), tell)
                result[split] = {
                    "n": len(done),
                    "success_rate": round(sum(done) / len(done), 4),
                    "success_rate_interval": wilson(sum(done), len(done)),
                }
            if config.answers:
                setup = CapSetup("", "", None, SPLITS, "mujoco", None, 0, Path(folder))
                writer = ModelWriter(model)
                found = [task_of(setup, index)[0] for index in range(config.episodes)]
                written = [
                    writer.write(Request("program", task.instruction, list(task.names)))
                    for task in found
                ]
                config.answers.parent.mkdir(parents=True, exist_ok=True)
                config.answers.write_text(json.dumps(written))
    print(json.dumps(result))


if __name__ == "__main__":
    main(tyro.cli(Floor, description=__doc__))
