"""What may be said at a table, and in a match: every command that is known, in every wording."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, product
from string import Formatter

from planners import correct
from planners.coaching.behavior import WAYS
from planners.coaching.understand import sentences
from planners.coaching.wordings import everything
from planners.spoken.normal import normal
from planners.tasks.attributes import LINES, ORDINALS, SEEN, UNSEEN
from planners.tasks.templates import TEMPLATES
from planners.tennis.coach import Tactics, tactics
from robot.table import COLORS, KINDS

BLOCKS = tuple(f"{color} block" for color in COLORS)
BOWLS = tuple(f"{color} bowl" for color in COLORS)
CHANGES = """slower | faster | a bit slower | a bit faster | a little slower | a little faster |
much slower | much faster | a lot slower | a lot faster | slow down | speed up | too fast | too
slow | hurry up | gently | careful | yes | never mind | undo | go ahead"""
RETRACTING = "cancel that | cancel | abort | leave it | forget it | forget that | take it back"
# Whoever begins so tells something, and asks for nothing.
TELLING = frozenset(
    """it it's its that's this there there's he he's she she's we we're they they're i i'm i've i'll
    my his her our their who what when where why which if because""".split()
)
MATCH = """play to the backhand | play to the forehand | to the backhand | to the forehand |
play to the left | play to the right | play to the middle | serve to the backhand | serve to the
forehand | serve to the left | serve to the right | hit faster | hit harder | faster | slower |
softer | safer | play safe | play safer | be careful | more risk | take more risk | attack |
defend | more topspin | more spin | no topspin | loop more | less spin | use your forehand | use
your backhand | not so fast | not so hard | normal game | play normally | forget that | return
serves to the backhand | return serves to the forehand | keep the ball on the left | keep the
ball on the right | gently | hit softer | play to the corner on the left | play to the corner on
the right | to his backhand | to her backhand | to the opponent's backhand"""


@dataclass(frozen=True)
class Sayings:
    """What may be said in one world."""

    known: Mapping[str, str]  # a command, normal: what it means
    prompt: str  # sentences like them, for a recogniser
    words: frozenset[str] = field(default_factory=frozenset)  # that commands are made of

    def understands(self, text: str) -> bool:
        """Would a typed line be followed? `text` is normal, its numbers in digits."""
        raise NotImplementedError


class AtTable(Sayings):
    """Corrections, behaviours and instructions about blocks and bowls."""

    def understands(self, text: str) -> bool:
        said = text.split()
        if said[0] in TELLING or not self.words.issuperset(w for w in said if not w[0].isdigit()):
            return False
        vocabulary = correct.Vocabulary(tuple(COLORS), KINDS)
        return correct.understand(text, vocabulary) is not None or _instructs(said)


class InMatch(Sayings):
    """Tactics."""

    def understands(self, text: str) -> bool:
        if text.split(maxsplit=1)[0] in TELLING:
            return False
        try:
            tactics(text, Tactics())
        except ValueError:
            return False
        return True


def at_table() -> Sayings:
    """Of the tabletop."""
    known: dict[str, str] = {}
    for asked in everything():
        for text in sentences(asked):
            known.setdefault(normal(text).text, f"{asked.name} {asked.thing} {asked.amount}")
    for text, meaning in (*_corrections(), *_instructions()):
        known.setdefault(normal(text).text, meaning)
    words = frozenset(word for text in known for word in text.split()) | correct.WORDS
    prompt = (
        "put the red block in the blue bowl. a bit to the left. pick up the green block. no, the "
        "yellow bowl. open the gripper. close the drawer. go back. slower. stop. continue."
    )
    return AtTable(known, prompt, words)


def in_match() -> Sayings:
    """Of table tennis."""
    known = {normal(text).text: _tactics(text) for text in _each(MATCH)}
    prompt = (
        "play to the backhand. hit faster. safer. more topspin. serve to the forehand. use your "
        "backhand. not so fast. normal game. stop. continue."
    )
    return InMatch(known, prompt)


def _each(wordings: str) -> list[str]:
    return " ".join(wordings.split()).split(" | ")


