"""The model-based stroke: predict the ball, choose where to meet it, and be there in time.

At every tick anew: fly the estimated ball ahead, invert the contact for the wanted landing place
(`skills.tennis.aim`), solve for the joints (`skills.tennis.reach`), and lead each joint there by a
polynomial of fifth order in time (`skills.tennis.lead`), through the known delay and lag of its
servo (`skills.tennis.joints`). It needs nothing that was learned: it is the teacher of the learned
controllers, and what they are measured against.
"""

# pyright: reportArgumentType=false, reportIndexIssue=false
# (Numba takes tuples by their length.)

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.ball import BallState, Mask, Track, packed
from robot.compiled import compiled
from robot.flight import Three, advance
from robot.racket import CHAIN, racket
from robot.tennis import DELAY, EDGE, LAG, SPEED, TENNIS
from robot.types import Vector
from skills.tennis.aim import aim, facing
from skills.tennis.arena import Senses
from skills.tennis.joints import Servo
from skills.tennis.lead import lead
from skills.tennis.reach import reach, speeds

MARGIN = 0.02  # [rad or m] that joints keep from their limits
LIMITS = (TENNIS.lower + MARGIN, TENNIS.upper - MARGIN)
NEAREST, FARTHEST = EDGE + 0.6, EDGE - 0.65  # [m] y between which the ball is met
LOWEST, CLEAR = 0.02, 0.09  # [m] z of a ball that is met; and of one near the table
HORIZON, MOMENT = 1.6, 0.01  # [s] that the ball is flown ahead, and between two moments of it
SOON = 0.12  # [s] before which no joint can be moved
FOLLOW = 0.08  # [s] that the racket goes on after contact
# How the arm is held on either side of the ball, and in front: where the search begins.
FOREHAND = TENNIS.home + np.array([0, 0, -0.4, 0.1, 0, 0.8, -0.1, 1.0])
BACKHAND = TENNIS.home + np.array([0, 0, 0.4, 0.1, 0, -0.8, -0.1, -1.0])
# Shares of a swing, squared speeds: the slides are slow to reverse, the more so across the lag.
SWING = np.array([0.6, 1.2, *SPEED[2:]]) ** 2
SIDES = {"any": 0, "forehand": 1, "backhand": 2}
IDLE, GOING, DONE = 0, 1, 2


@dataclass(frozen=True)
class StrokeConfig:
    """How to play."""

    target: tuple[float, float] = (0.0, 0.8)  # [m] where the ball shall land
    flight: float = 0.52  # [s] until then: the shorter, the faster
    brush: float = 0.0  # [m/s] of the racket upwards along its face: topspin; underspin below 0
    side: str = "any"  # one of SIDES

    def __post_init__(self) -> None:
        if self.side not in SIDES:
            raise ValueError(f"unknown side {self.side!r}; valid are {', '.join(SIDES)}")
        if not 0.2 <= self.flight <= 1.0:
            raise ValueError("flight must be between .2 and 1 s")


PLAN = np.dtype(
    [
        ("phase", np.int64),
        ("due", np.float64),  # [s] of contact
        ("plane", np.float64),  # [m] y at which the ball is met
        ("aim", np.float64, 3),  # yaw, pitch [rad], speed [m/s]
        ("q", np.float64, 8),  # at contact
        ("qd", np.float64, 8),
        ("home", np.float64),  # [s] when it shall be back
        ("bounced", np.bool_),  # did the ball bounce on this side already?
        ("rose", np.float64),  # [m/s] its vertical speed when last seen
    ]
)


class Stroke:
    """n strokes, one for each of n robots. Times [s] are on the robots' clock."""

    def __init__(self, track: Track, styles: list[StrokeConfig]) -> None:
        self.n, self._track = len(styles), track
        self._servo = Servo(self.n)
        self._plan = np.zeros(self.n, PLAN)
        style = [(*s.target, s.flight, s.brush, SIDES[s.side]) for s in styles]
        self.style = np.array(style, dtype=np.float64)

    def reset(self, rows: NDArray[np.int64], q: Vector, qd: Vector | None = None) -> None:
        """New balls for robots at `q` (rows, 8), at rest or moving by `qd` (rows, 8)."""
        self._servo.place(rows, q, qd)
        self.renew(rows)

    def renew(self, rows: NDArray[np.int64]) -> None:
        """New balls; the robots go on."""
        self._plan[rows] = np.zeros((), PLAN)

    def act(
        self,
        now: Vector,
        ball: BallState,
        seen: Vector,
        q: Vector,
        measured: Vector,
        sent: Vector,
    ) -> Vector:
        """Wanted joint speeds (n, 8).

        `now` (n,); the ball (n, 3) as it was at `seen` (n,), NaN while it is not known; joints `q`
        (n, 8) as measured at `measured` (n,); `sent` (n, 8): the speeds sent at the last tick.
        """
        wish = np.empty_like(q)
        self._servo.advance(now, sent, q, measured)
        state = packed(ball, (self.n,))
        _act(
            self._track.record, CHAIN, LIMITS, self._plan, self._servo.joints, self.style,
            now, state, seen, wish,
        )  # fmt: skip
        return wish

    def due(self) -> Vector:
        """When (n,) [s] the ball is going to be met; NaN without a plan."""
        return np.where(self._plan["phase"] == GOING, self._plan["due"], nan)


