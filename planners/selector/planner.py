"""The selector as a planner: it says what to do next, in words, and listens to people's.

A sentence, its own or a person's, is understood as a behaviour, and the behaviour's goals are
carried out by skills. A person's sentence overrides the selector's from the next tick until its
behaviour has ended, or until somebody says "continue". What it does not understand it may ask a
slow mind about, and goes on meanwhile; what that answers is a plan of several steps.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from planners.coaching.behavior import Behavior, by_rule, needed
from planners.coaching.understand import Understanding, sentences
from planners.conduct import PACED, SLOWEST, Leg
from planners.correct import Vocabulary
from planners.selector.agenda import Agenda
from planners.selector.choose import Chooser, Moment, Verifier
from planners.selector.corrections import AFTER, BEFORE, STEERING, Keeper, Kept, Told
from planners.selector.features import PAST, Past, held_in, lagged, lying
from planners.selector.listen import Listener, Unclear, Unknown, plainly
from planners.selector.mind import Reply, Situation, SlowMind
from planners.selector.samples import DONE, END, NEEDS, Key, about, key_of
from robot.features import Hand
from robot.table_frame import PERIOD
from robot.types import Goal, Outcome, RobotSpec, State, Status, Utterance, Vector

MOST = 60  # behaviours, then it gives up
SOONEST = 1.0  # [s] from one choice of its own to the next, at least
RETRIES = 10  # of one command, at most
OVERRIDE = 40.0  # [s] that a person's sentence is followed, at most
DOUBT = 1.5  # [s] for which something else must be likelier, to change its mind midway
SURE = 0.9  # how likely that must be
LONGEST = round((BEFORE + AFTER + 4.0) / PERIOD)  # frames that are remembered
By = Literal["selector", "person", "undoing", "plan"]


@dataclass
class _Act:
    """A behaviour under way."""

    behavior: Behavior
    key: Key  # of the command; a drawer has no colour in it
    command: str
    by: By
    goals: deque[Leg]
    since: float  # [s]


class SelectorPlanner:
    """Does what an instruction asks for, one command after the other; a `robot.types.Planner`."""

    def __init__(
        self,
        choose: Chooser,
        understanding: Understanding,
        spec: RobotSpec,
        vocabulary: Vocabulary,
        say: Callable[[str], None],
        note: Callable[[str], None] = lambda text: None,
        keep: Callable[[Kept], None] = lambda kept: None,
        verify: Verifier | None = None,
        carry_out: Callable[[Behavior, str | None, State, Vector, str], tuple[Leg, ...]] = by_rule,
        mind: SlowMind | None = None,
    ) -> None:
        """`keep` is handed every correction, once what followed is known; `verify` judges what has
        been done, so that it is tried again; `carry_out` makes goals of behaviours and of the words
        that ask for them: those of scripted skills, unless others are wanted; `mind` is asked
        what is meant by what is not understood."""
        self._choose, self._say, self._note, self._keeper = choose, say, note, Keeper(keep)
        self._verify, self._mind = verify, mind
        self._tries: dict[Key, int] = {}  # that were judged to have failed
        self._chose = -np.inf  # [s] when it last chose by itself
        self._chosen: dict[Key, int] = {}  # how often it wanted what, since somebody last spoke
        self._listener = Listener(understanding, vocabulary)
        self._vocabulary, self._carry_out = vocabulary, carry_out
        self._hand = Hand(spec)
        self._agenda = Agenda()
        self._steered = -np.inf  # [s] when somebody last said what to do, since a question
        self._frames: deque[Vector] = deque(maxlen=LONGEST)
        self._sampled = -np.inf  # [s] when the last frame was taken
        self._past: deque[tuple[str, float]] = deque(maxlen=PAST + 1)  # command, since; newest last
        self._next: deque[tuple[Behavior, str, By]] = deque()  # decided already
        self._act: _Act | None = None
        self._goal = Goal(0, "hold")
        self._start: Vector = spec.home
        self._speed = 1.0
        self._put: str | None = None  # what was put somewhere last
        self._doubt: tuple[Key, float] | None = None  # what seems better, and since when
        self.begun: list[Behavior] = []
        self.corrections: list[str] = []
        self.error: str | None = None

    def instruct(self, text: str) -> None:
        """Do a chore from now on."""
        self._agenda.begin(text)
        self._afresh()

    def _afresh(self) -> None:
        """Nothing has been tried yet of what is to be done now."""
        self.error, self._chose = None, -np.inf
        self._tries, self._chosen = {}, {}

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do, or to think about."""
        return self._agenda.finished and not (self._mind is not None and self._mind.busy)

    @property
    def succeeded(self) -> bool:
        """As far as it can tell."""
        return self._agenda.finished and self.error is None

    @property
    def doing(self) -> Behavior | None:
        """What is under way."""
        return self._act.behavior if self._act else None

    def plan(self, state: State, heard: tuple[Utterance, ...], outcome: Outcome) -> Goal:
        if state.objects and state.time >= self._sampled + PERIOD - 1e-6:
            self._sample(state)
        for utterance in heard:
            self._hear(utterance.text, state)
        if self._mind is not None and (reply := self._mind.poll(state.time)) is not None:
            self._change_plans(reply, state)
        act = self._act
        if act is not None:
            if outcome.goal_id == self._goal.id and outcome.status is not Status.RUNNING:
                if outcome.status is Status.FAILED:
                    self._note(f"it failed: {outcome.reason}")
                    self._end(f"failed: {outcome.reason}")
                elif act.goals:
                    self._go(act.goals.popleft())
                elif self._accepted(act, state):
                    self._end("done")
                else:
                    self._again(act)
            elif act.by != "selector" and state.time - act.since > OVERRIDE:
                self._end("cut short")
        if self._act is None and self._frames and (self._next or not self._agenda.finished):
            self._begin(state)
        return self._goal

    def close(self) -> None:
        """Keep the corrections that are not yet over."""
        self._keeper.close()

    # --- what it does -------------------------------------------------------------------------

    def _begin(self, state: State) -> None:
        if not self._next and not self._agenda.chore:
            self._advance(state)
        if self._next:
            behavior, command, by = self._next.popleft()
        elif self._agenda.finished or not self._agenda.chore:
            return
        elif state.time < self._chose + SOONEST:
            return  # what it chose took no time: it looks again first
        else:
            self._chose = state.time
            moment = self._moment(state, ended=True)
            command, key, _ = self._choose(moment, may_end=True)
            if key == END and not self._all_done(moment):
                command, key, _ = self._choose(moment, may_end=False)
            if key == END:
                if self._agenda.steps:
                    self._agenda.chore = ""
                else:
                    self._finish()
                return
            self._chosen[key] = self._chosen.get(key, 0) + 1
            if self._chosen[key] > 1 + RETRIES:
                self._give_up(f"{command!r} again and again, and it does not help")
                return
            behavior, by = self._listener.meaning(command, key), "selector"
        self._do(behavior, command, by, state)

    def _do(self, behavior: Behavior, command: str, by: By, state: State) -> None:
        held = held_in(self._frames[-1])
        key = key_of(behavior)
        if behavior.thing == "drawer":  # whatever its colour
            found = [name for name in state.objects if name.endswith("drawer")]
            behavior = replace(behavior, thing=found[0] if found else "drawer")
        try:
            goals = deque(self._carry_out(behavior, held, state, self._start, command))
        except (LookupError, StopIteration, RuntimeError) as error:  # something is not seen
            self._note(f"cannot {command!r}: {error or 'it is not there'}")
            goals = deque([Leg("hold", {})])
        if len(self.begun) >= MOST:
            self._give_up(f"I have tried {MOST} things")
            return
        self._note(f"{'you' if by == 'person' else 'next'}: {command}")
        self.begun.append(behavior)
        if behavior.name in ("put", "drop") and held is not None:
            self._put = held
        self._act = _Act(behavior, key, command, by, goals, state.time)
        self._past.append((command, state.time))
        self._start, self._doubt = state.reference.q, None
        self._go(self._act.goals.popleft())

    def _finish(self) -> None:
        self._agenda.finished = True
        self._note(DONE)

    def _advance(self, state: State) -> None:
        """On to the next step of the plan."""
        held, steps = held_in(self._frames[-1]), self._agenda.steps
        if not steps:
            self._finish()
        elif self._listener.is_instruction(step := steps.popleft()):
            self._agenda.chore = step
            self._afresh()
            if held is not None and held not in step:  # in the way of it
                self._precede((Behavior("drop"),))
        else:
            try:
                behavior, _ = self._listener.behavior(step, state.objects)
            except Unclear as error:  # it is no longer there
                self._note(f"cannot {step!r}: {error}")
                return
            self._precede(needed(behavior, held, self._put))
            self._next.append((behavior, step, "plan"))

    def _precede(self, first: tuple[Behavior, ...]) -> None:
        """Have something done before anything else is."""
        self._next.extend((each, next(sentences(each)), "undoing") for each in first)

    def _give_up(self, why: str) -> None:
        self._agenda.finished, self.error = True, why
        self._next.clear()
        self._agenda.steps.clear()
        self._go(Leg("hold", {}))

    def _go(self, leg: Leg) -> None:
        slow = self._speed < 1.0 and leg.skill in (*PACED, "drawer", "turn", "as_told")
        args = {**leg.args, "speed": self._speed} if slow else dict(leg.args)
        self._goal = Goal(self._goal.id + 1, leg.skill, args)

    def _end(self, outcome: str) -> None:
        if self._act is not None and self._act.by == "person":
            self._keeper.end(outcome)
        self._act = None
        self._go(Leg("hold", {}))

    def _moment(self, state: State, ended: bool) -> Moment:
        frames = tuple(self._frames)
        past = [Past(c, about(c), state.time - since) for c, since in reversed(self._past)][:PAST]
        return Moment(lagged(frames, len(frames) - 1), self._agenda.chore, past, ended, state)

    def _accepted(self, act: _Act, state: State) -> bool:
        """Whether what a skill holds to be done looks so; a person's wish is not judged."""
        if self._verify is None or act.by != "selector" or act.behavior.name not in NEEDS:
            return True
        return self._verify(self._moment(state, ended=True)) or self._gave_up(key_of(act.behavior))

    def _all_done(self, moment: Moment) -> bool:
        return self._verify is None or self._verify(moment, all_of_it=True) or self._gave_up(END)

    def _gave_up(self, key: Key) -> bool:
        """Whether it has been tried often enough; it counts."""
        self._tries[key] = self._tries.get(key, 0) + 1
        return self._tries[key] > RETRIES

    def _again(self, act: _Act) -> None:
        """Out of the way, to look at it; and once more."""
        self._note("it does not look done")
        self._end("failed: it does not look done")
        held = held_in(self._frames[-1])
        self._precede((Behavior("back"), *needed(act.behavior, held, self._put)))
        self._next.append((act.behavior, act.command, "selector"))

    def _sample(self, state: State) -> None:
        """Look, remember it, and doubt what is under way."""
        self._sampled = state.time
        frame = self._hand.frame(state)
        self._frames.append(frame)
        self._keeper.see(frame)
        act = self._act
        if act is None or act.by != "selector" or self._agenda.finished:
            return
        command, key, likely = self._choose(self._moment(state, ended=False), may_end=False)
        if key in (END, act.key) or likely < SURE:
            self._doubt = None
        elif self._doubt is None or self._doubt[0] != key:
            self._doubt = key, state.time
        elif state.time - self._doubt[1] > DOUBT:
            self._end("corrected")
            self._do(self._listener.meaning(command, key), command, "selector", state)

    # --- what it hears ------------------------------------------------------------------------

    def _hear(self, text: str, state: State) -> None:
        try:
            meant = self._listener(text, state.objects)
        except Unclear as error:
            if self._mind is None or not isinstance(error, Unknown) or not self._frames:
                self._say(str(error))
                return
            doing = self._act.command if self._act else ""
            lies = lying(self._frames[-1], state.objects)
            situation = Situation(tuple(state.objects), lies, self._agenda.chore, doing)
            self._mind.ask(state.time, text, situation)
            self._steered = -np.inf
            self._say(f"{text}: let me think.")
            return
        if meant.kind == "proceed":
            self._next.clear()
            if self._act is not None and self._act.by != "selector":
                self._end("cut short")
            self._say("Going on.")
            return
        if not (self._frames or meant.kind in ("pace", "instruction")):
            self._say("I see nothing yet.")
            return
        self.corrections.append(text)
        if meant.kind == "pace":
            self._speed = min(1.0, max(SLOWEST, self._speed * meant.factor))
            self._say(f"{'Slower' if meant.factor < 1 else 'Faster'}: {self._speed:.0%}.")
        elif meant.kind == "instruction":
            self._steered = state.time
            self._interrupt("corrected")
            self.instruct(text)
            self._say(f"From now on: {text}.")
        elif meant.kind == "denial":
            self._steered = state.time
            self._retract(state)
        elif meant.behavior is not None:
            self._override(text, meant.behavior, meant.margin, state)

    def _override(self, text: str, behavior: Behavior, margin: float, state: State) -> None:
        """A person's sentence, which counts for more than the selector's."""
        if behavior.name in STEERING:
            self._steered = state.time
            self._agenda.settle()
        kept = self._kept(text, behavior, margin, state)
        self._interrupt("corrected")
        self._keeper.begin(kept)
        self._precede(needed(behavior, held_in(self._frames[-1]), self._put))
        self._next.append((behavior, text, "person"))
        self._agenda.finished = False  # it looks again afterwards
        self.error, self._chosen = None, {}
        self._say(f"{text}: I {plainly(behavior)}.")

    def _retract(self, state: State) -> None:
        """A bare "no": what was begun is undone."""
        doing, held = self.doing, held_in(self._frames[-1])
        self._interrupt("corrected")
        if self._agenda.take_back(state.time):
            self._afresh()
            self._say("Then I go on as before.")
            return
        if held is not None and doing is not None and doing.name == "pick":
            undo = Behavior("drop")
        elif held is None and self._put is not None and doing is None:
            undo = Behavior("pick", self._put)
        else:
            undo = Behavior("back")
        self._precede((undo,))
        self._say(f"Then I {plainly(undo)}; what shall I do?")

    def _change_plans(self, reply: Reply, state: State) -> None:
        """Do what the slow mind takes to be meant, unless somebody has said what to do since."""
        if reply.requested < self._steered:
            self._note(f"what was meant by {reply.said!r} no longer matters")
            return
        if not reply.steps:
            why = f" ({reply.fault})" if reply.fault else ""
            self._say(f"I did not understand {reply.said!r}{why}. What shall I do?")
            return
        self._interrupt("corrected")
        self._agenda.change(state.time, reply.steps, reply.goes_on)
        self._afresh()
        self.corrections.append(reply.said)
        self._say(f"{reply.said}: {', then '.join(self._agenda.steps)}.")

    def _interrupt(self, outcome: str) -> None:
        self._next.clear()
        if self._act is not None:
            self._end(outcome)

    def _kept(self, text: str, behavior: Behavior, margin: float, state: State) -> Kept:
        frames = [*self._frames][-round(BEFORE / PERIOD) - 1 :]
        past = tuple(Told(c, since - state.time) for c, since in reversed(self._past))
        return Kept(
            state.time,
            text,
            key_of(behavior),
            margin,
            self._agenda.chore,
            past[:PAST],
            self._act is None,
            tuple(frames),
            len(frames) - 1,
        )
