"""The painters that there are, as Dask's scheduler knows them; each function here runs in the scheduler's process.

It does one thing at a time, so that of several services that look for a free painter at once, one gets it.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from impasto.studio.painters import place

# Seconds for which a painter is kept for who asked for it, until its task is there.
KEPT = 2.0
# Seconds that a painter which hangs has before it is killed; and that its host has for that.
ENDING, KILLING = 0.1, 30.0


class Painter(NamedTuple):
    """A painter's process.

    Attributes:
        address: by which the scheduler knows it.
        name: by which the operator knows it.
        memory: bytes that a painting may take there; 0 where nobody said.
        seen: when it last said something, by the scheduler's clock; it does so every second or so.
        tasks: the keys of what it has to do.
    """

    address: str
    name: str
    memory: int
    seen: float
    tasks: tuple[str, ...]


def painters(dask_scheduler: Any) -> list[Painter]:
    """All of them."""
    return [
        Painter(
            address,
            str(worker.name),
            int(worker.resources.get(place.MEMORY, 0)),
            worker.last_seen,
            tuple(str(task.key) for task in worker.processing),
        )
        for address, worker in dask_scheduler.workers.items()
    ]


def take(needs: Sequence[int], quiet: float, dask_scheduler: Any) -> tuple[int, str] | None:
    """Keep a free painter for one of several jobs: the first of them that there is one for.

    It is the one with the least memory of those that have enough. Where no painter at all has enough, it is the one
    with the most: a painting takes longer there, and is painted all the same.

    Args:
        needs: bytes of memory of each job, in turn.
        quiet: seconds after which a painter that says nothing gets no job.
        dask_scheduler: given by Dask.

    Returns:
        which job, and the painter's address; None where no painter is free for any of them.
    """
    kept: dict[str, float] = dask_scheduler.extensions.setdefault("impasto", {})
    now = time.time()
    for address in [address for address, until in kept.items() if until < now]:
        del kept[address]
    has = {worker.address: worker.resources.get(place.MEMORY, 0) for worker in dask_scheduler.running}
    free = sorted(
        (has[worker.address], worker.address)
        for worker in dask_scheduler.running
        if not worker.processing and worker.address not in kept and now - worker.last_seen < quiet
    )
    for number, need in enumerate(needs):
        enough = min(need, max(has.values(), default=0))
        for memory, address in free:
            if memory >= enough:
                kept[address] = now + KEPT
                return number, address
    return None


def leave(address: str, dask_scheduler: Any) -> None:
    """A painter that was kept is free again."""
    dask_scheduler.extensions.get("impasto", {}).pop(address, None)


async def drop(address: str, dask_scheduler: Any) -> None:
    """Have a painter that hangs ended, and started anew by its host; what it had to do has failed.

    It is no painter any more from now on, even where its host hangs too.
    """
    worker = dask_scheduler.workers.get(address)
    if worker is None:
        return

    async def kill() -> None:
        with suppress(Exception):  # a host that can't be reached has nothing that could be ended
            host = dask_scheduler.rpc(worker.nanny)
            await asyncio.wait_for(host.kill(timeout=ENDING, reason="impasto-hangs"), KILLING)

    dask_scheduler._ongoing_background_tasks.call_soon(kill)
    await dask_scheduler.remove_worker(address, stimulus_id="impasto-hangs", close=False)
