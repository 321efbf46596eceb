"""Matches of table tennis against opponents, for `courtside eval match`."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from robot.ball import BallState
from robot.ball_filter import BallFilter
from robot.cli import build
from robot.cli.errors import WrongUse
from robot.limiter import Limiter, inside
from robot.tennis import TENNIS
from robot.types import Vector

if TYPE_CHECKING:
    from planners.tennis.experience import Experience
    from robot.ball import Track
    from robot.shots import Shot
    from sim.tennis.court import Seen
    from sim.tennis.evaluate import Played, Policy
    from skills.tennis.controller import Controller
    from skills.tennis.descriptors import Descriptors
    from skills.tennis.stroke import StrokeConfig

AT_ONCE = 100  # matches that are simulated together
LIMIT = 3600.0  # [s] simulated, of a match

# Makes the robots' part of n matches; the generator decides what it chooses.
Factory = Callable[[int, np.random.Generator], "Policy"]


@dataclass(frozen=True)
class Setup:
    """What all matches have in common."""

    level: str
    fresh: bool  # opponents drawn anew, not the committed ones
    games: int
    states: Path | None
    n: int
    seed: int


def play_all(setup: Setup, factory: Factory, done: Callable[[int], None]) -> "list[Played]":
    """Every match of `setup`, by robots of `factory`; `done` is told how many have ended.

    Match i is the same for every factory: its opponent, and all of that one's chance.
    """
    from sim.tennis.evaluate import play
    from sim.tennis.levels import committed, draw
    from sim.tennis.match import MatchBatch, MatchConfig
    from sim.tennis.play import PlayConfig
    from sim.tennis.referee import MatchRules

    config = MatchConfig(PlayConfig(MatchRules(games=setup.games)), setup.states)
    played, seeds = [], iter(range(setup.seed, setup.seed + setup.n))
    while some := list(islice(seeds, AT_ONCE)):
        own, chance, who, choice = (
            [np.random.default_rng([seed, part]) for seed in some] for part in range(4)
        )
        if setup.fresh:
            players = [draw(setup.level, rng) for rng in who]
        else:
            known = committed(setup.level)
            players = [known[seed % len(known)] for seed in some]
        matches = MatchBatch(players, own, chance, config)
        played += play(matches, factory(len(some), choice[0]), LIMIT, done)
    return played


def strokes(choice: str, track: "Track") -> Factory:
    """Robots that play the model-based stroke, one of STYLES at random or always the same."""
    styles = _styles()
    if choice != "random" and choice not in styles:
        raise WrongUse(f"--choice must be random or one of {', '.join(styles)}: not {choice!r}")
    names = list(styles) if choice == "random" else [choice]
    return lambda n, rng: Strokes(n, {name: styles[name] for name in names}, track, rng)


def _styles() -> "dict[str, StrokeConfig]":
    from skills.tennis.stroke import StrokeConfig

    return {
        "left": StrokeConfig((-0.45, 0.85)),
        "centre": StrokeConfig((0.0, 0.85)),
        "right": StrokeConfig((0.45, 0.85)),
        "fast": StrokeConfig((0.0, 0.95), flight=0.42),
    }


class Strokes:
    """n robots that play the model-based stroke, its style chosen anew for every ball.

    They know of a new ball by what they see: the first fix after none, or one that comes back.
    """

    def __init__(
        self,
        n: int,
        styles: "dict[str, StrokeConfig]",
        track: "Track",
        rng: np.random.Generator,
    ) -> None:
        from skills.tennis.stroke import Stroke

        self._rng, self._styles = rng, styles
        self._stroke = Stroke(track, [next(iter(styles.values()))] * n)
        self._filter, self._limiter = BallFilter(track, None, n), Limiter(inside(TENNIS), n)
        self._sent = np.zeros((n, len(TENNIS.joints)))
        self._last, self._away = np.full((n, 3), np.nan), np.ones(n, dtype=bool)
        self._begun = False
        self.chosen: list[list[tuple[float, str]]] = [[] for _ in range(n)]

    def act(self, now: float, seen: "Seen", results: "Sequence[Sequence[Shot]]") -> Vector:
        """Joint speeds (n, 8)."""
        n = len(seen.q)
        if not self._begun:
            self._stroke.reset(np.arange(n), seen.q)
            self._begun = True
        self._notice(now, seen.ball)
        self._filter.update(seen.ball_time, seen.ball)
        known = (self._filter.known & ~self._away)[:, None]
        ball = BallState(*(np.where(known, field, np.nan) for field in self._filter.state()))
        wish = self._stroke.act(
            np.full(n, now), ball, self._filter.time, seen.q, seen.time, self._sent
        )
        self._sent = self._limiter.limit(wish, seen.q)
        return self._sent

    def _notice(self, now: float, fix: Vector) -> None:
        """Choose for the balls that have begun to come, at (n, 3) [m]."""
        gone = np.isnan(fix[:, 0])
        coming = fix[:, 1] < self._last[:, 1] - 1e-3
        first = ~gone & np.isnan(self._last[:, 0])
        going = fix[:, 1] > self._last[:, 1] + 1e-3
        fresh = np.flatnonzero(self._away & (first | coming))
        self._away = (self._away | gone | going) & ~(first | coming)
        self._last = fix
        self._filter.reset(np.flatnonzero(gone | going))
        if len(fresh):
            self._filter.reset(fresh)
            self._stroke.renew(fresh)
        for row in fresh.tolist():
            name = list(self._styles)[int(self._rng.integers(len(self._styles)))]
            style = self._styles[name]
            self._stroke.style[row, :3] = (*style.target, style.flight)
            self.chosen[row].append((now, name))


def controllers(choice: str, track: "Track") -> Factory:
    """Robots that play learned controllers, chosen by the high-level controller."""
    from skills.saved import CheckpointError
    from skills.tennis.descriptors import Descriptors
    from skills.tennis.skill import DESCRIBED, FOLDER, team

    try:
        made, _ = team()
        described = Descriptors.load(FOLDER / DESCRIBED)
        Controllers(1, made, described, choice, track, np.random.default_rng(0))
    except (CheckpointError, ValueError) as error:
        raise WrongUse(str(error)) from error
    return lambda n, rng: Controllers(n, made, described, choice, track, rng)


class Controllers:
    """n robots, each with a high-level controller of its own and the same learned controllers."""

    def __init__(
        self,
        n: int,
        made: "Sequence[Controller]",
        described: "Descriptors",
        choice: str,
        track: "Track",
        rng: np.random.Generator,
    ) -> None:
        from planners.tennis.chooser import Chooser
        from planners.tennis.decide import Decider
        from planners.tennis.experience import Experience
        from robot.cli.decided import Decided
        from skills.tennis.descriptors import Descriptors

        self.experiences = [
            Experience(Chooser(Descriptors(described.simulated), choice, one))
            for one in rng.spawn(n)
        ]
        networks = build.tennis_networks()
        deciders = [Decider(experience, networks, track) for experience in self.experiences]
        self._decided = Decided(made, deciders, track)
        self._filter, self._limiter = BallFilter(track, None, n), Limiter(inside(TENNIS), n)
        self._sent = np.zeros((n, len(TENNIS.joints)))
        self._playing = np.zeros(n, dtype=bool)
        self.chosen: list[list[tuple[float, str]]] = [[] for _ in range(n)]
        self._begun = False

    def act(self, now: float, seen: "Seen", results: "Sequence[Sequence[Shot]]") -> Vector:
        """Joint speeds (n, 8)."""
        from skills.tennis.arena import Senses
        from skills.tennis.skill import GONE, LOST, homeward

        n = len(seen.q)
        self._filter.update(seen.ball_time, seen.ball)
        known = self._filter.known[:, None]
        ball, ahead = self._filter.state(), self._filter.at(np.full(n, now))
        ball, ahead = (
            BallState(*(np.where(known, x, np.nan) for x in state)) for state in (ball, ahead)
        )
        senses = Senses(now, ball, self._filter.time, ahead, seen.q, seen.time, self._sent)
        if not self._begun:
            self._decided.begin(senses)
            self._begun = True
        for experience, shots in zip(self.experiences, results, strict=True):
            experience.read(shots)
        coming = ball.velocity[:, 1] < 0  # not, while it is not known
        past = (ball.position[:, 1] < GONE) | (now - self._filter.time > LOST)
        wish, chosen = self._decided.follow(senses, coming, past)
        for row in np.flatnonzero(chosen).tolist():
            self.chosen[row].append((now, self._decided.names[row]))
        self._playing = (self._playing & ~(ball.velocity[:, 1] > 0) & ~past) | chosen
        wish = np.where(self._playing[:, None], wish, homeward(seen.q))
        self._sent = self._limiter.limit(wish, seen.q)
        return self._sent


def write_records(path: Path, played: "Sequence[Played]", seed: int) -> None:
    """The record of every match, with its table of shots, as JSON."""
    from sim.tennis.evaluate import record

    path.write_text(json.dumps([record(match, seed + i) for i, match in enumerate(played)]))


def draw(path: Path, experiences: "Sequence[Experience]") -> None:
    """Preferences, shot by shot: of the first match, and in the mean of all."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    names = list(experiences[0].chooser.preferences.h)
    longest = max(len(one.preferences) for one in experiences)
    h = np.full((len(experiences), longest, len(names)), np.nan)
    for i, one in enumerate(experiences):
        for shot, found in enumerate(one.preferences):
            h[i, shot:] = [found[name] for name in names]  # they last
    figure = Figure((10, 4), layout="constrained")
    colours = colormaps["tab10"].colors  # pyright: ignore[reportAttributeAccessIssue]
    kinds = list(dict.fromkeys(name.partition("_")[2] for name in names))
    means = np.nanmean(h, axis=0) if longest else h[0]
    for axes, title, values in zip(
        figure.subplots(1, 2),
        ("the first match", f"mean of {len(experiences)} matches"),
        (h[0], means),
        strict=True,
    ):
        for k, name in enumerate(names):
            hand, _, kind = name.partition("_")
            axes.plot(
                values[:, k],
                label=name,
                color=colours[kinds.index(kind) % len(colours)],
                linestyle="--" if hand == "backhand" else "-",
            )
        axes.set(title=title, xlabel="choices whose end is known")
        axes.grid(alpha=0.3)
        if axes.get_subplotspec().is_first_col():
            axes.set_ylabel("preference H")
    lines, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside right upper", fontsize="x-small")
    figure.savefig(path, dpi=120)


