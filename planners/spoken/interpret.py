"""Which command was meant, if any.

A line that is typed is meant for the robot; what is said in a room need not be. So it must be a
command here, in words that are known or nearly so; what comes near one without being it is asked
about, and the rest is left alone. "No" takes back what was heard wrongly.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from planners.spoken.normal import Normal, normal
from planners.spoken.sayings import Sayings
from planners.spoken.undo import replaced, undone
from robot.hearing import Heard, Hypothesis
from robot.mode import BREAK, FILLER, GO_ON, REARM, STOP

YES = frozenset("yes yeah yep right correct exactly ok okay".split())
NO = frozenset("no nope wrong".split())
COURTESY = frozenset("can could would will".split())  # beside a stop, besides the mode's own


@dataclass(frozen=True)
class InterpretConfig:
    """How near to a command is near enough.

    How far off something is counts edits, and what a guess is less likely than the best [nat].
    """

    sure: float = -0.3  # [nat a token] a guess from here on is taken at its word ...
    vague: float = -0.9  # ... and down here, as no more than a sound
    near: tuple[float, float] = (0.09, 0.3)  # off a letter: obeyed, if sure and if vague
    asked: float = 0.4  # off a letter: asked about
    apart: float = 1.5  # by which every other command must be further off
    recent: float = 10.0  # [s] for which "yes" and "no" mean what was heard last


@dataclass(frozen=True, slots=True)
class Match:
    """A command that may have been meant."""

    meaning: str
    line: str
    off: float
    letters: int
    score: float  # [nat a token] of the guess

    @property
    def rate(self) -> float:
        return self.off / self.letters


class Interpreter:
    """Call it with a recogniser's guesses and the time [s] that they were made."""

    def __init__(self, sayings: Sayings, config: InterpretConfig | None = None) -> None:
        self._sayings, self._config = sayings, config or InterpretConfig()
        self._texts = list(sayings.known)
        self._asked = ("", -np.inf)  # the line asked about, and when [s]
        self._last = ("", -np.inf)  # the line obeyed last

    def __call__(self, guesses: Sequence[Hypothesis], now: float) -> Heard:
        if not guesses or not guesses[0].text:
            return Heard("speech")
        heard = self._about_mode(guesses) or self._answer(guesses[0], now)
        return heard or self._command(guesses, now)

    def settle(self, heard: Heard, now: float) -> None:
        """ "Yes" and "no" refer to this from here on."""
        if heard.kind == "command":
            self._last, self._asked = (heard.lines[-1], now), ("", now)
        elif heard.kind == "question":
            self._asked = (heard.lines[0] if heard.lines else "", now)

    def _about_mode(self, guesses: Sequence[Hypothesis]) -> Heard | None:
        """Stopping, where a guess or a part of the best says so; going on, where the best does."""
        best = guesses[0].text
        parts = [part.strip() for part in BREAK.split(best) if part.strip(" \t\n,.;:!?-")]
        stops = [part for part in parts if _only(part, STOP)]
        if not stops and len(best.split()) <= 2:
            stops = [g.text for g in guesses if loss(g, guesses[0]) < 2 and _only(g.text, STOP)][:1]
        if stops:
            rest = [part for part in parts if part not in stops]
            more = self._command([Hypothesis(" ".join(rest), guesses[0].score)], 0.0)
            lines = more.lines if more.kind == "command" and rest else ()
            return Heard("command", (_plain(stops[0]), *lines), best, sure=True)
        if _only(best, GO_ON, REARM) and _plain(best) != "arm":
            return Heard("command", (_plain(best),), best, sure=True)
        return None

    def _answer(self, best: Hypothesis, now: float) -> Heard | None:
        """Yes or no to what was asked or heard last."""
        words = set(_plain(best.text).split())
        asked, when = self._asked
        if asked and now - when < self._config.recent:
            if words <= YES:
                return Heard("command", (asked,), best.text, sure=True)
            if words <= NO:
                return Heard("question", (), best.text, ask="What shall I do?")
        last, when = self._last
        if words <= NO:
            back = undone(last) if last and now - when < self._config.recent else ""
            if back:
                return Heard("command", (back,), best.text, sure=True)
            return Heard("question", (), best.text, ask="What shall I do instead?")
        return None

    def _command(self, guesses: Sequence[Hypothesis], now: float) -> Heard:
        config, best = self._config, guesses[0]
        matches = sorted(self._matches(guesses), key=lambda match: match.off)
        if not matches:
            return Heard("speech", (), best.text)
        first = matches[0]
        other = next((m.off for m in matches if m.meaning != first.meaning), np.inf)
        near = np.interp(-best.score, (-config.sure, -config.vague), config.near)
        if first.off == 0 or (first.rate <= near and other - first.off >= config.apart):
            return Heard("command", self._corrected(first, now), best.text, sure=first.off == 0)
        if first.rate <= config.asked and best.score < config.sure:
            return Heard("question", (first.line,), best.text, ask=f"Did you mean: {first.line}?")
        return Heard("speech", (), best.text)

    def _corrected(self, match: Match, now: float) -> tuple[str, ...]:
        """The line, and before it what undoes a line that was heard wrongly."""
        last, when = self._last
        denied = match.line.startswith("no, ")
        if not (denied and last and now - when < self._config.recent):
            return (match.line,)
        return replaced(last, match.line)

    def _matches(self, guesses: Sequence[Hypothesis]) -> Iterator[Match]:
        for guess in guesses:
            said = normal(guess.text)
            less = loss(guess, guesses[0])
            if not said.text:
                continue
            if said.text in self._sayings.known:
                meaning = self._sayings.known[said.text]
                yield Match(meaning, said.line, less, len(said.text), guess.score)
            elif self._sayings.understands(said.text):
                yield Match(said.text, said.line, less + 0.5, len(said.text), guess.score)
            most = self._config.asked * len(said.text) + self._config.apart
            for text, off, _ in process.extract(
                said.text,
                self._texts,
                scorer=Levenshtein.distance,
                score_cutoff=int(most) + 1,
                limit=8,
            ):
                if off:
                    line = Normal(text, said.denied, said.instead).line
                    meaning = self._sayings.known[text]
                    yield Match(meaning, line, less + off, len(text), guess.score)


def loss(guess: Hypothesis, best: Hypothesis) -> float:
    """[nat] by which a guess is less likely than the best."""
    return max(0.0, best.score * _tokens(best) - guess.score * _tokens(guess))


def _tokens(guess: Hypothesis) -> int:
    return len(guess.text.split()) + 2  # about: with the stop, and the end


def _plain(text: str) -> str:
    return " ".join(text.lower().strip(" \t\n,.;:!?-").replace(",", " ").split())


def _only(text: str, *phrases: re.Pattern[str]) -> bool:
    """Does it say one of the phrases, and else nothing that matters?"""
    rest = text
    for phrase in phrases:
        rest = phrase.sub(" ", rest)
    left = {word for word in FILLER.sub(" ", rest).lower().split() if word[0].isalnum()}
    return rest != text and left <= COURTESY
