"""How good a model is, without physics: whether its programs do what they should to a table."""

from collections.abc import Callable, Sequence

import numpy as np

from planners.finetune.checked import Effect, Table, effect
from planners.finetune.pairs import Pair, layout
from planners.llm import LanguageModel, ModelError, Prompt
from planners.program.check import Limits
from planners.program.ground import ungrounded
from planners.program.hierarchy import Request
from planners.program.prompt import extract, prompt
from planners.program.sandbox import Sandbox
from planners.tasks.draw import Split, Task, draw, standing, templates_of
from planners.tasks.judge import Episode

PATIENT = Limits(compute=5.0)  # programs are measured, not how busy the machine is
Tell = Callable[[str, str, str], None]  # of a failure: the instruction, the program, why


def of_pairs(model: LanguageModel, pairs: Sequence[Pair], tell: Tell | None = None) -> float:
    """The share of pairs where the model's own program does the same as the pair's."""
    right = 0
    sandbox = Sandbox(PATIENT)
    try:
        for pair in pairs:
            program = _written(
                model, prompt(Request("program", pair.instruction, pair.objects, error=pair.error))
            )
            fault = pair.fault(effect(sandbox, program, pair.before))
            right += not fault
            if fault and tell:
                tell(pair.instruction, program, fault)
    finally:
        sandbox.close()
    return right / len(pairs)


def tasks(split: Split, count: int, seed: int) -> list[Task]:
    """Tasks of the harness, which go round its templates."""
    templates = templates_of(split)
    return [
        draw(np.random.default_rng([seed, i]), split, templates[i % len(templates)], layout)
        for i in range(count)
    ]


def of_tasks(model: LanguageModel, tasks: Sequence[Task], tell: Tell | None = None) -> list[bool]:
    """Whether each is done, in the judgement of the harness; what names things that are not there
    is refused before the model is asked, as `planners.program.planner` does."""
    done: list[bool] = []
    sandbox = Sandbox(PATIENT)
    try:
        for task in tasks:
            before, program = standing(task.places), ""
            if reply := ungrounded(task.instruction, task.names):
                found = Effect(Table(before).things, (reply,))
            else:
                program = _written(model, prompt(Request("program", task.instruction, task.names)))
                found = effect(sandbox, program, before)
            still = Episode(before, found.after, found.after, found.said)
            fault = found.fault or task.judge(still)
            done.append(not fault)
            if fault and tell:
                tell(task.instruction, program or reply or "", fault)
    finally:
        sandbox.close()
    return done


def _written(model: LanguageModel, asked: Prompt) -> str:
    """A program; empty if there is none."""
    try:
        return extract(model.complete(asked))
    except ModelError:
        return ""
