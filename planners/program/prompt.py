"""What a language model is shown, and what is taken from its answer."""

import re
from collections.abc import Sequence

from planners.llm import LanguageModel, Prompt, Tuned, open_model
from planners.program.grammar import program_grammar, put, put_every, say, stack_every
from planners.program.statements import grammar_of
from planners.program.words import PLACES, STUBS

# For a small model that goes on writing. None of these colours is ever on the table, and no two are
# used often, so that copying an example is never right; the kinds of statement alternate, since it
# copies the latest kind as well.
EXAMPLES = (
    ("put the white block in the black bowl", put("white block", "black bowl")),
    (
        "put the ivory block in the teal bowl and the beige block in the navy bowl",
        put("ivory block", "teal bowl") + put("beige block", "navy bowl"),
    ),
    ("move the gold block to the top right corner", put("gold block", "top right corner")),
    ("put all the blocks in the olive bowl", put_every("block", "olive bowl")),
    ("set the black block on top of the violet block", put("black block", "violet block")),
    (
        "first move the ivory block to the left side, then place the lilac block in the teal bowl",
        put("ivory block", "left side") + put("lilac block", "teal bowl"),
    ),
    ("say good evening", say("good evening")),
    ("build a tower of all the blocks", stack_every("block")),
    (
        "collect all of the blocks in the bottom left corner",
        put_every("block", "bottom left corner"),
    ),
    ("place the beige block into the navy bowl", put("beige block", "navy bowl")),
    ("move every bowl to the bottom side", put_every("bowl", "bottom side")),
    ("stack the lilac block on the olive block", put("lilac block", "olive block")),
    (
        "put the black block in the silver bowl, then put the maroon block in the white bowl",
        put("black block", "silver bowl") + put("maroon block", "white bowl"),
    ),
    ("stack up the blocks", stack_every("block")),
    ("place every block in the silver bowl", put_every("block", "silver bowl")),
    ("drop the teal block in the ivory bowl", put("teal block", "ivory bowl")),
)

# For models that chat.
SYSTEM = f"""You control a robot arm at a table by writing short Python programs. Answer with one
program only: no explanation, no imports, no definitions of the functions below. You may use
variables, loops, comprehensions, functions and f-strings.

{STUBS}
Named places: {", ".join(PLACES)}. Left and right, top and bottom are as seen by a person who faces
the robot; bowls cannot be moved. If the instruction is unclear or impossible, say() so, or ask."""
SHOWN = (
    (
        ["pink block", "gray bowl", "cyan block"],
        "put the cyan block in the bowl",
        "put_first_on_second('cyan block', 'gray bowl')",
    ),
    (
        ["red block", "orange block", "brown block"],
        "build a tower, and tell me its lowest block",
        "blocks = [n for n in get_obj_names() if n.endswith('block')]\n"
        "for above, below in zip(blocks[1:], blocks):\n"
        "    put_first_on_second(above, below)\n"
        "say(f'the lowest block is the {blocks[0]}')",
    ),
    (
        ["green block", "yellow bowl"],
        "move the block 10 cm to the left",
        "x, y = get_obj_pos('green block')\nput_first_on_second('green block', [x - 0.1, y])",
    ),
    (["green block"], "bring me a coffee", "say('I see no coffee, only a green block.')"),
)


class ModelWriter:
    """Writes programs with a language model; a `planners.program.planner.Writer`."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    def write(
        self, instruction: str, objects: list[str], program: str = "", error: str = ""
    ) -> str:
        return extract(self._model.complete(prompt(instruction, objects, program, error)))

    def close(self) -> None:
        self._model.close()


def open_writer(name: str, model: str = "") -> ModelWriter:
    """The writer behind the language model `name`; raises `planners.llm.ModelError`."""
    return ModelWriter(open_model(name, model))


def prompt(instruction: str, objects: Sequence[str], program: str = "", error: str = "") -> Prompt:
    """The prompt for an instruction; with `program` and its `error`, for a better program."""
    return Prompt(
        messages=_messages(instruction, objects, program, error),
        text=_text(instruction, error),
        grammar=program_grammar(objects),
        tuned=Tuned(brief(instruction, objects, error), grammar_of(objects)),
    )


def brief(instruction: str, objects: Sequence[str], error: str = "") -> str:
    """All that a model is shown that was trained for it (`planners.finetune`)."""
    again = f"# the last try failed: {error}\n" if error else ""
    return f"objects = {list(objects)!r}\n{again}# {instruction}\n"


def _text(instruction: str, error: str) -> str:
    shown = "".join(f"\n# {said}\n{written}" for said, written in EXAMPLES)
    again = f"\n# the last try failed: {error}" if error else ""
    return f"{shown}{again}\n# {instruction}\n"


def _messages(
    instruction: str, objects: Sequence[str], program: str, error: str
) -> list[dict[str, str]]:
    messages = [{"role": "system", "content": SYSTEM}]
    for seen, said, written in SHOWN:
        messages += [_user(said, seen), {"role": "assistant", "content": written}]
    messages.append(_user(instruction, objects))
    if error:
        messages += [
            {"role": "assistant", "content": program},
            {"role": "user", "content": f"It failed: {error}\nWrite the whole program again."},
        ]
    return messages


def _user(instruction: str, objects: Sequence[str]) -> dict[str, str]:
    return {"role": "user", "content": f"objects = {list(objects)!r}\n# {instruction}"}


def extract(answer: str) -> str:
    """The program in an answer, which may be fenced."""
    fenced = re.search(r"```(?:python)?[ \t]*\n(.*?)(?:```|\Z)", answer, re.DOTALL)
    return (fenced[1] if fenced else answer).strip() + "\n"
