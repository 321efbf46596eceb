"""The goals behind the words that move."""

from collections.abc import Sequence
from typing import Any

from planners.conduct import Leg, put
from planners.program.words import Hand, Objects, WordError, find, place_xy

OPEN = 0.085  # [m] between the fingers
AROUND = 0.03  # [m] from a point to the middle of the object that is meant by it


def legs_of(
    name: str,
    args: Sequence[Any],
    objects: Objects,
    hand: Hand | None,
    skills: Sequence[str],
) -> tuple[Leg, ...]:
    """The goals of the word `name`, called with `args`; raises WordError.

    What is relative to where the robot is becomes absolute, so that an interrupted goal can be
    begun again.
    """
    if name == "run_skill":
        skill, goal = args
        if skill not in skills:
            raise WordError(f"unknown skill {skill!r}; valid are {', '.join(skills)}")
        return (Leg(skill, goal or {}),)
    if name == "put_first_on_second":
        a, b = args
        first = find(a, objects) if isinstance(a, str) else _at(a, objects)
        return put(first, _place(b, objects))
    if hand is None:
        raise WordError("this robot has no gripper")
    x, y, z = hand.position
    if name == "move_by":
        dx, dy, dz = (*args[0], 0.0)[:3]
        return (Leg("reach", {"to": [x + dx, y + dy, z + dz]}),)
    if name == "move_to":
        (pos,) = args
        if isinstance(pos, str):
            xy = place_xy(pos)
            return (Leg("reach", {"above": find(pos, objects)} if xy is None else _over(xy, z)),)
        return (Leg("reach", {"to": list(pos)} if len(pos) == 3 else _over(pos, z)),)
    if name == "follow_path":
        points, height = args
        more = {} if height is None else {"height": float(height)}
        return (Leg("trace", {"points": [list(point) for point in points], **more}),)
    if name == "release":
        return (Leg("gripper", {"opening": OPEN}),)
    if args[0]:  # grasp
        return (Leg("pick", {"object": find(args[0], objects)}),)
    return (Leg("gripper", {"opening": 0.0}),)


def _over(xy: Sequence[float], z: float) -> dict[str, Any]:
    return {"to": [*xy, z]}


def _place(b: Any, objects: Objects) -> object:
    """Where to put something: a name, or [x, y]."""
    if not isinstance(b, str):
        return list(b)
    xy = place_xy(b)
    return find(b, objects) if xy is None else list(xy)


def _at(xy: Sequence[float], objects: Objects) -> str:
    """The name of the topmost object at (x, y) [m]."""
    near = {
        name: float(fix.position[2])
        for name, fix in objects.items()
        if max(abs(fix.position[0] - xy[0]), abs(fix.position[1] - xy[1])) < AROUND
    }
    if not near:
        raise WordError(f"there is nothing to pick at ({xy[0]:.2f}, {xy[1]:.2f})")
    return max(near, key=near.__getitem__)
