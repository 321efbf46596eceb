"""A trained policy as a Skill: chunks of actions, the next computed while one is executed."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from robot.types import Command, Goal, JointMode, Outcome, State, Status, Vector
from robot.worker import Mailbox
from skills.beso.policy import Numbers, Policy
from skills.beso.tasks import Task
from skills.body import Body
from skills.motion import Stream

SOON = 1e-6  # [s] rounding of times
WORKER = "policy"  # what recordings call it


@dataclass(frozen=True)
class ChunkConfig:
    """How chunks are executed."""

    execute: int = 4  # actions of a chunk that are executed before the next one takes over
    patience: float = 60.0  # [s] for a goal, then it has failed
    seed: int = 0

    def __post_init__(self) -> None:
        if self.execute < 1 or not self.patience > 0:
            raise ValueError("execute must be at least 1 and patience above 0")

    def check(self, horizon: int) -> None:
        """Refuse what does not go with chunks of so many actions."""
        if self.execute > horizon:
            raise ValueError(f"execute must be at most {horizon}, the length of a chunk")


@dataclass
class Counts:
    """What became of the actions that the policy gave."""

    chunks: int = 0  # that arrived
    expired: int = 0  # actions skipped, because their time was over when they arrived
    starved: int = 0  # actions missing when they were due: the last wish was kept


class Beso:
    """A `robot.types.Skill` that does as a policy says.

    Goal arguments: those of the task, and `seed` of the noise that actions are made from. A chunk
    begins at the time it was asked for; while it is computed, the one before goes on.
    """

    def __init__(
        self,
        body: Body,
        task: Task,
        policy: Policy,
        config: ChunkConfig | None = None,
    ) -> None:
        spec, config = body.spec, config or ChunkConfig()
        config.check(policy.network.horizon)
        per = max(1, round(1 / (policy.fps * spec.dt)))  # ticks an action
        if abs(policy.fps * spec.dt * per - 1) > SOON:
            raise ValueError(
                f"the policy acts {policy.fps:g} times a second, {spec.name} every {spec.dt} s: "
                "an action must last a whole number of ticks"
            )
        self.task, self.policy, self.config = task, policy, config
        self._body, self._spec, self._stream = body, spec, Stream(spec)
        self._modes = (JointMode.POSITION,) * len(spec.joints)
        self.counts = Counts()

    def pace(self, goal: Goal) -> float:
        """Share of the data's pace at which a goal is carried out."""
        return 1.0

    def reset(self, state: State, goal: Goal) -> None:
        self._pace = self.pace(goal)
        self._per = round(1 / (self.policy.fps * self._pace * self._spec.dt))
        self._fps = 1 / (self._per * self._spec.dt)  # [Hz] actions
        self._rng = np.random.default_rng([goal.args.get("seed", self.config.seed), goal.id])
        self._mailbox: Mailbox[Numbers] = Mailbox(self._body.due)
        self._seen: deque[Vector] = deque(maxlen=self.policy.network.history)
        self._began = state.time
        self._ticks = 0  # since then
        self._chunk: Numbers | None = None  # (horizon, action)
        self._chunk_began = 0.0  # [s] when its first action was due
        self._wish: Vector | None = None  # the action of the last tick
        # What was wished for when the chunk under way was asked for, and the one to come.
        self._before: deque[Vector | None] = deque([None])
        self._late = 1  # actions that pass while a chunk is computed, as it took last time
        self._renew = 0  # the action of the chunk that the next chunk shall replace
        self._outcome = Outcome(goal.id, Status.RUNNING)
        self._wanted: Numbers | None = None  # (1, goals, goal)
        if self.policy.wants_goal:
            try:
                self._wanted = self.task.wanted(goal, state)
            except (ValueError, LookupError) as error:  # a goal that says too little, or nonsense
                self._outcome = Outcome(goal.id, Status.FAILED, str(error))

    def act(self, state: State, goal: Goal) -> tuple[Command, Outcome]:
        reference = state.reference.q
        if self._outcome.status is Status.RUNNING:
            self._outcome = self._judge(state, goal)
        if self._outcome.status is Status.RUNNING:
            self._think(state)
            action = self._action(state)
            wish = reference if action is None else self.task.target(action, reference)
            target = self._toward(np.clip(wish, self._spec.lower, self._spec.upper), state)
        else:
            target = self._toward(reference, state)
        command = Command(state.time, state.seq, goal.id, target, self._modes, self._spec.timeout)
        return command, self._outcome

    def _toward(self, wish: Vector, state: State) -> Vector:
        """The next position (n,) on the way to where the joints shall be, (n,)."""
        return self._stream.toward(wish, state)

    def _judge(self, state: State, goal: Goal) -> Outcome:
        if self.task.done(state, goal):
            return Outcome(goal.id, Status.DONE)
        if state.time - self._began > self.config.patience:
            reason = f"not done after {self.config.patience:.0f} s"
            return Outcome(goal.id, Status.FAILED, reason)
        return Outcome(goal.id, Status.RUNNING)

    def _think(self, state: State) -> None:
        """Take in the chunk that has arrived, and ask for the next one when it is time."""
        on_time = self._ticks % self._per == 0  # as far apart as in the data
        self._ticks += 1
        if on_time:
            self._seen.append(self.task.observe(state))
        arrival = self._mailbox.poll(state.time)
        if arrival is not None:
            self._body.arrived(WORKER, arrival)
            if arrival.error is not None:
                raise arrival.error
            assert arrival.result is not None
            self._chunk, self._chunk_began = arrival.result, arrival.requested
            self._before.popleft()
            expired = min(self._index(state), len(self._chunk))
            self._late = max(1, expired)
            self._renew = expired + self.config.execute
            self.counts.chunks += 1
            self.counts.expired += expired
        if self._mailbox.busy or not on_time:
            return
        if self._chunk is None or self._index(state) + self._late >= self._renew:
            history, goals, last = self._history(), self._wanted, self._rest(state)

            def work() -> Numbers:
                return self._draw(history, goals, last)

            self._mailbox.request(state.time, work)
            anchor = list(self.task.layout.anchor)
            first = self._seen[-1][anchor] if anchor else None
            self._before.append(first if self._wish is None else self._wish)

    def _draw(self, history: Numbers, goals: Numbers | None, last: Numbers | None) -> Numbers:
        """A chunk (horizon, action); arguments as `Policy.sample` has them."""
        return self.policy.sample(history, goals, self._rng, last)[0]

    def _index(self, state: State) -> int:
        """Of the action of the chunk that is under way now."""
        return int((state.time - self._chunk_began) * self._fps + 1e-3)

    def _action(self, state: State) -> Vector | None:
        """What is due at the end of this tick: an action is where to be when its time is over, and
        before that on the way from the one before. The last one stays; None before there is any."""
        if self._chunk is None:
            return None
        index, last = self._index(state), len(self._chunk) - 1
        self.counts.starved += index > last
        action = np.asarray(self._chunk[min(index, last)], dtype=np.float64)
        before = self._chunk[index - 1] if 0 < index <= last else self._before[0]
        if self._per > 1 and index <= last and before is not None:
            gone = (state.time - self._chunk_began + self._spec.dt) * self._fps - index
            action = action * gone + before * (1 - gone)
        self._wish = action
        return action

    def _history(self) -> Numbers:
        """(1, history, observation), oldest first; the first repeated while there are few."""
        missing = self.policy.network.history - len(self._seen)
        return np.array([[self._seen[0]] * missing + list(self._seen)])

    def _rest(self, state: State) -> Numbers | None:
        """(1, horizon, action): the chunk under way from now on, its end repeated."""
        if self._chunk is None:
            return None
        ahead = self._index(state) + np.arange(len(self._chunk))
        return self._chunk[None, np.minimum(ahead, len(self._chunk) - 1)]
