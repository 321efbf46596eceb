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
    style: str = ""  # forehand or backhand: the robot's own strokes; empty: whichever suits

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
MIDDLE = {"middle", "centre", "center"}
TOPSPIN = {"topspin", "top-spin", "loop", "loops", "spin"}
NEGATIONS = {"not", "don't", "dont", "never", "no", "stop", "less"}
OWN = {"use", "with", "your", "own"}  # before a stroke: the robot's own, not where to play
# Words that may stand in a tactic without meaning anything by themselves.
FILLER = OWN | frozenset(
    """a an the to of his her their its it at on play hit go more bit little please now just
    try be put keep return returns all ball balls into side and some corner them him game take
    let's lets us rather cross make that this everything again back in for from only
    so too opponent opponents""".split()
)
STROKES = ("forehand", "backhand")
PACE = {**dict.fromkeys(FASTER, 1.0), **dict.fromkeys(SLOWER, -1.0)}
CARE = {**dict.fromkeys(SAFER, 1.0), **dict.fromkeys(RISKIER, -1.0)}
KNOWN = (
    LEFT
    | RIGHT
    | MIDDLE
    | {*PACE, *CARE, *STROKES}
    | NORMAL
    | SERVES
    | TOPSPIN
    | FILLER
    | NEGATIONS
)
VALID = (
    "left, right, middle, backhand, forehand, faster, slower, safer, riskier, topspin, serve, "
    "'use your forehand', 'use your backhand' and 'normal game'"
)


def tactics(text: str, now: Tactics, right_handed: bool = True) -> Tactics:
    """What `text` makes of the tactics; ValueError says what is unknown or contradicts itself.

    An opponent's backhand, if they are right-handed, is to the robot's right: they face it.
    """
    words = words_of(text.replace("'", ""))
    meant = set(words)
    if unknown := [word for word in words if word not in KNOWN | {"dont", "lets"}]:
        raise ValueError(
            f"{', '.join(map(repr, unknown))} in {text!r} is no tactic; valid: {VALID}"
        )
    if not meant - FILLER - SERVES - NEGATIONS:
        raise ValueError(f"{text!r} names no tactic; valid: {VALID}")
    own = {stroke for stroke in STROKES if _owned(words, stroke)}
    sides = _sides(meant - own, right_handed)
    if meant & NEGATIONS:
        return _less(meant, own, sides, now, text)
    if meant & NORMAL:
        return Tactics()
    wanted = {
        "side": sides,
        "pace": {word: PACE[word] for word in words if word in PACE},
        "care": {word: CARE[word] for word in words if word in CARE},
        "spin": dict.fromkeys(meant & TOPSPIN, 1.0),
        "style": {stroke: stroke for stroke in own},
    }
    for named in wanted.values():
        if len(set(named.values())) > 1:
            raise ValueError(
                f"{' and '.join(sorted(named))} contradict each other: say one of them"
            )
    found = {name: next(iter(named.values())) for name, named in wanted.items() if named}
    if "side" in found and meant & SERVES:
        found["serve_side"] = found.pop("side")
    return replace(now, **found)  # pyright: ignore[reportArgumentType]


def _owned(words: list[str], stroke: str) -> bool:
    """Is it the robot's own: "use the forehand", "with your forehand"?"""
    at = words.index(stroke) if stroke in words else 0
    before = [word for word in words[:at] if word not in {"a", "the", "more", "only", "just"}]
    return bool(before) and before[-1] in OWN


def _sides(meant: set[str], right_handed: bool) -> dict[str, float]:
    """Where to play, by the word for it: -1 left, 1 right."""
    backhand = 1.0 if right_handed else -1.0
    sides = {
        **dict.fromkeys(LEFT, -1.0),
        **dict.fromkeys(RIGHT, 1.0),
        **dict.fromkeys(MIDDLE, 0.0),
        "backhand": backhand,
        "forehand": -backhand,
    }
    return {word: sides[word] for word in sorted(meant) if word in sides}


def _less(
    meant: set[str], own: set[str], sides: dict[str, float], now: Tactics, text: str
) -> Tactics:
    """What a negation takes back: "not so fast", "no topspin"."""
    if own:
        left = [stroke for stroke in STROKES if stroke not in own]
        return replace(now, style=left[0] if len(left) == 1 else "")
    if meant & FASTER:
        return replace(now, pace=min(now.pace, 0.0) or -1.0)
    if meant & SLOWER:
        return replace(now, pace=1.0)
    if meant & TOPSPIN:
        return replace(now, spin=0.0)
    if meant & RISKIER:
        return replace(now, care=1.0)
    if meant & SAFER:
        return replace(now, care=min(now.care, 0.0))
    if sides and meant & SERVES:
        return replace(now, serve_side=0.0)
    if sides:
        return replace(now, side=0.0)
    raise ValueError(f"{text!r} takes no tactic back; valid: not, and {VALID}")
