"""How many threads compute a mini-batch."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

# Numbers of a mini-batch, 3 × H × W for each picture. With fewer, threads wait for each other longer than they work. On
# a machine that others use too, they wait ten times as long.
SHARED_OUT = 100_000


@contextmanager
def threads_for(numbers: int) -> Iterator[None]:
    """Compute a mini-batch of so many numbers: a small one with a single thread."""
    before = torch.get_num_threads()
    if numbers < SHARED_OUT:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
