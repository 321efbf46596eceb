"""Many more ways to ask for a behaviour, put together of parts; and to say what asks for none.

Nobody demonstrates in these words: they are for understanding people (`understand.py`). Parts in
round brackets are alternatives, those in square brackets may be left out; `{}` is what it is about,
`{amount}` how much. Sentences in `phrases.UNHEARD` are never made.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

import numpy as np

from planners.coaching.phrases import UNHEARD

BEFORE = """please|can you|could you|would you|will you|now|ok|ok now|then|just|next|I want you to|
you should|you have to|try to|go ahead and|and|so""".replace("\n", "").split("|")
AFTER = "please|now|for me|again|then|next|first".split("|")
TALK = "talk"  # the family of what asks for nothing
POLITE = 0.35  # of the sentences, begun or ended like that

_IT = "(it|that|this|the block|that one|what you hold)"
_HAND = "(it|the gripper|your gripper|the hand|your hand|the wrist|that|the thing|the tool)"
_FINGERS = (
    "(the gripper|your gripper|your fingers|the fingers|the hand|your hand|the claw|the jaws)"
)
_VERB = "(move|go|shift|slide|drift|steer|head|come|step|travel|edge|glide|swing|nudge|bring)"
_WHAT = "[(it|the hand|the arm|the gripper|yourself|over|that)]"
_MORE = "{amount}"
_PUT = (
    "(put|place|drop|lay|set|leave|release|deposit|tip|toss|throw|move|bring|carry|take|lower|store|"
    "slip|ease|get|let)"
)
_VARIED = f"""
pick: (pick up|take|grab|get|grasp|lift|lift up|raise|fetch|seize|snatch|collect|catch|hold|pluck|
    clutch|retrieve|hand me|pass me|give me|bring me|scoop up|gather|take hold of|get hold of|go
    for|go and get|reach for|close in on|choose) (the|that) {{}} [(up|off the table|from the
    table|from there|off the ground|with your gripper)] | (I want|I need|I would like|let me have|
    we want|we need|I meant|I mean) the {{}} | the {{}} (next|now|first|please|instead|is next|
    comes next|is what I want) | (start|continue|carry on|go on) with the {{}} | (get|take|have)
    the {{}} (into|in) your (hand|gripper|fingers) | (pick|lift|take) the {{}} up [from the table]
    | (it is|now it is) the {{}} (that I want|next)
put bowl: {_PUT} {_IT} (in|into|inside) the {{}} | let {_IT} (drop|fall|go|land|slide) (in|into|
    inside) the {{}} | (it|that|this one) (goes|belongs|should go|has to go|must go|should be|
    wants to be) (in|into|inside) the {{}} | the {{}} is (where it goes|its place|the right place|
    where it belongs|where it should go|the right one) | (into|inside|in) the {{}} [with it] |
    (over to|to) the {{}} with it | (empty|open) your hand (into|over) the {{}}
put block: (put|place|lay|set|stack|pile|rest|balance|build|add|leave|drop|stand|position|mount|
    heap|get|move|bring|lower) {_IT} (on|onto|on top of|upon|atop|over|to the top of) the {{}} |
    (it|that|this one) (goes|belongs|should go|has to go|must go|should be|wants to be) (on|onto|
    on top of) the {{}} | the {{}} is (what it goes on|where it goes|what it belongs on|the one
    below) | (onto|on top of|on) the {{}} [with it] | [let it] (rest|sit|stand|lie) on [top of]
    the {{}}
put drawer: (put|place|drop|lay|set|leave|release|deposit|store|stow|stash|tuck|hide|keep|get|
    move|bring|carry|let|put away) {_IT} [away] (in|into|inside) the drawer | let {_IT} (drop|
    fall|go|land) (in|into|inside) the drawer | (it|that|this one) (goes|belongs|should go|has to
    go|must go|should be) (in|into|inside) the drawer | the drawer is (where it goes|its place|the
    right place|where it belongs|where it should go) | (into|inside|in) the drawer [with it] |
    (put|drop|stow|store) {_IT} in there | in there with it
