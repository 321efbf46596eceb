"""What the arm's skills share: a skill is a recipe, a recipe yields steps.

A recipe is a generator over the *measured* state. It may be begun again at any time and from
anywhere, so an interrupted skill resumes by being reset: it looks at the world and goes on.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from math import ceil, isfinite, pi, sqrt

import numpy as np

from robot.geometry import tool_down, wrap
from robot.grip import held
from robot.table import X_BOUNDS, Y_BOUNDS, Z_BOUNDS
from robot.types import Command, Goal, JointMode, Outcome, State, Status, Vector
from skills.body import Body

OPEN = 0.0425  # [m] finger position, fully open
LOWEST = 0.014  # [m] of the tool's centre: its tips reach 10 mm lower
TRAVEL = 0.12  # [m] least height of the tool's centre on the way across the table
CLEARANCE = 0.03  # [m] kept above everything on the way across
EDGE = 0.06  # [m] beyond the table's bounds where the tool may still go
BOW = 0.005  # [m] from a line, where the tool shall follow one
RETARGET = 0.0005  # [m] a target that moves by less is where it was
PATIENCE = 10.0  # [s] for one step, at full speed
SLOWEST = 0.05  # of full speed
BLOCKED = 1.0  # [s] told to be there and still not there: something is in the way


class Refusal(Exception):
    """A goal that cannot be reached, and why; the goal fails with it."""


@dataclass
class Step:
    """One leg of a recipe: where the joints shall go, and when the leg is over."""

    target: Callable[[], Vector | None]  # (n,), asked again as goal and world change; None: stop
    until: Callable[[], bool]
    began: float = 0.0  # [s]
    arrived: float = 0.0  # [s] when it was last on the way


Recipe = Generator[Step, None, None]


class ArmSkill:
    """A `robot.types.Skill` that follows a recipe; subclasses write `recipe`."""

    def __init__(self, body: Body) -> None:
        if body.kinematics is None:
            raise ValueError(f"{body.spec.name} has no description, which this skill needs")
        self.body, self.kinematics = body, body.kinematics
        self.spec = body.spec
        self.arm, self.finger = body.spec.groups["arm"], body.spec.groups["gripper"].start
        self.state: State
        self.goal: Goal
        self._modes = (JointMode.POSITION,) * len(body.spec.joints)

    def recipe(self) -> Recipe:
        """The steps, each made from `self.state` and `self.goal` as they are when it begins."""
        raise NotImplementedError

    def reset(self, state: State, goal: Goal) -> None:
        self.state, self.goal = state, goal
        self.body.motion.sync(state.reference)
        self._steps = self.recipe()
        self._step: Step | None = None
        self._target: Vector | None = None
        self._seen: tuple[object, object] = (None, None)
        self._outcome = Outcome(goal.id, Status.RUNNING)

    def act(self, state: State, goal: Goal) -> tuple[Command, Outcome]:
        self.state, self.goal = state, goal
        motion = self.body.motion
        motion.sync(state.reference)
        motion.pace(self.pace())
        if self._outcome.status is Status.RUNNING:
            try:
                self._advance()
            except Refusal as refusal:
                self._end(Status.FAILED, str(refusal))
        target = self._target
        running = self._outcome.status is Status.RUNNING
        q = motion.toward(target) if running and target is not None else motion.stop()
        command = Command(
            time=state.time,
            seq=state.seq,
            goal_id=goal.id,
            target=q,
            modes=self._modes,
            expiry=self.spec.timeout,
        )
        return command, self._outcome

    def _advance(self) -> None:
        """Go on to the next step when the present one is over, and find its target."""
        if self._step is None or self._step.until():
            self._begin(None)
        try:
            self._aim()
        except Refusal as refusal:  # the recipe may know what else to do
            self._begin(refusal)
            self._aim()

    def _begin(self, refusal: Refusal | None) -> None:
        """The recipe's next step; it is told why the present one cannot go on."""
        try:
            self._step = next(self._steps) if refusal is None else self._steps.throw(refusal)
        except StopIteration:
            self._end(Status.DONE, "")
            return
        self._step.began = self._step.arrived = self.state.time
        self._target = None
        self.body.motion.arrived = False

    def _aim(self) -> None:
        """Where the present step goes, if it can."""
        step = self._step
        if step is None or self._outcome.status is not Status.RUNNING:
            return
        if not self.body.motion.arrived:
            step.arrived = self.state.time
        if self.state.time - step.arrived > BLOCKED:
            raise Refusal("the arm is blocked: something is in its way")
        if self.state.time - step.began > (patience := PATIENCE / self.pace()):
            raise Refusal(f"{self.goal.skill} took longer than {patience:.0f} s for one step")
        goal, objects = self._seen
        if self._target is None or goal is not self.goal or objects is not self.state.objects:
            self._target = step.target()
            self._seen = self.goal, self.state.objects

    def _end(self, status: Status, reason: str) -> None:
        self._outcome = Outcome(self.goal.id, status, reason)
        self._steps.close()

    # --- what recipes are made of -------------------------------------------------------------

    @property
    def tool(self) -> Vector:
        """p_world_tool (3,) [m] where the arm was last told to be."""
        return self.kinematics.forward(self.state.reference.q[self.arm])[0]

    @property
    def hand(self) -> Vector:
        """p_world_tool (3,) [m] where it is measured to be."""
        return self.kinematics.forward(self.state.q[self.arm])[0]

    @property
    def yaw(self) -> float:
        """[rad] heading of the fingers' axis where the arm was last told to be."""
        _, rotation = self.kinematics.forward(self.state.reference.q[self.arm])
        return float(np.arctan2(rotation[1, 0], rotation[0, 0]))

    def joints_at(self, position: Vector, yaw: float, finger: float) -> Vector:
        """Joints (n,) with the tool pointing down at `position` (3,) [m], the fingers' axis heading
        `yaw` [rad]."""
        home = self.spec.home[self.arm]
        q = self.kinematics.inverse(position, tool_down(yaw), home)
        if q is None:
            raise Refusal(f"the arm cannot reach {_point(position)}")
        q[-1] = wrap(q[-1] - home[-1]) + home[-1]
        return np.append(q, finger)

    def way_round(self, position: Vector, yaw: float) -> float:
        """[rad] `yaw` or its opposite, whichever turns the wrist less there."""
        wrist = self.arm.stop - 1
        home = self.spec.home[wrist]
        return min(
            (yaw, yaw + pi),
            key=lambda way: abs(float(self.joints_at(position, way, 0.0)[wrist]) - home),
        )

    def square(self, yaw: float) -> float:
        """[rad] `yaw` or a quarter turn from it, whichever is nearer to how the hand is at home."""
        _, rotation = self.kinematics.forward(self.spec.home[self.arm])
        home = float(np.arctan2(rotation[1, 0], rotation[0, 0]))
        return home + wrap(yaw - home, pi / 2)

    def move(
        self, position: Callable[[], Vector], yaw: float | None = None, finger: float | None = None
    ) -> Step:
        """Move the tool to `position()` (3,) [m], asked again as the world and the goal change.

        The fingers' axis heads `yaw` [rad], as it does now if none is given, or opposite.
        """
        keep = float(self.state.reference.q[self.finger]) if finger is None else finger
        wanted = self.yaw if yaw is None else yaw
        heading: float | None = None
        last: tuple[Vector, Vector] | None = None

        def target() -> Vector:
            nonlocal last, heading
            point = self.inside(position())
            if heading is None:
                heading = self.way_round(point, wanted)
            if last is None or float(np.abs(point - last[0]).max()) > RETARGET:
                last = point, self.joints_at(point, heading, keep)
            return last[1]

        return Step(target, self.settled)

    def straight(
        self, position: Callable[[], Vector], yaw: float | None = None, finger: float | None = None
    ) -> Recipe:
        """As `move`, and along a line: a way that is straight for the joints bows for the tool, so
        it goes by as many points of the line as keep that below BOW.
        """
        here, there = self.tool, self.inside(position())
        heading = self.way_round(there, self.yaw if yaw is None else yaw)
        half = (self.state.reference.q + self.joints_at(there, heading, 0.0))[self.arm] / 2
        bow = float(np.linalg.norm(self.kinematics.forward(half)[0] - (here + there) / 2))
        parts = max(1, ceil(sqrt(bow / BOW)))  # each bows by a share that goes with its square
        for part in range(1, parts + 1):
            way = partial(self._between, here, position, part / parts)
            yield self.move(way, yaw, finger)

    @staticmethod
    def _between(here: Vector, position: Callable[[], Vector], share: float) -> Vector:
        return here + share * (position() - here)

    def settled(self) -> bool:
        """The motion is over and the arm measures where it was told to be."""
        if not self.body.motion.arrived:
            return False
        error = self.state.q[self.arm] - self.state.reference.q[self.arm]
        return float(np.abs(error).max()) < 0.02

    def grip(self, finger: float) -> Step:
        """Open or close the gripper, the arm where it is; until the finger stands still."""
        target = np.append(self.state.reference.q[self.arm], finger)

        def still() -> bool:
            return self.body.motion.arrived and bool(abs(self.state.qd[self.finger]) < 0.002)

        return Step(lambda: target, still)

    def look(self, name: str) -> Step:
        """Stay, until an object has been seen anew."""
        now = self.state.time
        return Step(
            lambda: self.state.reference.q,
            lambda: self.state.objects[self.object(name)].time > now,
        )

    def rise(self) -> Recipe:
        """Straight up to where the way across is free, if the tool is lower than that."""
        here, height = self.tool, self.travel_height()
        if here[2] < height - 0.005:
            yield from self.straight(lambda: np.array([here[0], here[1], height]))

    def travel_height(self) -> float:
        """[m] of the tool's centre above everything that stands on the table."""
        held = self.held()
        tops = [
            fix.position[2] + fix.size[2] / 2
            for name, fix in self.state.objects.items()
            if name != held
        ]
        below = 0.02 if held is None else self.hang(held)
        return min(max(TRAVEL, max(tops, default=0.0) + CLEARANCE + below), Z_BOUNDS[1])

    def held(self) -> str | None:
        """The object between the fingers, by their measured opening and its measured place."""
        return held(self.state, self.hand, self.finger)

    def hang(self, name: str) -> float:
        """[m] how far the held object reaches below the tool's centre."""
        fix = self.state.objects[name]
        return float(self.hand[2] - fix.position[2] + fix.size[2] / 2)

    def object(self, name: object) -> str:
        """`name` if it is an object that has been seen; refused otherwise."""
        if isinstance(name, str) and name in self.state.objects:
            return name
        seen = ", ".join(self.state.objects) or "nothing"
        raise Refusal(f"there is no {name!s:.60}; I see {seen}")

    def offset(self) -> Vector:
        """(3,) [m] what corrections have added to the goal."""
        return self.numbers("offset", 3) if "offset" in self.goal.args else np.zeros(3)

    def pace(self) -> float:
        """Share of the full speed that the goal asks for."""
        speed = self.goal.args.get("speed", 1.0)
        fits = isinstance(speed, int | float) and isfinite(speed)
        return min(1.0, max(SLOWEST, float(speed))) if fits else 1.0

    def number(self, key: str) -> float:
        """The goal's argument `key`, a finite number; refused otherwise."""
        value = self.goal.args.get(key)
        if not isinstance(value, int | float) or not isfinite(value):
            raise Refusal(f"{self.goal.skill} needs {key}: a finite number, not {value!r}")
        return float(value)

    def numbers(self, key: str, count: int) -> Vector:
        """The goal's argument `key` as (count,) finite numbers; refused otherwise."""
        value = self.goal.args.get(key)
        if (
            not isinstance(value, list | tuple)
            or len(value) != count
            or not all(isinstance(v, int | float) and isfinite(v) for v in value)
        ):
            raise Refusal(f"{self.goal.skill} needs {key}: {count} finite numbers, not {value!r}")
        return np.array(value, dtype=np.float64)

    @staticmethod
    def inside(position: Vector) -> Vector:
        """`position` (3,) [m] if the tool may go there, raised off the table if it must be."""
        x, y, z = position.tolist()
        if not (
            X_BOUNDS[0] - EDGE <= x <= X_BOUNDS[1] + EDGE
            and Y_BOUNDS[0] - EDGE <= y <= Y_BOUNDS[1] + EDGE
            and z <= Z_BOUNDS[1] + EDGE
        ):
            raise Refusal(
                f"{_point(position)} is off the table "
                f"(x {list(X_BOUNDS)}, y {list(Y_BOUNDS)}, z {list(Z_BOUNDS)})"
            )
        return np.array([x, y, max(z, LOWEST)])


def _point(position: Vector) -> str:
    return "(" + ", ".join(f"{v:.2f}" for v in position) + ")"
