"""The files of jobs: a folder by default, or wherever fsspec can write; one folder a job."""

import secrets
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import cast

from fsspec.core import url_to_fs

# Bytes of a file that are read at once, where it is sent on.
PIECE = 1 << 18


class Files:
    """Pictures by job and name.

    Args:
        url: a folder, or a place as fsspec writes it (s3://bucket/path).

    Attributes:
        folder: where they are; None in another store.
    """

    def __init__(self, url: str) -> None:
        # files that other machines wrote are seen at once
        self._system, self._root = url_to_fs(url, use_listings_cache=False)
        protocols = self._system.protocol if isinstance(self._system.protocol, tuple) else (self._system.protocol,)
        self.folder = Path(self._root) if "file" in protocols else None

    def write(self, job: int, name: str, data: bytes) -> None:
        """Put a file in place, whole or not at all.

        Raises:
            OSError: it can't be written; the one before, if there was one, is still there.
        """
        self._put(job, name, lambda path: self._system.pipe_file(path, data))

    def upload(self, job: int, name: str, source: Path) -> None:
        """Put a copy of this machine's file in place, whole or not at all; it is never in memory whole.

        Raises:
            OSError: it can't be read or written; the one before, if there was one, is still there.
        """
        self._put(job, name, partial(self._system.put_file, str(source)))

    def download(self, job: int, name: str, target: Path) -> None:
        """Copy a file to this machine.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        self._system.get_file(self._path(job, name), str(target))

    def _put(self, job: int, name: str, send: Callable[[str], None]) -> None:
        path = self._path(job, name)
        self._system.makedirs(self._path(job), exist_ok=True)
        if self.folder is None:
            send(path)  # an object store shows an object when all of it is there
            return
        aside = f"{path}.{secrets.token_hex(4)}.part"
        try:
            send(aside)
            self._system.mv(aside, path)
        except BaseException:
            if self._system.exists(aside):
                self._system.rm_file(aside)
            raise

    def check_writable(self) -> None:
        """See that files can be written.

        Raises:
            OSError: they can't.
        """
        probe = f"{self._root}/.{secrets.token_hex(8)}.part"
        self._system.makedirs(self._root, exist_ok=True)
        self._system.pipe_file(probe, b"")
        self._system.rm_file(probe)

    def read(self, job: int, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        return cast("bytes", self._system.cat_file(self._path(job, name)))

    def pieces(self, job: int, name: str) -> Iterator[bytes]:
        """The bytes of a file piece by piece, so that a large one is never in memory whole.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        with self._system.open(self._path(job, name), "rb") as file:
            while piece := file.read(PIECE):
                yield piece

    def size(self, job: int, name: str) -> int:
        """How many bytes a file has.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        return int(self._system.size(self._path(job, name)))

    def names(self, job: int) -> list[str]:
        """The names of a job's files."""
        try:
            paths = self._system.ls(self._path(job), detail=False)
        except FileNotFoundError:
            return []
        names = (path.rstrip("/").rpartition("/")[2] for path in paths)
        return sorted(name for name in names if not name.endswith(".part"))

    def remove_file(self, job: int, name: str) -> None:
        """Delete a file, if it is there."""
        try:
            self._system.rm_file(self._path(job, name))
        except FileNotFoundError:
            return

    def remove(self, job: int) -> None:
        """Delete all files of a job."""
        try:
            self._system.rm(self._path(job), recursive=True)
        except FileNotFoundError:
            return

    def jobs(self) -> list[int]:
        """The numbers of the jobs that have files."""
        try:
            paths = self._system.ls(self._root, detail=False)
        except FileNotFoundError:
            return []
        return sorted(int(name) for name in (path.rstrip("/").rpartition("/")[2] for path in paths) if name.isdigit())

    def _path(self, job: int, name: str = "") -> str:
        return f"{self._root}/{job}/{name}".rstrip("/")
