"""What a painting host runs: a painter, or one for each GPU, which any scheduler that knows its certificate may use.

A painter's process is watched, and started again where it dies; so it is where the scheduler was gone and is back.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog

from impasto.painter import needs
from impasto.studio import logs
from impasto.studio.configuration import Configuration
from impasto.studio.jobs.stores import make_folders
from impasto.studio.painters import certificates, leaving, place, processes

if TYPE_CHECKING:
    from distributed import Nanny

log = structlog.get_logger("impasto.studio.painters.host")

AGAIN = 3.0
"""Seconds until the scheduler is looked for again."""
GRACE, CLOSING = 20.0, 4.0
"""Seconds that a painter has to give its job back, and then to end: service managers kill after 30."""


def paint(configuration: Configuration, name: str, gpus: Sequence[str | None], ready: Callable[[str], None]) -> None:
    """Paint for a scheduler until SIGINT, SIGTERM or SIGHUP.

    Args:
        configuration: names the scheduler, the certificates, and what a painter may take of this host.
        name: by which operators know the host.
        gpus: the GPU of each painter, as CUDA calls it; one None for one painter on whatever there is.
        ready: is called with a painter's name as it is there, at its first start.

    Raises:
        StoresError, CertificatesError: a folder or the certificates can't be used.
    """
    logs.configure()
    make_folders(configuration)
    if configuration.certificates:
        certificates.check(configuration.certificates)
    processes.configure()
    asyncio.run(_paint(configuration, name, gpus, ready))


async def _paint(
    configuration: Configuration, name: str, gpus: Sequence[str | None], ready: Callable[[str], None]
) -> None:
    stopping = processes.asked_to_stop()
    names = [name] if len(gpus) == 1 else [f"{name}-{number}" for number in range(len(gpus))]

    async def keep(own: str, gpu: str | None) -> None:
        await _keep(lambda: _nanny(configuration, own, gpu, len(gpus)), own, stopping, ready)

    await asyncio.gather(*(keep(own, gpu) for own, gpu in zip(names, gpus, strict=True)))
    log.info("stopped")


def _nanny(configuration: Configuration, name: str, gpu: str | None, painters: int) -> "Nanny":
    """Dask's watcher of a process, and the process."""
    from distributed import Nanny
    from distributed.comm.addressing import get_address_host
    from distributed.utils import get_ip

    memory = configuration.painter_memory or int(needs.SHARE * needs.free() / painters)
    return Nanny(
        configuration.scheduler, name=name, nthreads=1, memory_limit=0, resources={place.MEMORY: memory},
        # no other interface than the one that leads to the scheduler
        host=get_ip(get_address_host(configuration.scheduler)),
        security=configuration.certificates and certificates.security(configuration.certificates),
        preload=["impasto.studio.painters.preload", "impasto.studio.painters.leaving"],
        local_directory=str(configuration.work), config=place.given(configuration),
        env={} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu},
        dashboard=False, dashboard_address=processes.LOOPBACK, silence_logs=logging.CRITICAL,
    )  # fmt: skip


async def _keep(make: "Callable[[], Nanny]", name: str, stopping: asyncio.Event, ready: Callable[[str], None]) -> None:
    """Have a painter there, whatever ends it, until it is asked to stop."""
    said = False
    while not stopping.is_set():
        nanny = None
        try:
            nanny = make()
            if not await _unless(stopping, nanny):
                break
            log.info("the scheduler has a painter", painter=name)
            if not said:
                ready(name)
                said = True
            await _unless(stopping, nanny.finished())
        except Exception as error:  # whatever keeps them from each other may go away
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            log.warning("the scheduler can't be reached, or does not take this host; trying again", reason=reason)
        else:
            if not stopping.is_set():
                log.warning("the scheduler is gone; looking for it")
        finally:
            if nanny is not None:
                await _end(nanny)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), AGAIN)


async def _unless(stopping: asyncio.Event, awaited: Any) -> bool:
    """Wait for something; False where this host was asked to stop before."""
    task, asked = asyncio.ensure_future(_result(awaited)), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait((task, asked), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            return False
        task.result()
        return True
    finally:
        task.cancel()
        asked.cancel()


async def _result(awaited: Any) -> Any:
    return await awaited


async def _end(nanny: "Nanny") -> None:
    """Have the painter give its job back, and end it."""
    with suppress(Exception):
        if nanny.pid:
            os.kill(nanny.pid, leaving.ASKS)
            await asyncio.wait_for(nanny.finished(), GRACE)
    with suppress(Exception):
        await nanny.close(timeout=CLOSING)
