"""Whether what was asked for has been done: judged of true poses, strictly.

A judge returns why not, in a few words, or nothing. Each is for the end of an episode, when all
stands still; `settled` is for what all of them ask beside their own: that nothing is held or
moving, and that whatever was to stay where it was did.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import atan2, degrees, dist, hypot, pi

import numpy as np

from planners.program.words import CORNERS, SIDES, place_xy
from planners.tasks.attributes import AMOUNTS, DIRECTIONS, LINES
from robot.table import BLOCK, BOWL_RADIUS, COLORS
from robot.types import Fix, Vector

Things = Mapping[str, Fix]
NEAR_PLACE = 0.06  # [m] of a corner, a side or a bowl, as in Code as Policies
NEAR_BLOCK = 0.02  # [m] of the middle of the block below, which half a block is
LEVEL = 0.006  # [m] between a height and what it should be
STAYED = 0.015  # [m] by which what was not to be moved may have been
STILL = 0.002  # [m] of motion in half a second, at most
INSIDE = BOWL_RADIUS - BLOCK / 2  # [m] level distance from a bowl's middle, in the bowl


@dataclass(frozen=True)
class Episode:
    """What an episode came to."""

    before: Things
    after: Things
    later: Things  # half a second after that
    said: Sequence[str]


Judge = Callable[[Episode], str]


def settled(moving: Collection[str]) -> Judge:
    """Nothing moves or hangs in the air, and only `moving` things are elsewhere than before."""

    def judge(episode: Episode) -> str:
        for name, fix in episode.after.items():
            if dist(fix.position, episode.later[name].position) > STILL:
                return f"the {name} is not at rest"
            if name.endswith("block") and not supported(episode.after, name):
                return f"the {name} rests on nothing"
            moved = dist(fix.position, episode.before[name].position)
            if name not in moving and moved > STAYED:
                return f"the {name} was moved by {moved * 100:.0f} cm"
        return ""

    return judge


def supported(things: Things, name: str) -> bool:
    """Whether a block stands on the table, in a bowl, or on blocks."""
    x, y, z = things[name].position
    if abs(z - BLOCK / 2) < LEVEL:
        return True
    for other, fix in things.items():
        level = hypot(x - fix.position[0], y - fix.position[1])
        if other == name:
            continue
        if other.endswith("bowl") and level < BOWL_RADIUS and z < fix.position[2] + BLOCK:
            return True
        on_top = abs(z - fix.position[2] - BLOCK) < LEVEL
        if other.endswith("block") and on_top and level < BLOCK:
            return True
    return False


def in_bowl(block: str, bowl: str) -> Judge:
    """On the bowl's floor, or on what lies in it."""

    def judge(episode: Episode) -> str:
        things = episode.after
        level = _level(things, block, bowl)
        below = things[block].position[2]
        while level < INSIDE and below > BLOCK:
            below -= BLOCK  # a pile in the bowl is as good, as long as it is one
            if not any(_is_on(things, below, other, block) for other in things):
                return f"the {block} is not in the {bowl}"
        return "" if level < INSIDE else f"the {block} is not in the {bowl}"

    return judge


def _is_on(things: Things, height: float, other: str, block: str) -> bool:
    return (
        other != block
        and other.endswith("block")
        and abs(things[other].position[2] - height) < LEVEL
        and _level(things, other, block) < NEAR_BLOCK
    )


def on_block(block: str, below: str) -> Judge:
    def judge(episode: Episode) -> str:
        things = episode.after
        higher = things[block].position[2] - things[below].position[2]
        if _level(things, block, below) < NEAR_BLOCK and abs(higher - BLOCK) < LEVEL:
            return ""
        return f"the {block} is not on the {below}"

    return judge


def at_place(block: str, place: str) -> Judge:
    """Near a corner or the middle; for a side, anywhere along it."""

    def judge(episode: Episode) -> str:
        xy = episode.after[block].position[:2]
        return "" if away(xy, place) < NEAR_PLACE else f"the {block} is not at the {place}"

    return judge


def away(xy: Sequence[float] | Vector, place: str) -> float:
    """[m] from a named place; of a side, from its line."""
    at = place_xy(place)
    assert at is not None
    if place not in SIDES:
        return hypot(xy[0] - at[0], xy[1] - at[1])
    along = 0 if place.split(maxsplit=1)[0] in ("left", "right") else 1
    return abs(float(xy[along]) - at[along])


def shifted(block: str, amount: str, direction: str) -> Judge:
    """Moved by an amount in a direction, and not aside."""
    low, high, _ = AMOUNTS[amount]

    def judge(episode: Episode) -> str:
        moved = (episode.after[block].position - episode.before[block].position)[:2]
        way = np.array(DIRECTIONS[direction])
        along = float(moved @ way)
        aside = float(np.linalg.norm(moved - along * way))
        if low <= along <= high and aside < 0.02:
            return ""
        return f"the {block} moved {along * 100:.0f} cm to the {direction}, {aside * 100:.0f} aside"

    return judge