class Model:
    """The stroke as a `skills.tennis.evaluate.Player`."""

    def __init__(self, track: Track, styles: Sequence[StrokeConfig]) -> None:
        self._stroke = Stroke(track, list(styles))

    def begin(self, senses: Senses) -> None:
        self._stroke.reset(np.arange(len(senses.q)), senses.q, senses.sent)

    def act(self, senses: Senses, new: Mask) -> Vector:
        now = np.full(len(senses.q), senses.now)
        return self._stroke.act(
            now, senses.ball, senses.seen, senses.q, senses.measured, senses.sent
        )


@compiled
def _act(
    k: Any,
    chain: Any,
    limits: tuple[Vector, Vector],
    plans: Any,
    joints: Any,
    style: Vector,
    now: Vector,
    state: Vector,
    seen: Vector,
    wish: Vector,
) -> None:
    path, clock = np.empty((200, 9)), np.empty(200)
    for i in range(len(now)):
        plan, joint = plans[i], joints[i]
        s = state[i]
        if plan.phase == GOING and now[i] > plan.due + FOLLOW:
            plan.phase, plan.home = DONE, now[i] + 0.5
        known = not np.isnan(s[0]) and s[4] < 0
        if plan.phase != DONE and known:
            if s[1] < 0 and plan.rose < 0 < s[5]:
                plan.bounced = True
            plan.rose = s[5]
            if plan.phase == IDLE or now[i] < plan.due - 0.06:
                count = _ahead(k, s, seen[i], now[i] + SOON, plan.bounced, path, clock)
                if plan.phase == IDLE:
                    _search(k, chain, limits, plan, joint, style[i], now[i], path, clock, count)
                else:
                    late = _refine(
                        k, chain, limits, plan, joint, style[i], now[i], path, clock, count
                    )
                    if late and now[i] < plan.due - 0.2:
                        _search(k, chain, limits, plan, joint, style[i], now[i], path, clock, count)
        for j in range(8):
            if plan.phase == GOING:
                wish[i, j] = lead(joint, j, now[i], plan.due, plan.q[j], plan.qd[j])
            elif plan.phase == DONE:
                due = max(plan.home, now[i] + DELAY[j] + 0.2)
                wish[i, j] = lead(joint, j, now[i], due, TENNIS_HOME[j], 0.0)
            else:
                due = now[i] + DELAY[j] + 0.3
                wish[i, j] = lead(joint, j, now[i], due, TENNIS_HOME[j], 0.0)


TENNIS_HOME = np.array(TENNIS.home)


@compiled
def _ahead(
    k: Any, row: Vector, seen: float, soon: float, bounced: bool, path: Vector, clock: Vector
) -> int:
    """Where the ball can be met, from `soon` on: states and times; how many."""
    s = (row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8])
    time, count = seen, 0
    while time < soon + HORIZON and count < len(path):
        s, touched = advance(k, s, MOMENT)
        time += MOMENT
        if touched and s[1] < 0:
            if bounced:
                break
            bounced = True
        if s[1] < FARTHEST or s[2] < LOWEST:
            break
        if bounced and time > soon and s[1] < 0.0:
            path[count, :] = s
            clock[count] = time
            count += 1
    return count


@compiled
def _search(
    k: Any, chain: Any, limits: Any, plan: Any, joint: Any, style: Vector, now: float,
    path: Vector, clock: Vector, count: int,
) -> None:  # fmt: skip
    """Choose the moment, and the posture, that ask least of the joints."""
    best, q = np.inf, np.empty(8)
    last = (0.0, 0.1, 1.0)
    for m in range(0, count, 2):
        s = path[m]
        if s[1] > NEAREST or (s[1] > EDGE - 0.12 and s[2] < CLEAR):
            continue
        found, angles = _aim(k, s, style, last)
        if not found:
            continue
        last = angles
        for side in range(3):
            if style[4] != 0 and side != style[4]:
                continue
            cost = _cost(k, chain, limits, joint, s, angles, style, now, clock[m], side, q)
            if cost < best:
                best = cost
                plan.phase, plan.due, plan.plane = GOING, clock[m], s[1]
                plan.aim[0], plan.aim[1], plan.aim[2] = angles
                plan.q[:] = q
    if best < np.inf:
        _move(chain, plan, style)


