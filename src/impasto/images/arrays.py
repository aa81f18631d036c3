"""Where large arrays live: in files without a name, which the system pages in and out as they are used."""

import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

IN_MEMORY = 64_000_000
"""Bytes. Pixels that take more are held in a file, so that the memory for a picture does not grow with it."""

AT_ONCE = 1 << 19
"""Pixels of a large picture that are worked on at once."""


def empty(shape: Sequence[int], dtype: Any) -> Array:
    """An array whose numbers may be anything: in memory, or, where it is large, in a file.

    A file needs a disk; where there is no room on it, the array is in memory after all.
    """
    if math.prod(shape) * np.dtype(dtype).itemsize > IN_MEMORY:
        try:
            return in_file(scratch_folder(), shape, dtype)
        except OSError:
            pass
    return np.empty(shape, dtype)


def in_file(folder: Path, shape: Sequence[int], dtype: Any) -> Array:
    """An array in a file of a folder that is gone with the array, or with the process however that ends.

    The folder must be on a disk: one that is itself in memory saves none.

    Raises:
        OSError: the disk is full. It is met here, and not later in the middle of a computation.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, math.prod(shape) * np.dtype(dtype).itemsize)
        return np.memmap(file, dtype, "w+", shape=tuple(shape)).view(np.ndarray)


def scratch_folder() -> Path:
    """A folder for files that nobody will look for, on a disk: where TMPDIR says, or else /var/tmp.

    On many systems /tmp is in memory.
    """
    usual = Path("/var/tmp")
    if "TMPDIR" not in os.environ and os.access(usual, os.W_OK):
        return usual
    return Path(tempfile.gettempdir())


def strips(height: int, width: int) -> Iterator[slice]:
    """The rows of a picture, as many at a time as are worked on at once; an even number, for pyramids halve them."""
    rows = max(2, AT_ONCE // width // 2 * 2)
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))
