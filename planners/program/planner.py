"""Code as Policies: an instruction becomes a program, its calls become goals, one at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from planners.conduct import Conductor, Leg, Progress, put
from planners.correct import Vocabulary, understand
from planners.program.ground import ungrounded
from planners.program.sandbox import Call, Failed, Finished, Sandbox, Step
from planners.program.words import WORDS, answer, find, place_xy
from robot.types import Goal, Outcome, State, Utterance
from robot.worker import Arrival, Due, Mailbox, after

REPAIRS = 2  # of one program, by the model that wrote it


class Writer(Protocol):
    """Writes programs; `planners.program.prompt` has the one that asks a language model."""

    def write(
        self, instruction: str, objects: list[str], program: str = "", error: str = ""
    ) -> str:
        """The program for an instruction; with `program` and its `error`, a better one.

        May wait; what it raises is said to the person.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Timing:
    """When the workers' answers arrive."""

    model: Due = after(1.0)
    sandbox: Due = after(0.0)


@dataclass
class Attempt:
    """One instruction being followed."""

    instruction: str
    program: str = ""
    repairs: int = 0
    moved: bool = False


class ProgramPlanner:
    """A `robot.types.Planner` that follows instructions by running programs.

    `writer` may be None when the program is given; then nothing is repaired.
    """

    def __init__(
        self,
        writer: Writer | None,
        sandbox: Sandbox,
        skills: tuple[str, ...],
        vocabulary: Vocabulary,
        say: Callable[[str], None],
        arrived: Callable[[str, Arrival[Any]], None] | None = None,
        note: Callable[[str], None] = lambda text: None,
        timing: Timing | None = None,
    ) -> None:
        timing = timing or Timing()
        self._writer, self._sandbox, self._skills = writer, sandbox, skills
        self._vocabulary, self._say = vocabulary, say
        self._arrived, self._note = arrived or (lambda worker, arrival: None), note
        self._conductor = Conductor(say)
        self._model: Mailbox[str] = Mailbox(timing.model)
        self._steps: Mailbox[Step] = Mailbox(timing.sandbox)
        self._queue: list[Attempt] = []
        self._attempt: Attempt | None = None
        self._call: Call | None = None  # the motion that the program waits for
        self.calls: list[dict[str, Any]] = []  # every call of every program, in order
        self.corrections: list[str] = []
        self.error: str | None = None  # why the last instruction was not followed
        self.killed = False  # whether a program overran its limits
        self.done = 0  # instructions followed

    @property
    def finished(self) -> bool:
        """Nothing is left to do."""
        return self._attempt is None and not self._queue and not self._conductor.busy

    @property
    def succeeded(self) -> bool:
        """All that was asked for has been done."""
        return self.finished and self.error is None and self.done > 0

    def instruct(self, instruction: str) -> None:
        """Follow an instruction, after those given before it."""
        self._queue.append(Attempt(instruction))

    def execute(self, program: str) -> None:
        """Run a program, after the instructions given before it."""
        self._queue.append(Attempt("", program))

    def close(self) -> None:
        """End the sandbox. May be called twice."""
        self._sandbox.close()

    def plan(self, state: State, heard: tuple[Utterance, ...], outcome: Outcome) -> Goal:
        for utterance in heard:
            self._hear(utterance.text, state)
        if self._attempt is None and self._queue:
            self._begin(self._queue.pop(0), state)
        goal = self._conductor.plan(state, outcome)
        self._finish_motion(state)
        self._progress(state)
        return self._conductor.plan(state, outcome) if goal.skill == "hold" else goal

    # --- people ----------------------------------------------------------------------------

    def _hear(self, text: str, state: State) -> None:
        correction = understand(text, self._vocabulary)
        if correction is not None:
            self.corrections.append(text)
            self._say(self._conductor.correct(correction, state).capitalize() + ".")
        elif self._writer is None:
            self._say(f"I did not understand {text!r}.")
        else:
            self.instruct(text)

    # --- the model --------------------------------------------------------------------------

    def _begin(self, attempt: Attempt, state: State) -> None:
        self.error = None
        if attempt.program:
            self._attempt = attempt
            self._check(state)
            return
        refusal = ungrounded(attempt.instruction, list(state.objects))
        if refusal is not None:
            self.error = refusal
            self._say(refusal)
            return
        self._attempt = attempt
        self._ask(state)

    def _ask(self, state: State, error: str = "") -> None:
        writer, attempt, objects = self._writer, self._attempt, list(state.objects)
        assert writer is not None and attempt is not None
        instruction, program = attempt.instruction, attempt.program
        self._note("asking the language model ...")
        self._model.request(state.time, lambda: writer.write(instruction, objects, program, error))

    def _check(self, state: State) -> None:
        """Type-check the program and, if it is sound, run it to its first call."""
        assert self._attempt is not None
        program = self._attempt.program
        self._steps.request(state.time, lambda: self._sandbox.run(program))

    # --- the program ------------------------------------------------------------------------

    def _progress(self, state: State) -> None:
        """Take what the workers have ready, as far as it goes without waiting for a motion."""
        arrival = self._model.poll(state.time)
        if arrival is not None:
            self._arrived("model", arrival)
            if arrival.result is None:
                self._fail(f"the language model failed: {arrival.error}")
            else:
                assert self._attempt is not None
                self._attempt.program = arrival.result
                self._note(arrival.result.rstrip())
                self._check(state)
        while (step := self._steps.poll(state.time)) is not None:
            self._arrived("sandbox", step)
            if step.error is not None:
                self._fail(f"the sandbox failed: {step.error}")
            elif isinstance(step.result, Call):
                self._answer(step.result, state)
            elif isinstance(step.result, Failed):
                self._repair(step.result, state)
            elif isinstance(step.result, Finished):
                self._attempt = None
                self.done += 1

    def _repair(self, failed: Failed, state: State) -> None:
        """Send a program that failed before it moved anything back to its writer."""
        attempt = self._attempt
        assert attempt is not None
        self.killed = self.killed or failed.kind in ("limit", "crash")
        where = f" (line {failed.line})" if failed.line else ""
        if self._writer is None or not attempt.instruction or attempt.moved:
            self._fail(f"{failed.error}{where}")
        elif attempt.repairs >= REPAIRS:
            self._fail(f"{failed.error}{where}, after {REPAIRS} repairs")
        else:
            attempt.repairs += 1
            self._note(f"repair {attempt.repairs}: {failed.error}{where}")
            self._ask(state, failed.error)

    def _fail(self, error: str) -> None:
        self._attempt, self._call, self.error = None, None, error
        self._say(f"I stopped: {error}.")

    def _answer(self, call: Call, state: State) -> None:
        """Answer a call at once, or begin its motion."""
        self.calls.append({"name": call.name, "args": list(call.args), **call.kwargs})
        try:
            if WORDS[call.name].moves:
                self._conductor.start(self._legs(call, state), state)
                self._call = call
                assert self._attempt is not None
                self._attempt.moved = True
            elif call.name == "say":
                self._say(str(call.args[0]))
                self._resume(None, state)
            else:
                self._resume(answer(call.name, call.args, call.kwargs, state.objects), state)
        except ValueError as error:
            self._throw(str(error), state)

    def _legs(self, call: Call, state: State) -> tuple[Leg, ...]:
        """The goals of a motion word."""
        if call.name == "run_skill":
            skill, args = _bind(call, ("name", "goal"), {"goal": None})
            if skill not in self._skills:
                raise ValueError(f"unknown skill {skill!r}; valid are {', '.join(self._skills)}")
            return (Leg(skill, args or {}),)
        a, b = _bind(call, ("a", "b"), {})
        first = find(a, state.objects) if isinstance(a, str) else _at(a, state)
        if not isinstance(b, str):
            return put(first, list(b))
        xy = place_xy(b)
        return put(first, find(b, state.objects) if xy is None else list(xy))

    def _finish_motion(self, state: State) -> None:
        """Tell the program how the motion that it waits for ended."""
        conductor = self._conductor
        if self._call is None or conductor.busy:
            return
        call, self._call = self._call, None
        done = conductor.progress is Progress.DONE
        self.calls[-1]["outcome"] = "done" if done else conductor.reason
        if call.name == "run_skill":
            self._resume("done" if done else conductor.reason, state)
        elif done:
            self._resume(None, state)
        else:
            self._throw(conductor.reason, state)

    def _resume(self, value: Any, state: State) -> None:
        self._steps.request(state.time, lambda: self._sandbox.answer(value))

    def _throw(self, message: str, state: State) -> None:
        self._steps.request(state.time, lambda: self._sandbox.throw(message))


def _bind(call: Call, names: tuple[str, ...], defaults: Mapping[str, Any]) -> list[Any]:
    values = {**defaults, **dict(zip(names, call.args, strict=False)), **call.kwargs}
    return [values[name] for name in names]


def _at(xy: Any, state: State) -> str:
    """The name of the topmost object at (x, y) [m]."""
    near: dict[str, float] = {
        name: fix.position[2]
        for name, fix in state.objects.items()
        if abs(fix.position[0] - xy[0]) < 0.03 and abs(fix.position[1] - xy[1]) < 0.03
    }
    if not near:
        raise ValueError(f"there is nothing to pick at ({xy[0]:.2f}, {xy[1]:.2f})")
    return max(near, key=near.__getitem__)