def in_line(blocks: Sequence[str], line: str) -> Judge:
    """On a straight line in the direction of its name, none off it by more than 5 % of its
    length or half a centimetre, and evenly apart."""

    def judge(episode: Episode) -> str:
        points = np.array([episode.after[name].position[:2] for name in blocks])
        middle = points.mean(axis=0)
        way = np.linalg.svd(points - middle)[2][0]
        along = np.sort((points - middle) @ way)
        length = along[-1] - along[0]
        off = np.abs((points - middle) @ [-way[1], way[0]]).max()
        wanted = [np.array(LINES[line])]
        if line == "diagonal":
            wanted.append(np.array([1, -1]) * LINES[line])
        turn = min(degrees(np.arccos(min(1.0, abs(float(way @ each))))) for each in wanted)
        gaps = np.diff(along)
        if any(episode.after[name].position[2] > BLOCK for name in blocks):
            return "not all blocks are on the table"
        if off > max(0.05 * length, 0.005) or length < (len(blocks) - 1) * BLOCK:
            return "the blocks are not on a line"
        if turn > 8:
            return f"the line is not {line}: it is turned by {turn:.0f} degrees"
        uneven = gaps.max() > 1.5 * gaps.min()
        return "the blocks are not evenly apart" if uneven else ""

    return judge


def in_circle(blocks: Sequence[str]) -> Judge:
    """All as far from a middle, within 10 %, and evenly around it, within 20 degrees."""

    def judge(episode: Episode) -> str:
        points = np.array([episode.after[name].position[:2] for name in blocks])
        if any(episode.after[name].position[2] > BLOCK for name in blocks):
            return "not all blocks are on the table"
        system = np.column_stack((2 * points, np.ones(len(points))))
        a, b, _ = np.linalg.lstsq(system, (points**2).sum(axis=1), rcond=None)[0]
        radii = np.hypot(points[:, 0] - a, points[:, 1] - b)
        if not 0.04 < radii.mean() < 0.28 or np.ptp(radii) > 0.1 * radii.mean():
            return "the blocks are not on a circle"
        turns = np.sort([atan2(y - b, x - a) for x, y in points])
        gaps = np.diff(np.append(turns, turns[0] + 2 * pi))
        uneven = degrees(np.abs(gaps - 2 * pi / len(points)).max()) > 20
        return "the blocks are not evenly around the circle" if uneven else ""

    return judge


def in_different_corners(blocks: Sequence[str]) -> Judge:
    def judge(episode: Episode) -> str:
        taken: dict[str, str] = {}
        for name in blocks:
            xy = episode.after[name].position[:2]
            corner = min(CORNERS, key=lambda corner: away(xy, corner))
            if away(xy, corner) > NEAR_PLACE:
                return f"the {name} is in no corner"
            if corner in taken:
                return f"the {name} and the {taken[corner]} are in the same corner"
            taken[corner] = name
        return ""

    return judge


def in_other_colors(blocks: Sequence[str], bowls: Sequence[str]) -> Judge:
    """Each block in a bowl of another colour than its own."""

    def judge(episode: Episode) -> str:
        for block in blocks:
            others = [bowl for bowl in bowls if bowl.split()[-2] != block.split()[-2]]
            if all(in_bowl(block, bowl)(episode) for bowl in others):
                return f"the {block} is in no bowl of another color"
        return ""

    return judge


def pyramid(blocks: Sequence[str]) -> Judge:
    """Two of three blocks on the table, and the third on both."""

    def judge(episode: Episode) -> str:
        *base, top = sorted(blocks, key=lambda name: float(episode.after[name].position[2]))
        low = [episode.after[name].position for name in base]
        high = episode.after[top].position
        if max(abs(p[2] - BLOCK / 2) for p in low) > LEVEL or abs(high[2] - 1.5 * BLOCK) > LEVEL:
            return "two blocks should be on the table and one on them"
        if max(hypot(*(high - p)[:2]) for p in low) > 0.95 * BLOCK:
            return f"the {top} does not rest on both blocks"
        return ""

    return judge


def tower(blocks: Sequence[str], place: str = "") -> Judge:
    """All in one tower, in any order; its foot at `place`, if one is given."""

    def judge(episode: Episode) -> str:
        order = sorted(blocks, key=lambda name: float(episode.after[name].position[2]))
        pairs = zip(order[1:], order, strict=False)
        foot = [at_place(order[0], place)] if place else []
        if episode.after[order[0]].position[2] > BLOCK:
            return f"the {order[0]} is not on the table"
        return first_of(*foot, *(on_block(above, below) for above, below in pairs))(episode)

    return judge


def answers(right: Collection[str], wrong: Collection[str] = ()) -> Judge:
    """One of the words `right` has been said, and none of `wrong`."""

    def judge(episode: Episode) -> str:
        words = set(_words(" ".join(episode.said)))
        if words & set(wrong) or not words & set(right):
            return f"said {' '.join(episode.said)!r}, not {' or '.join(sorted(right))}"
        return ""

    return judge


REFUSALS = "no not cannot cant dont which what where unable impossible nothing nor neither".split()


def refuses(episode: Episode) -> str:
    """It was said that it cannot be done, or asked what was meant."""
    text = " ".join(episode.said)
    if "?" in text or set(_words(text.replace("'", ""))) & set(REFUSALS):
        return ""
    return f"said {text!r}, which neither asks nor refuses"


def first_of(*judges: Judge) -> Judge:
    """The first fault that one of them finds."""

    def judge(episode: Episode) -> str:
        return next((fault for each in judges if (fault := each(episode))), "")

    return judge


def _words(text: str) -> list[str]:
    return [word.strip(".,!?:;'\"()[]") for word in text.lower().split()]


def _level(things: Things, a: str, b: str) -> float:
    return hypot(*(things[a].position - things[b].position)[:2])


def apart(points: Sequence[Sequence[float]]) -> float:
    """[m] the least distance between two points."""
    return min((dist(a, b) for a, b in combinations(points, 2)), default=float("inf"))


def others(color: str) -> set[str]:
    """All colours but one."""
    return set(COLORS) - {color}
