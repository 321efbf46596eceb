"""A person moves the hand, and says what it is doing: a planner of demonstrations."""

from collections.abc import Callable
from math import pi

import numpy as np

from planners.coaching.teacher import Kind, Said
from planners.coaching.understand import Understanding
from planners.correct import DENIAL, words_of
from robot.features import Hand
from robot.grip import SQUEEZE, held
from robot.steering import End, Steer
from robot.table import HIGH, LOW, Z_BOUNDS
from robot.types import Goal, Outcome, RobotSpec, State, Utterance, Vector

AHEAD = 0.08  # [m] that the hand is sent ahead of where it is, at most
LOWEST = 0.014  # [m] of the middle of the tool: its tips reach 10 mm lower
OPEN = 0.0425  # [m] a finger's way, fully open
TURNED, TILTED = pi / 2, 0.6  # [rad] at most
SLIP = 0.003  # [m] by which the sent finger changes, at least
RECOVERING = {"again", "retry", "recover"}  # words that tell of one


class ByHand:
    """One demonstration. Its goal is one and the same, for the skill `jog`."""

    def __init__(
        self,
        spec: RobotSpec,
        read: Callable[[], Steer],
        understanding: Understanding,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`read`: what is wanted since the last call; `note`: shows what is made of a narration."""
        self._read, self._understanding, self._note = read, understanding, note
        self._hand, self._finger = Hand(spec), spec.groups["gripper"].start
        self._wanted: Vector | None = None  # (ACTION,)
        self._closing = False
        self._goal = Goal(0, "hold")
        self.said: list[Said] = []
        self.end: End = ""
        self.holds: str | None = None  # what is in the hand
        self.at: Vector = np.zeros(3)  # (3,) [m] where the tool is

    @property
    def finished(self) -> bool:
        return self.end != ""

    def plan(self, state: State, heard: tuple[Utterance, ...], outcome: Outcome) -> Goal:
        for utterance in heard:
            self._narrate(utterance)
        felt = self._hand.of(state.q)
        self.at, self.holds = felt[:3], held(state, felt[:3], self._finger)
        sent = self._hand.of(state.reference.q)
        if self._wanted is None:
            self._wanted = sent.copy()
            self._closing = bool(sent[5] < OPEN / 2)
        steer = self._read()
        self.end = self.end or steer.end
        self._move(steer, sent)
        if steer.grip:
            self._closing = not self._closing
        # Closing, a finger is sent a little further than it is: it presses on what it meets.
        finger = max(0.0, felt[5] - SQUEEZE) if self._closing else OPEN
        if abs(finger - self._wanted[5]) > SLIP or finger in (0.0, OPEN):
            self._wanted[5] = finger
        self._goal = Goal(1, "jog", {"hand": self._wanted.tolist()})
        return self._goal

    def _move(self, steer: Steer, sent: Vector) -> None:
        """Further on, over the table, and not far ahead."""
        wanted = self._wanted
        assert wanted is not None
        if any(steer.by):
            place = wanted[:3] + steer.by
            low, high = (*LOW, LOWEST), (*HIGH, Z_BOUNDS[1])
            wanted[:3] = np.clip(np.clip(place, low, high), sent[:3] - AHEAD, sent[:3] + AHEAD)
        wanted[3] = np.clip(wanted[3] + steer.turn, -TURNED, TURNED)
        wanted[4] = np.clip(wanted[4] + steer.tilt, -TILTED, TILTED)

    def _narrate(self, utterance: Utterance) -> None:
        words = words_of(utterance.text)
        kind: Kind = "instruction"
        if DENIAL & {*words[:2]}:
            kind = "correction"
        elif RECOVERING & {*words}:
            kind = "recovery"
        behavior, margin = self._understanding(utterance.text)
        self.said.append(Said(utterance.time, utterance.text, kind, behavior))
        meant = f"{behavior.name} {behavior.thing}".strip() if margin > 0 else "nothing known"
        self._note(f"{kind}: {utterance.text} ({meant})")
