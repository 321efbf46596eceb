"""A teacher without a chore: whatever can be asked for, one thing after the other.

Chores show few small motions, and each of their steps in the same places. What is to be carried out
whenever a person says so is practised from everywhere, with things in the hand and without. Where a
policy has learned something, it is left to do things until the teacher takes over: most is to be
learned where its own mistakes lead (HG-DAgger, Kelly et al. 2019).
"""

import numpy as np

from planners.coaching.behavior import AMOUNTS, WAYS, Behavior
from planners.coaching.oracle import on_top
from planners.coaching.teacher import Kind, Slip, Style, Teacher
from robot.chores import CHORES, OPEN, Chore, opening, placing
from robot.types import RobotSpec, State

COUNT = 14  # behaviours
SMALL = 0.5  # of them small motions
SLIPS = 0.15  # chance of something to go wrong in another
LEARNER = 0.8  # chance of another to be left to a learned policy, if there is one
BACK = 0.25  # chance to go back after another: from far, as small motions seldom do


class Practice(Teacher):
    """Does `COUNT` things."""

    def __init__(self, spec: RobotSpec, rng: np.random.Generator, learner: bool = False) -> None:
        """`learner`: there is a skill `as_told`, which has learned something."""
        super().__init__(Chore(CHORES[0], ()), spec, rng, Style(pause=0.1, slips=SLIPS))
        self._left, self._far, self._learner = COUNT, False, learner

    def _decide(self, state: State) -> tuple[Behavior | None, Kind, Slip]:
        self._failed = None  # it is left as it is
        if not self._left:
            return None, "instruction", ""
        self._left -= 1
        rng, holding = self._rng, self._held(state)
        if self._far and rng.random() < BACK:
            self._far = False
            return Behavior("back"), "instruction", self._slipping(Behavior("back"), state)
        larger = larger_ones(state, holding)
        self._far = bool(larger) and rng.random() >= SMALL
        if not self._far:
            small = small_ones(holding)
            return small[int(rng.integers(len(small)))], "instruction", ""
        names = [*dict.fromkeys(behavior.name for behavior in larger)]
        name = names[int(rng.integers(len(names)))]
        fitting = [behavior for behavior in larger if behavior.name == name]
        behavior = fitting[int(rng.integers(len(fitting)))]
        return behavior, "instruction", self._slipping(behavior, state)

    def _slipping(self, behavior: Behavior, state: State) -> Slip:
        if self._learner and self._rng.random() < LEARNER:
            return "learner"
        return self._slip(behavior, state) if self._rng.random() < SLIPS else ""


def small_ones(holding: str | None) -> list[Behavior]:
    """Small motions, those of one family together as likely as others."""
    moves = [Behavior("move", way, amount) for way in WAYS for amount in AMOUNTS]
    others = [Behavior("back"), Behavior("turn", "left"), Behavior("turn", "right")]
    others += [Behavior("tilt")] + [Behavior("gripper", "open")] * (2 if holding is None else 1)
    others += [Behavior("gripper", "close")] * (2 if holding is None else 0)
    return moves + 2 * others


def larger_ones(state: State, holding: str | None) -> list[Behavior]:
    """What can be done with things, as they are."""
    things = state.objects
    kinds = {name.split()[-1]: name for name in things}
    blocks = [name for name in things if name.endswith("block")]
    clear = [name for name in blocks if on_top(name, things) is None]
    drawn = opening(things) if "cabinet" in kinds else 0.0
    packed = {b for b in blocks if "drawer" in kinds and not placing(b, kinds["drawer"])(things)}
    if holding is not None:
        found = [Behavior("put", name) for name in things if name.endswith("bowl")]
        found += [Behavior("put", b) for b in clear if b != holding and b not in packed]
        if "drawer" in kinds and drawn > OPEN:
            found += [Behavior("put", kinds["drawer"])] * 3
        return [*found, Behavior("drop")]
    shut = drawn < OPEN
    found = [Behavior("pick", b) for b in clear if not (shut and b in packed)]
    if "cabinet" in kinds:
        found.append(Behavior("drawer", "open" if shut else "close"))
    if "tray" in kinds:
        left = [b for b in clear if placing(b, kinds["tray"])(things) and _lies(b, state)]
        found += [Behavior("sweep", b) for b in left]
    return found


def _lies(block: str, state: State) -> bool:
    """Whether it is on the table."""
    fix = state.objects[block]
    return bool(fix.position[2] < fix.size[2])
