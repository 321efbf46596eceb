"""`courtside eval cap`: episodes through the whole stack, and what is kept of those that fail."""

import json
from dataclasses import replace

import pytest

from robot.cli.cap_episodes import CapSetup, play, task_of
from robot.cli.errors import WrongUse
from robot.cli.eval_cap import EvalCap


def setup_of(tmp_path, **changes):
    setup = CapSetup("oracle", "", None, ("seen",), "mujoco", "truth", 3, tmp_path / "kept")
    return replace(setup, **changes)


def test_an_episode_repeats_and_episodes_go_round_the_templates(tmp_path):
    setup = setup_of(tmp_path, splits=("seen", "attributes"))
    first, scene = task_of(setup, 0)
    assert (first.instruction, scene) == (task_of(setup, 0)[0].instruction, task_of(setup, 0)[1])
    drawn = [task_of(setup, index)[0] for index in range(24)]
    assert [task.split for task in drawn[:4]] == ["seen", "attributes"] * 2
    assert len({task.template for task in drawn}) == 12
    assert {thing.name for thing in scene} == set(first.names)


def test_a_correct_program_succeeds_by_itself_and_as_an_answer(tmp_path):
    setup = setup_of(tmp_path)
    first = play(setup, 0, None)
    assert first["success"] and first["template"] == "put_on"
    answered = replace(setup, answers=(task_of(setup, 0)[0].program,))
    assert play(answered, 0, None)["success"]
    assert not setup.keep.exists()


def test_of_a_failure_are_kept_its_program_its_reason_and_a_film(tmp_path):
    setup = setup_of(tmp_path, answers=("say('I would rather not')\n",))
    done = play(setup, 0, None)
    assert not done["success"] and "is not" in done["reason"]
    assert done["said"] == ["I would rather not"] and done["program"] == setup.answers[0]
    program, film = setup.keep / "0000-put_on.py", setup.keep / "0000-put_on.mp4"
    assert program.read_text().startswith(f"# {done['instruction']}\n# {done['reason']}\n")
    assert done["video"] == str(film) and film.stat().st_size > 1000
    assert list(setup.keep.glob("0000-put_on*.mcap"))


def test_a_program_with_an_error_fails_with_it(tmp_path):
    setup = setup_of(tmp_path, answers=("put_first_on_second('x block', 'y bowl')\n",))
    assert "there is no 'x block'" in play(setup, 0, None)["reason"]


@pytest.mark.parametrize(
    ("answers", "message"),
    [(None, "cannot replay"), ("{}", "JSON list of strings"), ('["say(1)"]', "has 1 answers")],
)
def test_answers_that_do_not_suffice(tmp_path, answers, message):
    file = tmp_path / "answers.json"
    if answers is not None:
        file.write_text(answers)
    with pytest.raises(WrongUse, match=message):
        EvalCap(llm=f"replay:{file}", episodes=2).main()
    with pytest.raises(WrongUse, match="at least 1"):
        EvalCap(episodes=0).main()


def test_its_programs_can_be_written_and_its_figures_have_intervals(tmp_path, capsys):
    file = tmp_path / "programs.json"
    chosen = {"split": "refusals", "episodes": 3, "perception": "truth"}
    assert EvalCap("oracle", programs=file, **chosen).main() == 0
    assert len(json.loads(file.read_text())) == 3
    assert EvalCap("oracle", json=True, keep=tmp_path, **chosen).main() == 0
    result = json.loads(capsys.readouterr().out)
    assert result["n"] == 3 and result["success_rate"] == 1 and result["failures"] == []
    assert result["success_rate_interval"][0] < 1
    assert set(result["by_split"]) == {"refusals"} and len(result["by_template"]) == 3