drop: (put|set|lay|place|leave|rest|stand|lower|return|park) (it|that|this|the block|that block)
    (down|aside|back down|down again|on the table|onto the table|back on the table|on the table
    again|to one side|there|here|down here|where it is|somewhere on the table|back where it was) |
    (put|set|lay) (down|aside) (it|that|the block|that block|what you hold) | (get rid of|part
    with) (it|that|the block) | (it|that) (goes|belongs|stays|can stay|should lie|should be) (on
    the table|down there|there) | (down|back) on[to] the table [with it] | let it (lie|stay|rest|
    sit|be) (there|on the table)
drawer open: (open|pull open|pull out|slide open|slide out|draw out|drag out|drag open|tug open|
    yank open|haul out|jerk open|undo|open up|get open|pull) (the|that) drawer | (pull|slide|draw|
    drag|tug|yank|haul|jerk|bring|get|make|move|take) the drawer (open|out|towards you|all the way
    out) | the drawer (should|must|has to|needs to|ought to) (be open|be opened|open|come out) |
    (pull|tug|yank|draw|grab) [(at|on)] the handle [of the drawer] | (I need|I want) the drawer
    (open|opened|out) | open (it up|up), the drawer | let me see what is in the drawer
drawer close: (close|shut|push in|push shut|press shut|slide in|slide shut|close up|shove in|push
    back|push closed) (the|that) drawer | (push|press|slide|shove|thrust|drive|move|bring|get|
    make|ram|squeeze|put|jam) the drawer (closed|shut|in|back in|back|home|all the way in|to) |
    the drawer (should|must|has to|needs to|ought to) (be closed|be shut|close|go back in|go in) |
    (I need|I want) the drawer (closed|shut|in) | (close|shut) (it up|it), the drawer
sweep: (push|sweep|shove|slide|move|brush|nudge|herd|drive|roll|drag|press|wipe|guide|steer|scoot|
    get|bring|send|shift|propel|herd|usher|chase|clear) the {{}} (in|into|to|over to|over into|
    towards|onto|along into) the tray | (pushing|sweeping|sliding|moving|shoving|brushing) the
    {{}} into the tray (is next|comes next|would be good|would help|is what I want) | the {{}}
    (goes|belongs|should go|has to go|should be|must go) (in|into) the tray | into the tray with
    the {{}} | the {{}} into the tray | get the {{}} in the tray by (pushing|sweeping) it
gripper open: (open|open up|spread|unclench|relax|part|widen|loosen|unlock|release) {_FINGERS} [(a
    bit|wide|more|again)] | (loosen|release|relax|undo) (your|the) (grip|grasp|hold) | let (go|go
    of it|go of that|go of the block|it go|it loose|it fall|it drop|the block go|it slip) [from
    your fingers] | (release|free|drop|ungrasp|ungrip|lose) (it|that|the block|what you hold) |
    (ungrip|ungrasp|unclench|release|let loose) | fingers (apart|open|wide) | take your fingers
    (apart|off it)
gripper close: (close|shut|squeeze|clench|tighten|press|clamp|pinch|close up|bring together|lock)
    {_FINGERS} [(a bit|tightly|more|again|together)] | (grip|grasp|hold|squeeze|clutch|clasp|
    pinch) [(it|that|on|the block)] (tight|tightly|firmly|hard|harder|fast) | (tighten|firm up)
    (your|the) (grip|grasp|hold) | (grip|clench|squeeze|pinch|clamp|grasp|clasp|clamp down) [it] |
    fingers (together|closed|shut) | (press|bring|put|squeeze) (your|the) fingers together | make
    a fist
back: (go|move|come|get|step|head|pull) back [(there|again|to the start|to the beginning|to where
    you were|where you were|to where you came from|to the last place|to your previous place|to the
    previous position|to where you began|where you started|to where that began)] | (return|
    retreat|withdraw|retract|reverse|backtrack|back off|back away|back out|back up) [(again|from
    there|to the start|to where you were|to the previous place|to your last position|to where you
    began)] | (undo|reverse|revert) (that|it|the last motion|this motion|that move|the last move)
    | (come|get|move|go|pull) (away|off|out of there|out of it|away from there|away from it) |
    (be|stay) where you were before
