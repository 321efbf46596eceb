"""A few phrases that must be heard at once: by PocketSphinx, with a closed grammar.

A closed grammar hears its phrases in anything. So other words are in it, too, as short as the
phrases are; a sentence must be a phrase from beginning to end, or it is not even looked at; and a
search for keywords, beside any sequence of sounds, must find it likely as well.
"""

from collections.abc import Collection, Sequence
from tempfile import NamedTemporaryFile

import numpy as np

from robot.hearing import RATE, Sound

LONGEST = 1.5  # [s] of a phrase, with the quiet around it
LIKELY = 1e-20  # beside any sequence of sounds
LOUD = 32767
QUIET = 1e-3  # [full scale] of noise added: digital silence upsets its idea of loudness


class Spotter:
    """Call it with a sentence's sound (n,): the phrase that it is, or nothing."""

    def __init__(self, phrases: Sequence[str], others: Collection[str]) -> None:
        """`others`: words that other sentences are made of; those it cannot speak are left out."""
        from pocketsphinx import Decoder

        # Loudness by the sentence itself: from what came before, the first would be misheard.
        self._decoder = Decoder(lm=None, loglevel="FATAL", samprate=RATE, cmn="batch")
        spoken = {word for phrase in phrases for word in phrase.split()}
        known = [
            word
            for word in sorted({*others} - spoken)
            if word.isalpha() and self._decoder.lookup_word(word)
        ]
        # No loops: with them, it takes longer than the sentence did.
        self._decoder.add_jsgf_string(
            "phrases",
            "#JSGF V1.0; grammar phrases;\n"
            f"<phrase> = {' | '.join(phrases)};\n"
            f"<other> = {' | '.join(known)};\n"
            "public <said> = <phrase> | <phrase> now | please <phrase> | <other>;\n",
        )
        with NamedTemporaryFile("w", suffix=".txt") as file:
            file.writelines(f"{phrase} /{LIKELY}/\n" for phrase in phrases)
            file.flush()
            self._decoder.add_kws("keywords", file.name)
        self._phrases = sorted(phrases, key=len, reverse=True)
        self._rng = np.random.default_rng(0)

    def __call__(self, sound: Sound) -> str:
        if len(sound) > LONGEST * RATE:
            return ""
        noise = QUIET * self._rng.standard_normal(len(sound))
        samples = np.clip(LOUD * (sound + noise), -LOUD, LOUD).astype("<i2").tobytes()
        found = self._found("phrases", samples)
        phrase = next((phrase for phrase in self._phrases if f" {phrase} " in found), "")
        return phrase if phrase and f" {phrase} " in self._found("keywords", samples) else ""

    def _found(self, search: str, samples: bytes) -> str:
        """Words, with spaces around."""
        self._decoder.activate_search(search)
        self._decoder.start_utt()
        self._decoder.process_raw(samples, full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return f" {found.hypstr} " if found is not None else ""