def film(path: Path, played: "Sequence[Played]", setup: Setup) -> dict[str, Any]:
    """The best rally as a video: its match is played again, command by command."""
    from robot.scribe import Film
    from robot.types import Command, JointMode, vector
    from sim.tennis.evaluate import best_rally
    from sim.tennis.match import MatchConfig, TennisMatch
    from sim.tennis.play import PlayConfig
    from sim.tennis.referee import MatchRules
    from sim.tennis.world import CAMERAS

    which, begin, end = best_rally(played)
    match, seed = played[which], setup.seed + which
    config = MatchConfig(PlayConfig(MatchRules(games=setup.games)), setup.states)
    own, chance = (np.random.default_rng([seed, part]) for part in range(2))
    world, video = TennisMatch(match.player, own, chance, config), Film(str(path))
    modes = (JointMode.VELOCITY,) * len(TENNIS.joints)
    try:
        for tick, speeds in enumerate(match.speeds):
            if not world.wait() or world.now() > end:
                break
            if world.now() >= begin:
                video.show(world.now(), world.render(CAMERAS["scene"]))
            world.write(Command(world.now(), tick, 0, vector(speeds), modes, TENNIS.timeout))
    finally:
        video.close()
        world.close()
    return {"match": which, "from": begin, "to": round(end, 2)}
