"""A name that one process has to itself while it lives: another that asks for it goes on to the next name.

The system keeps the claim, and ends it with the process however that ends. The hidden file that it is kept on goes with
the claim; one that a killed process left behind is anybody's to claim.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def claimed(path: Path) -> Iterator[bool]:
    """Claim a name until the body ends; gives whether it is ours, and not another process's.

    Where files can't be locked, it is; what is written under a name that was chosen replaces no file all the same.
    """
    from filelock import FileLock, Timeout

    from impasto.images.names import is_file

    name = f".impasto-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}.lock"
    lock = FileLock(path.with_name(name), blocking=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        yield False
        return
    except OSError:
        yield not is_file(path.with_name(name))  # one that is there is another user's
        return
    try:
        yield True
    finally:
        path.with_name(name).unlink(missing_ok=True)  # before the lock is given back, so that nobody has it by then
        lock.release()
