"""What the studio writes is for its own user: no other user of the machine reads a photo, an address or a key."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

FOLDER, FILE = 0o700, 0o600


class SharedError(ValueError):
    """A folder that other users have files in, or can write to, is not the studio's to close."""


def write_privately() -> None:
    """From now on, only their owner may open the files that this process and those that it starts write."""
    os.umask(0o077)


def make_private(folder: Path, names: Iterable[str]) -> None:
    """Close a folder, and what of the studio's is in it, to all but their owner.

    An earlier version, or a backup that was unpacked, left it open. What else is in the folder keeps its mode.

    Args:
        folder: where only the studio's user should have files.
        names: of the studio's entries in it, as `Path.glob` takes them.

    Raises:
        SharedError: it is others' too.
        OSError: it can't be looked into.
    """
    found = folder.stat()
    owners = {path.lstat().st_uid for path in folder.iterdir()}
    # root has something in many a folder, such as lost+found on a disk of its own
    if found.st_mode & stat.S_ISVTX or owners - {0, os.geteuid(), found.st_uid}:
        raise SharedError
    try:
        folder.chmod(FOLDER)
    except PermissionError:
        if found.st_mode & stat.S_IRWXO:
            raise SharedError from None
    for name in names:
        for path in folder.glob(name):
            _close(path)


def _close(path: Path) -> None:
    """Close an entry and all below it; another process may just be deleting some of that."""
    with suppress(FileNotFoundError, PermissionError):
        path.chmod(FOLDER if path.is_dir() else FILE)
    for place, folders, files in os.walk(path):
        for name, mode in [*((name, FOLDER) for name in folders), *((name, FILE) for name in files)]:
            below = Path(place, name)
            with suppress(FileNotFoundError, PermissionError):
                if not below.is_symlink():
                    below.chmod(mode)
