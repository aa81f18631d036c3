"""Names that Impasto chooses for its files: short enough for the system, and never one that a file has."""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path

LONGEST = 255
"""Bytes of a name, where the system does not say."""


def numbered(path: Path, room: int = 0) -> Iterator[Path]:
    """The path, then NAME-2, NAME-3 and so on in its folder, without end.

    Args:
        path: what is wanted.
        room: bytes that may still be added to each of the names.
    """
    longest = _longest(path.parent) - room
    for number in count(1):
        end = f"{'' if number == 1 else f'-{number}'}{path.suffix}"
        yield path.with_name(shortened(path.stem, longest - len(os.fsencode(end))) + end)


def shortened(name: str, longest: int) -> str:
    """The name, without the letters at its end that make it longer than so many bytes; one letter always stays."""
    while len(os.fsencode(name)) > longest and len(name) > 1:
        name = name[:-1]
    return name


def written(paths: Iterable[Path], write: Callable[[Path], None]) -> Path:
    """Write under the first of these names that no file has, and return it.

    Args:
        paths: the names, in order.
        write: writes a new file of that name, and raises FileExistsError where there is one.
    """
    for path in paths:
        if not os.path.lexists(path):  # else a picture would be encoded for each name that is taken
            try:
                write(path)
            except FileExistsError:  # it was taken meanwhile
                continue
            return path
    raise FileExistsError("each of the names is taken")


def _longest(folder: Path) -> int:
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (AttributeError, OSError, ValueError):
        return LONGEST
