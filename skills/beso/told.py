"""One policy for whatever is asked for at the table, told in words.

The words are anybody's; the policy itself decides what they mean. It knows no end: it comes to rest
where it has nothing left to do. Whether that is what was wanted is judged by what is measured, if
the goal says how.
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from robot.chores import AWAY, OPEN, SHUT, opening, placing
from robot.features import Hand
from robot.grip import held
from robot.mentions import NAMES, colorless, mentioned
from robot.table_frame import ACTION
from robot.types import Goal, Outcome, State, Status, Vector
from skills.beso.policy import Numbers, Policy
from skills.beso.skill import Beso, ChunkConfig
from skills.beso.table import LAYOUT, SIZES, show
from skills.beso.tasks import Task
from skills.body import Body

STILL = np.array([0.006, 0.006, 0.006, 0.05, 0.05, 0.003])  # [m, rad] within which it is at rest
REST = 0.5  # [s] at rest, then it has nothing left to do
UNDONE = 1.5  # [s] at rest with what was wanted not done, then it has failed
SETTLED = 1.0  # [s] done, and the hand away, then it is over though the hand still moves
STEADY = 0.004  # [m] by which a chunk has to move a finger, or it keeps still
SLOWEST = 0.2  # of full speed


@dataclass(frozen=True)
class Wanted:
    """What shall be so in the end, of a goal's arguments."""

    hold: str | None = None  # the name of what shall be in the hand
    rest: tuple[str, str] | None = None  # what shall lie where; by its name, or "" for anywhere
    open: bool | None = None  # the drawer

    @classmethod
    def of(cls, goal: Goal) -> "Wanted":
        hold, rest, drawer = (goal.args.get(key) for key in ("hold", "rest", "open"))
        if rest is not None:
            rest = tuple(rest)
            if len(rest) != 2 or not all(isinstance(name, str) for name in rest):
                raise ValueError(f"rest must be the names of a block and a place, not {rest!r}")
        return cls(hold, rest, drawer)

    @property
    def anything(self) -> bool:
        return self != Wanted()

    def fault(self, state: State, in_hand: str | None, hand: Vector) -> str:
        """Why it is not so, or nothing; `hand` (3,) [m]."""
        if self.hold is not None and in_hand != self.hold:
            return f"the {self.hold} is not in the gripper"
        if self.rest is not None:
            block, where = self.rest
            if in_hand == block or np.linalg.norm(state.objects[block].position - hand) < AWAY:
                return f"the hand is still at the {block}"
            if where and (fault := placing(block, where)(state.objects)):
                return fault
        if self.open is not None:
            by = opening(state.objects)
            if not (by > OPEN if self.open else by < SHUT):
                return f"the drawer is open by {by * 100:.1f} cm"
        return ""


class AsTold(Beso):
    """Goal arguments: `text`, what to do in words. And if they are known: `thing`, the name of what
    it is about, should the words not say; what shall be so in the end: `hold`, a name, `rest`, a
    block's name and where it shall lie, or `open`, whether the drawer shall be; `start` (n,), the
    posture in which the thing before began, for "go back"; `speed`, a share of full speed.
    """

    def __init__(self, body: Body, policy: Policy, config: ChunkConfig | None = None) -> None:
        self._hand = Hand(body.spec)
        self._finger = body.spec.groups["gripper"].start
        task = Task(
            layout=LAYOUT,
            sizes=SIZES,
            observe=self._observe,
            target=self._reached,
            wanted=lambda goal, state: self._told,
            done=lambda state, goal: False,
        )
        super().__init__(body, task, policy, config)
        self._here: Vector | None = None  # (ACTION,) the hand when it was told last

    def pace(self, goal: Goal) -> float:
        speed = goal.args.get("speed", 1.0)
        fits = isinstance(speed, int | float) and isfinite(speed)
        return min(1.0, max(SLOWEST, float(speed))) if fits else 1.0

    def reset(self, state: State, goal: Goal) -> None:
        now = self._hand.of(state.reference.q)
        start = goal.args.get("start")
        self._earlier = now if self._here is None else self._here
        if start is not None:
            self._earlier = self._hand.of(np.asarray(start, np.float64))
        self._here = self._rested = now
        self._moved = self._undone = state.time  # [s] when it last moved; was last not done
        fault = ""
        text = goal.args.get("text")
        self._told = np.zeros((1, 1, LAYOUT.sentence))
        self._mentions = np.zeros(len(NAMES), np.bool_)
        try:
            if not isinstance(text, str) or not (words := colorless(text)).any():
                raise ValueError(f"text must say in words what to do, not {text!r}")
            self._told = words[None, None].astype(np.float64)
            self._mentions = mentioned(text)
            thing = goal.args.get("thing")
            if thing in NAMES and not self._mentions.any():
                self._mentions = np.array([name == thing for name in NAMES])
            self._wanted_end = Wanted.of(goal)
        except (ValueError, TypeError) as error:
            fault = str(error)
        super().reset(state, goal)
        if fault:
            self._outcome = Outcome(goal.id, Status.FAILED, fault)

    def _draw(self, history: Numbers, goals: Numbers | None, last: Numbers | None) -> Numbers:
        """Fingers do not drift: they move by much, or not at all."""
        chunk, now = super()._draw(history, goals, last), history[0, -1, ACTION - 1]
        if np.abs(chunk[:, -1] - now).max() < STEADY:
            chunk[:, -1] = now
        return chunk

    def _observe(self, state: State) -> Vector:
        """(STATE,) what the policy is shown."""
        frame = self._hand.frame(state)
        assert self._here is not None
        if (np.abs(frame[:ACTION] - self._rested) > STILL).any():
            self._rested, self._moved = frame[:ACTION], state.time
        seen = show(frame[None], self._here[None], self._earlier[None], self._mentions[None])
        return seen[0].astype(np.float64)

    def _reached(self, action: Vector, q: Vector) -> Vector:
        """The joints (n,) that bring the hand where an action says; out of reach, where it is."""
        joints = self._hand.joints(action, q)
        return q if joints is None else joints

    def _toward(self, wish: Vector, state: State) -> Vector:
        """All joints together: one that comes later than another leads the hand off its way."""
        motion = self._body.motion
        motion.sync(state.reference)
        motion.pace(self._pace)
        return motion.toward(wish)

    def _judge(self, state: State, goal: Goal) -> Outcome:
        outcome = super()._judge(state, goal)
        if outcome.status is not Status.RUNNING:
            return outcome
        resting = state.time - self._moved
        if not self._wanted_end.anything:
            over = resting > REST
            return Outcome(goal.id, Status.DONE) if over else outcome
        hand = self._hand.of(state.q)[:3]
        in_hand = held(state, hand, self._finger)
        try:
            fault = self._wanted_end.fault(state, in_hand, hand)
        except (LookupError, StopIteration) as error:
            return Outcome(goal.id, Status.FAILED, f"what it is about is not seen: {error}")
        if fault:
            self._undone = state.time
            return Outcome(goal.id, Status.FAILED, fault) if resting > UNDONE else outcome
        over = resting > REST or state.time - self._undone > SETTLED
        return Outcome(goal.id, Status.DONE) if over else outcome
