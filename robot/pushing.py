"""Block push: a round effector pushes two blocks into two targets, in either order and assignment.

The task of Implicit Behavioral Cloning (arXiv 2109.00137) and Behavior Transformers (arXiv
2206.11251). World frame, metres; the table's surface is z = 0. What an episode has come to is
judged here, from frames, for worlds, skills and evaluations alike.

A frame (16,) is laid out as in the published demonstrations: two blocks (x, y, yaw), effector
(x, y), the effector's target (x, y), two targets (x, y, yaw). A yaw is that of a square that
looks the same after half a turn, in [0, pi).
"""

from collections.abc import Sequence
from math import inf, pi

import numpy as np
from numpy.typing import ArrayLike

from robot.geometry import yaw_of
from robot.types import RobotSpec, State, Vector, vector

BLOCKS = ("red block", "blue block")
TARGETS = ("green target", "orange target")
BLOCK = 0.04  # [m] edge of a block, a cube
EFFECTOR_RADIUS = 0.006  # [m] centres in contact are BLOCK / 2 + this apart in the demonstrations
TOLERANCE = 0.05  # [m] nearer than this to its centre, a block's centre is in a target
FRAME = 16  # numbers in a frame
STEP = 0.03  # [m] the most that the effector's target moves along an axis in one step

# Two linear axes that carry the effector. Position: the workspace of the published task; home:
# where its demonstrations begin. The others hold whatever a policy may ask, any sequence of
# steps within ±STEP (.3 m/s, 6 m/s^2, 120 m/s^3), with the 2 % of room that skills keep. The
# demonstrations themselves reach .30 m/s, 5.3 m/s^2 and 85 m/s^3.
PUSHER = RobotSpec(
    name="pusher",
    joints=("x_joint", "y_joint"),
    dt=0.1,
    lower=vector([0.15, -0.5]),
    upper=vector([0.7, 0.5]),
    velocity=vector([0.31, 0.31]),
    acceleration=vector([6.2, 6.2]),
    jerk=vector([125.0, 125.0]),
    home=vector([0.3, -0.4]),
    groups={"arm": slice(0, 2)},
    description="pusher.urdf",
)


def observation(state: State) -> Vector:
    """The frame (16,) that the demonstrations would hold."""
    missing = [name for name in (*BLOCKS, *TARGETS) if name not in state.objects]
    if missing:
        raise LookupError(f"no {missing[0]} has been seen, only {sorted(state.objects)}")
    poses = {}
    for name in (*BLOCKS, *TARGETS):
        fix = state.objects[name]
        poses[name] = (*fix.position[:2].tolist(), yaw_of(fix.quaternion) % pi)
    first, second = (poses[name] for name in BLOCKS)
    one, other = (poses[name] for name in TARGETS)
    return np.array([*first, *second, *state.q, *state.reference.q, *one, *other])


def target(action: ArrayLike, q: Vector) -> Vector:
    """A Command's target (2,) [m] from an action (2,) [m] and where the effector was last sent."""
    return vector(q + np.asarray(action, dtype=np.float64))


def frame_of(values: ArrayLike) -> Vector:
    """`values` as a frame; refused if they are none."""
    frame = np.asarray(values, dtype=np.float64)
    if frame.shape != (FRAME,) or not np.isfinite(frame).all():
        raise ValueError(
            "a frame must be 16 finite numbers: two blocks (x, y, yaw), effector (x, y), its "
            f"target (x, y), two targets (x, y, yaw); not {values}"
        )
    return frame


def blocks_of(frame: Vector) -> Vector:
    """(2, 3): x, y [m] and yaw [rad] of the blocks."""
    return frame[:6].reshape(2, 3)


def targets_of(frame: Vector) -> Vector:
    """(2, 3): x, y [m] and yaw [rad] of the targets."""
    return frame[10:].reshape(2, 3)


def goal_frame(frame: ArrayLike, assignment: int) -> Vector:
    """`frame` with the blocks in the middle of the targets, as the demonstrations end.

    `assignment` 0: each block in its own target, 1: in the other's.
    """
    if assignment not in (0, 1):
        raise ValueError(f"assignment must be 0 or 1, not {assignment}")
    goal = frame_of(frame).copy()
    targets = targets_of(goal)[[assignment, 1 - assignment]]
    goal[0:2], goal[3:5] = targets[0, :2], targets[1, :2]
    return goal


# How the goal is told: which block goes where. Demonstrations come with the first; the others
# are for seeing whether a policy understands what it has not heard.
HEARD = (
    "push the {0} into the {2} and the {1} into the {3}",
    "put {0} on {2}, {1} on {3}",
    "move the {0} to the {2}, and the {1} to the {3}",
    "the {0} goes to the {2}, the {1} to the {3}",
    "{0}: {2}; {1}: {3}",
    "bring the {0} over to the {2} and bring the {1} to the {3}",
)
UNHEARD = (
    "slide the {0} onto the {2} and the {1} onto the {3}",
    "I want the {0} in the {2}, the {1} in the {3}",
    "shove the {0} towards the {2} and the {1} towards the {3} please",
    "take the {0} to where the {2} is, and the {1} to where the {3} is",
)


def sentence(assignment: int, ways: Sequence[str], rng: np.random.Generator) -> str:
    """Says which block goes where in one of `ways`; either block is named first."""
    targets = TARGETS[assignment], TARGETS[1 - assignment]
    way = int(rng.choice([1, -1]))
    return str(rng.choice(ways)).format(*BLOCKS[::way], *targets[::way])


def inside(frame: ArrayLike) -> tuple[int | None, int | None]:
    """For each block the target that it is in, or None."""
    frame = frame_of(frame)
    where: list[int | None] = []
    for block in blocks_of(frame):
        distances = np.hypot(*(targets_of(frame) - block)[:, :2].T)
        nearest = int(np.argmin(distances))
        where.append(nearest if distances[nearest] < TOLERANCE else None)
    return where[0], where[1]


def assignment(frame: ArrayLike) -> int | None:
    """0: each block is in its own target; 1: in the other's; None: not both in different ones."""
    return {(0, 1): 0, (1, 0): 1}.get(inside(frame))  # type: ignore[arg-type]


class Judge:
    """What an episode comes to; shown every frame of it with `see`."""

    def __init__(self) -> None:
        self.entered: dict[tuple[int, int], float] = {}  # (block, target): [s] when it first was in
        self.success_time = inf  # [s] when both blocks first were in different targets at once
        self.assignment: int | None = None  # at that time; see `assignment`

    def see(self, time: float, frame: ArrayLike) -> None:
        """Take in the frame at `time` [s]."""
        for block, where in enumerate(inside(frame)):
            if where is not None:
                self.entered.setdefault((block, where), time)
        if self.assignment is None and (found := assignment(frame)) is not None:
            self.assignment, self.success_time = found, time

    @property
    def success(self) -> bool:
        """Both blocks were in different targets at once."""
        return self.assignment is not None

    @property
    def order(self) -> int | None:
        """The block that was in a target first, whichever that was; None before there is one."""
        block, _ = min(self.entered, key=self.entered.__getitem__, default=(None, None))
        return block

    def result(self, goal: ArrayLike) -> float:
        """The share of blocks that have been in the target that the frame `goal` has them in."""
        wanted = [(block, where) for block, where in enumerate(inside(goal)) if where is not None]
        if not wanted:
            raise ValueError("the goal has no block in a target: take the end of an episode")
        return sum(pair in self.entered for pair in wanted) / len(wanted)