turn left: (turn|rotate|twist|swivel|spin|revolve|roll|wheel) {_HAND} [{_MORE}] (left|to the left|
    leftwards|anticlockwise|counterclockwise|counter clockwise|anti clockwise|towards the left) |
    (turn|rotate|twist|swivel|spin) (left|to the left|anticlockwise|counterclockwise|counter
    clockwise) | (a quarter|a quarter turn|a turn|half a turn|some turn) (left|to the left|
    anticlockwise|counterclockwise) | (counterclockwise|anticlockwise|counter clockwise) [turn] |
    against the clock | the other way than the clock
turn right: (turn|rotate|twist|swivel|spin|revolve|roll|wheel) {_HAND} [{_MORE}] (right|to the
    right|rightwards|clockwise|towards the right) | (turn|rotate|twist|swivel|spin) (right|to the
    right|clockwise) | (a quarter|a quarter turn|a turn|half a turn|some turn) (right|to the
    right|clockwise) | clockwise [turn] | with the clock | the way of the clock
tilt: (tilt|tip|lean|slant|incline|angle|slope|cant|bank) {_HAND} [(over|sideways|to the side|to
    one side|more|an angle)] | (tilt|lean|tip|slant|incline) | (give|lend) {_HAND} (a|some)
    (slant|tilt|slope|lean|inclination) | (make|have|let) {_HAND} (lean|tilt|slope|slant|tip over)
    | (hold|keep) {_HAND} (tilted|slanted|askew|at an angle|inclined|not straight)
move left: {_VERB} {_WHAT} {_MORE} (left|to the left|leftwards|leftward|towards the left|to the
    left side|over to the left|to the left hand side|further left|more left) | {_MORE} (left|to
    the left|leftwards|more to the left|further to the left) | (a nudge|a step|a push) {_MORE} to
    the left | (you are|it is|that is) [{_MORE}] too far [to the] right | further left {_MORE}
move right: {_VERB} {_WHAT} {_MORE} (right|to the right|rightwards|rightward|towards the right|to
    the right side|over to the right|to the right hand side|further right|more right) | {_MORE}
    (right|to the right|rightwards|more to the right|further to the right) | (a nudge|a step|a
    push) {_MORE} to the right | (you are|it is|that is) [{_MORE}] too far [to the] left | further
    right {_MORE}
move forward: (move|go|shift|slide|drift|steer|head|step|travel|push|reach|proceed|advance)
    {_WHAT} {_MORE} (forward|forwards|ahead|away from me|further away|farther away|further from
    me|farther from me|onward|to the far side|deeper in) | {_MORE} (forward|forwards|ahead|away
    from me|further away|farther away from me|deeper) | (you are|it is|that is) [{_MORE}] too
    (close to me|near|near to me) | (advance|reach further|reach out) {_MORE}
move back: (move|shift|slide|drift|steer|step|come|bring|draw|pull) {_WHAT} {_MORE} (backward|
    backwards|towards me|toward me|closer|closer to me|nearer|nearer to me|to me|in my direction|
    my way|this way|over here) | {_MORE} (backwards|towards me|closer to me|nearer|in my
    direction|this way) | (you are|it is|that is) [{_MORE}] too far (away|away from me|from me|
    ahead) | (come|get) (closer|nearer) {_MORE}
move up: {_VERB} {_WHAT} {_MORE} (up|upwards|upward|higher|higher up|further up) | (raise|lift|
    elevate|hoist) (it|the hand|your hand|the arm|the gripper|yourself) {_MORE} [(up|higher)] |
    {_MORE} (up|upwards|higher|higher up) | (rise|climb|ascend|hover|float|stay) {_MORE} [(up|
    higher|upwards)] | (you are|it is|that is|the hand is) [{_MORE}] too (low|low down|deep) |
    (higher|up) {_MORE}
