"""When to choose: one step after a ball is known; and once more, if it turns out to have underspin.

After arXiv 2408.03906, where the choice is made one step after the opponent's hit: whoever waits
longer hits less. Five votes on the spin take longer than that. So the choice is made without the
specialists for underspin, and when the votes are in, one of them may take over.
"""

import numpy as np

from planners.tennis.chooser import Choice
from planners.tennis.experience import Experience
from planners.tennis.network import Networks
from planners.tennis.sight import Sight
from robot.ball import BallState, Track, landing
from robot.ball_filter import ahead
from robot.types import Flight, Vector

WAIT = 1  # ticks from when a ball is known to the choice
TOO_LATE = -1.0  # [m] y of a ball, as first known, that can still be played


class Decider:
    """The choices of one robot, ball by ball."""

    def __init__(self, experience: Experience, networks: Networks, track: Track) -> None:
        self.experience, self._track = experience, track
        self._sight = Sight(networks, track)
        self._done = False  # nothing more is to be decided about this ball

    def forget(self) -> None:
        """No ball comes, or the next that comes is another one."""
        self._sight.forget()
        self._done = False

    def leave(self) -> None:
        """Nothing more is to be decided about this ball."""
        self._done = True

    def watch(self, ball: Flight, now: float, q: Vector) -> Choice | None:
        """A tick at `now` [s] of a ball that comes, joints at `q` (8,); the choice made at it."""
        if self._done:
            return None
        there = BallState(*(field[0] for field in ahead(self._track, ball, now)))
        since = self._sight.ticks  # ticks since it is known
        if not since:
            if there.position[1] < TOO_LATE:
                return None
            self._first = there
        self._sight.see(BallState(ball.position, ball.velocity, ball.spin), there, q)
        if since < WAIT:
            return None
        insight = self._sight.insight()
        self._done = insight.settled
        if since > WAIT and not insight.underspin:
            return None
        # Descriptors were measured by balls as they were when first known. Spin is known better by
        # now.
        key = np.concatenate((self._first.position, self._first.velocity, ball.spin[:1]))
        serve = bool(landing(self._track, self._first)[1][1] > 0)
        if since == WAIT:
            return self.experience.choose(key, insight, serve)
        return self.experience.reconsider(key, insight, serve)
