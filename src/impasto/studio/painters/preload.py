"""Loaded by Dask as it starts a painter's process, before jobs are given to it.

That process ends when the one that started it does, or when that asks it to. A signal that a terminal or a service
manager sends to all processes at once must not end a painter before it has written its checkpoint.
"""

import logging
import os
import signal
from typing import Any

from impasto.studio.painters import priority

logging.getLogger("distributed").setLevel(logging.CRITICAL)  # its warnings quote what tasks are given
os.environ.setdefault("OMP_WAIT_POLICY", priority.WAITS)  # read as torch is loaded
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)

# what takes seconds to load is there before a job is, whose lease runs from when it is handed over
import impasto.painter.painter  # noqa: E402
import impasto.studio.painters.task  # noqa: E402, F401

# not sooner: on a busy machine a painter that takes the place of another would take half a minute to load
priority.give_way()


def dask_setup(worker: Any) -> None:
    """Close the port that Dask opens for its pages: called as the painter has started."""
    worker.http_server.stop()
