"""Loaded by Dask in a painter's process that `impasto worker` starts: one that is asked to leave gives its job back.

It takes no other job, writes a checkpoint after the step that it is at, and ends.
"""

import asyncio
import signal
import threading
from typing import Any

ASKS = signal.SIGUSR1
PAUSE = 0.2
"""Seconds between two looks whether the job was given back."""

asked = threading.Event()
"""Whether this process was asked to leave."""
_leaving: set[asyncio.Task[None]] = set()


def dask_setup(worker: Any) -> None:
    """Listen to the host: called as the painter has started."""
    asyncio.get_running_loop().add_signal_handler(ASKS, _begin, worker)


def _begin(worker: Any) -> None:
    asked.set()
    _leaving.add(asyncio.get_running_loop().create_task(_leave(worker)))  # the loop itself would forget it


async def _leave(worker: Any) -> None:
    from distributed.core import Status

    worker.status = Status.paused  # what is under way goes on
    while worker.state.executing_count:
        await asyncio.sleep(PAUSE)
    await worker.close(reason="the host leaves")
