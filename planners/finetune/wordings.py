"""In which words people may ask: the templates' own, and many more, filled like them.

None of the phrases and templates that are held out (`planners.tasks.templates`) is among these.
"""

# What stands for what, drawn anew each time. `{it}` is what is moved; `{loc}` where it shall be,
# as in "in the blue bowl"; `{dest}` the way there, as in "into the blue bowl".
VERBS = {
    "put": "put put put place place set lay stick position deposit park leave".split(),
    "move": "move move move transfer carry take relocate send".split(),
    "grab": ("pick up", "pick up", "take", "grab", "grasp", "lift", "fetch", "pick"),
    "nudge": "move move move push slide nudge".split(),
}
FRAMES = (
    "{put} {it} {loc}",
    "{put} {it} {loc}",
    "{put} {it} down {loc}",
    "{move} {it} {dest}",
    "{move} {it} {dest}",
    "{grab} {it} and {put} it {loc}",
    "{grab} {it} and {put} it {loc}",
    "{grab} {it}, then {put} it {loc}",
    "{grab} {it} and {move} it {dest}",
    "I need {it} {loc}",
    "I need you to {put} {it} {loc}",
    "you must {move} {it} {dest}",
    "{it} has to be {loc}",
    "{it} must end up {loc}",
    "make sure that {it} is {loc}",
    "see to it that {it} is {loc}",
    "{loc}, {put} {it}",
    "{loc} there has to be {it}",
    "let {it} rest {loc}",
    "have {it} moved {dest}",
    "{it} {dest}",
    "{it}: {loc}",
    "next thing: {it} {dest}",
    "what about {it} {loc}?",
)
MANY = (  # where several are moved
    "{put} {it} {loc}",
    "{put} {it} {loc}",
    "{move} {it} {dest}",
    "{move} {it} {dest}",
    "{grab} {it} and {put} them {loc}",
    "I need {it} {loc}",
    "I need you to {move} {it} {dest}",
    "make sure that {it} end up {loc}",
    "{loc}, {put} {it}",
    "let {it} rest {loc}",
    "{it} {dest}",
    "{put} {it} {loc}, one after the other",
)
ALL = ("all the {kind}s", "all {kind}s", "every {kind}", "each {kind}", "every single {kind}")
ALL += ("the {kind}s", "all the {kind}s on the table", "all the {kind}s that there are")
EXTREME = (
    "the {kind} {extreme} the {other}",
    "the {kind} that is {extreme} the {other}",
    "the {kind} which is the {extreme} the {other}",
    "the {kind} lying {extreme} the {other}",
    "whichever {kind} is {extreme} the {other}",
)
BESIDE = (
    "the {kind} to the {side} of the {other}",
    "the {kind} that is to the {side} of the {other}",
    "the {kind} which lies to the {side} of the {other}",
    "the {kind} on the {side} side of the {other}",
)
NTH = (
    "the {ordinal} {kind} from the {side}",
    "the {ordinal} {kind} as seen from the {side}",
    "from the {side}, the {ordinal} {kind}",
    "the {ordinal} of the {kind}s from the {side}",
)
SHIFT = (
    "{nudge} {it} {amount} to the {side}",
    "{nudge} {it} {amount} to the {side}",
    "{put} {it} {amount} to the {side} of where it is",
    "{put} {it} {amount} to the {side} of its place",
    "{nudge} {it} to the {side} by {amount}",
    "{nudge} {it} to the {side}, {amount}",
    "I need {it} {amount} to the {side}",
    "{it} has to go {amount} to the {side}",
    "{it}: {amount} to the {side}",
    "{amount} to the {side} with {it}",
    "{grab} {it} and {put} it down {amount} to the {side}",
)
HOW_MANY = (
    "how many {what} are there?",
    "how many {what} are on the table?",
    "how many {what} can you see?",
    "how many {what} do you have?",
    "count the {what}",
    "count the {what} and say how many there are",
    "say how many {what} there are",
    "give me the count of the {what}",
    "I have to know how many {what} there are",
)
COLOR = (
    "what color is {it}?",
    "what color does {it} have?",
    "which color has {it}?",
    "which color is {it}?",
    "say the color of {it}",
    "say which color {it} has",
    "name the color of {it}",
    "I have to know the color of {it}",
)
WHETHER = (
    "is {it} to the {side} of the {other}?",
    "is {it} to the {side} of the {other}? say yes or no",
    "say yes or no: is {it} to the {side} of the {other}?",
    "does {it} lie to the {side} of the {other}?",
    "is it true that {it} is to the {side} of the {other}?",
    "say if {it} is to the {side} of the {other}",
    "is {it} on the {side} side of the {other}?",
)
WHERE = (
    "which {what} is {it} nearest to?",
    "which {what} of the table is {it} at?",
    "say the {what} that {it} is closest to",
    "at which {what} is {it}?",
)
MATCHING = (
    "{put} the blocks in the bowls with matching colors",
    "{put} each block in the bowl of the same color",
    "{put} every block into the bowl of its own color",
    "{move} all blocks into the bowls of the same color",
    "sort the blocks into the bowls by color",
    "sort the blocks by color into the bowls",
    "sort all the blocks by their color",
    "each block has to be in the bowl of the same color",
    "color by color, {put} the blocks into the bowls",
    "{put} the blocks where their colors are: in the bowls",
)
JOINTS = (", then ", " and then ", " and ", ", and after that ", ". Then ", "; ", ", next ")
# Around whole instructions; the second kind turns an order into a question.
AROUND = (
    *("{}",) * 24,
    "please {}",
    "{} please",
    "now {}",
    "ok, {}",
    "robot, {}",
    "hey, {}",
    "{} now",
    "{}, thanks",
    "next, {}",
    "listen: {}",
)
ASKING = ("can you {}?", "would you {}?", "could you {}?", "will you {}?", "would you please {}?")
ORDERS = frozenset(word.split()[0] for words in VERBS.values() for word in words) | {"sort"}

