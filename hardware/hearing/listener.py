"""From sound to what was said: two recognisers side by side, and nobody waits for them.

The spotter knows a few phrases, and is quick. The recogniser is asked at the first pause,
before it is known whether the sentence is over. If that is a command, and nobody went on speaking
meanwhile, it is over; otherwise the end of the sentence is waited for.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

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


class Job(Protocol):
    """What a recogniser was asked, as futures are."""

    def done(self) -> bool: ...
    def cancel(self) -> bool: ...
    def result(self) -> Any: ...


Submit = Callable[[Callable[[], Any]], Job]
Recognize = Callable[[Sound, Callable[[Sequence[str]], Sequence[str]]], Recognized]


def in_thread() -> Submit:
    """Real time: jobs are done one after the other, in a thread beside this one."""
    return ThreadPoolExecutor(1, thread_name_prefix="recognizer").submit


@dataclass(slots=True)
class Sentence:
    """One that the recogniser was asked about."""

    job: Job
    ended: float  # [s]
    spotted: str = ""  # what was obeyed already
    heard: Heard | None = None


class Listener:
    """Give it frame after frame; it returns what has become known meanwhile."""

    def __init__(
        self,
        voice: Callable[[Sound], float],
        spot: Callable[[Sound], str],
        recognize: Recognize,
        interpret: Interpret,
        workers: tuple[Submit, Submit],
        config: EndpointConfig | None = None,
    ) -> None:
        """`voice`: the probability that somebody speaks in a frame. `spot`: the phrase that a
        sentence is, or nothing. `recognize` gets a sentence, and what knows which commands may have
        been meant by guesses at it. `workers`: for each of these two, what has it work.
        """
        self._voice, self._spot, self._recognize = voice, spot, recognize
        self._interpret, (self._submit_spot, self._submit) = interpret, workers
        self._endpointer = Endpointer(config)
        self._spotting: Sentence | None = None
        self._sentence: Sentence | None = None  # at whose pause the recogniser was asked
        self._before: list[Sentence] = []  # that are over, and not answered yet
        self._answered = -1.0  # [s] when the last sentence ended that the recogniser answered
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
            self._spotted, self._looked, self._wanted = "", False, self._talking
        now = max(clock, ears.now)
        if self._sentence is not None and ears.ended > self._sentence.ended + STEP / 2:
            self._sentence.job.cancel()  # it went on
            self._sentence = None
        if moment in (Moment.PAUSE, Moment.END):
            if self._sentence is None and self._wanted:
                recognize = partial(self._recognize, ears.sound, self._interpret.near)
                self._sentence = Sentence(self._submit(recognize), ears.ended, self._spotted)
            if not self._looked:
                self._looked = True
                job = self._submit_spot(partial(self._spot, ears.sound))
                self._spotting = Sentence(job, ears.ended)
        if moment is Moment.END:
            if self._sentence is not None:
                self._before.append(self._sentence)
            self._sentence = None
            ears.begin()
        return [*self._phrases(now), *self._answers(now)]

    def finish(self, clock: Callable[[], float]) -> Iterator[Said]:
        """There is no more sound: wait for what is known of it."""
        last = [self._sentence] if self._sentence is not None else []
        for sentence in (*self._before, *last):
            sentence.job.result()
            yield self._said(sentence, max(clock(), self.now))
        self._before, self._sentence = [], None

    def _phrases(self, now: float) -> Iterator[Said]:
        """What the spotter has found."""
        asked = self._spotting
        if asked is None or not asked.job.done():
            return
        self._spotting = None
        phrase = asked.job.result()
        if phrase and asked.ended > self._answered + STEP / 2:  # the other was not quicker
            if self._looked:  # no other sentence has begun
                self._spotted = phrase
            for sentence in (*self._before, self._sentence):
                if sentence is not None and sentence.ended < asked.ended + STEP / 2:
                    sentence.spotted = phrase
            heard = Heard("command", (phrase,), phrase)
            self._interpret.settle(heard, asked.ended)
            yield Said(heard, AT_ONCE, asked.ended, now - asked.ended)

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
        self._answered = sentence.ended
        heard = sentence.heard or self._interpret(sentence.job.result(), sentence.ended)
        if sentence.spotted:  # what was obeyed already is not said again; nor is it taken back
            stopped = heard.kind == "command" and sentence.spotted in heard.lines[0]
            more = heard.lines[1:] if stopped else ()
            heard = replace(heard, kind="command" if more else "speech", lines=more)
        self._interpret.settle(heard, sentence.ended)
        return Said(heard, IN_FULL, sentence.ended, now - sentence.ended)
