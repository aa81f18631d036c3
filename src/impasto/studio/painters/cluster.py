"""The Dask cluster that painters are part of: one of this machine's, which nobody else can use, or one elsewhere.

Whoever can talk to a process of Dask's can have it run any function. Those that are started here talk only to each
other: by TLS, with a key that is made as they start and is on no disk.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from impasto.studio.configuration import Configuration
from impasto.studio.painters import certificates, growing, processes

if TYPE_CHECKING:
    from distributed import Client


@contextmanager
def joined(configuration: Configuration, wanted: Callable[[], int]) -> "Iterator[Client]":
    """A client of the cluster that the settings name, or of a new one, which ends with this process.

    Args:
        configuration: names the cluster, or says how many painters a new one has.
        wanted: says how many paintings wait or are under way, for a cluster that grows with them.
    """
    processes.configure()
    import dask
    from distributed import Client, LocalCluster, Security

    if configuration.elsewhere:
        with growing.grown(configuration, wanted) if configuration.cluster else _known(configuration) as client:
            client.run_on_scheduler(_take_up_nothing)
            yield client
        return
    # in a folder that all users share, somebody else could put files in the place of ours
    dask.config.set({"temporary-directory": str(configuration.work)})
    with (
        LocalCluster(
            n_workers=configuration.painters, threads_per_worker=1, processes=True, host="127.0.0.1",
            security=Security.temporary(),
            scheduler_kwargs={"dashboard": False, "dashboard_address": processes.LOOPBACK},
            memory_limit=0, silence_logs=logging.CRITICAL, preload="impasto.studio.painters.preload",
        ) as local,
        Client(local, set_as_default=False) as client,
    ):  # fmt: skip
        client.run_on_scheduler(show_no_pages)
        yield client


def _known(configuration: Configuration) -> "Client":
    """A client of the scheduler that the settings name."""
    from distributed import Client

    security = configuration.certificates and certificates.security(configuration.certificates)
    return Client(configuration.scheduler, timeout=10, set_as_default=False, security=security)


def _take_up_nothing(dask_scheduler: Any) -> None:
    """Jobs whose painter died are taken up by us: handed to another by Dask, two could hold the same attempt."""
    dask_scheduler.allowed_failures = 0


def show_no_pages(dask_scheduler: Any) -> None:
    """Close the port that Dask opens for its pages, whether it has any or not; a painter closes its own."""
    dask_scheduler.http_server.stop()
