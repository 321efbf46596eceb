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
    spelt = ("".join(r"[\s‐-]*" if c == " " else f"{c}+" for c in text) for text in spoken)
    return re.compile(rf"(?<!{LETTER})(?:{'|'.join(spelt)})(?!{LETTER})", re.IGNORECASE)


EMERGENCY = phrases("emergency stop", "emergency", "e stop")
STOP = phrases(
    "emergency stop", "emergency", "e stop", "stop", "halt", "freeze", "whoa", "pause", "wait",
    "hold on", "pardon",
)  # fmt: skip
REARM = phrases("re arm", "arm")
GO_ON = phrases("continue", "resume", "go on", "carry on")
# Words that add nothing: anywhere, and beside one of the above.
POLITE = phrases(*"and hey now oh ok okay please robot so sorry then yes you".split())
FILLER = phrases(
    *"""a again all and at do dont don't everything for hey i immediately it just me minute moment
    motion moving never not now oh ok okay once please right robot said say sec second so sorry
    that the then there this to yes you your arm""".split()
)
BREAK = re.compile(r"((?:[,.;:!?…]|\s-)+(?:\s|$)|[–—\n]+)")


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
        """What it is now, after what the Supervisor may have done."""
        if self._supervisor.stops != self._seen_stops:
            self._seen_stops = self._supervisor.stops
            self._halt(Phase.STOPPED)
        elif self._phase is Phase.STOPPED and not self._supervisor.stopped:
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
            rest = self._obey(_without(STOP, text) if STOP.search(text) else text, deaf=stop)
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
        ...


def _plain(text: str) -> str:
    """`text` with compatible characters made one, and without those that cannot be seen."""
    normal = unicodedata.normalize("NFKC", str(text)).replace("’", "'")
    return "".join(c for c in normal if unicodedata.category(c) not in ("Cf", "Mn"))