@compiled
def _refine(
    k: Any, chain: Any, limits: Any, plan: Any, joint: Any, style: Vector, now: float,
    path: Vector, clock: Vector, count: int,
) -> bool:  # fmt: skip
    """The same plan for a better known ball; True if it cannot be carried out any more."""
    for m in range(1, count):
        if path[m, 1] <= plan.plane < path[m - 1, 1]:
            break
    else:
        return True
    share = (path[m - 1, 1] - plan.plane) / (path[m - 1, 1] - path[m, 1])
    s = path[m - 1] + share * (path[m] - path[m - 1])
    due = clock[m - 1] + share * (clock[m] - clock[m - 1])
    found, angles = _aim(k, s, style, (plan.aim[0], plan.aim[1], plan.aim[2]))
    if not found:
        return True
    q = np.empty(8)
    weight = _weights(due - now)
    place, normal = _grip(s, angles, k.face + k.radius)
    error = reach(chain, place, normal, plan.q, joint.q + joint.bias, weight, limits, 3, q)
    if error > 0.02:
        return True
    plan.due, plan.q[:] = due, q
    plan.aim[0], plan.aim[1], plan.aim[2] = angles
    _move(chain, plan, style)
    return _load(joint, plan, now) > 1.1


@compiled
def _aim(k: Any, s: Vector, style: Vector, first: Three) -> tuple[bool, Three]:
    ball = (s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8])
    return aim(k, ball, (style[0], style[1]), style[2], style[3], first)


@compiled
def _grip(s: Vector, angles: Three, gap: float) -> tuple[Three, Three]:
    """Where the racket's middle is when its face, `gap` [m] away, touches the ball; its normal."""
    n, _ = facing(angles[0], angles[1])
    return (s[0] - gap * n[0], s[1] - gap * n[1], s[2] - gap * n[2]), n


@compiled
def _weights(left: float) -> Vector:
    """How far each joint can go in `left` [s], squared."""
    weight = np.empty(8)
    for j in range(8):
        weight[j] = (SPEED[j] * max(left - DELAY[j] - LAG[j], 0.03)) ** 2
    return weight


@compiled
def _cost(
    k: Any, chain: Any, limits: Any, joint: Any, s: Vector, angles: Three, style: Vector,
    now: float, due: float, side: int, q: Vector,
) -> float:  # fmt: skip
    """What a stroke would ask of the joints; its posture at contact goes to `q`."""
    place, normal = _grip(s, angles, k.face + k.radius)
    wish = joint.q + joint.bias
    start = wish.copy() if side == 0 else (FOREHAND.copy() if side == 1 else BACKHAND.copy())
    pose, jacobian = np.empty((4, 3)), np.empty((6, 8))
    racket(chain, start, pose, jacobian)
    start[0] += place[1] - pose[0, 1]  # the slides go along y and x
    start[1] += place[0] - pose[0, 0]
    for j in range(2):
        start[j] = min(max(start[j], limits[0][j]), limits[1][j])
    error = reach(chain, place, normal, start, wish, _weights(due - now), limits, 8, q)
    if error > 0.01:
        return np.inf
    qd = _velocity(chain, q, angles, style)
    cost = 0.0
    for j in range(8):
        # It takes the lag, too, until a joint moves as it is wanted to.
        load = _share(joint, j, q[j], qd[j], due - LAG[j] - now)
        fast = abs(qd[j]) / SPEED[j]
        cost += load**2 + (2 * max(load - 0.5, 0.0)) ** 2
        cost += 0.2 * fast**2 + (4 * max(fast - 0.8, 0.0)) ** 2
    return cost


@compiled
def _share(joint: Any, j: int, q: float, qd: float, left: float) -> float:
    """Of what joint `j` can do until then, how much it takes."""
    way = abs(q - joint.bias[j] + LAG[j] * qd - joint.act[j])
    return way / (SPEED[j] * max(left - DELAY[j], 0.01))


@compiled
def _load(joint: Any, plan: Any, now: float) -> float:
    load = 0.0
    for j in range(8):
        load = max(load, _share(joint, j, plan.q[j], plan.qd[j], plan.due - now))
    return load


@compiled
def _velocity(chain: Any, q: Vector, angles: Three, style: Vector) -> Vector:
    n, up = facing(angles[0], angles[1])
    speed, brush = angles[2], style[3]
    racket_velocity = (
        speed * n[0] + brush * up[0],
        speed * n[1] + brush * up[1],
        speed * n[2] + brush * up[2],
    )
    return speeds(chain, q, racket_velocity, SWING)


@compiled
def _move(chain: Any, plan: Any, style: Vector) -> None:
    plan.qd[:] = _velocity(chain, plan.q, (plan.aim[0], plan.aim[1], plan.aim[2]), style)
