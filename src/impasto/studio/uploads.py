"""Uploads are hostile: each is decoded by a short-lived process of its own, and never in this one."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, BinaryIO

from impasto.studio.configuration import Configuration

# So many at once, whoever asks: the memory that all of them take is bounded.
AT_ONCE = 2
# Seconds until it is one's turn; a server that can't keep up says so.
PATIENCE = 30.0
# Bytes of an answer: far more than a canvas's PNG has.
LONGEST = 100_000_000

_turn = threading.BoundedSemaphore(AT_ONCE)


class RefusedError(ValueError):
    """A file that can't be painted; the message is one plain sentence."""


class BusyError(RefusedError):
    """So many files are being decoded that it is not this one's turn; the same file may be welcome in a minute."""


@dataclass(frozen=True)
class Decoded:
    """An uploaded picture, encoded anew: nothing of the file but its pixels, upright and in sRGB.

    Attributes:
        png: the picture as it is kept.
        view: a WebP of at most 1024 px to be looked at.
        width, height: of the PNG.
    """

    png: bytes
    view: bytes
    width: int
    height: int


def decode(data: bytes | Path, *, max_side: int, configuration: Configuration) -> Decoded:
    """Decode an uploaded file, in a process with limits on memory, processor time and time by the clock.

    Blocks for as long as that takes, so a server calls it in a thread.

    Args:
        data: the file, or where it is.
        max_side: a larger picture is made smaller, in pixels.
        configuration: has the limits.

    Raises:
        RefusedError: it can't be decoded within them; BusyError where it was not tried.
    """
    if not _turn.acquire(timeout=PATIENCE):
        raise BusyError("many pictures are being read at the moment: try again in a minute")
    try:
        with data.open("rb") if isinstance(data, Path) else _file(data) as file:
            answer = _run(file, max_side, configuration)
    finally:
        _turn.release()
    return _understood(answer)


def _file(data: bytes) -> IO[bytes]:
    file = TemporaryFile()  # noqa: SIM115 (the caller closes it)
    file.write(data)
    file.seek(0)
    return file


def _run(file: BinaryIO | IO[bytes], max_side: int, configuration: Configuration) -> bytes:
    """What the decoder answers; nothing, where it died or took too long."""
    command = [
        sys.executable, "-P", "-m", "impasto.studio.decoding", f"--max-side={max_side}",
        f"--max-pixels={configuration.max_pixels}", f"--memory={configuration.decode_memory}",
        f"--seconds={configuration.decode_seconds}",
    ]  # fmt: skip
    # what the decoder has no need for, such as passwords, it can't give away
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IMPASTO_")}
    late = threading.Event()
    with subprocess.Popen(
        command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
    ) as process:

        def end() -> None:
            late.set()
            process.kill()

        clock = threading.Timer(configuration.decode_seconds, end)
        clock.start()
        try:
            assert process.stdout is not None
            answer = process.stdout.read(LONGEST + 1)
        finally:
            clock.cancel()
            process.kill()
    if late.is_set() or process.returncode == -signal.SIGXCPU:
        raise RefusedError("this picture takes too long to read: save it anew as a JPEG or PNG, or make it smaller")
    return answer if len(answer) <= LONGEST else b""


def _understood(answer: bytes) -> Decoded:
    """The decoder's answer, which is believed only where it has the form that it should have."""
    line, _, rest = answer.partition(b"\n")
    try:
        head = json.loads(line)
        if "refused" in head:
            raise RefusedError(str(head["refused"])[:500])
        lengths = head["parts"]
        png, view = rest[: lengths["png"]], rest[lengths["png"] :]
        decoded = Decoded(png, view, int(head["width"]), int(head["height"]))
        whole = len(rest) == lengths["png"] + lengths["view"]
    except RefusedError:
        raise
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise RefusedError("this picture can't be read here: save it anew as a JPEG or PNG, or give another")
    return decoded
