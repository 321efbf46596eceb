"""Carries out one action at a time, a few goals long, and lets corrections change it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from planners.correct import Correction
from robot.types import Goal, Outcome, State, Status

ATTEMPTS = 3  # of one action, the first included: the stack's one budget of attempts
WAIT = 2.0  # [s] after "go back" for the next word, before going on
DOUBT = 10.0  # [s] after a correction that names nothing, before giving the action up
SLOWEST = 0.05  # of full speed
PACED = ("reach", "home", "pick", "place", "push", "gripper", "trace")  # whose pace can be told
NUDGED = ("reach", "pick", "place", "push")  # skills whose goal has a place to shift
Args = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leg:
    """One goal of an action."""

    skill: str
    args: Args


def put(first: str, second: object) -> tuple[Leg, ...]:
    """Pick `first` and place it at `second`: a name or (x, y) [m]."""
    return Leg("pick", {"object": first}), Leg("place", {"object": first, "at": second})


class Progress(StrEnum):
    IDLE = "idle"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Conductor:
    """The goals of the action under way, with retries and corrections.

    `plan` returns the goal for this tick; `progress` and `reason` say how the action stands.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._legs: tuple[Leg, ...] = ()
        self._index = 0
        self._attempts, self._most = 0, ATTEMPTS
        self._last_id = 0
        self._speed = 1.0  # of full speed
        self._goal = self._new("hold", {})
        self._override: Goal | None = None
        self._resume_at: float | None = None  # [s] the end of the wait after an override
        self._doubt = ""  # why the action is given up if nobody says more by then
        self._origins: dict[str, list[float]] = {}  # where objects were when the action began
        self._start: list[float] = []  # (n,) the posture when the goal began
        self.progress = Progress.IDLE
        self.reason = ""

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The goals of the action, as corrected."""
        return self._legs

    def origin(self, name: str) -> list[float]:
        """[x, y] [m] where the object was when the action began."""
        return self._origins.get(name, [0.0, -0.5])

    def pace(self, speed: float) -> None:
        """Go at that share of full speed from now on, a goal under way too."""
        self._speed = min(1.0, max(SLOWEST, speed))
        self._goal = replace(self._goal, args=self._paced(self._goal.skill, self._goal.args))

    def _paced(self, skill: str, args: Args) -> Args:
        rest = {key: value for key, value in args.items() if key != "speed"}
        slow = self._speed < 1.0 and skill in PACED
        return {**rest, "speed": self._speed} if slow else rest

    @property
    def busy(self) -> bool:
        return self.progress is Progress.RUNNING or self._override is not None

    def start(self, legs: Sequence[Leg], state: State, attempts: int = ATTEMPTS) -> None:
        """Begin an action, which may be tried `attempts` times."""
        self._legs, self._attempts, self._most = tuple(legs), 1, attempts
        self._origins = {name: fix.position[:2].tolist() for name, fix in state.objects.items()}
        self.progress, self.reason = Progress.RUNNING, ""
        self._go(0, state)

    def abandon(self) -> None:
        """Drop the action; the robot holds."""
        self._legs, self.progress, self._override = (), Progress.IDLE, None
        self._goal = self._new("hold", {})

    def plan(self, state: State, outcome: Outcome) -> Goal:
        """The goal of this tick, given how the last tick's goal stands."""
        if self._override is not None:
            return self._overriding(state, outcome)
        if self.progress is Progress.RUNNING and outcome.goal_id == self._goal.id:
            if outcome.status is Status.DONE:
                self._next(state)
            elif outcome.status is Status.FAILED:
                self._retry(state, outcome.reason)
        return self._goal

    def correct(self, correction: Correction, state: State) -> str:
        """Change the action as `correction` asks; returns what was done, in a few words."""
        if correction.kind == "nudge":
            return self._nudge(correction.offset)
        if correction.kind == "pace":
            self.pace(self._speed * correction.factor)
            how = "slower" if correction.factor < 1 else "faster"
            return f"{how}: {self._speed:.0%} of full speed"
        if correction.kind == "gripper":
            self._interrupt("gripper", {"opening": 0.085 if correction.open else 0.0})
            return "opening the gripper" if correction.open else "closing the gripper"
        if correction.kind == "back":
            if not self._start:
                return "there is nothing to go back to"
            self._interrupt("reach", {"posture": self._start})
            return "going back"
        if correction.kind == "proceed":
            if self._override is not None:
                self._resume_at, self._doubt = state.time, ""
            return "going on"
        return self._replace(correction, state)

    # --- the action -----------------------------------------------------------------------

    def _new(self, skill: str, args: Args) -> Goal:
        self._last_id += 1
        return Goal(self._last_id, skill, self._paced(skill, args) if "speed" not in args else args)

    def _go(self, index: int, state: State) -> None:
        self._index = index
        self._start = state.reference.q.tolist()
        leg = self._legs[index]
        self._goal = self._new(leg.skill, leg.args)

    def _next(self, state: State) -> None:
        if self._index + 1 < len(self._legs):
            self._go(self._index + 1, state)
        else:
            self.progress = Progress.DONE

    def _retry(self, state: State, reason: str) -> None:
        if self._attempts >= self._most:
            self.progress, self.reason = Progress.FAILED, reason
            self._goal = self._new("hold", {})
            return
        self._attempts += 1
        self._go(0, state)

    def _interrupt(self, skill: str, args: Args) -> None:
        self._override, self._resume_at = self._new(skill, args), None
        self._doubt = ""

    def _overriding(self, state: State, outcome: Outcome) -> Goal:
        """The override's goal, and after it the action's, begun again from what is measured."""
        override = self._override
        assert override is not None
        if outcome.goal_id == override.id and outcome.status is not Status.RUNNING:
            if outcome.status is Status.FAILED:
                self._say(f"I could not: {outcome.reason}.")
            if self._resume_at is None:
                wait = WAIT if override.skill == "reach" else 0.0
                self._resume_at = state.time + wait
        if self._resume_at is not None and state.time >= self._resume_at:
            self._override = self._resume_at = None
            if self._doubt:
                self.progress, self.reason = Progress.FAILED, self._doubt
            if self.progress is Progress.RUNNING:
                self._goal = replace(self._goal, id=self._new("hold", {}).id)
            else:
                self._goal = self._new("hold", {})
            return self._goal
        return override

    # --- corrections ----------------------------------------------------------------------

    def _nudge(self, offset: Sequence[float]) -> str:
        goal = self._goal
        if self._override is None and self.progress is Progress.RUNNING and goal.skill in NUDGED:
            old = goal.args.get("offset", (0.0, 0.0, 0.0))
            total = [a + b for a, b in zip(old, offset, strict=True)]
            self._goal = replace(goal, args={**goal.args, "offset": total})
        else:
            self._interrupt("reach", {"by": list(offset)})
        return "moving " + _in_words(offset)

    def _replace(self, correction: Correction, state: State) -> str:
        """Put another object in the place of one that the action (or the last one) names."""
        names = [v for leg in self._legs for v in leg.args.values() if isinstance(v, str)]
        if not names:
            return "there is nothing to replace"
        running = self.progress is Progress.RUNNING
        new = correction.name or self._of_color(correction.color, names, state)
        if new not in state.objects:
            if running:
                self._interrupt("hold", {})
                self._doubt, self._resume_at = f"there is no {new}", state.time + DOUBT
            return f"I see no {new}; I see {', '.join(state.objects) or 'nothing'}"
        kind = new.split()[-1]
        alike = [name for name in dict.fromkeys(names) if name.split()[-1] == kind]
        if not alike or new in names:
            return f"{new} it is" if new in names else f"nothing here is a {kind}"
        carrying = running and self._legs[self._index].skill == "place"
        # The thing to take while it is being taken, the place to put it once it has been.
        old = alike[-1] if carrying else alike[0]
        taken = self._legs[self._index].args.get("object") if carrying else None
        self._legs = tuple(
            Leg(leg.skill, {k: new if v == old else v for k, v in leg.args.items()})
            for leg in self._legs
        )
        self._override, self._doubt = None, ""
        if not running or old == taken:
            back = Leg("place", {"object": old, "at": self.origin(old)})
            first = (back,) if old == taken else ()
            self.start((*first, *self._legs), state)
        elif any(value == new for value in self._legs[self._index].args.values()):
            self._go(self._index, state)
        return f"{new} instead of {old}"

    @staticmethod
    def _of_color(color: str, names: Sequence[str], state: State) -> str:
        """The thing of that colour whose kind the action named last."""
        for kind in reversed([name.split()[-1] for name in names]):
            if f"{color} {kind}" in state.objects:
                return f"{color} {kind}"
        return f"{color} one"


def _in_words(offset: Sequence[float]) -> str:
    """An offset (3,) [m] as a person would say it, seen from across the table."""
    sides = (("left", "right"), ("back", "forward"), ("down", "up"))
    said = [
        f"{abs(value) * 100:.3g} cm {side[value > 0]}"
        for value, side in zip(offset, sides, strict=True)
        if value
    ]
    return " and ".join(said)
