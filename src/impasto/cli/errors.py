"""What a command says beside its result, and how it ends when it can't go on: one plain line, and an exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer

from impasto.cli.streams import failed_output

if TYPE_CHECKING:
    from impasto.images import Picture

FAILURE, MISUSE = 1, 2
# What typer raises at options that don't fit; newer releases have a copy of click of their own.
UsageError: type[Exception] = typer.BadParameter.__bases__[0]


_printing = True
"""Whether standard output takes what is printed, so far."""


def say(line: str) -> None:
    """One line to the user, beside what the command prints as its result."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in line)  # a file's name may hold anything
    print(f"impasto: {shown}", file=sys.stderr, flush=True)


def told(picture: "Picture", source: object) -> "Picture":
    """The picture, when the user has been told what to know of how it was read."""
    for note in picture.notes:
        say(f"{source}: {note}")
    return picture


def tell(line: object) -> None:
    """One line on standard output beside what counts, which is in a file: where it can't be printed, it is said."""
    global _printing
    if _printing:
        try:
            print(line, flush=True)
            return
        except OSError:
            _printing = False
            failed_output()
            say("standard output can't be written to; what was to be printed there follows here")
    say(str(line))


def stop(line: str, code: int) -> NoReturn:
    """Say why, and exit."""
    say(line)
    raise typer.Exit(code)


@contextmanager
def plain_errors(code: int) -> Iterator[None]:
    """Turn the package's errors for users, all of them ValueErrors with one plain line, into that line and a code."""
    try:
        yield
    except ValueError as error:
        stop(str(error).splitlines()[0], code)
