"""The spine: records, the loop, safety, and what every skill, planner and world shares."""

import ctypes
import os
import sys


def _choose_renderer() -> None:
    """Have MuJoCo draw without a display; it reads this variable when it is imported."""
    if sys.platform == "linux" and "MUJOCO_GL" not in os.environ:
        try:
            ctypes.CDLL("libEGL.so.1")
            os.environ["MUJOCO_GL"] = "egl"
        except OSError:  # without EGL, importing MuJoCo for it would fail
            os.environ["MUJOCO_GL"] = "disable"


_choose_renderer()
