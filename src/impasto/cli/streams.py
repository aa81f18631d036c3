"""Standard input, output and error, made so that no message ends what a command does.

What is said on standard error may get lost: that is full, or its terminal has closed. Standard output that can't be
written to ends a command whose result goes there, in one line; one that saved a file has done what it was asked.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from impasto.cli.encodings import ERRORS, register

_open = [True, True, True]
"""Which of the three were open as the process began."""


def prepare() -> None:
    """Make all three usable; called first, or the next file that is opened takes the number of one that is closed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            _open[number] = False
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    register()
    sys.stdout = _like(_Output, sys.stdout, 1)
    sys.stderr = _like(_Lenient, sys.stderr, 2)


def output_is_open() -> bool:
    """Whether there is a standard output to write to."""
    return _open[1]


def failed_output() -> OSError | None:
    """Why standard output could not be written to, if it couldn't; from then on what is written there is lost."""
    with suppress(OSError):
        sys.stdout.flush()
    failure, _Output.failure = _Output.failure, None
    if failure is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
    return failure


class _Output(io.TextIOWrapper):
    """Standard output, which notes why it could not be written to."""

    failure: OSError | None = None

    def write(self, text: str) -> int:
        with _noted():
            return super().write(text)

    def flush(self) -> None:
        with _noted():
            super().flush()


@contextmanager
def _noted() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        _Output.failure = error
        raise


class _Lenient(io.TextIOWrapper):
    """Standard error, on which what can't be written is passed over."""

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            super().flush()


def _like(kind: type[io.TextIOWrapper], before: Any, number: int) -> io.TextIOWrapper:
    """A stream of a kind to a file's number, with the encoding of the one before, if there was."""
    return kind(
        io.BufferedWriter(io.FileIO(number, "w", closefd=False)),
        getattr(before, "encoding", None),
        ERRORS,
        line_buffering=before is None or before.line_buffering or before.write_through,
    )