move down: {_VERB} {_WHAT} {_MORE} (down|downwards|downward|lower|lower down|further down) |
    (lower|sink|drop) (the hand|your hand|the arm|the gripper|yourself) {_MORE} [(down)] | {_MORE}
    (down|downwards|lower|lower down) | (sink|descend|dip|stoop|duck|hover|float|stay) {_MORE}
    (down|lower|downwards) | (sink|descend|dip) {_MORE} | (you are|it is|that is|the hand is)
    [{_MORE}] too (high|high up) | (lower|down) {_MORE}
"""
# What asks for no behaviour, though some of it sounds so.
_TALK = """
(open|close|shut|lock) (the|that|your) (window|door|gate|book|laptop|suitcase|umbrella|curtains|
    shop|box of tools|browser|account|envelope|car) | (pick up|grab|get|fetch|bring|take) (the|a|
    some) (phone|newspaper|milk|coat|taxi|bread|coffee|sandwich|parcel|chair|break|seat|kids|
    photo|bus) | (put|take) (on|off) (a|your|the) (jacket|hat|music|kettle|shoes|lights|
    headphones) | (turn|switch) (on|off|up|down) the (radio|lamp|heating|volume|television|oven|
    light) | (turn|go|walk|drive) (left|right|straight on) (at|after|behind|before) the (church|
    lights|bridge|corner|station|bakery|roundabout) | (push|pull|drop|move|send) (a|the|your|me a)
    (button|appointment|message|mail|meeting|car|bike|note|deadline|branch|update|line) | (lift|
    raise|lower) (the|your) (price|voice|lid|receiver|expectations|rent|standard|flag|budget)
(I|we|you|they|she|he|my brother|our boss|the intern|a friend|the neighbour) (bought|saw|lost|
    read|forgot|cleaned|painted|mentioned|repaired|wanted|found|ordered|broke|liked|finished) (a|
    the|his|her|my|some) (car|report|lunch|article|keys|kitchen|bicycle|house|book|ticket|poster|
    shoes|robot|screen|glass|drawing|bowl|tray|drawer|red dress|blue bag|green apple) [(yesterday|
    last week|this morning|again|on Monday|in the city|by accident|years ago)]
(the|this|my|our|that) (weather|train|meeting|coffee|printer|project|film|office|battery|network|
    robot|gripper|camera|screen|arm|elevator|budget|sofa) (is|was|seems|looks|has been) (late|
    cold|broken|expensive|empty|slow|fine|great|hot|too loud|boring|nice|far away|too high|closed|
    open|full|better|old) [(today|again|this week|now|as usual|since Friday)]
(what|when|where|why|how|who) (is|was|are|did|does|will|can) (the|your|we|they|it|my|this|he|she)
    (time|name|doing|meeting|going|plan|lunch|price|station|colour|mean|start|train|problem|want|
    deadline|answer|cost|end) [(today|tomorrow|now|again|here)]
(have|did|do|are|were|will) you (ever|already|still|really|also) (been there|have time|read it|
    seen the film|go home|like that|work here|hear me|on holiday|call her|eat|sleep well|tired|
    know him)
(thank you|thanks|good morning|hello|see you|sorry|excuse me|well done|never mind that|of course|
    no idea|what a mess|how lovely|nice work|take care|cheers|good night|welcome) [(everybody|all|
    my friend|later|tomorrow|so much|again|to you)]
(I|we|they|she) (think|hope|know|believe|guess|fear|said|heard) [that] (it|this|he|the bus|the
    deadline|lunch|everything) (will|may|might|should|cannot) (rain|be late|work|be over|fail|
    arrive|help|change|be fine|cost more|take long|come on Friday|be ready) [(soon|today|
    tomorrow)]
(we have|there are|there is|here come|I expect|I have) (guests|visitors|a visitor|children|
    somebody at the door|a phone call|no time|two meetings|a headache|trouble|a problem|the news|
    my parents) [(today|tonight|at noon|in an hour|coming|waiting)]
