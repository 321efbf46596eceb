"""The adapter of the embedded model: what it is trained on, and that it means the same in torch
and in llama.cpp."""

import re
from collections import Counter
from contextlib import closing
from itertools import pairwise

import numpy as np
import pytest
from gbnf import regex_of

from planners.finetune.checked import effect, own_effect
from planners.finetune.pairs import SHARES, Pair, pairs
from planners.finetune.score import PATIENT
from planners.program.sandbox import Sandbox
from planners.program.statements import STATEMENTS, grammar_of
from planners.tasks.attributes import UNSEEN
from planners.tasks.draw import SPLITS, draw, templates_of
from planners.tasks.templates import TEMPLATES

N = 1500


@pytest.fixture(scope="module")
def drawn() -> list[Pair]:
    return pairs(np.random.default_rng(7), N)


def test_pairs_do_what_their_references_do(drawn):
    faults = [
        (pair, fault)
        for pair in drawn
        if (fault := pair.fault(own_effect(pair.program, pair.before)))
    ]
    assert not faults
    assert set(Counter(pair.kind for pair in drawn)) == set(SHARES)


def test_a_program_that_does_something_else_is_found_out(drawn):
    moving = [pair for pair in drawn if "put_first" in pair.program]
    for pair, other in pairwise(moving[:200]):
        if not set(other.objects) <= set(pair.objects) or other.reference == pair.reference:
            continue
        assert pair.fault(own_effect("say('done')\n", pair.before))
    assert len(moving) > N / 2


def test_pairs_run_in_the_sandbox(drawn):
    with closing(Sandbox(PATIENT)) as sandbox:
        for pair in drawn[:25]:
            assert not pair.fault(effect(sandbox, pair.program, pair.before)), pair.instruction


def test_pairs_repeat_with_their_seed():
    again = [pairs(np.random.default_rng(3), 20) for _ in range(2)]
    assert [pair.instruction for pair in again[0]] == [pair.instruction for pair in again[1]]
    assert len({(pair.instruction, pair.objects) for pair in again[0]}) == 20


# --- nothing that is held out is trained on -------------------------------------------------------


def plain(text: str) -> str:
    """As it is compared: small letters and single spaces, no marks, no articles."""
    words = re.sub(r"[^a-z0-9{} ]", " ", text.lower().replace("colour", "color")).split()
    return " ".join(word for word in words if word != "the")


def pattern(phrase: str) -> re.Pattern[str]:
    """What matches a phrase with anything in its slots."""
    return re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(plain(phrase))).replace("\\ ", " "))


def held_out() -> list[re.Pattern[str]]:
    phrases = [phrase for template in TEMPLATES.values() for phrase in template.held_out]
    phrases += [p for t in TEMPLATES.values() if t.set == "unseen" for p in t.phrases]
    return [pattern(phrase) for phrase in phrases]


def test_held_out_phrases_and_templates_are_not_trained_on(drawn):
    patterns = held_out()
    for pair in drawn:
        said = plain(pair.instruction)
        assert not any(each.search(said) for each in patterns), pair.instruction


def test_the_patterns_find_what_is_held_out():
    def line(rng, names):
        return {n: (0.12 * (i % 5) - 0.24, -0.25 - 0.15 * (i // 5)) for i, n in enumerate(names)}

    patterns, rng = held_out(), np.random.default_rng(0)
    for split in ("paraphrases", "templates"):
        for template in templates_of(split):
            try:
                task = draw(rng, split, template, line)
            except ValueError:
                continue  # not to be had on such a table
            assert any(each.search(plain(task.instruction)) for each in patterns)


def test_held_out_attributes_are_not_trained_on(drawn):
    words = {*UNSEEN.colors, *UNSEEN.directions, *UNSEEN.ordinals, *UNSEEN.extremes, "lot"}
    words |= {word for each in UNSEEN.lines for word in each.split()} | {"furthest", "grey"}
    for pair in drawn:
        text = f"{pair.instruction} {pair.objects} {pair.program}".lower()
        assert not words & set(re.findall(r"[a-z]+", text)), text


# --- the grammar ----------------------------------------------------------------------------------


def test_the_grammar_has_every_program_and_no_other(drawn):
    for pair in drawn[:12]:  # a second each to compile
        found = regex_of(grammar_of(pair.objects))
        assert found.fullmatch(pair.program), pair.program
        assert not found.fullmatch(pair.program.replace("(", "[", 1))
        name = pair.objects[0]
        assert not found.fullmatch(f"put_first_on_second('{name}', 'moon')\n")
        assert found.fullmatch(f"put_first_on_second('{name}', 'bottom side')\n" * STATEMENTS)
        assert not found.fullmatch(f"put_first_on_second('{name}', 'middle')\n" * (STATEMENTS + 1))


def test_the_grammar_says_what_held_out_words_mean():
    """Comments with unseen words, and only the code that belongs to them."""
    found = regex_of(grammar_of(("red block", "blue bowl")))
    code = "x, y = get_obj_pos('red block')\nput_first_on_second('red block', [x {} 0.15, y])\n"
    assert found.fullmatch("# a lot to the right\n" + code.format("+"))
    assert not found.fullmatch("# a lot to the right\n" + code.format("-"))


def test_splits_can_be_drawn():
    assert all(templates_of(split) for split in SPLITS)
