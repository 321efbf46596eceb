"""A chore for `courtside run`, and what the strict judge says of it."""

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from robot.cli import build
from robot.cli.cap_episodes import REST
from robot.cli.worlds import Task

if TYPE_CHECKING:
    from robot.types import Command, Observation, Tick
    from sim.chores import Setting
    from sim.conditions import Day
    from sim.tabletop import Tabletop


def assigned(task: Task, seed: int, day: "Day" = "varied") -> "tuple[Setting, str]":
    """The chore that `seed` sets up, and the sentence that asks for it."""
    import numpy as np

    from planners.coaching.wordings import instruct
    from sim.chores import draw

    setting = draw(np.random.default_rng([seed, 0]), task, day)
    return setting, instruct(setting.chore, np.random.default_rng([seed, 2]))


def laid(
    setting: "Setting",
    engine: build.EngineName,
    duration: float,
    perception: build.Perception = "truth",
    speed: float = inf,
    watched: bool = False,
) -> "Tabletop":
    """The table of a chore, in its conditions, for at most `duration` [s]; `speed`: simulated
    seconds a second; `watched`: with pictures of the scene."""
    from sim.tabletop import Tabletop, TabletopConfig

    config = TabletopConfig(
        engine,
        perception=perception,
        cameras=("scene",) if watched else (),
        duration=duration,
        speed=speed,
        conditions=setting.conditions,
    )
    return Tabletop(build.robot_spec(), setting.scene, config)


class Judged:
    """A world that is judged when it is closed; a `robot.types.Robot`."""

    def __init__(self, world: "Tabletop", judge: Callable[[], str]) -> None:
        """`judge`: why what was wanted is not so, or nothing."""
        self.spec, self._world, self._judge = world.spec, world, judge
        self.fault: str | None = None  # what the judge said, once it is closed

    def now(self) -> float:
        return self._world.now()

    def wait(self) -> bool:
        return self._world.wait()

    def read(self) -> "Observation":
        return self._world.read()

    def write(self, command: "Command") -> None:
        self._world.write(command)

    def close(self) -> None:
        if self.fault is None:
            self.fault = self._judge()
        self._world.close()


class JudgedChore(Judged):
    """A world in which a chore is done: it is judged strictly, and its stages are followed."""

    def __init__(self, world: "Tabletop", setting: "Setting") -> None:
        from robot.chores import Progress
        from robot.features import Hand

        super().__init__(world, self._done)
        self._chore, self._before = setting.chore, world.truth()
        self._hand, self._progress = Hand(world.spec), Progress(setting.chore)
        self._every = round(0.1 / world.spec.dt)

    @property
    def stages(self) -> dict[str, bool]:
        """Which of them have been reached."""
        return {s.name: s.name in self._progress.reached for s in self._chore.stages}

    def follow(self, tick: "Tick") -> None:
        """Note what has come true."""
        if tick.obs.seq % self._every == 0:
            self._progress.see(self._world.truth(), self._hand.of(tick.state.q)[:3])

    def _done(self) -> str:
        after = self._world.truth()
        for _ in range(round(REST / self.spec.dt)):  # what was done must last
            self._world.advance()
        hand = self._hand.of(self._world.engine.joints()[0])[:3]
        return self._chore.done(self._before, after, self._world.truth(), hand)
