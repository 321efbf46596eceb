"""Code as Policies: an instruction becomes a program, its calls become goals, one at a time."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from planners.conduct import ATTEMPTS, Conductor, Leg, Progress
from planners.correct import Vocabulary, understand
from planners.program import resolve
from planners.program.act import legs_of
from planners.program.ground import ungrounded
from planners.program.hierarchy import Level, Writer, complete, request_of
from planners.program.interrupt import Meant, Saved, meant_by
from planners.program.library import Library
from planners.program.sandbox import Sandbox
from planners.program.step import Call, Failed, Finished, Step
from planners.program.words import WORDS, Hand, answer
from robot.types import Goal, Outcome, State, Utterance
from robot.worker import Arrival, Due, Mailbox, after

REPAIRS = 2  # of one program, by the model that wrote it
LOOK = 0.5  # [s] that a restored program's planner looks before it goes on
UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # of terminals
REMEMBERED = 5  # instructions of the session that the model is told of


@dataclass(frozen=True)
class Timing:
    """When the workers' answers arrive."""

    model: Due = after(1.0)
    sandbox: Due = after(0.0)


class ProgramPlanner:
    """A `robot.types.Planner` that follows instructions by running programs.

    `writer` may be None when the program is given; then nothing is repaired, and no function
    written but those of the `library`. `hand` measures the gripper, where there is one.
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
        hand: Callable[[State], Hand] | None = None,
        library: Library | None = None,
    ) -> None:
        timing = timing or Timing()
        self._writer, self._sandbox, self._skills = writer, sandbox, skills
        self._vocabulary, self._say = vocabulary, say
        self._arrived, self._note = arrived or (lambda worker, arrival: None), note
        self._hand, self._library = hand, library or Library(None)
        self._conductor = Conductor(say)
        self._model: Mailbox[str] = Mailbox(timing.model)
        self._steps: Mailbox[Step] = Mailbox(timing.sandbox)
        self._queue: list[Level | Saved] = []
        self._levels: list[Level] = []  # the program under way, and those that answer its words
        self._since: float | None = None  # [s] when it was first asked for a goal
        self._last = ""  # the program that was under way last
        self._wanted = ""  # the function that the model was asked for
        self._call: Call | None = None  # the motion that the program waits for
        self._legs: tuple[Leg, ...] = ()  # of the call that a restored program waits for
        self.history: list[tuple[str, str]] = []  # instructions followed, and their programs
        self.calls: list[dict[str, Any]] = []  # every call of every program, in order
        self.corrections: list[str] = []
        self.error: str | None = None  # why the last instruction was not followed
        self.killed = False  # whether a program overran its limits
        self.done = 0  # instructions followed

    @property
    def finished(self) -> bool:
        """Nothing is left to do."""
        return not self._levels and not self._queue and not self._conductor.busy

    @property
    def succeeded(self) -> bool:
        """All that was asked for has been done."""
        return self.finished and self.error is None and self.done > 0

    def instruct(self, instruction: str) -> None:
        """Follow an instruction, after those given before it."""
        self._queue.append(Level("program", instruction))

    def execute(self, program: str) -> None:
        """Run a program, after the instructions given before it."""
        self._queue.append(Level("program", "", program=program))

    @property
    def program(self) -> str:
        """That is under way, or was last."""
        if self._levels:
            self._last = self._levels[0].program or self._last
        return self._last

    def cancel(self) -> None:
        """Leave what is under way, and what waits; the robot holds."""
        self._drop("it was cancelled")
        self._queue.clear()

    def close(self) -> None:
        """End the sandbox. May be called twice."""
        self._sandbox.close()

    def plan(self, state: State, heard: tuple[Utterance, ...], outcome: Outcome) -> Goal:
        for utterance in heard:
            self._hear(utterance.text, state)
        self._since = state.time if self._since is None else self._since
        if not self._levels and self._queue and self._ready(state):
            self._begin(self._queue.pop(0), state)
        goal = self._conductor.plan(state, outcome)
        self._finish_motion(state)
        self._progress(state)
        return self._conductor.plan(state, outcome) if goal.skill == "hold" else goal

    # --- people ----------------------------------------------------------------------------

    def _hear(self, text: str, state: State) -> None:
        meant, rest = meant_by(text, running=bool(self._levels or self._queue))
        if meant is Meant.RETRACT or (meant is Meant.REVISE and self._writer is not None):
            self.corrections.append(text)
            self._drop("it was taken back")
            self._queue.clear()
            self._say("I leave it." if meant is Meant.RETRACT else "All right.")
            if meant is Meant.REVISE:
                self.instruct(rest)
            return
        correction = understand(text, self._vocabulary)
        if correction is not None:
            self.corrections.append(text)
            self._say(self._conductor.correct(correction, state).capitalize() + ".")
        elif self._writer is None:
            self._say(f"I did not understand {text!r}.")
        elif meant is Meant.FIRST and self._call is not None:
            down = self._put_down(state)
            self._queue[:0] = [*down, Level("program", rest), *self._set_aside()]
        else:
            self.instruct(text)

    # --- interruption -----------------------------------------------------------------------

    def save(self) -> list[Saved]:
        """What is not done yet, to be restored by another planner; for after the loop."""
        if self._steps.busy:
            step = self._steps.wait(0.0).result
            if isinstance(step, Finished) and len(self._levels) == 1:
                self._levels.clear()
        return [*self._set_aside(), *(each for each in self._queue if isinstance(each, Saved))] + [
            Saved([each]) for each in self._queue if isinstance(each, Level)
        ]

    def restore(self, saved: list[Saved]) -> None:
        """Go on with what `save` has kept, before anything else; the world is looked at anew."""
        self._queue[:0] = saved

    def _set_aside(self) -> list[Saved]:
        """The program under way, suspended where it is; the robot holds."""
        if not self._levels:
            return []
        kept = self._sandbox.keep() if self._sandbox.waits else None
        legs = self._conductor.legs if self._call is not None else ()
        saved = Saved(self._levels[: len(kept) if kept else 1], kept, legs)
        self._drop(None)
        return [saved]

    def _put_down(self, state: State) -> list[Level]:
        """What frees the hand for something else: what it holds goes back to where it was."""
        held = self._hand(state).held if self._hand else None
        if held is None:
            return []
        back = self._conductor.origin(held)
        program = f"put_first_on_second({held!r}, {back!r})"
        return [Level("program", "", program=program, counts=False)]

    def _drop(self, error: str | None) -> None:
        """Give up the program under way."""
        self._levels.clear()
        self._call, self.error = None, error
        self._model.forget()
        self._steps.forget()
        self._conductor.abandon()

    def _ready(self, state: State) -> bool:
        """Whether to begin what is next: what goes on looks at the world first."""
        assert self._since is not None
        return isinstance(self._queue[0], Level) or state.time - self._since >= LOOK

    # --- the model --------------------------------------------------------------------------

    def _begin(self, level: Level | Saved, state: State) -> None:
        self.error = None
        if isinstance(level, Saved):
            kept, self._levels, self._legs = level.kept, [*level.levels], level.legs
            if kept:
                self._steps.request(state.time, lambda: self._sandbox.restore(kept))
                return
            level = self._levels.pop()
        self._levels, self._last = [level], ""
        if level.program:
            self._prepare(state)
            return
        refusal = ungrounded(level.text, list(state.objects))
        if refusal is not None:
            self._levels.clear()
            self.error = refusal
            self._say(refusal)
            return
        self._ask(state)

    def _ask(self, state: State, error: str = "", function: str = "") -> None:
        """Have the model write the level's program, a better one, or a function that it calls."""
        writer, level = self._writer, self._levels[-1]
        assert writer is not None
        history = self.history[-REMEMBERED:] if len(self._levels) == 1 else []
        request = request_of(level, list(state.objects), error, function, history)
        self._note(f"asking the language model for {request.what} ...")
        self._model.request(state.time, lambda: writer.write(request))

    def _prepare(self, state: State) -> None:
        """Find or write the functions that the program calls and nobody defined; then run it."""
        level = self._levels[-1]
        self._wanted = complete(level, self._library, self._writer is not None)
        if self._wanted:
            self._ask(state, function=self._wanted)
            return
        run = self._sandbox.run if len(self._levels) == 1 else self._sandbox.run_inside
        program, definitions = level.whole, level.preamble
        self._steps.request(state.time, lambda: run(program, definitions))

    # --- the program ------------------------------------------------------------------------

    def _progress(self, state: State) -> None:
        """Take what the workers have ready, as far as it goes without waiting for a motion."""
        arrival = self._model.poll(state.time)
        if arrival is not None:
            self._arrived("model", arrival)
            if arrival.result is None:
                self._wanted = ""
                before = f"{error}; " if (error := self._levels[-1].error) else ""
                self._fail(f"{before}the language model failed: {arrival.error}")
            else:
                self._note(arrival.result.rstrip())
                wanted, self._wanted = self._wanted, ""
                if self._levels[-1].take(arrival.result, wanted):
                    self._prepare(state)
                else:
                    error = f"unknown function {wanted}, and the language model wrote none"
                    self._repair(Failed(error, None, "type"), state)
        while (step := self._steps.poll(state.time)) is not None:
            self._arrived("sandbox", step)
            if step.error is not None:
                self._fail(f"the sandbox failed: {step.error}")
            elif isinstance(step.result, Call):
                self._answer(step.result, state)
            elif isinstance(step.result, Failed):
                self._repair(step.result, state)
            elif isinstance(step.result, Finished):
                self._finish(step.result, state)

    def _finish(self, finished: Finished, state: State) -> None:
        level = self._levels.pop()
        self._last = level.program
        if self._levels:
            value = finished.value
            self._steps.request(state.time, lambda: self._sandbox.go_back(value))
            return
        self.done += level.counts
        if level.text:
            self.history.append((level.text, level.program))
        self._library.keep(level.written, level.text)

    def _repair(self, failed: Failed, state: State) -> None:
        """Send a program that failed back to its writer."""
        level = self._levels[-1]
        self.killed = self.killed or failed.kind in ("limit", "crash")
        where = f" (line {failed.line})" if failed.line else ""
        error = f"{failed.error}{where}"
        given = self._writer is None or not level.text
        if not given and level.repairs < REPAIRS:
            level.repairs, level.error, level.line = level.repairs + 1, error, failed.line
            level.tried.append((level.program, failed.error))
            self._note(f"repair {level.repairs}: {error}")
            self._ask(state, failed.error)
        elif len(self._levels) > 1:
            self._levels.pop()
            self._steps.request(state.time, lambda: self._sandbox.go_back(None, failed.error))
        else:
            self._fail(error if given else f"{error}, after {REPAIRS} repairs")

    def _fail(self, error: str) -> None:
        self._levels.clear()
        self._call, self.error = None, error
        self._say(f"I stopped: {error}.")

    def _answer(self, call: Call, state: State) -> None:
        """Answer a call at once, begin its motion, or have a program written that answers it."""
        legs, self._legs = self._legs, ()
        self.calls.append({"name": call.name, "args": list(call.args), **call.kwargs})
        word = WORDS[call.name]
        try:
            if word.moves:
                hand = self._hand(state) if self._hand else None
                legs = legs or legs_of(call.name, call.args, state.objects, hand, self._skills)
                # What a program asks about, it may try again by itself.
                attempts = 1 if call.name in ("run_skill", "grasp") else ATTEMPTS
                self._conductor.start(legs, state, attempts)
                self._call = call
                self._levels[0].done.append(f"{call.name}{call.args!r}")
            elif call.name == "say":
                self._say(UNSHOWN.sub(" ", str(call.args[0])))
                self._resume(None, state)
            elif call.name == "set_speed":
                self._conductor.pace(float(call.args[0]))
                self._resume(None, state)
            elif word.asks:
                self._understand(call, state)
            else:
                hand = self._hand(state) if self._hand else None
                value = answer(call.name, call.args, call.kwargs, state.objects, hand=hand)
                self._resume(value, state)
        except ValueError as error:
            self._throw(str(error), state)

    def _understand(self, call: Call, state: State) -> None:
        """Answer a word that takes a description: by rule, or by a program that is written."""
        description, more = call.args
        try:
            self._resume(resolve.answer(call.name, description, more, state.objects), state)
            return
        except resolve.Unclear as unclear:
            if self._writer is None:
                reason = f"{call.name}: {unclear}; a language model may know: give --llm"
                self._throw(reason, state)
                return
        self._levels.append(Level(call.name, description, more))
        self._ask(state)

    def _finish_motion(self, state: State) -> None:
        """Tell the program how the motion that it waits for ended."""
        conductor = self._conductor
        if self._call is None or conductor.busy:
            return
        call, self._call = self._call, None
        done = conductor.progress is Progress.DONE
        self.calls[-1]["outcome"] = "done" if done else conductor.reason
        self._levels[0].done[-1] += ": " + self.calls[-1]["outcome"]
        if call.name == "run_skill":
            self._resume("done" if done else conductor.reason, state)
        elif call.name == "grasp":
            held = self._hand(state).held if self._hand else None
            self._resume(held is not None and call.args[0] in ("", held), state)
        elif done:
            self._resume(None, state)
        else:
            self._throw(conductor.reason, state)

    def _resume(self, value: Any, state: State) -> None:
        self._steps.request(state.time, lambda: self._sandbox.answer(value))

    def _throw(self, message: str, state: State) -> None:
        self._steps.request(state.time, lambda: self._sandbox.throw(message))
