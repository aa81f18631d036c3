"""Names that Impasto chooses for its files: short enough for the system, and never one that a file has."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path

LONGEST = 255
"""Bytes of a name, where the system does not say."""


def numbered(path: Path, *, tail: str = "", room: int = 0) -> Iterator[Path]:
    """The path, then NAME-2, NAME-3 and so on in its folder, without end; each shortened where it is too long.

    Args:
        path: what is wanted.
        tail: the end of its name before the suffix, which is kept where there is room for it.
        room: bytes that may still be added to each of the names.
    """
    longest = _longest(path.parent) - room
    name, tail = path.stem.removesuffix(tail), shortened(tail, longest // 2)
    for number in count(1):
        end = f"{tail}{'' if number == 1 else f'-{number}'}{path.suffix}"
        yield path.with_name(shortened(name, longest - len(os.fsencode(end))) + end)


def belonging(path: Path, suffix: str, folder: Path | None = None) -> Path:
    """A name for what belongs to a file: its own with a suffix added, in its folder or another.

    Where that is too long, a digest stands for the end of the name.
    """
    folder = folder or path.parent
    longest, name = _longest(folder) - len(suffix), path.name
    if len(os.fsencode(name)) > longest:
        digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
        name = f"{shortened(name, longest - len(digest) - 1)}-{digest}"
    return folder / f"{name}{suffix}"


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
        if not os.path.lexists(path):  # no picture is encoded for a name that is taken
            try:
                write(path)
            except FileExistsError:  # it was taken meanwhile
                continue
            return path
    raise FileExistsError("each of the names is taken")


def is_file(name: str | os.PathLike[str]) -> bool:
    """Whether there is a file of that name; what is too long to be a name is none's."""
    try:
        return Path(name).is_file()
    except OSError:
        return False


def is_folder(name: str | os.PathLike[str]) -> bool:
    """Whether there is a folder of that name; what is too long to be a name is none's."""
    try:
        return Path(name).is_dir()
    except OSError:
        return False


def _longest(folder: Path) -> int:
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (AttributeError, OSError, ValueError):
        return LONGEST
