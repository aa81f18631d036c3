"""Dask's scheduler as a process of its own, for hosts that are known by their certificates."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from impasto.studio import logs
from impasto.studio.painters import certificates, cluster, processes

log = structlog.get_logger("impasto.studio.painters.scheduling")


def schedule(address: str, folder: Path | None, ready: Callable[[str], None]) -> None:
    """Be the scheduler at an address until SIGINT, SIGTERM or SIGHUP.

    Args:
        address: where to listen; one that is safe.
        folder: of this host's certificate, for tls://.
        ready: is called with the address that others find it at.

    Raises:
        CertificatesError: the certificates can't be used.
        OSError: the address can't be listened on.
    """
    logs.configure()
    if folder:
        certificates.check(folder)
    processes.configure()
    asyncio.run(_schedule(address, folder, ready))


async def _schedule(address: str, folder: Path | None, ready: Callable[[str], None]) -> None:
    from distributed import Scheduler

    stopping, parts = processes.asked_to_stop(), urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    scheduler = Scheduler(
        protocol=parts.scheme, host=host, port=parts.port or 0,
        security=certificates.security(folder) if folder else None, dashboard=False,
        dashboard_address=processes.LOOPBACK,
    )  # fmt: skip
    cluster.show_no_pages(scheduler)
    try:
        await scheduler
    except RuntimeError as error:  # of whatever Dask says, it is told why
        raise OSError(*error.__cause__.args if isinstance(error.__cause__, OSError) else [str(error)]) from error
    log.info("painters and services are waited for", address=scheduler.address)
    ready(scheduler.address)
    await stopping.wait()
    with suppress(TimeoutError):
        await asyncio.wait_for(scheduler.close(), 10)
    log.info("stopped")
