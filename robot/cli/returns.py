"""Balls returned through the loop, one after the other; for `courtside eval tennis`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robot.cli import build, worlds

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from robot.ball import BallState, Track
    from robot.types import Tick, Vector
    from sim.tennis.judge import Judge
    from sim.tennis.seeing import Seeing
    from sim.tennis.world import PerceptionName

Decide = Callable[["BallState"], Mapping[str, Any]]  # the arguments of `rally` for a ball (1, 3)


@dataclass(frozen=True)
class Returned:
    """One ball, and what was known of it."""

    judge: "Judge"
    seeing: "Seeing"
    args: Mapping[str, Any] | None  # of `rally`; None if the ball never was known


def returned(
    values: "Vector",
    rngs: "Sequence[np.random.Generator]",
    track: "Track",
    perception: "PerceptionName",
    decide: Decide,
    done: Callable[[], None],
) -> list[Returned]:
    """What became of balls `values` (n, 9); `rngs` draw the latencies of each. `done` is called
    after each."""
    balls = []
    for value, rng in zip(values, rngs, strict=True):
        balls.append(_one(value, rng, track, perception, decide))
        done()
    return balls


def _one(
    value: "Vector",
    rng: "np.random.Generator",
    track: "Track",
    perception: "PerceptionName",
    decide: Decide,
) -> Returned:
    from planners.tennis.once import OneBall
    from robot.loop import run
    from sim.tennis.seeing import Seeing
    from sim.tennis.world import TableTennis, TennisConfig

    world = worlds.with_eyes(
        TableTennis(value, rng, TennisConfig(track.name, perception=perception))
    )
    seeing = Seeing(track)
    seeing.watch(world)

    def record(tick: "Tick") -> None:
        seeing.tick(world, tick.state.ball)

    planner = OneBall(decide, track)
    estimator = build.estimator(world.spec, track.name)
    run(build.stack(world, planner, estimator=estimator, record=record))
    return Returned(world.judge, seeing, planner.args)


def draw(path: "Path", seen: Mapping[str, Any]) -> None:
    """Errors of predictions against the time that is left, for each perception."""
    from matplotlib.figure import Figure

    figure = Figure((8, 3.5), layout="constrained")
    for axes, what, unit in zip(
        figure.subplots(1, 2), ("place", "time"), ("mm", "ms"), strict=True
    ):
        for perception, values in seen.items():
            rows = [row for row in values["predictions"] if row["known"]]
            left = [row["horizon_ms"] for row in rows]
            median = [row[f"{what}_error_{unit}"] for row in rows]
            most = [row[f"{what}_error_p95_{unit}"] for row in rows]
            (line,) = axes.plot(left, median, marker="o", label=f"{perception}, median")
            axes.plot(left, most, "--", color=line.get_color(), label=f"{perception}, 95 %")
        axes.set(xlabel="ms before the ball is at the edge", ylabel=f"error of {what} [{unit}]")
        axes.invert_xaxis()
        axes.set_yscale("log")
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=120)
