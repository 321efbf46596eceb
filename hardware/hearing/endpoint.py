"""When somebody begins to speak, pauses, and has done."""

from collections import deque
from dataclasses import dataclass
from enum import Enum

import numpy as np

from robot.hearing import FRAME, RATE, Sound

STEP = FRAME / RATE  # [s]


@dataclass(frozen=True)
class EndpointConfig:
    """How voice activity is made into sentences."""

    begins: float = 0.5  # probability of a voice from which on somebody speaks
    goes_on: float = 0.35  # below it, it is quiet
    before: float = 0.32  # [s] of what came before that belong to it
    pause: float = 0.19  # [s] quiet; what was said by then is looked at
    end: float = 0.6  # [s] quiet; the sentence is over
    shortest: float = 0.09  # [s] of voice; less is a click
    longest: float = 12.0  # [s] of a sentence, which is then cut


class Moment(Enum):
    """What a frame is in the course of a sentence."""

    QUIET = "quiet"  # nobody speaks
    BEGIN = "begin"
    GOES_ON = "goes on"
    PAUSE = "pause"  # long enough to look at what was said
    END = "end"


class Endpointer:
    """Cuts sound into sentences. Call it with each frame; `sound` is the sentence so far."""

    def __init__(self, config: EndpointConfig | None = None) -> None:
        self._config = config or EndpointConfig()
        self._before: deque[Sound] = deque(maxlen=round(self._config.before / STEP))
        self._frames: list[Sound] = []
        self._voiced = self._quiet = 0  # frames
        self._count = 0

    @property
    def now(self) -> float:
        """[s] of sound so far."""
        return self._count * STEP

    @property
    def ended(self) -> float:
        """[s] until when there was a voice, by the same clock."""
        return self.now - self._quiet * STEP

    @property
    def quiet(self) -> float:
        """[s] since then."""
        return self._quiet * STEP

    @property
    def sound(self) -> Sound:
        return np.concatenate(self._frames)

    @property
    def voiced(self) -> float:
        """[s] from the first to the last frame with a voice."""
        return self._voiced * STEP

    def __call__(self, frame: Sound, voice: float, over: bool = False) -> Moment:
        """`voice`: the probability of one in `frame` (FRAME,); `over`: no more is to come."""
        config = self._config
        self._count += 1
        if not self._frames:
            if voice < config.begins:
                self._before.append(frame)
                return Moment.QUIET
            self._frames = [*self._before, frame]
            self._voiced, self._quiet = 1, 0
            return Moment.BEGIN
        self._frames.append(frame)
        paused = self._quiet * STEP >= config.pause
        if voice >= config.goes_on and not over:
            self._voiced += self._quiet + 1
            self._quiet = 0
        else:
            self._quiet += 1
        if over or self.quiet >= config.end or len(self._frames) * STEP >= config.longest:
            if self.voiced >= config.shortest:
                return Moment.END
            self.begin()
            return Moment.QUIET
        if self.quiet >= config.pause and not paused and self.voiced >= config.shortest:
            return Moment.PAUSE
        return Moment.GOES_ON

    def begin(self) -> None:
        """Forget the sentence: it was dealt with."""
        self._before.extend(self._frames[-self._quiet :] if self._quiet else ())
        self._frames.clear()
        self._voiced = self._quiet = 0
