"""Which files a command reads and writes: folders stand for the pictures in them, and nothing of the user's is lost."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from impasto.cli.errors import FAILURE, MISUSE, say, stop

STDIO = "-"
"""Standard input or output, in place of a file."""


def expanded(named: list[str], *, deep: bool, paintings: bool = True) -> list[str]:
    """Files and standard input as they are named, folders as the pictures in them.

    Args:
        named: files, folders and -.
        deep: whether the pictures in subfolders count too.
        paintings: whether those that Impasto painted count too.
    """
    from impasto.images import pictures_in
    from impasto.images.names import is_folder
    from impasto.images.sheets import without_sheets

    found: list[str] = []
    for name in named:
        if not is_folder(name):
            found.append(name)
            continue
        inside = sorted(map(str, without_sheets(pictures_in(Path(name), deep=deep))))
        if not inside:
            stop(f"{name} holds no pictures; give a folder that does, or a file", FAILURE)
        chosen = inside if paintings else [path for path in inside if settings_in(Path(path)) is None]
        if not chosen:
            stop(f"{name} holds no pictures but Impasto's paintings; to paint one of them, name its file", FAILURE)
        if len(chosen) < len(inside):
            say(f"passed over in {name}: {len(inside) - len(chosen)} of {len(inside)} pictures are Impasto's paintings")
        found += chosen
    return found


def settings_in(path: Path) -> dict[str, Any] | None:
    """The settings that a painting was made with; None where there is no painting of Impasto's."""
    from impasto import images

    try:
        return images.read_settings(path)
    except images.PictureError:
        return None


def style_file(name: str) -> Path:
    """The file of a style: of one that the user added, or else the one of that name."""
    from impasto.styles.library import added

    return added().get(name, Path(name))


def check_outputs(outputs: Mapping[str, Path | None], inputs: Iterable[tuple[str, Path | None]]) -> None:
    """Refuse a file to write that is one of those to read, or that two options name.

    Args:
        outputs: the files to write, by the options that name them.
        inputs: the files to read, each with what it is.
    """
    inputs = list(inputs)
    before: dict[str, Path] = {}
    for option, out in outputs.items():
        if out is None:
            continue
        for what, path in inputs:
            if path is not None and _same(out, path):
                stop(f"{option} {out} is {what}, and would replace it; give another file", MISUSE)
        for other, path in before.items():
            if _same(out, path):
                stop(f"{other} and {option} are one file; give two", MISUSE)
        before[option] = out


def check_replaced(option: str, out: Path | None) -> None:
    """Refuse to write a sheet over a file that is there already and is no sheet of Impasto's."""
    from impasto.images.names import is_file
    from impasto.images.sheets import is_sheet

    if out is not None and is_file(out) and not is_sheet(out):
        stop(f"{option} {out} is there already, and no sheet that Impasto drew; give another name", MISUSE)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # at least one of them is not there yet
        return os.path.realpath(one) == os.path.realpath(other)
