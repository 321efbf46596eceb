"""What the tests of the selector share: a table, frames, a network, what chooses by the book."""

import numpy as np

from planners.selector.features import NAMES
from planners.selector.network import Network, shapes
from planners.selector.samples import DONE, END, keys
from robot.table_frame import BLOCK_ROWS, BOWL_ROWS, FRAME
from sim.scene import SceneObject

SCENE = (
    SceneObject("red", "block", 0.15, -0.55, 0.2),
    SceneObject("green", "block", -0.15, -0.6, 0.4),
    SceneObject("blue", "bowl", 0.0, -0.4),
)
SORT = "put the red block in the blue bowl and the green block in the blue bowl"


def frame(blocks, bowls=(), hand=(0.0, -0.4, 0.2), pressed=False):
    """A frame with things at places, by colour."""
    made = np.zeros(FRAME)
    made[:3] = made[6:9] = hand
    made[5] = 0.01
    made[9] = 0.02 if pressed else 0.01
    colors = [name.split()[0] for name in NAMES]
    for color, place in blocks:
        at = BLOCK_ROWS + 6 * colors.index(color)
        made[at : at + 4] = 1.0, *place
    for color, place in bowls:
        at = BOWL_ROWS + 3 * (colors.index(color, 6) - 6)
        made[at : at + 3] = 1.0, *place
    return made


def network(seed=0):
    rng = np.random.default_rng(seed)
    made = {n: (rng.normal(size=s) * 0.2).astype(np.float32) for n, s in shapes().items()}
    made["names"][:] = 1.0
    return Network.of(made)


class Script:
    """Commands as they were written down, one after the other."""

    def __init__(self, *commands):
        self.commands, self.asked = [*commands], []

    def __call__(self, moment, may_end):
        if not moment.ended:
            return DONE, END, 0.0
        self.asked.append([each.command for each in moment.past])
        command = self.commands.pop(0) if self.commands else DONE
        return command, keys()[command], 1.0
