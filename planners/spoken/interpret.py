"""Which command was meant, if any.

A line that is typed is meant for the robot; what is said in a room need not be. So it must be a
command here: word for word, or one that the recogniser finds as likely as what it wrote. What comes
near one is asked about, and the rest is left alone. "No" takes back what was heard wrongly.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from planners.spoken.normal import Normal, normal
from planners.spoken.sayings import Sayings
from planners.spoken.undo import plainly, replaced, undone
from robot.hearing import Heard, Recognized
from robot.mode import BREAK, FILLER, GO_ON, REARM, STOP

YES = frozenset("yes yeah yep right correct exactly ok okay".split())
NO = frozenset("no nope wrong".split())
COURTESY = frozenset("can could would will".split())  # beside a stop, besides the mode's own
ENDS = " \t\n,.;:!?-"


@dataclass(frozen=True)
class InterpretConfig:
    """How likely a command must be. Differences of log-likelihood [nat], of whole sentences."""

    lost: tuple[float, float] = (2.0, 0.5)  # behind what was written, and more a word: obeyed ...
    poor: float = -2.3  # ... if it is as likely as that by itself [nat a word], ...
    worth: float = 12.0  # ... or further behind by so much for each [nat a word] above that
    asked: float = 3.0  # more than that: asked about
    apart: float = 2.0  # by which every other command must be less likely
    garbled: float = -1.0  # [nat a token] what was written; less likely is not understood at all
    letters: float = 0.6  # edits a letter to commands that are considered at all
    most: int = 12  # commands that are
    recent: float = 10.0  # [s] for which "yes" and "no" mean what was heard last


class Interpreter:
    """A `robot.hearing.Interpret`."""

    def __init__(self, sayings: Sayings, config: InterpretConfig | None = None) -> None:
        self._sayings, self._config = sayings, config or InterpretConfig()
        self._texts = list(sayings.known)
        self._asked = ("", -np.inf)  # the line asked about, and when [s]
        self._last = ("", -np.inf)  # the line obeyed last

    def near(self, guesses: Sequence[str]) -> list[str]:
        if not guesses or self._about_mode(guesses) or self._plainly(guesses[0]):
            return []
        found: dict[str, float] = {}
        for guess in guesses:
            said = normal(guess)
            nearest = process.extract(
                said.text,
                self._texts,
                scorer=Levenshtein.distance,
                score_cutoff=int(self._config.letters * len(said.text)),
                limit=self._config.most,
            )
            for text, off, _ in nearest:
                line = Normal(text, said.denied, said.instead).spoken
                found[line] = min(off, found.get(line, np.inf))
        return sorted(found, key=lambda line: found[line])[: self._config.most]

    def __call__(self, recognized: Recognized, now: float) -> Heard:
        guesses = recognized.guesses
        if not guesses:
            return Heard("speech")
        heard = self._about_mode(guesses) or self._answer(guesses[0], now)
        return heard or self._command(recognized, now)

    def settle(self, heard: Heard, now: float) -> None:
        if heard.kind == "command":
            self._last, self._asked = (heard.lines[-1], now), ("", now)
        elif heard.kind == "question":
            self._asked = (heard.lines[0] if heard.lines else "", now)

    def _plainly(self, guess: str) -> str:
        """The line, if it is a known command word for word."""
        said = normal(guess)
        return said.line if said.text in self._sayings.known else ""

    def _about_mode(self, guesses: Sequence[str]) -> Heard | None:
        """Stopping, where a guess or a part of the best says so; going on, where the best does."""
        best = guesses[0]
        parts = [part.strip() for part in BREAK.split(best) if part.strip(ENDS)]
        stops = [part for part in parts if _only(part, STOP)]
        if not stops and len(best.split()) <= 2:  # hardly anything was said
            stops = [guess for guess in guesses if _only(guess, STOP)][:1]
        if stops:
            rest = " ".join(part for part in parts if part not in stops)
            more = self._plainly(rest) if rest else ""
            return Heard("command", (_plain(stops[0]), *([more] if more else ())), best)
        if _only(best, GO_ON, REARM) and _plain(best) != "arm":
            return Heard("command", (_plain(best),), best)
        return None

    def _answer(self, best: str, now: float) -> Heard | None:
        """Yes or no to what was asked or heard last."""
        words = set(_plain(best).split())
        asked, when = self._asked
        asked = asked if now - when < self._config.recent else ""
        last, when = self._last
        last = last if now - when < self._config.recent else ""
        if asked and words <= YES:
            return Heard("command", (asked,), best)
        if words <= NO and (asked or last):
            back = "" if asked else undone(last)
            if back:
                return Heard("command", (back,), best)
            return Heard("question", (), best, ask="What shall I do?")
        return None

    def _command(self, recognized: Recognized, now: float) -> Heard:
        config, best = self._config, recognized.guesses[0]
        if line := self._plainly(best):
            return Heard("command", self._corrected(line, now), best)
        found: list[tuple[float, float, str, str]] = []  # behind; [nat a word]; meaning; line
        for spoken, likely in recognized.near.items():
            near = normal(spoken)
            words = len(spoken.split())
            behind = recognized.written - likely - (config.lost[0] + config.lost[1] * words)
            found.append((behind, likely / (words + 1), self._sayings.known[near.text], near.line))
        behind, likely, meaning, line = min(found, default=(np.inf, -np.inf, "", ""))
        other = min((behind for behind, _, also, _ in found if also != meaning), default=np.inf)
        allowed = config.worth * max(0.0, likely - config.poor)
        fits = behind <= allowed and likely >= config.poor
        if fits and other - behind >= config.apart:
            return Heard("command", self._corrected(line, now), best)
        if recognized.score < config.garbled and behind > 0:
            return Heard("question", (), best, ask="I did not understand. Please say that again.")
        if behind <= config.asked + allowed:
            return Heard("question", (line,), best, ask=f"Did you mean: {line}?")
        said = normal(best)
        if self._sayings.understands(Normal(said.text).line):  # what nobody has ever said so
            return Heard("command", self._corrected(said.line, now), best)
        return Heard("speech", (), best)

    def _corrected(self, line: str, now: float) -> tuple[str, ...]:
        """The line, and before it what undoes a line that was heard wrongly."""
        last, when = self._last
        if line.startswith("no, ") and last and now - when < self._config.recent:
            return replaced(last, line)
        return (plainly(line),)


def _plain(text: str) -> str:
    return " ".join(text.lower().strip(ENDS).replace(",", " ").split())


def _only(text: str, *phrases: re.Pattern[str]) -> bool:
    """Does it say one of the phrases, and else nothing that matters?"""
    rest = text
    for phrase in phrases:
        rest = phrase.sub(" ", rest)
    left = set(re.findall(r"\w+", FILLER.sub(" ", rest).lower()))
    return rest != text and left <= COURTESY
