"""Draw: the tool along a line, without halting."""

from math import isfinite

import numpy as np

from robot.types import Vector
from skills.arm import ArmSkill, Recipe, Refusal, Step

SPEED = 0.10  # [m/s] along the line, at full speed
AHEAD = 0.015  # [m] that the tool is sent ahead of where it should be: the motion trails
CLOSE = 0.01  # [m] from the line's end
MOST = 400  # points


class Trace(ArmSkill):
    """Goal arguments: `points`, a list of (2,) or (3,) [m], at most 400; `height` [m] for those
    without one, otherwise above everything. Done when the tool is measured at the last of them.
    """

    def recipe(self) -> Recipe:
        height = self.goal.args.get("height")
        level = self.travel_height() if height is None else self.numbers_of([height], 1)[0]
        points = self._points(float(level)) + self.offset()
        yield from self.rise()
        over = max(self.travel_height(), float(points[0][2]))
        yield self.move(lambda: np.array([*points[0][:2], over]))
        yield self.move(lambda: points[0])
        legs = np.linalg.norm(np.diff(points, axis=0), axis=1)
        gone = np.concatenate([[0.0], np.cumsum(legs)])  # [m] to each of the points
        way, last = 0.0, self.state.time

        def carrot() -> Vector:
            nonlocal way, last
            way += SPEED * self.pace() * (self.state.time - last)
            last = self.state.time
            at = min(way + AHEAD, gone[-1])
            return np.array([np.interp(at, gone, points[:, axis]) for axis in range(3)])

        heading = self.yaw
        leg = self.move(carrot, heading)
        patience = gone[-1] / SPEED / self.pace()
        for _ in range(int(patience / 5.0) + 1):  # a step may not take for ever
            until = self.state.time + 5.0
            yield Step(
                leg.target,
                lambda until=until: (
                    self.state.time > until or (way + AHEAD >= gone[-1] and self.settled())
                ),
            )
        yield self.move(lambda: points[-1], heading)
        away = float(np.linalg.norm(self.hand - points[-1]))
        if away > CLOSE:
            raise Refusal(f"the line ends {away:.3f} m further on")

    def _points(self, level: float) -> Vector:
        """The goal's points (n, 3) [m]."""
        points = self.goal.args.get("points")
        if not isinstance(points, list | tuple) or not 2 <= len(points) <= MOST:
            raise Refusal(f"trace needs points: 2 to {MOST} of (x, y) or (x, y, z)")
        whole = []
        for point in points:
            size = len(point) if isinstance(point, list | tuple) else 0
            xyz = self.numbers_of(point, 3 if size == 3 else 2)
            whole.append(self.inside(np.append(xyz, level) if size == 2 else xyz))
        return np.array(whole)

    @staticmethod
    def numbers_of(value: object, count: int) -> Vector:
        if (
            not isinstance(value, list | tuple)
            or len(value) != count
            or not all(isinstance(v, int | float) and isfinite(v) for v in value)
        ):
            raise Refusal(f"trace needs points of 2 or 3 finite numbers, not {value!r:.60}")
        return np.array(value, dtype=np.float64)
