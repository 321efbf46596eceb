"""Keeps a simulated world from running faster than wanted."""

import time


class Pace:
    """Sleeps until simulated time is due. Time that was lost is not caught up."""

    def __init__(self, dt: float, speed: float) -> None:
        """`dt` [s] is the control period; `speed` simulated seconds a second at most."""
        self._dt, self._speed = dt, speed
        self._began: float | None = None  # [s] on the clock, of simulated time 0

    def keep(self, now: float) -> None:
        """Sleep until simulated time `now` [s] is due."""
        if self._speed == float("inf"):
            return
        clock = time.monotonic()
        due = now / self._speed
        if self._began is None or clock - self._began > due + 2 * self._dt:
            self._began = clock - due
        else:
            time.sleep(max(0.0, self._began + due - clock))
