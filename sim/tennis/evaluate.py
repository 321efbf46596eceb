"""What came of matches: who won, the points, and how each choice of the robot's did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from robot.intervals import mean_interval, wilson
from robot.shots import Shot
from robot.types import Vector
from sim.tennis.court import Seen
from sim.tennis.match import MatchBatch
from sim.tennis.opponent import Player
from sim.tennis.referee import Match, Side

Chosen = tuple[float, str]  # when [s] since the match began, and what, from then on


class Policy(Protocol):
    """Plays n matches at once, by what its robots see and by the shots that are over."""

    @property
    def chosen(self) -> Sequence[Sequence[Chosen]]:
        """For each match, the choices made so far."""
        ...

    def act(self, now: float, seen: Seen, results: Sequence[Sequence[Shot]]) -> Vector:
        """Joint speeds (n, 8) at `now` [s]."""
        ...


@dataclass(frozen=True, eq=False)
class Played:
    """One match that has been played."""

    player: Player
    score: Match
    shots: Sequence[Shot]
    choices: Sequence[str]  # one for each of the robot's shots
    speeds: Vector  # (ticks, 8) that the robot was sent: to play it again, and film it
    seconds: float  # simulated

    @property
    def points(self) -> tuple[int, int]:
        """Won by the robot, and by its opponent, in all games."""
        games = [*self.score.games, self.score.points]
        won, lost = (sum(game[side] for game in games) for side in (Side.NEAR, Side.FAR))
        return won, lost


def play(
    matches: MatchBatch,
    policy: Policy,
    limit: float,
    done: Callable[[int], None] = lambda count: None,
) -> list[Played]:
    """Play all of `matches` to their end, or for `limit` [s] simulated; `done` is told whenever
    some have ended, how many."""
    seen, speeds, results = matches.reset(), [], [matches.results(i) for i in range(matches.n)]
    lasted = np.zeros(matches.n, dtype=np.int64)
    while len(matches.live) and matches.now < limit:
        lasted[matches.live] += 1
        speeds.append(policy.act(matches.now, seen, results))
        before = len(matches.live)
        seen = matches.step(speeds[-1])
        if ended := before - len(matches.live):
            done(ended)
    sent = np.array(speeds)
    return [
        Played(
            player,
            game.scorer.match,
            game.scorer.shots,
            _choices(game.scorer.shots, policy.chosen[i]),
            sent[: lasted[i], i].copy(),
            float(lasted[i]) * matches.dt,
        )
        for i, (player, game) in enumerate(zip(matches.players, matches.plays, strict=True))
    ]


def _choices(shots: Sequence[Shot], chosen: Sequence[Chosen]) -> list[str]:
    """What was chosen last before each of the robot's shots."""
    times = [time for time, _ in chosen]
    own = [shot.time for shot in shots if shot.by == "robot"]
    rows = np.searchsorted(times, own, side="right") - 1
    return [chosen[row][1] if row >= 0 else "" for row in rows]


def summary(matches: Sequence[Played]) -> dict[str, Any]:
    """Rates with 95 % intervals; those of points are over matches, since points of one match go
    together. A match that was not played to its end is counted apart."""
    ended = [match for match in matches if match.score.over]
    wins = sum(match.score.winner is Side.NEAR for match in ended)
    points = np.array([match.points for match in matches])
    won, lost = points.sum(axis=0).tolist()
    scored = points[points.sum(axis=1) > 0]
    shares = scored[:, 0] / scored.sum(axis=1)
    own = [shot for match in matches for shot in match.shots if shot.by == "robot"]
    choices = [choice for match in matches for choice in match.choices]
    return {
        "n": len(matches),
        "unfinished": len(matches) - len(ended),
        "match_win_rate": round(wins / len(ended), 4) if ended else None,
        "match_win_rate_interval": wilson(wins, len(ended)) if ended else None,
        "games": [sum(match.score.won(side) for match in matches) for side in Side],
        "points": [won, lost],
        "point_share": round(won / (won + lost), 4) if won + lost else None,
        "point_share_interval": mean_interval(shares) if len(shares) > 1 else None,
        "lets": sum(match.score.lets for match in matches),
        "by_choice": {name: _choice(name, own, choices) for name in sorted(set(choices))},
        "ends": _ends(matches),
    }


def _choice(name: str, shots: Sequence[Shot], choices: Sequence[str]) -> dict[str, Any]:
    """How a choice's shots did: landed, and were not returned."""
    made = [shot for shot, choice in zip(shots, choices, strict=True) if choice == name]
    good = sum(shot.good for shot in made)
    points = sum(shot.point == "robot" for shot in made)
    speeds = [float(np.linalg.norm(shot.velocity)) for shot in made]
    return {
        "n": len(made),
        "land_rate": round(good / len(made), 4),
        "land_rate_interval": wilson(good, len(made)),
        "winner_rate": round(points / len(made), 4),
        "winner_rate_interval": wilson(points, len(made)),
        "speed_m_s": round(float(np.median(speeds)), 2),
    }


def _ends(matches: Sequence[Played]) -> dict[str, int]:
    """How rallies ended: by whose stroke, and why."""
    counts: dict[str, int] = {}
    for match in matches:
        for shot in match.shots:
            if shot.ended:
                key = f"{shot.by}: {shot.ended}"
                counts[key] = counts.get(key, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: -pair[1]))


def record(match: Played, seed: int) -> dict[str, Any]:
    """A match as JSON can hold it: who, the games, and every shot."""
    choices = iter(match.choices)
    return {
        "seed": seed,
        "opponent": match.player.to_json(),
        "games": [[game[side] for side in Side] for game in match.score.games],
        "winner": {Side.NEAR: "robot", Side.FAR: "opponent", None: None}[match.score.winner],
        "lets": match.score.lets,
        "seconds": round(match.seconds, 2),
        "shots": [
            _row(shot, next(choices) if shot.by == "robot" else None) for shot in match.shots
        ],
    }


def _row(shot: Shot, choice: str | None) -> Mapping[str, Any]:
    """A line of the table of shots."""
    return {
        "rally": shot.rally,
        "stroke": shot.stroke,
        "by": shot.by,
        "choice": choice,
        "time": round(shot.time, 3),
        "position": np.round(shot.position, 3).tolist(),
        "velocity": np.round(shot.velocity, 2).tolist(),
        "spin": np.round(shot.spin, 1).tolist(),
        "landing": None if shot.landing is None else np.round(shot.landing, 3).tolist(),
        "good": shot.good,
        "reached": shot.reached,
        "ended": shot.ended,
        "point": shot.point,
    }


def best_rally(matches: Sequence[Played]) -> tuple[int, float, float]:
    """The longest rally that the robot won, or else the longest: which match, and from when to
    when [s]."""
    rallies: dict[tuple[int, int], list[Shot]] = {}
    for i, match in enumerate(matches):
        for shot in match.shots:
            rallies.setdefault((i, shot.rally), []).append(shot)
    if not rallies:
        raise ValueError("no rally was played")
    (which, _), shots = max(
        rallies.items(), key=lambda item: (item[1][-1].point == "robot", len(item[1]))
    )
    return which, shots[0].time, shots[-1].time + 1.0
