"""The loop. There is one, for every world, every robot and every skill."""

import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from robot.estimate import Estimator
from robot.mode import HOLD, Mode
from robot.safety import Supervisor
from robot.types import (
    Command,
    Goal,
    Outcome,
    Planner,
    Robot,
    Skill,
    State,
    Status,
    Tick,
    Utterance,
    Vector,
)

NEAR = 0.02  # [rad or m] that a robot at rest may be off where it was told to be
log = logging.getLogger(__name__)


@dataclass
class Stack:
    """The parts of the loop, built by `robot.cli`."""

    robot: Robot
    planner: Planner
    skills: Mapping[str, Skill]
    supervisor: Supervisor
    mode: Mode
    estimator: Estimator
    hear: Callable[[], Sequence[Utterance]] = tuple
    record: Callable[[Tick], None] = lambda tick: None
    until: Callable[[Tick], bool] = lambda tick: False
    told: Vector | None = None  # (n,) where the robot was told to be by an earlier loop


def run(stack: Stack) -> None:
    """Run until the robot, or `stack.until`, says that it is over; leave the robot safe."""
    robot, supervisor, mode = stack.robot, stack.supervisor, stack.mode
    select = Selector(stack.skills)
    outcome = Outcome(HOLD.id, Status.DONE)
    armed = False
    gc.freeze()  # what was built before is not searched again: a full search takes milliseconds
    try:
        while robot.wait():
            began = perf_counter()
            obs = robot.read()
            if not armed:  # the first command is the measured pose
                supervisor.reset(_begun(obs.q, stack.told))
                armed = True
            state = stack.estimator.update(obs, robot.now(), supervisor.reference)
            heard = tuple(stack.hear())
            meant = mode.hear(heard)
            goal = mode.gate(_plan(stack.planner, state, meant, outcome, supervisor))
            proposed, outcome = select.act(goal, state)
            verdict = supervisor.filter(state, proposed)
            robot.write(verdict.command)
            busy = perf_counter() - began
            tick = Tick(obs, state, heard, goal, proposed, outcome, verdict, busy)
            stack.record(tick)
            if stack.until(tick):
                break
    finally:
        robot.close()
        gc.unfreeze()


def _begun(q: Vector, told: Vector | None) -> Vector:
    """Where to begin: at the measured `q` (n,), or a little beyond, where the robot was told to be:
    so a gripper goes on pressing on what it holds.
    """
    if told is None or told.shape != q.shape:
        return q
    return np.where(np.abs(told - q) < NEAR, told, q)


def _plan(
    planner: Planner,
    state: State,
    heard: tuple[Utterance, ...],
    outcome: Outcome,
    supervisor: Supervisor,
) -> Goal:
    """The planner's goal; a planner that raises stops the robot, once and for all."""
    if supervisor.stopped:
        return HOLD
    try:
        return planner.plan(state, heard, outcome)
    except Exception as error:
        log.exception("the planner failed")
        supervisor.halt(f"the planner failed: {error}")
        return HOLD


class Selector:
    """Chooses the goal's skill, and resets it when the goal's id is new."""

    def __init__(self, skills: Mapping[str, Skill]) -> None:
        self._skills = skills
        self._active: int | None = None

    def act(self, goal: Goal, state: State) -> tuple[Command | None, Outcome]:
        """The skill's command and outcome; a skill that raises proposes nothing and has failed."""
        try:
            if goal.skill not in self._skills:
                raise LookupError(f"there is none of that name; valid are {sorted(self._skills)}")
            skill = self._skills[goal.skill]
            if goal.id != self._active:
                skill.reset(state, goal)
                self._active = goal.id
            return skill.act(state, goal)
        except Exception as error:
            log.exception("the skill %s failed", goal.skill)
            self._active = None
            return None, Outcome(goal.id, Status.FAILED, f"the skill {goal.skill} failed: {error}")
