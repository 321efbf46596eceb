"""Functions that are compiled by Numba, once for each state of the sources.

Numba keeps what it compiled and looks whether the function's own file has changed, not the files
of the functions it calls. So the kept code lies in a folder named after all of them.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import config

KEPT = 8  # states of the sources whose code is kept
ROOT = Path(__file__).parents[1]
FOLDERS = ("robot", "sim/tennis", "skills/tennis", "planners/tennis")  # that have such functions

Function = TypeVar("Function", bound=Callable[..., Any])


def _folder() -> Path:
    """Where the code is kept; made, and the oldest ones beyond `KEPT` removed."""
    files = [file for name in FOLDERS for file in sorted((ROOT / name).glob("*.py"))]
    facts = [(str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files]
    base = (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "courtside" / "compiled"
    )
    folder = base / sha256(repr(facts).encode()).hexdigest()[:16]
    if not folder.exists():
        folder.mkdir(parents=True)
        for old in sorted(base.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    return folder


def compiled(function: Function) -> Function:
    """`function`, compiled when it is first called; dividing by 0 gives infinity, as in NumPy."""
    return cast(Function, numba.njit(cache=True, error_model="numpy")(function))


with suppress(OSError):  # nowhere to write: Numba looks for a place itself, or compiles each time
    config.CACHE_DIR = str(_folder())  # pyright: ignore[reportAttributeAccessIssue]
