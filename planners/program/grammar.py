"""The grammar that keeps a small model's programs valid.

It is made from the API and from what is on the table, never from the instruction: it guards syntax
and names, and decides nothing. Each statement begins with a comment in plain words, which a small
model gets right far more often than the call itself; the call must then repeat the comment.
"""

from collections.abc import Iterable, Sequence

from planners.program.hierarchy import Request
from planners.program.words import PLACES

STATEMENTS = 6  # at most
SAID = 80  # characters


def put(first: str, second: str) -> str:
    """The statement that puts one thing on another, or at a place."""
    return f"# the {first} -> the {second}\nput_first_on_second('{first}', '{second}')\n"


def put_every(kind: str, second: str) -> str:
    """The statement that puts all things of a kind somewhere."""
    return (
        f"# every {kind} -> the {second}\n"
        f"for name in [n for n in get_obj_names() if '{kind}' in n]:\n"
        f"    put_first_on_second(name, '{second}')\n"
    )


def stack_every(kind: str) -> str:
    """The statement that makes a tower."""
    return (
        f"# stack every {kind}\n"
        f"names = [n for n in get_obj_names() if '{kind}' in n]\n"
        "for above, below in zip(names[1:], names):\n"
        "    put_first_on_second(above, below)\n"
    )


def say(text: str) -> str:
    """The statement that speaks."""
    return f"# say\nsay('{text}')\n"


def program_grammar(objects: Sequence[str]) -> str:
    """GBNF, for llama.cpp, of the programs over these objects."""
    kinds = sorted({name.split()[-1] for name in objects})
    targets = [*objects, *PLACES]
    rules = [f'root ::= statement{{1,{STATEMENTS}}} "\\n"']
    statements = ["say"]
    before, after = (_literal(part) for part in say("|").split("|"))
    rules.append(f"say ::= {before} [A-Za-z0-9 .,!?]{{1,{SAID}}} {after}")
    for index, name in enumerate(objects):
        ends = [(target, put(name, target)) for target in targets if target != name]
        rules.append(f"put{index} ::= {_shared(ends)}")
        statements.append(f"put{index}")
    for index, kind in enumerate(kinds):
        ends = [(target, put_every(kind, target)) for target in targets]
        rules.append(f"every{index} ::= {_shared(ends)} | {_literal(stack_every(kind))}")
        statements.append(f"every{index}")
    rules.append(f"statement ::= {' | '.join(statements)}")
    return "\n".join(rules) + "\n"


def lower_grammar(request: Request) -> str:
    """GBNF of an answer's program: of the names and places there are, never of the description."""
    if request.kind == "function":  # of any body, as far as a function goes
        return 'root ::= "def " [a-z_]+ "(" [^)\\n]* "):\\n" ("    " [^\\n#]+ "\\n"){1,12} "\\n"\n'
    names = " | ".join(_literal(repr(name)) for name in [*request.objects, *PLACES])
    number = '"-"? "0." [0-9]{1,2}'
    rules = [f"name ::= {names}", f"number ::= {number}"]
    listed = '"[" name (", " name){0,7} "]"'
    place = '"get_obj_pos(" name ")" (" + [" number ", " number "]")?'
    answers = {
        "parse_obj_name": f'"ret_val = " (name | {listed})',
        "parse_position": f'"ret_val = " {place}',
        "parse_question": f'"ret_val = " ("True" | "False" | [0-9] | name | {listed})',
        "transform_shape_pts": (
            '"new_shape_pts = " ("translate_pts_2d(shape_pts, delta=[" number ", " number "])"'
            ' | "scale_pts_around_centroid_np(shape_pts, scale_x=" [0-9] "." [0-9] ", scale_y="'
            ' [0-9] "." [0-9] ")" | "rotate_pts_around_centroid_np(shape_pts, angle=np.deg2rad("'
            ' "-"? [0-9]{1,3} "))")'
        ),
    }
    return "\n".join([f'root ::= {answers[request.kind]} "\\n"', *rules]) + "\n"


def _shared(texts: Iterable[tuple[str, str]]) -> str:
    """An alternative of texts that all begin alike, up to what distinguishes them."""
    (word, text), *_ = texts = list(texts)
    begin = text[: text.index(word, text.index("->"))]
    return f"{_literal(begin)} ({' | '.join(_literal(t[len(begin) :]) for _, t in texts)})"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
