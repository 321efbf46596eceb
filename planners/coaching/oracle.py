"""What to do next in a chore, by rule, of what is where: for teachers, and as a ceiling."""

from collections.abc import Sequence

from planners.coaching.behavior import Behavior
from robot.chores import ON, OPEN, SHUT, Chore, Things, opening, placing
from robot.table import BLOCK


def upcoming(
    chore: Chore, things: Things, held: str | None, order: Sequence[str] = ()
) -> Behavior | None:
    """The next behaviour, or None where the chore is done.

    `held`: what is in the hand. `order`: in which blocks are taken, where the chore leaves it open.
    """
    undone = [(b, w) for b, w in chore.targets if placing(b, w)(things)]
    if order and chore.name != "stack":
        undone.sort(key=lambda target: order.index(target[0]))
    if held is not None:
        return _with(held, chore, things, undone)
    if chore.name == "pack":
        if undone and opening(things) < OPEN:
            return Behavior("drawer", "open")
        if not undone:
            return Behavior("drawer", "close") if opening(things) > SHUT else None
    if not undone:
        return None
    block, where = undone[0]
    if chore.name == "sweep":
        return Behavior("sweep", block)
    if chore.name == "stack" and things[where].position[2] > _height(chore, where) + BLOCK / 2:
        return Behavior("pick", where)  # what is to be below lies on something else
    for name in (where, block):
        if (above := on_top(name, things)) is not None and (name == block or chore.name == "stack"):
            return Behavior("pick", above)
    return Behavior("pick", block)


def _with(
    held: str, chore: Chore, things: Things, undone: Sequence[tuple[str, str]]
) -> Behavior | None:
    """With something in the hand: where it goes, if it can go there."""
    if chore.name == "sweep":
        return Behavior("gripper", "open")
    where = next((w for b, w in undone if b == held), None)
    first = bool(undone) and (chore.name != "stack" or undone[0][0] == held)
    if where is None or not first or (chore.name == "pack" and opening(things) < OPEN):
        return Behavior("drop")
    if chore.name == "stack" and on_top(where, things) not in (None, held):
        return Behavior("drop")
    return Behavior("put", where)


def _height(chore: Chore, block: str) -> float:
    """[m] at which the middle of a block of the stack belongs."""
    stack = [chore.targets[0][1], *chore.blocks]
    return BLOCK * (stack.index(block) + 0.5)


def on_top(name: str, things: Things) -> str | None:
    """The block that lies on a block, if one does."""
    if not name.endswith("block"):
        return None
    below = things[name].position
    for other, fix in things.items():
        level = abs(fix.position[:2] - below[:2]).max()
        on = BLOCK / 2 < fix.position[2] - below[2] < 1.5 * BLOCK
        if other != name and other.endswith("block") and level < ON + BLOCK / 2 and on:
            return other
    return None
