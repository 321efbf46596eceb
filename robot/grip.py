"""What a parallel gripper holds, as measured: for skills, and for planners that ask."""

import numpy as np

from robot.types import State, Vector

SQUEEZE = 0.010  # [m] how far inside an object's surface a finger is sent to press on it
NEAR = 0.05  # [m] from the tool's centre to the middle of what it holds, at most


def held(state: State, p_world_tool: Vector, finger: int) -> str | None:
    """The object between the fingers, by their measured opening and its measured place.

    `p_world_tool` (3,) [m]: where the tool is measured; `finger`: the index of the finger's joint.
    """
    pressed = float(state.q[finger]) - float(state.reference.q[finger]) > SQUEEZE / 3
    if not pressed:
        return None
    near = {
        name: float(np.linalg.norm(fix.position - p_world_tool))
        for name, fix in state.objects.items()
    }
    name = min(near, key=near.__getitem__, default=None)
    return name if name is not None and near[name] < NEAR else None
