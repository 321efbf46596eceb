"""Block push by rule: behind a block, along the line to its target, then the other block.

There are four ways to do the task, two orders and two assignments, and all of them are right:
which one is taken is up to the goal, or to chance.
"""

from collections.abc import Generator
from math import asin, cos, sin

import numpy as np

from robot.pushing import TOLERANCE, blocks_of, observation, targets_of
from robot.types import Command, Goal, JointMode, Outcome, State, Status, Vector
from skills.body import Body
from skills.motion import Stream

FAST = 0.028  # [m] of a step that touches nothing
PUSH = 0.012  # [m] forward of a step that pushes
STEER = 1.0  # share of the sideways error that a step takes back
SIDEWAYS = 0.010  # [m] the most of it in one step
CLEAR = 0.046  # [m] from a block's centre: its corners are out of reach
BEHIND = 0.055  # [m] from a block's centre, on the far side from its aim, where a push begins
LOST = 0.8  # [rad] off the line, as seen from the block: go behind it again
ROOM = 0.075  # [m] that a pushed block keeps from the other one, centre to centre
INSIDE = 0.5 * TOLERANCE  # [m] a block is pushed until it is so near to its target's centre
OUTSIDE = 0.8 * TOLERANCE  # [m] and again if it is found so far from it
PATIENCE = 60.0  # [s] for both blocks

Steps = Generator[Vector, None, None]  # (2,) [m] each: how the effector shall move in one tick


class Oracle:
    """A `robot.types.Skill` that pushes both blocks into different targets.

    Goal arguments, drawn at random with `seed` where absent: `order`, the block that goes first
    (0 or 1), and `assignment`, 0 if each block goes to the target of its number, 1 if crosswise.
    """

    def __init__(self, body: Body) -> None:
        self._spec, self._stream = body.spec, Stream(body.spec)
        self._modes = (JointMode.POSITION,) * len(body.spec.joints)

    def reset(self, state: State, goal: Goal) -> None:
        self._began = state.time
        self._outcome = Outcome(goal.id, Status.RUNNING)
        try:
            self.order, self.assignment = _choice(goal)
            self._look(state)
        except (ValueError, LookupError) as error:
            self._outcome = Outcome(goal.id, Status.FAILED, str(error))
        self._steps = self._task()

    def act(self, state: State, goal: Goal) -> tuple[Command, Outcome]:
        wish = state.reference.q
        if self._outcome.status is Status.RUNNING:
            self._look(state)
            step = next(self._steps, None)
            if step is None:
                self._outcome = Outcome(goal.id, Status.DONE)
            elif state.time - self._began > PATIENCE:
                reason = f"the blocks are not in their targets after {PATIENCE:.0f} s"
                self._outcome = Outcome(goal.id, Status.FAILED, reason)
            else:
                wish = np.clip(wish + step, self._spec.lower, self._spec.upper)
        target = self._stream.toward(wish, state)
        expiry = self._spec.timeout
        command = Command(state.time, state.seq, goal.id, target, self._modes, expiry)
        return command, self._outcome

    def _look(self, state: State) -> None:
        frame = observation(state)
        self._effector = frame[8:10]  # (2,) [m] where it was last sent
        self._blocks, self._targets = blocks_of(frame)[:, :2], targets_of(frame)[:, :2]

    # --- what it does: generators over the newest frame -------------------------------------------

    def _task(self) -> Steps:
        """One block, then the other; again, if one is knocked out of its target."""
        blocks = (self.order, 1 - self.order)
        while left := [block for block in blocks if self._distance(block) > OUTSIDE]:
            yield from self._go_behind(left[0])
            yield from self._push(left[0])

    def _distance(self, block: int) -> float:
        """[m] of a block from the centre of its target."""
        return float(np.hypot(*(self._goal(block) - self._blocks[block])))

    def _goal(self, block: int) -> Vector:
        return self._targets[block ^ self.assignment]

    def _heading(self, block: int) -> Vector:
        """(2,) unit vector: where to push `block`; past the other one, if that is in the way."""
        way = self._goal(block) - self._blocks[block]
        return _around(way, self._blocks[1 - block] - self._blocks[block], ROOM)

    def _go_behind(self, block: int) -> Steps:
        """To where a push of `block` begins, touching nothing."""
        while True:
            way = self._blocks[block] - BEHIND * self._heading(block) - self._effector
            length = float(np.hypot(*way))
            if length < 0.002:
                return
            others = self._blocks - self._effector
            distances = np.hypot(*others.T)
            nearest = int(np.argmin(distances))
            if distances[nearest] < CLEAR - 0.001:  # it has just pushed it: straight back
                yield -others[nearest] / distances[nearest] * min(FAST, BEHIND - distances[nearest])
                continue
            heading = way / length
            for other in others[np.argsort(distances)[::-1]]:  # the nearest one has the last word
                heading = _around(heading * length, other, CLEAR)
            yield heading * min(FAST, length)

    def _push(self, block: int) -> Steps:
        """Along the heading until the block is in its target, or is lost."""
        while self._distance(block) > INSIDE:
            heading = self._heading(block)
            left = np.array([-heading[1], heading[0]])
            ahead = self._blocks[block] - self._effector
            forward, sideways = float(ahead @ heading), float(ahead @ left)
            if forward < abs(sideways) / np.tan(LOST):
                return
            yield PUSH * heading + float(np.clip(STEER * sideways, -SIDEWAYS, SIDEWAYS)) * left


def _around(way: Vector, obstacle: Vector, radius: float) -> Vector:
    """(2,) unit vector along `way`, or along the tangent to a circle [m] that is in the way."""
    length, distance = float(np.hypot(*way)), float(np.hypot(*obstacle))
    heading = way / max(length, 1e-9)
    ahead = float(obstacle @ heading)
    aside = float(heading[0] * obstacle[1] - heading[1] * obstacle[0])  # positive: on the left
    if ahead <= 0 or abs(aside) >= radius or distance > length + radius or distance < 1e-9:
        return heading
    if length < ahead and float(np.hypot(*(obstacle - way))) >= radius:
        return heading  # it ends before
    turn = -asin(min(1.0, radius / distance)) if aside > 0 else asin(min(1.0, radius / distance))
    c, s = cos(turn), sin(turn)
    toward = obstacle / distance
    return np.array([c * toward[0] - s * toward[1], s * toward[0] + c * toward[1]])


def _choice(goal: Goal) -> tuple[int, int]:
    """The order and the assignment that `goal` asks for, or random ones."""
    seed = goal.args.get("seed", 0)
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be a whole number of 0 or more, not {seed!r}")
    drawn = np.random.default_rng([seed, goal.id]).integers(0, 2, 2).tolist()
    chosen = []
    for name, value in zip(("order", "assignment"), drawn, strict=True):
        wanted = goal.args.get(name)
        if wanted is not None and wanted not in (0, 1):
            raise ValueError(f"{name} must be 0 or 1, or absent, not {wanted!r}")
        chosen.append(value if wanted is None else int(wanted))
    return chosen[0], chosen[1]
