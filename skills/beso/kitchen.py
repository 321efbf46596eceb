"""The kitchen demonstrations in the layout published with Behavior Transformers.

Three arrays in one folder, time first, padded to the longest of N demonstrations:
`observations_seq.npy` (T, N, 60), `actions_seq.npy` (T, N, 9) and `existence_mask.npy` (T, N),
which is 1 where there is a step. Of an observation, the first 30 numbers are the state (9 joints
of the robot, 21 of the kitchen) and the other 30 a goal, which is left out.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.beso.episodes import DataError, Episodes

OBSERVATIONS, ACTIONS, MASK = "observations_seq.npy", "actions_seq.npy", "existence_mask.npy"
OBSERVED, STATE, ACTION = 60, 30, 9  # numbers
FPS = 12.5  # [Hz] of the simulated kitchen: 40 physics steps of 2 ms each


def is_kitchen(path: Path) -> bool:
    """Whether this folder has at least one of the arrays."""
    return any((path / name).exists() for name in (OBSERVATIONS, ACTIONS, MASK))


def read(path: Path) -> Episodes:
    """The demonstrations, with observations of 30 numbers."""
    observations, actions, mask = (_array(path / name) for name in (OBSERVATIONS, ACTIONS, MASK))
    if mask.ndim != 2:
        raise DataError(f"{path / MASK}: must be (T, N), not {mask.shape}")
    for name, array, width in ((OBSERVATIONS, observations, OBSERVED), (ACTIONS, actions, ACTION)):
        if array.shape != (*mask.shape, width):
            wanted = (*mask.shape, width)
            raise DataError(f"{path / name}: must be {wanted} beside {MASK}, not {array.shape}")
    if not np.isin(mask, (0, 1)).all():
        raise DataError(f"{path / MASK}: must be 0 or 1 everywhere")
    valid = mask.astype(bool).T  # (N, T)
    lengths = valid.sum(1)
    broken = np.flatnonzero((valid != (np.arange(len(mask)) < lengths[:, None])).any(1))
    if broken.size:
        raise DataError(
            f"{path / MASK}: demonstration {broken[0]} has steps after its end; "
            "is time the first axis?"
        )
    if not lengths.all():
        raise DataError(f"{path / MASK}: demonstration {np.argmin(lengths)} has no steps")
    parts = []
    for name, array in ((OBSERVATIONS, observations[..., :STATE]), (ACTIONS, actions)):
        steps = array.swapaxes(0, 1)
        bad = np.argwhere(valid & ~np.isfinite(steps).all(2))
        if bad.size:
            number, step = bad[0]
            raise DataError(f"{path / name}: not finite in demonstration {number}, step {step}")
        parts.append(steps[valid])
    try:
        return Episodes.of(parts[0], parts[1], np.cumsum(lengths), FPS)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _array(file: Path) -> NDArray[Any]:
    try:
        array = np.load(file, allow_pickle=False)
    except FileNotFoundError as error:
        names = ", ".join((OBSERVATIONS, ACTIONS, MASK))
        raise DataError(f"{file}: there is no such file; a kitchen folder has {names}") from error
    except Exception as error:  # EOFError, ValueError, MemoryError: as a broken file pleases
        raise DataError(f"{file}: not a whole .npy file ({error})") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
        raise DataError(f"{file}: must hold an array of numbers")
    return array
