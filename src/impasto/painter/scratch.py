"""Where large tensors live: in memory, or in files that the system pages in and out as they are used."""

import math
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

Allocate = Callable[[Sequence[int], torch.dtype], Tensor]
"""Makes a tensor of a shape and type, whose numbers may be anything."""


def on(device: torch.device) -> Allocate:
    """Tensors in a device's memory."""
    return lambda shape, dtype: torch.empty(*shape, dtype=dtype, device=device)


in_memory = on(torch.device("cpu"))


def in_files(folder: Path) -> Allocate:
    """Tensors in files of a folder, each gone with its tensor, or with the process however that ends.

    The folder must be on a disk: one that is itself in memory saves none. A disk that is full raises OSError here, and
    not later in the middle of a computation.
    """

    def allocate(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        count = math.prod(shape)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".impasto-") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, max(1, count * dtype.itemsize))
            mapped = torch.from_file(file.name, shared=True, size=count, dtype=dtype)
        return mapped.view(*shape)

    return allocate
