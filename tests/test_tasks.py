"""Tasks for programs: their words, their correct programs, and judges that can say no."""

import zlib
from dataclasses import replace

import numpy as np
import pytest

from planners.program.ground import ungrounded
from planners.program.words import answer, place_xy
from planners.tasks import judge as j
from planners.tasks.attributes import SEEN, UNSEEN
from planners.tasks.draw import SPLITS, done_already, draw, standing, templates_of
from planners.tasks.judge import Episode
from planners.tasks.templates import TEMPLATES
from robot.table import BLOCK, BOWL_FLOOR, COLORS
from robot.types import vector
from sim.scene import random_scene

CASES = [(split, t.name) for split in SPLITS for t in templates_of(split)]
WORDS = "get_obj_names get_obj_pos get_bbox get_color is_obj_visible denormalize_xy".split()


def layout(rng, names):
    return {thing.name: (thing.x, thing.y) for thing in random_scene(rng, names=names)}


def drawn(split, name, seed=0):
    rng = np.random.default_rng([seed, zlib.crc32(f"{split} {name}".encode())])
    return draw(rng, split, TEMPLATES[name], layout)


class Table:
    """Things that go where they are put and rest on what is there; nothing is in the way."""

    def __init__(self, places):
        self.things, self.said = standing(places), []

    def put(self, a, b):
        if isinstance(b, str):
            at = place_xy(b)
            x, y = at if at is not None else self.things[b].position[:2]
        else:
            x, y = b
        below = 0.0
        for name, fix in self.things.items():
            away = np.abs(fix.position[:2] - [x, y]).max()
            if name == a:
                continue
            if name.endswith("bowl") and away < 0.05:
                below = max(below, BOWL_FLOOR)
            elif name.endswith("block") and away < 0.9 * BLOCK:
                below = max(below, float(fix.position[2]) + BLOCK / 2)
        self.move(a, vector([x, y, below + BLOCK / 2]))

    def move(self, name, position):
        self.things = {**self.things, name: replace(self.things[name], position=position)}

    def run(self, program):
        scope = {word: lambda *a, word=word, **k: answer(word, a, k, self.things) for word in WORDS}
        exec(program, {**scope, "put_first_on_second": self.put, "say": self.said.append})


def played(task):
    table = Table(task.places)
    before = table.things
    table.run(task.program)
    return Episode(before, table.things, table.things, table.said)


@pytest.mark.parametrize(("split", "name"), CASES)
@pytest.mark.parametrize("seed", range(3))
def test_the_correct_program_is_right_and_doing_nothing_is_not(split, name, seed):
    task = drawn(split, name, seed)
    assert "{" not in task.instruction and task.instruction == task.instruction.strip()
    assert task.judge(played(task)) == ""
    assert done_already(task) is False
    blocks = [n for n in task.names if n.endswith("block")]
    assert 1 <= len(blocks) <= 4 and 1 <= len(task.names) - len(blocks) <= 4


@pytest.mark.parametrize(("split", "name"), CASES)
def test_near_misses_are_misses(split, name):
    """What was done, spoilt in one way after another."""
    task = drawn(split, name, 7)
    done = played(task)
    moved = [n for n in done.after if np.any(done.after[n].position != done.before[n].position)]
    blocks = [n for n in task.names if n.endswith("block")]
    for block in blocks:

        def spoilt(offset, later=False, block=block):
            fix = done.after[block]
            things = {**done.after, block: replace(fix, position=vector(fix.position + offset))}
            after = done.after if later else things
            return Episode(done.before, after, things, done.said)

        assert task.judge(spoilt([0, 0, 0.02])), f"the {block} hangs in the air"
        assert task.judge(spoilt([0.01, 0, 0], later=True)), f"the {block} still moves"
        if block not in moved:
            assert task.judge(spoilt([0.04, 0, 0])), f"the {block} was not to be moved"
        elif name not in ("stack_in_order", "circle", "line", "all_at", "put_at"):
            assert task.judge(spoilt([0.3, 0.25, 0])), f"the {block} is far away"
    if moved:
        undone = {**done.after, moved[-1]: done.before[moved[-1]]}
        assert task.judge(replace(done, after=undone, later=undone)), "the last step was not taken"
    else:
        assert task.judge(replace(done, said=())), "nothing was said"


def test_answers_that_hedge_are_wrong():
    task = drawn("seen", "is_it", 1)
    done = played(task)
    assert task.judge(replace(done, said=("yes or no",)))
    task = drawn("seen", "which_color", 1)
    assert task.judge(replace(played(task), said=(" ".join(COLORS),)))
    task = drawn("seen", "how_many", 1)
    assert task.judge(replace(played(task), said=("1 2 3 4",)))