(make|get|keep|leave|have) (it|everything|all of this|the place|the room|this mess) (tidy|clean|
    ready|nice|empty|in order|as it was|presentable|safe|quiet) [(first|before they come|quickly|
    for tonight|for the guests|again)]
(my|your|his|her|the) (left|right|upper|lower|back) (foot|eye|glove|ear|lane|pocket|neighbour|
    wheel|door|answer|side of the road) (is|was|hurts|looks|has been) (cold|missing|wrong|broken|
    new|closed|all day|better|dirty|free) | (calm|sit|lie|write it|break|settle|look) (down|up|
    back|ahead) (for a moment|everybody|at the sky|on the sofa|in your notes|there)
(raise|wave|lift|shake|wash|give me) your (hand|hands|arm|fingers) (if you agree|when you are
    ready|at him|before lunch|to greet her) | (lean|sit|stand|walk|run|drive|fly) (on|against|
    over|across|up|down|back to|away from|close to) (the|a) (wall|fence|hill|stairs|street|fire|
    tree|river)
(call|write|pay|send|give) (me|him|her|them|it) (back|up|down) (later|tomorrow|on Monday|at noon)
    | (undo|revert|return|release|close|open|shift|move|drop) (the|my|that|your) (commit|library
    book|version|ticket|shift|holiday|invoice|exam|subject|order|page)
(grip|squeeze|hold|catch|release|clamp|twist|tilt|turn|spin) (the|a) (rope|lemon|ball|brake|page|
    key|handlebar|wheel of the car|lid|screen of the laptop|record) | (a|the|that) (grip|squeeze|
    turn|twist|tilt|hold|lift|push|pull) (of|in|on) (the|a|this) (tyre|story|market|road|century|
    team)
(I am|he is|she is|they are) (afraid|sure|glad|sorry|happy|told) that (it|he|this|everything)
    (will|could|might) (slip|fall|break|close|open|go up|go down|turn out well|come back|be left)
(it is|that is|this is|that was) (a|the|my|such a) (pity|lovely day|mess|long story|good idea|
    question|wrong number|birthday present|first time|shame|surprise|joke|favourite|tomato|lemon)
"""


_BETWEEN = re.compile(r" \| ")  # forms; alternatives in brackets have no spaces around
_LEFT_OUT = re.compile(r"\[((?:[^\[\]()]|\([^()]*\))*)\]")
_CHOSEN = re.compile(r"\(([^()]*)\)")


def drawn(family: str, count: int, rng: np.random.Generator) -> Iterator[str]:
    """Sentences of a family, some of them polite; of none of them, if it is TALK."""
    forms = FORMS[family]
    for index in range(count):
        text = _one(forms[index % len(forms)], rng)
        if rng.random() < POLITE:
            text = f"{rng.choice(BEFORE)} {text}"
        if rng.random() < POLITE:
            text = f"{text} {rng.choice(AFTER)}"
        if text not in _unheard():
            yield text


def _one(form: str, rng: np.random.Generator) -> str:
    """One of the sentences that a form stands for."""
    while found := _LEFT_OUT.search(form):
        kept = found[1] if rng.random() < 0.5 else ""
        form = form[: found.start()] + kept + form[found.end() :]
    while found := _CHOSEN.search(form):
        chosen = found[1].split("|")
        word = chosen[int(rng.integers(len(chosen)))].strip()
        form = form[: found.start()] + word + form[found.end() :]
    return " ".join(form.split())


@cache
def _unheard() -> frozenset[str]:
    return frozenset(text for ways in UNHEARD.values() for text in ways)


def _forms() -> Mapping[str, tuple[str, ...]]:
    talk = " | ".join(line for line in _TALK.replace("\n    ", " ").strip().splitlines())
    text = f"{_VARIED.strip()}\n{TALK}: {talk}"
    families = {}
    for line in text.replace("\n    ", " ").splitlines():
        family, _, forms = line.partition(": ")
        families[family] = tuple(_BETWEEN.split(" ".join(forms.split())))
    return MappingProxyType(families)


FORMS = _forms()
