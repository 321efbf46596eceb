"""Goals as the user wrote them: no model, no program."""

import json
import shlex
from collections.abc import Callable
from typing import Any

from planners.conduct import Conductor, Leg, Progress
from planners.correct import Vocabulary, understand
from robot.types import Goal, Outcome, State, Utterance


def parse_goals(text: str, skills: tuple[str, ...]) -> tuple[Leg, ...]:
    """The goals in `pick object="red block"; place object="red block" at="blue bowl"`.

    A value is JSON (`at=[0.1,-0.5]`) or else a plain string.
    """
    legs = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        try:
            skill, *pairs = shlex.split(part)
        except ValueError as error:
            raise ValueError(f"cannot read the goal {part!r}: {error}") from error
        if skill not in skills:
            raise ValueError(f"unknown skill {skill!r}; valid are {', '.join(skills)}")
        args: dict[str, Any] = {}
        for pair in pairs:
            key, equals, value = pair.partition("=")
            if not equals:
                raise ValueError(f"{pair!r} in {part!r} is not of the form key=value")
            try:
                args[key] = json.loads(value)
            except ValueError:
                args[key] = value
        legs.append(Leg(skill, args))
    if not legs:
        raise ValueError("no goal given; for example: pick object='red block'")
    return tuple(legs)


class FixedPlanner:
    """Carries out given goals one after the other; a `robot.types.Planner`."""

    def __init__(
        self, legs: tuple[Leg, ...], vocabulary: Vocabulary, say: Callable[[str], None]
    ) -> None:
        self.legs = legs  # still to be done
        self._vocabulary, self._say = vocabulary, say
        self._conductor = Conductor(say)
        self.corrections: list[str] = []
        self.error: str | None = None

    @property
    def finished(self) -> bool:
        """Nothing is left to do."""
        return not self.legs and not self._conductor.busy

    @property
    def succeeded(self) -> bool:
        """All goals have been reached."""
        return self.finished and self._conductor.progress is Progress.DONE

    def plan(self, state: State, heard: tuple[Utterance, ...], outcome: Outcome) -> Goal:
        if self.legs:
            self._conductor.start(self.legs, state)
            self.legs = ()
        for utterance in heard:
            correction = understand(utterance.text, self._vocabulary)
            if correction is None:
                self._say(f"I did not understand {utterance.text!r}.")
            else:
                self.corrections.append(utterance.text)
                self._say(self._conductor.correct(correction, state).capitalize() + ".")
        goal = self._conductor.plan(state, outcome)
        if self._conductor.progress is Progress.FAILED and self.error is None:
            self.error = self._conductor.reason
            self._say(f"I failed: {self.error}.")
        return goal
