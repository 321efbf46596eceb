"""Tactics, as a coach calls them: "play to the backhand", "hit faster", "safer", "normal game"."""

from dataclasses import dataclass, replace

from planners.correct import words_of


@dataclass(frozen=True, slots=True)
class Tactics:
    """What a coach wants; each leans on the choice, none forbids."""

    side: float = 0.0  # where to play: -1 to the left, 1 to the right, as the robot sees it
    serve_side: float = 0.0  # likewise, of returned serves
    pace: float = 0.0  # 1 faster, -1 slower
    care: float = 0.0  # 1 safer, -1 with more risk
    spin: float = 0.0  # 1 with topspin: the loops

    def lean(self, name: str, place: float, speed: float, landing: float, serve: bool) -> float:
        """What it adds to the preference of a controller with these expectations.

        `place` [m] is x of the landing, `speed` [m/s] of the ball, `landing` its rate.
        """
        side = self.serve_side if serve and self.serve_side else self.side
        total = 4.0 * side * place + 1.5 * self.pace * (speed - 5.0)
        total += 10.0 * self.care * (landing - 0.8)
        return total + (3.0 * self.spin if name.endswith("_loop") else 0.0)


LEFT = {"left", "left-hand"}
RIGHT = {"right", "right-hand"}
FASTER = {"faster", "harder", "attack", "attacking", "aggressive", "speed", "fast", "smash", "hard"}
SLOWER = {"slower", "softer", "gently", "gentle", "slow", "soft", "calm"}
SAFER = {"safer", "safe", "careful", "carefully", "safely", "steady", "defend", "defensive"}
RISKIER = {"risk", "riskier", "risky", "gamble"}
NORMAL = {"normal", "normally", "forget", "neutral", "usual", "reset"}
SERVES = {"serve", "serves", "service"}
TOPSPIN = {"topspin", "top-spin", "loop", "loops", "spin"}
NEGATIONS = {"not", "don't", "dont", "never", "no", "stop", "less"}
# Words that may stand in a tactic without meaning anything by themselves.
FILLER = frozenset(
    """a an the to of his her their its it at on with play hit go more bit little please now just
    try be use put keep return returns all ball balls into side and some corner them him game take
    let's lets us rather cross make that this everything again back in for from""".split()
)
KNOWN = (
    (LEFT | RIGHT | FASTER | SLOWER | SAFER | RISKIER | NORMAL | SERVES | TOPSPIN)
    | {"backhand", "forehand", "middle", "centre", "center"}
    | FILLER
    | NEGATIONS
)


def tactics(text: str, now: Tactics, right_handed: bool = True) -> Tactics | None:
    """What `text` makes of the tactics, or None if it is no tactic.

    An opponent's backhand, if they are right-handed, is to the robot's right: they face it.
    """
    words = words_of(text.replace("'", ""))
    meant = set(words)
    if not words or meant - KNOWN - {"dont", "lets"} or not meant - FILLER - SERVES - NEGATIONS:
        return None
    if meant & NEGATIONS:
        return _less(meant, now)
    if meant & NORMAL:
        return Tactics()
    side = _side(meant, right_handed)
    changed = now
    if side is not None:
        changed = replace(now, serve_side=side) if meant & SERVES else replace(now, side=side)
    for names, value in ((FASTER, 1.0), (SLOWER, -1.0)):
        if meant & names:
            changed = replace(changed, pace=value)
    for names, value in ((SAFER, 1.0), (RISKIER, -1.0)):
        if meant & names:
            changed = replace(changed, care=value)
    if meant & TOPSPIN:
        changed = replace(changed, spin=1.0)
    return changed


def _side(meant: set[str], right_handed: bool) -> float | None:
    backhand = 1.0 if right_handed else -1.0
    for names, side in (
        (LEFT, -1.0),
        (RIGHT, 1.0),
        ({"backhand"}, backhand),
        ({"forehand"}, -backhand),
        ({"middle", "centre", "center"}, 0.0),
    ):
        if meant & names:
            return side
    return None


def _less(meant: set[str], now: Tactics) -> Tactics | None:
    """What a negation takes back: "not so fast", "no topspin"."""
    if meant & FASTER:
        return replace(now, pace=min(now.pace, 0.0) or -1.0)
    if meant & SLOWER:
        return replace(now, pace=1.0)
    if meant & TOPSPIN:
        return replace(now, spin=0.0)
    if meant & RISKIER:
        return replace(now, care=1.0)
    side = _side(meant, True)
    return None if side is None else replace(now, side=0.0)
