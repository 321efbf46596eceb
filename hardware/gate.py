"""What the watchdog lets through to the driver. It rejects and never repairs.

Plain Python over plain values, so that every line of it can be tested. The limits are those that
the Supervisor keeps; what comes from it passes unchanged.
"""

from collections import Counter
from dataclasses import dataclass
from math import inf, isfinite

from robot.types import RobotSpec

SLACK = 1e-6  # of a limit; what rounding may add to a motion exactly at it
FIRST = 0.02  # [rad or m] between a first command and the measured pose, at most
BURST = 5  # orders that may come at once, after a delay
FASTER = 1.25  # orders a control period in the long run, at most: the clocks of two machines
JOIN = 10.0  # [s] armed without a commander: disarmed again


@dataclass(frozen=True, slots=True)
class Order:
    """One command as it came from the wire."""

    commander: str  # who sent it
    stamp: int  # [ns] of the joint state that it answers, on the driver's clock
    joints: tuple[str, ...]
    q: tuple[float, ...]  # (n,) [rad or m] or, where speeds are commanded, none
    qd: tuple[float, ...]  # (n,) [rad/s or m/s]
    points: int = 1  # of the trajectory; without one it means stop


class Gate:
    """One commander at a time, and of what it sends only what is sound and within the limits.

    It begins closed and `arm` opens it. It closes, and stays closed until it is armed again, when
    its commander falls silent or lets go, when a node that was alive is not any more, and when it
    is told to stop. `now` is local monotonic time [s] everywhere.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self.spec = spec
        self.armed, self.reason = False, "not armed since the watchdog started"
        self.holder = ""  # whose orders pass
        self.passed, self.rejected = 0, Counter[str]()
        limits = spec.lower, spec.upper, spec.velocity, spec.acceleration
        self._limits = [tuple(map(float, joint)) for joint in zip(*limits, strict=True)]
        self._seen: tuple[float, ...] = ()  # (n,) the measured pose
        self._seen_stamp, self._seen_at = 0, -inf
        self._last: Order | None = None  # that passed, of this holder
        self._kept: tuple[float, ...] = ()  # (n,) the last target that passed, of anybody
        self._last_at = -inf
        self._armed_at = -inf
        self._room, self._room_at = float(BURST), -inf  # orders that may come at once, and when
        self._alive: dict[str, float] = {}  # node: when it was heard of last

    # --- what it is told -------------------------------------------------------------------

    def see(self, stamp: int, q: tuple[float, ...], now: float) -> None:
        """The measured pose `q` (n,) of time `stamp` [ns] on the driver's clock."""
        self._seen, self._seen_stamp, self._seen_at = q, stamp, now

    def hear(self, name: str, now: float) -> None:
        """A node is alive."""
        self._alive[name] = now

    def leave(self, name: str) -> None:
        """A node ends, in order."""
        self._alive.pop(name, None)

    def arm(self, now: float) -> str:
        """Open for a commander, unless it is open; returns why it cannot, or nothing."""
        if self.armed:
            return ""  # and whoever commands goes on
        if now - self._seen_at > self.spec.timeout:
            return "the robot is silent"
        self.armed, self.reason, self._armed_at = True, "", now
        return ""

    def close(self, reason: str) -> None:
        """Let nothing through any more. The first reason is the one that is kept."""
        if self.armed:
            self.armed, self.reason = False, reason
            self._let_go()

    def tick(self, now: float) -> bool:
        """Has something fallen silent? True if it closed now, and the driver should stop."""
        was = self.armed
        timeout = self.spec.timeout
        for name in [name for name, at in self._alive.items() if now - at > timeout]:
            del self._alive[name]
            self.close(f"{name} is gone")
        if now - self._seen_at > timeout:
            self.close("the robot is silent")
        if self.holder and now - self._last_at > timeout:
            self.close(f"no command for {now - self._last_at:.2f} s")
        if not self.holder and now - self._armed_at > JOIN:
            self.close(f"nobody commanded for {JOIN:.0f} s")
        return was and not self.armed

    # --- what it judges --------------------------------------------------------------------

    def judge(self, order: Order, now: float, operator: bool = False) -> str:
        """Why `order` must not pass, or nothing. An operator's goes before anybody's."""
        fault = self._fault(order, now, operator)
        if fault:
            self.rejected[fault] += 1
            return fault
        if not order.points:
            self.close(f"{order.commander} let go")
            return ""
        self.holder, self._last, self._last_at = order.commander, order, now
        self._kept = order.q or self._seen
        self._room -= 1
        self.passed += 1
        return ""

    def _let_go(self) -> None:
        self.holder, self._last = "", None

    def _fault(self, order: Order, now: float, operator: bool) -> str:
        if not self.armed:
            return "not armed"
        if not order.commander:
            return "unnamed commander"
        if self.holder and order.commander != self.holder:
            if not operator:
                return "another commander"
            self._let_go()  # pre-empted; if this order is unsound, nobody commands
        if not order.points:
            return ""
        return self._malformed(order) or self._untimely(order, now) or self._beyond(order)

    def _malformed(self, order: Order) -> str:
        n = len(self.spec.joints)
        if order.points != 1:
            return "wrong length"
        if order.joints != self.spec.joints:
            return "wrong name" if len(order.joints) == n else "wrong length"
        if len(order.q) not in (0, n) or len(order.qd) != n:
            return "wrong length"
        return "" if all(map(isfinite, order.q + order.qd)) else "not finite"

    def _untimely(self, order: Order, now: float) -> str:
        if not self._seen or now - self._seen_at > self.spec.timeout:
            return "robot silent"
        age = (self._seen_stamp - order.stamp) * 1e-9
        if self._last and order.stamp == self._last.stamp:
            return "duplicate"
        if age > self.spec.timeout:
            return "stale"
        if age < -self.spec.timeout:
            return "from the future"
        if self._last and order.stamp < self._last.stamp:
            return "out of order"
        gained = (now - self._room_at) * FASTER / self.spec.dt
        self._room, self._room_at = min(float(BURST), self._room + gained), now
        return "" if self._room >= 1 else "too many"

    def _beyond(self, order: Order) -> str:
        """Which limit the order is beyond, or nothing."""
        last, dt = self._last, self.spec.dt
        if last:
            dt = max(dt, (order.stamp - last.stamp) * 1e-9)
        for i, (lower, upper, v_max, a_max) in enumerate(self._limits):
            seen, qd = self._seen[i], order.qd[i]
            before = last.qd[i] if last else 0.0
            if abs(qd) > v_max * (1 + SLACK):
                return "velocity"
            if abs(qd - before) > a_max * dt * (1 + SLACK):
                return "acceleration"
            if not order.q:  # where the speed leads, if it is braked at once
                end = seen + qd * abs(qd) / (2 * a_max)
                if (
                    not lower - SLACK <= end <= upper + SLACK
                    and qd * (end - (lower + upper) / 2) > 0
                ):
                    slower = last and abs(qd) < abs(before)
                    if not slower:
                        return "position"
                continue
            q = order.q[i]
            start = last.q[i] if last and last.q else seen
            kept = self._kept[i] if self._kept else seen
            if not min(lower, start, kept) - SLACK <= q <= max(upper, start, kept) + SLACK:
                return "position"  # a joint that is outside must not go further out
            if not last and min(abs(q - seen), abs(q - kept)) > FIRST:
                return "jump"
            if last and abs(q - start) > v_max * dt * (1 + SLACK):
                return "velocity"
        return ""
