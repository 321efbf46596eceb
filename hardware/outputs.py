"""How a robot wants its commands: what the watchdog publishes on the robot's own topics."""

from dataclasses import dataclass
from typing import Any

from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from hardware import convert
from hardware.gate import Order
from hardware.robot_file import Channel
from robot.types import RobotSpec

AHEAD = 2  # control periods in which a trajectory controller shall be there: it never runs dry


@dataclass(frozen=True)
class Output:
    """One command topic, and what is sent there."""

    channel: Channel
    spec: RobotSpec

    @property
    def kind(self) -> type:
        """Of its messages."""
        kind = self.channel.kind
        return JointTrajectory if kind in ("courtside", "trajectory") else Float64MultiArray

    def message(self, order: Order) -> Any:
        """`order`, which the gate has let through, as this topic takes it."""
        channel, dt = self.channel, self.spec.dt
        if channel.kind == "courtside":
            if not order.points:
                return convert.to_stop(order.stamp, order.commander)
            return convert.trajectory(
                order.stamp, order.commander, order.joints, order.q, order.qd, dt
            )
        if not order.points:
            return self.stop()
        rows = [order.joints.index(joint) for joint in channel.joints]
        q, qd = ([values[row] for row in rows] if values else [] for values in (order.q, order.qd))
        if channel.kind == "velocities":
            return Float64MultiArray(data=qd)
        if not q:
            raise ValueError(f"{channel.topic} takes positions, and speeds were commanded")
        if channel.kind == "positions":
            return Float64MultiArray(data=q)
        ahead = [p + v * (AHEAD - 1) * dt for p, v in zip(q, qd, strict=True)]
        return convert.trajectory(0, "", channel.joints, ahead, qd, AHEAD * dt)  # 0: from now on

    def stop(self) -> Any:
        """What makes this topic's robot stop at once; None where silence must do."""
        if self.channel.kind in ("courtside", "trajectory"):
            return convert.to_stop(0, "")
        if self.channel.kind == "velocities":
            return Float64MultiArray(data=[0.0] * len(self.channel.joints))
        return None
