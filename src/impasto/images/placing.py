"""Putting a file in its place: it appears there whole or not at all."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from impasto.images.picture import PictureError, printable


@contextmanager
def placed(path: Path, *, new: bool = False) -> Iterator[BinaryIO]:
    """A file to write into that takes its place at `path` when the body ends well, and vanishes when it does not.

    Raises:
        PictureError: it can't be written.
        FileExistsError: a `new` file was asked for, and there is one.
    """
    with _plainly(path):
        if not new and _is_device(path):
            with path.open("wb") as file:
                yield file
            return
        aside = _aside(path)
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


def check_place(path: Path) -> None:
    """Refuse now a place where `placed` could not write later; nothing is left behind there, and nothing changed.

    Raises:
        PictureError: it can't be written.
    """
    with _plainly(path):
        if not _is_device(path):
            aside = _aside(path)
            aside.touch(exist_ok=False)
            aside.unlink()


def _take(path: Path, aside: Path) -> None:
    """Give a file a name that no other has, in one step: of two processes that want it, one gets it."""
    try:
        os.link(aside, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        path.touch(exist_ok=False)
        aside.replace(path)


def _aside(path: Path) -> Path:
    """A name for a hidden file in the folder of `path`, or of what it links to."""
    return Path(os.path.realpath(path)).with_name(f".impasto-{secrets.token_hex(8)}.tmp")


def _is_device(path: Path) -> bool:
    """Whether a device or a pipe is there, which is written to and never replaced; a folder is an error."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return not stat.S_ISREG(mode)


_MENDS = {
    errno.EACCES: "choose a folder that you may write in",
    errno.EPERM: "choose a folder that you may write in",
    errno.EROFS: "choose a folder that you may write in",
    errno.ENOSPC: "make room on the disk, or choose another",
    errno.EDQUOT: "make room on the disk, or choose another",
    errno.EFBIG: "make room on the disk, or choose another",
    errno.ENAMETOOLONG: "choose a shorter name",
}


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    """Say in one plain line why a file can't be written."""
    shown, folder = printable(path), printable(path.parent)
    try:
        yield
    except FileExistsError:
        raise
    except IsADirectoryError as error:
        raise PictureError(f"{shown} is a folder: name a file in it") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PictureError(f"there is no folder {folder} to write {printable(path.name)} in: make it first") from error
    except OSError as error:
        mend = _MENDS.get(error.errno or 0, "choose another file")
        raise PictureError(f"{shown} can't be written ({error.strerror or error}): {mend}") from error
