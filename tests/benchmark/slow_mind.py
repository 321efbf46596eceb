"""How often does a language model make of a wish the plan that somebody would want?

    python tests/benchmark/slow_mind.py --llm embedded
    python tests/benchmark/slow_mind.py --llm http://127.0.0.1:8000/v1

Words only: nothing moves. Each sentence is said at a table where something is being done, and is
neither a correction nor an instruction. A plan is right if its steps are among those given with
the sentence; for sentences that want nothing of the robot, if there is none. Prints one JSON
object.
"""

import json
from contextlib import closing
from dataclasses import asdict, dataclass
from time import monotonic

import tyro

from planners.llm import ModelError, open_model
from planners.selector.mind import BEGINNING, Situation, plan_of, prompt
from robot.intervals import wilson

SWEEP, PACK = (
    "sweep the blocks into the tray",
    "pack the red block, the green block and the blue block",
)
TRAY = Situation(
    ("red block", "green block", "blue block", "gray tray"),
    chore="stack the red block on the green block and the blue block on top",
)
DRAWER = Situation(
    ("red block", "green block", "blue block", "gray drawer", "brown cabinet"),
    chore="stack the red block on the green block and the blue block on top",
)
BOWLS = Situation(
    ("red block", "yellow block", "blue bowl", "orange bowl"),
    {"yellow block": "orange bowl"},
    "put the red block in the blue bowl",
)
# what is said, where, the first words of plans that are right ("": none is), and whether the chore
# is to be carried on afterwards (None: either way)
WISHES: tuple[tuple[str, Situation, tuple[str, ...], bool | None], ...] = (
    ("we have visitors, make it tidy first", TRAY, (SWEEP,), True),
    ("could you clear up this mess before anything else", TRAY, (SWEEP,), True),
    ("forget about that, just get everything off the table", TRAY, (SWEEP,), False),
    ("I cannot work with all of that lying around", TRAY, (SWEEP,), None),
    ("the children must not find them", DRAWER, (PACK, "open the drawer"), None),
    ("put everything out of sight for now, then finish", DRAWER, (PACK, "open the drawer"), True),
    ("somebody could bump into that drawer when it is open", DRAWER, ("close the drawer",), None),
    ("I will need what is in the drawer in a minute", DRAWER, ("open the drawer",), None),
    ("the two belong together", BOWLS, ("put the red block in the orange bowl",), None),
    ("I am afraid that it will slip out of your fingers", BOWLS, ("put it down",), None),
    ("what a lovely morning", TRAY, ("",), None),
    ("my coffee is empty again", BOWLS, ("",), None),
    ("she has moved to Copenhagen", DRAWER, ("",), None),
    ("is there any news from the workshop", TRAY, ("",), None),
)


@dataclass(frozen=True)
class Benchmark:
    """Which model."""

    llm: str = "embedded"
    """As for `courtside run`."""
    model: str = ""
    """Its name on the server."""


def main(config: Benchmark) -> None:
    right, wishes, took = [], [], []
    answers = []
    with closing(open_model(config.llm, config.model, BEGINNING)) as model:
        for said, situation, wanted, on in WISHES:
            began = monotonic()
            try:
                steps, goes_on = plan_of(model.complete(prompt(said, situation)), situation.objects)
                plan = [*steps, *(["go on"] if goes_on else [])]
            except (ModelError, ValueError) as error:
                steps, goes_on, plan = (), False, [str(error)]
            took.append(monotonic() - began)
            first = steps[0] if steps else ""
            fits = any(first.startswith(each) if each else not steps for each in wanted)
            good = fits and on in (None, goes_on)
            right.append(good)
            if wanted != ("",):
                wishes.append(good)
            answers.append({"said": said, "plan": plan, "right": good})
    report = {
        **asdict(config),
        "n": len(right),
        "right": sum(right),
        "right_interval": wilson(sum(right), len(right)),
        "of_wishes": f"{sum(wishes)} of {len(wishes)}",
        "median_s": round(sorted(took)[len(took) // 2], 2),
        "answers": answers,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
