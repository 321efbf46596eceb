"""Runs a language model's program out of reach: in a worker process of pydantic-monty, an
interpreter without files, network, clock or host objects. It suspends at each word it calls:

    step = sandbox.run(program)
    while isinstance(step, Call):
        step = sandbox.answer(...)  # or sandbox.throw(...)
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Lock
from time import thread_time
from typing import TYPE_CHECKING, Any, Literal, cast

from planners.program.calculator import Calculator, CalculatorError
from planners.program.check import Failed, Limits, bound, diagnosis, one_line, refused, reworded
from planners.program.plain import Unfit, passed
from planners.program.prelude import BUILTINS, SHAPES, prelude
from planners.program.step import Call, Finished, Step, Suspended
from planners.program.support import SUPPORT
from planners.program.translate import Translated, translated
from planners.program.watch import PATIENCE, Watch
from planners.program.words import ARRAYS, STUBS, WORDS, WordError

if TYPE_CHECKING:  # at run time only where used: it takes .1 s to import
    from pydantic_monty import CollectString, FunctionSnapshot, Monty, MontySession
    from pydantic_monty import SyncSnapshot as Snapshot

Thrown = Literal["RuntimeError", "ValueError", "KeyboardInterrupt"]  # the last passes most excepts


PRELUDE_FILE = "<python-input-0>"  # in tracebacks, as the first that a session is fed
CLOSED = Failed("the sandbox is closed", None, "crash")
PRELUDE = prelude(tuple(sorted(ARRAYS)))
WORD = "_word_"  # before the name of a word that the prelude wraps
CALCULATE = "_calculate"
ASKING = 4  # how much more a word that takes a description counts: each is work for others
ROUND_TRIP = 0.0002  # [s] of one calculation's way out of the sandbox and back
STARTING = Lock()  # Python 3.11's sysconfig, by which monty finds its binary, is not thread-safe


class Sandbox:
    """One program at a time, from one thread at a time; only `close` may come from another."""

    def __init__(self, limits: Limits | None = None, keeps: bool = False) -> None:
        """`keeps`: so that a program can be kept when its worker is gone, as after Ctrl-C, which
        goes to all processes of a terminal.
        """
        self.limits = limits or Limits()
        self._keeps, self._snapshot = keeps, b""  # of the call that waits
        self._turn = Lock()
        self._pool: Monty | None = None
        self._session: MontySession | None = None
        self._waiting: FunctionSnapshot | None = None
        self._printed: CollectString | None = None
        self._before = ""  # printed before it was restored
        self._calculator = Calculator()
        self._watch = Watch()
        self._program = Translated("")
        self._word = ""  # that waits
        self._suspensions = 0
        self._used = 0.0  # [s] computed by its worker
        self._spent = 0.0  # [s] calculated for it
        self._stack: list[Suspended] = []
        self._warm = False  # whether the worker has its type checker loaded
        self._closed = False

    def warm(self) -> None:
        """Starts its processes before a first program would wait for them; from any thread."""
        from pydantic_monty import MontyError

        with self._turn, contextlib.suppress(MontyError, RuntimeError, OSError):
            if self._session is None:  # what fails here fails again, and is told, with a program
                self._warm_up()
                self._calculator.begin()
        if self._closed:  # meanwhile
            self.close()

    def run(self, program: str, definitions: str = "") -> Step:
        """Type-checks `program` and runs it up to its first word; an older one is dropped.

        `definitions`: functions that it may call.
        """
        with self._turn:
            self._stack.clear()
            return self._run(program, definitions)

    def run_inside(self, program: str, definitions: str = "") -> Step:
        """As `run`, while the older program waits; `go_back` answers it. Again, if this failed."""
        with self._turn:
            if self._waiting is not None:
                self._stack.append(self._keep())
            return self._run(program, definitions)

    def go_back(self, value: Any, error: str = "") -> Step:
        """Answers the program that waits below, or raises `error` in it."""
        with self._turn:
            step = self._restore(self._stack.pop())
        if isinstance(step, Failed):
            return step
        return self.throw(error) if error else self.answer(value)

    def keep(self) -> list[Suspended]:
        """The program that waits, and those that wait below it, to be restored later; they go on
        waiting.
        """
        with self._turn:
            return [*self._stack, self._keep()]

    def restore(self, kept: list[Suspended]) -> Call | Failed:
        """Puts back what `keep` has kept: the call that it waits for."""
        with self._turn:
            self._stack = list(kept[:-1])
            return self._restore(kept[-1])

    @property
    def waits(self) -> bool:
        """Whether a program waits for a word's answer."""
        return self._waiting is not None

    @property
    def inside(self) -> int:
        """How many programs wait below the one that runs."""
        return len(self._stack)

    def _run(self, program: str, definitions: str) -> Step:
        self._end()
        whole = f"{definitions}\n\n{program}" if definitions else program
        before = whole.count("\n") - program.count("\n")
        failed = refused(whole, self.limits)
        if failed is None:
            self._program = _after(translated(whole, ARRAYS), before)
            return self._advance(self._start)
        line = failed.line and (failed.line - before if failed.line > before else None)
        return Failed(failed.error, line, failed.kind)

    def answer(self, value: Any) -> Step:
        """Goes on with the word's result, a plain value."""
        return self._resume({"return_value": passed(value, self._word in ARRAYS)})

    def throw(self, message: str, kind: Thrown = "RuntimeError") -> Step:
        """Goes on with an exception that the word raises; the program may catch it."""
        message = message.encode(errors="replace").decode()  # typed lines may hold surrogates
        return self._resume({"exc_type": kind, "message": message})

    def close(self) -> None:
        """Ends the worker: at once, or by its deadline if it is busy. May be called twice."""
        self._closed = True
        self._calculator.close()
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.__exit__(None, None, None)
        if self._turn.acquire(blocking=False):  # otherwise the turn under way ends the session
            self._end()
            self._turn.release()

    def _resume(self, result: Any) -> Step:
        with self._turn:
            waiting, self._waiting, self._snapshot = self._waiting, None, b""
            if waiting is not None:
                return self._advance(lambda: waiting.resume(result))
            if self._closed:
                return CLOSED
            raise RuntimeError("no word waits for an answer")

    def _advance(self, turn: Callable[[], Snapshot]) -> Step:
        from pydantic_monty import MontyError

        try:
            if self._session is not None:
                self._allow()
            step = self._settle(turn())
        except (MontyError, RuntimeError, OSError) as error:
            step = self._failure(error)
        finally:
            self._used += self._watch.end()
        if self._closed:
            step = CLOSED
        if not isinstance(step, Call):
            self._end()
        return step

    def _settle(self, snapshot: Snapshot) -> Step:
        """Lets the program go on until it calls a word as it should, or ends."""
        from pydantic_monty import MontyComplete, NameLookupSnapshot

        while not isinstance(snapshot, MontyComplete):
            if isinstance(snapshot, NameLookupSnapshot):  # a word as a value, or a name unset
                self._suspensions += 1
                word = WORDS.get(snapshot.variable_name)
                snapshot = snapshot.resume(value=word.function) if word else snapshot.resume()
                continue
            call = cast("FunctionSnapshot", snapshot)  # we give it no futures
            if call.function_name == CALCULATE:
                began = thread_time()
                reply = call.resume(self._calculated(call))
                self._spent += ROUND_TRIP + thread_time() - began
            else:
                self._suspensions += 1
                reply = self._reply(call)
            error = None
            if self._suspensions > self.limits.calls:
                error = f"the program calls words more than {self.limits.calls} times"
            elif self._spent > self.limits.calculation:
                error = f"the program calculates for more than {self.limits.calculation} s"
            elif self._used + self._watch.used + self._spent > self.limits.compute:
                error = f"the program computes for more than {self.limits.compute} s"
            if error is not None:
                self._warm = False  # its worker goes with it
                return Failed(error, None, "limit")
            if isinstance(reply, Call):
                return reply
            snapshot = reply
        return Finished(self._output(), snapshot.output)

    def _reply(self, call: FunctionSnapshot) -> Call | Snapshot:
        """The call, if the host shall answer it; else where the program is after an error."""
        if call.is_os_function:
            return call.resume_not_handled()
        name = call.function_name.removeprefix(WORD)
        word = WORDS.get(name)
        if word is None:
            error = f"name {name!r} is not defined"
            return call.resume({"exc_type": "NameError", "message": error})
        try:
            args = bound(word, call.args, call.kwargs)
        except WordError as error:
            return call.resume({"exc_type": "ValueError", "message": str(error)})
        self._waiting, self._word = call, name
        self._suspensions += ASKING * word.asks
        if self._keeps and (word.moves or word.asks):  # what takes time
            self._snapshot = call.dump()
        return Call(word.name, args)

    def _calculated(self, call: FunctionSnapshot) -> Any:
        """What numpy or shapely make of it, or the exception to raise."""
        try:
            name, args, kwargs = call.args
            if not (isinstance(name, str) and isinstance(args, list) and isinstance(kwargs, dict)):
                raise Unfit(f"there is no {CALCULATE} for programs")
            left = max(0.05, self.limits.calculation - self._spent)
            value, computed = self._calculator.call(name, args, kwargs, left)
            self._spent += computed
            return {"return_value": value}
        except CalculatorError as error:
            return {"exc_type": error.kind, "message": str(error)}
        except (Unfit, ValueError, TypeError, RecursionError) as error:
            return {"exc_type": "ValueError", "message": one_line(str(error))}
        except TimeoutError:
            self._spent = 2 * self.limits.calculation  # over, as the limits are
            return {"exc_type": "RuntimeError", "message": "it takes too long"}

    def _start(self) -> Snapshot:
        from pydantic_monty import CollectString, MontyTypingError

        self._warm_up()
        if self._program.calculates:
            self._calculator.begin()
        self._suspensions, self._spent = 0, 0.0
        self._before, self._printed = "", CollectString(self.limits.printed)
        self._session = self._checkout().__enter__()
        self._used, self._watch.killed = 0.0, False
        self._allow()
        before = PRELUDE + SUPPORT if self._program.classes else PRELUDE
        self._session.feed_start(before, skip_type_check=True)
        text = self._program.text
        feed = partial(self._session.feed_start, text, print_callback=self._printed)
        try:
            return feed()
        except MontyTypingError as error:
            if diagnosis(error.display(), calculates=self._program.calculates):
                raise
            return feed(skip_type_check=True)

    def _allow(self) -> None:
        """Let the worker compute for as long as is left to the program."""
        if self._session is not None:
            left = max(0.05, self.limits.compute - self._used - self._spent)
            self._watch.begin(self._session.worker_pid, left)

    def _keep(self) -> Suspended:
        if self._waiting is None:
            raise RuntimeError("no word waits for an answer")
        return Suspended(
            self._snapshot or self._waiting.dump(),
            self._output(),
            self._suspensions,
            self._spent,
            self._program.lines,
            self._word,
        )

    def _restore(self, kept: Suspended) -> Call | Failed:
        from pydantic_monty import CollectString

        self._end()
        self._program = Translated("", kept.lines, calculates=True)
        self._suspensions, self._spent, self._before = kept.suspensions, kept.spent, kept.printed

        def load() -> Snapshot:
            self._warm_up()
            self._calculator.begin()
            self._printed = CollectString(self.limits.printed)
            self._session = self._checkout().__enter__()
            self._used, self._watch.killed = 0.0, False
            self._allow()
            return self._session.load_snapshot(kept.snapshot, print_callback=self._printed)

        step = self._advance(load)
        assert not isinstance(step, Finished)
        return step

    def _output(self) -> str:
        return self._before + (self._printed.output if self._printed else "")

    def _warm_up(self) -> None:
        """Loads the type checker; from a cold disk that may outlast the deadline, so again."""
        from pydantic_monty import MontyCrashedError

        tries = 4
        while not self._warm:
            try:
                with self._checkout() as session:
                    session.feed_run("None")
                self._warm = True
            except MontyCrashedError:
                tries -= 1
                if tries == 0:
                    raise

    def _checkout(self) -> MontySession:
        from pydantic_monty import Monty

        limits = self.limits
        if self._pool is None:
            with STARTING:
                pool = Monty(
                    max_processes=1,
                    request_timeout=PATIENCE * limits.compute,
                    checkout_timeout=30.0,
                )
            self._pool = pool.__enter__()
        pool = self._pool
        if self._closed:  # meanwhile, by another thread
            self.close()
            raise RuntimeError(CLOSED.error)
        return pool.checkout(
            limits={
                "max_feed_duration_secs": PATIENCE * limits.compute,
                "max_memory": limits.memory << 20,
                "max_recursion_depth": limits.depth,
                "max_suspensions": limits.calls + int(limits.calculation / ROUND_TRIP) + 2,
            },
            type_check=True,
            type_check_stubs=STUBS.replace("np.ndarray", "Any") + SHAPES + BUILTINS,
            type_check_format="json",
            os_policy={"sleep": "zero", "random_start": {"seed": 0}},
        )

    def _end(self) -> None:
        self._waiting, self._snapshot = None, b""
        session, self._session = self._session, None
        if session is not None:
            session.__exit__(None, None, None)

    def _failure(self, error: Exception) -> Failed:
        import pydantic_monty as monty

        line = self._program.line
        if isinstance(error, monty.MontyTypingError) and (
            failed := diagnosis(error.display(), line, self._program.calculates)
        ):
            return failed
        if isinstance(error, monty.MontyRuntimeError | monty.MontySyntaxError):
            text, kind = reworded(error.display("type-msg"), self.limits)
            self._warm = self._warm and kind != "limit"  # its worker may have gone with it
            lines = [line(f.line) for f in error.traceback() if f.filename != PRELUDE_FILE]
            kind = "syntax" if isinstance(error, monty.MontySyntaxError) else kind
            return Failed(text, next(filter(None, reversed(lines)), None), kind)
        self._warm = False
        late = self._watch.killed or getattr(error, "timed_out", False)
        if isinstance(error, monty.MontyCrashedError) and late:
            return Failed(
                f"the program computes for more than {self.limits.compute} s", None, "limit"
            )
        return Failed(f"the sandbox failed: {one_line(str(error))}", None, "crash")


def _after(program: Translated, before: int) -> Translated:
    """`program` with its first `before` lines, which nobody wrote for it, numbered 0."""
    if not before:
        return program
    lines = program.lines or range(1, program.text.count("\n") + 2)
    return replace(program, lines=tuple(max(0, line - before) for line in lines))
