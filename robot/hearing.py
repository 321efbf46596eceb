"""What passes between those who hear speech and those who know what may be said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE = 16000  # [Hz] of all sound
FRAME = 512  # samples that are looked at together: 32 ms

Sound: TypeAlias = NDArray[np.float32]  # (n,) at RATE; full scale is 1


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What may have been said."""

    text: str
    score: float  # natural logarithm of its probability, a token


@dataclass(frozen=True, slots=True)
class Heard:
    """What was made of a sentence."""

    kind: Literal["command", "question", "speech"]
    lines: tuple[str, ...] = ()  # what is to be done, as if it were typed; questions: if so
    raw: str = ""  # as the recogniser has it
    ask: str = ""  # questions: what to ask the person
    sure: bool = False  # commands: it was said in just these words


class Interpret(Protocol):
    """Knows what may be said."""

    def __call__(self, guesses: Sequence[Hypothesis], now: float) -> Heard:
        """What was meant by a sentence, the likeliest guess first, that ended at `now` [s]."""
        ...

    def settle(self, heard: Heard, now: float) -> None:
        """That is how it was taken: "yes" and "no" refer to it from here on."""
        ...
