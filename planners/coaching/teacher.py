"""A teacher that does a chore by rule, talks about it, and errs in order to show how to recover.

It sees the truth. It is a `robot.types.Planner` over the arm's skills; what it says when, and of
which kind it is, is its narration: instructions, corrections of something that goes wrong before
its eyes, and recoveries from what has gone wrong.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from planners.coaching.behavior import OPPOSITE, WAYS, Behavior, as_told, by_rule
from planners.coaching.oracle import upcoming
from planners.coaching.wordings import correct, say
from planners.conduct import PACED, Leg
from robot.chores import Chore, opening
from robot.grip import held
from robot.kinematics import Kinematics
from robot.types import Goal, Outcome, RobotSpec, State, Status, Utterance, Vector

Kind = Literal["instruction", "correction", "recovery"]
# What goes wrong during a behaviour. learner: whatever a learned policy does with it.
Slip = Literal["", "aside", "wrong", "drop", "let go", "learner"]
MOST = 30  # behaviours, then it gives up
CLOSE = 0.07  # [m] above where it is going wrong, when that is noticed
ASIDE = (0.03, 0.06)  # [m] by which it aims beside, at least and at most
HALF_OPEN = 0.05  # [m] of the drawer, when it is let go
CARRIED = 0.06  # [m] from where something was taken, when it is dropped
LEFT = (0.5, 8.0)  # [s] for which a learned policy is left to itself, at least and at most
PULLS = 5.0  # [s] that at least for a drawer, so as not to take the handle from it


@dataclass(frozen=True)
class Style:
    """How a teacher goes about it."""

    speed: float = 1.0  # of full speed
    pause: float = 0.0  # [s] between two behaviours, at most
    slips: float = 0.0  # chance of something to go wrong in a behaviour
    asides: float = 0.0  # chance of a small motion between two behaviours

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Style":
        return cls(
            speed=float(rng.uniform(0.5, 1.0)),
            pause=float(rng.uniform(0.0, 0.4)),
            slips=float(rng.choice([0.0, 0.15, 0.3])),
            asides=float(rng.choice([0.0, 0.1, 0.25])),
        )


@dataclass(frozen=True)
class Said:
    """The beginning of a segment; the next one ends it."""

    time: float  # [s]
    command: str
    kind: Kind
    behavior: Behavior


@dataclass
class _Act:
    """A behaviour under way."""

    behavior: Behavior
    kind: Kind
    goals: deque[Leg]
    slip: Slip = ""
    way: str = ""  # aside: where to
    until: float = 0.0  # [s] learner: when the teacher takes over
    from_: Vector = field(default_factory=lambda: np.zeros(3))  # (3,) [m] of the tool


class Teacher:
    """Does one chore."""

    def __init__(
        self, chore: Chore, spec: RobotSpec, rng: np.random.Generator, style: Style | None = None
    ) -> None:
        self._chore, self._rng = chore, rng
        self._style = style or Style.drawn(rng)
        self._order: list[str] = rng.permutation(chore.blocks).tolist()
        self._kinematics = Kinematics(spec)
        self._arm, self._finger = spec.groups["arm"], spec.groups["gripper"].start
        self._next: deque[tuple[Behavior, Kind]] = deque()  # decided already
        self._act: _Act | None = None
        self._failed: Behavior | None = None  # what has to be made good
        self._goal = Goal(0, "hold")
        self._resume = 0.0  # [s] the end of a pause
        self._start: Vector = spec.home
        self._begun = 0
        self.said: list[Said] = []
        self.finished = self.gave_up = False

    def plan(self, state: State, heard: tuple[Utterance, ...], outcome: Outcome) -> Goal:
        if self.finished or not state.objects:
            return self._goal
        ended = outcome.goal_id == self._goal.id and outcome.status is not Status.RUNNING
        act = self._act
        if act is None:
            if state.time >= self._resume:
                self._begin(state)
        elif ended and outcome.status is Status.FAILED:
            if act.slip == "learner":
                self._take_over(act, state)
            else:
                self._end(state, failed=True)
        elif ended and act.goals:
            self._go(act.goals.popleft())
        elif ended:
            self._end(state)
        elif act.slip:
            self._notice(act, state)
        return self._goal

    # --- one behaviour after another ----------------------------------------------------------

    def _begin(self, state: State) -> None:
        if self._next:
            behavior, kind = self._next.popleft()
            slip: Slip = ""
        else:
            behavior, kind, slip = self._decide(state)
            if behavior is None:
                self.finished = True
                return
        self._begun += 1
        if self._begun > MOST:
            self.finished = self.gave_up = True
            self._go(Leg("hold", {}))
            return
        tool, _ = self._kinematics.forward(state.q[self._arm])
        act = _Act(behavior, kind, deque(), slip, from_=tool)
        if slip == "wrong":
            others = [b for b in state.objects if b.endswith("block") and b != behavior.thing]
            act.behavior = Behavior("pick", str(self._rng.choice(others)))
            self._next.append((behavior, "correction"))
        words = correct if kind == "correction" else say
        command = words(act.behavior, self._rng)
        carry_out = as_told if slip == "learner" else by_rule
        goals = carry_out(act.behavior, self._held(state), state, self._start, command)
        if slip == "learner":
            least = PULLS if behavior.name == "drawer" else LEFT[0]
            act.until = state.time + self._rng.uniform(least, LEFT[1])
        if slip == "aside":
            act.way = str(self._rng.choice([*WAYS][:4]))
            by = np.array(WAYS[act.way]) * self._rng.uniform(*ASIDE)
            goals = tuple(Leg(g.skill, {**g.args, "offset": by.tolist()}) for g in goals)
        self.said.append(Said(state.time, command, kind, act.behavior))
        self._start = state.reference.q
        self._act, act.goals = act, deque(goals)
        self._go(act.goals.popleft())

    def _decide(self, state: State) -> tuple[Behavior | None, Kind, Slip]:
        """The next behaviour, unless a small motion comes first."""
        holding = self._held(state)
        behavior = upcoming(self._chore, state.objects, holding, self._order)
        if behavior is None:
            return None, "instruction", ""
        failed, self._failed = self._failed, None
        # What was pushed may lie well, if not where it was meant to.
        again = failed is not None and (failed.name != "sweep" or failed == behavior)
        if again:
            return behavior, "recovery", ""
        if self._rng.random() < self._style.asides:
            return self._aside(holding), "instruction", ""
        slip: Slip = ""
        if self._rng.random() < self._style.slips:
            slip = self._slip(behavior, state)
        return behavior, "instruction", slip

    def _aside(self, holding: str | None) -> Behavior:
        """A small motion that leads nowhere."""
        up, way = Behavior("move", "up", "a bit"), str(self._rng.choice([*WAYS]))
        amount = str(self._rng.choice(["a bit", "", "a lot"]))
        choices = [
            Behavior("move", way if way != "down" else "up", amount),
            Behavior("move", way if way != "down" else "left", amount),
            Behavior("back"),
            Behavior("turn", str(self._rng.choice(["left", "right"]))),
            Behavior("tilt"),
        ]
        if holding is None:
            choices += [Behavior("gripper", "close"), Behavior("gripper", "open")]
        chosen = choices[int(self._rng.integers(len(choices)))]
        if chosen.name == "gripper" and chosen.thing == "close":
            self._next.append((Behavior("gripper", "open"), "instruction"))
        if chosen == Behavior("move", "up", "a lot"):
            self._next.append((Behavior("move", "down", "a bit"), "instruction"))
        return chosen if chosen.name != "back" or self._begun else up

    def _slip(self, behavior: Behavior, state: State) -> Slip:
        """Something that can go wrong in a behaviour."""
        blocks = sum(name.endswith("block") for name in state.objects)
        fits: dict[str, list[Slip]] = {
            "pick": ["aside", "wrong"] if blocks > 1 else ["aside"],
            "put": ["aside", "drop"],
            "drawer": ["let go"] if behavior.thing == "open" else [],
        }
        found = fits.get(behavior.name, [])
        return found[int(self._rng.integers(len(found)))] if found else ""

    def _end(self, state: State, failed: bool = False) -> None:
        act = self._act
        assert act is not None
        if failed:
            self._failed = act.behavior
        self._act = None
        self._resume = state.time + self._rng.uniform(0, self._style.pause)
        self._go(Leg("hold", {}))

    def _go(self, leg: Leg) -> None:
        slow = {"speed": self._style.speed} if leg.skill in (*PACED, "drawer", "turn") else {}
        self._goal = Goal(self._goal.id + 1, leg.skill, {**leg.args, **slow})

    # --- what goes wrong ----------------------------------------------------------------------

    def _notice(self, act: _Act, state: State) -> None:
        """End a behaviour that goes wrong, once it can be seen; and say what is to be done."""
        tool, _ = self._kinematics.forward(state.q[self._arm])
        if act.slip == "aside" and self._low(act, tool, state):
            self._correct(Behavior("move", OPPOSITE[act.way]), act, state)
        elif act.slip == "wrong" and self._low(act, tool, state):
            self._stop(state)
        elif act.slip == "drop" and float(np.hypot(*(tool - act.from_)[:2])) > CARRIED:
            self._next.append((Behavior("gripper", "open"), "instruction"))
            self._stop(state)
            self._failed = act.behavior
        elif act.slip == "let go" and opening(state.objects) > HALF_OPEN:
            self._next.append((Behavior("gripper", "open"), "instruction"))
            self._next.append((Behavior("move", "up", "a lot"), "instruction"))
            self._next.append((act.behavior, "correction"))
            self._stop(state)
        elif act.slip == "learner" and state.time > act.until:
            self._take_over(act, state)

    def _take_over(self, act: _Act, state: State) -> None:
        """Do oneself what a learned policy has begun, from where that has led."""
        asked, holding = act.behavior, self._held(state)
        if asked.name in ("pick", "sweep") and holding not in (None, asked.thing):
            self._next.append((Behavior("drop"), "instruction"))
        lost = asked.name == "put" and holding is None
        if not lost and not (asked.name == "pick" and holding == asked.thing):
            self._next.append((asked, "correction"))
        self._stop(state)

    def _correct(self, behavior: Behavior, act: _Act, state: State) -> None:
        self._next.append((behavior, "correction"))
        self._next.append((act.behavior, "instruction"))
        self._stop(state)

    def _stop(self, state: State) -> None:
        self._end(state)
        self._resume = state.time

    def _low(self, act: _Act, tool: Vector, state: State) -> bool:
        """Is the hand over where it is going, and on its way down?"""
        leg = self._goal.args
        where = leg.get("at", leg.get("object"))
        there = state.objects[where].position if isinstance(where, str) else np.append(where, 0.0)
        over = there + np.array(leg.get("offset", np.zeros(3)))
        height = float(tool[2] - there[2])
        return float(np.hypot(*(tool - over)[:2])) < 0.015 and height < CLOSE + 0.04

    def _held(self, state: State) -> str | None:
        tool, _ = self._kinematics.forward(state.q[self._arm])
        return held(state, tool, self._finger)
