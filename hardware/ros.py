"""ROS 2 in this process: begun, spun and ended so that a last message can still be sent.

rclpy's own signal handling would end the context before anybody can say stop; see `signals`.
"""

import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir
from time import monotonic
from typing import Any, TypeVar

from hardware import topics
from hardware.signals import deferred

os.environ.setdefault("AMENT_PREFIX_PATH", sys.prefix)  # where pip puts the wheels
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")  # nothing beyond loopback
os.environ.setdefault("ROS_LOG_DIR", str(Path(gettempdir()) / f"courtside-{os.getuid()}-ros"))

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rclpy.subscription import Subscription
from rclpy.task import Future
from std_msgs.msg import String

log = logging.getLogger(__name__)

STATES = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)  # what sensors say
COMMANDS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
TEXTS = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
PRIORITY = 20  # real-time, of nodes that control, where their user may have it: ulimit -r
DRAIN = 1e-5  # [s] to wait for messages when all that are there shall be taken

MOST = 100  # rounds of taking messages before their receiver goes on

Message = TypeVar("Message")


class Ros:
    """A node of this process, and its executor: everything happens within `spin`."""

    def __init__(self, name: str, urgent: bool = False, make: Callable[..., Node] = Node) -> None:
        """`urgent`: this thread, and those that it begins, DDS's too, go before what else runs on
        this machine, where that is allowed; processes do not: see `robot.process`. `make`: the
        node, of its name and context."""
        if urgent:
            _hurry()
        self._context = rclpy.Context()
        # An enclave each, for where SROS 2 is turned on: see security/policy.xml.
        enclave = (
            [] if "--enclave" in sys.argv else ["--ros-args", "--enclave", f"/courtside/{name}"]
        )
        given = sys.argv[sys.argv.index("--ros-args") :] if "--ros-args" in sys.argv else []
        rclpy.init(
            args=[*enclave, *given],
            context=self._context,
            signal_handler_options=SignalHandlerOptions.NO,
        )
        # There are no parameters, and its log is not rclpy's: the less there is to be discovered.
        less = {"start_parameter_services": False, "enable_rosout": False}
        self.node = make(name, context=self._context, **less)
        self._executor = _executor(self._context)
        self._executor.add_node(self.node)
        self._alive: Publisher[String] | None = None
        self._next_alive = 0.0
        self._name = name
        self._taken = 0  # messages

    def publisher(self, kind: type[Message], topic: str, qos: QoSProfile) -> "Publisher[Message]":
        return self.node.create_publisher(kind, topic, qos)  # type: ignore[type-var]

    def subscribe(
        self, kind: type[Message], topic: str, qos: QoSProfile, callback: Callable[[Message], None]
    ) -> "Subscription[Message]":
        def taken(message: Message) -> None:
            self._taken += 1
            callback(message)

        return self.node.create_subscription(kind, topic, taken, qos)  # type: ignore[type-var]

    def show_alive(self) -> None:
        """From now on, say so while `spin` is called: whoever needs this node stops without it."""
        self._alive = self.publisher(String, topics.ALIVE, STATES)

    def spin(self, timeout: float = DRAIN) -> None:
        """Handle the messages that are there; if there is none, wait up to `timeout` [s]."""
        if self._alive is not None:
            now = monotonic()
            if now >= self._next_alive:
                self._alive.publish(String(data=self._name))
                self._next_alive = now + topics.ALIVE_PERIOD
            timeout = min(timeout, max(DRAIN, self._next_alive - now))
        self._taken = 0
        self._executor.spin_once(timeout_sec=timeout)  # of one topic, as it turns out
        for _ in range(MOST):
            if self._taken == 0:
                return
            self._taken = 0
            self._executor.spin_once(timeout_sec=DRAIN)

    def spin_until(self, done: Callable[[], Any], timeout: float) -> bool:
        """Whether `done` became true within `timeout` [s]. A signal ends it: KeyboardInterrupt."""
        end = monotonic() + timeout
        with deferred() as asked:
            while not (found := bool(done())) and monotonic() < end and not asked.end:
                self.spin(0.02)
        return found

    def future(self) -> Future:
        """That a callback can wait for, within `spin`."""
        return Future(executor=self._executor)

    def stamp(self) -> int:
        """[ns] now, on the clock that stamps are of."""
        return int(self.node.get_clock().now().nanoseconds)

    def close(self) -> None:
        """Leave, so that nobody waits; may be called twice."""
        if not self._context.ok():
            return
        if self._alive is not None:
            self._alive.publish(String(data=topics.LEAVING + self._name))
        self._executor.spin_once(timeout_sec=0.05)  # what was published last still goes out
        self._executor.remove_node(self.node)
        self.node.destroy_node()
        with suppress(Exception):  # of an executor without nodes: nothing depends on it any more
            self._executor.shutdown()
        self._context.try_shutdown()


def _hurry() -> None:
    """Let this thread go before what else there is, if its user may."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))


def _executor(context: rclpy.Context) -> Any:
    """The quickest that there is. Its `spin` without a time limit is broken; `spin_once` is not."""
    try:
        from rclpy.experimental.events_executor import EventsExecutor

        return EventsExecutor(context=context)
    except ImportError:
        from rclpy.executors import SingleThreadedExecutor

        return SingleThreadedExecutor(context=context)


class Diagnostics:
    """Says on `/diagnostics` how this node is: when that changes, and regularly."""

    def __init__(self, ros: Ros, period: float = 0.1) -> None:
        self._ros, self._period = ros, period
        self._publisher = ros.publisher(DiagnosticArray, topics.DIAGNOSTICS, TEXTS)
        self._next, self._said = 0.0, ""

    def show(self, status: DiagnosticStatus) -> None:
        """Publish `status`, if its message is new or it is time to."""
        now = monotonic()
        if now < self._next and status.message == self._said:
            return
        self._next, self._said = now + self._period, status.message
        message = DiagnosticArray(status=[status])
        message.header.stamp = self._ros.node.get_clock().now().to_msg()
        self._publisher.publish(message)
