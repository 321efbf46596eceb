"""A node with a life cycle, as ROS users expect of a driver: configured, activated, deactivated.

ros2 lifecycle set /driver deactivate
"""

import logging
from collections.abc import Callable
from typing import Any

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

log = logging.getLogger(__name__)

DONE, FAILED = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


class Managed(LifecycleNode):
    """Keeps a thing that `make` makes when it is configured, and drops when it is cleaned up.

    Unconfigured there is none; inactive it is there and obeys nobody; active it obeys.
    """

    def __init__(self, name: str, make: Callable[[], Any], **how: Any) -> None:
        super().__init__(name, **how)
        self._make = make
        self.thing: Any = None
        self.active = False
        self.over = False  # it was shut down: its process may end
        self.error: Exception | None = None  # why it could not be configured

    def begin(self) -> None:
        """Configure and activate, as if somebody had asked; raises what `make` raises."""
        if self.trigger_configure() is not DONE:
            raise self.error or RuntimeError(f"{self.get_name()} cannot be configured")
        self.trigger_activate()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            self.thing, self.error = self._make(), None
        except Exception as error:
            self.error = error
            log.warning("not configured: %s", error)
            return FAILED
        return DONE

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.active = True
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.active = False
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.thing = None
        return DONE

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.active, self.over = False, True
        return DONE
