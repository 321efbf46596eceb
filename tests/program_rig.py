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
class Table:
    """Answers words as if things were put where a program wants them."""

    objects: dict = field(default_factory=lambda: {n: fix(n, *xy) for n, xy in PLACED.items()})
    calls: list = field(default_factory=list)
    said: list = field(default_factory=list)
    held: str | None = None
    tool: list = field(default_factory=lambda: [0.0, -0.5, 0.2])

    def where(self, name):
        return self.objects[name].position[:2]

    def answer(self, name, args):
        """What the word answers; raises WordError or Unclear."""
        self.calls.append((name, args))
        hand = Hand(self.tool, self.held)
        word = WORDS[name]
        if word.moves:
            for leg in legs_of(name, args, self.objects, hand, SKILLS):
                self._move(leg.skill, leg.args)
            return {"run_skill": "done", "grasp": self.held is not None}.get(name)
        if name == "say":
            self.said.append(args[0] if isinstance(args[0], str) else str(args[0]))
        elif word.asks:
            return resolve.answer(name, *args, self.objects)
        elif not word.acts:
            return answer(name, args, {}, self.objects, hand=hand)
        return None

    def _move(self, skill, args):
        if skill == "place":
            at = args["at"]
            xy = self.where(at) if isinstance(at, str) else at
            on = isinstance(at, str) and at.endswith("block")
            z = self.objects[at].position[2] + 0.04 if on else 0.02
            self.objects[args["object"]] = fix(args["object"], *xy, z)
        elif skill == "reach" and "to" in args:
            self.tool = list(args["to"])
        elif skill == "pick":
            self.held = args["object"]
        elif skill == "gripper":
            self.held = None


@dataclass
class Run:
    end: Step
    table: Table

    @property
    def calls(self):
        return self.table.calls

    @property
    def said(self):
        return self.table.said

    @property
    def objects(self):
        return self.table.objects

    def where(self, name):
        return self.table.where(name)


def run_program(sandbox: Sandbox, program: str) -> Run:
    level = Level("program", "", program=program)
    complete(level, Library(None), write=False)
    run = Run(sandbox.run(level.whole, level.preamble), Table())
    while isinstance(call := run.end, Call):
        try:
            run.end = sandbox.answer(run.table.answer(call.name, call.args))
        except (WordError, resolve.Unclear) as error:
            run.end = sandbox.throw(str(error))
    return run
