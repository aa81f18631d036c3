"""Loaded by Dask as it starts a painter's process.

That process ends when the one that started it does, or when that asks it to. A signal that a terminal or a service
manager sends to all processes at once must not end a painter before it has written its checkpoint.
"""

import signal

for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
