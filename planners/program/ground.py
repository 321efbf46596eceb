"""Whether an instruction is about what is on the table: asked before any model is.

A model whose answers a grammar keeps to the things that are there turns a wish for something else
into a wrong action. So what is named and not there is refused first, by rules over words.
"""

from collections.abc import Collection, Sequence

from planners.correct import AMOUNTS, DIRECTIONS, words_of
from robot.table import COLORS

OTHER_COLORS = frozenset("white black violet magenta turquoise beige gold silver grey".split())
SYNONYMS = {"cube": "block", "brick": "block", "dish": "bowl"}
# Nouns that stand for no particular thing.
GENERAL = frozenset(
    """thing things object objects item items everything anything one ones other others rest both
    all each them it tower pyramid stack pile line row order gripper robot arm hand way table corner
    corners side sides edge edges middle center centre top bottom left right front back half bit
    little lot first second third fourth last next circle square triangle shape distance cm mm m
    meter meters centimeter centimeters color colour colors colours name names position positions
    number question time times moment same place spot space area end word hello hi goodbye morning
    evening night joke name closest nearest farthest furthest biggest smallest leftmost rightmost
    content contents inside top-left people person everyone somebody me you tad touch home forward
    backward speed care air""".split()
)
DETERMINERS = frozenset("the a an all every each this that these those my any some".split())
# Words that end a noun phrase.
BREAKS = frozenset(
    """in into inside on onto to of at from with without and or then by near next beside between
    above below under over behind before after is are was be that which who where when while so
    it them there here please as than away off out up down towards toward until if but
    not""".split()
)
ADJECTIVES = frozenset(
    """small big large tiny little other closest nearest farthest furthest leftmost rightmost
    first second third fourth last next same remaining top bottom left right upper lower front
    back horizontal vertical straight whole two three four five both single empty full diagonal
    opposite right-hand left-hand of""".split()
)
# Verbs whose next word, if it is no other kind of word, is the thing to handle.
HANDLING = frozenset(
    "put place move grab grasp pick take stack bring lift drop throw fetch".split()
)
# Words that show that something is to be done or said.
ACTIONS = frozenset(
    """do put place move stack pick push drop set take bring build pile gather slide transfer drag
    carry lay make sort arrange collect swap say tell count ask what which how where is are go
    reach home lift grab point draw show hold open close give clear clean pack tidy turn rotate
    name list touch wave release get throw tip empty remove separate line spread""".split()
)


def ungrounded(instruction: str, objects: Sequence[str]) -> str | None:
    """A reply that refuses or asks, or None if the instruction may go to the model."""
    seen = {word for name in objects for word in words_of(name)}
    words = [_known(word, seen) for word in words_of(instruction)]
    there = f"I see {_listed(objects)}." if objects else "The table is empty."
    for index, word in enumerate(words):
        if word in COLORS or word in OTHER_COLORS:
            missing = _missing_color(word, words[index + 1 : index + 2], objects)
            if missing:
                return f"I see no {missing}. {there}"
        elif word in DETERMINERS:
            missing = _missing_noun(_phrase(words[index + 1 :]), objects)
            if missing:
                return f"I see no {missing}. {there}"
        elif word in HANDLING:
            missing = _missing_bare(words[index + 1 : index + 2], objects)
            if missing:
                return f"I see no {missing}. {there}"
    if not (ACTIONS | seen).intersection(words):
        return f"What shall I do? {there}"
    return None


def _missing_color(color: str, after: Sequence[str], objects: Sequence[str]) -> str:
    """What `color` and the word after it name, if it is not there."""
    color = "gray" if color == "grey" else color
    kind = _singular(after[0]) if after else ""
    colored = any(color in words_of(name) for name in objects)
    if kind in GENERAL or not kind:
        return "" if colored else f"{color} thing"
    if any({color, kind} <= set(words_of(name)) for name in objects):
        return ""
    if kind not in BREAKS | DETERMINERS | ACTIONS | COLORS.keys() | OTHER_COLORS:
        return f"{color} {kind}"
    return "" if colored else f"{color} thing"


def _phrase(words: Sequence[str]) -> list[str]:
    """The noun phrase that a determiner begins."""
    phrase: list[str] = []
    for word in words[:5]:
        if word in BREAKS or word in DETERMINERS or (phrase and word in ACTIONS):
            break
        phrase.append(word)
    return phrase


def _missing_noun(phrase: Sequence[str], objects: Sequence[str]) -> str:
    """The thing that a noun phrase without a colour names, if it is not there."""
    nouns = [word for word in phrase if word not in ADJECTIVES and not word[0].isdigit()]
    if not nouns or any(word in COLORS or word in OTHER_COLORS for word in nouns):
        return ""  # nothing named; or judged by its colour
    if any(set(words_of(name)).intersection(nouns) for name in objects):
        return ""
    return "" if any(noun in GENERAL or noun in ACTIONS for noun in nouns) else " ".join(nouns)


def _missing_bare(after: Sequence[str], objects: Sequence[str]) -> str:
    """What is handled without an article ("put banana in the bowl"), if it is not there."""
    general = GENERAL | ADJECTIVES | DETERMINERS | BREAKS | ACTIONS | OTHER_COLORS | set(COLORS)
    general |= set(AMOUNTS) | set(DIRECTIONS)
    bare = [
        word for word in after if word not in general and word[0].isalpha() and word[-2:] != "ly"
    ]
    return _missing_noun(bare, objects)


def _known(word: str, seen: Collection[str]) -> str:
    """The word as the scene has it: singular, and for a synonym what is meant."""
    if word in seen:
        return word
    single = _singular(word)
    return single if single in seen else SYNONYMS.get(single, word)


def _singular(word: str) -> str:
    if word.endswith("xes") or word.endswith("shes"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _listed(names: Sequence[str]) -> str:
    """ "a red block, a blue bowl and a green bowl"."""
    parts = [f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in names]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
