"""The words in which behaviours are asked for, by families of behaviours.

Teachers narrate in those HEARD; those UNHEARD are kept for seeing whether what was not heard is
understood. `{}` is what it is about, `{amount}` how much.
"""

from collections.abc import Mapping
from types import MappingProxyType

# family: wording | wording | ...; a family goes on in the lines that are indented.
_HEARD = """
pick: please take the {} | collect the {} | reach for the {} and grab it | can you get the {} | I
    need the {} | hold the {} | catch hold of the {} | bring me the {} | you want the {} | would
    you pick up the {} | pick up the {} | grab the {} | take the {} | get the {} | now the {} |
    grasp the {} and lift it | lift the {} | pick the {} up | go for the {} | the {} next
put bowl: lay it in the {} | let it drop in the {} | that belongs in the {} | leave it in the {} |
    inside the {} | deposit it in the {} | can you put it into the {} | put it in the {} | drop it
    into the {} | place it in the {} | into the {} | it goes in the {} | bring it to the {} |
    release it in the {}
put block: lay it on the {} | leave it on top of the {} | on top of the {} | that belongs on the
    {} | rest it on the {} | build it onto the {} | can you put it onto the {} | put it on the {}
    | stack it on the {} | place it on top of the {} | onto the {} | set it on the {} | it goes on
    the {}
put drawer: let it drop in the drawer | that belongs in the drawer | leave it in the drawer |
    inside the drawer | deposit it in the drawer | stash it in the drawer | in there, in the
    drawer | put it in the drawer | place it in the drawer | into the drawer | drop it into the
    drawer | it goes in the drawer | lay it inside the drawer
drop: get rid of it on the table | leave it there | rest it on the table | lay that aside | put
    that down | down on the table with it | can you put it down | put it down | place it on the
    table | set it down on the table | lay it down | put it back on the table | put it aside
drawer open: get the drawer to open | draw it open | tug at the drawer | open it up, the drawer |
    can you open the drawer | yank the drawer out | bring the drawer out | make the drawer open |
    open the drawer | pull the drawer open | pull the drawer out | pull the handle | slide the
    drawer open | the drawer has to be opened
drawer close: get the drawer to close | press it shut | the drawer should be shut | close it up,
    the drawer | can you shut the drawer | drive the drawer in | make the drawer close | squeeze
    the drawer shut | close the drawer | push the drawer shut | shut the drawer | push the drawer
    in | slide the drawer closed | the drawer has to be closed
sweep: herd the {} into the tray | drive the {} into the tray | the {} into the tray | get the {}
    into the tray | can you push the {} to the tray | press the {} along into the tray | push the
    {} into the tray | sweep the {} into the tray | shove the {} in the tray | slide the {} into
    the tray | move the {} over into the tray | brush the {} into the tray
move left: drift {amount} to the left | a step {amount} left | left {amount} | leftwards {amount}
    | you should be {amount} more left | get {amount} over to the left side | can you move it
    {amount} to the left | move {amount} left | go {amount} to the left | {amount} to the left |
    shift {amount} left | more to the left {amount}
move right: drift {amount} to the right | a step {amount} right | right {amount} | rightwards
    {amount} | you should be {amount} more right | get {amount} over to the right side | can you
    move it {amount} to the right | move {amount} right | go {amount} to the right | {amount} to
    the right | shift {amount} right | more to the right {amount}
move forward: onward {amount} | ahead {amount} | {amount} more forwards | {amount} deeper in | get
    {amount} further from me | drift {amount} forward | {amount} beyond that | can you move it
    {amount} ahead | far side {amount} | move {amount} forward | go {amount} forward | {amount}
    further away from me | shift {amount} forward | {amount} away from me
move back: backwards {amount} | bring it {amount} to me | my way {amount} | {amount} more toward
    me | get {amount} nearer | drift {amount} back | draw it {amount} towards me | can you move it
    {amount} closer | near side {amount} | move {amount} backward | {amount} closer to me | come
    {amount} towards me | shift {amount} backward | {amount} nearer to me
move up: upwards {amount} | climb {amount} | elevate the hand {amount} | up {amount} | get
    {amount} higher up | you are too low {amount} | can you move it {amount} up | ascend {amount}
    | move {amount} up | go {amount} higher | {amount} higher | raise the hand {amount} | lift the
    hand {amount}
move down: downwards {amount} | descend {amount} | drop the hand {amount} | down {amount} | get
    {amount} lower down | you are too high {amount} | can you move it {amount} down | dip {amount}
    | move {amount} down | go {amount} lower | {amount} lower | lower the hand {amount} | come
    down {amount}
gripper open: ungrip | let it loose | drop what you hold | spread your fingers | loosen the grip |
    unclench | can you open the gripper | fingers apart | open the gripper | let go | open your
    fingers | release it | open the hand
gripper close: grip | clench | tighten your grip | clamp down | fingers together | hold tight |
    can you close the gripper | press the fingers together | close the gripper | close your
    fingers | squeeze | close the hand | shut the gripper
back: return | undo that motion | go back to where you began | come away from there | withdraw |
    pull back | where you were before | go back | move back to where you were | go back to the
    start | back off
turn left: rotate it counterclockwise | turn left | counterclockwise turn | swivel it to the left
    | twist the hand anticlockwise | a quarter to the left | turn it to the left | rotate it
    anticlockwise | turn the gripper anticlockwise | twist it left
turn right: turn right | clockwise turn | swivel it to the right | twist the hand clockwise |
    rotate right | a quarter to the right | turn it to the right | rotate it clockwise | turn the
    gripper clockwise | twist it right
tilt: slant it | tilt the hand sideways | lean the gripper | angle it | tip it over a little |
    make it slope | tilt it | tilt the gripper | lean it over | tip the hand
"""
_UNHEARD = """
pick: pluck the {} off the table | please lift up the {} | raise the {} from the table | pick the
    {} up please | can you fetch the {} | seize the {} | I want the {}
put bowl: tip it into the {} | the {} is the place for it | drop that in the {} | set it inside
    the {} | let it fall into the {}
put block: pile it on the {} | add it to the top of the {} | place that on the {} | lay it on top
    of the {} | balance it on the {}
put drawer: drop it inside the drawer | it should go into the drawer | store it in the drawer |
    the drawer is where it goes | stow it in there
drop: set the block on the table again | let it stand on the table | just lay it on the table |
    set it down please | leave it on the table
drawer open: haul the drawer open | slide out the drawer | please open the drawer | drag the
    drawer out | get the drawer open
drawer close: slide the drawer back in | thrust the drawer closed | please close the drawer |
    press the drawer in | get the drawer shut
sweep: roll the {} over to the tray | pushing the {} into the tray would be good | nudge the {}
    into the tray | get the {} in the tray by pushing it
move left: a little nudge {amount} leftwards | steer {amount} to the left hand side | slide
    {amount} over to the left | could you go left {amount}
move right: a little nudge {amount} rightwards | steer {amount} to the right hand side | slide
    {amount} over to the right | could you go right {amount}
move forward: head {amount} away from me | move on {amount}, further from me | slide {amount}
    forwards | push {amount} farther from me
move back: {amount} more in my direction | move over here to me {amount} | pull {amount} towards
    me | come closer {amount}
move up: please go {amount} upward | hover {amount} higher | rise {amount} | bring the hand up
    {amount}
move down: please go {amount} downward | hover {amount} lower | sink {amount} | bring the hand
    down {amount}
gripper open: unlock the fingers | let it fall from the gripper | open up the gripper | release
    your grip | ungrasp
gripper close: grip it firmly | bring your fingers together | close up the gripper | shut your
    hand | pinch
back: reverse to the previous place | go back where you came from | return to where you came from
    | retreat
turn left: rotate the gripper to the left | counter-clockwise please | spin it anticlockwise |
    rotate to the left
turn right: rotate the gripper to the right | clockwise please | spin it clockwise | rotate to the
    right
tilt: give it a slant | tilt the thing | incline the gripper | tilt your hand
"""


def read(text: str) -> Mapping[str, tuple[str, ...]]:
    """The wordings of each family."""
    families = {}
    for line in text.strip().replace("\n    ", " ").splitlines():
        family, _, wordings = line.partition(": ")
        families[family] = tuple(wordings.split(" | "))
    return MappingProxyType(families)


HEARD, UNHEARD = read(_HEARD), read(_UNHEARD)
