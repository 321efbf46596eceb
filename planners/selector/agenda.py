"""What the selector is to do: a chore, and the steps of a plan that come after it."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

REGRET = 10.0  # [s] after a change of plans, in which it can be taken back


@dataclass
class Agenda:
    """A step is a sentence: an instruction to do a chore, or a command."""

    chore: str = ""  # under way; none: a single command is, or nothing
    steps: deque[str] = field(default_factory=deque)
    finished: bool = True  # nothing has been asked for yet
    _before: "tuple[float, Agenda] | None" = None  # when [s] it was changed, and what it was

    def begin(self, chore: str) -> None:
        """That, and nothing else."""
        self.steps.clear()
        self.chore, self.finished = chore, False
        self.settle()

    def settle(self) -> None:
        """It is as it was meant to be: the last change is not taken back any more."""
        self._before = None

    def change(self, now: float, steps: Sequence[str], goes_on: bool) -> None:
        """These steps; and afterwards, if it `goes_on`, what there was to do before."""
        before = Agenda(self.chore, self.steps, self.finished)
        left = (self.chore, *self.steps) if goes_on and self.chore and not self.finished else ()
        self.chore, self.steps, self.finished = "", deque([*steps, *left]), False
        self._before = now, before

    def take_back(self, now: float) -> bool:
        """The last change, if it was a moment ago; whether there was one."""
        before, self._before = self._before, None
        if before is None or now - before[0] > REGRET:
            return False
        _, was = before
        self.chore, self.steps, self.finished = was.chore, was.steps, was.finished
        return True
