"""What a language model is shown, and what is taken from its answer."""

import re
from collections.abc import Sequence

from planners.llm import LanguageModel, Prompt, Tuned, open_model
from planners.program.examples import SHOWN as LOWER
from planners.program.examples import TOLD
from planners.program.grammar import (
    lower_grammar,
    program_grammar,
    put,
    put_every,
    say,
    stack_every,
)
from planners.program.hierarchy import Request
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

BEGINNING = "".join(f"\n# {said}\n{written}" for said, written in EXAMPLES)

# For models that chat.
SYSTEM = f"""You control a robot arm at a table by writing short Python programs. Answer with one
program only: no explanation, no imports, no definitions of the functions below. You may use
variables, loops, comprehensions, functions and f-strings; numpy is `np`, and all of
shapely.geometry and shapely.affinity is there. You may call functions that do not exist: they are
written next, so name them and their parameters clearly.

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
    (
        ["cyan block", "gray block", "pink bowl"],
        "slowly push whatever is nearest to the bowl a bit to the left",
        "name = parse_obj_name('the block nearest to the pink bowl', "
        "f'objects = {get_obj_names()}')\n"
        "set_speed(0.4)\n"
        "run_skill('push', {'object': name, 'to': list(get_obj_pos(name) - [0.02, 0])})",
    ),
    (
        ["red block", "blue bowl"],
        "draw a 10 cm circle around the red block",
        "circle = Point(get_obj_pos('red block')).buffer(0.05)\n"
        "follow_path([list(pt) for pt in circle.exterior.coords], height=0.1)",
    ),
    (
        ["purple block"],
        "try to take the block until you have it",
        "tries = 0\n"
        "while not is_grasped('purple block') and tries < 3:\n"
        "    grasp('purple block')\n"
        "    tries += 1\n"
        "if not is_grasped('purple block'):\n"
        "    say('I cannot get hold of it.')",
    ),
    (["green block"], "bring me a coffee", "say('I see no coffee, only a green block.')"),
)


class ModelWriter:
    """Writes programs with a language model; a `planners.program.hierarchy.Writer`."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    def write(self, request: Request) -> str:
        return extract(self._model.complete(prompt(request)))

    def close(self) -> None:
        self._model.close()


def open_writer(name: str, model: str = "") -> ModelWriter:
    """The writer behind the language model `name`; raises `planners.llm.ModelError`."""
    return ModelWriter(open_model(name, model, BEGINNING))


def prompt(request: Request) -> Prompt:
    """The prompt for a program, a better one, or a function."""
    if request.kind == "program":
        objects = request.objects
        tuned = Tuned(brief(request.text, objects, request.error), grammar_of(objects))
        return Prompt(_messages(request), _text(request), program_grammar(objects), tuned)
    return Prompt(_lower_messages(request), _lower_text(request), lower_grammar(request))


def brief(instruction: str, objects: Sequence[str], error: str = "") -> str:
    """All that a model is shown that was trained for it (`planners.finetune`)."""
    again = f"# the last try failed: {error}\n" if error else ""
    return f"objects = {list(objects)!r}\n{again}# {instruction}\n"


def _text(request: Request) -> str:
    # Without the session's history: a small model copies what it saw last.
    again = f"\n# the last try failed: {request.error}" if request.error else ""
    return f"{BEGINNING}{again}\n# {request.text}\n"


def _messages(request: Request) -> list[dict[str, str]]:
    messages = [{"role": "system", "content": SYSTEM}]
    for seen, said, written in SHOWN:
        messages += [_user(said, seen), {"role": "assistant", "content": written}]
    for said, written in request.history:
        messages += [
            {"role": "user", "content": f"# {said}"},
            {"role": "assistant", "content": written.strip()},
        ]
    return [*messages, _user(request.text, request.objects), *_failed(request)]


def _user(instruction: str, objects: Sequence[str]) -> dict[str, str]:
    return {"role": "user", "content": f"objects = {list(objects)!r}\n# {instruction}"}


def _failed(request: Request) -> list[dict[str, str]]:
    """The tries so far, and what became of them."""
    if not request.error:
        return []
    messages = [
        {"role": role, "content": content}
        for program, error in request.tried
        for role, content in (("assistant", program), ("user", f"It failed: {error}{NEW_TRY}"))
    ]
    done = "".join(f"\n- {each}" for each in request.done)
    after = f"\nBefore that it did:{done}\nWrite what is left to do." if done else ""
    lines = request.program.splitlines()
    at = request.line or 0
    where = f" in line {at}, `{lines[at - 1].strip()}`" if 0 < at <= len(lines) else ""
    messages.append({"role": "assistant", "content": request.program})
    told = f"It failed{where}: {request.error}{after or NEW_TRY}"
    return [*messages, {"role": "user", "content": told}]


NEW_TRY = "\nWrite the whole program again."


def _lower_messages(request: Request) -> list[dict[str, str]]:
    messages = [{"role": "system", "content": f"{TOLD[request.kind]}\n\n{STUBS}"}]
    for said, written in LOWER[request.kind]:
        messages += [
            {"role": "user", "content": _asked(request.kind, said)},
            {"role": "assistant", "content": written},
        ]
    content = _asked(request.kind, request.text)
    if request.kind == "function":
        content = f"{content}\nIt is called in:\n{request.context.strip()}"
    else:
        given = request.context.strip() if request.kind != "transform_shape_pts" else ""
        content = f"{given or f'objects = {list(request.objects)!r}'}\n{content}"
    return [*messages, {"role": "user", "content": content}, *_failed(request)]


def _lower_text(request: Request) -> str:
    shown = "".join(
        f"\n{_asked(request.kind, said)}\n{written}\n" for said, written in LOWER[request.kind]
    )
    again = f"\n# the last try failed: {request.error}" if request.error else ""
    objects = f"objects = {list(request.objects)!r}\n" if request.kind != "function" else ""
    return f"{shown}{again}\n{objects}{_asked(request.kind, request.text)}\n"


def _asked(kind: str, text: str) -> str:
    return f"# define function: {text}." if kind == "function" else f"# {text.rstrip('.')}."


def extract(answer: str) -> str:
    """The program in an answer, which may be fenced."""
    answer = re.sub(r"<think>.*?</think>", "", answer, flags=re.DOTALL)  # of models that reason
    fenced = re.search(r"```(?:python)?[ \t]*\n(.*?)(?:```|\Z)", answer, re.DOTALL)
    return (fenced[1] if fenced else answer).strip() + "\n"
