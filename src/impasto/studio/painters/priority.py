"""A process that gives way: painting takes what the web, and everything else on the machine, leaves over."""

import os
import sys
from contextlib import suppress
from pathlib import Path

NICEST = 19
# How threads of a process that shares its machine wait for each other, as OpenMP names it. Those that turn round and
# round meanwhile keep the cores from all others.
WAITS = "PASSIVE"
# Of -1000 to 1000: where memory runs out, this process is the one that ends.
FIRST_TO_GO = 500


def give_way() -> None:
    """Run all threads of this process, and those that they start, at the lowest priority."""
    if sys.platform != "linux":
        os.setpriority(os.PRIO_PROCESS, 0, NICEST)
        return
    for thread in Path("/proc/self/task").iterdir():  # on Linux each thread has a priority of its own
        with suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, int(thread.name), NICEST)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(FIRST_TO_GO))


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
