"""The tasks that policies come with: what their data means, and how they meet the robot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, pi
from typing import Any

import numpy as np

from robot import pushing, pusht, sentences
from robot.types import Goal, State, Vector
from skills.beso.config import Layout
from skills.beso.episodes import Episodes, join


@dataclass(frozen=True)
class Task:
    """What a skill needs to know about a task. Observations and actions are as in its data."""

    layout: Layout
    sizes: Mapping[str, Any]  # of the network, as in NetworkConfig
    observe: Callable[[State], Vector]  # (observation,)
    target: Callable[[Vector, Vector], Vector]  # an action and q (n,) last sent -> target (n,)
    wanted: Callable[[Goal, State], Vector]  # (1, goals, observation)
    done: Callable[[State, Goal], bool]
    augmented: Callable[[Episodes], Episodes] = lambda episodes: episodes  # for training


# --- PushT ----------------------------------------------------------------------------------------


def pusht_goal(goal: Goal) -> Vector:
    """The pose wanted of the T (3,) [m, m, rad]: goal argument `pose`, or the published one."""
    pose = goal.args.get("pose", pusht.GOALS["center"])
    if isinstance(pose, str) and pose in pusht.GOALS:
        pose = pusht.GOALS[pose]
    if not _numbers(pose, 3):
        valid = ", ".join(pusht.GOALS)
        raise ValueError(f"pose must be x, y [m] and angle [rad], or {valid}; not {pose!r}")
    return np.array(pose, dtype=np.float64)


def _pusht_wanted(goal: Goal, state: State) -> Vector:
    x, y, angle = pusht_goal(goal)
    return np.array([[[0.0, 0.0, x * pusht.PIXEL, y * pusht.PIXEL, angle]]])


def _pusht_done(state: State, goal: Goal) -> bool:
    pose = pusht.pose_of(state.objects["T"])
    return pusht.coverage(pose, pusht_goal(goal)) > pusht.SUCCESS


def mirrored(episodes: Episodes) -> Episodes:
    """The demonstrations, and each again in the mirror.

    The axis is that of the T where it shall lie, a diagonal of the square world: T, goal and
    world are the same in this mirror, so what is seen in it would have happened as well. What was
    said about it would be wrong there, so nothing is.
    """
    side = pusht.SIDE * pusht.PIXEL
    seen = episodes.observations
    columns = side - seen[:, [1, 0]], side - seen[:, [3, 2]], pi / 2 - seen[:, [4]]
    actions = side - episodes.actions[:, [1, 0]]
    other = Episodes.of(np.hstack(columns), actions, episodes.ends, episodes.fps)
    return join(episodes, other)


PUSHT = Task(
    layout=Layout("pusht", angles=(4,), goal=(2, 3, 4), anchor=(0, 1)),
    sizes={"history": 2, "horizon": 16, "patch": 2},
    observe=pusht.observation,
    target=lambda action, q: pusht.target(action),
    wanted=_pusht_wanted,
    done=_pusht_done,
    augmented=mirrored,
)


# --- block push -----------------------------------------------------------------------------------


def blocks_goal(goal: Goal, state: State) -> Vector:
    """The frame (16,) to bring about: goal argument `frame`, or by `assignment`, 0 or 1."""
    frame, assignment = goal.args.get("frame"), goal.args.get("assignment")
    if frame is not None:
        return pushing.frame_of(frame)
    if assignment not in (0, 1):
        one, other = pushing.TARGETS
        raise ValueError(
            f"which block goes where? assignment=0: {pushing.BLOCKS[0]} to {one}, 1: to {other}"
        )
    return pushing.goal_frame(pushing.observation(state), assignment)


def _blocks_done(state: State, goal: Goal) -> bool:
    return pushing.assignment(pushing.observation(state)) is not None


def renamed(episodes: Episodes) -> Episodes:
    """The demonstrations, and again with the blocks' names exchanged, the targets', and both.

    The blocks are alike and so are the targets: which is called the first does not matter. What
    is said of them is renamed with them.
    """
    other_blocks = _exchanged(episodes, pushing.BLOCKS, (3, 4, 5, 0, 1, 2, *range(6, 16)))
    targets = pushing.TARGETS, (*range(10), 13, 14, 15, 10, 11, 12)
    return join(
        episodes,
        other_blocks,
        _exchanged(episodes, *targets),
        _exchanged(other_blocks, *targets),
    )


def _exchanged(episodes: Episodes, names: tuple[str, str], columns: tuple[int, ...]) -> Episodes:
    """With the numbers of an observation in another order, and two names exchanged."""
    one, other = names
    tasks = (
        task.replace(one, "\0").replace(other, one).replace("\0", other) for task in episodes.tasks
    )
    seen = episodes.observations[:, list(columns)]
    return replace(episodes, observations=seen, tasks=tuple(tasks))


# What lies near what: each block to the effector's target, to the other block, to both targets.
_NEAR = tuple(
    (one + axis, other + axis)
    for one, other in ((0, 8), (3, 8), (0, 3), (0, 10), (0, 13), (3, 10), (3, 13))
    for axis in (0, 1)
)
BLOCKPUSH = Task(
    layout=Layout("pusher", (2, 5, 12, 15), folds=4, near=_NEAR, reach=0.05, goal=(0, 1, 3, 4)),
    sizes={"history": 2, "horizon": 8, "patch": 2},
    observe=pushing.observation,
    target=pushing.target,
    wanted=lambda goal, state: blocks_goal(goal, state)[None, None],
    done=_blocks_done,
    augmented=renamed,
)


# --- told in words --------------------------------------------------------------------------------


def sentence_goal(goal: Goal) -> Vector:
    """(1, 1, sentence): the embedding of goal argument `text`."""
    text = goal.args.get("text")
    if not isinstance(text, str) or not (told := sentences.embed([text])).any():
        raise ValueError(f"text must say in words what to do, not {text!r}")
    return told[None].astype(np.float64)


def told(task: Task) -> Task:
    """`task` for a policy whose goals are sentences."""
    return replace(
        task,
        layout=replace(task.layout, goal=(), sentence=sentences.SIZE),
        wanted=lambda goal, state: sentence_goal(goal),
    )


TASKS = {"pusht": PUSHT, "blockpush": BLOCKPUSH}


def _numbers(values: object, count: int) -> bool:
    return (
        isinstance(values, Sequence | np.ndarray)
        and len(values) == count
        and all(isinstance(v, int | float) and isfinite(v) for v in values)
    )
