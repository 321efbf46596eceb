"""What takes back a line that was obeyed, though it was never said."""

from planners.correct import Correction, Vocabulary, understand, words_of
from planners.spoken.normal import normal
from robot.mode import GO_ON, REARM, STOP
from robot.table import COLORS, KINDS

PAIRS = (  # the first of each takes back the others' opposites, too
    ("left", "leftward", "leftwards"),
    ("right", "rightward", "rightwards"),
    ("forward", "forwards", "ahead", "away", "further", "farther"),
    ("back", "backward", "backwards", "closer", "nearer"),
    ("up", "upward", "upwards", "higher"),
    ("down", "downward", "downwards", "lower"),
    ("faster", "fast"),
    ("slower", "slow"),
    ("open", "release"),
    ("close", "shut"),
)
OPPOSITE = {
    word: PAIRS[number ^ 1][0] for number, words in enumerate(PAIRS) for word in words
}  # neighbours are opposites
WORDS = Vocabulary(tuple(COLORS), KINDS)
CANCEL = "cancel that"


def undone(line: str) -> str:
    """The line that takes `line` back; nothing where none does: a stop is ended by name."""
    if any(phrase.search(line) for phrase in (STOP, GO_ON, REARM)):
        return ""
    meant = understand(line, WORDS)
    if meant is None:
        return CANCEL
    back = " ".join(OPPOSITE.get(word, word) for word in words_of(normal(line).line))
    opposite = understand(back, WORDS)
    return back if opposite is not None and _takes_back(meant, opposite) else ""


def replaced(line: str, wanted: str) -> tuple[str, ...]:
    """The lines that take `line` back and do what is `wanted` ("no, ...") in its place."""
    wanted = plainly(wanted)
    back, meant = undone(line), understand(wanted, WORDS)
    if back == CANCEL:
        return (wanted,) if meant is not None else (f"instead, {normal(wanted).text}",)
    same = meant is not None and meant == understand(back, WORDS)
    steps = meant is not None and meant.kind == "nudge"
    return (back, wanted) if back and (steps or not same) else (wanted,)


def plainly(line: str) -> str:
    """`line` without its "no", if that is all that keeps it from being understood."""
    rest = line.removeprefix("no, ")
    return rest if understand(line, WORDS) is None and understand(rest, WORDS) is not None else line


def _takes_back(meant: Correction, opposite: Correction) -> bool:
    if meant.kind != opposite.kind:
        return False
    if meant.kind == "nudge":
        return all(a == -b for a, b in zip(meant.offset, opposite.offset, strict=True))
    if meant.kind == "pace":
        return abs(meant.factor * opposite.factor - 1) < 1e-9
    return meant.kind == "gripper" and meant.open != opposite.open
