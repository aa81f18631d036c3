"""Several paintings as one ZIP, sent while it is made: all of it is never in memory, nor on the disk."""

import io
import time
import zipfile
from collections.abc import Iterable, Iterator

from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import Job

PAINTING = "painting.jpg"
# Letters of the photo's part of a name, and of the styles' together.
LONGEST = 60


def stream(files: Files, jobs: Iterable[Job]) -> Iterator[bytes]:
    """The ZIP piece by piece; pictures are compressed already, and are stored as they are.

    A painting that was deleted meanwhile is left out.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for job, name in named(jobs):
            pieces = files.pieces(job.id, PAINTING)
            try:
                piece = next(pieces, b"")
            except FileNotFoundError:
                continue
            entry = zipfile.ZipInfo(name, time.gmtime(job.finished or job.created)[:6])
            with archive.open(entry, "w") as target:
                while piece:
                    target.write(piece)
                    yield sink.taken()
                    piece = next(pieces, b"")
    yield sink.taken()


def named(jobs: Iterable[Job]) -> list[tuple[Job, str]]:
    """The jobs with the names of their files: photo and styles, and a number where a name is there already.

    Names that differ in capitals alone are one on many a disk.
    """
    found = []
    used: set[str] = set()
    for job in jobs:
        styles = "-".join(dict.fromkeys(style["name"] for style in job.styles))
        stem = f"{_plain(job.photo_name) or 'photo'}-{_plain(styles)}"
        name, number = f"{stem}.jpg", 1
        while name.casefold() in used:
            number += 1
            name = f"{stem}-{number}.jpg"
        used.add(name.casefold())
        found.append((job, name))
    return found


def _plain(text: str) -> str:
    """The letters of a name that every disk takes."""
    kept = "".join(letter if letter.isalnum() or letter in "-_" else " " for letter in text)
    return "-".join(kept.split())[:LONGEST].strip("-_")


class _Sink(io.RawIOBase):
    """Keeps what is written until it is taken away; nobody can go back in it."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since it was last asked for."""
        held, self._held = bytes(self._held), bytearray()
        return held
