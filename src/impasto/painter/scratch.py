"""Where large tensors live: in memory, or in files that the system pages in and out as they are used."""

import ctypes
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.images.arrays import in_file

Allocate = Callable[[Sequence[int], torch.dtype], Tensor]
"""Makes a tensor of a shape and type, whose numbers may be anything."""


def on(device: torch.device) -> Allocate:
    """Tensors in a device's memory."""
    return lambda shape, dtype: torch.empty(*shape, dtype=dtype, device=device)


in_memory = on(torch.device("cpu"))


def in_files(folder: Path) -> Allocate:
    """Tensors in files of a folder, each gone with its tensor, or with the process however that ends.

    Raises:
        OSError: when one is made and the disk is full.
    """

    def allocate(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        numbers = in_file(folder, (math.prod(shape) * dtype.itemsize,), np.uint8)
        return torch.from_numpy(numbers).view(dtype).view(*shape)  # NumPy has no bfloat16, so bytes are viewed

    return allocate


def give_back() -> None:
    """Give the system the memory that was freed; glibc keeps much of it: of 2.3 GB at 6 megapixels, 0.8."""
    if _trim is not None:
        _trim(0)


_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
