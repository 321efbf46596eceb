"""The slow mind: a language model that reasons about what a person means, beside the loop.

After the Hierarchical Language Agent (Liu et al. 2023, arXiv 2312.15224). It is asked about
sentences that are neither corrections nor instructions ("we have guests, make it tidy first"), and
answers with a plan: chores and commands, one a line, which the selector, the fast mind, carries
out. Until then the selector goes on with what it was doing. What a plan may say follows from what
is on the table, never from the sentence; an answer that says anything else is none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from planners.llm import LanguageModel, Prompt
from robot.worker import Arrival, Due, Mailbox, when_ready

PATIENCE = 30.0  # [s] for an answer; the moment that it is about has passed then
STEPS = 6  # of a plan, at most
MORE = 3  # repetitions in a sentence, at most
GO_ON, NOTHING = "go on", "nothing"
# The sentences of plans. [kind]: any thing of that kind; {…}? once or not at all; {…}* several.
FORMS = (
    "sweep the blocks into the [tray]",
    "push the [block] into the [tray]",
    "pack the [block]{, the [block]}* and the [block] into the [drawer]",
    "stack the [block] on the [block]{ and the [block] on top}?",
    "put the [block] in the [bowl]{, the [block] in the [bowl]}*{ and the [block] in the [bowl]}?",
    "pick up the [block]",
    "put it in the [bowl]",
    "put it on the [block]",
    "put it in the [drawer]",
    "put it down",
    "open the [drawer]",
    "close the [drawer]",
)
KINDS = ("block", "bowl", "tray", "drawer")
UNNAMED = ("tray", "drawer")  # there is one at most: its colour is not said


@dataclass(frozen=True)
class Situation:
    """What a sentence is said into."""

    objects: Sequence[str]  # names of what is seen
    lies: Mapping[str, str] = field(default_factory=dict)  # block: what it is in or on, if anything
    chore: str = ""  # that is being done
    doing: str = ""  # the command under way


@dataclass(frozen=True)
class Reply:
    """What came of one question."""

    said: str  # by the person
    requested: float  # [s]
    steps: tuple[str, ...] = ()  # chores and commands, in their order
    goes_on: bool = False  # with the chore that was being done, afterwards
    fault: str = ""  # why there are no steps


class SlowMind:
    """Asks the model about one sentence at a time; a newer one makes older answers stale."""

    def __init__(
        self,
        model: LanguageModel,
        due: Due = when_ready,
        arrived: Callable[[str, Arrival[str]], None] = lambda worker, arrival: None,
    ) -> None:
        self._model, self._arrived = model, arrived
        self._answers: Mailbox[str] = Mailbox(due)
        self._asked: tuple[str, float, Situation] | None = None

    @property
    def busy(self) -> bool:
        return self._answers.busy

    def ask(self, now: float, said: str, situation: Situation) -> None:
        """Begin to think about what was `said` at time `now` [s]."""
        if self._asked is not None:  # every question has an arrival, so that a replay can repeat it
            late = TimeoutError("something else was said")
            self._arrived("mind", Arrival(now, self._asked[1], None, late))
        self._asked = said, now, situation
        question = prompt(said, situation)
        self._answers.request(now, lambda: self._model.complete(question))

    def poll(self, now: float) -> Reply | None:
        """What came of the newest question, once, when it is there, or when it will not come."""
        if self._asked is None:
            return None
        said, requested, situation = self._asked
        arrival = self._answers.poll(now)
        if arrival is None:
            if now - requested < PATIENCE:
                return None
            self._answers.forget()
            arrival = Arrival(now, requested, None, TimeoutError(f"no answer in {PATIENCE:g} s"))
        self._asked = None
        self._arrived("mind", arrival)
        if arrival.error is not None or arrival.result is None:
            return Reply(said, requested, fault=" ".join(str(arrival.error).split()))
        try:
            steps, goes_on = plan_of(arrival.result, situation.objects)
        except ValueError as error:
            return Reply(said, requested, fault=str(error))
        return Reply(said, requested, steps, goes_on)


def plan_of(answer: str, objects: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """The steps of an answer, and whether the chore under way follows; ValueError: it is no plan.

    No steps: nothing was asked for that could be done.
    """
    answer = re.sub(r"<think>.*?</think>|```\w*", "", answer, flags=re.DOTALL)
    lines = [re.sub(r"^(?:[-*]|\d+[.)])\s+", "", line.strip()) for line in answer.splitlines()]
    lines = [line.strip(" .").lower() for line in lines if line.strip(" .")]
    if lines == [NOTHING]:
        return (), False
    goes_on = lines[-1:] == [GO_ON]
    steps = lines[:-1] if goes_on else lines
    named = _named(objects)
    for step in steps:
        things = _THINGS.findall(step)
        there = all(thing in named.get(thing.split()[-1], ()) for thing in things)
        blocks = [thing for thing in things if thing.endswith("block")]
        if not there or not _SENTENCES.fullmatch(step) or len({*blocks}) < len(blocks):
            raise ValueError(f"the language model's answer is no plan: {step[:60]!r}")
    if not 0 < len(steps) <= STEPS:
        raise ValueError(f"the language model's plan has {len(steps)} steps, not 1 to {STEPS}")
    return tuple(steps), goes_on


def grammar(objects: Sequence[str]) -> str:
    """GBNF, for llama.cpp, of the answers over these objects."""
    named = _named(objects)
    if not (forms := _forms(named)):
        return f'root ::= "{NOTHING}\\n"\n'
    steps = f'(step "\\n"){{1,{STEPS}}} ("{GO_ON}\\n")?'
    rules = [f'root ::= "{NOTHING}\\n" | {steps}', f"step ::= {' | '.join(map(_gbnf, forms))}"]
    for kind, names in named.items():
        rules.append(f"{kind} ::= " + " | ".join(f'"{name}"' for name in names))
    return "\n".join(rules) + "\n"


def prompt(said: str, situation: Situation) -> Prompt:
    """The question what somebody means who says that."""
    asked = _asked(said, situation)
    messages = [{"role": "system", "content": SYSTEM}]
    for one, answer in EXAMPLES:
        messages += [
            {"role": "user", "content": _asked(*one)},
            {"role": "assistant", "content": answer.strip()},
        ]
    messages.append({"role": "user", "content": asked})
    return Prompt(messages, f"{BEGINNING}\n{asked}\nplan:\n", grammar(situation.objects))


def _asked(said: str, situation: Situation) -> str:
    lies = {name: f"{name} (on the {where})" for name, where in situation.lies.items()}
    things = [name for name in situation.objects if name.split()[-1] in KINDS]
    there = [lies.get(name, name) for name in things]
    lines = [f"there are: {', '.join(there)}", f"chore: {situation.chore or NOTHING}"]
    if situation.doing:
        lines.append(f"now: {situation.doing}")
    return "\n".join([*lines, f"said: {said}"])


def _named(objects: Sequence[str]) -> dict[str, list[str]]:
    """What is there of each kind, as it is called; without kinds of which there is nothing."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for name in objects:
        kind = name.split()[-1]
        if kind in found:
            found[kind].append(kind if kind in UNNAMED else name)
    return {kind: names for kind, names in found.items() if names}


