"""Programs without a robot: words answered from a table that things are put on by hand."""

from dataclasses import dataclass, field

from planners.program import resolve
from planners.program.act import legs_of
from planners.program.hierarchy import Level, complete
from planners.program.library import Library
from planners.program.sandbox import Call, Sandbox, Step
from planners.program.words import WORDS, Hand, WordError, answer
from robot.types import Fix, vector

PLACED = {
    "blue block": (0.05, -0.35),
    "cyan block": (-0.20, -0.60),
    "purple block": (0.20, -0.30),
    "green block": (-0.05, -0.70),
    "blue bowl": (0.20, -0.60),
    "cyan bowl": (-0.20, -0.30),
    "yellow bowl": (0.0, -0.50),
}
SKILLS = ("reach", "pick", "place", "gripper", "push", "trace", "home")


def fix(name, x, y, z=0.02):
    size = [0.144, 0.144, 0.045] if name.endswith("bowl") else [0.04] * 3
    return Fix(0.0, vector([x, y, z]), vector([1, 0, 0, 0]), vector(size))


@dataclass
class Run:
    end: Step
    objects: dict
    calls: list = field(default_factory=list)
    said: list = field(default_factory=list)

    def where(self, name):
        return self.objects[name].position[:2]


def run_program(sandbox: Sandbox, program: str) -> Run:
    level = Level("program", "", program=program)
    complete(level, Library(None), write=False)
    run = Run(
        sandbox.run(level.whole, level.preamble), {n: fix(n, *xy) for n, xy in PLACED.items()}
    )
    held = None
    tool = [0.0, -0.5, 0.2]
    while isinstance(call := run.end, Call):
        run.calls.append((call.name, call.args))
        hand = Hand(tool, held)
        try:
            word = WORDS[call.name]
            value = None
            if word.moves:
                for leg in legs_of(call.name, call.args, run.objects, hand, SKILLS):
                    args = leg.args
                    if leg.skill == "place":
                        at = args["at"]
                        xy = run.where(at) if isinstance(at, str) else at
                        on = isinstance(at, str) and at.endswith("block")
                        z = run.objects[at].position[2] + 0.04 if on else 0.02
                        run.objects[args["object"]] = fix(args["object"], *xy, z)
                    elif leg.skill == "reach" and "to" in args:
                        tool = list(args["to"])
                    elif leg.skill == "pick":
                        held = args["object"]
                    elif leg.skill == "gripper":
                        held = None
                value = {"run_skill": "done", "grasp": held is not None}.get(call.name)
            elif call.name == "say":
                run.said.append(call.args[0])
            elif word.asks:
                value = resolve.answer(call.name, *call.args, run.objects)
            elif not word.acts:
                value = answer(call.name, call.args, {}, run.objects, hand=hand)
            run.end = sandbox.answer(value)
        except WordError as error:
            run.end = sandbox.throw(str(error))
        except resolve.Unclear as error:
            run.end = sandbox.throw(str(error))
    return run
