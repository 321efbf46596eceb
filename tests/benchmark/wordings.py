"""Sentences that nobody has been taught: how many are understood as they were meant.

    python tests/benchmark/wordings.py

Every wording in `planners.coaching.phrases.UNHEARD` of every behaviour, with every block and bowl.
Prints one JSON object. `by_wording` weighs every family of behaviours the same.
"""

import json
from collections import defaultdict

import numpy as np

from planners.coaching.understand import Understanding, sentences
from planners.coaching.wordings import everything, family
from robot.intervals import wilson


def main() -> None:
    understand = Understanding()
    found: dict[str, list[bool]] = defaultdict(list)
    wrong: list[str] = []
    for asked in everything():
        for text in sentences(asked, unheard=True):
            heard, margin = understand(text)
            right = (heard.name, heard.thing) == (asked.name, asked.thing)
            found[family(asked)].append(right)
            if not right:
                wrong.append(f"{text}: {heard.name} {heard.thing} ({margin:.2f})")
    results = [right for rights in found.values() for right in rights]
    report = {
        "n": len(results),
        "right": round(float(np.mean(results)), 4),
        "right_interval": wilson(sum(results), len(results)),
        "by_wording": round(float(np.mean([np.mean(rights) for rights in found.values()])), 4),
        "families": {name: round(float(np.mean(rights)), 3) for name, rights in found.items()},
        "wrong": wrong,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