def _tactics(text: str) -> str:
    return str(tactics(text, Tactics(pace=0.5, care=0.5, spin=0.5, side=0.5)))


def _corrections() -> Iterator[tuple[str, str]]:
    """What `planners.correct` understands, and what takes an instruction back."""
    ways = {"left": "to the left", "right": "to the right", "forward": "forward", "back": "back"}
    for way, number in product(WAYS, range(1, 21)):
        for wording in dict.fromkeys((way, ways.get(way, way))):
            yield f"{number} cm {wording}", f"move {way} {number} cm"
            yield f"move {number} cm {wording}", f"move {way} {number} cm"
    vocabulary = correct.Vocabulary(tuple(COLORS), KINDS)
    things = [*BLOCKS, *BOWLS, *(f"{color} one" for color in COLORS)]
    for text in (*_each(CHANGES), *(f"the {thing}" for thing in things), "open", "close"):
        yield text, str(correct.understand(text, vocabulary))
    for text in _each(RETRACTING):
        yield text, "retract"


def _instructions() -> Iterator[tuple[str, str]]:
    """What is asked of the language model, of the kinds that are measured."""
    slots = {
        "block": BLOCKS,
        "bowl": BOWLS,
        "place": SEEN.places + UNSEEN.places,
        "direction": SEEN.directions + UNSEEN.directions,
        "extreme": SEEN.extremes + UNSEEN.extremes,
        "nth": tuple(ORDINALS),
        "amount": SEEN.amounts + UNSEEN.amounts,
        "kind": KINDS,
        "line": tuple(LINES),
    }
    for template in TEMPLATES.values():
        for phrase in (*template.phrases, *template.held_out):
            names = [name for _, name, _, _ in Formatter().parse(phrase) if name]
            free = [name for name in dict.fromkeys(names) if name in slots]
            if not {*names} <= {*slots, "in", "target", "to"}:
                continue
            for values in product(*(slots[name] for name in free)):
                filled = dict(zip(free, values, strict=True))
                filled["to"] = "to" if filled.get("extreme") == "closest" else "from"
                for target in (*BOWLS, *BLOCKS) if "target" in names else ("",):
                    more = {"target": target, "in": "in" if target in BOWLS else "on"}
                    if target and target == filled.get("block"):
                        continue
                    about = " ".join((*values, target))
                    yield phrase.format(**filled, **more), f"{template.name} {about}"


def _instructs(said: list[str]) -> bool:
    """Does it begin with what is to be done, and name a thing, of a kind that there is?"""
    named = [before for before, word in pairwise(said) if word in THINGS]
    return said[0] in DOING and bool(named) and NAMING.issuperset(named)


# What may stand before a thing.
NAMING = frozenset(
    (
        *COLORS,
        *ORDINALS,
        *"the a an all each every any this that one other same of two three left right own".split(),
    )
)
# Words of other talk, and those that sound like a stop: so that a stop is not heard in them.
TALK = frozenset(
    """halt freeze wait pause emergency a about after all always am an and any are as ask at away
    back be because been before book but by call can car case cause come could day did do does
    done door down even every fault few find first food for from get girl give go good great had
    hand has have he head hear help her here him his home hot house how i if in into is it job
    just keep know late later let life like line little long look made make man many may me mean
    meeting men money month more morning most much must my name need never new next night not
    number of off often old on only or other our out over part paws people phone place play please
    point problem read right room said salt same say school see she shop should show side sit
    small so some soon spot staff start state stay step still stock stopped stops stopping street
    student stuff such sure system take talk team tell than thank that the their them then there
    they thing think this three time to today told tomorrow too top try turn two under up us use
    very want was watch water way we week weight well went were what when where which while who
    why will window with woman word work world would write year yes yesterday you young
    your""".split()
)

DOING = frozenset(
    """put place move pick take grab get bring set drop lay stack build make sort arrange push pull
    slide sweep open close shut lift collect gather tidy pack turn rotate return spread""".split()
)
THINGS = frozenset(
    (*KINDS, *(f"{kind}s" for kind in KINDS), *"drawer tray tower corner one ones pile".split())
)
