"""The mode: what people say about moving at all, heard before any planner hears it.

Stopping is easy and going on is not: a stop word counts wherever it stands in a line, while
"continue" and "re-arm" must stand for themselves, and lose against a stop of the same tick.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from robot.safety import Supervisor
from robot.types import Goal, Utterance

HOLD = Goal(-1, "hold")
LETTER = r"[^\W\d_]"


def phrases(*spoken: str) -> re.Pattern[str]:
    """Any of these, as whole words in any case, however long their letters are held (stooop)."""
    spelt = ("".join(r"[\s-]*" if c == " " else f"{c}+" for c in text) for text in spoken)
    return re.compile(rf"(?<!{LETTER})(?:{'|'.join(spelt)})(?!{LETTER})", re.IGNORECASE)


DANGER = ("emergency stop", "emergency", "e stop")
EMERGENCY = phrases(*DANGER)
STOP = phrases(*DANGER, *"stop halt freeze whoa pause wait pardon".split(), "hold on")
REARM = phrases("re arm", "arm")
GO_ON = phrases("continue", "resume", "go on", "carry on")
# Words that add nothing: anywhere, and beside one of the above.
POLITE = phrases(*"and hey now oh ok okay please robot so sorry then yes you".split())
FILLER = phrases(
    *"""a again all and at do dont don't everything for hey i immediately it just me minute moment
    motion moving never not now oh ok okay once please right robot said say sec second so sorry
    that the then there this to yes you your arm""".split()
)
BREAK = re.compile(r"((?:[,.;:!?]|\s-)+(?:\s|$)|\n+)")


class Phase(StrEnum):
    IDLE = "idle"  # not begun
    ENGAGED = "engaged"  # the planner's goals are followed
    SOFT_STOP = "soft stop"  # holds until "continue"
    STOPPED = "stopped"  # by the Supervisor; holds until "re-arm"


class Mode:
    """Whether the planner's goals are followed: idle, engaged, soft stop or stopped."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._seen_stops = supervisor.stops
        self._phase = Phase.IDLE
        self.stops = 0  # how often it went to soft stop or stopped

    @property
    def phase(self) -> Phase:
        """The mode now, after what the Supervisor may have done."""
        if self._supervisor.stops != self._seen_stops:
            self._seen_stops = self._supervisor.stops
            self._halt(Phase.STOPPED)
        if self._phase is Phase.STOPPED and not self._supervisor.stopped:
            self._phase = Phase.SOFT_STOP
        return self._phase

    @property
    def halted(self) -> bool:
        """Does it wait for a person to say "continue" or "re-arm"?"""
        return self.phase in (Phase.SOFT_STOP, Phase.STOPPED)

    def engage(self) -> None:
        """Begin to follow goals. A stop is ended by what people say, not by this."""
        if self.phase is Phase.IDLE:
            self._phase = Phase.ENGAGED

    def hear(self, utterances: Sequence[Utterance]) -> tuple[Utterance, ...]:
        """Obey what is said about the mode; returns the lines, or the parts of them, left over."""
        texts = [_plain(utterance.text) for utterance in utterances]
        stop = any(STOP.search(text) for text in texts)
        if any(EMERGENCY.search(text) for text in texts):
            self._supervisor.halt("emergency stop")
            if self.phase is not Phase.STOPPED:
                self._halt(Phase.STOPPED)
        elif stop and not self.halted:
            self._halt(Phase.SOFT_STOP)
        left = []
        for utterance, text in zip(utterances, texts, strict=True):
            rest = self._obey(_without_stops(text), deaf=stop)
            if rest == text:
                left.append(utterance)
            elif rest:
                left.append(replace(utterance, text=rest))
        return tuple(left)

    def gate(self, goal: Goal) -> Goal:
        """`goal` while engaged; otherwise to hold."""
        return goal if self.phase is Phase.ENGAGED else HOLD

    def _halt(self, phase: Phase) -> None:
        self._phase = phase
        self.stops += 1

    def _obey(self, text: str, deaf: bool) -> str:
        """Re-arm and go on if `text` says so; it is left alone where there is nothing to end."""
        if not self.halted:
            return text
        kept = []
        for clause in _clauses(text):
            rest = GO_ON.sub(" ", REARM.sub(" ", clause))
            if rest == clause or not _empty(rest, FILLER):
                kept.append(clause)
                continue
            if not deaf and REARM.search(clause):
                self._supervisor.rearm()
            if not deaf and GO_ON.search(clause) and self.phase is Phase.SOFT_STOP:
                self._phase = Phase.ENGAGED
        return _joined(kept, text)


def _plain(text: str) -> str:
    """`text` with plain letters, dashes and apostrophes, and without what cannot be seen."""
    plain = ""
    for c in unicodedata.normalize("NFKC", text).replace("\u2019", "'"):
        category = unicodedata.category(c)
        if category not in ("Cf", "Mn"):
            plain += "-" if category == "Pd" else c
    return plain


def _clauses(text: str) -> list[str]:
    """The parts of a line, each with the punctuation that ends it."""
    parts = [*BREAK.split(text), ""]
    return [clause + end for clause, end in zip(parts[::2], parts[1::2], strict=True)]


def _empty(text: str, words: re.Pattern[str]) -> bool:
    """Does it say nothing but these words?"""
    return re.search(r"\w", words.sub(" ", text)) is None


def _without_stops(text: str) -> str:
    """`text` without its stop words, and without the clauses that say nothing else."""
    kept = []
    for clause in _clauses(text):
        rest = STOP.sub(" ", clause)
        if rest == clause:
            kept.append(clause)
        elif not _empty(rest, FILLER):
            kept.append(" ".join(rest.split()) + " ")
    return _joined(kept, text)


def _joined(kept: list[str], text: str) -> str:
    """What is kept of `text`; nothing if that is mere politeness."""
    left = "".join(kept)
    if left == text:
        return text
    return "" if _empty(left, POLITE) else left.strip(" \t\n,;:-")
