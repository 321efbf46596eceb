"""What became of one ball that was sent to the robot: hit, landed, where, and why not."""

from collections.abc import Sequence

import numpy as np

from robot.types import Vector
from sim.tennis.court import Touch
from sim.tennis.referee import Decision, Rally, Side
from sim.tennis.states import serves, split

LIMIT = (3.0, 4.5)  # [m] across and along, from the middle; a ball beyond is gone


class Judge:
    """One ball, from its state on. `over` once its fate is known.

    valid: it came to the robot as the rules want. hit: the robot's racket touched it then. landed:
    after that, it came down on the other side first.
    """

    def __init__(self, start: Vector) -> None:
        """`start` (9,) as in `sim.tennis.states`."""
        serve = bool(serves(split(start[None]))[0])
        self.rally = Rally(Side.FAR, serve=serve)
        self.valid = self.hit = self.landed = False
        self.place: Vector | None = None  # (2,) [m] where it landed
        self.sent: Vector | None = None  # (3,) [m/s] its velocity when it left the racket
        self.net_height: float | None = None  # [m] of its centre over the net, on the way back
        self.crashed = False  # the robot touched the table

    @property
    def decision(self) -> Decision | None:
        return self.rally.decision

    @property
    def over(self) -> bool:
        return self.landed or self.decision is not None

    def see(self, touches: Sequence[Touch], position: Vector) -> None:
        """What was touched since the last time, and the ball's position (3,) now."""
        for touch in touches:
            if not self.over:
                self._take(touch)
        if not self.over:
            self.rally.height(float(position[2]))
            if (np.abs(position[:2]) > LIMIT).any():
                self.rally.floor()

    def _take(self, touch: Touch) -> None:
        rally, what = self.rally, touch.what
        side = Side.NEAR if touch.position[1] < 0 else Side.FAR
        if what == "table":
            rally.table(side)
            if rally.hitter is Side.NEAR and rally.good:
                self.landed, self.place = True, touch.position[:2].copy()
        elif what == "racket":
            rally.racket(Side.NEAR, touch.time)
            self.hit |= rally.hitter is Side.NEAR
        elif what == "released" and self.hit and self.sent is None:
            self.sent = touch.velocity.copy()
        elif what == "net":
            rally.net()
        elif what == "arm":
            rally.body(Side.NEAR)
        elif what == "floor":
            rally.floor()
        elif what == "crash":
            self.crashed = True
        self.valid |= rally.good and rally.hitter is Side.FAR and rally.decision is None
