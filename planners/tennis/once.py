"""One ball: await it, decide, have it returned."""

from collections.abc import Callable, Mapping
from typing import Any

from robot.ball import BallState, Track
from robot.ball_filter import ahead
from robot.types import Goal, Outcome, State, Utterance


class OneBall:
    """Has the first ball returned that is known; a `robot.types.Planner`.

    `decide` gives the arguments of the skill `rally` for the ball (1, 3) as it should be now.
    """

    def __init__(self, decide: Callable[[BallState], Mapping[str, Any]], track: Track) -> None:
        self._decide, self._track = decide, track
        self._goal = Goal(1, "ready", {})
        self.args: Mapping[str, Any] | None = None  # of the decision, once it is made

    def plan(self, state: State, heard: tuple[Utterance, ...], outcome: Outcome) -> Goal:
        if self._goal.skill == "ready" and state.ball is not None:
            self.args = self._decide(ahead(self._track, state.ball, state.time))
            self._goal = Goal(2, "rally", {**self.args, "track": self._track.name})
        return self._goal
