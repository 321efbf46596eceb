"""Table tennis in the loop: return the ball, and get ready for the next."""

from collections.abc import Mapping
from functools import lru_cache
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.ball import TRACKS, BallState, Track
from robot.ball_filter import ahead
from robot.limiter import Limiter, inside
from robot.tennis import EDGE, SEEN, SPEED, TENNIS
from robot.types import Command, Flight, Goal, JointMode, Outcome, State, Status, Vector
from skills.body import Body
from skills.tennis.arena import Senses
from skills.tennis.controller import Controller
from skills.tennis.descriptors import Descriptors, key
from skills.tennis.evaluate import Choose, Learned, Player, the_one
from skills.tennis.recipes import FOLDER, FOLDERS, RECIPES

DESCRIBED = "descriptors.safetensors"
STROKE = "stroke"  # the name of the model-based one among the controllers
GONE = EDGE - 0.9  # [m] y behind which the ball is past
LOST = 0.15  # [s] since the last fix, which is .04 s old when it comes
SLOWEST = -0.5  # [m/s] along y of a ball that comes
HASTE = 4.0  # [1/s] speed towards the ready posture a unit of distance
READY = 0.05  # [rad or m] from it


@lru_cache(maxsize=64)
def controller(name: str, folder: Path = FOLDER) -> Controller:
    """The controller `name`; CheckpointError if it cannot be read, ValueError if unknown."""
    if name not in RECIPES:
        raise ValueError(f"unknown controller {name!r}; valid are {STROKE}, {', '.join(RECIPES)}")
    return Controller.load(folder / f"{name}.safetensors")


def team(name: str = "learned", folder: Path = FOLDER) -> tuple[list[Controller], Choose]:
    """The controllers to choose from, and the choice: of which most landings are expected.

    "learned": all that are described; or a single one's name.
    """
    if name != "learned":
        return [controller(name, folder)], the_one
    described = Descriptors.load(folder / DESCRIBED)
    controllers = [controller(known, folder) for known in described.names]

    def choose(ball: BallState) -> NDArray[np.int64]:
        looked = [described.look(row) for row in key(ball)]
        return np.array([np.argmax([found.land_rate for found in row]) for row in looked])

    return controllers, choose


class _Speeds:
    """What the skills share: speeds within the limits, as commands."""

    def __init__(self, body: Body) -> None:
        self._expiry = body.spec.timeout
        self._modes = (JointMode.VELOCITY,) * len(body.spec.joints)
        self._limiter = Limiter(inside(body.spec))

    def begin(self, state: State) -> None:
        self._limiter.reset()
        self._limiter.go_on(state.reference.qd[None], state.reference.qdd[None])

    def command(self, state: State, goal: Goal, wish: Vector) -> Command:
        target = self._limiter.limit(wish[None], state.q[None])[0]
        return Command(state.time, state.seq, goal.id, target, self._modes, self._expiry)


def homeward(q: Vector) -> Vector:
    """Joint speeds (..., 8) from `q` (..., 8) to the ready posture, at most half of full speed."""
    return np.clip(HASTE * (TENNIS.home - q), -0.5 * SPEED, 0.5 * SPEED)


class Ready:
    """Go to where the next ball is awaited. Goal arguments: none. Done when it is there."""

    def __init__(self, body: Body) -> None:
        self._speeds = _Speeds(body)

    def reset(self, state: State, goal: Goal) -> None:
        self._speeds.begin(state)

    def act(self, state: State, goal: Goal) -> tuple[Command, Outcome]:
        wish = homeward(state.q)
        there = bool(np.abs(TENNIS.home - state.q).max() < READY)
        status = Status.DONE if there else Status.RUNNING
        return self._speeds.command(state, goal, wish), Outcome(goal.id, status)


class Rally:
    """Return a ball. Done once it flies back, failed when it is past.

    Goal arguments: `controller`, a name in `skills.tennis.recipes.RECIPES`, or "stroke"; for that,
    `target` [x, y] [m], `flight` [s] and `side`; `track`, "paper" or "physical".
    """

    def __init__(self, body: Body) -> None:
        self._speeds = _Speeds(body)

    def reset(self, state: State, goal: Goal) -> None:
        """ValueError or CheckpointError where the arguments are no good."""
        self._track = TRACKS[goal.args.get("track", "paper")]
        self._player = _player(goal.args, self._track)
        self._begun, self._known = False, False
        self._speeds.begin(state)

    def act(self, state: State, goal: Goal) -> tuple[Command, Outcome]:
        senses, ball = self._senses(state), state.ball
        if not self._begun:
            self._player.begin(senses)
            self._begun = True
        new = ball is not None and not self._known
        self._known |= new
        wish = self._player.act(senses, np.array([new]))[0]
        if not self._known:
            wish = np.zeros(len(SPEED))
        return self._speeds.command(state, goal, wish), self._outcome(state, goal, ball)

    def _senses(self, state: State) -> Senses:
        """The state as players know it."""
        ball, seen = state.ball, nan
        flown = BallState(*(np.full((1, 3), nan) for _ in range(3)))
        if ball is not None:
            flown = BallState(ball.position[None], ball.velocity[None], ball.spin[None])
            seen = ball.time
        return Senses(
            state.time,
            flown,
            np.array([seen]),
            ahead(self._track, ball, state.time),
            state.q[None],
            np.array([state.time - SEEN]),
            state.reference.qd[None],
        )

    @staticmethod
    def _outcome(state: State, goal: Goal, ball: Flight | None) -> Outcome:
        if ball is None:
            return Outcome(goal.id, Status.RUNNING)
        if ball.velocity[1] > 0:
            return Outcome(goal.id, Status.DONE)
        if ball.position[1] < GONE:
            return Outcome(goal.id, Status.FAILED, "the ball got past")
        if state.time - ball.time > LOST:
            return Outcome(goal.id, Status.FAILED, "the ball is out of sight")
        if ball.velocity[1] > SLOWEST:
            return Outcome(goal.id, Status.FAILED, "the ball does not come")
        return Outcome(goal.id, Status.RUNNING)


def _player(args: Mapping[str, Any], track: Track) -> Player:
    """Who plays, by a goal's arguments: a learned controller, or the model-based stroke."""
    name = args.get("controller", STROKE)
    if name != STROKE:
        return Learned([controller(name, FOLDERS[track.name])], the_one, track)
    from skills.tennis.stroke import Model, StrokeConfig

    chosen = {key: args[key] for key in ("flight", "side") if key in args}
    if "target" in args:
        chosen["target"] = tuple(args["target"])
    return Model(track, [StrokeConfig(**chosen)])
