"""A few phrases that must be heard at once: by PocketSphinx, with a closed grammar.

It follows the sound while it comes, and so has its answer when a phrase ends. A closed grammar
hears its phrases in anything; so words that are said in other sentences are in it, too, and a
sentence must be a phrase from beginning to end.
"""

from collections.abc import Collection, Sequence

import numpy as np

from robot.hearing import RATE, Sound

AROUND = ("please", "now", "robot", "okay", "hey", "no", "it")  # may stand beside a phrase
LONGEST = 2.0  # [s] of a phrase
LOUD = 32767
QUIET = 1e-3  # [full scale] of noise added: digital silence upsets its idea of loudness


class Spotter:
    """Give it the sound of a sentence as it comes; then it says whether that was a phrase."""

    def __init__(self, phrases: Sequence[str], others: Collection[str]) -> None:
        """`others`: words that other sentences are made of; those it cannot speak are left out."""
        from pocketsphinx import Decoder

        self._decoder = Decoder(lm=None, loglevel="FATAL", samprate=RATE)
        spoken = {word for phrase in phrases for word in phrase.split()}
        known = [
            word
            for word in sorted({*others} - spoken)
            if word.isalpha() and self._decoder.lookup_word(word)
        ]
        self._decoder.add_jsgf_string(
            "phrases",
            "#JSGF V1.0; grammar phrases;\n"
            f"<phrase> = {' | '.join(phrases)};\n"
            f"<around> = {' | '.join(AROUND)};\n"
            f"<other> = {' | '.join(known)};\n"
            "public <said> = [<around>] <phrase>+ [<around>] | <other>+;\n",
        )
        self._decoder.activate_search("phrases")
        self._phrases = sorted(phrases, key=len, reverse=True)
        self._rng = np.random.default_rng(0)
        self._length = 0  # samples of the sentence
        self._open = False

    def begin(self, sound: Sound) -> None:
        """A sentence begins, with `sound` (n,)."""
        if self._open:
            self._decoder.end_utt()
        self._decoder.start_utt()
        self._open, self._length = True, 0
        self.hear(sound)

    def hear(self, sound: Sound) -> None:
        """It goes on with `sound` (n,)."""
        self._length += len(sound)
        if self._open and self._length <= LONGEST * RATE:
            noise = QUIET * self._rng.standard_normal(len(sound))
            said = np.clip(LOUD * (sound + noise), -LOUD, LOUD)
            self._decoder.process_raw(said.astype("<i2").tobytes())

    def end(self) -> str:
        """The phrase that the sentence was, or nothing."""
        if not self._open:
            return ""
        self._decoder.end_utt()
        self._open = False
        found = self._decoder.hyp()
        if found is None or self._length > LONGEST * RATE:
            return ""
        said = f" {found.hypstr} "
        return next((phrase for phrase in self._phrases if f" {phrase} " in said), "")
