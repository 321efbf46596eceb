"""From sound to what was said: two recognisers side by side, and neither waits.

The spotter has its few phrases as soon as they end. The recogniser is asked at the first pause,
before it is known whether the sentence is over. If that is a command, and nobody went on speaking
meanwhile, it is over; otherwise the end of the sentence is waited for.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from hardware.hearing.endpoint import STEP, EndpointConfig, Endpointer, Moment
from robot.hearing import Heard, Interpret, Recognized, Sound

AT_ONCE, IN_FULL = "spotter", "recognizer"


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and what was made of it."""

    heard: Heard
    by: str  # AT_ONCE or IN_FULL
    ended: float  # [s] of sound, until when there was a voice
    latency: float  # [s] from then until now


class Spots(Protocol):
    """See `hardware.hearing.spotter`."""

    def begin(self, sound: Sound) -> None: ...
    def hear(self, sound: Sound) -> None: ...
    def end(self) -> str: ...


class Job(Protocol):
    """What a recogniser was asked, as futures are."""

    def done(self) -> bool: ...
    def cancel(self) -> bool: ...
    def result(self) -> Recognized: ...


Submit = Callable[[Callable[[], Recognized]], Job]
Recognize = Callable[[Sound, Callable[[Sequence[str]], Sequence[str]]], Recognized]


def in_thread() -> Submit:
    """Real time: jobs are done one after the other, in a thread beside this one."""
    return ThreadPoolExecutor(1, thread_name_prefix="recognizer").submit


@dataclass(slots=True)
class Sentence:
    """One that the recogniser was asked about."""

    job: Job
    ended: float  # [s]
    spotted: str  # what was obeyed already
    heard: Heard | None = None


class Listener:
    """Give it frame after frame; it returns what has become known meanwhile."""

    def __init__(
        self,
        voice: Callable[[Sound], float],
        spotter: Spots,
        recognize: Recognize,
        interpret: Interpret,
        submit: Submit,
        config: EndpointConfig | None = None,
    ) -> None:
        """`voice`: the probability that somebody speaks in a frame. `recognize` gets a sentence,
        and what knows which commands may have been meant by guesses at it.
        """
        self._voice, self._spotter, self._recognize = voice, spotter, recognize
        self._interpret, self._submit = interpret, submit
        self._endpointer = Endpointer(config)
        self._sentence: Sentence | None = None  # at whose pause it was asked about
        self._before: list[Sentence] = []  # that are over, and not answered yet
        self._spotted = ""
        self._looked = False  # was the spotter asked in this sentence?
        self._talking = True
        self._wanted = True  # is the sentence for the robot?
        self._released = False

    @property
    def now(self) -> float:
        """[s] of sound so far."""
        return self._endpointer.now

    def talk(self, on: bool) -> None:
        """Push to talk: only what is said while it is on is for the robot, phrases apart.

        Without it, everything is.
        """
        self._released = self._talking and not on
        self._talking = on
        self._wanted |= on

    def __call__(self, frame: Sound, clock: float = 0.0) -> list[Said]:
        """`frame` (FRAME,), and the time [s] now, if it has been longer than the sound."""
        ears = self._endpointer
        moment = ears(frame, self._voice(frame), self._released)
        self._released = False
        if moment is Moment.BEGIN:
            self._spotter.begin(ears.sound)
            self._spotted, self._looked, self._wanted = "", False, self._talking
        elif moment is not Moment.QUIET and not self._looked:
            self._spotter.hear(frame)
        now = max(clock, ears.now)
        found: list[Said] = []
        if self._sentence is not None and ears.ended > self._sentence.ended + STEP / 2:
            self._sentence.job.cancel()  # it went on
            self._sentence = None
        if moment in (Moment.PAUSE, Moment.END):
            if not self._looked and (phrase := self._spotter.end()):
                self._spotted = phrase
                heard = Heard("command", (phrase,), phrase)
                self._interpret.settle(heard, ears.ended)
                found.append(Said(heard, AT_ONCE, ears.ended, now - ears.ended))
            self._looked = True
            if self._sentence is None and self._wanted:
                self._sentence = self._ask()
        if moment is Moment.END:
            if self._sentence is not None:
                self._before.append(self._sentence)
            self._sentence = None
            ears.begin()
        return [*found, *self._answers(now)]

    def finish(self, clock: Callable[[], float]) -> Iterator[Said]:
        """There is no more sound: wait for what is known of it."""
        last = [self._sentence] if self._sentence is not None else []
        for sentence in (*self._before, *last):
            sentence.job.result()
            yield self._said(sentence, max(clock(), self.now))
        self._before, self._sentence = [], None

    def _ask(self) -> Sentence:
        job = self._submit(partial(self._recognize, self._endpointer.sound, self._interpret.near))
        return Sentence(job, self._endpointer.ended, self._spotted)

    def _answers(self, now: float) -> list[Said]:
        """Of sentences that are over, and of the one that seems to be."""
        found: list[Said] = []
        while self._before and self._before[0].job.done():
            found.append(self._said(self._before.pop(0), now))
        last = self._sentence
        if last is not None and not self._before and last.job.done():
            last.heard = last.heard or self._interpret(last.job.result(), last.ended)
            if last.heard.kind == "command":
                found.append(self._said(last, now))
                self._sentence = None
                self._endpointer.begin()
        return found

    def _said(self, sentence: Sentence, now: float) -> Said:
        heard = sentence.heard or self._interpret(sentence.job.result(), sentence.ended)
        if sentence.spotted:  # what was obeyed already is not said again; nor is it taken back
            stopped = heard.kind == "command" and sentence.spotted in heard.lines[0]
            more = heard.lines[1:] if stopped else ()
            heard = replace(heard, kind="command" if more else "speech", lines=more)
        self._interpret.settle(heard, sentence.ended)
        return Said(heard, IN_FULL, sentence.ended, now - sentence.ended)
