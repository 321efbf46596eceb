"""Balls returned through the loop, one after the other; for `courtside eval tennis`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robot.cli import build

if TYPE_CHECKING:
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
    from robot.loop import Stack, run
    from robot.mode import Mode
    from sim.tennis.seeing import Seeing
    from sim.tennis.world import TableTennis, TennisConfig

    spec = build.robot_spec("tennis")
    world = TableTennis(value, rng, TennisConfig(track.name, perception=perception))
    seeing = Seeing(track)
    seeing.watch(world)

    def record(tick: "Tick") -> None:
        seeing.tick(world, tick.state.ball)

    supervisor = build.supervisor(spec)
    mode = Mode(supervisor)
    mode.engage()
    stack = Stack(
        robot=world,
        planner=OneBall(decide, track),
        skills=build.skills(spec),
        supervisor=supervisor,
        mode=mode,
        estimator=build.estimator(spec, track.name),
        record=record,
    )
    run(stack)
    return Returned(world.judge, seeing)