@pytest.mark.parametrize("name", ["absent_block", "ambiguous_block", "nowhere"])
def test_a_guess_is_no_refusal(name):
    task = drawn("refusals", name, 2)
    table = Table(task.places)
    before = table.things
    block = next(n for n in task.names if n.endswith("block"))
    bowl = next(n for n in task.names if n.endswith("bowl"))
    table.put(block, bowl)
    said = ("I cannot do that.",)
    assert task.judge(Episode(before, table.things, table.things, said))
    assert task.judge(Episode(before, before, before, ("done",)))


def episode(**places):
    """Blocks at [x, y] or [x, y, z]."""
    names = {name.replace("_", " "): at for name, at in places.items()}
    things = standing({name: at[:2] for name, at in names.items()})
    for name, at in names.items():
        if len(at) == 3:
            things[name] = replace(things[name], position=vector(at))
    return Episode(things, things, things, ())


@pytest.mark.parametrize(
    ("judge", "good", "bad"),
    [
        (
            j.in_line(["a block", "b block", "c block"], "horizontal"),
            [{"c": (0.2, -0.405)}],
            [{"c": (0.2, -0.43)}, {"c": (0.3, -0.4)}, {"c": (0.14, -0.4)}, {"c": (0.0, -0.3)}],
        ),
        (
            j.in_line(["a block", "b block", "c block"], "vertical"),
            [{"b": (0.005, -0.5), "c": (0.0, -0.6)}],
            [{"c": (0.2, -0.4)}, {"b": (0.02, -0.5), "c": (0.0, -0.6)}],
        ),
        (
            j.in_circle(["a block", "b block", "c block"]),
            [{"b": (0.1, -0.4), "c": (0.05, -0.3134)}],
            [{"c": (0.2, -0.4)}, {"c": (0.1, -0.3)}, {"b": (0.05, -0.4), "c": (0.025, -0.36)}],
        ),
        (
            j.pyramid(["a block", "b block", "c block"]),
            [{"b": (0.066, -0.4), "c": (0.033, -0.4, 0.06)}],
            [
                {"b": (0.066, -0.4), "c": (0.0, -0.4, 0.06)},
                {"b": (0.1, -0.4), "c": (0.05, -0.4, 0.06)},
                {"b": (0.0, -0.4, 0.06), "c": (0.0, -0.4, 0.1)},
            ],
        ),
        (
            j.tower(["a block", "b block", "c block"]),
            [{"b": (0.0, -0.4, 0.06), "c": (0.01, -0.4, 0.1)}],
            [{"b": (0.0, -0.4, 0.06)}, {"b": (0.0, -0.4, 0.06), "c": (0.03, -0.4, 0.1)}],
        ),
    ],
)
def test_shapes(judge, good, bad):
    places = {"a_block": (0.0, -0.4), "b_block": (0.1, -0.4), "c_block": (0.2, -0.4)}
    for changes in good:
        assert judge(episode(**places | {f"{n}_block": at for n, at in changes.items()})) == ""
    for changes in bad:
        assert judge(episode(**places | {f"{n}_block": at for n, at in changes.items()}))


def test_a_block_in_a_bowl_is_within_it_and_a_pile_has_a_foot_there():
    judge = j.in_bowl("red block", "blue bowl")
    inside = {"red_block": (0.0, -0.4, 0.026), "blue_bowl": (0.0, -0.4)}
    assert judge(episode(**inside)) == ""
    assert judge(episode(**inside | {"red_block": (0.06, -0.4, 0.026)}))  # on its rim
    high = inside | {"red_block": (0.0, -0.4, 0.066)}
    assert judge(episode(**high))
    assert judge(episode(**high, green_block=(0.0, -0.4, 0.026))) == ""
    assert judge(episode(**high, green_block=(0.1, -0.4, 0.026)))


def test_the_sets_are_apart():
    for field in SEEN.__dataclass_fields__:
        assert not set(getattr(SEEN, field)) & set(getattr(UNSEEN, field))
    assert set(SEEN.colors) | set(UNSEEN.colors) == set(COLORS)
    assert len(templates_of("seen")) >= 8 and len(templates_of("templates")) >= 6
    for template in TEMPLATES.values():
        assert not set(template.phrases) & set(template.held_out)
        assert template.held_out or template.set == "refusal"
    for template in templates_of("seen"):
        words = drawn("seen", template.name, 1).instruction.split()
        assert not set(words) & set(UNSEEN.colors)


@pytest.mark.parametrize("split", ["seen", "attributes", "paraphrases", "templates"])
def test_what_can_be_done_is_not_refused(split):
    for template in templates_of(split):
        for seed in range(3):
            task = drawn(split, template.name, seed)
            assert ungrounded(task.instruction, task.names) is None, task.instruction
