"""A chore for `courtside run`, and what the strict judge says of it."""

from typing import TYPE_CHECKING

from robot.cli.cap_episodes import REST
from robot.cli.worlds import Task

if TYPE_CHECKING:
    from robot.types import Command, Observation, Tick
    from sim.chores import Setting
    from sim.tabletop import Tabletop


def assigned(task: Task, seed: int) -> "tuple[Setting, str]":
    """The chore that `seed` sets up, and the sentence that asks for it."""
    import numpy as np

    from planners.coaching.wordings import instruct
    from sim.chores import draw

    setting = draw(np.random.default_rng([seed, 0]), task)
    return setting, instruct(setting.chore, np.random.default_rng([seed, 2]))


class Judged:
    """A world in which a chore is done, and that is judged when it is closed; a
    `robot.types.Robot`."""

    def __init__(self, world: "Tabletop", setting: "Setting") -> None:
        from robot.chores import Progress
        from robot.features import Hand

        self.spec, self._world, self._chore = world.spec, world, setting.chore
        self._before = world.truth()
        self._hand, self._progress = Hand(world.spec), Progress(setting.chore)
        self.fault: str | None = None  # once it is closed: why it is not done, or nothing
        self._every = round(0.1 / world.spec.dt)

    @property
    def stages(self) -> dict[str, bool]:
        """Which of them have been reached."""
        return {s.name: s.name in self._progress.reached for s in self._chore.stages}

    def now(self) -> float:
        return self._world.now()

    def wait(self) -> bool:
        return self._world.wait()

    def read(self) -> "Observation":
        return self._world.read()

    def write(self, command: "Command") -> None:
        self._world.write(command)

    def follow(self, tick: "Tick") -> None:
        """Note what has come true."""
        if tick.obs.seq % self._every == 0:
            self._progress.see(self._world.truth(), self._hand.of(tick.state.q)[:3])

    def close(self) -> None:
        if self.fault is None:
            after = self._world.truth()
            for _ in range(round(REST / self.spec.dt)):  # what was done must last
                self._world.advance()
            hand = self._hand.of(self._world.engine.joints()[0])[:3]
            self.fault = self._chore.done(self._before, after, self._world.truth(), hand)
        self._world.close()
