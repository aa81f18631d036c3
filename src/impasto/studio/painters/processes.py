"""What a scheduler's process and a host's have in common: how they are asked to stop, and what Dask may not do."""

import asyncio
import logging
import signal
from typing import Any

LOOPBACK = "127.0.0.1:0"
"""Where Dask opens the port of its pages, if it must; it is closed at once."""


def configure() -> None:
    """Set what Dask reads as it is loaded, and keep it from saying what it does: we do."""
    import dask

    # its warnings quote what tasks are given, and with it the settings
    dask.config.set({"logging": {"distributed": "critical", "distributed.client": "critical"}})
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    dask.config.set(CLUSTER)


CLUSTER: dict[str, Any] = {
    "distributed.scheduler.allowed-failures": 0,  # whose painter died is taken up by us
    "distributed.scheduler.worker-ttl": "60s",  # one that hangs, where no engine is there to see it
    "distributed.scheduler.http.routes": [],  # no page tells of tasks
    "distributed.worker.http.routes": [],
}


def asked_to_stop() -> asyncio.Event:
    """Set by SIGINT, SIGTERM and SIGHUP from now on."""
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup has it ignored
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
    return asked
