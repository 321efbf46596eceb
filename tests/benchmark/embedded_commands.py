"""How often a language model's program does what an instruction asks: no physics, only effects.

    python tests/benchmark/embedded_commands.py --llm embedded --scenes 4

Fifteen simple and ten hard instructions, each over seeded random scenes of three blocks and three
bowls. Also the floor: the same grammar, asked nothing. Prints one JSON object.
"""

import contextlib
import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import tyro

from planners.llm import open_model
from planners.program.hierarchy import Request
from planners.program.prompt import ModelWriter
from planners.program.sandbox import Call, Failed, Sandbox
from planners.program.words import PLACES, answer
from robot.intervals import wilson
from robot.table import COLORS
from robot.types import Fix, vector

SIMPLE = (
    "put the {a} in the {u}",
    "place the {b} into the {v}",
    "set the {c} down in the {u}",
    "can you put the {a} inside the {w}",
    "I want the {b} in the {u}",
    "move the {c} over to the {v}",
    "stack the {a} on the {b}",
    "put the {b} on top of the {c}",
    "place the {c} onto the {a}",
    "put the {a} in the {p}",
    "move the {b} to the {p}",
    "bring the {c} to the {p}",
    "put all the blocks in the {u}",
    "stack all blocks",
    "say good night",
)
HARD = (
    "put the {a} and the {b} in the {u}",
    "put the {a} in the {u} and the {b} in the {v}",
    "first put the {c} in the {p}, then the {a} in the {w}",
    "stack the {a} on the {b} and the {c} on the {a}",
    "put every block except the {a} in the {u}",
    "put the {a} in the bowl that is not {u_color} or {v_color}",
    "the {b} belongs where the {a} is going: the {w}. Put both there",
    "swap nothing, but tell me the color of the {w}",
    "put the leftmost block in the {v}",
    "put each block in a bowl of its own",
)


@dataclass(frozen=True)
class Benchmark:
    """What to ask whom."""

    llm: str = "embedded"
    """As for `courtside run`."""
    model: str = ""
    """The model's name on a server."""
    scenes: int = 4
    """Per instruction."""
    seed: int = 100
    """Of the first scene."""
    floor: bool = True
    """Also ask nothing, under the same grammar."""


@dataclass
class Case:
    """One instruction in one scene, and where things must be in the end."""

    text: str
    names: list[str]
    objects: dict[str, Fix]
    blocks: list[str]
    bowls: list[str]
    place: str

    def right(self, index: int, hard: bool, where: dict[str, str], said: str) -> bool:
        """Did the program do what was asked, and nothing else?"""
        a, b, c = self.blocks
        u, v, w = self.bowls
        p = self.place
        tower = len(where) == 2 and len({*where, *where.values()} & set(self.blocks)) == 3
        leftmost = min(self.blocks, key=lambda n: self.objects[n].position[0])
        own = set(where) == set(self.blocks) and set(where.values()) == set(self.bowls)
        simple: list[dict[str, str] | bool] = [
            *({a: u}, {b: v}, {c: u}, {a: w}, {b: u}, {c: v}, {a: b}, {b: c}, {c: a}),
            *({a: p}, {b: p}, {c: p}, dict.fromkeys(self.blocks, u), tower),
            not where and "good night" in said.lower(),
        ]
        difficult: list[dict[str, str] | bool] = [
            *({a: u, b: u}, {a: u, b: v}, {c: p, a: w}, {a: b, c: a}, {b: u, c: u}, {a: w}),
            {a: w, b: w},
            not where and w.split()[0] in said,
            {leftmost: v},
            own,
        ]
        wanted = (difficult if hard else simple)[index]
        return wanted if isinstance(wanted, bool) else where == wanted


def case(template: str, rng: random.Random) -> Case:
    blocks = [f"{color} block" for color in rng.sample(sorted(COLORS), 3)]
    bowls = [f"{color} bowl" for color in rng.sample(sorted(COLORS), 3)]
    place = rng.choice(sorted(PLACES))
    names = rng.sample(blocks + bowls, 6)
    objects = {
        name: Fix(
            0.0,
            vector([rng.uniform(-0.25, 0.25), rng.uniform(-0.75, -0.25), 0.02]),
            vector([1, 0, 0, 0]),
            vector([0.04, 0.04, 0.04]),
        )
        for name in names
    }
    text = template.format(
        **dict(zip("abc", blocks, strict=True)),
        **dict(zip("uvw", bowls, strict=True)),
        p=place,
        u_color=bowls[0].split()[0],
        v_color=bowls[1].split()[0],
    )
    return Case(text, names, objects, blocks, bowls, place)


def effect(sandbox: Sandbox, program: str, made: Case) -> tuple[dict[str, str], str] | None:
    """Where each thing was put last, and what was said; None if the program fails."""
    where: dict[str, str] = {}
    said: list[str] = []
    step = sandbox.run(program)
    while isinstance(step, Call):
        if step.name == "put_first_on_second":
            where[str(step.args[0])] = str(step.args[1])
            step = sandbox.answer(None)
        elif step.name == "say":
            said.append(step.args[0])
            step = sandbox.answer(None)
        elif step.name == "run_skill":
            step = sandbox.answer("done")
        else:
            try:
                value = answer(step.name, step.args, step.kwargs, made.objects)
            except ValueError as error:
                step = sandbox.throw(str(error))
            else:
                step = sandbox.answer(value)
    return None if isinstance(step, Failed) else (where, " ".join(said))


def measure(
    write: Callable[[str, list[str]], str], config: Benchmark, hard: bool
) -> dict[str, object]:
    """Success over all instructions of a kind."""
    templates = HARD if hard else SIMPLE
    right: list[bool] = []
    by_instruction: dict[str, int] = {}
    began = monotonic()
    with contextlib.closing(Sandbox()) as sandbox:
        for seed in range(config.seed, config.seed + config.scenes):
            rng = random.Random(seed)
            for index, template in enumerate(templates):
                made = case(template, rng)
                program = write(made.text, made.names)
                done = effect(sandbox, program, made)
                right.append(done is not None and made.right(index, hard, *done))
                by_instruction[template] = by_instruction.get(template, 0) + right[-1]
                if not right[-1]:
                    print(f"{made.text!r} -> {program!r}", file=sys.stderr)
    return {
        "n": len(right),
        "success_rate": round(sum(right) / len(right), 4),
        "success_rate_interval": wilson(sum(right), len(right)),
        "seconds_a_command": round((monotonic() - began) / len(right), 2),
        "by_instruction": by_instruction,
    }


def main(config: Benchmark) -> None:
    with contextlib.closing(open_model(config.llm, config.model)) as model:
        writer = ModelWriter(model)
        result: dict[str, object] = {"llm": config.llm, "seed": config.seed}

        def write(text: str, names: list[str]) -> str:
            return writer.write(Request("program", text, names))

        def write_unasked(text: str, names: list[str]) -> str:
            return write("", names)

        result["simple"] = measure(write, config, hard=False)
        result["hard"] = measure(write, config, hard=True)
        if config.floor:
            nothing = Benchmark(scenes=1, seed=config.seed)
            result["floor"] = measure(write_unasked, nothing, hard=False)
    print(json.dumps(result))


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=__doc__))
