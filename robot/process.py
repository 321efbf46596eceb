"""Processes beside the loop, none of which holds it up."""

import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any


def begin(command: Sequence[str], **how: Any) -> subprocess.Popen[Any]:
    """`subprocess.Popen`, of a process that does not go before others even where its parent does.

    A loop may have real-time priority (`hardware.ros`), and children inherit their thread's: one
    that starts up then holds up drivers and watchdogs. So it is begun by a thread without.
    """

    def popen() -> subprocess.Popen[Any]:
        if hasattr(os, "sched_setscheduler"):  # Linux
            with suppress(PermissionError):
                os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        return subprocess.Popen(command, **how)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(popen).result()
