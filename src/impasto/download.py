"""Downloading a large file: resumed where it was cut, checked by its digest, in its place only when it is whole."""

import hashlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

Progress = Callable[[int, int | None], object]
"""Called with the bytes that are there, and with the bytes that there will be or None if the server does not say."""

_CHUNK = 1 << 18
_TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as cut."""
_FRUITLESS = 4
"""Connections in a row that bring nothing new, after which it is given up."""
_PAUSE = 1.0
"""Seconds to wait after the first of these; twice as long after each further one."""
_PASSING = {408, 425, 429, 500, 502, 503, 504}
"""What a server answers that may answer better a moment later."""
_LOOK = 0.5
"""Seconds between two looks at how far another process is that downloads the same file."""


class DownloadError(OSError):
    """A file that can't be had. The message is one plain line that says what to do instead."""


class _CutError(Exception):
    """A connection that broke, or a server that is busy: worth another try."""


class _UnreachableError(_CutError):
    """No connection could be made."""


def download(url: str, path: str | os.PathLike[str], *, sha256: str, progress: Progress | None = None) -> Path:
    """Download `url` to `path` and return the path; a file that is there already and has the digest is kept.

    What has arrived is kept in `PATH.part`. A download that was cut, now or in an earlier run, goes on from there
    where the server allows it and starts again where not. The folder is made if need be. While another process
    downloads the file, this one waits, and then takes what is there.

    Args:
        url: of http or https.
        path: the file to make.
        sha256: the file's SHA-256 in hex, or at least its first eight digits.
        progress: called once connected and after each piece, also of another process's.

    Raises:
        DownloadError: the server can't be reached, refuses, or cuts the connection again and again; what came is not
            the file that was expected; or it can't be written.
    """
    expected = sha256.lower()
    if not re.fullmatch("[0-9a-f]{8,64}", expected):
        raise ValueError(f"sha256 is 8 to 64 hex digits, not {sha256!r}")
    if not url.lower().startswith(("http://", "https://")):
        raise DownloadError(f"{url} is no address to download from: give one of http or https")
    path = Path(path)
    part = path.with_name(f"{path.name}.part")
    by_hand = f"get the file in another way and put it at {path}"
    try:
        if path.exists() and _digest(path).startswith(expected):
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path, part, progress) as waited:
            if waited and path.exists() and _digest(path).startswith(expected):
                return path
            with part.open("ab") as file:
                _fetch(url, file, progress, by_hand)
            found = _digest(part)
            if not found.startswith(expected):
                part.unlink()
                raise DownloadError(
                    f"what came from {url} is not the expected file (its sha256 is {found[:16]}, not {expected[:16]}) "
                    f"and has been removed: try again, or {by_hand}"
                )
            part.replace(path)
    except DownloadError:
        raise
    except OSError as error:
        raise DownloadError(f"{path} can't be written ({error.strerror or error}): choose another place") from error
    return path


@contextmanager
def _alone(path: Path, part: Path, progress: Progress | None) -> Iterator[bool]:
    """Wait until no other process downloads the file, and keep others waiting; gives whether one did."""
    lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=_LOOK)
    waited = False
    while not lock.is_locked:
        try:
            lock.acquire()
        except Timeout:
            waited = True
            with suppress(FileNotFoundError):  # it has just got its name
                size = part.stat().st_size
                if progress:
                    progress(size, None)
    try:
        yield waited
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)  # before it is given back, so that nobody has it by then
        lock.release()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(url: str, file: BinaryIO, progress: Progress | None, by_hand: str) -> None:
    """Append to `file` until it is whole, over as many connections as bring something new."""
    started = furthest = file.tell()
    fruitless = 0
    while True:
        try:
            _connect(url, file, progress, by_hand)
            return
        except _CutError as cut:
            if isinstance(cut, _UnreachableError) and furthest == started:
                raise DownloadError(f"{url} can't be reached ({cut}): go online, or {by_hand}") from cut
            fruitless = 0 if file.tell() > furthest else fruitless + 1
            furthest = max(furthest, file.tell())
            if fruitless == _FRUITLESS:
                raise DownloadError(
                    f"the download of {url} was cut {fruitless} times in a row ({cut}): try again later, it goes on "
                    f"from where it is, or {by_hand}"
                ) from cut
        if fruitless:
            time.sleep(_PAUSE * 2 ** (fruitless - 1))


def _connect(url: str, file: BinaryIO, progress: Progress | None, by_hand: str) -> None:
    """Append to `file` what one connection gives; if that is not all, an error says so."""
    here = file.tell()
    request = urllib.request.Request(url, headers={"User-Agent": "impasto"})
    if here:
        request.add_header("Range", f"bytes={here}-")
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and error.headers.get("Content-Range") == f"bytes */{here}":
                return  # it was whole already
            if error.code == 416 and here:
                _restart(file)
                raise _CutError("there was more here than the server has") from error
            if error.code in _PASSING:
                raise _CutError(f"the server answers {error.code}") from error
            raise DownloadError(
                f"{url} can't be had, the server answers {error.code} {error.reason}: {by_hand}"
            ) from error
    except urllib.error.URLError as error:
        raise _UnreachableError(str(getattr(error.reason, "strerror", None) or error.reason)) from error
    except (OSError, http.client.HTTPException) as error:
        raise _CutError(str(error) or type(error).__name__) from error
    with response:
        if here and not response.headers.get("Content-Range", "").startswith(f"bytes {here}-"):
            _restart(file)
            if response.status == 206:
                raise _CutError("the server gives another piece than the one asked for")
        _receive(response, file, progress)


def _receive(response: http.client.HTTPResponse, file: BinaryIO, progress: Progress | None) -> None:
    done = file.tell()
    total = None if response.length is None else done + response.length
    while done != total:
        if progress:
            progress(done, total)
        try:
            piece = response.read1(_CHUNK if total is None else min(_CHUNK, total - done))
        except (OSError, http.client.HTTPException) as error:
            raise _CutError(str(error) or type(error).__name__) from error
        if not piece:
            break
        file.write(piece)
        done += len(piece)
    if progress:
        progress(done, total)
    if total is not None and done < total:
        raise _CutError(f"after {done} of {total} bytes")


def _restart(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()