def _forms(named: Mapping[str, Sequence[str]]) -> list[str]:
    """Those that what is there allows."""
    return [form for form in FORMS if named.keys() >= {*re.findall(r"\[(\w+)\]", form)} and named]


def _parts(form: str) -> list[str]:
    return [part for part in re.split(r"(\[\w+\]|\{|\}[?*])", form) if part]


def _gbnf(form: str) -> str:
    marks = {"{": "(", "}?": ")?", "}*": f"){{0,{MORE}}}"}
    return " ".join(
        marks.get(part) or (part[1:-1] if part[0] == "[" else f'"{part}"') for part in _parts(form)
    )


def _expression(form: str) -> str:
    """What matches a form, whatever the things are called."""
    marks = {"{": "(?:", "}?": ")?", "}*": f"){{0,{MORE}}}"}
    marks |= {f"[{kind}]": kind if kind in UNNAMED else rf"\w+ {kind}" for kind in KINDS}
    return "".join(marks.get(part) or re.escape(part) for part in _parts(form))


# Made here and not when an answer comes: that takes milliseconds, which the loop has not.
_SENTENCES = re.compile("|".join(map(_expression, FORMS)))
_THINGS = re.compile(rf"\w+ (?:block|bowl)\b|\b(?:{'|'.join(UNNAMED)})\b")
SYSTEM = f"""You are the slow, thinking half of a robot arm at a table. Its fast half does chores by
itself, and understands these sentences only, where [block] and the like stand for something that is
there, {{…}}? may be left out, and {{…}}* may be left out or repeated:

{chr(10).join(FORMS)}

A person has said something else. Think about what they want, and answer with a plan: one to {STEPS}
such sentences, one a line, in the order in which they shall be done, and nothing besides. End with
the line "{GO_ON}" if the chore that is being done shall be carried on afterwards. If none of them
can do what they want, or they want nothing of the robot, answer with the line "{NOTHING}"."""
# Their colours are never on the table.
EXAMPLES: tuple[tuple[tuple[str, Situation], str], ...] = (
    (
        (
            "we have guests, make it tidy first",
            Situation(
                ("black block", "white block", "silver tray"),
                chore="stack the black block on the white block",
            ),
        ),
        f"sweep the blocks into the tray\n{GO_ON}\n",
    ),
    (
        (
            "my coffee is getting cold",
            Situation(("gold block", "teal bowl"), chore="put the gold block in the teal bowl"),
        ),
        f"{NOTHING}\n",
    ),
    (
        (
            "a tower would look nicer",
            Situation(("ivory block", "beige block", "navy bowl"), chore="pick up the ivory block"),
        ),
        "stack the ivory block on the beige block\n",
    ),
    (
        (
            "nobody needs to see the white one",
            Situation(("white block", "silver drawer"), chore=""),
        ),
        "open the drawer\npick up the white block\nput it in the drawer\nclose the drawer\n",
    ),
    (
        (
            "the olive one belongs to the others",
            Situation(
                ("black block", "olive block", "teal bowl"), {"black block": "teal bowl"}, ""
            ),
        ),
        "put the olive block in the teal bowl\n",
    ),
)
BEGINNING = "".join(f"\n{_asked(*one)}\nplan:\n{answer}" for one, answer in EXAMPLES)
