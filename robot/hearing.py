"""What passes between those who hear speech and those who know what may be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE = 16000  # [Hz] of all sound
FRAME = 512  # samples that are looked at together: 32 ms

Sound: TypeAlias = NDArray[np.float32]  # (n,) at RATE; full scale is 1


@dataclass(frozen=True, slots=True)
class Recognized:
    """What may have been said."""

    guesses: tuple[str, ...] = ()  # the likeliest first
    score: float = 0.0  # [nat a token] log-likelihood of the first
    near: Mapping[str, float] = field(default_factory=dict)  # log-likelihood [nat] of commands ...
    written: float = 0.0  # ... and of the guesses' likeliest, by the same measure


@dataclass(frozen=True, slots=True)
class Heard:
    """What was made of a sentence."""

    kind: Literal["command", "question", "speech"]
    lines: tuple[str, ...] = ()  # what is to be done, as if it were typed; questions: if so
    raw: str = ""  # as the recogniser has it
    ask: str = ""  # questions: what to ask the person


class Interpret(Protocol):
    """Knows what may be said."""

    def near(self, guesses: Sequence[str]) -> Sequence[str]:
        """Commands that may have been meant, and of which the recogniser says how likely they are;
        none where the first guess is one itself.
        """
        ...

    def __call__(self, recognized: Recognized, now: float) -> Heard:
        """What was meant by a sentence that ended at `now` [s]."""
        ...

    def settle(self, heard: Heard, now: float) -> None:
        """That is how it was taken: "yes" and "no" refer to it from here on."""
        ...
