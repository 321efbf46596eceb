"""Sentences that nobody has been taught: how many lead to the behaviour that was meant.

    python tests/benchmark/wordings.py

Every wording in `planners.coaching.phrases.UNHEARD` of every behaviour, with every block and bowl,
heard as the selector hears what people say: what is asked back counts as not right. Prints one JSON
object. `by_wording` weighs every family of behaviours the same; `talk`, how many sentences of
`talk.py`, which are no commands, are obeyed.
"""

import json
from collections import defaultdict

import numpy as np
from talk import TALK

from planners.coaching.understand import Understanding, sentences
from planners.coaching.wordings import everything, family
from planners.selector.listen import Listener, Unclear
from robot.cli import build
from robot.intervals import wilson


def main() -> None:
    listener = Listener(Understanding(), build.vocabulary())
    seen = {asked.thing for asked in everything() if asked.thing.endswith(("block", "bowl"))}
    seen |= {"gray tray", "gray drawer"}
    found: dict[str, list[bool]] = defaultdict(list)
    wrong: list[str] = []
    asked_back = 0

    def heard(text: str) -> str:
        nonlocal asked_back
        try:
            meant = listener(text, seen)
        except Unclear:
            asked_back += 1
            return "asked back"
        got = meant.behavior
        return meant.kind if got is None else f"{got.name} {got.thing}".strip()

    for asked in everything():
        for text in sentences(asked, unheard=True):
            got = heard(text)
            right = got == f"{asked.name} {asked.thing}".strip()
            found[family(asked)].append(right)
            if not right:
                wrong.append(f"{text}: {got}")
    results = [right for rights in found.values() for right in rights]
    report = {
        "n": len(results),
        "right": round(float(np.mean(results)), 4),
        "right_interval": wilson(sum(results), len(results)),
        "asked_back": asked_back,
        "by_wording": round(float(np.mean([np.mean(rights) for rights in found.values()])), 4),
        "families": {name: round(float(np.mean(rights)), 3) for name, rights in found.items()},
        "talk": sum(heard(text) != "asked back" for text in TALK),
        "wrong": wrong,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
