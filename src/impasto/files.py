"""Writing a file: it is in its place whole, or not at all."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written(path: Path, *, new: bool = False) -> Iterator[BinaryIO]:
    """A file to write into, which takes its place at `path` when the body ends well, and vanishes when it does not.

    It is on the disk by then. A device or a pipe is written to directly.

    Args:
        path: where it goes; what is there is replaced.
        new: replace nothing.

    Raises:
        OSError: it can't be written; FileExistsError where a `new` file was asked for, and there is one.
    """
    if not new and _is_device(path):
        with path.open("wb") as file:
            yield file
        return
    aside = aside_of(path)
    try:
        with aside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if new:
            _take(path, aside)
        else:
            aside.replace(os.path.realpath(path))
    finally:
        aside.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Try now whether :func:`written` can write there later; nothing is left behind, and nothing changed.

    Raises:
        OSError: it can't.
    """
    if not _is_device(path):
        aside = aside_of(path)
        aside.touch(exist_ok=False)
        aside.unlink()


def aside_of(path: Path) -> Path:
    """A new name for a hidden file in the folder of `path`, or of what it links to."""
    return Path(os.path.realpath(path)).with_name(f".impasto-{secrets.token_hex(8)}.tmp")


def _take(path: Path, aside: Path) -> None:
    """Give a file a name that no other has, in one step: of two processes that want it, one gets it."""
    try:
        os.link(aside, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        path.touch(exist_ok=False)
        aside.replace(path)


def _is_device(path: Path) -> bool:
    """Whether a device or a pipe is there; a folder is an error."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return not stat.S_ISREG(mode)
