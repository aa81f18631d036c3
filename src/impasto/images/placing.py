"""Putting a file in its place, with one plain line where that can't be done."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from impasto.files import check_writable, written
from impasto.images.picture import PictureError, printable


@contextmanager
def placed(path: Path, *, new: bool = False) -> Iterator[BinaryIO]:
    """A file to write into that takes its place at `path` when the body ends well, and vanishes when it does not.

    Raises:
        PictureError: it can't be written.
        FileExistsError: a `new` file was asked for, and there is one.
    """
    with _plainly(path), written(path, new=new) as file:
        yield file


def check_place(path: Path) -> None:
    """Refuse now a place where `placed` could not write later; nothing is left behind there, and nothing changed.

    Raises:
        PictureError: it can't be written.
    """
    with _plainly(path):
        check_writable(path)


_FIXES = {
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
        if path.parent.is_dir():  # nobody can make a file here, as in /proc
            raise PictureError(f"{shown} can't be written: {folder} takes no new file; give another folder") from error
        raise PictureError(f"there is no folder {folder} to write {printable(path.name)} in: make it first") from error
    except OSError as error:
        fix = _FIXES.get(error.errno or 0, "choose another file")
        raise PictureError(f"{shown} can't be written ({error.strerror or error}): {fix}") from error
