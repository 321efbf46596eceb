"""Actions of the stack: have a skill executed, or an instruction followed; and its verdicts.

They need the package in `hardware/interfaces/`. One thing at a time: while there is something to
do, whoever asks is refused.
"""

# pyright: reportMissingImports=false
# (Our interfaces are there once they are built: `make interfaces`.)

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from courtside_interfaces.action import ExecuteSkill, Instruct
from courtside_interfaces.msg import Verdict
from rclpy.action.server import ActionServer, CancelResponse, GoalResponse
from rclpy.task import Future

from hardware import convert, topics
from hardware.ros import STATES, Ros
from hardware.text import clean
from robot.mode import HOLD
from robot.types import RobotSpec, Tick

log = logging.getLogger(__name__)

PERIOD = 0.1  # [s] between two feedbacks
LONGEST = 10_000  # characters of a skill's arguments


class Doer(Protocol):
    """A planner that can be asked for something; see `planners.program.planner`."""

    error: str | None  # why what was asked for last was not done
    calls: list[dict[str, Any]]  # of all programs, each with its outcome once it has one

    @property
    def finished(self) -> bool:
        """Nothing is left to do."""
        ...

    @property
    def program(self) -> str:
        """That runs, or ran last."""
        ...

    def instruct(self, instruction: str) -> None: ...
    def execute(self, program: str) -> None: ...
    def cancel(self) -> None:
        """Leave what is under way, and what waits."""
        ...


@dataclass
class Job:
    """What somebody has asked for."""

    handle: Any  # rclpy's, of the goal
    result: Any  # to be filled in
    answered: Future
    program: str = ""  # to be run ...
    instruction: str = ""  # ... or what it shall follow
    refused: str = ""  # what is wrong with it
    calls: int = 0  # of the planner, before
    said: int = 0  # by the robot, before
    began: float | None = None  # [s]
    next: float = field(default=0.0)  # [s] when there is feedback


class Actions:
    """The servers. Everything happens within the spinning of `ros`, and in `tend`."""

    def __init__(self, ros: Ros, spec: RobotSpec, doer: Doer, said: Sequence[str]) -> None:
        """`said`: all that the robot has said so far; it grows."""
        self._ros, self._spec, self._doer, self._said = ros, spec, doer, said
        self._job: Job | None = None
        self._verdicts = ros.publisher(Verdict, topics.VERDICT, STATES)
        how = {"goal_callback": self._accept, "cancel_callback": self._cancel}
        self._servers = [
            ActionServer(ros.node, ExecuteSkill, topics.EXECUTE, self._execute, **how),
            ActionServer(ros.node, Instruct, topics.INSTRUCT, self._instruct, **how),
        ]

    def _accept(self, goal: object) -> GoalResponse:
        if self._job is None and self._doer.finished:
            return GoalResponse.ACCEPT
        log.warning("refused, for something is under way: %s", clean(str(goal)))
        return GoalResponse.REJECT

    def _cancel(self, handle: object) -> CancelResponse:
        return CancelResponse.ACCEPT

    async def _execute(self, handle: Any) -> Any:
        wanted = handle.request
        job = Job(handle, ExecuteSkill.Result(), self._ros.future())
        job.program, job.refused = program_of(wanted.skill, wanted.arguments)
        return await self._begin(job, f"{wanted.skill} {wanted.arguments}")

    async def _instruct(self, handle: Any) -> Any:
        job = Job(handle, Instruct.Result(), self._ros.future())
        job.instruction = text = clean(handle.request.instruction)
        if not text:
            job.refused = "there is no instruction"
        elif len(handle.request.instruction) > topics.LONGEST:  # its half may mean something else
            job.refused = f"an instruction has at most {topics.LONGEST} characters"
        return await self._begin(job, text)

    def _begin(self, job: Job, what: str) -> Future:
        log.warning("asked for: %s", clean(what))
        job.calls, job.said = len(self._doer.calls), len(self._said)
        if not job.refused:
            if job.program:
                self._doer.execute(job.program)
            else:
                self._doer.instruct(job.instruction)
        self._job = job
        return job.answered

    def tend(self, tick: Tick) -> None:
        """After each tick: tell its verdict, and how far the job is."""
        if self._verdicts.get_subscription_count():
            self._verdicts.publish(to_verdict(tick))
        job, doer = self._job, self._doer
        if job is None:
            return
        now = tick.state.time
        job.began = now if job.began is None else job.began
        if job.refused:
            self._end(job.refused)
        elif job.handle.is_cancel_requested:
            self._end("it was cancelled")
        elif tick.verdict.stopped:
            self._end(f"stopped: {', '.join(tick.verdict.reasons)}")
        elif doer.finished:
            outcomes = [call.get("outcome", "done") for call in doer.calls[job.calls :]]
            failed = next((reason for reason in outcomes if reason != "done"), "")
            self._end(doer.error or (failed if job.program else ""))
        elif now >= job.next:
            job.next = now + PERIOD
            job.handle.publish_feedback(self._feedback(job, tick))

    def _feedback(self, job: Job, tick: Tick) -> Any:
        goal, elapsed = tick.goal, tick.state.time - (job.began or 0.0)
        waits = goal.id == HOLD.id
        if job.program:
            status = 'waits for "continue"' if waits else "running"
            return ExecuteSkill.Feedback(elapsed=elapsed, status=status)
        args = json.dumps(dict(goal.args), default=str)
        return Instruct.Feedback(
            elapsed=elapsed,
            program=self._doer.program,
            doing='waits for "continue"' if waits else f"{goal.skill} {args}",
            done=sum("outcome" in call for call in self._doer.calls[job.calls :]),
        )

    def _end(self, reason: str) -> None:
        """Answer whoever asked: done, if there is no `reason`."""
        job, self._job = self._job, None
        assert job is not None
        if not self._doer.finished:
            self._doer.cancel()
        job.result.success, job.result.reason = not reason, reason
        if isinstance(job.result, Instruct.Result):
            job.result.program = self._doer.program if not job.refused else ""
            job.result.said = [*self._said[job.said :]]
        if job.handle.is_cancel_requested:
            job.handle.canceled()
        elif reason:
            job.handle.abort()
        else:
            job.handle.succeed()
        log.warning("%s", reason or "done")
        job.answered.set_result(job.result)

    def close(self) -> None:
        if self._job is not None:
            self._end("the stack ends")
            self._ros.spin(0.05)  # its answer goes out
        for server in self._servers:
            server.destroy()


def program_of(skill: str, arguments: str) -> tuple[str, str]:
    """The program that executes one skill, or nothing and why there is none."""
    if len(skill) + len(arguments) > LONGEST:
        return "", f"a skill's arguments have at most {LONGEST} characters"
    try:
        goal = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        goal = None
    if not isinstance(goal, dict):
        return "", 'arguments must be a JSON object, such as {"object": "red block"}'
    return f"run_skill({skill!r}, {goal!r})\n", ""


def to_verdict(tick: Tick) -> Verdict:
    sent, proposed = tick.verdict.command, tick.proposed
    return Verdict(
        stamp=convert.to_stamp(tick.state.seq),
        goal_id=tick.goal.id,
        skill=tick.goal.skill,
        proposed=[] if proposed is None else proposed.target.tolist(),
        sent=sent.target.tolist(),
        modes=list(sent.modes),
        reasons=list(tick.verdict.reasons),
        stopped=tick.verdict.stopped,
    )
