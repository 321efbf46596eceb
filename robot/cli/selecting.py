"""Builds the selector, and keeps what is trained of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from robot.cli import build
from robot.cli.errors import Failure, WrongUse

if TYPE_CHECKING:
    from concurrent.futures import Future

    from planners.coaching.understand import Understanding
    from planners.selector.choose import Chooser, Learned, Verifier
    from planners.selector.corrections import Kept
    from planners.selector.mind import SlowMind
    from planners.selector.network import Known, Network
    from planners.selector.planner import SelectorPlanner
    from planners.selector.samples import Key, Sample
    from robot.cli.session import Voice
    from robot.types import RobotSpec

LowLevel = Literal["rules", "beso"]  # what carries commands out
# What comes with the package, in planners/selector/checkpoints: as it learned of demonstrations,
# and the same after a coach had corrected it.
SHIPPED = ("demonstrated", "corrected")


def shipped(name: str = SHIPPED[-1]) -> Path:
    """A checkpoint that comes with the package."""
    import planners.selector

    return Path(planners.selector.__file__).parent / "checkpoints" / f"{name}.safetensors"


def load(path: Path | None) -> "tuple[Network, Known, dict[str, Key], dict[str, Any]]":
    """A checkpoint's network, the commands it knows, what each is for, and facts about it; `path`
    may be a name in SHIPPED, None the last of these."""
    from planners.selector.network import FORMAT, Known, Network
    from skills.saved import CheckpointError, read

    if path is None or str(path) in SHIPPED:
        path = shipped(str(path or SHIPPED[-1]))
    try:
        tensors, facts = read(path, FORMAT)
        network = Network.of(tensors)
    except CheckpointError as error:
        raise WrongUse(str(error)) from error
    except ValueError as error:
        raise WrongUse(f"{path}: {error}") from error
    keys = {command: (name, thing) for command, name, thing in facts["commands"]}
    return network, Known([*keys]), keys, facts


def learned(path: Path | None = None) -> "Learned":
    from planners.selector.choose import Learned

    network, known, keys, _ = load(path)
    return Learned(network, known, keys)


def save(
    path: Path,
    network: "Network",
    keys: "Mapping[str, Key]",
    metrics: Mapping[str, Any],
    **more: Any,
) -> None:
    """Write a checkpoint; `keys`: of all commands that it knows, in their order."""
    from planners.selector.network import FORMAT
    from skills.saved import write

    facts = {
        "command": build.typed(),
        "commit": build.origin()["commit"],
        "commands": [[command, *key] for command, key in keys.items()],
        "metrics": dict(metrics),
        **more,
    }
    write(path, FORMAT, network.tensors, facts)


def planner(
    choose: "Chooser",
    understanding: "Understanding",
    spec: "RobotSpec",
    say: Callable[[str], None],
    note: Callable[[str], None] = lambda text: None,
    keep: "Callable[[Kept], None]" = lambda kept: None,
    verify: "Verifier | None" = None,
    mind: "SlowMind | None" = None,
    low_level: LowLevel = "rules",
) -> "SelectorPlanner":
    from planners.coaching.behavior import as_told, by_rule
    from planners.selector.planner import SelectorPlanner

    carry_out = as_told if low_level == "beso" else by_rule
    parts = (build.vocabulary(), say, note, keep, verify, carry_out)
    return SelectorPlanner(choose, understanding, spec, *parts, mind=mind)


def for_run(
    checkpoint: Path | None,
    corrections: Path | None,
    verified: bool,
    low_level: LowLevel,
    spec: "RobotSpec",
    voice: "Voice",
    mind: "SlowMind | None" = None,
) -> "SelectorPlanner":
    """For `courtside run`; corrections are written beside the loop."""
    from planners.coaching.understand import Understanding
    from planners.selector.choose import Verifier

    keep = keeping(corrections, voice.note)
    choose = learned(checkpoint)
    verify = Verifier(choose.network) if verified else None
    says = (voice.say, voice.note)
    return planner(choose, Understanding(), spec, *says, keep, verify, mind, low_level)


def keeping(folder: Path | None, lost: Callable[[str], None]) -> "Callable[[Kept], None]":
    """What keeps corrections in a folder, if there is one, without making the loop wait; `lost` is
    told what could not be kept. Raises WrongUse where no folder can be."""
    from concurrent.futures import ThreadPoolExecutor

    if folder is None:
        return lambda kept: None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUse(f"{folder} is no folder, nor can it be made: {error.strerror}") from error
    writer = ThreadPoolExecutor(1)

    def written(file: "Future[Path]") -> None:
        if (error := file.exception()) is not None:
            lost(f"a correction could not be kept: {error}")

    return lambda kept: writer.submit(kept.write, folder).add_done_callback(written)


def samples(folder: Path, seed: int, first: int) -> "tuple[list[Sample], str]":
    """What a dataset of narrated demonstrations teaches, its episodes numbered from `first`; and
    the hash of its data."""
    import numpy as np

    from planners.selector.samples import Narrated, Said, crowded, of_demonstration, verdicts
    from robot.table_frame import FRAME
    from skills.beso.episodes import DataError
    from skills.beso.lerobot import narration, read

    try:
        episodes = read(folder)
        segments = narration(folder, episodes)
    except DataError as error:
        raise WrongUse(str(error)) from error
    if episodes.observations.shape[1] != FRAME or not episodes.tasks:
        raise WrongUse(f"{folder}: no chores (`courtside data record --task`) are in it")
    made: list[Sample] = []
    rng = np.random.default_rng([seed, first])
    spans = zip(episodes.starts.tolist(), episodes.ends.tolist(), strict=True)
    for number, (start, end) in enumerate(spans):
        said = [
            Said(s.start - start, s.end - start, s.command, s.kind == "correction")
            for s in segments
            if start <= s.start < end
        ]
        rows = [*episodes.observations[start:end].astype(np.float64)]
        told = Narrated(rows, episodes.tasks[number], said, first + number)
        among = replace(told, frames=crowded(rows, told.instruction, rng))
        for each in (told, among):
            made += [*of_demonstration(each, rng), *verdicts(each, rng)]
    return made, episodes.hash


def newest(folder: Path, seed: int) -> "list[Kept]":
    """The corrections kept in a folder; and the same ones with more blocks about."""
    import numpy as np

    from planners.selector.corrections import CorrectionError, read
    from planners.selector.samples import crowded

    try:
        kept = read(folder)
    except CorrectionError as error:
        raise Failure(str(error)) from error
    rng = np.random.default_rng(seed)
    among = [replace(k, frames=tuple(crowded(k.frames, k.instruction, rng))) for k in kept]
    return [*kept, *among]
