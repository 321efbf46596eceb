"""What is made of a ball that comes, before a controller is chosen for it: style, and spin.

After arXiv 2408.03906: a style policy says whether forehand or backhand is more likely to return
it; a spin classifier votes at each tick, and a ball has underspin if four of five votes say so.
Both see what the robot sees: the ball as it is estimated, never its true spin.
"""

from dataclasses import dataclass

import numpy as np

from planners.tennis.network import STYLES, Network, Networks
from robot.ball import BallState, Mask, Track, fly
from robot.tennis import TENNIS
from robot.types import Vector

STEPS = 8  # timesteps that the style policy sees
VOTES, NEEDED = 5, 4  # ticks that vote, and how many say that it is underspin
AFTER = np.array([0.0, 1.0, 2.0]) * TENNIS.dt  # [s] timesteps that the spin classifier sees


@dataclass(frozen=True, slots=True)
class Insight:
    """What is made of a ball so far."""

    style: str  # one of STYLES: more likely to return it
    share: float  # probability that the style policy gives it
    yes: int  # votes for underspin, of ...
    votes: int  # ... so many

    @property
    def underspin(self) -> bool:
        return self.yes >= NEEDED

    @property
    def settled(self) -> bool:
        """Can no further vote change whether it is underspin?"""
        return self.underspin or self.votes - self.yes > VOTES - NEEDED

    def __str__(self) -> str:
        return f"{self.style} {self.share:.2f}, underspin {self.yes}/{self.votes}"


class Sight:
    """One ball, tick by tick."""

    def __init__(self, networks: Networks, track: Track) -> None:
        self._networks, self._track = networks, track
        self._steps: list[Vector] = []
        self._votes: list[bool] = []

    def forget(self) -> None:
        """The next ball is another one."""
        self._steps, self._votes = [], []

    @property
    def ticks(self) -> int:
        """On so many ticks the ball was seen."""
        return len(self._steps)

    def see(self, seen: BallState, now: BallState, q: Vector) -> None:
        """A tick: the ball (3,) as it was `seen` last, and as it should be `now`; joints (8,)."""
        self._steps.append(timestep(now, q))
        if len(self._votes) < VOTES:
            self._votes.append(bool(votes(self._networks.spin, turns(self._track, seen))))

    def insight(self) -> Insight:
        """What is made of it; it must have been seen."""
        if not self._steps:
            raise RuntimeError("no ball was seen: see comes before insight")
        shares = preferred(self._networks.style, window(self._steps))
        best = int(np.argmax(shares))
        return Insight(STYLES[best], float(shares[best]), sum(self._votes), len(self._votes))


def timestep(ball: BallState, q: Vector) -> Vector:
    """(..., 16) of what the style policy sees: the estimated ball, each (..., 3), and joints.

    Position [m], velocity [m/s], q (..., 8) [rad or m], spin about x and z [rad/s]. The paper has
    a style in the last two places; here it is what is asked for.
    """
    return np.concatenate((ball.position, ball.velocity, q, ball.spin[..., [0, 2]]), axis=-1)


def window(steps: list[Vector]) -> Vector:
    """(..., 128) of the last eight timesteps, each (..., 16), the oldest first.

    Those before the first are taken to be like it.
    """
    kept = steps[-STEPS:]
    return np.concatenate([kept[0]] * (STEPS - len(kept)) + kept, axis=-1)


def turns(track: Track, ball: BallState) -> Vector:
    """(..., 18) of what the spin classifier sees: positions [m] and velocities [m/s] of a ball.

    At three timesteps along its estimated flight from `ball`, each (..., 3), as if there were no
    table: spin shows in how the flight bends.
    """
    parts = []
    for time in AFTER.tolist():
        there = fly(track, ball, time)
        parts += [there.position, there.velocity]
    return np.concatenate(parts, axis=-1)


def votes(network: Network, seen: Vector) -> Mask:
    """(...) bool: underspin? For `turns` (..., 18)."""
    return network(seen)[..., 0] > 0


def preferred(network: Network, seen: Vector) -> Vector:
    """(..., 2) probability of each of STYLES, for a `window` (..., 128)."""
    logits = network(seen)
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)
