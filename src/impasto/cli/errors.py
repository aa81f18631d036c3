"""How a command ends when it can't go on: one plain line on standard error, and an exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

FAILURE, MISUSE = 1, 2


def say(line: str) -> None:
    """One line to the user, beside what the command prints as its result."""
    print(f"impasto: {line}", file=sys.stderr, flush=True)


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
