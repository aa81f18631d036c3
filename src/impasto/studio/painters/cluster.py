"""The Dask cluster that painters are part of: one of this machine's, which nobody else can use, or one elsewhere.

Whoever can talk to a process of Dask's can have it run any function. Those that are started here talk only to each
other: by TLS, with a key that is made as they start and is on no disk.
"""

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from impasto.studio.configuration import Configuration

if TYPE_CHECKING:
    from distributed import Client


@contextmanager
def joined(configuration: Configuration) -> "Iterator[Client]":
    """A client of the cluster that the settings name, or of a new one, which ends with this process."""
    import dask

    # read as Dask is loaded: its warnings quote what tasks are given, and with it the settings
    dask.config.set({"logging": {"distributed": "critical", "distributed.client": "critical"}})
    from distributed import Client, LocalCluster, Security

    if configuration.scheduler:
        with Client(configuration.scheduler, timeout=10, set_as_default=False) as client:
            client.run_on_scheduler(_take_up_nothing)
            yield client
        return
    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": 0,  # whose painter died is taken up by us
            "distributed.scheduler.worker-ttl": "60s",  # one that hangs is started anew
            "distributed.scheduler.http.routes": [],  # no page tells of tasks
            "distributed.worker.http.routes": [],
            # in a folder that all users share, somebody else could put files in the place of ours
            "temporary-directory": str(configuration.work),
        }
    )
    with (
        LocalCluster(
            n_workers=configuration.painters, threads_per_worker=1, processes=True, host="127.0.0.1",
            security=Security.temporary(), scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            memory_limit=0, silence_logs=logging.CRITICAL, preload="impasto.studio.painters.preload",
        ) as local,
        Client(local, set_as_default=False) as client,
    ):  # fmt: skip
        client.run_on_scheduler(_show_no_pages)
        yield client


def silences(client: "Client") -> dict[str, float]:
    """For how many seconds each painter has said nothing to the scheduler, by its address; they talk all the time."""
    found: dict[str, float] = client.run_on_scheduler(_silences)
    return found


def painter_of(client: "Client", key: str) -> str:
    """The address of the painter that has a task; empty where none has."""
    return next((address for address, keys in client.processing().items() if key in keys), "")


def start_anew(client: "Client", address: str) -> None:
    """End a painter's process, whatever it does, and have another started."""
    local = getattr(client.cluster, "workers", {})
    for nanny in local.values():
        if nanny.worker_address == address and nanny.pid:
            os.kill(nanny.pid, signal.SIGKILL)  # its nanny sees it
            return
    with suppress(OSError, ValueError, KeyError):
        client.restart_workers([address], timeout=5, raise_for_error=False)


def _silences(dask_scheduler: Any) -> dict[str, float]:
    return {address: time.time() - worker.last_seen for address, worker in dask_scheduler.workers.items()}


def _take_up_nothing(dask_scheduler: Any) -> None:
    """Jobs whose painter died are taken up by us: handed to another by Dask, two could hold the same attempt."""
    dask_scheduler.allowed_failures = 0


def _show_no_pages(dask_scheduler: Any) -> None:
    """Close the port that Dask opens for its pages, whether it has any or not; a painter closes its own."""
    dask_scheduler.http_server.stop()
