"""The referee: touches of the ball go in, decisions come out. No physics.

Rules of the International Table Tennis Federation (2.4 to 2.13) and of the matches of arXiv
2408.03906: the human always serves; nothing is scored before the robot has returned the serve; a
protective stop, or a ball above 2 m, is a let; best of three games, all three played, each to 11
by 2, or to 20.
"""

from dataclasses import dataclass, field
from enum import StrEnum

ROOF = 2.0  # [m] over the table; a ball above it is a let
SAME = 0.03  # [s] touches of one racket within this are one stroke


class Side(StrEnum):
    NEAR = "near"  # at -y: the robot
    FAR = "far"  # at +y: its opponent

    @property
    def other(self) -> "Side":
        return Side.FAR if self is Side.NEAR else Side.NEAR


@dataclass(frozen=True, slots=True)
class Decision:
    """How a rally ended: a point for a side, or, without one, a let."""

    point: Side | None
    why: str


@dataclass
class Rally:
    """One rally, from a stroke of `hitter` on. `decision` is None while it lasts."""

    hitter: Side = Side.FAR  # who struck the ball last
    serve: bool = False  # was that stroke a serve?
    counts: bool = True  # can it bring a point? if not, its end is a let
    decision: Decision | None = None
    strokes: int = 0  # by both, after the first
    _bounces: list[Side] = field(default_factory=list)  # since the last stroke
    _net: bool = False  # touched since the last stroke
    _struck: float = float("-inf")  # [s] when the last stroke touched

    @property
    def good(self) -> bool:
        """Has the last stroke been played as it must, up to the other's side of the table?"""
        needed = [self.hitter, self.hitter.other] if self.serve else [self.hitter.other]
        return self._bounces == needed

    def table(self, side: Side) -> None:
        """The ball touches `side`'s half of the table."""
        if self.decision:
            return
        if self.good:
            self._end(self.hitter, "bounced twice")
            return
        self._bounces.append(side)
        if self.good and self.serve and self._net:
            self._let("the serve touched the net")
        elif not self._can_be_good():
            self._end(self.hitter.other, f"{'serve' if self.serve else 'ball'} on the wrong side")

    def _can_be_good(self) -> bool:
        needed = [self.hitter, self.hitter.other] if self.serve else [self.hitter.other]
        return needed[: len(self._bounces)] == self._bounces

    def net(self) -> None:
        """The ball touches the net."""
        self._net = True

    def racket(self, side: Side, time: float) -> None:
        """The ball touches `side`'s racket at `time` [s]."""
        if self.decision:
            return
        if side is self.hitter:
            if time - self._struck > SAME:
                self._end(side.other, "struck twice")
            return
        if not self.good:
            self._end(self.hitter, "struck before it bounced")
            return
        self.hitter, self.serve, self._net, self._struck = side, False, False, time
        self._bounces.clear()
        self.strokes += 1

    def body(self, side: Side) -> None:
        """The ball touches `side`'s body."""
        self._end(side.other, "touched by the body")

    def floor(self) -> None:
        """The ball touches the floor, or is gone for good."""
        if self.good:
            self._end(self.hitter, "not returned")
        else:
            why = "into the net" if self._net else "out"
            self._end(self.hitter.other, why)

    def height(self, z: float) -> None:
        """The ball's centre is `z` [m] above the table."""
        if z > ROOF:
            self._let("too high")

    def crash(self, side: Side) -> None:
        """`side` moves the table."""
        self._end(side.other, "touched the table")

    def stop(self) -> None:
        """A robot was stopped to protect it."""
        self._let("protective stop")

    def _end(self, point: Side, why: str) -> None:
        if not self.decision:
            self.decision = Decision(point if self.counts else None, why)

    def _let(self, why: str) -> None:
        if not self.decision:
            self.decision = Decision(None, why)


@dataclass(frozen=True, slots=True)
class MatchRules:
    """The paper's; `to` and `by` are the laws' own."""

    games: int = 3  # all are played
    to: int = 11  # points ...
    by: int = 2  # ... with a lead of so many ...
    at_most: int = 20  # ... or so many points


@dataclass
class Match:
    """The score."""

    rules: MatchRules = field(default_factory=MatchRules)
    points: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))  # of this game
    games: list[dict[Side, int]] = field(default_factory=list)  # points of those that are over
    lets: int = 0

    def rally(self) -> Rally:
        """The next rally: the human's serve. It does not count until the robot returned it."""
        if self.over:
            raise ValueError("the match is over")
        return Rally(Side.FAR, serve=True, counts=False)

    def returned(self, rally: Rally) -> bool:
        """Let `rally` count from now on, if the robot has returned the serve; did it?"""
        if rally.strokes > 1 or (rally.strokes == 1 and rally.good):
            rally.counts = True
        return rally.counts

    def score(self, decision: Decision) -> None:
        """Take a decision in."""
        if self.over:
            raise ValueError("the match is over")
        if decision.point is None:
            self.lets += 1
            return
        self.points[decision.point] += 1
        most, least = max(self.points.values()), min(self.points.values())
        rules = self.rules
        if (most >= rules.to and most - least >= rules.by) or most >= rules.at_most:
            self.games.append(self.points)
            self.points = dict.fromkeys(Side, 0)

    @property
    def over(self) -> bool:
        return len(self.games) >= self.rules.games

    def won(self, side: Side) -> int:
        """Games that `side` has won."""
        return sum(points[side] > points[side.other] for points in self.games)

    @property
    def winner(self) -> Side | None:
        """Who won, once it is over."""
        if not self.over:
            return None
        return max(Side, key=self.won)
