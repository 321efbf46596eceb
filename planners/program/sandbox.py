"""Runs a language model's program out of reach: in a worker process of pydantic-monty, an
interpreter without files, network, clock or host objects. It suspends at each word it calls:

    step = sandbox.run(program)
    while isinstance(step, Call):
        step = sandbox.answer(...)  # or sandbox.throw(...)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, cast

from planners.program.check import Failed, Limits, bound, diagnosis, one_line, refused, reworded
from planners.program.prelude import BUILTINS, PRELUDE
from planners.program.words import STUBS, WORDS, WordError

if TYPE_CHECKING:  # at run time only where used: it takes .1 s to import
    from pydantic_monty import CollectString, FunctionSnapshot, Monty, MontySession
    from pydantic_monty import SyncSnapshot as Snapshot

Thrown = Literal["RuntimeError", "ValueError", "KeyboardInterrupt"]  # the last passes most excepts


@dataclass(frozen=True, slots=True)
class Call:
    """The program waits for a word's answer."""

    name: str
    args: tuple[Any, ...]  # all of them, checked and in order, however the program gave them
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finished:
    """The program ran to its end."""

    printed: str


Step = Call | Finished | Failed

PRELUDE_FILE = "<python-input-0>"  # in tracebacks, as the first that a session is fed
CLOSED = Failed("the sandbox is closed", None, "crash")
STARTING = Lock()  # Python 3.11's sysconfig, by which monty finds its binary, is not thread-safe


class Sandbox:
    """One program at a time, from one thread at a time; only `close` may come from another."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._turn = Lock()
        self._pool: Monty | None = None
        self._session: MontySession | None = None
        self._waiting: FunctionSnapshot | None = None
        self._printed: CollectString | None = None
        self._suspensions = 0
        self._warm = False  # whether the worker has its type checker loaded
        self._closed = False

    def warm(self) -> None:
        """Starts the worker ahead of the first program, which would wait .2 s for it."""
        self.run("")  # what fails here fails again, and is told, with that program

    def run(self, program: str) -> Step:
        """Type-checks `program` and runs it up to its first word; an older one is dropped."""
        with self._turn:
            self._end()
            return refused(program, self.limits) or self._advance(lambda: self._start(program))

    def answer(self, value: Any) -> Step:
        """Goes on with the word's result, a plain value."""
        return self._resume({"return_value": value})

    def throw(self, message: str, kind: Thrown = "RuntimeError") -> Step:
        """Goes on with an exception that the word raises; the program may catch it."""
        message = message.encode(errors="replace").decode()  # typed lines may hold surrogates
        return self._resume({"exc_type": kind, "message": message})

    def close(self) -> None:
        """Ends the worker: at once, or by its deadline if it is busy. May be called twice."""
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.__exit__(None, None, None)
        if self._turn.acquire(blocking=False):  # otherwise the turn under way ends the session
            self._end()
            self._turn.release()

    def _resume(self, result: Any) -> Step:
        with self._turn:
            waiting, self._waiting = self._waiting, None
            if waiting is not None:
                return self._advance(lambda: waiting.resume(result))
            if self._closed:
                return CLOSED
            raise RuntimeError("no word waits for an answer")

    def _advance(self, turn: Callable[[], Snapshot]) -> Step:
        from pydantic_monty import MontyError

        try:
            step = self._settle(turn())
        except (MontyError, RuntimeError, OSError) as error:
            step = self._failure(error)
        if self._closed:
            step = CLOSED
        if not isinstance(step, Call):
            self._end()
        return step

    def _settle(self, snapshot: Snapshot) -> Step:
        """Lets the program go on until it calls a word as it should, or ends."""
        from pydantic_monty import MontyComplete, NameLookupSnapshot

        while not isinstance(snapshot, MontyComplete):
            self._suspensions += 1
            if self._suspensions > self.limits.calls:
                error = f"the program calls words more than {self.limits.calls} times"
                return Failed(error, None, "limit")
            if isinstance(snapshot, NameLookupSnapshot):  # a word as a value, or a name unset
                word = WORDS.get(snapshot.variable_name)
                snapshot = snapshot.resume(value=word.function) if word else snapshot.resume()
                continue
            reply = self._reply(cast("FunctionSnapshot", snapshot))  # we give it no futures
            if isinstance(reply, Call):
                return reply
            snapshot = reply
        return Finished(self._printed.output if self._printed else "")

    def _reply(self, call: FunctionSnapshot) -> Call | Snapshot:
        """The call, if the host shall answer it; else where the program is after an error."""
        if call.is_os_function:
            return call.resume_not_handled()
        word = WORDS.get(call.function_name)
        if word is None:
            error = f"name {call.function_name!r} is not defined"
            return call.resume({"exc_type": "NameError", "message": error})
        try:
            args = bound(word, call.args, call.kwargs)
        except WordError as error:
            return call.resume({"exc_type": "ValueError", "message": str(error)})
        self._waiting = call
        return Call(word.name, args)

    def _start(self, program: str) -> Snapshot:
        from pydantic_monty import CollectString, MontyTypingError

        self._warm_up()
        self._suspensions, self._printed = 0, CollectString(self.limits.printed)
        self._session = self._checkout().__enter__()
        self._session.feed_start(PRELUDE, skip_type_check=True)
        feed = partial(self._session.feed_start, program, print_callback=self._printed)
        try:
            return feed()
        except MontyTypingError as error:
            if diagnosis(error.display()):
                raise
            return feed(skip_type_check=True)

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
                pool = Monty(max_processes=1, request_timeout=limits.deadline, checkout_timeout=5.0)
            self._pool = pool.__enter__()
        pool = self._pool
        if self._closed:  # meanwhile, by another thread
            self.close()
            raise RuntimeError(CLOSED.error)
        return pool.checkout(
            limits={
                "max_feed_duration_secs": limits.compute,
                "max_memory": limits.memory << 20,
                "max_recursion_depth": limits.depth,
                "max_suspensions": limits.calls + 1,
            },
            type_check=True,
            type_check_stubs=STUBS + BUILTINS,
            type_check_format="json",
            os_policy={"sleep": "zero", "random_start": {"seed": 0}},
        )

    def _end(self) -> None:
        self._waiting = None
        session, self._session = self._session, None
        if session is not None:
            session.__exit__(None, None, None)

    def _failure(self, error: Exception) -> Failed:
        import pydantic_monty as monty

        if isinstance(error, monty.MontyTypingError) and (failed := diagnosis(error.display())):
            return failed
        if isinstance(error, monty.MontyRuntimeError | monty.MontySyntaxError):
            text, kind = reworded(error.display("type-msg"), self.limits)
            self._warm = self._warm and kind != "limit"  # its worker may have gone with it
            lines = [f.line for f in error.traceback() if f.filename != PRELUDE_FILE]
            kind = "syntax" if isinstance(error, monty.MontySyntaxError) else kind
            return Failed(text, lines[-1] if lines else None, kind)
        self._warm = False
        if isinstance(error, monty.MontyCrashedError) and error.timed_out:
            return Failed(
                f"the program does not end within {self.limits.deadline} s", None, "limit"
            )
        return Failed(f"the sandbox failed: {one_line(str(error))}", None, "crash")
