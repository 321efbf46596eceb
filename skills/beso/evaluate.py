"""What an episode came to, seen from its ticks; and many episodes together."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any, Protocol

import numpy as np

from robot import pushing, pusht
from robot.intervals import mean_interval, wilson
from robot.types import Goal, State, Tick
from skills.beso.tasks import blocks_goal, pusht_goal


class Score(Protocol):
    """Watches one episode."""

    def see(self, tick: Tick) -> None: ...
    def result(self) -> dict[str, float]: ...


class PushTScore:
    """Best and last coverage of the goal."""

    def __init__(self, goal: Goal, state: State) -> None:
        self._goal = pusht_goal(goal)
        self._best = self._last = 0.0

    def see(self, tick: Tick) -> None:
        self._last = pusht.coverage(pusht.pose_of(tick.state.objects["T"]), self._goal)
        self._best = max(self._best, self._last)

    def result(self) -> dict[str, float]:
        """`max_coverage` is gym-pusht's reward at its best: a share of what counts as success.

        So are the published figures. `final_iou`: the T's and the goal's intersection over union.
        """
        return {
            "success": float(self._best > pusht.SUCCESS),
            "max_coverage": min(1.0, self._best / pusht.SUCCESS),
            "max_coverage_raw": self._best,
            "final_iou": self._last / (2 - self._last),
        }


class BlockPushScore:
    """Which block came into which target, in which order."""

    def __init__(self, goal: Goal, state: State) -> None:
        self._frame = blocks_goal(goal, state)
        self._judge = pushing.Judge()

    def see(self, tick: Tick) -> None:
        self._judge.see(tick.state.time, pushing.observation(tick.state))

    def result(self) -> dict[str, float]:
        """`result`: share of blocks in the target that the goal has them in; 0 or 1 each for
        `success` (both in different targets), `order` (the first block) and `assignment`, which
        are NaN without success."""
        judge = self._judge
        return {
            "result": judge.result(self._frame),
            "success": float(judge.success),
            "order": nan if judge.order is None or not judge.success else float(judge.order),
            "assignment": nan if judge.assignment is None else float(judge.assignment),
        }


SCORES = {  # the names are those of skills.beso.shipped.SHIPPED
    "pusht": PushTScore,
    "pusht-goal": PushTScore,
    "blockpush": BlockPushScore,
}
RATES = ("success", "order", "assignment")  # the others are means


def summary(results: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """n, and every measure with its 95 % interval: Wilson's for rates, the normal one for means."""
    total: dict[str, Any] = {"n": len(results)}
    for name in results[0]:
        values = np.array([result[name] for result in results])
        values = values[np.isfinite(values)]
        if name in RATES:
            key = f"{name}_rate" if name == "success" else f"{name}_share"
            total[key] = round(float(values.mean()), 4) if len(values) else None
            total[f"{key}_interval"] = (
                wilson(int(values.sum()), len(values)) if len(values) else None
            )
        else:
            key = f"mean_{name}" if name.startswith("max_") else name
            total[key] = round(float(values.mean()), 4)
            total[f"{key}_interval"] = mean_interval(values)
    return total
