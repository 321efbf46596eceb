"""The driver's stamps: a robot's own time on the clock of ROS."""

from collections import deque

TICKS = 5  # of which the most punctual tells how the clocks differ


class Stamps:
    """Follows the clock, but neither its jumps, nor the delay of a tick that comes late.

    A simulated robot whose machine had no time for it loses time, or makes up for it: only ticks
    that are late one after the other tell that it was lost.
    """

    def __init__(self) -> None:
        self._offsets: deque[int] = deque(maxlen=TICKS)  # [ns] from the robot's time to the clock's
        self._offset = 0

    def tick(self, time: float, clock: int) -> None:
        """It is `time` [s] for the robot, and was `clock` [ns] or earlier when that began."""
        self._offsets.append(clock - round(time * 1e9))
        self._offset = min(self._offsets)

    def stamp(self, time: float) -> int:
        """[ns] of the robot's `time` [s]."""
        return self._offset + round(time * 1e9)
