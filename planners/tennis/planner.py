"""The high-level controller in the loop: one decision a ball, and the coach's word."""

from collections.abc import Callable, Sequence

from planners.tennis.chooser import Choice, Chooser
from planners.tennis.coach import Tactics, tactics
from planners.tennis.decide import Decider
from planners.tennis.experience import Experience
from planners.tennis.network import Networks
from robot.ball import Track
from robot.shots import Shot
from robot.types import Goal, Outcome, State, Status, Utterance


class TennisPlanner:
    """Awaits a ball, has it returned by the controller chosen; a `robot.types.Planner`.

    `results` gives the shots of the match so far, where there is one: from them it learns. When it
    decides, `planners.tennis.decide` says.
    """

    def __init__(
        self,
        chooser: Chooser,
        networks: Networks,
        track: Track,
        say: Callable[[str], None],
        note: Callable[[str], None] = lambda text: None,
        results: Callable[[], Sequence[Shot]] = tuple,
    ) -> None:
        self.chooser, self._track = chooser, track
        self._say, self._note, self._results = say, note, results
        self._goal = Goal(1, "ready", {})
        self._experience = Experience(chooser)
        self._decider = Decider(self._experience, networks, track)
        self._told = 0  # shots whose end was told
        self.corrections: list[str] = []
        self.choices: list[Choice] = []
        self.finished, self.error = False, None  # a match is over when its world says so

    def plan(self, state: State, heard: tuple[Utterance, ...], outcome: Outcome) -> Goal:
        for utterance in heard:
            self.listen(utterance.text)
        shots = self._results()
        self._experience.read(shots)
        for shot in shots[self._told :]:
            if shot.ended:
                who = f"point for the {shot.point}" if shot.point else "let"
                self._note(f"{who}: {shot.ended}")
        self._told = len(shots)
        over = outcome.goal_id == self._goal.id and outcome.status is not Status.RUNNING
        ball = state.ball
        if ball is None or ball.velocity[1] >= 0:
            self._decider.forget()
        if self._goal.skill == "rally" and over:
            self._decider.leave()
            self._next("ready")
        elif ball is not None and ball.velocity[1] < 0:
            choice = self._decider.watch(ball, state.time, state.q)
            if choice is not None:
                self.choices.append(choice)
                self._note(f"{choice.name}: {choice.why}")
                self._next("rally", controller=choice.name, track=self._track.name)
        return self._goal

    def _next(self, skill: str, **args: object) -> None:
        self._goal = Goal(self._goal.id + 1, skill, args)

    def listen(self, text: str) -> None:
        """Take a tactic, or say that it was none."""
        try:
            wanted = tactics(text, self.chooser.tactics)
        except ValueError as error:
            self._say(f"I did not understand: {error}.")
            return
        self.corrections.append(text)
        self.chooser.tactics = wanted
        self._say("Normal game." if wanted == Tactics() else f"Tactics: {describe(wanted)}.")


def describe(wanted: Tactics) -> str:
    """Tactics in words."""
    sides = {-1.0: "left", 0.0: "", 1.0: "right"}
    parts = [
        f"play to the {sides[wanted.side]}" if wanted.side else "",
        f"return serves to the {sides[wanted.serve_side]}" if wanted.serve_side else "",
        {1.0: "hit faster", -1.0: "hit slower"}.get(wanted.pace, ""),
        {1.0: "play safer", -1.0: "take risks"}.get(wanted.care, ""),
        "use topspin" if wanted.spin else "",
        f"use your {wanted.style}" if wanted.style else "",
    ]
    return ", ".join(filter(None, parts))
