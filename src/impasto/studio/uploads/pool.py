"""Uploads are hostile: each is decoded by a short-lived process of its own, and never in this one."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
import structlog

from impasto.studio.configuration import Configuration
from impasto.studio.uploads.cut import UNCUT, Cut

log = structlog.get_logger("impasto.studio.uploads")

# So many at once, whoever asks: the memory that all of them take is bounded.
AT_ONCE = 2
# Seconds until it is one's turn; a server that can't keep up says so.
PATIENCE = 30.0
# Processes that try one file: the first may have been ended for want of memory on the machine, which is no fault of it.
TRIES = 2
# Of its time by the clock, a decoder that had less of the processor was stopped, or starved: no fault of the file.
HINDERED = 0.2
# Seconds of one wait for a decoder, at most.
LOOK = 0.5
# Bytes of an answer: far more than a canvas's PNG has.
LONGEST = 100_000_000

_turn = threading.BoundedSemaphore(AT_ONCE)


class RefusedError(ValueError):
    """A file that can't be painted; the message is one plain sentence."""


class NotReadError(RefusedError):
    """It is not known whether the file can be painted; the same file may be welcome in a minute."""


@dataclass(frozen=True)
class Decoded:
    """An uploaded picture, encoded anew: nothing of the file but its pixels, upright and in sRGB.

    Attributes:
        png: the picture as it is kept.
        view: a WebP of at most 1024 px to be looked at.
        width, height: of the PNG.
        full: the width and height of what is kept of the picture, before it was made smaller.
        notes: what a person should know of how it was read, each in a few words.
    """

    png: bytes
    view: bytes
    width: int
    height: int
    full: tuple[int, int]
    notes: tuple[str, ...] = ()


def png_size(png: bytes) -> tuple[int, int]:
    """(width, height) of a PNG that a decoder wrote, from its head."""
    width, height = struct.unpack_from(">II", png, 16)
    return width, height


def decode(
    data: bytes, *, max_side: int, configuration: Configuration, mask: bool = False, cut: Cut = UNCUT
) -> Decoded:
    """Decode an uploaded file, in a process with limits on memory, processor time and time by the clock.

    Blocks for as long as that takes, so a server calls it in a thread. If the process dies, one other tries.

    Args:
        data: the file.
        max_side: a larger picture is made smaller, in pixels.
        configuration: has the limits.
        mask: whether it is read as a mask, of which the light or the transparency counts.
        cut: which part of it is kept, and which way up.

    Raises:
        RefusedError: it can't be decoded within them; NotReadError where it was not its turn, or both processes died.
    """
    if not _turn.acquire(timeout=PATIENCE):
        raise NotReadError("many pictures are being read at the moment: try again in a minute")
    asked = {
        "max_side": max_side, "max_pixels": configuration.max_pixels, "memory": configuration.decode_memory,
        "seconds": configuration.decode_seconds, "mask": mask, "cut": cut.to_dict(),
    }  # fmt: skip
    try:
        for _ in range(TRIES):
            if decoded := _understood(_answered(data, asked)):
                return decoded
            log.warning("a decoder died, or hardly ran")
    finally:
        _turn.release()
    raise NotReadError(
        "the studio failed to read this picture, twice, and its file need not be at fault: try again in a few minutes"
    )


class _Decoders:
    """The process that decoders are forked from: it has loaded what they need, has seen no file, and ends with this."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    def begin(self, asked: dict[str, Any]) -> socket.socket:
        """Fork one; gives our end of its connection."""
        ours, its = socket.socketpair()
        with its, self._lock:
            for _ in range(2):
                with suppress(OSError):  # it has ended: once more, with a new one
                    socket.send_fds(self._started(), [json.dumps(asked).encode()], [its.fileno()])
                    return ours
                self._process = None
        ours.close()
        raise NotReadError("no picture can be read at the moment: try again in a minute")

    def start_anew(self) -> None:
        """End the process that they are forked from, which hangs, and all that it has forked."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def _started(self) -> socket.socket:
        if self._line is None or self._process is None or self._process.poll() is not None:
            if self._line is not None:
                self._line.close()
            self._line, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            # a decoder can't give away what it never had, such as passwords
            environment = {name: value for name, value in os.environ.items() if not name.startswith("IMPASTO_")}
            with other:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "impasto.studio.uploads.decoding"], stdin=other.fileno(),
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, start_new_session=True,
                )  # fmt: skip
        return self._line


_decoders = _Decoders()


def _answered(data: bytes, asked: dict[str, Any]) -> bytes:
    """What a decoder answers; nothing, where it died, or hardly ran.

    Raises:
        RefusedError: it took too long.
    """
    left = float(asked["seconds"])
    answer = bytearray()
    hindered = False
    with _decoders.begin(asked) as connection:
        decoder: psutil.Process | None = None
        try:
            connection.settimeout(left)
            first = connection.recv(16)  # its number, before it has seen anything of the file
            with suppress(ValueError, psutil.NoSuchProcess):
                decoder = psutil.Process(int(first))
            with suppress(BrokenPipeError, ConnectionResetError):  # it may say no before it has read all
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError):
                while len(answer) <= LONGEST and left > 0:
                    began = time.monotonic()
                    connection.settimeout(min(left, LOOK))
                    with suppress(TimeoutError):
                        if not (piece := connection.recv(1 << 20)):
                            return bytes(answer)
                        answer += piece
                    left -= min(time.monotonic() - began, LOOK)  # while this process is stopped, no time goes by
        except TimeoutError:
            left = 0.0
        else:
            if left > 0:  # it said too much, or died
                return b""
        finally:
            if decoder is None:
                _decoders.start_anew()
            else:
                with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
                    hindered = sum(decoder.cpu_times()[:2]) < HINDERED * asked["seconds"]
                    decoder.kill()
                    decoder.wait(5)  # before it is another's turn, its memory is free
    if hindered or decoder is None:
        return b""
    raise RefusedError("this picture takes too long to read: save it anew as a JPEG or PNG, or make it smaller")


def _understood(answer: bytes) -> Decoded | None:
    """The decoder's answer, which is believed only where it has the form that it should have; None otherwise.

    Raises:
        RefusedError: the decoder says that the file can't be painted.
    """
    line, _, rest = answer.partition(b"\n")
    try:
        head = json.loads(line)
        if "refused" in head:
            raise RefusedError(str(head["refused"])[:500])
        lengths = head["parts"]
        png, view = rest[: lengths["png"]], rest[lengths["png"] :]
        notes = tuple(str(note)[:200] for note in head["notes"][:8])
        width, height = map(int, head["full"])
        decoded = Decoded(png, view, int(head["width"]), int(head["height"]), (width, height), notes)
        whole = len(rest) == lengths["png"] + lengths["view"]
    except RefusedError:
        raise
    except (ValueError, KeyError, TypeError):
        return None
    return decoded if whole else None