# --- what cannot be done, or not be told ----------------------------------------------------------

UNCLEAR = {  # asked of a thing that could be several
    "the {kind}": "Which {kind} do you mean?",
    "that {kind}": "Which {kind} do you mean?",
    "one {kind}": "Which {kind} do you mean?",
}
NOWHERE = (
    "{move} {it} away",
    "{move} {it}, will you",
    "{put} {it} elsewhere",
    "{put} {it} in another place",
    "{put} {it} down",
    "{grab} {it}",
    "do something with {it}",
    "{it}, please",
)
HELD = (
    "{grab} {it}",
    "lift {it} up",
    "turn {it} over",
    "{move} {it} to another place",
)
CHAT = (
    "hello there",
    "how are you?",
    "what is the weather like?",
    "make me a sandwich",
    "sing a song",
    "open the window",
    "what is two plus two?",
    "who are you?",
    "do a dance",
    "call my sister",
    "go to the kitchen",
    "paint the table",
    "clean the floor",
    "what time is it?",
)
NOUNS = (
    "apple cup fork pencil towel bottle hammer book phone sock plate knife lemon candle key wallet "
    "bread carrot glove pen jar brush shoe stone coin clock"
).split()
FAULTS = (  # after which the small model gives up, for it cannot know better
    "IndexError: list index out of range",
    "the {block} is not where it should be",
    "put_first_on_second failed: nothing was grasped",
    "unknown name `found`",
    "TypeError: unsupported operand",
)

# --- names: seen ones, and many that are never on the table, so that names are learned to be copied

OTHER_COLORS = (
    "white black violet teal ivory olive navy beige gold silver maroon turquoise magenta lime "
    "amber crimson indigo khaki lilac mint peach scarlet tan azure bronze coral cream emerald jade "
    "rust"
).split()
LOOKS = (
    "small big wooden metal plastic glass striped spotted shiny dull round flat tall wide old new "
    "soft heavy light upper lower front back inner outer north south east west near far"
).split()
KINDS = "tray box basket can crate lid dish pad shelf drawer stand mat tile case pot".split()
